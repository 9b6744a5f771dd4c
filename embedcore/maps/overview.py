"""The PCA of a map's points, quick and small enough for a page to wait for it, whatever the set.

Here belongs laying out by PCA without a worker. The points are read from their sets a block at a time:
400,000 words of 300 numbers would be 480 MB at once. What other layouts need is given by
`Selection.units`, to workers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from embedcore import search
from embedcore.maps.layouts import pca
from embedcore.maps.rows import odd, span
from embedcore.maps.selection import Selection
from embedcore.vectors import WordVectors

Float32s = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]


class Overview(NamedTuple):
    """A PCA of n points.

    Attributes:
        coordinates: (n, dims) float32.
        variance: the share of the variance along each of the dims axes; their sum is what the map keeps of it.
    """

    coordinates: Float32s
    variance: list[float]


def pca_of(sets: Sequence[WordVectors], selection: Selection, dims: int) -> Overview:
    """The PCA of the points of a selection, in its order: what `layouts.lay_out` makes of its units, but for rounding.

    Holds some blocks of 8,192 points besides the coordinates.
    """
    points = Points(sets, selection)
    coordinates, projection = pca.of_blocks(points.block, points.shape, dims)
    return Overview(coordinates, [float(share) for share in projection.explained])


class Points:
    """The points of a selection of sets, of length 1, handed out from one place up to another."""

    def __init__(self, sets: Sequence[WordVectors], selection: Selection) -> None:
        turn = selection.turn
        width = sets[0].dim if turn is None else len(turn.rotation)
        self.shape = (len(selection.rows) * len(selection.words), width)
        self._sets, self._rows, self._words = sets, selection.rows, len(selection.words)
        self._rotation = None if turn is None else turn.rotation.astype(np.float32)  # (E, E)

    def block(self, start: int, stop: int) -> Float32s:
        """The points (stop - start, D) float32."""
        points = np.zeros((stop - start, self.shape[1]), dtype=np.float32)  # (m, D)
        for side, (vectors, rows) in enumerate(zip(self._sets, self._rows, strict=True)):
            first = side * self._words
            begin, end = max(start, first), min(stop, first + self._words)
            if begin >= end:
                continue
            some = points[begin - start : end - start]  # (k, D)
            some[:, : vectors.dim] = _units(vectors, rows[begin - first : end - first])
            if side == 1 and self._rotation is not None:
                some[:] = some @ self._rotation
        return points


def _units(vectors: WordVectors, rows: Rows) -> Float32s:
    """The rows (k,) of a set, of length 1: (k, D), by the lengths that are known where float32 can hold that."""
    lengths = vectors.norms[rows]  # (k,)
    part = vectors.matrix[span(rows)]  # (k, D)
    unfit = odd(lengths)  # (k,)
    units: Float32s = np.divide(part, np.where(unfit, np.float32(1), lengths)[:, None], dtype=np.float32)  # (k, D)
    if unfit.any():
        units[unfit] = search.unit(part[unfit])
    return units
