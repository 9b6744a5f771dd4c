"""How far two sets agree: for a list of words, how many of their neighbours are the same in both."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext

import streamlit as st

from embedcore import snippets_compare
from embedcore.questions.overlap import Compared, most_different_first
from embedcore.ui import keys
from embedcore.ui.asking import sharing
from embedcore.ui.asking.controls import MOST_AMONG, Controls
from embedcore.ui.asking.sets import Sets
from embedcore.ui.asking.words import ask_words
from embedcore.ui.compare import overlap_answer, pairs_of_sets
from embedcore.ui.compare.pairs_of_sets import Pair
from embedcore.ui.words import counted

_YOURS = "your words"
_FREQUENT = {"100 most frequent": 100, "300 most frequent": 300, "1,000 most frequent": 1_000}
_DIFFER, _AGREE, _AS_LISTED = "differ most", "agree most", "as listed"
_TOP, _MOST_TOP = 10, 100
_AMONG = 100_000

Spelt = list[tuple[str, str]]  # words as each set spells them


def show(controls: Controls, sets: Sets) -> None:
    """Ask which words to compare, and show how far the two sets agree on them."""
    if sets.second is None:
        _ask_for_another(controls)
        return
    pair = pairs_of_sets.of(sets)
    over = controls.choice(
        keys.OVER, "Words to compare", [*_FREQUENT, _YOURS], default="300 most frequent",
        help="The most frequent are those that come early in both sets.",
    )  # fmt: skip
    words = _typed(controls, sets) if over == _YOURS else _frequent(pair, _FREQUENT[over])
    with nullcontext() if controls.embedded else st.container(horizontal=True, vertical_alignment="bottom"):
        top = controls.number(keys.TOP, "Neighbours of each word", default=_TOP, lowest=1, highest=_MOST_TOP) or _TOP
        among = controls.number(
            keys.NEAR, "Among the most frequent", default=_AMONG, lowest=2, highest=MOST_AMONG, step=1_000,
            help="Neighbours are looked for among the words that both sets have, since a small set cannot name most of "
            "those that a large one has. Rare words are often names and slips, on which no two sets agree.",
        ) or _AMONG  # fmt: skip
    order = controls.choice(keys.SORT, "First the words that", [_DIFFER, _AGREE, _AS_LISTED])
    first, second = sets.all
    sharing.show(controls, snippets_compare.overlap(first.vectors, second.vectors, words, top, among))
    overlap_answer.show_coverage(sets, pair)
    if not words:
        st.caption("Give words that both sets have." if over == _YOURS else "There is no word to compare.")
        return
    compared = _compare(pair, words, top, among)
    overlap_answer.show(sets, pair, _sorted(compared, order), top, among=among, order=order)


def _ask_for_another(controls: Controls) -> None:
    sharing.show(controls)
    if controls.embedded:
        st.caption("This question is about two sets, but the link names one.")
        return
    st.caption(
        "This question is about two sets: choose the second one above, under “Compare with”. "
        "GloVe and a set trained on your text make a good pair, or GloVe before and after tuning."
    )


def _typed(controls: Controls, sets: Sets) -> Spelt:
    """The words that the visitor gave and both sets have."""
    words = ask_words(controls, sets)
    ours, theirs = (dict(zip(found.typed, found.tokens, strict=True)) for found in map(words.of, sets.all))
    return [(token, theirs[word]) for word, token in ours.items() if word in theirs]


def _frequent(pair: Pair, count: int) -> Spelt:
    rows = zip(pair.shared.first[:count].tolist(), pair.shared.second[:count].tolist(), strict=True)
    return [(pair.first.tokens[one], pair.second.tokens[other]) for one, other in rows]


def _compare(pair: Pair, words: Spelt, top: int, among: int) -> list[Compared]:
    """The answers; while they are looked for, how far it is."""
    place = st.empty()

    def tell(share: float) -> None:
        place.progress(share, f"Looking for the neighbours of {counted(len(words), 'word')} in both sets…")

    compared = pair.compare(words, top, among=among, on_progress=tell)
    place.empty()
    return compared


def _sorted(compared: Sequence[Compared], order: str) -> list[Compared]:
    if order == _AS_LISTED:
        return list(compared)
    places = most_different_first(compared)
    if order == _AGREE:
        measured = [place for place in places if compared[place].jaccard >= 0]
        places = measured[::-1] + places[len(measured) :]
    return [compared[place] for place in places]
