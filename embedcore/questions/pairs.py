"""Pairs of words ranked by how alike they are.

Here belongs the ranking, on a matrix of cosines; the matrix is made by `search`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt


class Pairs(NamedTuple):
    """M pairs of different places in a matrix, the most alike first."""

    firsts: npt.NDArray[np.int64]  # (M,)
    seconds: npt.NDArray[np.int64]  # (M,), each above its first
    cosines: npt.NDArray[np.float64]  # (M,), falling

    def farthest_first(self) -> Pairs:
        """The same pairs the other way round; those that are equally alike keep their order."""
        by_distance = np.argsort(np.round(self.cosines, 12), kind="stable")
        return Pairs(self.firsts[by_distance], self.seconds[by_distance], self.cosines[by_distance])


def ranked(cosines: npt.NDArray[np.floating[Any]]) -> Pairs:
    """All pairs of N words by falling cosine, from their cosines (N, N), of which the upper half is read.

    Ties, to the twelfth decimal, by place. A pair with a word without a direction has no cosine
    and is left out.
    """
    firsts, seconds = np.triu_indices(len(cosines), k=1)
    values = np.asarray(cosines, dtype=np.float64)[firsts, seconds]  # (N * (N - 1) / 2,)
    order = np.argsort(-np.round(values, 12), kind="stable")  # NaN last
    order = order[: int((~np.isnan(values)).sum())]
    return Pairs(firsts[order], seconds[order], values[order])
