"""Many dimensions on a flat page: PCA, and the map of a training kept steady from frame to frame.

Here belongs the arithmetic that turns vectors into coordinates, on plain numpy arrays. What the
vectors are called is the caller's business, how coordinates are drawn that of `figures_map`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
Rows = npt.NDArray[np.integer[Any]]
Float32s = npt.NDArray[np.float32]
Float64s = npt.NDArray[np.float64]

_MARGIN = 1.06  # around the outermost word
_RANGE_STEP = 0.25


@dataclass(frozen=True, eq=False)
class Projection:
    """A flat piece of the space: where it lies, and how much of the rows it shows.

    Attributes:
        mean: (D,) float64, the point that becomes the origin.
        basis: (D, k) float64, orthonormal columns; a column of zeros where the rows have no
            further direction.
        explained: (k,) float64, the share of the rows' variance along each column, 0 to 1.
    """

    mean: Float64s
    basis: Float64s
    explained: Float64s

    def apply(self, rows: Floats) -> Float64s:
        """The coordinates of rows (N, D): (N, k)."""
        return np.asarray((np.asarray(rows, dtype=np.float64) - self.mean) @ self.basis)


def pca(rows: Floats, k: int = 2) -> Projection:
    """The k directions along which N rows (N, D) differ most (principal component analysis).

    Rows with a number that is not finite are left out. The same rows give the same signs: the
    largest number of each column of the basis is positive.
    """
    wide = np.asarray(rows, dtype=np.float64)
    wide = wide[np.isfinite(wide).all(axis=1)]  # (N, D)
    count, dim = wide.shape
    mean = wide.mean(axis=0) if count else np.zeros(dim)  # (D,)
    centred = wide - mean  # (N, D)
    if count > dim:  # the smaller of two ways to the same directions
        squares, vectors = np.linalg.eigh(centred.T @ centred)  # (D,), (D, D), rising
        variances, directions = np.maximum(squares[::-1], 0.0), vectors[:, ::-1]
    else:
        _, lengths, right = np.linalg.svd(centred, full_matrices=False)  # (N,), (N, D)
        variances, directions = lengths**2, right.T  # (N,), (D, N)
    total = float(variances.sum())
    # Below this, a direction is rounding noise: it would send words to random places.
    real = variances[:k] > total * 1e-12 + np.finfo(np.float64).tiny
    basis, explained = np.zeros((dim, k)), np.zeros(k)
    found = np.flatnonzero(real)
    basis[:, found] = directions[:, found]
    explained[found] = variances[found] / total if total else 0.0
    largest = np.abs(basis).argmax(axis=0) if dim else np.zeros(k, dtype=np.int64)  # (k,)
    signs = np.where(basis[largest, np.arange(k)] < 0, -1.0, 1.0) if dim else np.ones(k)  # (k,)
    return Projection(mean, basis * signs, explained)


class SteadyMap:
    """A flat map of K words, frame after frame, in which words drift rather than jump and flip.

    Of each frame, the rows are scaled to length 1 (what the page is about is cosine), their PCA
    is taken, and the coordinates are turned and mirrored, never scaled, to lie as close to the
    frame before as they can (orthogonal Procrustes; Schönemann 1966).
    """

    def __init__(self, fit: int | Rows) -> None:
        """The PCA is that of the rows `fit`: the first so many, or those with these numbers."""
        self._fit = fit
        self._before: Float64s | None = None  # (K, 2), the frame before

    def add(self, frame: Floats) -> Float32s:
        """The coordinates (K, 2) float32 of the next frame (K, D); always finite numbers."""
        directions = unit_or_zero(frame)  # (K, D)
        fitted = directions[: max(self._fit, 0)] if isinstance(self._fit, int) else directions[np.asarray(self._fit)]
        flat = pca(fitted if len(fitted) else directions).apply(directions)  # (K, 2)
        if self._before is not None:
            flat = flat @ procrustes(flat, self._before)  # (K, 2)
        self._before = flat
        return flat.astype(np.float32)


def steady_maps(frames: Sequence[Floats], fit: int | Rows) -> Float32s:
    """The maps of F frames (K, D), each steady against the one before: (F, K, 2) float32.

    The same numbers, bit for bit, as a `SteadyMap` that is given one frame after another.
    """
    steady = SteadyMap(fit)
    maps = [steady.add(frame) for frame in frames]
    return np.stack(maps) if maps else np.zeros((0, 0, 2), np.float32)


def procrustes(moving: Float64s, still: Float64s) -> Float64s:
    """The rotation or reflection (k, k) that brings `moving` (N, k) closest to `still` (N, k)."""
    left, _, right = np.linalg.svd(moving.T @ still)  # (k, k) each
    return np.asarray(left @ right)


def unit_or_zero(rows: Floats) -> Float64s:
    """Rows (N, D) scaled to length 1; one of zeros, or with a number that is not finite, becomes zeros."""
    wide = np.asarray(rows, dtype=np.float64)
    wide = np.where(np.isfinite(wide).all(axis=1, keepdims=True), wide, 0.0)
    # Divided by the largest number first, so that squares of very small or large ones stay in range.
    largest = np.abs(wide).max(axis=1, keepdims=True, initial=0.0)  # (N, 1)
    wide = np.divide(wide, largest, out=np.zeros_like(wide), where=largest > 0)  # (N, D)
    lengths = np.sqrt(np.sum(wide * wide, axis=1, keepdims=True))  # (N, 1)
    directions: Float64s = np.divide(wide, lengths, out=np.zeros_like(wide), where=lengths > 0)  # (N, D)
    return directions


def axis_range(maps: Floats | Sequence[Floats]) -> float:
    """Half the width of a square around the origin that holds all maps, (F, K, 2) or F times (K, 2).

    A multiple of a quarter, so that the axes of a live map, whose later frames are not known
    yet, stay as they are for nearly all of a run. Rows of length 1 never need more than 2.25.
    """
    outermost = max((float(np.abs(one).max(initial=0.0)) for one in maps), default=0.0)
    return max(math.ceil(outermost * _MARGIN / _RANGE_STEP), 1) * _RANGE_STEP


class Drift(NamedTuple):
    """How far K words moved between two frames, (K,) float64 each."""

    turned: Float64s  # 1 - cosine: 0 the same direction, 1 nothing in common, 2 the opposite one
    distance: Float64s  # Euclidean


def drift(first: Floats, last: Floats) -> Drift:
    """How far each of K words moved from its `first` vector (K, D) to its `last` (K, D).

    The page shows `turned`: like everything else on it, it is about directions, it has the same
    bounds for every dimension and learning rate, and it can be compared between words.
    `distance` mostly says how often a word occurs: skip-gram starts within 0.5/D of zero, and
    what is seen often grows long. A vector of zeros, or with a number that is not finite, counts
    as zeros and has no direction: from or to it a word turned by 1, between two such by 0.
    """
    before, after = unit_or_zero(first), unit_or_zero(last)  # (K, D)
    cosines = np.clip(np.einsum("kd,kd->k", before, after), -1.0, 1.0)  # (K,)
    nowhere = ~before.any(axis=1) & ~after.any(axis=1)  # (K,)
    ends = [np.where(before.any(axis=1, keepdims=True), np.asarray(first, dtype=np.float64), 0.0),
            np.where(after.any(axis=1, keepdims=True), np.asarray(last, dtype=np.float64), 0.0)]  # fmt: skip
    return Drift(np.where(nowhere, 0.0, 1.0 - cosines), np.linalg.norm(ends[1] - ends[0], axis=1))
