"""Tables of neighbours, as several questions show them, and the way from a word in one to its page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import streamlit as st

from embedcore.ui import keys, links
from embedcore.ui.words import listed
from embedcore.vectors import Neighbor

WORD_PAGE = "Word"  # the question whose answer is a word's page, by its name in links
_OPEN = ":material/arrow_forward:"
_NAMED = 3  # words named in a cell; more are counted


def neighbor_table(
    near: Sequence[Neighbor], *, key: str, alt: str, marks: Sequence[str] | None = None, opens: bool = False
) -> None:
    """Neighbours of one word, in a narrow place: the words, their cosines and their ranks.

    `marks` has a remark for each; `opens` gives each word a button that shows its page.
    """
    columns: dict[str, Any] = {
        "word": [n.word for n in near],
        "cosine": no_minus_zero([n.similarity for n in near], 3),
        "rank": [n.row + 1 for n in near],
    }
    if marks is not None:
        columns["also"] = marks
    show_table(columns, key=key, alt=alt, opens=opens, narrow=True)


def show_table(columns: dict[str, Any], *, key: str, alt: str, opens: bool = False, narrow: bool = False) -> None:
    """A table with the columns "word", "cosine" and "rank", and perhaps others.

    `opens` as above; where it is `narrow`, cosines have no bars.
    """
    config: dict[str, Any] = {
        "cosine": st.column_config.NumberColumn(format="%.3f", width=60)
        if narrow
        else st.column_config.ProgressColumn(min_value=min([0.0, *columns["cosine"]]), max_value=1.0, format="%.3f"),
        "score": st.column_config.NumberColumn(format="%.4f", width=65),
        "rank": st.column_config.NumberColumn(
            format="localized", help="By how often a word occurs: 1 is the most frequent word of the set", width=70
        ),
    }
    if narrow:
        config["also"] = st.column_config.TextColumn(width=95)
    if opens:
        columns = {**columns, "open": [_OPEN] * len(columns["word"])}
        config["open"] = st.column_config.ButtonColumn(
            "go", type="tertiary", width=42, key=f"{keys.OPEN_WORD}_{key}", on_click=_open_row,
            args=(f"{keys.OPEN_WORD}_{key}", tuple(columns["word"])), help="Open the page of this word",
        )  # fmt: skip
    st.dataframe(pd.DataFrame(columns), hide_index=True, column_config=config, key=key, alt=alt)


def no_minus_zero(numbers: npt.ArrayLike, places: int) -> npt.NDArray[np.float64]:
    """Numbers for a column that shows so many places, where none that rounds to zero shows as -0."""
    values = np.asarray(numbers, dtype=np.float64)
    return np.where(np.abs(values) < 0.5 * 10.0**-places, 0.0, values)


def open_word(word: str) -> None:
    """Show the page of a word, from the next run of the script on; for callbacks."""
    st.session_state[keys.ASK] = WORD_PAGE
    links.put(keys.WORD, word)


def _open_row(key: str, words: Sequence[str]) -> None:
    """Show the page of the word in the row whose button was pressed."""
    click = st.session_state.get(key)
    if click is not None and 0 <= click.row < len(words):
        open_word(words[click.row])


def named(words: Sequence[str]) -> str:
    """Some words in a cell: the first ones by name."""
    return listed(words, _NAMED)
