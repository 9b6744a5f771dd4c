"""The words that were drawn around on a map: a list to copy, compare, map, keep, train from or export."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from embedcore.ui.asking.controls import Controls
from embedcore.ui.asking.sets import Sets
from embedcore.ui.map_page.shown import Shown
from embedcore.ui.words import counted


def show(controls: Controls, sets: Sets, shown: Shown, points: Sequence[int]) -> None:
    """What can be done with the points drawn around; nothing where there are none."""
    if points:
        st.caption(counted(len(points), "word"))
