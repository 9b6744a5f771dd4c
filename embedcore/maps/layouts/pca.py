"""PCA of very many points: in blocks, so that no second copy of the matrix is made.

The arithmetic for a few points is `projection.pca`; this gives the same, for 400,000 x 300 too.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from embedcore.maps.layouts.watching import Watch
from embedcore.projection import Projection, pca

Float32s = npt.NDArray[np.float32]
Float64s = npt.NDArray[np.float64]

_BLOCK = 8_192  # rows whose products are summed in float32; blocks are summed in float64


def lay_out(units: Float32s, dims: int, watch: Watch) -> Float32s:
    """The coordinates (n, dims) of n points (n, D), along the directions in which they differ most.

    A direction that the points do not have is a column of zeros. The same as sklearn's PCA but
    for signs, which here are such that the largest number of each direction is positive.
    """
    projection = fit(units, dims, watch)
    blocks = -(-len(units) // _BLOCK)
    placed = np.empty((len(units), dims), dtype=np.float32)  # (n, dims)
    basis = projection.basis.astype(np.float32)  # (D, dims)
    offset = (projection.mean @ projection.basis).astype(np.float32)  # (dims,)
    for number, start in enumerate(range(0, len(units), _BLOCK), 1):
        placed[start : start + _BLOCK] = units[start : start + _BLOCK] @ basis - offset  # (block, dims)
        watch.at(blocks + number, 2 * blocks)
    return placed


def fit(units: Float32s, dims: int, watch: Watch | None = None) -> Projection:
    """The projection of n points (n, D) to `dims` coordinates, with the share of the variance along each."""
    n, dim = units.shape
    if n <= max(dim, _BLOCK):
        return pca(units, dims)
    watch = watch or Watch()
    blocks = -(-n // _BLOCK)
    mean = np.zeros(dim)  # (D,)
    for start in range(0, n, _BLOCK):
        mean += units[start : start + _BLOCK].sum(axis=0, dtype=np.float64)
    mean /= n
    about = mean.astype(np.float32)  # (D,)
    products = np.zeros((dim, dim))  # (D, D)
    for number, start in enumerate(range(0, n, _BLOCK), 1):
        centred = units[start : start + _BLOCK] - about  # (block, D)
        products += centred.T @ centred
        watch.at(number, 2 * blocks)
    return _of_products(products, mean, dims)


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
