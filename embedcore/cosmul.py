"""Combining words by multiplying their similarities (3CosMul), on plain arrays.

Here belongs that one way to score rows; what it shares with the search by cosine is in `search`, and
what holds there holds here: exact, compared in float64, ties by lower row, and the same however it is
cut into pieces and questions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from embedcore import search
from embedcore.search import Floats, Found, Rows

Question = Sequence[tuple[float, int]]  # weights, and the vectors that they belong to, by their place

EPSILON = 1e-6  # keeps the quotient finite; that of Levy and Goldberg is 0.001, gensim's this
_QUESTIONS_AT_ONCE = 64
_PRECISE_AT_ONCE = 4_096  # rows held in float64


def score(cosines: npt.NDArray[np.float64], weights: Sequence[float]) -> npt.NDArray[np.float64]:
    """The 3CosMul score of rows whose cosines (n, T) with T words are given: (n,).

    Cosines are shifted to lie between 0 and 1; those of words with a positive weight are multiplied,
    and divided by those of words with a negative one. A weight is a power, so that a word of weight 2
    counts as one that is given twice. Levy and Goldberg, 2014, "Linguistic Regularities in Sparse and
    Explicit Word Representations", equation 4 and footnote 7; with gensim's 0.000001 for their ε.
    """
    shifted = (1 + cosines) / 2  # (n, T)
    above, below = np.ones(len(cosines)), np.ones(len(cosines))
    for column, weight in enumerate(weights):
        if weight > 0:
            above *= _power(shifted[:, column], weight)
        elif weight < 0:
            below *= _power(shifted[:, column], -weight)
    return above / (below + EPSILON) if min(weights, default=0) < 0 else above / (1 + EPSILON)


def cosine_of(score: float) -> float:
    """The cosine of a row with a single word of weight 1, from the `score` that it has."""
    return float(np.round(2 * score * (1 + EPSILON) - 1, 12)) + 0.0  # as rows are compared, without minus zero


def most_similar_many(
    matrix: Floats,
    lengths: Floats,
    vectors: Floats,
    questions: Sequence[Question],
    topn: int = 10,
    *,
    exclude: Sequence[Iterable[int]] | None = None,
    within: int | Sequence[int] | Rows | None = None,
) -> list[Found]:
    """For each question the rows of a (V, D) matrix with the highest `score`, best first, and their scores.

    A question weighs some of the `vectors` (U, D), all of which have a direction. The rest as
    `search.most_similar_many`.
    """
    count, rows = search.searched(within, len(matrix))
    directions = search.unit(vectors)  # (U, D)
    left_out = [np.unique(np.fromiter(some, dtype=np.int64)) for some in exclude or [()] * len(questions)]
    found: list[Found] = []
    for start in range(0, len(questions), _QUESTIONS_AT_ONCE):
        some = slice(start, start + _QUESTIONS_AT_ONCE)
        used, places = np.unique([place for question in questions[some] for _, place in question], return_inverse=True)
        numbers = iter(places.tolist())
        renumbered = [[(weight, next(numbers)) for weight, _ in question] for question in questions[some]]
        wanted = np.array([max(topn, 0) + len(own) for own in left_out[some]], dtype=np.int64)  # (Q,)
        best = _Products(matrix, lengths, rows, directions[used], wanted, renumbered).run(count if topn > 0 else 0)
        for own, (answers, scores) in zip(left_out[some], best, strict=True):
            kept = np.flatnonzero(~np.isin(answers, own))[: max(topn, 0)]
            found.append((answers[kept], scores[kept]))
    return found


class _Products(search.Pass):
    """One pass over a matrix for some questions.

    From the cosines in float32, and how far off they may be, follow bounds of each score. Rows whose
    upper bound reaches what the best have for sure are compared again in float64.
    """

    def __init__(
        self,
        matrix: Floats,
        lengths: Floats,
        rows: Rows | None,
        directions: npt.NDArray[np.float64],
        wanted: npt.NDArray[np.int64],
        questions: Sequence[Question],
    ) -> None:
        super().__init__(matrix, lengths, rows, directions, wanted)
        self.questions = questions

    def _look_at(self, piece: tuple[int, int]) -> None:
        places = slice(*piece) if self.rows is None else self.rows[slice(*piece)]
        part = self.matrix[places]  # (n, D)
        shifted = self._scores(part, self.lengths[places]).T  # (U, n)
        shifted = np.ascontiguousarray((1 + shifted) / 2)  # NaN or minus infinity where a row has no direction
        hits = [self._bounded(number, shifted) for number in range(len(self.questions))]
        scores = [self._precise(question, part, own) for question, own in zip(self.questions, hits, strict=True)]
        asked = np.repeat(np.arange(len(hits)), [len(own) for own in hits])
        found = np.concatenate(hits)
        self.best.offer(asked, found + piece[0] if self.rows is None else self.rows[piece[0] + found],
                        np.concatenate(scores))  # fmt: skip

    def _bounded(self, number: int, shifted: npt.NDArray[Any]) -> Rows:
        """Which rows of a piece may be among the best of a question: rising places."""
        wanted, floor = int(self.best.wanted[number]), self.best.floors[number]
        off = shifted.dtype.type(self.slack / 2)  # of a shifted cosine, half that of a cosine
        kinds = np.ones((4, shifted.shape[1]), shifted.dtype)
        high_above, low_above, high_below, low_below = kinds
        with np.errstate(invalid="ignore", over="ignore"):
            for weight, place in self.questions[number]:
                low, high = np.clip(shifted[place] - off, 0, 1), np.clip(shifted[place] + off, 0, 1)
                if weight > 0:
                    high_above *= _power(high, weight)
                    low_above *= _power(low, weight)
                elif weight < 0:
                    high_below *= _power(high, -weight)
                    low_below *= _power(low, -weight)
            rounding = (len(self.questions[number]) + 8) * 2.0**-22
            highest = high_above / (low_below + EPSILON) * (1 + rounding)
            lowest = low_above / (high_below + EPSILON) * (1 - rounding)
        directed = shifted[self.questions[number][0][1]] >= -1  # neither NaN nor minus infinity
        highest, lowest = np.where(directed, highest, -1), np.where(directed, lowest, -1)
        if floor == -np.inf:
            floor = search.kth_of_maxima(lowest[:, None], wanted)[0]
        floor = max(float(floor), 0.0) * (1 - rounding)
        hits = np.flatnonzero(highest >= shifted.dtype.type(floor))
        if len(hits) > 4 * wanted:
            kth = np.partition(lowest[hits], -wanted)[-wanted]
            hits = hits[highest[hits] >= kth]
        return hits

    def _precise(self, question: Question, part: Floats, hits: Rows) -> npt.NDArray[np.float64]:
        """The scores (m,) of the rows of a piece that are `hits` (m,), as they are compared."""
        weights, places = [weight for weight, _ in question], [place for _, place in question]
        scores = np.empty(len(hits))
        for start in range(0, len(hits), _PRECISE_AT_ONCE):
            some = slice(start, start + _PRECISE_AT_ONCE)
            cosines = np.einsum("nd,td->nt", search.unit(part[hits[some]]), self.directions[places])
            scores[some] = score(np.clip(np.round(cosines, 12), -1.0, 1.0), weights)
        return scores


def _power(numbers: npt.NDArray[Any], exponent: float) -> npt.NDArray[Any]:
    return numbers if exponent == 1 else numbers ** numbers.dtype.type(exponent)
