"""Skip-gram with negative sampling: the loss of one batch and its gradients, by hand.

The objective is that of Mikolov et al. 2013, "Distributed Representations of Words and
Phrases and their Compositionality", equation 4. For a word with input vector u and a true
neighbour with output vector v, with k negatives n drawn from counts ** 0.75:

    loss = -log sigmoid(u . v) - (sum over the k negatives of log sigmoid(-u . n))

Two things make it fast. A batch is consecutive positions of the text, cut into short blocks;
all words of a block are scored against all words around it in one matrix product, and a mask
keeps the pairs that are in a window. And a pool of negatives is shared by the positions near
each other, each weighted so that every pair counts `negative` of them in expectation. A
negative that happens to be the true neighbour counts like any other, as in the equation.

Here belongs the arithmetic of one batch. What is drawn is in `sampling`, the loop in `trainer`.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from embedcore.vocab import PAD_INDEX


@dataclass(frozen=True, eq=False)
class Batch:
    """P positions of the text in blocks of b, with w words around; P = blocks * b.

    Attributes:
        words: (P,) int32, the words that look, which are rows of the input weight.
        around: (P + 2w,) int32, the same words with w before and after: rows of the output weight.
        mask: (blocks, b, b + 2w), 1 where a word of a block and a word around it are a pair, else 0.
        pairs: (P,), the pairs of each word that looks.
        negatives: (G, M) int32, a pool for each G-th part of the positions.
        weights: (G, P / G, 1), how much each negative of its pool counts for a position.
    """

    words: Tensor
    around: Tensor
    mask: Tensor
    pairs: Tensor
    negatives: Tensor
    weights: Tensor


@dataclass(frozen=True, eq=False)
class Gradients:
    """The gradients of a batch's summed loss, by row looked up; rows that occur twice add up.

    Attributes:
        words: (P, D), for the rows `batch.words` of the input weight.
        around: (blocks, b + 2w, D), for the rows `windows.blocks(batch.around)` of the output weight.
        negatives: (G, M, D), for the rows `batch.negatives` of the output weight.
        loss: summed over pairs, their negatives included.
    """

    words: Tensor
    around: Tensor
    negatives: Tensor
    loss: float


class Windows:
    """Makes the masks of batches with one window and one length of block."""

    def __init__(self, window: int, *, dtype: torch.dtype = torch.float32) -> None:
        """A block is longer than the window, but not by much: masked-out products are wasted work."""
        self.window = window
        self.block = 16 if window <= 8 else 32 if window <= 16 else 64  # 16 measured fastest at window 5
        self.width = self.block + 2 * window
        # Row n * b + a is what a word at place a of its block sees when it looks n words to one side.
        place = torch.arange(self.block)[None, :, None]  # (1, b, 1)
        distance = torch.arange(self.width)[None, None, :] - window - place  # (1, b, b + 2w)
        reach = torch.arange(window + 1)[:, None, None]  # (w + 1, 1, 1)
        self._left = ((distance < 0) & (distance >= -reach)).to(dtype).view(-1, self.width)
        self._right = ((distance > 0) & (distance <= reach)).to(dtype).view(-1, self.width)

    def batch(self, around: Tensor, left: Tensor, right: Tensor, negatives: Tensor, negative: int) -> Batch:
        """A batch of P positions: `around` (P + 2w,), `left` and `right` (P,), `negatives` (G, M), all int32.

        `left` and `right` say how many words each position looks at on either side, `negative`
        how many negatives a pair counts. P is a multiple of the block and of G. `<pad>` forms no
        pair, wherever it stands.
        """
        count = len(left)
        words = around[self.window : self.window + count]  # (P,)
        place = torch.arange(count, dtype=torch.int32).remainder_(self.block)  # (P,)
        mask = self._left.index_select(0, (left * self.block).add_(place))  # (P, b + 2w)
        mask += self._right.index_select(0, (right * self.block).add_(place))
        by_block = mask.view(-1, self.block, self.width)  # (P / b, b, b + 2w)
        filled = around != PAD_INDEX  # (P + 2w,)
        if not filled.all():
            by_block *= self.blocks(filled)[:, None, :]
            mask *= filled[self.window : self.window + count, None]
        pairs = mask.sum(1)  # (P,)
        weights = (pairs * (negative / negatives.shape[1])).view(len(negatives), -1, 1)  # (G, P / G, 1)
        return Batch(words, around, by_block, pairs, negatives, weights)

    def blocks(self, around: Tensor) -> Tensor:
        """What surrounds each block, itself included: (P + 2w, …) as (P / b, b + 2w, …), overlapping."""
        count = (len(around) - 2 * self.window) // self.block
        inner = around.stride()
        return around.as_strided((count, self.width, *around.shape[1:]), (self.block * inner[0], *inner))


def gradients(weight: Tensor, context: Tensor, batch: Batch, windows: Windows) -> Gradients:
    """The loss of a batch and its gradients, for input `weight` and output `context`, both (V, D)."""
    blocks, block, _ = batch.mask.shape
    dim = weight.shape[1]
    words = weight.index_select(0, batch.words)  # (P, D)
    by_block = words.view(blocks, block, dim)  # (P / b, b, D)
    by_pool = words.view(len(batch.negatives), -1, dim)  # (G, P / G, D)
    around = windows.blocks(context.index_select(0, batch.around))  # (P / b, b + 2w, D)
    noise = context.index_select(0, batch.negatives.view(-1)).view(*batch.negatives.shape, dim)  # (G, M, D)

    # Both terms are softplus(x), with x = -(u . v) for a pair and x = u . n for a negative. The
    # derivative of softplus(x) is sigmoid(x).
    pairs = torch.bmm(by_block, around.mT).neg_()  # (P / b, b, b + 2w)
    chance = torch.bmm(by_pool, noise.mT)  # (G, P / G, M)
    loss = functional.softplus(pairs).mul_(batch.mask).sum() + functional.softplus(chance).mul_(batch.weights).sum()
    pairs.sigmoid_().mul_(batch.mask)
    chance.sigmoid_().mul_(batch.weights)
    by_chance = torch.bmm(chance, noise).view(blocks, block, dim)  # (P / b, b, D)
    return Gradients(
        words=by_chance.baddbmm_(pairs, around, alpha=-1).view(-1, dim),
        around=torch.bmm(pairs.neg_().mT, by_block),
        negatives=torch.bmm(chance.mT, by_pool),
        loss=loss.item(),
    )


class Stepper:
    """Moves both weights, in place, down the gradients of one batch after another.

    Within a batch every pair sees the weights as they were before it, so a word that occurs
    often in it gets the same push many times over, and overshoots. Therefore a bound: a row
    moves by the learning rate times its gradient, but no further than LIMIT times the mean
    over its pairs and negatives. A word that occurs once in a batch does not reach it at the
    usual learning rates. It allows batches, and learning rates, several times as large: 3 was
    stable at every rate from 0.025 to 10 tried on the samples, where no bound diverged at 0.05.
    """

    LIMIT = 3.0  # learning rate times (pairs + negatives) of one row in one batch

    def __init__(self, weight: Tensor, context: Tensor, windows: Windows) -> None:
        """`weight` and `context` are (V, D)."""
        self._weight, self._context, self._windows = weight, context, windows
        self._load = weight.new_zeros(len(weight))  # (V,) zero between calls

    def step(self, batch: Batch, lr: float) -> float:
        """Learn from one batch at learning rate `lr`. Returns its summed loss."""
        found = gradients(self._weight, self._context, batch, self._windows)
        pools, size = batch.negatives.shape
        by_chance = batch.weights.sum(1).expand(pools, size)  # (G, M) pairs that count each negative
        looked_for = batch.pairs + batch.weights.view(-1) * size  # (P,) pairs and negatives of each word
        self._move(self._weight, [(batch.words, looked_for, found.words)], lr)
        around = self._windows.blocks(batch.around)  # (P / b, b + 2w)
        self._move(
            self._context,
            [(around, batch.mask.sum(1), found.around), (batch.negatives, by_chance, found.negatives)],
            lr,
        )
        return found.loss

    def _move(self, weight: Tensor, parts: list[tuple[Tensor, Tensor, Tensor]], lr: float) -> None:
        """Add to the rows of `weight`: `parts` are rows (n,), what each counts (n,), gradients (n, D)."""
        flat = [(rows.reshape(-1), load.reshape(-1), found.view(-1, weight.shape[1])) for rows, load, found in parts]
        for rows, load, _ in flat:
            self._load.index_add_(0, rows, load)
        rates = [torch.clamp(-self.LIMIT / self._load.index_select(0, rows), min=-lr) for rows, _, _ in flat]
        for (rows, _, found), rate in zip(flat, rates, strict=True):
            weight.index_add_(0, rows, found.mul_(rate[:, None]))  # without `alpha`, which doubles its time
            self._load.index_fill_(0, rows.long(), 0)
