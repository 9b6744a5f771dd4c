"""From questions about words to the words that answer them: what every search of `WordVectors` shares.

Here belong weights of words, and turning the rows that a search finds into words, each once. How a word is
found in a set belongs to `vectors`, the arithmetic to `search` and `cosmul`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from embedcore import cosmul, search
from embedcore.errors import BadVectors
from embedcore.tokens import Tokens

Float32s = npt.NDArray[np.float32]
Weighted = str | tuple[str, float]  # a word, or a word and how much it counts, as gensim takes them
Words = str | Sequence[Weighted]
Within = int | npt.NDArray[np.int64] | None  # the first so many rows, those of an array, or all
Term = tuple[float, str]

METHODS = ("add", "mul")  # 3CosAdd, 3CosMul
_MOST_POWERS = 100.0  # weights of 3CosMul together, beyond which products leave the range of numbers


class Neighbor(NamedTuple):
    """A word found by a search, its cosine similarity to the question, and its row."""

    word: str
    similarity: float
    row: int


def terms(positive: Words, negative: Words) -> list[Term]:
    """Words with their weights: 1 for those of `positive`, -1 for those of `negative`, if nothing else is said."""
    found = []
    for words, usual in ((positive, 1.0), (negative, -1.0)):
        for word in [words] if isinstance(words, str) else words:
            found.append((usual, word) if isinstance(word, str) else (float(word[1]), word[0]))
    if not found:
        raise BadVectors("Give at least one word to look near.")
    if not all(math.isfinite(weight) for weight, _ in found):
        raise BadVectors("A word can count only as much as a finite number says.")
    return found


def added(vectors: npt.NDArray[Any], question: cosmul.Question) -> npt.NDArray[np.float64]:
    """The direction (D,) of a question about some of the vectors (U, D), for 3CosAdd."""
    made = search.combined(vectors[[place for _, place in question]], [weight for weight, _ in question])
    if np.isnan(made).any():
        raise BadVectors("These words cancel each other out, so there is no direction to look in.")
    return made


@dataclass(frozen=True, eq=False)
class Searched:
    """What is searched for N questions at once: V tokens, their (V, D) matrix, and its norms (V,).

    In all methods `asked` has, for each question, the rows of its own words, which are no answers.
    """

    tokens: Tokens
    matrix: Float32s
    norms: Float32s

    def nearest(
        self, questions: npt.NDArray[Any], asked: Sequence[set[int]], topn: int, within: Within
    ) -> list[list[Neighbor]]:
        """The answers to the questions (N, D) by cosine."""

        def search_for(some: Sequence[int], wanted: int) -> list[search.Found]:
            excluded = [asked[number] for number in some]
            return search.most_similar_many(
                self.matrix, self.norms, questions[some], wanted, exclude=excluded, within=within
            )

        return self._answers(search_for, asked, topn)

    def multiplied(
        self,
        vectors: npt.NDArray[Any],
        questions: Sequence[cosmul.Question],
        asked: Sequence[set[int]],
        topn: int,
        within: Within,
    ) -> list[list[Neighbor]]:
        """The answers by 3CosMul to questions about some of the vectors (U, D)."""
        for question in questions:
            if not any(weight > 0 for weight, _ in question):
                raise BadVectors("Multiplying takes at least one word with a plus.")
            if sum(abs(weight) for weight, _ in question) > _MOST_POWERS:
                raise BadVectors(f"Multiplying takes weights of at most {_MOST_POWERS:.0f} together.")

        def search_for(some: Sequence[int], wanted: int) -> list[search.Found]:
            picked, excluded = [questions[number] for number in some], [asked[number] for number in some]
            return cosmul.most_similar_many(
                self.matrix, self.norms, vectors, picked, wanted, exclude=excluded, within=within
            )

        return self._answers(search_for, asked, topn)

    def _answers(
        self, search_for: Callable[[Sequence[int], int], list[search.Found]], asked: Sequence[set[int]], topn: int
    ) -> list[list[Neighbor]]:
        """What a search finds for each of N questions, as words; it is given the questions' numbers and how many."""
        answers = []
        for number, (rows, similarities) in enumerate(search_for(range(len(asked)), topn)):
            wanted = topn
            while len(named := self._named(rows, similarities, asked[number])) < topn and len(rows) >= wanted:
                wanted *= 3  # a word that repeats in the set is an answer once
                rows, similarities = search_for([number], wanted)[0]
            answers.append(named[:topn])
        return answers

    def _named(
        self, rows: npt.NDArray[np.int64], similarities: npt.NDArray[np.float64], asked: set[int]
    ) -> list[Neighbor]:
        """The words of rows, each once and none that `asked` names, with their similarities."""
        words = {self.tokens[row] for row in asked}
        named = []
        for row, similarity in zip(rows.tolist(), similarities.tolist(), strict=True):
            if (word := self.tokens[row]) not in words:
                words.add(word)
                named.append(Neighbor(word, similarity, row))
        return named
