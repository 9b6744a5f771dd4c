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

Here belongs the arithmetic of one batch. How far rows move is in `moving`, the loop in `trainer`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from embedcore.training.config import TrainConfig
from embedcore.training.corpus import Corpus
from embedcore.training.feed import Place, Turn, WindowFeed
from embedcore.training.moving import Mover
from embedcore.training.windows import Batch, Windows


class SkipGram:
    """The objective at work on one corpus: its output weight, its batches, its steps.

    Attributes:
        weights: what is trained besides the embedding: "context" (V, D), zero at first.
    """

    def __init__(self, corpus: Corpus, config: TrainConfig, weight: Tensor, learns: Tensor | None = None) -> None:
        """`config` has nothing left open; `weight` (V, D) is the embedding's; `learns` (V,): rows that may move."""
        self._weight, self._negative = weight, config.negative
        self.weights = {"context": torch.zeros_like(weight)}  # (V, D)
        self._windows = Windows(config.window)
        self.feed = WindowFeed(corpus, config, self._windows)
        self._words, self._context = Mover(weight, learns), Mover(self.weights["context"])

    def turns(self, place: Place) -> Iterator[Turn]:
        """The batches from `place` to the end of the run."""
        return self.feed.turns(place)

    def step(self, batch: Batch, lr: float) -> float:
        """Learn from one batch at learning rate `lr`. Returns its summed loss."""
        found = gradients(self._weight, self.weights["context"], batch, self._windows)
        by_chance = batch.weights.sum(1).expand_as(batch.negatives)  # (G, M) pairs that count each negative
        looked_for = batch.pairs * (1 + self._negative)  # (P,) pairs and negatives of each word
        self._words.move([(batch.words, looked_for, found.words)], lr)
        around = self._windows.blocks(batch.around)  # (P / b, b + 2w)
        self._context.move(
            [(around, batch.mask.sum(1), found.around), (batch.negatives, by_chance, found.negatives)], lr
        )
        return found.loss


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


def gradients(weight: Tensor, context: Tensor, batch: Batch, windows: Windows) -> Gradients:
    """The loss of a batch and its gradients, for input `weight` and output `context`, both (V, D)."""
    blocks, block, _ = batch.mask.shape
    dim = weight.shape[1]
    words = weight.index_select(0, batch.words)  # (P, D)
    by_block = words.view(blocks, block, dim)  # (P / b, b, D)
    by_pool = words.view(len(batch.negatives), -1, dim)  # (G, P / G, D)
    around = windows.blocks(context.index_select(0, batch.around))  # (P / b, b + 2w, D)
    noise = context.index_select(0, batch.negatives.view(-1)).view(*batch.negatives.shape, dim)  # (G, M, D)

    # With p = sigmoid(u . v) and q = sigmoid(-u . n), the loss is -log p and -log q, and its
    # derivatives are p - 1 and 1 - q. softplus from the scores took four times as long as these logarithms.
    pairs = torch.bmm(by_block, around.mT).sigmoid_()  # (P / b, b, b + 2w)
    chance = torch.bmm(by_pool, noise.mT).neg_().sigmoid_()  # (G, P / G, M)
    least = torch.finfo(weight.dtype).tiny  # log 0 would be infinite, and times a mask of 0 no number
    loss = torch.dot(pairs.clamp_min(least).log_().view(-1), batch.mask.view(-1))
    loss += torch.dot(chance.clamp_min(least).log_().sum(2).view(-1), batch.weights.view(-1))
    pairs.sub_(1).mul_(batch.mask)
    chance = torch.rsub(chance, 1).mul_(batch.weights)
    by_chance = torch.bmm(chance, noise).view(blocks, block, dim)  # (P / b, b, D)
    return Gradients(
        words=by_chance.baddbmm_(pairs, around).view(-1, dim),
        around=torch.bmm(pairs.mT, by_block),
        negatives=torch.bmm(chance.mT, by_pool),
        loss=-loss.item(),
    )
