"""Moving rows of a weight down their gradients, with a bound on what one batch may do to one row.

Here belongs how far a row moves. What its gradient is belongs to the objectives.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


class Mover:
    """Moves the rows of one weight, in place, once a batch.

    Within a batch every pair sees the weights as they were before it, so a word that occurs
    often in it gets the same push many times over, and overshoots. Therefore a bound: a row
    moves by the learning rate times its gradient, but no further than LIMIT times the mean
    over its pairs and negatives. A word that occurs once in a batch does not reach it at the
    usual learning rates. It allows batches, and learning rates, several times as large: 3 was
    stable at every rate from 0.025 to 10 tried on the samples, where no bound diverged at 0.05.
    """

    LIMIT = 3.0  # learning rate times (pairs + negatives) of one row in one batch

    def __init__(self, weight: Tensor, learns: Tensor | None = None) -> None:
        """`weight` is (V, D); `learns` (V,) bool, the rows that may move, None: all of them."""
        self._weight, self._learns = weight, learns
        self._load = weight.new_zeros(len(weight))  # (V,) zero between calls

    def move(self, parts: Sequence[tuple[Tensor, Tensor, Tensor]], lr: float) -> None:
        """Add to rows: `parts` are rows (n,), what each counts (n,), gradients (n, D), which are used up."""
        dim = self._weight.shape[1]
        flat = [(rows.reshape(-1), load.reshape(-1), found.view(-1, dim)) for rows, load, found in parts]
        for rows, load, _ in flat:
            self._load.index_add_(0, rows, load)
        rates = [torch.clamp(-self.LIMIT / self._load.index_select(0, rows), min=-lr) for rows, _, _ in flat]
        for (rows, _, found), rate in zip(flat, rates, strict=True):
            self._load.index_fill_(0, rows.long(), 0)
            moves = found.mul_(rate[:, None])  # (n, D); without index_add_'s `alpha`, which doubles its time
            if self._learns is not None:  # left out, not multiplied by 0, which would turn -0.0 into 0.0
                learning = self._learns.index_select(0, rows)  # (n,)
                rows, moves = rows[learning], moves[learning]
            self._weight.index_add_(0, rows, moves)
