"""Watched words of a run: their neighbours at the start and now, and how far each has moved."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from embedcore import snippets
from embedcore.errors import UnknownWord
from embedcore.projection import drift
from embedcore.runs import RunFolder
from embedcore.tokens import Tokens
from embedcore.training import TrainConfig, resolve
from embedcore.ui import code, keys, resources
from embedcore.ui.words import plain, telling_words
from embedcore.vectors import WordVectors
from embedcore.vocab import SPECIALS

_COLUMNS = 3
_NEIGHBORS = 8
_WATCHED_AT_FIRST = 3
_MOST_WATCHED = 12
_COMPLETED_WORDS = 1_000
_MOST_NUMBERS = 50_000_000  # of a first weight that the page draws again to look at it


@st.cache_resource(max_entries=32, show_spinner=False)
def _tokens(run_id: str, _folder: RunFolder) -> Tokens:
    vocab = _folder.vocab()
    assert vocab is not None  # asked only when there is a checkpoint, which comes after the vocabulary
    return Tokens.of(vocab[0][len(SPECIALS) :])


@st.cache_resource(max_entries=16, show_spinner=False)
def _checkpoint_vectors(run_id: str, resumed: int, number: int, _folder: RunFolder) -> WordVectors | None:
    arrays = _folder.checkpoint("weight")
    return _vectors(_folder, np.asarray(arrays["weight"])) if arrays else None


@st.cache_resource(max_entries=8, show_spinner=False)
def _first_vectors(run_id: str, _folder: RunFolder) -> WordVectors:
    """The vectors that the run started from: drawn again, they are the very same."""
    config = resolve(TrainConfig.from_json({k: v for k, v in _folder.run.config.items() if k != "watch"}), 0)
    size = len(_tokens(run_id, _folder)) + len(SPECIALS)
    return _vectors(_folder, resources.first_weight(size, config.dim, config.seed, str(config.init)))


def _vectors(folder: RunFolder, weight: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> WordVectors:
    """The rows of the words, without the specials, as a set."""
    words = folder.run.config.get("tokenizer") == "words"
    return WordVectors(
        _tokens(folder.id, folder), weight[len(SPECIALS) :], name="this text", lowercased=True if words else None
    )


def vectors_of(folder: RunFolder) -> WordVectors | None:
    """The vectors of a run's newest checkpoint, without the specials; None before the first."""
    number = folder.checkpoint_number()
    return _checkpoint_vectors(folder.id, folder.run.resumed, number, folder) if number else None


def watched(vectors: WordVectors) -> list[str]:
    """The words that the visitor watches, as the run spells them; the link names them."""
    chosen = st.session_state.get(keys.WATCH, telling_words(vectors.tokens)[:_WATCHED_AT_FIRST])
    return [token for word in chosen if (token := vectors.find(word)) is not None]


def show(folder: RunFolder) -> None:
    """Choose words, and see their neighbours then and now."""
    st.header("Watched words")
    vectors = vectors_of(folder)
    if vectors is None:
        st.caption("Once training has begun, the nearest words of any word show here.")
        return
    first_words = telling_words(vectors.tokens)[:_WATCHED_AT_FIRST]
    offered = vectors.tokens[:_COMPLETED_WORDS] if vectors.lowercased else []
    typed = st.multiselect(
        "Words to watch", list(dict.fromkeys([*offered, *first_words])), default=first_words, key=keys.WATCH,
        bind="query-params", accept_new_options=True, max_selections=_MOST_WATCHED, select_all=False,
        placeholder="Type a word of the text and press Enter",
    )  # fmt: skip
    words = []
    for word in typed:
        token = vectors.find(word)
        if token is None:
            st.warning(plain(str(UnknownWord(word, "this text", vectors.tokens.near(word))), 400))
        elif token not in words:
            words.append(token)
    small = len(vectors) * vectors.dim <= _MOST_NUMBERS
    first = _first_vectors(folder.id, folder) if small else None
    for index, token in enumerate(words):
        if index % _COLUMNS == 0:
            columns = st.columns(_COLUMNS)
        with columns[index % _COLUMNS]:
            _show_word(token, vectors, first)
    _cosine_code(folder, words)


def _show_word(token: str, now: WordVectors, first: WordVectors | None) -> None:
    near = now.most_similar(token, topn=_NEIGHBORS) if now[token].any() else []
    table = {"now": [n.word for n in near], "cosine": [n.similarity for n in near]}
    moved = ""
    if first is not None:
        table["at the start"] = [n.word for n in first.most_similar(token, topn=_NEIGHBORS)][: len(near)]
        turned = float(drift(first[token][None], now[token][None]).turned[0])
        moved = f" has turned by {np.degrees(np.arccos(np.clip(1 - turned, -1, 1))):.0f}° since the start"
    st.markdown(f"**{plain(token)}**{moved}")
    st.dataframe(
        pd.DataFrame(table), hide_index=True,
        column_config={"cosine": st.column_config.ProgressColumn(min_value=0.0, max_value=1.0, format="%.2f")},
        alt=f"The nearest words of {token}, now and at the start",
    )  # fmt: skip


def _cosine_code(folder: RunFolder, words: list[str]) -> None:
    if len(words) >= 2 and folder.run.over:
        with code.beside("Cosine similarity in PyTorch, from the file that “Download” gives"):
            code.lines(snippets.cosine_similarity(words[0], words[1], file=f"vectors-{folder.id}.txt", header=True))
