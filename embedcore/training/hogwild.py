"""Several processes that train the same weights at once, without locks.

The method is that of Niu et al. 2011, "Hogwild!: A Lock-Free Approach to Parallelizing Stochastic
Gradient Descent": weights lie in shared memory, and each process reads and adds to them as if it
were alone. Where two move the same row in the same instant, one move may be lost, which is rare and
does no harm. So a run does not end with the same bits twice.

The process that asked trains nothing: it gives out pieces of the text, one chunk of one pass each,
and gathers what is told. The learning rate follows what all have done. Here belongs nothing about
what is learned. Torch is imported by the processes alone, so that they can be started, and import
it, while the text is still being read.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
import weakref
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from embedcore.errors import BadSetting, TrainingProblem
from embedcore.training.config import TrainConfig
from embedcore.training.sharing import pickled

if TYPE_CHECKING:
    from torch import Tensor

    from embedcore.training.feed import Feed, Place
    from embedcore.training.objectives import Model

MOST = 128  # processes: each takes some 200 MB
TELL_SECONDS = 0.05  # a process tells what it did, and hears of a stop, at least this often
PATIENCE = 10.0  # seconds for a process to end its step before it is killed
_READY = "ready"


def check_processes(processes: int) -> None:
    """Raise BadSetting unless so many processes can be started."""
    if isinstance(processes, bool) or not isinstance(processes, int):
        raise BadSetting(f"processes should be a whole number, but is {processes!r}.")
    if not 1 <= processes <= MOST:
        raise BadSetting(f"processes should be from 1 to {MOST}, but is {processes:,}.")


def too_many(processes: int) -> str | None:
    """A sentence for whoever asked for more processes than there are cores; None otherwise."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if processes <= cores:
        return None
    return f"{processes} processes share {cores} core{'s' if cores > 1 else ''} here, which is no faster than {cores}."


@dataclass
class Pieces:
    """What is left of a run: the chunks begun and not finished, and those that nobody has begun.

    Attributes:
        feed: cuts the text into chunks.
        place: the first chunk that nobody has begun.
        begun: where chunks were left off.
        share: of the whole run done, 0 to 1.
        held: what each process is at, by its number, as far as it has told.
    """

    feed: Feed
    place: Place
    begun: list[Place]
    share: float
    held: dict[int, Place] = field(default_factory=dict)

    @property
    def left(self) -> bool:
        """Whether there is a piece to give."""
        return bool(self.begun) or self.place.epoch < self.feed.epochs

    def give(self, number: int) -> Place | None:
        """The next piece, for process `number`; None if there is none left."""
        if self.begun:
            self.held[number] = self.begun.pop()
        elif self.left:
            self.held[number], self.place = self.place, self.feed.following(self.place)
        else:
            return None
        return self.held[number]

    @property
    def unfinished(self) -> list[Place]:
        """Where all chunks that were begun and not finished go on."""
        return [*self.begun, *self.held.values()]


@dataclass(frozen=True, eq=False)
class Report:
    """What a process did since its last report."""

    loss: float  # summed
    pairs: int
    share: float  # of the whole run
    place: Place | None  # where it is; None at the end of its piece
    stopped: bool = False  # it was told to, and waits


@dataclass(frozen=True, eq=False)
class _Job:
    """What a process works on until it is given something else."""

    number: int  # its own
    model: Model
    config: TrainConfig
    share: float  # of the whole run done before
    done: Tensor  # (processes,) float64, the share that each has done since


