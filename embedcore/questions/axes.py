"""Axes that pairs of words span, and where words lie on them.

Here belong an axis such as he - she, how well its pairs agree, and the positions of words on
it. Reading pairs out of a text belongs to `expressions`, drawing to `figures_axes`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from embedcore import search
from embedcore.errors import BadVectors
from embedcore.vectors import WordVectors

Floats = npt.NDArray[np.floating[Any]]
Float64s = npt.NDArray[np.float64]
Pair = tuple[str, str]

_UNRELATED = 0.1  # cosine, below which a pair does not point anywhere along the others' line
_NOTHING = 1e-6  # a difference of unit vectors below it is the rounding of float32
FREQUENT = 2_000  # words that say what is usual on an axis
_USUAL = (100 / 6, 500 / 6)  # percentiles, between which two thirds lie


@dataclass(frozen=True, eq=False)
class Axis:
    """A direction from the second words of some pairs to their first: he - she leads from she to he.

    The direction is the mean of the differences of the pairs' unit vectors, itself of length 1, as
    Kozlowski, Taddy and Evans span their dimensions (2019, "The Geometry of Culture"). For one
    pair it is the direction of Bolukbasi et al. 2016, "Man is to Computer Programmer as Woman is
    to Homemaker?", who take the first principal component where there are several.

    Attributes:
        pairs: the P pairs of words, the first of each at the positive end.
        direction: (D,) float64, of length 1.
        agreement: (P,) the cosine of each pair's difference with the direction; 1 for a pair alone.
        with_others: (P,) its cosine with the mean of the other pairs' differences, to which it
            adds nothing itself: near 0 where pairs have nothing in common. NaN for a pair alone.
        turned: the pairs that seem to be the wrong way round, since they point against most others.
    """

    pairs: tuple[Pair, ...]
    direction: Float64s
    agreement: Float64s
    with_others: Float64s
    turned: tuple[Pair, ...]

    @classmethod
    def of(cls, vectors: WordVectors, pairs: Sequence[Pair]) -> Axis:
        """The axis of one or several pairs of words.

        Raises UnknownWord for a word that the set neither has nor builds, and BadVectors where
        there is no pair, one of a `problem`, or where pairs cancel each other out.
        """
        if not pairs:
            raise BadVectors("An axis takes at least one pair of words, such as he - she.")
        for pair in pairs:
            if what := problem(vectors, pair):
                raise BadVectors(what)
        differences = np.stack([_difference(vectors, pair) for pair in pairs])  # (P, D)
        mean = differences.mean(axis=0)  # (D,)
        if np.linalg.norm(mean) < _NOTHING:
            raise BadVectors("These pairs cancel each other out, so they span no axis. Turn one of them round.")
        direction = search.unit(mean)  # (D,)
        each = search.unit(differences)  # (P, D)
        others = differences.sum(axis=0) - differences  # (P, D)
        others[np.linalg.norm(others, axis=1) < _NOTHING] = np.nan
        with_others = np.einsum("pd,pd->p", each, search.unit(others))  # (P,)
        turned = tuple(pairs[row] for row in _against_most(each))
        agreement = np.clip(each @ direction, -1.0, 1.0)  # (P,)
        return cls(tuple(pairs), direction, agreement, np.clip(with_others, -1.0, 1.0), turned)

    def project(self, rows: Floats) -> Float64s:
        """Where N vectors (N, D) lie on the axis: (N,), their cosines with it; NaN for one without a direction."""
        return np.clip(search.unit(rows) @ self.direction, -1.0, 1.0)

    def positions(self, vectors: WordVectors, words: Sequence[str]) -> Float64s:
        """Where N words of the set lie on the axis: (N,), as `project`. Raises UnknownWord."""
        return self.project(_rows(vectors, words))

    def usual(self, vectors: WordVectors) -> tuple[float, float]:
        """Between which positions the middle two thirds of the set's 2,000 most frequent words lie.

        They tell what is ordinary on this axis: their middle is seldom 0. NaN where there are none.
        """
        positions = self.project(vectors.matrix[:FREQUENT])  # (n,)
        positions = positions[~np.isnan(positions)]
        if not len(positions):
            return math.nan, math.nan
        low, high = np.percentile(positions, _USUAL)
        return float(low), float(high)


def angle(first: Axis, second: Axis) -> float:
    """The angle between two axes of the same set in degrees: 0 the same, 90 nothing in common, 180 turned round."""
    # From both half-angles: the arc cosine alone knows angles near 0 and 180 to half its digits only.
    apart = np.linalg.norm(first.direction - second.direction)
    together = np.linalg.norm(first.direction + second.direction)
    return math.degrees(2 * math.atan2(float(apart), float(together)))


def problem(vectors: WordVectors, pair: Pair) -> str | None:
    """Why a pair of words of the set spans no axis, as a sentence; None if it does. Raises UnknownWord."""
    for word, direction in zip(pair, search.unit(_rows(vectors, pair)), strict=True):
        if not np.isfinite(direction).all():
            return f"“{word}” has no direction in this set, so it spans no axis."
    if np.linalg.norm(_difference(vectors, pair)) < _NOTHING:
        return f"“{pair[0]}” and “{pair[1]}” point the same way, so they span no axis."
    return None


def usable(vectors: WordVectors, pairs: Sequence[Pair]) -> tuple[list[Pair], list[str]]:
    """Those pairs, as typed, that span an axis in the set, as it spells them, each once; and the `problem`s of others.

    Pairs with a word that the set neither has nor builds are passed over.
    """
    found: dict[Pair, str | None] = {}
    for typed in pairs:
        first, second = map(vectors.spelt, typed)
        if first is not None and second is not None and (first, second) not in found:
            found[first, second] = problem(vectors, (first, second))
    return [pair for pair, what in found.items() if what is None], [what for what in found.values() if what]


def _against_most(each: Float64s) -> list[int]:
    """Which of P directions (P, D) point against most of the others along the line that is common to all.

    That line is their first principal component, which does not ask which way round a direction
    is: one of three that is turned would spoil their mean for all of them.
    """
    if len(each) < 3:
        return []  # which of two that disagree is the wrong one cannot be known
    line = np.linalg.svd(each, full_matrices=False)[2][0]  # (D,)
    along = each @ line  # (P,)
    signs = np.where(np.abs(along) < _UNRELATED, 0, np.sign(along))
    return [int(row) for row in np.flatnonzero(signs * signs.sum() < 0)]


def _difference(vectors: WordVectors, pair: Pair) -> Float64s:
    """From the unit vector of the pair's second word to that of its first: (D,)."""
    first, second = search.unit(_rows(vectors, pair))  # (D,) each
    return np.asarray(first - second)


def _rows(vectors: WordVectors, words: Sequence[str]) -> npt.NDArray[np.float32]:
    """The vectors of N words: (N, D)."""
    return np.array([vectors.vector(word) for word in words], dtype=np.float32).reshape(len(words), vectors.dim)
