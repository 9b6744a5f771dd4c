"""The training loop: a text and settings in, an `nn.Embedding` that learns.

Here belongs the loop with its start, stop and resumption. It reports by callback and knows
nothing of pages, files or progress bars.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from embedcore.errors import BadSetting, TrainingProblem
from embedcore.training.config import TrainConfig
from embedcore.training.corpus import Corpus
from embedcore.training.feed import Place, Turn
from embedcore.training.hogwild import Crew, Pieces, check_processes
from embedcore.training.initial import (
    UNIFORM,
    FirstWeight,
    check_covers,
    check_pretrained,
    initial_weight,
    pretrained_weight,
    set_rows,
)
from embedcore.training.objectives import make_model
from embedcore.training.progress import Meter, Progress
from embedcore.training.sharing import share
from embedcore.training.suggest import resolve
from embedcore.vocab import PAD_INDEX, SPECIALS, Vocab

if TYPE_CHECKING:
    from embedcore.vectors import WordVectors

PIECES = 2  # as many times smaller are chunks that several processes share: smaller ones cost more to draw
STOP_SECONDS = 0.1  # `should_stop` is asked at least this often
GUARD_SHARE = 0.02  # of the time may go into looking at the weights and copying them


class Trainer:
    """Trains one `nn.Embedding` on one text.

    Attributes:
        vocab: what the rows stand for.
        config: the settings, none left open.
        tokens: tokens read on each pass, before min_count and subsampling.
        embedding: `nn.Embedding(len(vocab), dim, padding_idx=1)`; its weight is what is trained.
        model: the objective, with the weights it trains besides the embedding.
        share: how much of the whole run is done, 0 to 1.
        processes: how many train at once.
        from_set: (V,) bool, the rows that started as those of a vector set; None without one.
    """

    def __init__(
        self,
        sentences: Iterable[Sequence[str]] | Corpus,
        config: TrainConfig,
        *,
        vocab: Vocab | None = None,
        start_from: WordVectors | FirstWeight | None = None,
        processes: int | Crew = 1,
    ) -> None:
        """`sentences` are lists of tokens, read once; or a Corpus read before, with its own vocab.

        `start_from` is the opened set that `config.pretrained` names, or, to go on with a
        training, the first weight that was made from it. `processes` train at once, and may have
        been started before, as a `Crew`. One alone repeats its result bit for bit, several do not.
        Raises BadSetting for a setting outside its bounds, and TrainingProblem where there is
        nothing to learn from or to start from.
        """
        config.check()
        self._crew: Crew | None
        if isinstance(processes, Crew):
            self.processes, self._crew = processes.size, processes
        else:
            check_processes(processes)
            self.processes, self._crew = processes, Crew(processes) if processes > 1 else None  # starts meanwhile
        self._lent = processes
        if isinstance(sentences, Corpus):
            self.corpus = sentences
        else:
            self.corpus = Corpus.read(sentences, min_count=config.min_count, vocab=vocab)
        self.corpus.check()
        self.vocab, self.tokens = self.corpus.vocab, self.corpus.tokens
        config.check(vocab_size=len(self.vocab))
        self.config = resolve(config, self.tokens)
        first, self.from_set = _first(self.vocab, self.config, start_from)  # (V, D), (V,)
        self.embedding = nn.Embedding(len(first), config.dim, padding_idx=PAD_INDEX, _weight=torch.from_numpy(first))
        learns = torch.from_numpy(~self.from_set) if config.freeze and self.from_set is not None else None  # (V,)
        self.model = make_model(self.corpus, self.config, self.embedding.weight.detach(), learns)
        if self.processes > 1:  # so that each gets some of a short text, and all end together
            even = -(-len(self.corpus.ids) // (PIECES * self.processes))
            self.model.feed.cut(max(self.config.batch or 1, min(self.model.feed.chunk // PIECES, even)))
        self.share = 0.0
        self._place = Place(0, 0, 0)  # the first chunk that was not begun, and where to go on in it
        self._begun: list[Place] = []  # where chunks before it go on that several processes left off
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
        assert self.config.lr is not None  # resolved
        meter = Meter(share=self.share, tokens=self._tokens_read, seconds_before=self._seconds)
        good = LastGood(self._weights().values())
        if should_stop is not None and should_stop():
            return "stopped"
        asked, told, stopped = meter.seconds, self.share, False
        try:
            with closing(self._alone() if self.processes == 1 else self._together()) as steps:
                for loss, pairs in steps:
                    meter.add(loss, pairs)
                    self._seconds = meter.seconds
                    due = self.share > told and meter.due(self.share)
                    if due:
                        told = self.share
                        good.check(self.config.lr, meter.loss)
                        self._report(meter, on_progress)
                    if should_stop is not None and self.share < 1 and (due or self._seconds - asked >= STOP_SECONDS):
                        asked = self._seconds
                        if stopped := should_stop():
                            break
        except TrainingProblem:
            good.put_back()  # several processes stand still only now
            raise
        good.check(self.config.lr, meter.loss, thorough=True)
        if stopped:
            return "stopped"
        if self.share < 1:  # subsampling left nothing of the last part of the text
            self._place, self.share = Place(self.config.epochs, 0, 0), 1.0
            self._report(meter, on_progress)
        return "finished"

    def _alone(self) -> Generator[tuple[float, int], None, None]:
        """Train in this process; gives the summed loss and the pairs of each step."""
        rest = list(self._begun)
        while rest:
            place = rest.pop(0)
            for turn, loss in self._steps(place, only=True):
                self._begun = [*([turn.place] if turn.place[:2] == place[:2] else []), *rest]
                self.share += turn.part
                yield loss, turn.pairs
            self._begun = list(rest)
        for turn, loss in self._steps(self._place):
            self._place, self.share = turn.place, turn.share
            yield loss, turn.pairs

    def _steps(self, place: Place, *, only: bool = False) -> Iterator[tuple[Turn, float]]:
        """Learn from `place` on; gives each turn with its summed loss."""
        turns = self.model.feed.turns(place, only=only)
        while True:
            with torch.inference_mode():  # measured 8 % faster than keeping what autograd could want to know
                turn = next(turns, None)
                if turn is None:
                    return
                loss = self.model.step(turn.batch, self.config.lr_at(self.share))
            yield turn, loss

    def _together(self) -> Generator[tuple[float, int], None, None]:
        """Train in several processes; gives summed loss and pairs each time that one tells of them."""
        share(self._weights().values())
        if self._crew is None or not self._crew.dismiss.alive:
            self._crew = Crew(self.processes)
        pieces = Pieces(self.model.feed, self._place, self._begun, self.share)
        try:
            with closing(self._crew.learn(self.model, self.config, pieces)) as steps:
                for step in steps:
                    self._note(pieces)
                    yield step
        finally:
            self._note(pieces)
        if self._crew is not self._lent:
            self._crew.dismiss()

    def _note(self, pieces: Pieces) -> None:
        """Where several processes are."""
        self._place, self._begun = pieces.place, pieces.unfinished
        self.share = pieces.share if self._begun or self._place.epoch < self.config.epochs else 1.0

    def _report(self, meter: Meter, on_progress: Callable[[Progress], None] | None) -> None:
        """Tell of the place reached, and count anew."""
        progress = meter.report(
            share=self.share,
            epoch=min(self._place.epoch + 1, self.config.epochs),
            epochs=self.config.epochs,
            tokens=self._tokens_read,
            total=self.tokens * self.config.epochs,
            lr=self.config.lr_at(self.share),
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
        """All that `restore` needs to go on, as copied arrays; with one process, to the same result bit for bit.

        The random generators need no room in it: they follow from the seed and the place.
        """
        return {
            **{name: weight.numpy().copy() for name, weight in self._weights().items()},
            "place": np.array(self._place, dtype=np.int64),  # (3,) pass, chunk, position
            "begun": np.array(self._begun, dtype=np.int64).reshape(-1, 3),  # (n, 3) what several processes left off
            "chunk": np.array(self.model.feed.chunk),
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
        if "chunk" in state and int(state["chunk"]) != self.model.feed.chunk:  # other processes cut differently
            self.model.feed.cut(int(state["chunk"]))
        self._place, *self._begun = (Place(*row.tolist()) for row in (state["place"], *state.get("begun", ())))
        self.share, self._seconds = float(state["share"]), float(state["seconds"])


def _first(
    vocab: Vocab, config: TrainConfig, start_from: WordVectors | FirstWeight | None
) -> tuple[NDArray[np.float32], NDArray[np.bool_] | None]:
    """The first weight (V, D), a copy, and which of its rows came from a vector set, (V,)."""
    init = config.init or UNIFORM
    if start_from is None:
        if config.pretrained is not None:
            raise BadSetting(
                f"This training should start from “{config.pretrained}”, so it needs that vector set: "
                "open it and give it as start_from."
            )
        return initial_weight(len(vocab), config.dim, config.seed, init), None
    if isinstance(start_from, FirstWeight):
        if start_from.weight.shape != (len(vocab), config.dim) or start_from.from_set.shape != (len(vocab),):
            raise TrainingProblem(
                f"The weight to start from has shape {start_from.weight.shape}, and the text and settings "
                f"need {(len(vocab), config.dim)}. Start it anew."
            )
        return start_from.weight.copy(), start_from.from_set.copy()
    check_pretrained(start_from, config.dim, config.pretrained)
    rows = set_rows(vocab.itos, start_from)  # (V,)
    check_covers(rows >= 0, config.pretrained or start_from.name)
    return pretrained_weight(start_from, rows, config.seed, init), rows >= 0


class LastGood:
    """Watches weights, and puts the last good ones back when they overflow."""

    def __init__(self, weights: Iterable[Tensor]) -> None:
        self._weights = list(weights)
        self._copies = [weight.clone() for weight in self._weights]
        self._next = 0.0  # when looking is worth its time again
        self._failed = False

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
        self._failed = True
        self.put_back()
        raise TrainingProblem(
            f"The numbers grew without bound at a learning rate of {lr:g}; the last good vectors were kept. "
            "Try a lower learning rate, or fewer positions a step."
        )

    def put_back(self) -> None:
        """Put the last good weights back if a check failed, or if all is not finite now."""
        if self._failed or any(not weight.norm().isfinite() for weight in self._weights):
            for copy, weight in zip(self._copies, self._weights, strict=True):
                weight.copy_(copy.nan_to_num_(0, 0, 0))  # an overflow may begin while a copy is being made


def train(
    sentences: Iterable[Sequence[str]],
    config: TrainConfig,
    *,
    start_from: WordVectors | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> WordVectors:
    """Word vectors learned from sentences (lists of tokens); stopped early, what there is by then.

    `start_from` is the opened set that `config.pretrained` names. Raises BadSetting and
    TrainingProblem as `Trainer` does.
    """
    trainer = Trainer(sentences, config, start_from=start_from)
    trainer.run(on_progress=on_progress, should_stop=should_stop)
    return trainer.word_vectors()
