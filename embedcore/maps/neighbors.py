"""The exact nearest neighbors of all points of a map, by cosine.

Here belongs finding for each of n points the k others nearest to it, all at once; a search for few
words in a set is that of `search`. Scores are matrix products in float32, a block of points
against all of them; what may be among the best is compared again in float64, and only that decides.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from embedcore import parallel
from embedcore.errors import BadVectors

Floats = npt.NDArray[np.floating[Any]]
Float32s = npt.NDArray[np.float32]
Float64s = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

_MOST_SCORES = 1 << 21  # of a block, held by each thread: 8 MB
_CHUNKS = 8  # scores are looked through by the maxima of so many times k chunks
_PRECISE_NUMBERS = 1 << 20  # held in float64 at a time
_LENGTH_ERROR = 1e-3  # a row of this much more or less than length 1 is none


class Neighbors(NamedTuple):
    """The k nearest of each of n points, nearest first; a point is no neighbor of itself.

    Attributes:
        rows: (n, k) int32, which points they are.
        distances: (n, k) float32, 1 - cosine, from 0 to 2.
    """

    rows: npt.NDArray[np.int32]
    distances: Float32s


def nearest(
    units: Floats,
    k: int,
    *,
    on_progress: Callable[[float], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Neighbors | None:
    """The `k` nearest of each of n points (n, D), whose rows have length 1; at most n - 1 of them.

    Exact: compared in float64, to the twelfth decimal, ties by lower row. Besides the answer and a float32
    copy of the points it holds some 50 MB for every core, however many points there are. `on_progress` is told the
    share that is done, `should_stop` asked between blocks; both from several threads, one at a time. None if it
    said so. Raises BadVectors if k is below 1, a row has another length, or there are fewer than two points.
    """
    check_units(units)
    if k < 1:
        raise BadVectors(f"At least 1 neighbour has to be looked for, not {k}.")
    if len(units) < 2:
        raise BadVectors("Neighbours take at least two words.")
    return _Work(units, min(k, len(units) - 1), on_progress, should_stop).run()


def check_units(units: Floats) -> None:
    """Raises BadVectors unless the rows (n, D) have length 1, as `search.unit` makes them."""
    if units.ndim != 2:
        raise BadVectors(f"The points of a map come as a matrix of shape (points, dimensions), not {units.shape}.")
    for start in range(0, len(units), step := max(1, _PRECISE_NUMBERS // max(1, units.shape[1]))):
        part = units[start : start + step].astype(np.float64)  # (b, D)
        squares = np.einsum("bd,bd->b", part, part)  # (b,)
        wrong = np.flatnonzero(~(np.abs(squares - 1) < _LENGTH_ERROR))  # also if it is NaN
        if len(wrong):
            raise BadVectors(f"Point {start + int(wrong[0])} of a map has no direction of length 1.")


class _Work:
    """One search, shared out in blocks of points."""

    def __init__(
        self,
        units: Floats,
        k: int,
        on_progress: Callable[[float], None] | None,
        should_stop: Callable[[], bool] | None,
    ) -> None:
        self.units, self.k = units, k
        self.narrow = np.ascontiguousarray(units, dtype=np.float32)  # (n, D)
        self.rows = np.empty((len(units), k), dtype=np.int32)
        self.distances = np.empty((len(units), k), dtype=np.float32)
        # Rounding of a sum of D products of rows of length 1, twice since the bound errs as well, and of
        # rows that came as float64 (Higham, 2002, "Accuracy and Stability of Numerical Algorithms", 3.5).
        self.slack = np.float32(2 * (units.shape[1] + 8) * 2.0**-24)
        self._tell, self._should_stop = on_progress, should_stop
        self._lock, self._done, self._stopped = threading.Lock(), 0, False

    def run(self) -> Neighbors | None:
        count = len(self.units)
        size = max(1, min(_MOST_SCORES // count, -(-count // parallel.cores())))
        parallel.for_each(self._look_at, [(start, min(start + size, count)) for start in range(0, count, size)])
        return None if self._stopped else Neighbors(self.rows, self.distances)

    def _look_at(self, block: tuple[int, int]) -> None:
        with self._lock:
            self._stopped = self._stopped or bool(self._should_stop and self._should_stop())
            if self._stopped:
                return
        start, stop = block
        scores = self.narrow[start:stop] @ self.narrow.T  # (b, n)
        own = np.arange(start, stop)  # (b,)
        scores[own - start, own] = -np.inf
        places, others = self._hits(scores)
        self._keep(start, stop, places, others)
        with self._lock:
            self._done += stop - start
            if self._tell:
                self._tell(self._done / len(self.units))

    def _hits(self, scores: Float32s) -> tuple[Rows, Rows]:
        """Which scores (b, n) may be among the k best of their row: places in the block, rising, and rows, rising."""
        least = _kth_of_maxima(scores, self.k) - self.slack  # (b,)
        return np.divmod(np.flatnonzero(scores >= least[:, None]), scores.shape[1])

    def _keep(self, start: int, stop: int, places: Rows, others: Rows) -> None:
        """Of the hits, the k best of each point of a block."""
        cosines = np.empty(len(places))
        for begin in range(0, len(places), step := max(1, _PRECISE_NUMBERS // max(1, self.units.shape[1]))):
            some = slice(begin, begin + step)
            ours = self.units[start + places[some]].astype(np.float64)  # (m, D)
            cosines[some] = np.einsum("md,md->m", ours, self.units[others[some]].astype(np.float64))
        cosines = np.round(cosines, 12)
        order = np.lexsort((others, -cosines, places))
        firsts = np.searchsorted(places, np.arange(stop - start))  # (b,) where the hits of each point begin
        best = order[firsts[:, None] + np.arange(self.k)]  # (b, k)
        self.rows[start:stop] = others[best]
        self.distances[start:stop] = np.clip(1.0 - cosines[best], 0.0, 2.0)


def _kth_of_maxima(scores: Float32s, k: int) -> Float32s:
    """A bound (b,) that at least k of the scores (b, n) of each row reach, and few more than these.

    Among the maxima of groups, the k-th highest cannot be above the k-th highest score. Groups are made of
    every so-manieth score, so that their maxima are taken of whole stretches of memory at a time.
    """
    count = scores.shape[1]
    groups = min(count, max(_CHUNKS * k, 256))
    whole = count // groups * groups
    maxima = scores[:, :whole].reshape(len(scores), -1, groups).max(axis=1)  # (b, groups)
    bounds: Float32s = np.partition(maxima, groups - k, axis=1)[:, groups - k]
    return bounds
