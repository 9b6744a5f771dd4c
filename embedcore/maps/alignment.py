"""Two sets in one map: the second turned towards the first, so that one layout can show both.

Here belongs making two spaces comparable. Which words are shown is found out by `selection`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from embedcore import search
from embedcore.errors import BadVectors
from embedcore.projection import procrustes
from embedcore.questions.overlap import Shared
from embedcore.vectors import WordVectors

Floats = npt.NDArray[np.floating[Any]]
Float64s = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

MOST_FITTED = 20_000  # shared words by which spaces are turned, the most frequent


class Turn(NamedTuple):
    """How the second of two spaces is turned towards the first.

    Attributes:
        rotation: (E, E) float64, orthogonal: a rotation or reflection; E is the larger of the two
            numbers of dimensions, the smaller space being filled up with zeros.
        fitted: how many words it was found by.
        agreement: the mean cosine of these words' two vectors after the turn, from -1 to 1.
    """

    rotation: Float64s
    fitted: int
    agreement: float

    def first(self, vectors: Floats) -> Float64s:
        """The unit vectors of rows (n, D) of the first set: (n, E)."""
        return _widened(search.unit(vectors), len(self.rotation))

    def second(self, vectors: Floats) -> Float64s:
        """The turned unit vectors of rows (n, D) of the second set: (n, E)."""
        return np.asarray(_widened(search.unit(vectors), len(self.rotation)) @ self.rotation)


def turn(first: WordVectors, second: WordVectors, shared: Shared) -> Turn:
    """The turn that brings the words that two sets share closest to each other.

    Orthogonal Procrustes (Schönemann, 1966, "A generalized solution of the orthogonal Procrustes
    problem") on unit vectors, as Hamilton, Leskovec and Jurafsky, 2016, "Diachronic Word Embeddings Reveal
    Statistical Laws of Semantic Change", align embeddings. It keeps every cosine within a set. It is found by
    the 20,000 most frequent shared words with a direction in both, not by those shown alone: few
    words could be brought together whatever their vectors are. Raises BadVectors if there is none.
    """
    rows = directed(first, second, shared)[:MOST_FITTED]
    if not len(rows):
        raise BadVectors("These sets share no word that has a direction in both, so they cannot be aligned.")
    width = max(first.dim, second.dim)
    still = _widened(search.unit(first.matrix[shared.first[rows]]), width)  # (m, E)
    moving = _widened(search.unit(second.matrix[shared.second[rows]]), width)  # (m, E)
    rotation = procrustes(moving, still)  # (E, E)
    return Turn(rotation, len(rows), float(np.mean(np.sum((moving @ rotation) * still, axis=1))))


def directed(first: WordVectors, second: WordVectors, shared: Shared) -> Rows:
    """The places among S shared words, rising, of those that have a direction in both sets."""
    return np.flatnonzero(has_direction(first, shared.first) & has_direction(second, shared.second))


def has_direction(vectors: WordVectors, rows: Rows) -> npt.NDArray[np.bool_]:
    """Whether the vector of each row (n,) is neither all zeros nor holds a number that is not finite: (n,)."""
    lengths = vectors.norms[rows]  # (n,)
    usable = np.asarray(np.isfinite(lengths) & (lengths > 0))
    odd = np.flatnonzero(~usable)  # very short or long ones lose their length in float32, not their direction
    if len(odd):
        part = vectors.matrix[rows[odd]]  # (m, D)
        usable[odd] = np.isfinite(part).all(axis=1) & part.any(axis=1)
    return usable


def _widened(rows: Float64s, width: int) -> Float64s:
    """Rows (n, D) with zeros behind: (n, width)."""
    return np.pad(rows, ((0, 0), (0, width - rows.shape[1])))
