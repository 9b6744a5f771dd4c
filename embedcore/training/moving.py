"""Moving rows of a weight down their gradients, with a bound on what one batch may do to one row.

Here belongs how far a row moves. What its gradient is belongs to the objectives.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

processes = 1  # that move the rows of the same weights; set in each where there are several


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
        """`weight` is (V, D); `learns` (V,) bool, the rows that may move, None: all of them.

        Where several `processes` move the same row at once, the bound is for all of them together:
        two with 3 each sent the scores of a small vocabulary to infinity.
        """
        self._weight, self._learns = weight, learns
        self._load = weight.new_zeros(len(weight))  # (V,) zero between calls
        self._limit = weight.new_tensor(-self.LIMIT / processes)

    def __reduce__(self) -> tuple[type[Mover], tuple[Tensor, Tensor | None]]:
        """In another process the same weight, in shared memory, but loads of its own."""
        return Mover, (self._weight, self._learns)

    def move(self, parts: Sequence[tuple[Tensor, Tensor, Tensor]], lr: float) -> None:
        """Add to rows: `parts` are rows (n,), what each counts (n,), gradients (n, D), which are used up."""
        dim = self._weight.shape[1]
        sizes = [rows.numel() for rows, _, _ in parts]
        every = torch.cat([rows.reshape(-1) for rows, _, _ in parts]).long()  # (N,) all rows at once: fewer calls
        self._load.index_add_(0, every, torch.cat([load.reshape(-1) for _, load, _ in parts]))
        rates = (self._limit / self._load.index_select(0, every)).clamp_(min=-lr)  # (N,)
        self._load.index_fill_(0, every, 0)
        for rows, rate, (_, _, found) in zip(
            every.split_with_sizes(sizes), rates.split_with_sizes(sizes), parts, strict=True
        ):
            moves = found.view(-1, dim).mul_(rate[:, None])  # (n, D)
            if self._learns is not None:  # left out, not multiplied by 0, which would turn -0.0 into 0.0
                learning = self._learns.index_select(0, rows)  # (n,)
                rows, moves = rows[learning], moves[learning]
            # The same sums as index_add_'s in a third of its time: it sorts the rows and adds a row's moves at once.
            self._weight.scatter_add_(0, rows[:, None].expand_as(moves), moves)
