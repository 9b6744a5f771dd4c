"""How alike some words are: the cosine similarity of each with each."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from embedcore import figures
from embedcore.ui import messages, resources
from embedcore.ui.compare import sharing
from embedcore.ui.compare.controls import Controls
from embedcore.ui.compare.sets import ChosenSet, Sets, side_by_side
from embedcore.ui.compare.words import ask_words
from embedcore.ui.words import plain


def show(controls: Controls, sets: Sets) -> None:
    """Ask for words, and show the matrix of their similarities."""
    words = ask_words(controls, sets)
    sharing.show(controls)
    for number, (chosen, place) in enumerate(side_by_side(sets)):
        with place, messages.problems():
            _show_matrix(chosen, words.of(chosen).tokens, number)


def _show_matrix(chosen: ChosenSet, tokens: list[str], number: int) -> None:
    if len(tokens) < 2:
        st.caption("Choose two words or more to compare them." if not tokens else "Choose one word more.")
        return
    cosines = chosen.vectors.similarity_matrix(tokens)
    first, second, cosine = _closest(tokens, cosines)
    st.echarts_chart(
        figures.similarity_heatmap(tokens, cosines, dark=resources.dark()), key=f"similarity_{number}",
        height=min(max(300, 110 + 44 * len(tokens)), 1400),
        alt=f"Cosine similarities of {len(tokens)} words in {chosen.info.name}; {first} and {second} are closest, "
        f"at {cosine:.3f}",
    )  # fmt: skip
    st.caption(
        "Cosine similarity is the cosine of the angle between two vectors: 1 the same direction, 0 a right angle, "
        f"−1 opposite. The closest pair here is {plain(first)} and {plain(second)}, at {cosine:.3f}."
    )


def _closest(tokens: list[str], cosines: np.ndarray[Any, Any]) -> tuple[str, str, float]:
    """The closest pair of different words, and its cosine."""
    rows, columns = np.triu_indices(len(tokens), k=1)
    best = int(np.argmax(np.nan_to_num(cosines[rows, columns], nan=-2.0)))  # a vector of zeros has no cosine
    return tokens[rows[best]], tokens[columns[best]], float(cosines[rows[best], columns[best]])
