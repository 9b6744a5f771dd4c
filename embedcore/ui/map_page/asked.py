"""The inputs that say which map is meant: which words of the sets, laid out how.

What a map is asked for is a `MapRequest`; whether it can be had is found out in `making`.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from embedcore.maps.identity import identity_of
from embedcore.maps.layouts.methods import METHODS, MOST_SEED, Method, Parameter
from embedcore.maps.request import FEWEST, MOST_NEAR, MOST_POINTS, MapRequest, SetAsked, WordsAsked
from embedcore.ui import keys
from embedcore.ui.asking.controls import Controls
from embedcore.ui.asking.sets import ChosenSet, Sets
from embedcore.ui.asking.words import ask_words
from embedcore.vectors import WordVectors

FREQUENT, LIST, NEAR = "most frequent", "a list", "near words"  # as links have them
HOWS = {FREQUENT: "frequent", LIST: "list", NEAR: "near"}
LAYOUTS = {method.label: method for method in METHODS.values()}
DIMENSIONS = {"2-D": 2, "3-D": 3}
COUNT, AROUND = 2_000, 50  # words, and neighbours of each, that the page begins with
_WORDS_HELP = (
    "The most frequent words of the set; or words of your own; or words of your own together with the nearest of each."
)
_COUNT_HELP = "PCA shows up to {:,} words, the other layouts up to 50,000. Words are counted from the most frequent on."


def ask(controls: Controls, sets: Sets) -> MapRequest:
    """The map that the visitor, or the link, asks for; it may ask for what cannot be. See `MapRequest.check`."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        which = controls.choice(keys.WHICH, "Which words", list(HOWS), help=_WORDS_HELP, width="content")
        count = _count(controls, which)
        dims = DIMENSIONS[controls.choice(keys.DIMENSIONS, "Dimensions", list(DIMENSIONS), width="content")]
        layouts = "  \n".join(f"**{method.label}** {method.sentence}" for method in METHODS.values())
        method = LAYOUTS[controls.choice(keys.LAYOUT, "Layout", list(LAYOUTS), help=layouts, width="content")]
        params, seed = _parameters(controls, method)
    words = () if which == FREQUENT else tuple(ask_words(controls, sets).typed)
    return MapRequest(
        sets=tuple(asked_of(chosen) for chosen in sets.all),
        words=WordsAsked(how=HOWS[which], count=count, words=words),
        method=method.name, dims=dims, params=params, seed=seed,
    )  # fmt: skip


def asked_of(chosen: ChosenSet) -> SetAsked:
    """A set as a request names it."""
    return SetAsked(chosen.info.name, _identity(chosen.info.name, f"{chosen.info.created}", chosen.vectors))


def _count(controls: Controls, which: str) -> int:
    """How many words, or neighbours of each; what is left empty is as usual."""
    if which == LIST:
        return 0
    with st.container(width=140):
        return _number(controls, which)


def _number(controls: Controls, which: str) -> int:
    if which == NEAR:
        help = "How many of the nearest words of each of your words are shown with it."
        asked = controls.number(
            keys.AROUND, "Neighbours of each", default=AROUND, lowest=1, highest=MOST_NEAR, help=help
        )
        return AROUND if asked is None else asked
    asked = controls.number(
        keys.COUNT, "How many", default=COUNT, lowest=FEWEST, highest=MOST_POINTS, step=1_000,
        help=_COUNT_HELP.format(MOST_POINTS),
    )  # fmt: skip
    return COUNT if asked is None else asked


def _parameters(controls: Controls, method: Method) -> tuple[dict[str, Any], int]:
    """The parameters of a layout, and its seed."""
    if not method.parameters:
        return {}, 1
    if controls.embedded:
        return _values(controls, method)
    with st.popover(f"Settings of {method.label}", icon=":material/tune:"):
        st.write(method.sentence)
        return _values(controls, method)


def _values(controls: Controls, method: Method) -> tuple[dict[str, Any], int]:
    values = {one.name: _value(controls, key_of(method, one), one) for one in method.parameters}
    seed = controls.number(
        keys.MAP_SEED, "Seed", default=1, lowest=0, highest=MOST_SEED,
        help="What the layout begins from. The same seed gives the same map; another one shows what is chance in it.",
    )  # fmt: skip
    return values, 1 if seed is None else seed


def _value(controls: Controls, key: str, one: Parameter) -> float | int:
    if one.whole:
        default = int(one.default)
        asked = controls.number(
            key, one.label, default=default, lowest=int(one.low), highest=int(one.high), help=one.sentence
        )
        return default if asked is None else asked
    return controls.decimal(
        key, one.label, default=float(one.default), lowest=float(one.low), highest=float(one.high), help=one.sentence,
        step=0.5 if one.default >= 2 else 0.1 if one.default >= 0.5 else 0.05,
    )  # fmt: skip


def key_of(method: Method, one: Parameter) -> str:
    """What a parameter of a layout is called in links: `umap_n_neighbors`."""
    return f"{method.name}_{one.name}"


@st.cache_resource(max_entries=64, show_spinner=False)
def _identity(name: str, version: str, _vectors: WordVectors) -> str:
    """The fingerprint of a set, worked out once."""
    return identity_of(_vectors)
