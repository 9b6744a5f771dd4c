"""The training loop: a text and settings in, an `nn.Embedding` that learns.

Here belongs the loop with its start, stop and resumption. It reports by callback and knows
nothing of pages, files or progress bars.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from embedcore.errors import TrainingProblem
from embedcore.training.config import TrainConfig
from embedcore.training.corpus import Corpus
from embedcore.training.feed import Place
from embedcore.training.initial import UNIFORM, initial_weight
from embedcore.training.objectives import make_model
from embedcore.training.progress import Meter, Progress
from embedcore.training.suggest import resolve
from embedcore.vocab import PAD_INDEX, SPECIALS, Vocab

if TYPE_CHECKING:
    from embedcore.vectors import WordVectors

LR_FLOOR = 1e-4  # of the first learning rate: where word2vec's straight line ends
STOP_SECONDS = 0.1  # `should_stop` is asked at least this often
GUARD_SHARE = 0.05  # of the time may go into looking at the weights and copying them


class Trainer:
    """Trains one `nn.Embedding` on one text.

    Attributes:
        vocab: what the rows stand for.
        config: the settings, none left open.
        tokens: tokens read on each pass, before min_count and subsampling.
        embedding: `nn.Embedding(len(vocab), dim, padding_idx=1)`; its weight is what is trained.
        model: the objective, with the weights it trains besides the embedding.
        share: how much of the whole run is done, 0 to 1.
    """

    def __init__(
        self, sentences: Iterable[Sequence[str]] | Corpus, config: TrainConfig, *, vocab: Vocab | None = None
    ) -> None:
        """`sentences` are lists of tokens, read once; or a Corpus read before, with its own vocab.

        Raises BadSetting for a setting outside its bounds, and TrainingProblem where there is
        nothing to learn from.
        """
        config.check()
        if isinstance(sentences, Corpus):
            self.corpus = sentences
        else:
            self.corpus = Corpus.read(sentences, min_count=config.min_count, vocab=vocab)
        self.corpus.check()
        self.vocab, self.tokens = self.corpus.vocab, self.corpus.tokens
        config.check(vocab_size=len(self.vocab))
        self.config = resolve(config, self.tokens)
        first = initial_weight(len(self.vocab), config.dim, config.seed, self.config.init or UNIFORM)  # (V, D)
        self.embedding = nn.Embedding(len(first), config.dim, padding_idx=PAD_INDEX, _weight=torch.from_numpy(first))
        self.model = make_model(self.corpus, self.config, self.embedding.weight.detach())
        self.share = 0.0
        self._place = Place(0, 0, 0)
        self._seconds = 0.0  # spent in training so far

    def run(
        self,
        *,
        on_progress: Callable[[Progress], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> str:
        """Train from the place reached to the end. Returns "finished" or "stopped".

        `on_progress` is called after the first step, some sixty times spread evenly over the
        run, every quarter second besides, and at the end. `should_stop` is asked before the
        first step, at each report, and ten times a second. Raises TrainingProblem when the
        weights stop being finite, with the last good ones put back.
        """
        torch.set_num_threads(1)  # more were measured to be several times slower on a busy machine
        config = self.config
        assert config.lr is not None  # resolved
        meter = Meter(share=self.share, tokens=self._tokens_read, seconds_before=self._seconds)
        good = LastGood(self._weights().values())
        if should_stop is not None and should_stop():
            return "stopped"
        asked = meter.seconds
        for turn in self.model.turns(self._place):
            lr = config.lr * max(1 - self.share, LR_FLOOR)
            meter.add(self.model.step(turn.batch, lr), turn.pairs)
            self._place, self.share, self._seconds = turn.place, turn.share, meter.seconds
            due = meter.due(self.share)
            if due:
                good.check(config.lr, meter.loss)
                self._report(meter, lr, on_progress)
            if should_stop is not None and self.share < 1 and (due or self._seconds - asked >= STOP_SECONDS):
                asked = self._seconds
                if should_stop():
                    good.check(config.lr, meter.loss, thorough=True)
                    return "stopped"
        good.check(config.lr, meter.loss, thorough=True)
        if self.share < 1:  # subsampling left nothing of the last part of the text
            self._place, self.share = Place(config.epochs, 0, 0), 1.0
            self._report(meter, config.lr * LR_FLOOR, on_progress)
        return "finished"

    def _report(self, meter: Meter, lr: float, on_progress: Callable[[Progress], None] | None) -> None:
        """Tell of the place reached, and count anew."""
        progress = meter.report(
            share=self.share,
            epoch=min(self._place.epoch + 1, self.config.epochs),
            epochs=self.config.epochs,
            tokens=self._tokens_read,
            total=self.tokens * self.config.epochs,
            lr=lr,
        )
        if on_progress is not None:
            on_progress(progress)

    @property
    def _tokens_read(self) -> int:
        """Tokens read so far over all passes; rare words are taken to be spread evenly."""
        return round(self.share * self.tokens * self.config.epochs)

    def _weights(self) -> dict[str, Tensor]:
        """All that is trained, by name."""
        return {"weight": self.embedding.weight.detach(), **self.model.weights}

    def weight(self) -> NDArray[np.float32]:
        """A copy of the embedding's weight, (V, D), specials included."""
        return self.embedding.weight.detach().numpy().copy()

    def word_vectors(self) -> WordVectors:
        """The words and their vectors, by falling frequency; the specials are no words."""
        from embedcore.vectors import WordVectors

        return WordVectors(self.vocab.words, self.weight()[len(SPECIALS) :])

    def state(self) -> dict[str, NDArray[Any]]:
        """All that `restore` needs to go on to the same result, bit for bit, as copied arrays.

        The random generators need no room in it: they follow from the seed and the place.
        """
        return {
            **{name: weight.numpy().copy() for name, weight in self._weights().items()},
            "place": np.array(self._place, dtype=np.int64),  # (3,) pass, chunk, position
            "share": np.array(self.share),
            "seconds": np.array(self._seconds),
        }

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Go back to a `state` of a Trainer with the same text and settings.

        Raises TrainingProblem if it does not fit.
        """
        for name, own in self._weights().items():
            if name not in state or state[name].shape != tuple(own.shape):
                got = "missing" if name not in state else f"{state[name].shape}"
                raise TrainingProblem(
                    f"What was saved of this training does not fit its text and settings: "
                    f"{name} is {got}, and should be {tuple(own.shape)}. Start it anew."
                )
        for name, own in self._weights().items():
            own.copy_(torch.from_numpy(state[name]))
        self._place = Place(*(int(number) for number in state["place"]))
        self.share, self._seconds = float(state["share"]), float(state["seconds"])


class LastGood:
    """Watches weights, and puts the last good ones back when they overflow."""

    def __init__(self, weights: Iterable[Tensor]) -> None:
        self._weights = list(weights)
        self._copies = [weight.clone() for weight in self._weights]
        self._next = 0.0  # when looking is worth its time again

    def check(self, lr: float, loss: float, *, thorough: bool = False) -> None:
        """Raise TrainingProblem, with the last good weights put back, unless all is finite.

        Looking at large weights takes a while, so it is done rarely unless `thorough`; the
        `loss` since the last look tells most overflows anyway.
        """
        began = time.perf_counter()
        look = thorough or began >= self._next
        # The norm overflows before the numbers do, and so would every cosine made from them.
        if math.isfinite(loss) and not (look and any(not weight.norm().isfinite() for weight in self._weights)):
            if look:
                for copy, weight in zip(self._copies, self._weights, strict=True):
                    copy.copy_(weight)
                now = time.perf_counter()
                self._next = now + (now - began) / GUARD_SHARE
            return
        for copy, weight in zip(self._copies, self._weights, strict=True):
            weight.copy_(copy)
        raise TrainingProblem(
            f"The numbers grew without bound at a learning rate of {lr:g}; the last good vectors were kept. "
            "Try a lower learning rate, or fewer positions a step."
        )


def train(
    sentences: Iterable[Sequence[str]],
    config: TrainConfig,
    *,
    on_progress: Callable[[Progress], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> WordVectors:
    """Word vectors learned from sentences (lists of tokens); stopped early, what there is by then.

    Raises BadSetting and TrainingProblem as `Trainer` does.
    """
    trainer = Trainer(sentences, config)
    trainer.run(on_progress=on_progress, should_stop=should_stop)
    return trainer.word_vectors()
