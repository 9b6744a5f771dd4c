"""Which words of a map may have their names beside them, so that there are some at every zoom.

Here belongs the choice. Which of the chosen fit without overlap is found out by the browser, at each zoom anew.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
Rows = npt.NDArray[np.int64]

_FIRST_GRID = 6  # cells across the whole map; each level has twice as many
_LEVELS = 8


def candidates(xy: Floats, most: int) -> Rows:
    """Up to `most` of N words at `xy` (N, 2), the most frequent word first, whose names may be shown.

    The map is cut into a grid, then into finer and finer ones; of each cell, the most frequent word is
    taken. So the names seen on the whole map are of frequent words, and closer up every region has names of
    its own. Returned by falling importance: words of coarser grids first, within a grid by frequency. Words
    without a finite place are left out.
    """
    places = np.asarray(xy, dtype=np.float64)
    finite = np.flatnonzero(np.isfinite(places).all(axis=1))  # (F,)
    if not len(finite) or most < 1:
        return np.zeros(0, dtype=np.int64)
    places = places[finite]
    low = places.min(axis=0)
    size = np.maximum(places.max(axis=0) - low, np.finfo(np.float64).tiny)
    shares = np.minimum((places - low) / size, 1 - 1e-12)  # (F, 2)
    taken = np.zeros(len(finite), dtype=bool)
    chosen: list[Rows] = []
    count = 0
    for level in range(_LEVELS):
        across = _FIRST_GRID << level
        cells = (shares * across).astype(np.int64) @ np.array([1, across])  # (F,)
        _, firsts = np.unique(cells, return_index=True)  # the first of a cell is its most frequent word
        new = np.sort(firsts[~taken[firsts]])
        taken[new] = True
        chosen.append(finite[new])
        count += len(new)
        if count >= most:
            break
    return np.concatenate(chosen)[:most]
