"""Axes as a visitor types them: asking for their pairs, and spanning them in a set.

Here belongs what lies between the text of an axis and `embedcore.questions.axes.Axis`; how words on it are
shown belongs to `axes`.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext

import streamlit as st

from embedcore.errors import BadExpression, BadVectors
from embedcore.questions.axes import Axis, Pair, usable
from embedcore.questions.expressions import parse_pairs, pointed_at, quoted
from embedcore.ui import keys
from embedcore.ui.asking import completion
from embedcore.ui.asking.controls import Controls
from embedcore.ui.asking.sets import ChosenSet, Sets
from embedcore.ui.asking.words import first_words, look_up
from embedcore.ui.words import plain
from embedcore.vectors import WordVectors

_FIRST_AXES = (("he", "she"), ("남자", "여자"), ("good", "bad"))  # in a set that has them
_HELP = (
    "Pairs of words, each with a minus between: he - she. The axis leads from the second word to the first. Several "
    "pairs, with commas between, are averaged: he - she, man - woman, king - queen."
)


def ask(controls: Controls, sets: Sets) -> list[list[Pair]]:
    """The pairs of the first axis and, if there is one, of the second; what cannot be read is said, and is no pair."""
    first = first_axis(sets.first.vectors)
    across, up = (nullcontext(), nullcontext()) if controls.embedded else st.columns(2)
    with across:
        pairs = ask_one(controls, sets, keys.AXIS, "Axis", default=first, placeholder="he - she, man - woman")
    with up:
        other = ask_one(controls, sets, keys.OTHER_AXIS, "Second axis", placeholder="none, or for example good - bad")
    return [pairs, other] if pairs and other else [pairs or other]


def ask_one(
    controls: Controls, sets: Sets, key: str, label: str, *, default: str = "", placeholder: str
) -> list[Pair]:  # fmt: skip
    """The pairs of one axis; what cannot be read is said, and is no pair."""
    text = controls.text(key, label, default=default, follows=True, placeholder=placeholder, help=_HELP, live=True)
    if not controls.embedded:
        completion.offer(sets.first, key, text, quote=quoted)
    try:
        return parse_pairs(text)
    except BadExpression as error:
        st.warning(plain(str(error), limit=400), icon=":material/edit:")
        st.code(pointed_at(error), language=None)
        return []


def span(chosen: ChosenSet, asked: Sequence[Sequence[Pair]], *, named: bool, fixed: bool) -> list[Axis]:
    """The axes that the pairs span in a set; what keeps one of them from it is said in the page.

    `named`: of which set that is said; `fixed`: no other word can be put in the place of an unknown one.
    """
    typed = list(dict.fromkeys(word for pairs in asked for pair in pairs for word in pair))
    look_up(chosen, typed, None if fixed else _put_instead, named=named, place="axes")  # says what is not there
    axes = []
    for pairs in asked:
        try:
            found, problems = usable(chosen.vectors, pairs)
            for problem in problems:
                st.warning(plain(problem, limit=400), icon=":material/block:")
            if found:
                axes.append(Axis.of(chosen.vectors, found))
        except BadVectors as error:
            st.warning(plain(str(error), limit=400), icon=":material/block:")
    return axes


def _put_instead(old: str, new: str) -> None:
    """Put another word in the place of an unknown one, in both axes."""
    for key in (keys.AXIS, keys.OTHER_AXIS):
        try:
            pairs = parse_pairs(st.session_state.get(key, ""))
        except BadExpression:
            continue
        if any(old in pair for pair in pairs):
            put = [tuple(new if word == old else word for word in pair) for pair in pairs]
            st.session_state[key] = ", ".join(" - ".join(map(quoted, pair)) for pair in put)


def first_axis(vectors: WordVectors) -> str:
    """An axis to begin with: one that everybody knows, or else between two words of the set."""
    pair = next((pair for pair in _FIRST_AXES if all(word in vectors for word in pair)), None)
    words = list(pair or first_words(vectors)[:2])
    return " - ".join(map(quoted, words)) if len(words) == 2 else ""
