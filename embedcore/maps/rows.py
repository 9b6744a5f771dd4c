"""Rows of a matrix as they are read fastest, and which of them float32 can make unit vectors of.

Here belongs what every reading of many rows of a set for a map has in common.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
Rows = npt.NDArray[np.int64]

_SHORT, _LONG = 1e-15, 1e15  # lengths that float32 can divide by without loss


def span(rows: Rows) -> Rows | slice:
    """Rows (n,) as a matrix is read fastest: from the first to the last, where they are all that lie between."""
    if len(rows) and rows[-1] - rows[0] == len(rows) - 1 and bool((np.diff(rows) == 1).all()):
        return slice(int(rows[0]), int(rows[-1]) + 1)
    return rows


def odd(lengths: Floats) -> npt.NDArray[np.bool_]:
    """Which lengths (n,) float32 cannot divide by without loss, those that are not finite among them: (n,)."""
    unfit: npt.NDArray[np.bool_] = ~((lengths > _SHORT) & (lengths < _LONG))
    return unfit
