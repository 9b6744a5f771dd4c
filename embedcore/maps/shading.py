"""Numbers by which the words of a map are coloured, one for each point: all of the full space, none of the map.

Here belong cosines of many rows with one direction, and of the two vectors that a word has in two sets. Turning
numbers into colours belongs to `figures_scatter`; an axis comes from `questions.axes`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from embedcore import search
from embedcore.maps.alignment import Turn
from embedcore.maps.rows import odd, span
from embedcore.vectors import WordVectors

Floats = npt.NDArray[np.floating[Any]]
Float32s = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]

_AT_ONCE = 16_384  # rows


def cosines(vectors: WordVectors, rows: Rows, direction: Floats) -> Float32s:
    """The cosine of each of n rows (n,) of a set with a direction (D,): (n,), to some six decimals.

    NaN for a row without a direction; all NaN if `direction` is none.
    """
    unit = search.unit(direction)  # (D,)
    narrow = unit.astype(np.float32)  # (D,)
    found = np.empty(len(rows), dtype=np.float32)
    for start in range(0, len(rows), _AT_ONCE):
        some = rows[start : start + _AT_ONCE]
        part, lengths = vectors.matrix[span(some)], vectors.norms[some]  # (m, D), (m,)
        unfit = np.flatnonzero(odd(lengths))
        with np.errstate(all="ignore"):
            scores = part @ narrow / lengths  # (m,)
        if len(unfit):
            scores[unfit] = search.unit(part[unfit]) @ unit
        found[start : start + len(some)] = scores
    return np.clip(found, -1.0, 1.0)


def together(first: WordVectors, second: WordVectors, rows: Rows, turn: Turn) -> Float32s:
    """The cosine of the two vectors of each of W words, rows (2, W), when the second set is turned: (W,).

    1 where both sets have the word in the same place. NaN for a word without a direction in either.
    """
    found = np.empty(rows.shape[1], dtype=np.float32)
    for start in range(0, len(found), _AT_ONCE):
        ours, theirs = rows[:, start : start + _AT_ONCE]
        products = turn.first(first.matrix[span(ours)]) * turn.second(second.matrix[span(theirs)])  # (m, E)
        found[start : start + len(ours)] = products.sum(axis=1)
    return np.clip(found, -1.0, 1.0)
