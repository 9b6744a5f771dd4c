"""PCA of very many points: a block at a time, so that neither a second copy of them nor they themselves are held.

The arithmetic for a few points is `projection.pca`; this gives the same, for 400,000 x 300 too. Blocks are
shared out among threads, and added up in the same order whichever thread is done first.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from embedcore import parallel
from embedcore.maps.layouts.watching import Watch
from embedcore.projection import Projection, pca

Float32s = npt.NDArray[np.float32]
Float64s = npt.NDArray[np.float64]
Block = Callable[[int, int], Float32s]  # the points from one place up to another: (m, D)

_BLOCK = 8_192  # rows whose products are summed in float32; blocks are summed in float64
_SAME = 1e-12  # the mean square, about their middle, of unit vectors that differ by the rounding of float32 alone
_STRANDS, _WIDE = 4, 1_024  # sums of products that are kept beside each other; one, of so many dimensions


def lay_out(units: Float32s, dims: int, watch: Watch) -> Float32s:
    """The coordinates (n, dims) of n points (n, D), along the directions in which they differ most.

    A direction that the points do not have is a column of zeros. The same as sklearn's PCA but
    for signs, which here are such that the largest number of each direction is positive.
    """
    return of_blocks(_of_array(units), units.shape, dims, watch)[0]


def fit(units: Float32s, dims: int) -> Projection:
    """The projection of n points (n, D) to `dims` coordinates, with the share of the variance along each."""
    return _fit(_of_array(units), units.shape, dims, _Told(Watch(), len(units)))


def all_the_same(units: Float32s) -> bool:
    """Whether points (n, D) of length 1 differ by no more than rounding."""
    return len(units) > 0 and float(units.var(axis=0, dtype=np.float64).sum()) < _SAME


def of_blocks(
    block: Block, shape: tuple[int, ...], dims: int, watch: Watch | None = None
) -> tuple[Float32s, Projection]:
    """What `lay_out` gives, and the projection, of points (n, D) that `block` hands out; each is asked for twice."""
    told = _Told(watch or Watch(), shape[0])
    projection = _fit(block, shape, dims, told)
    placed = np.empty((shape[0], dims), dtype=np.float32)  # (n, dims)
    basis = projection.basis.astype(np.float32)  # (D, dims)
    offset = (projection.mean @ projection.basis).astype(np.float32)  # (dims,)

    def place(span: tuple[int, int]) -> None:
        placed[span[0] : span[1]] = block(*span) @ basis - offset  # (block, dims)
        told.another()

    told.all_fitted()
    parallel.for_each(place, _spans(shape[0]))
    return placed, projection


class _Told:
    """Counts blocks, each of which is fitted and then placed, for somebody who watches; threads take turns."""

    def __init__(self, watch: Watch, n: int) -> None:
        self._watch, self._blocks, self._done = watch, len(_spans(n)), 0
        self._lock = threading.Lock()

    def another(self) -> None:
        """Say that one more is done. Raises what `Watch.at` raises."""
        with self._lock:
            self._done += 1
            self._watch.at(self._done, 2 * self._blocks)

    def all_fitted(self) -> None:
        """Of few points, all are fitted at once."""
        self._done = self._blocks


def _fit(block: Block, shape: tuple[int, ...], dims: int, told: _Told) -> Projection:
    n, dim = shape
    if n <= max(dim, _BLOCK):
        points = block(0, n)  # (n, D)
        if all_the_same(points):
            return _of_one_spot(points.mean(axis=0, dtype=np.float64), dims)
        with parallel.one_blas_thread():
            return pca(points, dims)
    # Summed about the mean of the first points, which is near that of all, so that little cancels in the end.
    about = block(0, _BLOCK).mean(axis=0, dtype=np.float64).astype(np.float32)  # (D,)
    strands = _STRANDS if dim <= _WIDE else 1
    sums, products = np.zeros((strands, dim)), np.zeros((strands, dim, dim))  # (strands, D), (strands, D, D)

    def add(strand: int) -> None:
        for span in _spans(n)[strand::strands]:
            beside = block(*span) - about  # (block, D)
            sums[strand] += beside.sum(axis=0, dtype=np.float64)
            products[strand] += beside.T @ beside
            told.another()

    parallel.for_each(add, range(strands))
    total = sums.sum(axis=0)  # (D,)
    mean, centred = about + total / n, products.sum(axis=0) - np.outer(total, total / n)  # (D,), (D, D)
    if float(np.trace(centred)) < n * _SAME:
        return _of_one_spot(mean, dims)
    with parallel.one_blas_thread():
        return _of_products(centred, mean, dims)


def _of_array(units: Float32s) -> Block:
    return lambda start, stop: units[start:stop]


def _spans(n: int) -> list[tuple[int, int]]:
    """From where up to where the blocks of n points go."""
    return [(start, min(start + _BLOCK, n)) for start in range(0, n, _BLOCK)]


def _of_one_spot(mean: Float64s, dims: int) -> Projection:
    """The projection of points that are all the same: what rounding makes of them would fill the whole picture."""
    return Projection(mean, np.zeros((len(mean), dims)), np.zeros(dims))


def _of_products(products: Float64s, mean: Float64s, dims: int) -> Projection:
    """The projection from the sums of products (D, D) of the centred points."""
    dim = len(mean)
    squares, vectors = np.linalg.eigh(products)  # (D,), (D, D), rising
    variances = np.maximum(squares[::-1], 0.0)  # (D,)
    total = float(variances.sum())
    kept = min(dims, dim)
    # Sums of float32 products are that exact; what is smaller is rounding, and no direction.
    found = np.flatnonzero(variances[:kept] > total * 1e-7)
    basis, explained = np.zeros((dim, dims)), np.zeros(dims)
    basis[:, found] = vectors[:, ::-1][:, found]
    explained[found] = variances[found] / total
    largest = np.abs(basis).argmax(axis=0)  # (dims,)
    signs = np.where(basis[largest, np.arange(dims)] < 0, -1.0, 1.0)  # (dims,)
    return Projection(mean, basis * signs, explained)
