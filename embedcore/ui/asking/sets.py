"""Which vector set, or which two, a question is asked of."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from embedcore.errors import UnknownVectors
from embedcore.library import VectorsInfo
from embedcore.ui import keys, links, resources
from embedcore.ui.asking.controls import Controls
from embedcore.ui.words import counted, plain
from embedcore.vectors import WordVectors

BEFORE = "vectors_before"  # the set that the page showed last


@dataclass(frozen=True)
class ChosenSet:
    """A set of the library, opened."""

    info: VectorsInfo
    vectors: WordVectors


@dataclass(frozen=True)
class Sets:
    """The set that is asked, and the one that it is held against."""

    first: ChosenSet
    second: ChosenSet | None = None

    @property
    def all(self) -> list[ChosenSet]:
        """One set or two."""
        return [self.first] if self.second is None else [self.first, self.second]


def side_by_side(sets: Sets) -> Iterator[tuple[ChosenSet, DeltaGenerator]]:
    """For each set a place to draw its answer in, headed by its name where there are two."""
    if sets.second is None:
        yield sets.first, st.container()
        return
    for chosen, column in zip(sets.all, st.columns(2), strict=True):
        column.markdown(f"**{plain(chosen.info.name)}**")
        yield chosen, column


def choose(controls: Controls, *, elsewhere: Callable[[dict[str, str]], None] | None = None) -> Sets:
    """The sets that the visitor, or the link, chose.

    `elsewhere` draws what leads to another page about the same sets, of which it gets what a link says.
    """
    here = resources.usable_sets()
    _tell_missing(keys.VECTORS, here, " Another set is shown.")
    _tell_missing(keys.OTHER_SET, here, " Only the first one is shown.")
    _tell_same(here)
    if controls.embedded:
        first = st.query_params.get(keys.VECTORS, "")
        second: str | None = st.query_params.get(keys.OTHER_SET)
        name = first if first in here else next(iter(here))
    else:
        name, second = _ask(here, elsewhere)
    controls.parameters.append((keys.VECTORS, name))
    if second not in here or second == name:
        second = None
    else:
        controls.parameters.append((keys.OTHER_SET, second))
    sets = Sets(_opened(here[name]), None if second is None else _opened(here[second]))
    st.session_state[BEFORE] = name
    if not controls.embedded:
        for chosen in sets.all:
            st.caption(facts(chosen, named=sets.second is not None))
    return sets


def _ask(
    here: dict[str, VectorsInfo], elsewhere: Callable[[dict[str, str]], None] | None
) -> tuple[str, str | None]:  # fmt: skip
    """The selectors."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox(
            "Vector set", list(here), key=keys.VECTORS, bind="query-params", on_change=_first_changed, width=340
        )
        others = [other for other in here if other != name]
        second = st.selectbox(
            "Compare with", others, index=None, key=keys.OTHER_SET, bind="query-params", width=340,
            placeholder="no other set" if others else "there is no other set yet",
        )  # fmt: skip
        if second is not None:
            st.button("Swap", icon=":material/swap_horiz:", key=keys.SWAP_SETS, on_click=_swap)
        st.page_link("library.py", label="Get more sets", icon=":material/library_books:")
        if elsewhere is not None:
            elsewhere({keys.VECTORS: str(name), **({} if second is None else {keys.OTHER_SET: str(second)})})
    return str(name), second


def _first_changed() -> None:
    """Another first set was chosen: if it was the second one, the two change places."""
    from embedcore.ui.asking.words import follow_set

    if st.session_state.get(keys.OTHER_SET) == st.session_state[keys.VECTORS]:
        st.session_state[keys.OTHER_SET] = st.session_state.get(BEFORE)
    follow_set()


def _swap() -> None:
    first, second = st.session_state[keys.VECTORS], st.session_state[keys.OTHER_SET]
    st.session_state[keys.VECTORS], st.session_state[keys.OTHER_SET] = second, first


def _tell_same(here: Collection[str]) -> None:
    first, second = st.query_params.get(keys.VECTORS), st.query_params.get(keys.OTHER_SET)
    if second in here and first == second:
        links.tell("The link names the same set twice. It is shown once.")


def _tell_missing(key: str, here: dict[str, VectorsInfo], then: str) -> None:
    asked = st.query_params.get(key)
    if asked and asked not in here:
        links.tell(plain(str(UnknownVectors(asked))) + then)


def _opened(info: VectorsInfo) -> ChosenSet:
    return ChosenSet(info, resources.vectors(info))


def facts(chosen: ChosenSet, *, named: bool) -> str:
    """What a set is, in a line, as Markdown."""
    info = chosen.info
    said = [f"{counted(info.rows, 'word')}, {counted(info.dim, 'dimension')}"]
    said += [f"Source: {plain(info.source)}"] if info.source else []
    said.append(f"Licence {plain(info.licence)}" if info.licence else "No licence given")
    if info.subwords:
        said.append("It builds words that it does not know from their parts")
    return (f"{plain(info.name)}: " if named else "") + ". ".join(said) + "."
