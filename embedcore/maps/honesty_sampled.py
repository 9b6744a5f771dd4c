"""How far a map of very many points can be trusted, read a block at a time, so that a page can find out.

Here belongs the same measure as in `honesty`, from a sample of points, without all points being held at once:
400,000 of 300 numbers would be 480 MB. How it is read is written there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from embedcore import parallel
from embedcore.errors import BadVectors
from embedcore.maps.honesty import Honesty, K, near_on_map, sample

Floats = npt.NDArray[np.floating[Any]]
Float32s = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]
Block = Callable[[int, int], Float32s]  # the points from one place up to another, of length 1: (m, D)

_BLOCK = 8_192  # points
_MOST_SCORES = 1 << 22  # of a block, held by each thread: 16 MB
_ALIKE = 1e-6  # similarities that differ by less are equal in float32


def measure_blocks(block: Block, points: int, coordinates: Floats, k: int = K, *, seed: int = 0) -> Honesty | None:
    """The honesty of the coordinates (n, d) of n `points` that `block` hands out, some at a time, twice each.

    As `honesty.measure`, for a sample of the points; None for too few. Raises BadVectors if shapes do not
    fit or a coordinate is not finite.
    """
    if len(coordinates) != points or not np.isfinite(coordinates).all():
        raise BadVectors(f"{points:,} points need as many finite coordinates, but their shape is {coordinates.shape}.")
    k = min(k, (points - 1) // 2)
    if points < 4:
        return None
    asked = sample(points, seed)  # (m,)
    near = near_on_map(coordinates, asked, k)  # (m, k)
    own, theirs = _directions(block, points, asked, near)
    ranks = _ranks(block, points, asked, own, theirs)  # (m, k) 1 for the nearest
    worst = len(asked) * k * (2 * points - 3 * k - 1) / 2
    trust = 1.0 - float(np.maximum(ranks - k, 0).sum()) / worst
    kept = float((ranks <= k).mean())
    return Honesty(trust, kept, k / (points - 1), k, len(asked), points)


def _directions(block: Block, points: int, asked: Rows, near: Rows) -> tuple[Float32s, Float32s]:
    """The points asked about (m, D), and their similarities to those near them on the map (m, k)."""
    wanted, where = np.unique(np.concatenate([asked, near.ravel()]), return_inverse=True)
    found = []
    for start, stop in _places(points):
        some = wanted[(wanted >= start) & (wanted < stop)]
        if len(some):
            found.append(block(start, stop)[some - start])
    units = np.concatenate(found)  # (u, D)
    own = units[where[: len(asked)]]  # (m, D)
    others = where[len(asked) :].reshape(near.shape)  # (m, k)
    theirs = [np.einsum("md,md->m", own, units[others[:, place]]) for place in range(near.shape[1])]
    return own, np.stack(theirs, axis=1)


def _ranks(block: Block, points: int, asked: Rows, own: Float32s, theirs: Float32s) -> Rows:
    """By how many points each of the similarities (m, k) is passed, and 1: (m, k)."""
    bounds = theirs + np.float32(_ALIKE)  # (m, k)
    ranks = np.ones(theirs.shape, dtype=np.int64)  # (m, k)
    lock = threading.Lock()

    def count(place: tuple[int, int]) -> None:
        start, stop = place
        scores = own @ block(start, stop).T  # (m, b)
        inside = np.flatnonzero((asked >= start) & (asked < stop))
        scores[inside, asked[inside] - start] = -np.inf  # no point is its own neighbour
        scores.sort(axis=1)  # all at once, which is quicker than comparing with every bound
        passed = [np.searchsorted(row, its, side="right") for row, its in zip(scores, bounds, strict=True)]
        with lock:
            ranks[:] += scores.shape[1] - np.stack(passed)

    parallel.for_each(count, list(_places(points, max(1, min(_BLOCK, _MOST_SCORES // len(asked))))))
    return ranks


def _places(points: int, step: int | None = None) -> Iterator[tuple[int, int]]:
    step = step or _BLOCK
    return ((start, min(start + step, points)) for start in range(0, points, step))
