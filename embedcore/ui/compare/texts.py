"""How alike two texts are, sentences or lists of words: the cosine of the means of their words' vectors."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from embedcore import figures_heat, snippets_compare
from embedcore.questions import mean_vectors
from embedcore.questions.mean_vectors import TextVector
from embedcore.text import TOKENIZERS
from embedcore.ui import keys, messages, resources
from embedcore.ui.asking import sharing, tables
from embedcore.ui.asking.controls import Controls
from embedcore.ui.asking.sets import ChosenSet, Sets, side_by_side
from embedcore.ui.words import counted, listed, plain, telling_words
from embedcore.vectors import WordVectors

_MOST_CHARACTERS = 1_000  # of a text: both stand in the link
_FIRST_TEXTS = [  # on the first set that has all their words
    ("the king ruled his country for years", "a queen led her people through the war"),
    ("왕이 나라를 다스렸다", "여왕이 백성을 이끌었다"),
]
_MOST_TOLD = 20  # words that are left out, in a sentence
_MOST_NEAR = 5  # of them with near spellings
_BEGUN_WITH = "texts_begun_with"


def show(controls: Controls, sets: Sets) -> None:
    """Ask for two texts, and show how alike they are and which words make them so."""
    texts = _ask(controls, sets.first)
    how = controls.choice(
        keys.SPLIT, "How texts become words", list(TOKENIZERS),
        help="words: punctuation is left out. whitespace: what stands between spaces is a word, as it is. "
        "morphemes: Korean dictionary words, without particles and endings.",
    )  # fmt: skip
    with messages.problems():
        means = {c.info.name: (_mean(c.vectors, texts[0], how), _mean(c.vectors, texts[1], how)) for c in sets.all}
        asked = [(chosen.vectors, *_tokens(means[chosen.info.name])) for chosen in sets.all]
        sharing.show(controls, snippets_compare.texts(asked), height=_height([*means.values()]))
        if controls.embedded:  # where no box shows them
            st.markdown(f"“{plain(texts[0], _MOST_CHARACTERS)}” and “{plain(texts[1], _MOST_CHARACTERS)}”")
        for number, (chosen, place) in enumerate(side_by_side(sets)):
            with place, messages.problems():
                one, other = means[chosen.info.name]
                _tell_left_out(chosen, one, other)
                if _show_cosine(one, other):
                    _show_words(chosen, one, other, number, narrow=sets.second is not None)


def _ask(controls: Controls, first: ChosenSet) -> list[str]:
    """The two texts, to begin with some that the set has words for."""
    begin = _first_texts(first.vectors)
    asked = (keys.TEXT, keys.OTHER_TEXT)
    before = st.session_state.get(_BEGUN_WITH, begin)
    if not controls.embedded and before != begin and all(
        st.session_state.get(key) == text for key, text in zip(asked, before, strict=True)
    ):  # fmt: skip
        for key, text in zip(asked, begin, strict=True):  # nobody changed them, and the set is another
            st.session_state[key] = text
    st.session_state[_BEGUN_WITH] = begin
    places = [st.empty(), st.empty()] if controls.embedded else st.columns(2)
    texts = []
    for key, label, text, place in zip(asked, ("One text", "Another text"), begin, places, strict=True):
        with place:
            texts.append(controls.text(
                key, label, default=text, area=True, most=_MOST_CHARACTERS, placeholder="A sentence, or a list of words"
            ))  # fmt: skip
    return texts


def _height(means: Sequence[tuple[TextVector, TextVector]]) -> int:
    """About how many pixels the answer takes at a width of 700."""
    picture = max(min(max(300, 110 + 44 * len(one.words)), 700) for one, _ in means)
    lists = [[min(36 * (len(text.words) + 1), 400) for text in both] for both in means]
    if len(means) == 1:
        return 330 + picture + max(lists[0])
    return 540 + picture + max(map(sum, lists))


def _first_texts(vectors: WordVectors) -> tuple[str, str]:
    for one, other in _FIRST_TEXTS:
        if (vectors.rows(f"{one} {other}".split()) >= 0).all():
            return one, other
    words = telling_words(vectors.tokens)
    return " ".join(words[:4]), " ".join(words[4:8])


def _mean(vectors: WordVectors, text: str, tokenizer: str) -> TextVector:
    if tokenizer != "morphemes":
        return mean_vectors.mean_vector(vectors, text, tokenizer)
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    sentences = resources.sentences(digest, tokenizer, text)  # kept, since finding them takes a while
    return mean_vectors.mean_vector(vectors, [token for sentence in sentences for token in sentence])


def _tokens(texts: tuple[TextVector, TextVector]) -> tuple[list[str], list[str]]:
    """All words that are in the means, each as often as it comes."""
    one, other = ([*np.repeat(np.array(text.words, dtype=object), text.counts)] for text in texts)
    return one, other


def _show_cosine(one: TextVector, other: TextVector) -> bool:
    """The one number, where there is one."""
    if not one.total or not other.total:
        st.caption("Write a text into each of the two boxes.")
        return False
    if not one.used or not other.used:
        which = "Neither text has a word" if not one.used and not other.used else "One of the texts has no word"
        st.caption(f"{which} that this set has, so there is nothing to compare.")
        return False
    st.metric("Cosine of the two texts", f"{mean_vectors.similarity(one, other):.3f}")
    st.caption(
        f"Each text is the mean of the vectors of its words: {_used(one)} of the one, {_used(other)} of the other. "
        "The order of words does not count. Texts of common words are alike in most sets, so hold cosines of several "
        "texts against each other."
    )
    return True


def _used(text: TextVector) -> str:
    return f"{counted(text.used, 'word')}" if text.used == text.total else f"{text.used:,} of {text.total:,} words"


def _tell_left_out(chosen: ChosenSet, one: TextVector, other: TextVector) -> None:
    """Say which words are in neither mean, which are built, and which were found under another spelling."""
    left_out = _added(one.left_out, other.left_out)
    if left_out:
        near = [_with_near(chosen, word, count) for word, count in [*left_out.items()][:_MOST_NEAR]]
        near += [_times(word, count) for word, count in [*left_out.items()][_MOST_NEAR:]]
        said = listed(near, _MOST_TOLD)
        st.warning(f"Not in {plain(chosen.info.name)}, and left out: {said}.", icon=":material/search_off:")
    if broken := _added(one.broken, other.broken):
        said = listed([_times(word, count) for word, count in broken.items()], _MOST_TOLD)
        st.warning(f"Left out, since a number of their vectors is not finite: {said}.", icon=":material/block:")
    if built := list(dict.fromkeys([*one.built, *other.built])):
        said = listed([f"“{plain(word)}”" for word in built], _MOST_TOLD)
        st.info(f"Not in this set; their vectors are built from their parts: {said}.", icon=":material/extension:")
    otherwise = {**one.spelt_otherwise, **other.spelt_otherwise}
    if otherwise:
        said = listed([f"“{plain(typed)}” as “{plain(word)}”" for typed, word in otherwise.items()], _MOST_TOLD)
        st.caption(f"This set spells words in its own way: looked up {said}.")


def _added(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    return {word: one.get(word, 0) + other.get(word, 0) for word in [*one, *other]}


def _times(word: str, count: int) -> str:
    return f"“{plain(word, 60)}”" + (f" ({count:,} times)" if count > 1 else "")


def _with_near(chosen: ChosenSet, word: str, count: int) -> str:
    near = chosen.vectors.tokens.near(word, 3)
    return _times(word, count) + (f" (near: {', '.join(map(plain, near))})" if near else "")


def _show_words(chosen: ChosenSet, one: TextVector, other: TextVector, number: int, *, narrow: bool) -> None:
    """Each word of the one text with each of the other, and what each adds to the cosine."""
    cosines = mean_vectors.cosines(one.vectors, other.vectors)  # (W, X)
    figure = figures_heat.between(one.words, other.words, cosines, dark=resources.dark(), narrow=narrow)
    st.echarts_chart(
        figure.options, key=f"texts_{number}", height=figure.height,
        alt=f"Cosines of {counted(len(one.words), 'word')} of the one text with {len(other.words):,} of the other, "
        f"in {chosen.info.name}",
    )  # fmt: skip
    st.caption(
        "Rows are words of the one text, columns words of the other. What a word adds to the cosine, as often as it "
        "comes and as long as its vector is, stands below; the numbers of a text sum up to the cosine."
    )
    places = [st.container(), st.container()] if narrow else st.columns(2)
    for place, which, text, against in zip(places, ("one text", "other text"), (one, other), (other, one), strict=True):
        place.dataframe(
            _by_share(text, against), hide_index=True,
            column_config={
                "word": f"word of the {which}",
                "times": st.column_config.NumberColumn(width=50),
                "adds": st.column_config.NumberColumn(format="%+.3f", width=65),
                "cosine": st.column_config.NumberColumn(format="%.3f", width=65, help="With the other text’s mean"),
            },
            alt=f"The words of the {which} by what they add to the cosine, in {chosen.info.name}",
        )  # fmt: skip


def _by_share(text: TextVector, against: TextVector) -> pd.DataFrame:
    """A row a word, the one that adds most first."""
    table = pd.DataFrame(
        {
            "word": text.words,
            "times": text.counts,
            "adds": tables.no_minus_zero(mean_vectors.shares(text, against), 3),
            "cosine": tables.no_minus_zero(mean_vectors.cosines(text.vectors, against.mean[None])[:, 0], 3),
        }
    )
    return table.sort_values("adds", ascending=False, kind="stable")
