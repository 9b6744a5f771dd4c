"""How far a map can be trusted: what of the full space it keeps, and how to read that.

Here belongs measuring a finished map against the points that it was made from. Every measure is
exact up to 10,000 points, and beyond from a sample of points, each held against all others in float32; the result
says which.
"""

from __future__ import annotations

import threading
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from embedcore import parallel
from embedcore.errors import BadVectors
from embedcore.maps.layouts import pca
from embedcore.maps.neighbors import check_units

Floats = npt.NDArray[np.floating[Any]]
Float64s = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

K = 15  # neighbours that count, as many as UMAP looks at
MOST_EXACT = 10_000  # points, up to which all are measured
SAMPLE, LEAST_SAMPLE = 2_000, 500  # of more; the smaller, the more there are
_SAMPLED_SCORES = 100_000_000  # points of a sample times all points
_MOST_SCORES, _LEAST_ROWS = 1 << 20, 16  # of a block: 8 MB in float64, or so many rows
_GOOD, _FAIR = 0.95, 0.85  # trustworthiness from which neighbours on a map are mostly, or often, true ones


class Honesty(NamedTuple):
    """How much of who is near whom a map keeps.

    Attributes:
        trustworthiness: 1 if every word near another on the map is near it in the full space, too; see `measure`.
        preservation: the share of the k nearest in the full space that are among the k nearest on the map.
        by_chance: the preservation of a map that says nothing.
        k: how many neighbors counted.
        measured: the points whose neighbors were looked at.
        points: all points of the map.
    """

    trustworthiness: float
    preservation: float
    by_chance: float
    k: int
    measured: int
    points: int

    @property
    def sampled(self) -> bool:
        """Whether the measures come from some of the points only."""
        return self.measured < self.points

    def sentences(self) -> list[str]:
        """How to read it, in words."""
        trust = self.trustworthiness
        if trust >= _GOOD:
            verdict = "words that lie together here nearly always belong together"
        elif trust >= _FAIR:
            verdict = "most words that lie together here belong together, but check a pair before you rely on it"
        else:
            verdict = "many words that lie together here do not belong together: read broad regions, not neighbours"
        said = [
            f"Trustworthiness {trust:.2f} of 1: {verdict}.",
            self._kept(),
        ]
        if self.sampled:
            said.append(f"Measured on {self.measured:,} of {self.points:,} points, drawn at random.")
        return said

    def _kept(self) -> str:
        kept, chance = _percent(self.preservation), _percent(self.by_chance)
        if self.k == 1:
            return (
                f"The word nearest in the full space is the nearest here for {kept} of the words (by chance {chance})."
            )
        more = "" if kept == _percent(1.0) else " The others lie elsewhere on the map."
        return (
            f"Of a word’s {self.k} nearest in the full space, {kept} are among its {self.k} nearest here "
            f"(by chance {chance}).{more}"
        )


