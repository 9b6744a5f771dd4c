"""For each word the nearest words of a set."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from embedcore.ui import messages
from embedcore.ui.compare import sharing
from embedcore.ui.compare.controls import Controls
from embedcore.ui.compare.sets import ChosenSet, Sets, side_by_side
from embedcore.ui.compare.words import ask_words
from embedcore.ui.words import plain

_NEIGHBORS = 10
_COLUMNS = 3


def show(controls: Controls, sets: Sets) -> None:
    """Ask for words, and show the neighbours of each."""
    words = ask_words(controls, sets)
    sharing.show(controls)
    for chosen, place in side_by_side(sets):
        with place:
            _show_neighbors(chosen, words.of(chosen).tokens)


def _show_neighbors(chosen: ChosenSet, tokens: list[str]) -> None:
    each = chosen.vectors.most_similar_each(tokens, topn=_NEIGHBORS)  # one pass over the set for all
    for index, (token, near) in enumerate(zip(tokens, each, strict=True)):
        if index % _COLUMNS == 0:  # row by row, so that on a phone the words come in their order too
            columns = st.columns(_COLUMNS)
        with columns[index % _COLUMNS], messages.problems():
            st.markdown(f"**{plain(token)}**")
            if not near:  # says why, where the word has no direction
                near = chosen.vectors.most_similar(token, topn=_NEIGHBORS)
            st.dataframe(
                pd.DataFrame({"word": [n.word for n in near], "cosine": [n.similarity for n in near]}),
                hide_index=True,
                column_config={"cosine": st.column_config.ProgressColumn(min_value=0.0, max_value=1.0, format="%.3f")},
                alt=f"The nearest words of {token} in {chosen.info.name}",
            )
