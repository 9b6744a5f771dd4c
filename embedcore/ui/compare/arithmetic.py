"""Arithmetic with words, and analogies: the words nearest to a sum, in tables and in a picture."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from itertools import zip_longest

import numpy as np
import numpy.typing as npt
import streamlit as st

from embedcore import figures_plane, search, snippets_compare
from embedcore.errors import BadVectors
from embedcore.questions.expressions import Expression, written
from embedcore.questions.plane import Laid, lay_flat
from embedcore.ui import messages, resources
from embedcore.ui.asking import sharing, tables
from embedcore.ui.asking.controls import Controls
from embedcore.ui.asking.sets import ChosenSet, Sets, side_by_side
from embedcore.ui.compare import arithmetic_question
from embedcore.ui.compare.arithmetic_question import ADD, MUL, Found, Question
from embedcore.ui.words import counted, plain
from embedcore.vectors import Neighbor, WordVectors

_DRAWN = 10  # answers in the picture
_PIXELS, _NARROW_PIXELS = (640, 420), (400, 340)

Answers = dict[str, list[Neighbor]]  # by method


def show(controls: Controls, sets: Sets) -> None:
    """Ask for an expression or an analogy, and show its answers by either method."""
    question = arithmetic_question.ask(controls, sets)
    row = st.container()  # what is shared depends on which words the sets have, which is said below
    found: list[Found] = []
    if question.expression is not None:
        two = sets.second is not None
        for number, (chosen, place) in enumerate(side_by_side(sets)):
            with place, messages.problems():
                own = arithmetic_question.find(chosen, question.expression, named=two, fixed=controls.embedded)
                found.append(own)
                _show_answer(chosen, question, own, number, narrow=two, opens=not controls.embedded)
        _explain(question, found)
    with row:
        sharing.show(controls, _lines(sets, question, found))


def _lines(sets: Sets, question: Question, found: Sequence[Found]) -> snippets_compare.Lines | None:
    """The lines of Python: for each method, of each set the words that it has."""
    names = {ADD: snippets_compare.ADD, MUL: snippets_compare.MUL}
    return snippets_compare.joined(
        [
            snippets_compare.expression([chosen.vectors], own.terms, question.top, names[method], question.among)
            for chosen, own in zip(sets.all, found, strict=False)
            for method in question.methods
        ]
    )


def _show_answer(
    chosen: ChosenSet, question: Question, found: Found, number: int, *, narrow: bool, opens: bool
) -> None:  # fmt: skip
    if not any(weight for weight, _ in found.terms):
        if found.terms:
            st.caption("All words cancel out, so nothing is left to look for.")
        return
    answers = _answers(chosen.vectors, question, found)
    if not any(answers.values()):
        st.caption("There is no other word in this set to answer with." if answers else "There is no answer.")
        return
    _headline(question, found, answers)
    if ADD in answers:
        _tell_left_out(chosen.vectors, found, answers[ADD])
    shown = [(method, near) for method, near in answers.items() if near]
    for (method, near), place in zip(shown, _places(len(shown), narrow=narrow), strict=True):
        with place:
            st.markdown(f"**By {method}**")
            score = "cosine" if method == ADD else "score"
            columns = {
                "word": [n.word for n in near],
                score: [n.similarity for n in near],
                "rank": [n.row + 1 for n in near],
            }
            tables.show_table(
                columns, key=f"sum_{method}_{number}", opens=opens, narrow=True,
                alt=f"The answers by {method} in {chosen.info.name}",
            )  # fmt: skip
    _draw(chosen, found, answers, number, narrow=narrow)


def _answers(vectors: WordVectors, question: Question, found: Found) -> Answers:
    """The answers by each method; why one has none is said in the page."""
    asked = [(word, weight) for weight, word in found.terms]
    top, among = question.top, question.among
    if len(question.methods) > 1:
        with suppress(BadVectors):  # one of them alone may have answers
            return dict(zip((ADD, MUL), vectors.most_similar_both(asked, topn=top, within=among), strict=True))
    answers: Answers = {}
    for method in question.methods:
        search_for = vectors.most_similar if method == ADD else vectors.most_similar_cosmul
        try:
            answers[method] = search_for(asked, topn=top, within=among)
        except BadVectors as error:  # such as a multiplication of nothing
            st.caption(f"{method}: {plain(str(error), limit=400)}")
    return answers


def _places(count: int, *, narrow: bool) -> list[st.delta_generator.DeltaGenerator]:
    """Places for tables: side by side where there is room."""
    return [st.container() for _ in range(count)] if narrow or count < 2 else list(st.columns(count))


def _headline(question: Question, found: Found, answers: Answers) -> None:
    """The question with its best answer, or with both where the methods do not agree."""
    best = {method: near[0].word for method, near in answers.items() if near}
    agreed = len(set(best.values())) == 1
    said = " and ".join(f"**{plain(word)}**{'' if agreed else f' by {method}'}" for method, word in best.items())
    if agreed:
        said = f"**{plain(next(iter(best.values())))}**"
    left = _analogy(question.expression, said) if not found.missing else None
    st.markdown(left or f"{arithmetic_question.as_written(found)} ≈ {said}")
    if found.missing:
        st.caption("Worked out without what this set does not have.")


def _analogy(expression: Expression | None, answer: str) -> str | None:
    """An analogy with its answer in it; None for a sum."""
    if expression is None or expression.analogy is None:
        return None
    a, b, c, d = (answer if word is None else plain(word) for word in expression.analogy)
    return f"{a} is to {b} as {c} is to {d}"


def _tell_left_out(vectors: WordVectors, found: Found, near: Sequence[Neighbor]) -> None:
    """Say so where a word that was asked about would be the answer, if such words were answers."""
    rows = _vectors(vectors, [word for _, word in found.terms])  # (T, D)
    made = search.unit(search.combined(rows, [weight for weight, _ in found.terms]))  # (D,)
    cosines = search.unit(rows) @ made  # (T,)
    nearest = int(np.argmax(cosines))
    if near and cosines[nearest] > near[0].similarity and len(found.terms) > 1:
        st.caption(
            f"The words asked about are no answers. If they were, {plain(found.terms[nearest][1])} would come first, "
            f"at a cosine of {cosines[nearest]:.3f}."
        )


def _draw(chosen: ChosenSet, found: Found, answers: Answers, number: int, *, narrow: bool) -> None:
    """The words, their sum and the first answers in a plane."""
    by_place = zip_longest(*answers.values())  # the first of each method, the second of each, …
    words = list(dict.fromkeys(n.word for place in by_place for n in place if n is not None))[:_DRAWN]
    asked = [word for _, word in found.terms]
    laid = lay_flat(
        _vectors(chosen.vectors, asked), [weight for weight, _ in found.terms], _vectors(chosen.vectors, words)
    )
    pixels = _NARROW_PIXELS if narrow else _PIXELS
    st.echarts_chart(
        figures_plane.sum_of_words(laid, asked, words, dark=resources.dark(), pixels=pixels),
        key=f"plane_{number}", width=pixels[0], height=pixels[1],
        alt=f"{words[0]} answers {written(found.terms)[:100]}: {counted(len(asked), 'word')}, their sum and "
        f"{counted(len(words), 'answer')} in a plane of {chosen.info.name}",
    )  # fmt: skip
    st.caption(_about_plane(laid, words[0]))


def _about_plane(laid: Laid, answer: str) -> str:
    """What the picture shows of the space, and what not."""
    if laid.corners is None:
        return (
            f"The plane that shows most of what sets these words apart, {laid.shown:.0%} of it. All have length 1 "
            "here, since only directions are compared; the answers are drawn where their shadows fall."
        )
    return (
        "The three words, scaled to length 1, and their sum are the corners of a parallelogram: the solid arrows are "
        f"the same step. The answers lie outside this plane and are drawn where their shadows fall; {plain(answer)} is "
        f"{laid.found_off[0]:.2f} away from it."
    )


def _explain(question: Question, found: Sequence[Found]) -> None:
    """What the numbers are, once for all sets."""
    if not any(own.terms for own in found):
        return
    said = []
    if ADD in question.methods:
        said.append("3CosAdd gives the cosine of a word with the sum of the unit vectors.")
    if MUL in question.methods:
        said.append(
            "3CosMul moves cosines to between 0 and 1, multiplies those with the words that have a plus, and divides "
            "by those with the others."
        )
    st.caption(f"{' '.join(said)} (Levy and Goldberg 2014.)")


def _vectors(vectors: WordVectors, words: Sequence[str]) -> npt.NDArray[np.float32]:
    """The vectors of N words: (N, D)."""
    return np.array([vectors.vector(word) for word in words], dtype=np.float32).reshape(len(words), vectors.dim)
