"""CBOW with negative sampling: the loss of one batch and its gradients, by hand.

The objective is the continuous bag of words of Mikolov et al. 2013, "Efficient Estimation of
Word Representations in Vector Space", with the negatives of their later paper. h is the mean of
the input vectors of the words around a position; with output vector v of the word that stands
there, and k negatives n drawn from counts ** 0.75:

    loss = -log sigmoid(h . v) - (sum over the k negatives of log sigmoid(-h . n))

A batch is that of skip-gram: consecutive positions in short blocks, a mask that says who sees
whom, pools of negatives that the positions near each other share. Divided by the number of words
seen, the mask makes the means of a block in one matrix product. The gradient is divided likewise
when it goes back to the words around, which word2vec's program leaves out; Irsoy et al. 2021,
"Corrected CBOW Performs as well as Skip-gram", found that leaving it out costs quality.

Here belongs the arithmetic of one batch. How far rows move is in `moving`, the loop in `trainer`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from embedcore.training.config import TrainConfig
from embedcore.training.corpus import Corpus
from embedcore.training.feed import Part, Place, Turn, WindowFeed
from embedcore.training.moving import Mover
from embedcore.training.windows import Batch, Windows


class Cbow:
    """The objective at work on one corpus: its output weight, its batches, its steps.

    Attributes:
        weights: what is trained besides the embedding: "context" (V, D), zero at first.
    """

    def __init__(self, corpus: Corpus, config: TrainConfig, weight: Tensor, learns: Tensor | None = None) -> None:
        """`config` has nothing left open; `weight` (V, D) is the embedding's; `learns` (V,): rows that may move."""
        self._weight, self._negative = weight, config.negative
        self.weights = {"context": torch.zeros_like(weight)}  # (V, D)
        self._windows = Windows(config.window)
        self.feed = PositionFeed(corpus, config, self._windows)
        self._words, self._context = Mover(weight, learns), Mover(self.weights["context"])

    def turns(self, place: Place) -> Iterator[Turn]:
        """The batches from `place` to the end of the run."""
        return self.feed.turns(place)

    def step(self, batch: Batch, lr: float) -> float:
        """Learn from one batch at learning rate `lr`. Returns its summed loss."""
        found = gradients(self._weight, self.weights["context"], batch, self._windows, self._negative)
        self._words.move([(self._windows.blocks(batch.around), found.shares * (1 + self._negative), found.around)], lr)
        by_chance = found.weights.sum(1).expand(found.negatives.shape[:2])  # (G, M) positions that count each negative
        self._context.move([(batch.words, found.seen, found.words), (batch.negatives, by_chance, found.negatives)], lr)
        return found.loss


class PositionFeed(WindowFeed):
    """The batches of skip-gram; what is counted of them are the positions that have words around."""

    def _batches(self, epoch: int, chunk: int, begin: int) -> Iterator[Part]:
        for part in super()._batches(epoch, chunk, begin):
            yield part._replace(pairs=int(part.batch.pairs.count_nonzero()))


@dataclass(frozen=True, eq=False)
class Gradients:
    """The gradients of a batch's summed loss, by row looked up; rows that occur twice add up.

    Attributes:
        around: (blocks, b + 2w, D), for the rows `windows.blocks(batch.around)` of the input weight.
        words: (P, D), for the rows `batch.words` of the output weight.
        negatives: (G, M, D), for the rows `batch.negatives` of the output weight.
        shares: (blocks, b + 2w), how much of all means each word around is.
        seen: (P,), 1 for a position with words around, else 0: it has nothing to be predicted from.
        weights: (G, P / G, 1), how much each negative of its pool counts for a position.
        loss: summed over positions, their negatives included.
    """

    around: Tensor
    words: Tensor
    negatives: Tensor
    shares: Tensor
    seen: Tensor
    weights: Tensor
    loss: float


def gradients(weight: Tensor, context: Tensor, batch: Batch, windows: Windows, negative: int) -> Gradients:
    """The loss of a batch and its gradients, for input `weight` and output `context`, both (V, D)."""
    blocks, block, _ = batch.mask.shape
    dim, (pools, size) = weight.shape[1], batch.negatives.shape
    seen = batch.pairs.clamp(max=1)  # (P,)
    share = batch.mask / batch.pairs.clamp(min=1).view(blocks, block, 1)  # (P / b, b, b + 2w)
    around = windows.blocks(weight.index_select(0, batch.around))  # (P / b, b + 2w, D)
    words = context.index_select(0, batch.words)  # (P, D)
    noise = context.index_select(0, batch.negatives.reshape(-1)).view(pools, size, dim)  # (G, M, D)
    means = torch.bmm(share, around).view(-1, dim)  # (P, D)
    by_pool = means.view(pools, -1, dim)  # (G, P / G, D)

    # With p = sigmoid(h . v) and q = sigmoid(-h . n), the loss is -log p and -log q, and its
    # derivatives are p - 1 and 1 - q.
    true = torch.linalg.vecdot(means, words).sigmoid_()  # (P,)
    chance = torch.bmm(by_pool, noise.mT).neg_().sigmoid_()  # (G, P / G, M)
    weights = seen.mul(negative / size).view(pools, -1, 1)  # (G, P / G, 1)
    least = torch.finfo(weight.dtype).tiny  # log 0 would be infinite, and times 0 no number
    loss = torch.dot(true.clamp_min(least).log_(), seen)
    loss += torch.dot(chance.clamp_min(least).log_().sum(2).view(-1), weights.view(-1))
    true = true.sub_(1).mul_(seen)[:, None]  # (P, 1)
    chance.neg_().add_(1).mul_(weights)
    by_mean = words.mul_(true).view(pools, -1, dim).baddbmm_(chance, noise)  # (G, P / G, D)
    return Gradients(
        around=torch.bmm(share.mT, by_mean.view(blocks, block, dim)),
        negatives=torch.bmm(chance.mT, by_pool),
        words=means.mul_(true),  # last: the negatives' gradient is made from the means, too
        shares=share.sum(1),
        seen=seen,
        weights=weights,
        loss=-loss.item(),
    )
