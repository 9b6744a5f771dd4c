"""Watched words of a run: their neighbours at the start and now, and how far each has moved."""

from __future__ import annotations

import threading
from contextlib import suppress

import numpy as np
import pandas as pd
import streamlit as st
from streamlit.errors import StreamlitAPIException

from embedcore import snippets
from embedcore.errors import UnknownWord
from embedcore.formats import FORMATS
from embedcore.projection import drift
from embedcore.runs import RunFolder
from embedcore.runs.first import load as load_first
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


class _Latest:
    """The vectors of one run's newest checkpoint. An older one is let go, with the file that it maps."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._of: tuple[int, int] | None = None  # how often resumed, and which checkpoint
        self._vectors: WordVectors | None = None

    def vectors(self) -> WordVectors | None:
        """None before the first checkpoint."""
        now = (self._folder.run.resumed, self._folder.checkpoint_number())
        with self._lock:
            if now != self._of:
                arrays = self._folder.checkpoint("weight")
                self._vectors = _vectors(self._folder, np.asarray(arrays["weight"])) if arrays else None
                self._of = now
            return self._vectors


@st.cache_resource(max_entries=16, show_spinner=False)
def _latest(run_id: str, _folder: RunFolder) -> _Latest:
    return _Latest(_folder)


@st.cache_resource(max_entries=8, show_spinner=False)
def _first_vectors(run_id: str, _folder: RunFolder) -> WordVectors:
    """The vectors that the run started from: as the run kept them, or drawn again, which gives the very same."""
    kept = load_first(_folder)
    if kept is not None:
        return _vectors(_folder, kept.weight)
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
    return _latest(folder.id, folder).vectors()


def watch_key(folder: RunFolder) -> str:
    """The key of the widget: each run has its own, since words of one text may not be in another."""
    return f"{keys.WATCH}_{folder.id}"


def watched(folder: RunFolder, vectors: WordVectors) -> list[str]:
    """The words that the visitor watches, as the run spells them."""
    chosen = st.session_state.get(watch_key(folder), _at_first(vectors))
    return [token for word in chosen if (token := vectors.find(word)) is not None]


def _at_first(vectors: WordVectors) -> list[str]:
    """The words that the link names, or some that are likely to mean something."""
    asked = list(dict.fromkeys(filter(None, st.query_params.get_all(keys.WATCH))))
    return asked[:_MOST_WATCHED] or telling_words(vectors.tokens)[:_WATCHED_AT_FIRST]


def show(folder: RunFolder) -> None:
    """Choose words, and see their neighbours then and now."""
    st.header("Watched words")
    vectors = vectors_of(folder)
    if vectors is None:
        st.caption("Once training has begun, the nearest words of any word show here.")
        return
    at_first = _at_first(vectors)
    offered = vectors.tokens[:_COMPLETED_WORDS] if vectors.lowercased else []
    typed = st.multiselect(
        "Words to watch", list(dict.fromkeys([*offered, *at_first])), default=at_first, key=watch_key(folder),
        accept_new_options=True, max_selections=_MOST_WATCHED, select_all=False, on_change=_into_link, args=(folder,),
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


def _into_link(folder: RunFolder) -> None:
    st.query_params[keys.WATCH] = st.session_state[watch_key(folder)]
    with suppress(StreamlitAPIException):  # there are no such fragments any more if the page is being left just now
        st.rerun([keys.MAP_FRAGMENT, keys.WORDS_FRAGMENT])  # the map marks the words too


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
        file = f"vectors-{folder.id}{FORMATS['word2vec'].extension}"
        with code.beside("Cosine similarity in PyTorch, from the word2vec text file that “Download” gives"):
            code.lines(snippets.cosine_similarity(words[0], words[1], file=file, header=True))
