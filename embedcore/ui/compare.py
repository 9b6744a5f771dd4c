"""The Compare page's parts: a set, some words, and what there is to see about them."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from embedcore import figures
from embedcore.errors import UnknownVectors, UnknownWord
from embedcore.library import VectorsInfo
from embedcore.ui import keys, links, messages, resources
from embedcore.ui.words import counted, ordinal, plain, telling_words
from embedcore.vectors import Built, WordVectors

_FIRST_WORDS = ["king", "queen", "man", "woman", "apple", "orange"]  # on a set that has them
_COMPLETED_WORDS = 2_000  # offered while typing; any other word can be typed too
_NEIGHBORS = 10
_COLUMNS = 3
_SHOWN_NUMBERS = 300  # of a vector, printed
_SHOWN_PARTS = 100  # of a word
_BEFORE = "vectors_before"


@dataclass(frozen=True)
class ChosenSet:
    """A set of the library, opened."""

    info: VectorsInfo
    vectors: WordVectors


@dataclass(frozen=True)
class ChosenWords:
    """The words that were asked for and that the set has or builds: as typed, and as the set spells them."""

    typed: list[str]
    tokens: list[str]


def choose_vectors() -> ChosenSet:
    """The set to look words up in, and what it is."""
    links.mend({keys.WORDS: links.AtMost(resources.settings().max_watched_words)})
    here = resources.usable_sets()
    asked = st.query_params.get(keys.VECTORS)
    if asked is not None and asked not in here:
        st.warning(plain(str(UnknownVectors(asked))) + " Another set is shown.", icon=":material/info:")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox(
            "Vector set", list(here), key=keys.VECTORS, bind="query-params", on_change=_follow_set, width=420
        )
        st.page_link("library.py", label="Get more sets", icon=":material/library_books:")
    info = here[str(name)]
    chosen = ChosenSet(info, resources.vectors(info))
    st.session_state[_BEFORE] = info.name
    facts = [f"{counted(info.rows, 'word')}, {counted(info.dim, 'dimension')}"]
    facts += [f"Source: {plain(info.source)}"] if info.source else []
    facts.append(f"Licence {plain(info.licence)}" if info.licence else "No licence given")
    if info.subwords:
        facts.append("It builds words that it does not know from their parts")
    st.caption(". ".join(facts) + ".")
    return chosen


def choose_words(chosen: ChosenSet) -> ChosenWords:
    """The words to compare, with a sentence for each that the set does not have."""
    vectors = chosen.vectors
    first = _first_words(vectors)
    # Completion maps a typed word to an offered one whatever its case, which in a cased set would be another word.
    offered = vectors.tokens[:_COMPLETED_WORDS] if vectors.lowercased else []
    typed = st.multiselect(
        "Words", list(dict.fromkeys([*offered, *first])), default=first, key=keys.WORDS, bind="query-params",
        accept_new_options=True, max_selections=resources.settings().max_watched_words,
        placeholder="Type a word and press Enter", select_all=False,
    )  # fmt: skip
    words = ChosenWords([], [])
    lowered = []
    for word in typed:
        token = vectors.find(word)
        if token is None and (built := vectors.built(word)):
            token = _say_built(built, word, vectors)
        elif token is None:
            error = UnknownWord(word, chosen.info.name, vectors.tokens.near(word))
            st.warning(plain(str(error), limit=400), icon=":material/search_off:")
        if token is not None and token not in words.tokens:
            words.typed.append(word)
            words.tokens.append(token)
            if token != word:
                lowered.append(f"“{plain(word)}” as “{plain(token)}”")
    if lowered:
        st.caption(f"This set spells words in its own way: looked up {', '.join(lowered)}.")
    return words


def _say_built(built: Built, word: str, vectors: WordVectors) -> str:
    """Tell of a word that its vector is built from its parts; the word as it was cut."""
    near = vectors.tokens.near(word)
    said = f"“{word}” is not in this set; its vector is built from its parts."
    st.info(plain(f"{said} Near: {', '.join(near)}." if near else said, limit=400), icon=":material/extension:")
    return built.word


def _follow_set() -> None:
    """Another set was chosen: words nobody chose give way to words that the new set has."""
    here = resources.usable_sets()
    before, now = here.get(st.session_state.get(_BEFORE, "")), here.get(st.session_state[keys.VECTORS])
    if before and now and list(st.session_state.get(keys.WORDS, [])) == _first_words(resources.vectors(before)):
        st.session_state[keys.WORDS] = _first_words(resources.vectors(now))


def _first_words(vectors: WordVectors) -> list[str]:
    """Words to begin with: some that everybody knows, or else frequent ones of some length."""
    if all(word in vectors for word in _FIRST_WORDS):
        return list(_FIRST_WORDS)
    return telling_words(vectors.tokens)[:6]


def show_similarity(chosen: ChosenSet, words: ChosenWords) -> None:
    """The cosine similarity of each word with each."""
    st.header("How alike they are")
    if len(words.tokens) < 2:
        st.caption("Choose two words or more to compare them." if not words.tokens else "Choose one word more.")
        return
    cosines = chosen.vectors.similarity_matrix(words.tokens)
    first, second, cosine = _closest(words.tokens, cosines)
    st.echarts_chart(
        figures.similarity_heatmap(words.tokens, cosines, dark=resources.dark()), key="similarity",
        height=min(max(300, 110 + 44 * len(words.tokens)), 1400),
        alt=f"Cosine similarities of {len(words.tokens)} words; {first} and {second} are closest, at {cosine:.3f}",
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


def show_neighbors(chosen: ChosenSet, words: ChosenWords) -> None:
    """For each word the nearest words in the whole set."""
    if not words.tokens:
        return
    st.header("Nearest neighbours")
    each = chosen.vectors.most_similar_each(words.tokens, topn=_NEIGHBORS)  # one pass over the set for all
    for index, (token, near) in enumerate(zip(words.tokens, each, strict=True)):
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
                alt=f"The nearest words of {token}",
            )


def show_vectors(chosen: ChosenSet, words: ChosenWords) -> None:
    """What a look-up in the table gives: the row, the shape, the vector."""
    if not words.tokens:
        return
    vectors = chosen.vectors
    st.header("The vectors themselves")
    numbers = np.stack([vectors.vector(token) for token in words.tokens])
    st.echarts_chart(
        figures.vector_strips(words.tokens, numbers, dark=resources.dark()),
        key="strips", height=110 + 34 * len(words.tokens),
        alt=f"The {vectors.dim} numbers of each word’s vector as coloured cells",
    )  # fmt: skip
    for token in words.tokens:
        built = vectors.built(token)
        row = None if built else vectors.row(token)
        place = "no row" if row is None else f"row {row:,}, the {ordinal(row + 1)} of {counted(len(vectors), 'word')}"
        with st.expander(f"{plain(token)}: {place}{', built from its parts' if built else ''}"):
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
