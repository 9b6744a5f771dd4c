"""How far a run is that reads, fetches or writes a file: its lines in metrics.jsonl, written and read.

Here belongs what such lines hold. A line's `share` is of the whole job, as in every other
kind of run, and its `phase_share` of the phase it is in. Training has lines of its own.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from embedcore.errors import EmbedcoreError, StorageProblem
from embedcore.runs.folder import FINISHED, RUNNING, RunFolder

FETCHING, READING, INDEXING, WRITING = "fetching", "reading", "indexing", "writing"
STOPPED_EARLY = {"stopped": True}  # the result of a job that kept nothing
_RECENT_SECONDS = 8.0  # what the rate is a mean over
_EVERY_SECONDS, _RARELY_SECONDS = 0.3, 5.0  # between two lines, at first and later
_LOOK_SECONDS = 0.1  # between two looks at whether to stop
_STALE_SECONDS = 10.0  # a line this old says nothing of the rate now; longer than lines are apart


class Stopped(Exception):
    """Raised out of a job's progress when somebody asked the run to stop, or it is no longer this worker's."""


@dataclass(frozen=True)
class JobProgress:
    """How far a job is."""

    phase: str  # FETCHING, READING, INDEXING or WRITING
    share: float  # of the whole job, 0 to 1
    phase_share: float  # of the phase, 0 to 1
    bytes: int | None  # of the file, so far; None where no bytes are counted
    bytes_total: int | None  # None if the server did not say
    bytes_per_second: float | None  # lately
    seconds_left: float | None  # of the phase, at that rate


def progress_of(folder: RunFolder) -> JobProgress | None:
    """How far a run is, by the last line that it wrote; None before it began. Cheap: reads the end of one file.

    Raises UnknownRun, and StorageProblem if that cannot be read.
    """
    line = folder.last_metric()
    if line is None or "phase" not in line:
        return None
    state = folder.run.state
    done = state == FINISHED
    known = state == RUNNING and time.time() - float(line.get("time", 0.0)) < _STALE_SECONDS
    return JobProgress(
        line["phase"],
        1.0 if done else float(line["share"]),
        1.0 if done else float(line["phase_share"]),
        line.get("bytes"),
        line.get("bytes_total"),
        line.get("bytes_per_second") if known else None,
        line.get("seconds_left") if known else None,
    )


def unless_stopped(folder: RunFolder, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What a job returns that keeps nothing until it is done: its result, or that it was stopped, or deleted."""
    try:
        return work()
    except Stopped:
        return STOPPED_EARLY
    except StorageProblem:
        if not folder.exists():  # whoever deletes the run takes the place away that is written to
            return STOPPED_EARLY
        raise


class Reporter:
    """Writes down progress now and then, and ends the job by raising Stopped when somebody asked for that.

    At most three lines a second in the first minute, after that the more rarely the longer it
    goes on, down to one in five seconds. What it says of the whole job never falls.
    """

    def __init__(self, folder: RunFolder, weights: Mapping[str, float]) -> None:
        """`weights`: how much of the whole job each of its phases is, in their order."""
        total = sum(weights.values())
        self._weights = {phase: weight / total for phase, weight in weights.items()}
        self._folder = folder
        self._began = time.monotonic()
        self._phase = ""
        self._looked = self._written = float("-inf")  # when it was looked whether to stop, and a line written
        self._said = float("-inf")  # the share of the phase in that line
        self._samples: deque[tuple[float, float]] = deque()  # when, and how much of the phase was done
        self._counting = False  # whether that is in bytes
        self._share = 0.0

    def check(self) -> None:
        """Raise Stopped if the run should not go on."""
        if self._folder.should_stop():
            raise Stopped

    def at(self, phase: str, share: float, *, done: int | None = None, total: int | None = None, **more: int) -> None:
        """Say that so much of a phase is done; `done` of `total` bytes, where bytes are counted.

        `more` is whatever else the line should say, such as how many steps are done.

        Raises Stopped, and what `RunFolder.append_metric` raises.
        """
        now = time.monotonic()
        if phase != self._phase:
            self._phase = phase
            self._samples.clear()
            self._looked = self._written = self._said = float("-inf")  # a phase is said as soon as it begins
        share = min(max(share, 0.0), 1.0)
        if now - self._looked >= _LOOK_SECONDS or share >= 1:
            self._looked = now
            try:
                self.check()
            except Stopped:
                with suppress(EmbedcoreError):  # whoever deleted the run does not ask how far it came
                    self._write(now, share, done, total, more)
                raise
        pause = min(max(_EVERY_SECONDS, (now - self._began) / 240), _RARELY_SECONDS)
        if now - self._written >= pause or share >= 1 > self._said:
            self._written = now
            self._write(now, share, done, total, more)

    def _write(self, now: float, share: float, done: int | None, total: int | None, more: Mapping[str, int]) -> None:
        self._said = share
        rate = self._rate(now, share, done)
        if done is not None and total is not None and done > total:
            total = None  # it was a guess
        left = None
        if rate:
            left = (total - done) / rate if done is not None and total else (1 - share) / rate if done is None else None
        self._share = max(self._share, self._before() + self._weights.get(self._phase, 0.0) * share)
        line = {
            "phase": self._phase,
            "share": round(min(self._share, 1.0), 5),
            "phase_share": round(share, 5),
            "bytes": done,
            "bytes_total": total,
            "bytes_per_second": rate if done is not None else None,
            "seconds_left": left,
            "time": time.time(),
            **more,
        }
        self._folder.append_metric(line)

    def _before(self) -> float:
        """The share of the phases before this one."""
        order = list(self._weights)
        return sum(self._weights[phase] for phase in order[: order.index(self._phase)])

    def _rate(self, now: float, share: float, done: int | None) -> float | None:
        """What is done a second, lately; None while too little is known."""
        amount, counting = (share, False) if done is None else (float(done), True)
        if counting != self._counting or (self._samples and amount < self._samples[-1][1]):
            self._samples.clear()  # bytes that were there before, or a file that is fetched anew
        self._counting = counting
        self._samples.append((now, amount))
        while len(self._samples) > 2 and now - self._samples[1][0] > _RECENT_SECONDS:
            self._samples.popleft()
        seconds, more = now - self._samples[0][0], amount - self._samples[0][1]
        return more / seconds if seconds > 0 and more > 0 else None
