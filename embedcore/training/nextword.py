"""The next word from the last n words: the loss of one batch and its gradients, by hand.

The network is the neural language model of Bengio et al. 2003, "A Neural Probabilistic Language
Model", without its hidden layer, as tutorials write it: the n vectors side by side, h, then one
linear layer with a row A and a number b for each word of the vocabulary, and the cross-entropy of
the word that does come next, w:

    loss = -log softmax(A h + b)[w]

Where a sentence has fewer than n words so far, `<pad>` stands on the left. Its row is zero and stays
zero, and it is never what comes next. A sentence's first word is not asked for: nothing is before it.
A word's vector learns only from what comes after the word, so one that only ends sentences never moves.

Here belongs the arithmetic of one batch and the batches themselves, which have neither windows
nor negatives. The loop is in `trainer`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from embedcore.training.config import TrainConfig
from embedcore.training.contexts import last_words
from embedcore.training.corpus import Corpus
from embedcore.training.feed import Feed, Part, Place, Turn
from embedcore.training.initial import first_linear
from embedcore.training.moving import Mover
from embedcore.training.sampling import Sampler
from embedcore.vocab import PAD_INDEX

MOST_SCORES = 1 << 22  # of one step, positions times words: 16 MB, whatever the size of the vocabulary


class NextWord:
    """The objective at work on one corpus: its linear layer, its batches, its steps.

    Attributes:
        weights: what is trained besides the embedding: "linear" (V, n * D), as `first_linear` draws
            it, and "bias" (V,), zero at first.
    """

    LIMIT = 0.5  # rate times all that one batch was wrong about one word
    LONG = 4.0  # and that, times the mean squared length of the inputs: rows of a vector set are long

    def __init__(self, corpus: Corpus, config: TrainConfig, weight: Tensor, learns: Tensor | None = None) -> None:
        """`config` has nothing left open; `weight` (V, D) is the embedding's; `learns` (V,): rows that may move."""
        self._weight = weight
        linear = first_linear(len(weight), config.window, weight.shape[1], config.seed)  # (V, n * D)
        self.weights = {"linear": torch.from_numpy(linear).to(weight.dtype), "bias": weight.new_zeros(len(weight))}
        self.feed = ContextFeed(corpus, config)
        learns = torch.ones(len(weight), dtype=torch.bool) if learns is None else learns.clone()  # (V,)
        learns[PAD_INDEX : PAD_INDEX + 1] = False  # it fills up contexts, and so would move
        self._words = Mover(weight, learns)

    def turns(self, place: Place) -> Iterator[Turn]:
        """The batches from `place` to the end of the run; what a turn counts are positions."""
        return self.feed.turns(place)

    def step(self, batch: Contexts, lr: float) -> float:
        """Learn from one batch at learning rate `lr`. Returns its summed loss."""
        linear, bias = self.weights["linear"], self.weights["bias"]
        found = gradients(self._weight, linear, bias, batch)
        # A step of a linear layer changes its scores by the squared length of its inputs as well.
        limit = torch.clamp(self.LONG / found.inputs.square().sum(1).mean(), max=self.LIMIT)
        rate = torch.clamp(-limit / found.wrong.abs().sum(0), min=-lr)  # (V,)
        moves = found.wrong.mul_(rate)  # (B, V)
        linear.addmm_(moves.T, found.inputs)
        bias += moves.sum(0)
        self._words.move([(batch.before, torch.ones(batch.before.shape, dtype=linear.dtype), found.before)], lr)
        return found.loss


@dataclass(frozen=True, eq=False)
class Contexts:
    """B positions of a text.

    Attributes:
        before: (B, n) int32, the last n words before each, `<pad>` where the sentence has none.
        following: (B,) int32, the words that come next.
    """

    before: Tensor
    following: Tensor


@dataclass(frozen=True, eq=False)
class Gradients:
    """The gradients of a batch's summed loss.

    Attributes:
        before: (B, n, D), for the rows `batch.before` of the embedding; rows that occur twice add up.
        inputs: (B, n * D), the vectors looked up, side by side.
        wrong: (B, V), by how much each word was expected too much; summed over B the gradient of the
            bias. `wrong.T @ inputs` is that of the linear weight.
        loss: summed over positions.
    """

    before: Tensor
    inputs: Tensor
    wrong: Tensor
    loss: float


def gradients(weight: Tensor, linear: Tensor, bias: Tensor, batch: Contexts) -> Gradients:
    """The loss of a batch and its gradients, for `weight` (V, D), `linear` (V, n * D) and `bias` (V,)."""
    count, before = batch.before.shape
    inputs = weight.index_select(0, batch.before.view(-1)).view(count, before * weight.shape[1])  # (B, n * D)
    following = batch.following.long()[:, None]  # (B, 1)
    logs = torch.addmm(bias, inputs, linear.T).log_softmax(1)  # (B, V)
    loss = -logs.gather(1, following).sum().item()
    wrong = logs.exp_().scatter_add_(1, following, logs.new_full((count, 1), -1))  # (B, V)
    return Gradients(torch.mm(wrong, linear).view(count, before, weight.shape[1]), inputs, wrong, loss)


class ContextFeed(Feed):
    """Consecutive positions, each with the last n words before it."""

    def __init__(self, corpus: Corpus, config: TrainConfig) -> None:
        """`config` has nothing left open."""
        assert config.batch is not None
        super().__init__(Sampler(corpus, window=config.window, sample=0.0, seed=config.seed), config.epochs)
        self._corpus, self._window = corpus, config.window
        self._length = max(1, min(config.batch, MOST_SCORES // len(corpus.vocab)))

    def _batches(self, epoch: int, chunk: int, begin: int) -> Iterator[Part]:
        """Nothing is drawn: every pass has the same batches."""
        start, stop = self._sampler.chunks[chunk]
        for first in range(start + begin, stop, self._length):
            end = min(first + self._length, stop)
            before, following = last_words(self._corpus, self._window, first, end)
            batch = Contexts(torch.from_numpy(before), torch.from_numpy(following))
            yield Part(batch, len(batch.following), end - start, (end - start) / (stop - start))
