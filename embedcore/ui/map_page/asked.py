"""The inputs that say which map is meant: which words of the sets, laid out how."""

from __future__ import annotations

from typing import Any

import streamlit as st

from embedcore.maps.identity import identity_of
from embedcore.maps.layouts.methods import METHODS, MOST_SEED, Method
from embedcore.maps.request import FEWEST, MOST_NEAR, MOST_POINTS, MapRequest, SetAsked, WordsAsked
from embedcore.ui import keys
from embedcore.ui.asking.controls import Controls
from embedcore.ui.asking.sets import Sets
from embedcore.ui.asking.words import ask_words
from embedcore.vectors import WordVectors

FREQUENT, LIST, NEAR = "most frequent", "a list", "near words"  # as links have them
_HOWS = {FREQUENT: "frequent", LIST: "list", NEAR: "near"}
LAYOUTS = {method.label: method for method in METHODS.values()}
DIMENSIONS = {"2-D": 2, "3-D": 3}


def ask(controls: Controls, sets: Sets) -> MapRequest:
    """The map that the visitor, or the link, asks for; it may ask for what cannot be. See `MapRequest.check`."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        which = controls.choice(keys.WHICH, "Words", list(_HOWS))
        count = _count(controls, which)
        method = LAYOUTS[controls.choice(keys.LAYOUT, "Layout", list(LAYOUTS))]
        dims = DIMENSIONS[controls.choice(keys.DIMENSIONS, "Dimensions", list(DIMENSIONS))]
    words = () if which == FREQUENT else tuple(ask_words(controls, sets).typed)
    params, seed = _parameters(controls, method)
    return MapRequest(
        sets=tuple(SetAsked(chosen.info.name, _identity(chosen.info.name, f"{chosen.info.created}", chosen.vectors))
                   for chosen in sets.all),
        words=WordsAsked(how=_HOWS[which], count=count, words=words),
        method=method.name, dims=dims, params=params, seed=seed,
    )  # fmt: skip


def _count(controls: Controls, which: str) -> int:
    if which == FREQUENT:
        return controls.number(keys.COUNT, "How many", default=2_000, lowest=FEWEST, highest=MOST_POINTS) or FEWEST
    if which == NEAR:
        return controls.number(keys.AROUND, "Neighbours of each", default=50, lowest=1, highest=MOST_NEAR) or 1
    return 0


def _parameters(controls: Controls, method: Method) -> tuple[dict[str, Any], int]:
    """The parameters of a layout, and its seed."""
    values: dict[str, Any] = {}
    if not method.parameters:
        return values, 1
    with st.expander(f"Settings of {method.label}"):
        st.write(method.sentence)
        for one in method.parameters:
            if one.whole:
                values[one.name] = controls.number(
                    f"{method.name}_{one.name}", one.label, default=int(one.default), lowest=int(one.low),
                    highest=int(one.high), help=one.sentence,
                )  # fmt: skip
        seed = controls.number(keys.MAP_SEED, "Seed", default=1, lowest=0, highest=MOST_SEED)
    return values, 1 if seed is None else seed


@st.cache_resource(max_entries=64, show_spinner=False)
def _identity(name: str, version: str, _vectors: WordVectors) -> str:
    """The fingerprint of a set, worked out once."""
    return identity_of(_vectors)
