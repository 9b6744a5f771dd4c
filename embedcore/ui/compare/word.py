"""One word: where it stands in a set, and what its vector is."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np
import streamlit as st

from embedcore import figures
from embedcore.ui import keys, messages, resources
from embedcore.ui.compare import sharing
from embedcore.ui.compare.controls import Controls
from embedcore.ui.compare.sets import ChosenSet, Sets, side_by_side
from embedcore.ui.compare.words import first_words, look_up
from embedcore.ui.words import counted, ordinal, plain
from embedcore.vectors import Built, WordVectors

_SHOWN_NUMBERS = 300  # of a vector, printed
_SHOWN_PARTS = 100  # of a word


def show(controls: Controls, sets: Sets) -> None:
    """Ask for a word, and show what a set knows of it."""
    default = next(iter(first_words(sets.first.vectors)), "")
    typed = controls.text(keys.WORD, "Word", default=default, placeholder="A word")
    sharing.show(controls)
    for number, (chosen, place) in enumerate(side_by_side(sets)):
        with place, messages.problems():
            for token in look_up(chosen, [typed] if typed else [], named=len(sets.all) > 1).tokens:
                _show_word(chosen, token, number)


def _show_word(chosen: ChosenSet, token: str, number: int) -> None:
    vectors = chosen.vectors
    built = vectors.built(token)
    row = None if built else vectors.row(token)
    place = "no row" if row is None else f"row {row:,}, the {ordinal(row + 1)} of {counted(len(vectors), 'word')}"
    st.markdown(f"**{plain(token)}**: {place}{', built from its parts' if built else ''}")
    st.echarts_chart(
        figures.vector_strips([token], vectors.vector(token)[None], dark=resources.dark()),
        key=f"strips_{number}", height=144,
        alt=f"The {vectors.dim} numbers of the vector of {token} in {chosen.info.name} as coloured cells",
    )  # fmt: skip
    st.code(built_as_printed(built) if built else as_printed(vectors, token), language="python")


def as_printed(vectors: WordVectors, token: str) -> str:
    """What the tutorial prints of a word: its row, the shape of the matrix, its vector."""
    return (
        f">>> stoi[{token!r}]\n{vectors.row(token)}\n"
        f">>> vectors.shape\n({len(vectors)}, {vectors.dim})\n"
        f">>> vectors[stoi[{token!r}]]\n{_numbers(vectors[token])}"
    )


def built_as_printed(built: Built) -> str:
    """How the vector of a word without a row comes about: its parts, and the mean of their vectors."""
    shown = built.parts[:_SHOWN_PARTS] + (["…"] if len(built.parts) > _SHOWN_PARTS else [])
    parts = textwrap.fill(", ".join(map(repr, shown)), 88, break_long_words=False)
    return (
        f">>> {built.word!r} in stoi\nFalse\n"
        f"# Its {counted(len(built.parts), 'part')}, between < and > where the word begins and ends:\n{parts}\n"
        f"# The mean of their vectors:\n{_numbers(built.vector)}"
    )


def _numbers(vector: np.ndarray[Any, Any]) -> str:
    numbers = np.array2string(
        vector[:_SHOWN_NUMBERS], precision=4, separator=", ", max_line_width=88, floatmode="fixed",
        suppress_small=True, threshold=_SHOWN_NUMBERS + 1,
    )  # fmt: skip
    more = f"\n# … and {len(vector) - _SHOWN_NUMBERS:,} more" if len(vector) > _SHOWN_NUMBERS else ""
    return f"{numbers}{more}"