class Crew:
    """Processes that wait to be given work, and end with whoever started them."""

    def __init__(self, size: int) -> None:
        """Start `size` processes; as with `multiprocessing`, a script does so under `if __name__ == "__main__"`."""
        check_processes(size)
        self.size = size
        self._ready: set[int] = set()
        context = get_context("spawn")  # not forked: a process that has threads, as torch's, may not be
        self._ends: list[Connection] = []
        self._processes: list[BaseProcess] = []
        self.dismiss = weakref.finalize(self, _dismiss, self._processes, self._ends)
        for number in range(size):
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(theirs, size), name=f"training {number}", daemon=True)
            with _deaf_to_ctrl_c():
                process.start()
            theirs.close()
            self._ends.append(ours)
            self._processes.append(process)

    def learn(self, model: Model, config: TrainConfig, pieces: Pieces) -> Generator[tuple[float, int], None, None]:
        """Train on all `pieces`; gives summed loss and pairs each time that something is told, and now and then.

        `pieces` is kept up to date. Closing the generator stops the processes, which then stand
        still. Raises TrainingProblem when one of them ends unexpectedly.
        """
        import torch

        done = torch.zeros(self.size, dtype=torch.float64)
        shared: dict[int, Tensor] = {}

        def begin(number: int) -> None:
            job = _Job(number, model, config, pieces.share - float(done.sum()), done)
            self._ends[number].send_bytes(pickled(job, shared))
            self._give(number, pieces)

        try:
            for number in sorted(self._ready):
                begin(number)
            while pieces.held or (pieces.left and len(self._ready) < self.size):
                for number, message in self._hear(TELL_SECONDS):
                    if message == _READY:
                        self._ready.add(number)
                        begin(number)
                    else:
                        self._note(number, message, pieces)
                        if message.place is None:
                            self._give(number, pieces)
                        yield message.loss, message.pairs
                yield 0.0, 0  # so that whoever waits can think of stopping
        except (EOFError, OSError) as error:
            raise TrainingProblem(self._lost()) from error
        finally:
            self._halt(pieces)

    def _give(self, number: int, pieces: Pieces) -> None:
        place = pieces.give(number)
        if place is not None:
            self._ends[number].send(place)

    def _hear(self, seconds: float) -> Iterator[tuple[int, Any]]:
        """What the processes told, waiting up to `seconds` for the first."""
        for end in wait(self._ends, seconds):
            assert isinstance(end, Connection)
            yield self._ends.index(end), end.recv()

    def _note(self, number: int, report: Report, pieces: Pieces) -> None:
        pieces.share += report.share
        if report.place is None:
            del pieces.held[number]
        else:
            pieces.held[number] = report.place

    def _halt(self, pieces: Pieces) -> None:
        """Let all come to rest, and note where; those that do not are ended, and with them the crew."""
        running, until = set(pieces.held), time.monotonic() + PATIENCE
        try:
            for number in running:
                self._ends[number].send(None)
            while running:
                if time.monotonic() > until:
                    raise TimeoutError
                for number, message in self._hear(TELL_SECONDS):
                    if message == _READY:
                        self._ready.add(number)
                        continue
                    self._note(number, message, pieces)
                    if message.stopped or message.place is None:
                        running.discard(number)
        except (EOFError, OSError):  # TimeoutError is one
            self.dismiss()
        pieces.begun, pieces.held = pieces.unfinished, {}

    def _lost(self) -> str:
        """A sentence about the process that ended by itself."""
        for process in self._processes:
            process.join(0.5)
        code = next((process.exitcode for process in self._processes if process.exitcode), None)
        how = "" if code is None else f" (exit code {code})" if code > 0 else f" (killed by signal {-code})"
        return (
            f"One of the {self.size} training processes ended unexpectedly{how}; what was learned until then was kept. "
            "If memory was short, try fewer processes."
        )


def _dismiss(processes: list[BaseProcess], ends: list[Connection]) -> None:
    """End all processes: their pipe closes, and those that do not see it are killed."""
    for end in ends:
        end.close()
    for process in processes:
        process.join(1)
        if process.is_alive():
            process.kill()
            process.join()


@contextlib.contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """A process started meanwhile does not hear Ctrl-C, not even while it starts: the parent decides what it means."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # or it would be started meanwhile, which undoes the blocking
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


# What follows runs in the processes, or travels to them.


def _work(end: Connection, size: int) -> None:
    """One process of `size`: learn from the pieces given until the other end closes."""
    import torch

    import embedcore.training.trainer  # noqa: F401  (what every job needs, while the text is still being read)
    from embedcore.training import moving

    moving.processes = size
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # also where signals cannot be blocked
    torch.set_num_threads(1)
    job: _Job | None = None
    with contextlib.suppress(EOFError, OSError), torch.inference_mode():
        end.send(_READY)
        while True:
            message = end.recv()
            if isinstance(message, _Job):
                job = message
            elif message is not None:  # None: a stop that came when the piece was done
                assert job is not None
                _learn(end, job, message)


def _learn(end: Connection, job: _Job, place: Place) -> None:
    """Learn from one piece, telling of it now and then, until its end or a stop."""
    done: NDArray[np.float64] = job.done.numpy()  # (processes,)
    loss, pairs, share, due = 0.0, 0, 0.0, 0.0
    for turn in job.model.feed.turns(place, only=True):
        loss += job.model.step(turn.batch, job.config.lr_at(job.share + done.sum()))
        pairs, share = pairs + turn.pairs, share + turn.part
        done[job.number] += turn.part
        now = time.perf_counter()
        if now >= due and turn.place[:2] == place[:2]:
            stopped = end.poll()
            end.send(Report(loss, pairs, share, turn.place, stopped))
            if stopped:
                return
            loss, pairs, share, due = 0.0, 0, 0.0, now + TELL_SECONDS
    end.send(Report(loss, pairs, share, None))
