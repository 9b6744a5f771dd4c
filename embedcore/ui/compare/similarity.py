"""How alike some words are: the cosine similarity of each with each, and the pairs ranked."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import streamlit as st

from embedcore import figures_heat, snippets_compare
from embedcore.questions import csv_tables, pairs
from embedcore.questions.clustering import order_alike
from embedcore.questions.pairs import Pairs
from embedcore.ui import keys, messages, resources
from embedcore.ui.asking import sharing, tables
from embedcore.ui.asking.controls import Controls
from embedcore.ui.asking.sets import ChosenSet, Sets, side_by_side
from embedcore.ui.asking.words import ChosenWords, Words, ask_words
from embedcore.ui.words import counted, listed, plain

_AS_TYPED, _ALIKE = "as typed", "alike together"
_CLOSEST, _FARTHEST = "closest first", "farthest first"
_MOST_PAIRS = 100  # in the table
_MOST_COPIED = 60  # words whose matrix is shown as text to copy; larger ones are downloaded
_MOST_TOLD = 10  # words without a direction

Cosines = npt.NDArray[np.float64]


def show(controls: Controls, sets: Sets) -> None:
    """Ask for words, and show the matrix of their similarities and their pairs."""
    words = ask_words(controls, sets)
    with st.container(horizontal=True, gap="large"):
        order = controls.choice(keys.ORDER, "Order of the matrix", [_AS_TYPED, _ALIKE])
        first = controls.choice(keys.PAIRS, "Pairs", [_CLOSEST, _FARTHEST])
    typed = words.typed if order == _AS_TYPED else _alike(sets, words)
    asked = [(chosen, _in_order(words.of(chosen), typed)) for chosen in sets.all]
    sharing.show(controls, snippets_compare.similarity([(chosen.vectors, tokens) for chosen, tokens in asked]))
    narrow = sets.second is not None
    for (number, (chosen, tokens)), (_, place) in zip(enumerate(asked), side_by_side(sets), strict=True):
        with place, messages.problems():
            if len(tokens) < 2:
                st.caption(_too_few(words, tokens))
                continue
            cosines = chosen.vectors.similarity_matrix(tokens)
            ranked = pairs.ranked(cosines)
            _show_matrix(chosen, tokens, cosines, ranked, number, narrow=narrow)
            if not controls.embedded:
                _show_csv(chosen, tokens, cosines, ranked, number)
            _show_pairs(chosen, tokens, ranked, farthest=first == _FARTHEST)


def _alike(sets: Sets, words: Words) -> list[str]:
    """The words as typed, in one order for all sets: that of the first set, then those that only the second has."""
    ordered: list[str] = []
    for chosen in sets.all:
        found = words.of(chosen)
        places = order_alike(chosen.vectors.similarity_matrix(found.tokens))
        ordered += [typed for place in places.tolist() if (typed := found.typed[place]) not in ordered]
    return ordered


def _in_order(found: ChosenWords, typed: Sequence[str]) -> list[str]:
    """The words as the set spells them, in the order of the typed ones."""
    token_of = dict(zip(found.typed, found.tokens, strict=True))
    return [token_of[word] for word in dict.fromkeys(typed) if word in token_of]


def _too_few(words: Words, tokens: list[str]) -> str:
    """What to do where there is nothing to compare."""
    if len(words.typed) < 2:
        return "Choose one word more." if words.typed else "Choose two words or more to compare them."
    return f"Of these words, this set has {f'only “{plain(tokens[0])}”' if tokens else 'none'}."


def _show_matrix(
    chosen: ChosenSet, tokens: list[str], cosines: Cosines, ranked: Pairs, number: int, *, narrow: bool
) -> None:
    figure = figures_heat.similarities(tokens, cosines, dark=resources.dark(), narrow=narrow)
    closest = "none of them can be compared"
    said = "Cosine similarity is the cosine of the angle between two vectors: 1 the same direction, 0 a right angle, "
    said += "−1 opposite."
    if len(ranked.cosines):
        one, other, cosine = tokens[ranked.firsts[0]], tokens[ranked.seconds[0]], ranked.cosines[0]
        closest = f"{one} and {other} are closest, at {cosine:.3f}"
        said += f" The closest pair here is {plain(one)} and {plain(other)}, at {cosine:.3f}."
    st.echarts_chart(
        figure.options, key=f"similarity_{number}", height=figure.height,
        alt=f"Cosine similarities of {len(tokens)} words in {chosen.info.name}; {closest}",
    )  # fmt: skip
    if not figure.named:
        said += f" Of {len(tokens):,} words there is no room for the names; they show under the mouse."
    st.caption(said)
    _tell_undirected([token for token, own in zip(tokens, np.diagonal(cosines), strict=True) if np.isnan(own)])


def _tell_undirected(tokens: list[str]) -> None:
    """Say of which words the vectors point nowhere."""
    if tokens:
        some = listed([f"“{plain(token)}”" for token in tokens], _MOST_TOLD)
        st.warning(
            f"The vectors of {some} are zeros or have a number that is not finite. They point nowhere, "
            "so they have no cosine.",
            icon=":material/block:",
        )


def _show_csv(chosen: ChosenSet, tokens: list[str], cosines: Cosines, ranked: Pairs, number: int) -> None:
    """The numbers, to be copied or downloaded."""
    with st.popover("Copy as CSV", icon=":material/table:"):
        if len(tokens) <= _MOST_COPIED:
            st.code(
                csv_tables.matrix(tokens, tokens, cosines), language=None, height="content" if len(tokens) < 9 else 240
            )
        else:
            st.caption(f"A matrix of {len(tokens):,} words is too large to be shown as text. Download it.")
        for what, make in (
            ("matrix", partial(csv_tables.matrix, tokens, tokens, cosines)),
            ("pairs", partial(_pairs_csv, tokens, ranked)),
        ):
            st.download_button(
                f"Download the {what}", make, file_name=f"{what}-{chosen.info.name}.csv", mime="text/csv",
                icon=":material/download:", key=f"{keys.CSV}_{what}_{number}", on_click="ignore",
            )  # fmt: skip


def _pairs_csv(tokens: list[str], ranked: Pairs) -> str:
    lines = zip(ranked.firsts.tolist(), ranked.seconds.tolist(), ranked.cosines.tolist(), strict=True)
    return csv_tables.table(["word", "other word", "cosine"], ((tokens[a], tokens[b], c) for a, b, c in lines))


def _show_pairs(chosen: ChosenSet, tokens: list[str], ranked: Pairs, *, farthest: bool) -> None:
    """The pairs in a table, those that are asked for first."""
    if not len(ranked.cosines):
        return
    shown = ranked.farthest_first() if farthest else ranked
    names: npt.NDArray[Any] = np.array(tokens, dtype=object)
    st.dataframe(
        pd.DataFrame(
            {
                "word": names[shown.firsts[:_MOST_PAIRS]],
                "other word": names[shown.seconds[:_MOST_PAIRS]],
                "cosine": tables.no_minus_zero(shown.cosines[:_MOST_PAIRS], 4),
            }
        ),
        hide_index=True, column_config={"cosine": st.column_config.NumberColumn(format="%.4f")},
        alt=f"Pairs of words in {chosen.info.name} by cosine, {_FARTHEST if farthest else _CLOSEST}",
    )  # fmt: skip
    if len(shown.cosines) > _MOST_PAIRS:
        which = "farthest" if farthest else "closest"
        st.caption(f"The {_MOST_PAIRS} {which} of {counted(len(shown.cosines), 'pair')}. The CSV has all.")
