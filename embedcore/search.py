"""Cosine similarity, nearest rows, analogies and the odd one out, on plain arrays.

Here belongs arithmetic on vectors; words, names and files belong elsewhere. A vector of
zeros, or with a number that is not finite, has no direction: its similarity is NaN, and no
search returns it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
Rows = npt.NDArray[np.int64]

_CHUNK_ROWS = 65_536
_SCORE_CHUNK = 256  # scores whose maximum is taken together when looking for a threshold
_SLACK = 1e-5  # more than float32 errs in a cosine; what lies so close is compared again in float64

_MANY = 10_000


def norms(matrix: Floats) -> npt.NDArray[np.float32]:
    """The lengths of the rows of a (V, D) matrix: (V,) float32, computed in float64."""
    lengths = np.empty(len(matrix), dtype=np.float32)
    for start in range(0, len(matrix), _CHUNK_ROWS):
        part = matrix[start : start + _CHUNK_ROWS].astype(np.float64)  # (n, D)
        with np.errstate(over="ignore", invalid="ignore"):
            lengths[start : start + _CHUNK_ROWS] = np.sqrt(np.einsum("nd,nd->n", part, part))  # (n,)
    return lengths


def unit(vectors: Floats) -> npt.NDArray[np.float64]:
    """Vectors of length 1 in the same directions: (D,) or (N, D) float64, NaN where there is none."""
    wide = np.asarray(vectors, dtype=np.float64)
    with np.errstate(all="ignore"):
        # Divided by the largest number first, so that squares of very small or large ones stay in range.
        wide = wide / np.max(np.abs(wide), axis=-1, keepdims=True, initial=0.0)
        return np.asarray(wide / np.sqrt(np.sum(wide * wide, axis=-1, keepdims=True)))


def cosine(a: Floats, b: Floats) -> float:
    """The cosine similarity of two (D,) vectors, from -1 to 1; NaN if one has no direction."""
    return float(np.clip(unit(a) @ unit(b), -1.0, 1.0))


def cosine_matrix(vectors: Floats) -> npt.NDArray[np.float64]:
    """The cosine similarities of N vectors (N, D) with each other: (N, N), symmetric, diagonal 1."""
    directions = unit(vectors)  # (N, D)
    products = np.einsum("nd,md->nm", directions, directions)  # (N, N)
    similarities: npt.NDArray[np.float64] = np.clip(products, -1.0, 1.0)
    has_direction = ~np.isnan(np.diagonal(similarities))
    np.fill_diagonal(similarities, np.where(has_direction, 1.0, np.nan))
    return similarities


def top_k(scores: Floats, k: int) -> Rows:
    """The places of the k highest of N scores, highest first, ties by lower place: (min(k, N),).

    Scores of minus infinity or NaN are left out.
    """
    places = candidates(scores, k, slack=0.0)
    best = np.argsort(-scores[places], kind="stable")  # places rise, so ties stay in their order
    return places[best[: max(k, 0)]]


def candidates(scores: Floats, k: int, slack: float) -> Rows:
    """The places, rising, of every score at most `slack` below the k-th highest.

    Much cheaper than `argpartition`: the k-th highest of the maxima of chunks cannot be
    above the k-th highest score, and few scores reach it.
    """
    if k < 1:
        return np.empty(0, dtype=np.int64)
    whole = len(scores) // _SCORE_CHUNK * _SCORE_CHUNK
    threshold = -np.inf
    if whole // _SCORE_CHUNK >= 2 * k:
        maxima = np.fmax.reduce(scores[:whole].reshape(-1, _SCORE_CHUNK), axis=1)  # fmax passes over NaN
        threshold = float(np.partition(np.nan_to_num(maxima, nan=-np.inf), -k)[-k])
    places = np.flatnonzero(scores >= threshold - slack)
    places = places[scores[places] > -np.inf]
    if len(places) > k:
        kth = np.partition(scores[places], -k)[-k]
        places = places[scores[places] >= kth - slack]
    return places.astype(np.int64)


def most_similar(
    matrix: Floats,
    lengths: Floats,
    query: Floats,
    topn: int = 10,
    *,
    exclude: Iterable[int] = (),
    within: int | Rows | None = None,
) -> tuple[Rows, npt.NDArray[np.float64]]:
    """The rows of a (V, D) matrix nearest to `query` (D,) by cosine, and their similarities.

    Exact: ranked in float64, ties by lower row. Returns at most `topn` rows, best first,
    without those in `exclude` and those without a direction. `lengths` (V,) comes from
    `norms`. `within` looks among the first so many rows only, or among the rows it lists.
    """
    if isinstance(within, np.ndarray):
        rows = np.unique(within)
        part, part_lengths = matrix[rows], lengths[rows]
    else:
        stop = len(matrix) if within is None else max(0, min(within, len(matrix)))
        rows, part, part_lengths = None, matrix[:stop], lengths[:stop]
    target = unit(query)
    if np.isnan(target).any() or not len(part):
        return np.empty(0, dtype=np.int64), np.empty(0)
    with np.errstate(all="ignore"):
        scores = part @ target.astype(part.dtype)  # (n,)
        scores /= part_lengths
    scores[~((part_lengths > 0) & (part_lengths < np.inf))] = -np.inf
    excluded = np.fromiter(exclude, dtype=np.int64)
    if rows is not None:
        excluded = np.flatnonzero(np.isin(rows, excluded))
    scores[excluded[excluded < len(scores)]] = -np.inf
    places = candidates(scores, topn, slack=_SLACK)
    if len(places) > topn + _MANY:  # thousands of equal rows: float32 will do
        places = top_k(scores, topn)
    precise = np.sum(unit(part[places]) * target, axis=1)  # (about topn,); equal rows give equal sums
    best = np.argsort(-precise, kind="stable")[:topn]
    places, precise = places[best], np.clip(precise[best], -1.0, 1.0)
    return (places if rows is None else rows[places]), precise


def combined(positive: Floats, negative: Floats) -> npt.NDArray[np.float64]:
    """The 3CosAdd question, as gensim asks it: the mean of unit vectors, those of `negative` subtracted: (D,).

    `positive` is (P, D), `negative` (N, D). Levy and Goldberg, 2014, "Linguistic Regularities
    in Sparse and Explicit Word Representations", equation 3.
    """
    signed = np.concatenate([unit(positive), -unit(negative)])  # (P + N, D)
    return np.asarray(signed.mean(axis=0))


def odd_one_out(vectors: Floats) -> int:
    """Which of N vectors (N, D) is farthest, by cosine, from the mean of their directions; ties: the first."""
    directions = unit(vectors)  # (N, D)
    return int(np.argmin(directions @ directions.mean(axis=0)))
