"""Two sets on one map: how the second is turned towards the first, found out once for all visitors.

Here belongs remembering it. The turn itself is in `maps.alignment`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import streamlit as st

from embedcore.maps import alignment, shading
from embedcore.maps.alignment import Turn
from embedcore.questions.overlap import shared_words
from embedcore.ui.asking.sets import Sets
from embedcore.ui.map_page.shown import Shown
from embedcore.vectors import WordVectors

Float32s = npt.NDArray[np.float32]


def turn_of(sets: Sets, shown: Shown) -> Turn:
    """The turn of the second set, of which there is one. Raises BadVectors if the sets cannot be aligned."""
    assert sets.second is not None
    first, second = (one.identity for one in shown.request.sets)
    return _turn(first, second, sets.first.vectors, sets.second.vectors)


def apart(sets: Sets, shown: Shown) -> Float32s:
    """The cosine of the two vectors of each word of the map, the second one turned: (W,)."""
    assert sets.second is not None
    asked = tuple(one.identity for one in shown.request.sets), str(shown.request.words.canonical())
    return _apart(asked, sets.first.vectors, sets.second.vectors, shown.rows, turn_of(sets, shown))


def of_word(sets: Sets, shown: Shown, place: int) -> float:
    """The cosine of the two vectors of the word at a place of the map, the second one turned."""
    assert sets.second is not None
    rows = shown.rows[:, place : place + 1]  # (2, 1)
    return float(shading.together(sets.first.vectors, sets.second.vectors, rows, turn_of(sets, shown))[0])


@st.cache_resource(max_entries=8, show_spinner="Turning the second set towards the first…")
def _turn(first: str, second: str, _first: WordVectors, _second: WordVectors) -> Turn:
    return alignment.turn(_first, _second, shared_words(_first, _second))


@st.cache_resource(max_entries=8, show_spinner=False)
def _apart(
    asked: tuple[tuple[str, ...], str], _first: WordVectors, _second: WordVectors, _rows: npt.NDArray[np.int64],
    _turned: Turn,
) -> Float32s:  # fmt: skip
    found = shading.together(_first, _second, _rows, _turned)
    found.flags.writeable = False
    return found
