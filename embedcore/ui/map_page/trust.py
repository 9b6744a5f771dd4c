"""How far a map can be trusted, and what was left out of it."""

from __future__ import annotations

import streamlit as st

from embedcore.ui.asking.sets import Sets
from embedcore.ui.map_page.shown import Shown


def show(sets: Sets, shown: Shown) -> None:
    """What the map keeps of the full space; measured now, where it was not yet."""
    if shown.variance:
        st.caption(f"PCA keeps {sum(shown.variance):.0%} of the variance.")
