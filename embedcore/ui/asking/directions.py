"""Words without a direction, of which nothing can be asked that is about cosines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from embedcore import search
from embedcore.ui.words import plain
from embedcore.vectors import WordVectors

_NAMED = 10


def split(vectors: WordVectors, tokens: Sequence[str]) -> tuple[list[str], list[str]]:
    """The words of a set that have a direction, and those whose vector is zeros or not finite."""
    rows = np.array([vectors.vector(token) for token in tokens], dtype=np.float32).reshape(len(tokens), vectors.dim)
    finite = np.isfinite(search.unit(rows)).all(axis=1)  # (N,)
    has, has_not = ([tokens[row] for row in np.flatnonzero(kind).tolist()] for kind in (finite, ~finite))
    return has, has_not


def tell(without: Sequence[str]) -> None:
    """Say which words were left out, since they have none."""
    if without:
        named = ", ".join(f"“{plain(word)}”" for word in without[:_NAMED]) + (", …" if len(without) > _NAMED else "")
        st.caption(f"Left out, since their vectors are zeros or not finite, so that they point nowhere: {named}.")
