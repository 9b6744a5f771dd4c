"""What all visitors share, cached from outside the core: settings, runs, vector sets, vocabularies.

Everything here is handed out as the object itself and must not be changed by whoever gets it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from embedcore import formats, snippets, storage
from embedcore import settings as settings_module
from embedcore.library import VectorsInfo, list_vectors, open_vectors
from embedcore.runs import Runs
from embedcore.settings import Settings
from embedcore.text import count_characters, tokenize
from embedcore.training import initial_weight
from embedcore.training.corpus import Corpus
from embedcore.training.initial import pretrained_weight, set_rows
from embedcore.vectors import WordVectors
from embedcore.vocab import Vocab


@st.cache_resource
def settings() -> Settings:
    """The settings of this server."""
    return settings_module.load()


@st.cache_resource
def runs() -> Runs:
    """The runs of this server's data folder."""
    return Runs(settings())


@st.cache_resource(max_entries=16, show_spinner="Opening the vectors…")
def _vectors(name: str, version: str) -> WordVectors:
    return open_vectors(name, settings())


def vectors(info: VectorsInfo) -> WordVectors:
    """A set of the library, opened once for everyone; opened anew when it was replaced."""
    return _vectors(info.name, f"{info.created}")


def vectors_at_hand() -> list[VectorsInfo]:
    """The sets in the library, the bundled one first."""
    return list_vectors(settings())


def usable_sets() -> dict[str, VectorsInfo]:
    """The sets that can be opened, by name."""
    return {info.name: info for info in vectors_at_hand() if info.usable}


def look(path: Path, format_: str | None, member: str | None) -> formats.Look:
    """What a file of vectors begins with; looked at once for each way to read it.

    Raises BadVectors if it is no such file, StorageProblem if it cannot be read.
    """
    return _look(str(path), _stamp(path), format_, member)


def members(path: Path) -> list[str]:
    """The files of a .zip that could hold vectors; none of any other file. Raises StorageProblem if it is gone."""
    return _members(str(path), _stamp(path))


def _stamp(path: Path) -> tuple[int, int]:
    """What tells a file from one that took its place."""
    with storage.os_errors(f"look into “{storage.printable(path.name)}”"):
        stat = path.stat()
    return stat.st_size, stat.st_mtime_ns


@st.cache_resource(max_entries=32, show_spinner="Looking into the file…")
def _look(path: str, stamp: tuple[int, int], format_: str | None, member: str | None) -> formats.Look:
    return formats.look(Path(path), format_, member=member)


@st.cache_resource(max_entries=32, show_spinner=False)
def _members(path: str, stamp: tuple[int, int]) -> list[str]:
    return formats.members(Path(path))


@st.cache_resource(max_entries=32, show_spinner="Reading the text…")
def vocabulary(digest: str, tokenizer: str, _text: str) -> Vocab:
    """The vocabulary of a text with every word in it; `digest` stands for the text."""
    return Vocab.build(sentences(digest, tokenizer, _text))


def sentences(digest: str, tokenizer: str, text: str) -> Iterable[list[str]]:
    """The token lists of a text; those that take long to make are kept."""
    return _morphemes(digest, text) if tokenizer == "morphemes" else tokenize(text, tokenizer)


@st.cache_resource(max_entries=8, show_spinner="Finding the morphemes…")
def _morphemes(digest: str, _text: str) -> list[list[str]]:
    return list(tokenize(_text, "morphemes"))


@st.cache_resource(max_entries=8, show_spinner=False)
def corpus(digest: str, tokenizer: str, min_count: int, _text: str) -> Corpus:
    """A text encoded for training."""
    return Corpus.read(sentences(digest, tokenizer, _text), min_count=min_count)


@st.cache_resource(max_entries=32, show_spinner=False)
def vocabulary_code(digest: str, tokenizer: str, min_count: int, vocab_size: int, _text: str) -> str:
    """The lines that make a text's vocabulary; looking for rare characters takes a moment in a long text."""
    return snippets.vocabulary(_text, tokenizer=tokenizer, min_count=min_count, vocab_size=vocab_size)


@st.cache_resource(max_entries=8, show_spinner=False)
def first_weight(vocab_size: int, dim: int, seed: int, init: str) -> np.ndarray[Any, np.dtype[np.float32]]:
    """The weight that a training starts from."""
    weight = initial_weight(vocab_size, dim, seed, init)
    weight.flags.writeable = False
    return weight


@st.cache_resource(max_entries=16, show_spinner="Looking for the words in the set…")
def rows_in_set(
    digest: str, tokenizer: str, min_count: int, name: str, version: str, _itos: list[str], _vectors: WordVectors
) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Which row of a set each entry of a text's vocabulary starts from, (V,), -1 for none."""
    rows = set_rows(_itos, _vectors)
    rows.flags.writeable = False
    return rows


@st.cache_resource(max_entries=4, show_spinner=False)
def first_weight_from(
    digest: str, tokenizer: str, min_count: int, name: str, version: str, seed: int, init: str,
    _rows: np.ndarray[Any, np.dtype[np.int64]], _vectors: WordVectors,
) -> np.ndarray[Any, np.dtype[np.float32]]:  # fmt: skip
    """The weight that a training on a text starts from, with the rows of a set."""
    weight = pretrained_weight(_vectors, _rows, seed, init)
    weight.flags.writeable = False
    return weight


@st.cache_resource(max_entries=64, show_spinner=False)
def sentences_and_characters(digest: str, tokenizer: str, _text: str) -> tuple[int, int]:
    """How many sentences with a word in them, and how many characters, a text has."""
    return sum(1 for _ in sentences(digest, tokenizer, _text)), count_characters(_text)


def dark() -> bool:
    """Whether this visitor looks at a dark page."""
    return st.context.theme.type == "dark"
