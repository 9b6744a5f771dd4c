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
        negatives: (G, M) int32, a pool for each G-th part of the positions.
        weights: (G, P / G, 1), how much each negative of its pool counts for a position.
    """

    words: Tensor
    around: Tensor
    mask: Tensor
    negatives: Tensor
    weights: Tensor


@dataclass(frozen=True, eq=False)
class Gradients:
    """The gradients of a batch's summed loss, by row looked up; rows that occur twice add up.

    Attributes:
        words: (P, D), for the rows `batch.words` of the input weight.
        around: (blocks, b + 2w, D), for the rows `blocks_around(...)` of the output weight.
        negatives: (G, M, D), for the rows `batch.negatives` of the output weight.
        loss: summed over pairs, their negatives included; 0 when it was not asked for.
    """

    words: Tensor
    around: Tensor
    negatives: Tensor
    loss: float


class Windows:
    """Makes the masks of batches with one window and one length of block."""

    def __init__(self, window: int, *, dtype: torch.dtype = torch.float32) -> None:
        """A block is about as long as the window is wide: longer wastes products, shorter calls."""
        self.window = window
        self.block = 16 if window <= 8 else 32 if window <= 16 else 64  # measured fastest at dim 100
        self.width = self.block + 2 * window
        # Entry [n, a] is what a word at place a of its block sees when it looks n words to one side.
        place = torch.arange(self.block)[None, :, None]  # (1, b, 1)
        distance = torch.arange(self.width)[None, None, :] - window - place  # (1, b, b + 2w)
        reach = torch.arange(window + 1)[:, None, None]  # (w + 1, 1, 1)
        self._left = ((distance < 0) & (distance >= -reach)).to(dtype).view(-1, self.width)
        self._right = ((distance > 0) & (distance <= reach)).to(dtype).view(-1, self.width)

    def batch(self, around: Tensor, left: Tensor, right: Tensor, negatives: Tensor, negative: int) -> Batch:
        """A batch of P positions from `around` (P + 2w,), `left` and `right` (P,), negatives (G, M).

        `<pad>` forms no pair, wherever it stands. P is a multiple of the block and of G.
        """
        count = len(left)
        words = around[self.window : self.window + count]  # (P,)
        place = torch.arange(count, dtype=torch.int32) % self.block
        mask = self._left.index_select(0, left * self.block + place)  # (P, b + 2w)
        mask += self._right.index_select(0, right * self.block + place)
        mask *= (words != PAD_INDEX)[:, None]
        blocks = mask.view(-1, self.block, self.width)  # (P / b, b, b + 2w)
        blocks *= (self.blocks(around) != PAD_INDEX)[:, None, :]
        weights = mask.sum(1).mul_(negative / negatives.shape[1])  # (P,)
        return Batch(words, around, blocks, negatives, weights.view(len(negatives), -1, 1))

    def blocks(self, around: Tensor) -> Tensor:
        """What surrounds each block, itself included: (P + 2w, …) as (P / b, b + 2w, …), overlapping."""
        count = (len(around) - 2 * self.window) // self.block
        inner = around.stride()
        return around.as_strided((count, self.width, *around.shape[1:]), (self.block * inner[0], *inner))


def gradients(weight: Tensor, context: Tensor, batch: Batch, windows: Windows, *, with_loss: bool = True) -> Gradients:
    """The loss of a batch and its gradients, for input `weight` and output `context`, both (V, D)."""
    blocks, block, _ = batch.mask.shape
    dim = weight.shape[1]
    words = weight.index_select(0, batch.words)  # (P, D)
    by_block = words.view(blocks, block, dim)  # (P / b, b, D)
    by_pool = words.view(len(batch.negatives), -1, dim)  # (G, P / G, D)
    around = windows.blocks(context.index_select(0, batch.around))  # (P / b, b + 2w, D)
    noise = context.index_select(0, batch.negatives.view(-1)).view(*batch.negatives.shape, dim)  # (G, M, D)

    pairs = torch.bmm(by_block, around.mT)  # (P / b, b, b + 2w)
    chance = torch.bmm(by_pool, noise.mT)  # (G, P / G, M)
    loss = 0.0
    if with_loss:
        told_apart = functional.logsigmoid(pairs).mul_(batch.mask).sum()
        told_apart += functional.logsigmoid(-chance).mul_(batch.weights).sum()
        loss = -told_apart.item()

    # d/dx of -log sigmoid(x) is -sigmoid(-x); of -log sigmoid(-x), sigmoid(x).
    pairs = pairs.neg_().sigmoid_().mul_(batch.mask).neg_()
    chance = chance.sigmoid_().mul_(batch.weights)
    d_words = torch.bmm(chance, noise).view(blocks, block, dim)  # (P / b, b, D)
    d_words = torch.baddbmm(d_words, pairs, around)
    return Gradients(
        words=d_words.view(-1, dim),
        around=torch.bmm(pairs.mT, by_block),
        negatives=torch.bmm(chance.mT, by_pool),
        loss=loss,
    )


LIMIT = 1.0


def step(weight: Tensor, context: Tensor, batch: Batch, windows: Windows, lr: float, negative: int = 5) -> float:
    """Move both weights, in place, down the gradients of a batch. Returns its summed loss."""
    found = gradients(weight, context, batch, windows)
    dim = weight.shape[1]
    around_ids = windows.blocks(batch.around).reshape(-1)
    negative_ids = batch.negatives.view(-1)
    d_around, d_neg = found.around.view(-1, dim), found.negatives.view(-1, dim)
    if LIMIT:
        buf = torch.zeros(len(weight))
        load = batch.weights.view(-1) * (batch.negatives.shape[1] / negative * (1 + negative))
        buf.index_add_(0, batch.words, load)
        found.words.mul_((LIMIT / lr / buf.index_select(0, batch.words)).clamp_(max=1)[:, None])
        buf = torch.zeros(len(weight))
        buf.index_add_(0, around_ids, batch.mask.sum(1).view(-1))
        buf.index_add_(0, negative_ids, batch.weights.sum(1).expand(-1, batch.negatives.shape[1]).reshape(-1))
        d_around.mul_((LIMIT / lr / buf.index_select(0, around_ids)).clamp_(max=1)[:, None])
        d_neg.mul_((LIMIT / lr / buf.index_select(0, negative_ids)).clamp_(max=1)[:, None])
    weight.index_add_(0, batch.words, found.words, alpha=-lr)
    context.index_add_(0, around_ids, d_around, alpha=-lr)
    context.index_add_(0, negative_ids, d_neg, alpha=-lr)
    return found.loss
