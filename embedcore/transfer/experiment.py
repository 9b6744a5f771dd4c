"""The experiment: the same classifier from each start, on growing amounts of training text, several times.

Here belongs which fits there are, in which order, how long they will take, and going on where an
earlier turn stopped. What a single fit does is in `fitting`, what all say together in `answers`;
keeping what is finished on disk belongs to whoever runs it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from embedcore.errors import BadSetting, TrainingProblem
from embedcore.training.initial import check_pretrained
from embedcore.transfer.config import SCRATCH, TransferConfig
from embedcore.transfer.encoding import Encoded, Tokenized, encode, rows_in, tokenize_texts
from embedcore.transfer.fitting import Learned, Texts, fit
from embedcore.transfer.labelled import LabelledTexts
from embedcore.transfer.order import tasks_of
from embedcore.transfer.results import Fitted, Integers, Task
from embedcore.transfer.splitting import Split, in_order

if TYPE_CHECKING:
    from embedcore.vectors import WordVectors

FIRST_STEP = 0.003  # seconds that a step is taken for before any was made
PASSES = 12  # over the training texts, that a fit of many is taken for


@dataclass(frozen=True)
class Progress:
    """How far an experiment is.

    Attributes:
        fitted: the fit that was finished now.
        done, total: fits finished, those of earlier turns too, and fits in all.
        seconds: of this turn so far.
        seconds_left: from what the fits so far took, by their start and size.
    """

    fitted: Fitted
    done: int
    total: int
    seconds: float
    seconds_left: float


@dataclass(eq=False)
class Experiment:
    """Everything that the fits of one experiment share.

    Raises BadSetting for a setting out of bounds, TextProblem for a tokenizer that cannot be used,
    and TrainingProblem where a set is missing, or where nothing can be learned or asked.

    Attributes:
        finished: what was done, by task; give those of an earlier turn, and they are not made again.
    """

    data: LabelledTexts
    split: Split
    config: TransferConfig
    vectors: WordVectors | None = None
    finished: dict[Task, Fitted] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.config.check()
        pretrained = set(self.config.starts) - {SCRATCH}
        if pretrained and self.vectors is None:
            raise TrainingProblem("Frozen and tuned start from a vector set, so one has to be opened.")
        if pretrained and self.vectors is not None and self.config.dim is not None:
            check_pretrained(self.vectors, self.config.dim, self.config.pretrained)
        if len(np.unique(self.data.labels[self.split.train])) < 2:
            raise TrainingProblem("The training texts are all of one class, so there is nothing to tell apart.")
        if not len(self.split.test):
            raise TrainingProblem("There is no test text, so nothing could be said about what was learned.")
        self.tokenized: Tokenized = tokenize_texts(self.data.texts, self.config.tokenizer)
        use = bool(pretrained) and self.vectors is not None
        self.rows = rows_in(self.vectors, self.tokenized) if use and self.vectors is not None else None  # (W,)
        self._encoded: tuple[tuple[int, int, bool], Encoded] | None = None

    def tasks(self) -> list[Task]:
        """All fits, in the order in which they are made."""
        return tasks_of(self.config, len(self.split.train))

    def training_texts(self, size: int, seed: int) -> Integers:
        """The places of the training texts that a seed draws, (size,): the smaller sizes are among them."""
        return in_order(self.data.labels, self.split.train, seed)[:size]

    def texts(self, task: Task) -> Texts:
        """What a fit reads: the vocabulary is that of its own training texts, and of the set where there is one."""
        training = self.training_texts(task.size, task.seed)
        key = (task.size, task.seed, task.start != SCRATCH)  # frozen and tuned, one after the other, share it
        if self._encoded is None or self._encoded[0] != key:
            rows = self.rows if key[-1] else None
            self._encoded = key, encode(self.tokenized, training, rows, min_count=self.config.min_count)
        return Texts(
            self._encoded[1],
            self.data.labels,
            len(self.data.classes),
            training,
            self.split.validation,
            self.split.test,
        )

    def learn(self, task: Task, should_stop: Callable[[], bool] | None = None) -> Learned | None:
        """Make one fit, with its model; the same one every time. None if it was stopped."""
        if task.size > len(self.split.train):
            raise BadSetting(f"There are {len(self.split.train):,} training texts, so no fit can have {task.size:,}.")
        return fit(self.texts(task), task, self.config, self.vectors, should_stop=should_stop)

    def run(
        self,
        *,
        on_progress: Callable[[Progress], None] | None = None,
        on_learned: Callable[[Learned], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> str:
        """Make all fits that are not finished. Returns "finished" or "stopped".

        `on_learned` gets each fit with its model, which is not kept, before `on_progress` tells of it.
        `should_stop` is asked before each fit and several times in it; a fit that was begun is
        dropped then, and those before it are in `finished`.
        """
        began, tasks = time.perf_counter(), self.tasks()
        for task in tasks:
            if task in self.finished:
                continue
            if should_stop is not None and should_stop():
                return "stopped"
            learned = self.learn(task, should_stop)
            if learned is None:
                return "stopped"
            self.finished[task] = learned.fitted
            if on_learned is not None:
                on_learned(learned)
            if on_progress is not None:
                done = [fitted for each, fitted in self.finished.items() if each in set(tasks)]
                left = seconds_left(done, [each for each in tasks if each not in self.finished], self.config.batch)
                seconds = time.perf_counter() - began
                on_progress(Progress(learned.fitted, len(done), len(tasks), seconds, left))
        return "finished"


def seconds_left(done: Iterable[Fitted], to_do: Iterable[Task], batch: int) -> float:
    """How long the fits `to_do` will take, from those `done`, of `batch` texts a step.

    A fit takes as long as those from the same start; where none was made, as those from all. Between
    sizes that were done, a straight line; beyond them, as long a step, and as many passes as the
    largest took, but no more than PASSES: over few texts a fit makes many.
    """
    known: dict[str, list[Fitted]] = {}
    every = list(done)
    for fitted in every:
        known.setdefault(fitted.task.start, []).append(fitted)
    return sum(_expected(known.get(task.start, every), task.size, batch) for task in to_do)


def _expected(fits: Sequence[Fitted], size: int, batch: int) -> float:
    """The seconds that a fit of a size takes."""
    if not fits:
        return FIRST_STEP * PASSES * -(-size // batch)
    table: dict[int, list[float]] = {}
    for fitted in fits:
        table.setdefault(fitted.task.size, []).append(fitted.seconds)
    sizes = sorted(table)
    if size <= sizes[-1]:
        return float(np.interp(size, sizes, [np.mean(table[known]) for known in sizes]))
    largest = [fitted for fitted in fits if fitted.task.size == sizes[-1]]
    seconds, steps = (sum(getattr(one, name) for one in largest) / len(largest) for name in ("seconds", "steps"))
    passes = min(PASSES, steps * batch / sizes[-1])
    return float(seconds * max(1.0, passes * size / batch / steps))
