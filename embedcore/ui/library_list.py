"""The Library page's list of the sets that are here, page by page, and the one that was chosen.

What can be done with a set is in `library_set`, taking it away as a file in `library_export`.
"""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Sequence
from datetime import datetime

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from embedcore import disk
from embedcore.errors import UnknownVectors
from embedcore.library import VectorsInfo
from embedcore.ui import keys, library_search, library_set, links, resources
from embedcore.ui.words import ago, counted, plain

_ON_A_PAGE = 8
_FOUND_FROM = 4  # sets: fewer need no search
_SHOWN_FOR = "set_shown_for"  # in the session: the chosen set whose page of the list was turned to


def show() -> None:
    """Every set with what is known of it; the chosen one opens where it stands."""
    st.header("Here")
    infos: Sequence[VectorsInfo] = resources.vectors_at_hand()
    library_set.say_if_gone({info.name for info in infos})
    if not infos:
        st.caption("No set yet. Fetch or import one below, or train one.")
        return
    chosen = _chosen(infos)
    if len(infos) >= _FOUND_FROM:
        search, turn = st.columns([3, 1], vertical_alignment="bottom")
        found = _found(infos, search)
        _turn_to(chosen, [info.name for info in found])
        infos = library_search.one_page(found, _ON_A_PAGE, keys.SETS_PAGE, turn)
    for info in infos:
        _row(info, chosen=info.name == chosen)


def _chosen(infos: Sequence[VectorsInfo]) -> str | None:
    """The set that the link names, if it is here."""
    asked = st.query_params.get(keys.SET)
    if not asked:
        return None
    asked = unicodedata.normalize("NFC", asked)
    if asked not in {info.name for info in infos}:
        st.warning(plain(str(UnknownVectors(asked))) + library_set.GONE, icon=":material/info:")
        return None
    links.hold(keys.SET, asked)
    return asked


def _found(infos: Sequence[VectorsInfo], place: DeltaGenerator) -> list[VectorsInfo]:
    """The sets whose name, source or licence holds what was typed."""
    asked = place.text_input(
        "Find a set", key=keys.FIND_SETS, bind="query-params", placeholder="Name, source or licence", max_chars=80,
        icon=":material/search:",
    )  # fmt: skip
    found = library_search.having(infos, asked or "", lambda info: f"{info.name} {info.source} {info.licence or ''}")
    if not found:
        st.caption(f"None of the {counted(len(infos), 'set')} here has “{plain(asked or '')}” in it.")
    return found


def _turn_to(chosen: str | None, names: Sequence[str]) -> None:
    """Turn to the page of the chosen set when it was chosen just now; then the visitor may turn on."""
    if chosen != st.session_state.get(_SHOWN_FOR):
        st.session_state[_SHOWN_FOR] = chosen
        if chosen in names:
            st.session_state[keys.SETS_PAGE] = names.index(chosen) // _ON_A_PAGE + 1


def _row(info: VectorsInfo, *, chosen: bool) -> None:
    with st.container(border=True):
        said, actions = st.columns([4, 1], vertical_alignment="center")  # one below the other on a phone
        with said, st.container(gap=None):
            if info.usable:
                with st.container(horizontal=True):
                    query = {keys.VECTORS: info.name}
                    st.page_link(
                        "compare.py", label=plain(info.name, 90), icon=":material/compare_arrows:",
                        query_params=query, help="Compare words on it",
                    )  # fmt: skip
                    st.page_link("map.py", label="Map", icon=":material/bubble_chart:", query_params=query)
                    st.page_link(
                        "transfer.py", label="Transfer", icon=":material/compare:", query_params=query,
                        help="Find out whether it helps on labelled texts",
                    )  # fmt: skip
            else:
                st.badge(f"Damaged: {plain(info.name, 90)}", color="red")
            st.caption(facts(info) if info.usable else plain(info.note))
        with actions, st.container(horizontal=True, horizontal_alignment="right"):
            library_set.actions(info, chosen=chosen)
        if chosen:
            library_set.show(info)


def facts(info: VectorsInfo) -> str:
    """What a list says of a set, in a few words."""
    said = [f"{counted(info.rows, 'word')} × {info.dim:,}"]
    said.append("lower case" if info.lowercased else "upper and lower case")
    said.append(disk.counted(info.bytes))
    said.append(plain(info.licence, 40) if info.licence else "no licence given")
    said.append("came with the installation" if info.bundled else ago(time.time() - kept_at(info)))
    if info.source:
        said.append(plain(info.source, 50))
    return " · ".join(said)


def kept_at(info: VectorsInfo) -> float:
    """When a set was kept, in seconds since 1970; 0 if that is not known."""
    try:
        return datetime.fromisoformat(info.created or "").timestamp()
    except ValueError:
        return 0.0