def measure(units: Floats, coordinates: Floats, k: int = K, *, seed: int = 0) -> Honesty | None:
    """Trustworthiness and neighbor preservation of the coordinates (n, d) of points (n, D) of length 1.

    Trustworthiness is that of Venna and Kaski, 2001, "Neighborhood Preservation in Nonlinear
    Projection Methods": the k nearest points on the map are counted against it by how far beyond the k-th
    each ranks in the full space, by cosine. The same as scikit-learn's with metric="cosine", but for ties:
    of equally near points, each has the best rank. k is lowered to what few points allow, since the measure
    needs it below half of them; None for fewer than four points, which say nothing. Raises BadVectors if
    shapes do not fit or a coordinate is not finite.
    """
    _check(units, coordinates)
    count = len(units)
    k = min(k, (count - 1) // 2)
    if count < 4:
        return None
    asked = sample(count, seed) if count > MOST_EXACT else np.arange(count)
    near = near_on_map(coordinates, asked, k)  # (m, k)
    work = _Ranks(units, asked, near)
    # 1 for the worst that can be, as the formula norms it.
    worst = len(asked) * k * (2 * count - 3 * k - 1) / 2
    return Honesty(
        1.0 - work.beyond / worst, work.kept / (len(asked) * k), k / (count - 1), k, len(asked), count
    )  # fmt: skip


def sample(count: int, seed: int) -> Rows:
    """Some of so many points, rising, drawn at random: (m,); the more there are, the fewer, and all of few."""
    size = min(count, SAMPLE, max(LEAST_SAMPLE, _SAMPLED_SCORES // count))
    return np.sort(np.random.default_rng(seed).choice(count, size, replace=False))


def near_on_map(coordinates: Floats, asked: Rows, k: int) -> Rows:
    """The `k` nearest of m points (m,) on a map (n, d), nearest first, without themselves: (m, k)."""
    from scipy.spatial import cKDTree

    found = cKDTree(coordinates).query(coordinates[asked], k=k + 1)[1].reshape(len(asked), k + 1)  # (m, k + 1)
    # Where many points lie on the same spot, a point need not be among its own nearest.
    others = found != asked[:, None]
    others[others.all(axis=1), -1] = False
    return np.asarray(found[others].reshape(len(asked), k), dtype=np.int64)


def kept_neighbors(coordinates: Floats, place: int, neighbors: Rows) -> npt.NDArray[np.bool_]:
    """Which of the k `neighbors` (k,) of a point in the full space are among its k nearest on a map (n, d): (k,).

    Of points that lie equally far away, none is left out.
    """
    k = min(len(neighbors), len(coordinates) - 1)
    if not k:
        return np.zeros(len(neighbors), dtype=bool)
    # One pass over all is quicker than the tree of `near_on_map`, which has to be grown first.
    away = coordinates - coordinates[place].astype(np.float64)  # (n, d)
    squares = np.einsum("nd,nd->n", away, away)  # (n,)
    squares[place] = np.inf
    kept: npt.NDArray[np.bool_] = squares[neighbors] <= np.partition(squares, k - 1)[k - 1]
    return kept


def variance_kept(units: Floats, dims: int) -> Float64s:
    """The share of the variance of points (n, D) along each of the first `dims` axes of their PCA: (dims,).

    Their sum is what a PCA keeps. Zeros where the points do not vary.
    """
    return pca.fit(np.asarray(units, dtype=np.float32), dims).explained


def _percent(share: float) -> str:
    """A share with two digits that say something: “0.03%”, “7.7%”, “100%”."""
    percent = 100 * share
    return f"{percent:.0f}%" if percent >= 9.95 or not percent else f"{percent:.2g}%"


def _check(units: Floats, coordinates: Floats) -> None:
    if coordinates.ndim != 2 or len(coordinates) != len(units):
        raise BadVectors(f"{len(units):,} points need as many coordinates, but their shape is {coordinates.shape}.")
    if not np.isfinite(coordinates).all():
        raise BadVectors("A coordinate of this map is not finite, so it cannot be measured.")
    check_units(units)


class _Ranks:
    """Where neighbors on the map rank in the full space.

    Attributes:
        beyond: by how much the ranks of all go beyond k, in sum.
        kept: how many of the k nearest in the full space are neighbors on the map.
    """

    def __init__(self, units: Floats, asked: Rows, near: Rows) -> None:
        """`units` (n, D), the points `asked` (m,), and their neighbors on the map (m, k)."""
        exact = len(asked) == len(units)  # else the sample errs by far more than float32
        self.units: Floats = np.ascontiguousarray(units, dtype=np.float64 if exact else np.float32)  # (n, D)
        self.asked, self.near = asked, near
        self.beyond, self.kept = 0, 0
        self._lock = threading.Lock()
        size = max(_LEAST_ROWS, _MOST_SCORES // len(units))
        parallel.for_each(self._look_at, [slice(start, start + size) for start in range(0, len(asked), size)])

    def _look_at(self, block: slice) -> None:
        own, near = self.asked[block], self.near[block]  # (b,), (b, k)
        k = near.shape[1]
        scores = self.units[own] @ self.units.T  # (b, n)
        if scores.dtype == np.float64:
            np.round(scores, 12, out=scores)  # to what it is sure of
        scores[np.arange(len(own)), own] = -np.inf
        theirs = np.take_along_axis(scores, near, axis=1)  # (b, k)
        kth = np.partition(scores, -k, axis=1)[:, -k]  # (b,) the similarity of the k-th nearest
        far = theirs < kth[:, None]  # (b, k)
        beyond = 0
        for place in np.flatnonzero(far.any(axis=1)).tolist():
            row = scores[place]  # (n,) counting in it is cheaper than sorting it
            beyond += sum(int(np.count_nonzero(row > its)) + 1 - k for its in theirs[place, far[place]])
        with self._lock:
            self.beyond += beyond
            self.kept += int((~far).sum())
