"""What a server process holds of runs: it submits, finds and stops them.

The process that works them off is kept going by `dispatcher_process`.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from embedcore.errors import BadSetting, EmbedcoreError, RunProblem, StorageProblem, UnknownRun
from embedcore.runs import queue
from embedcore.runs.dispatcher_process import DispatcherProcess
from embedcore.runs.folder import (
    FAILED,
    FINISHED,
    QUEUED,
    RESUMABLE,
    RUNNING,
    TRAIN,
    Run,
    RunFolder,
    list_runs,
    new_run_id,
    run_ids,
)
from embedcore.settings import Settings

_BEGINNING_CHARACTERS = 80
_NOT_RESUMABLE = {
    QUEUED: "This run is already waiting in the line.",
    RUNNING: "This run is already running.",
    FINISHED: "This run is finished: there is nothing left to do.",
}
_NO_PASSES_NOW = {state: _NOT_RESUMABLE[state] for state in (QUEUED, RUNNING)}
_NOT_FINISHED = "This run ended before its last pass: resume it first, and add passes once it is finished."


@dataclass(frozen=True)
class RunSummary:
    """A run as a list of runs shows it."""

    run: Run
    metric: dict[str, Any] | None  # the last report of its progress
    place: int | None  # in the waiting line, from 1; None if it does not wait there
    beginning: str  # of its text, on one line
    resumable: bool  # whether going on from where it ended makes sense

    @property
    def loss(self) -> float | None:
        """The last loss that is known."""
        return (self.metric or {}).get("loss", self.run.result.get("loss"))

    @property
    def share(self) -> float:
        """How much of the work is done, 0 to 1."""
        return 1.0 if self.run.state == FINISHED else float((self.metric or {}).get("share", 0.0))


@dataclass(frozen=True)
class Draft:
    """What a new run like an earlier one begins from; a copy, to be changed at will."""

    kind: str
    name: str
    config: dict[str, Any]
    text: str

    @property
    def tokenizer(self) -> str | None:
        """How the text was split; None for a kind of run that splits none."""
        return self.config.get("tokenizer")


class Runs:
    """All runs of one data folder, and the dispatcher that works them off."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._dir = settings.runs_dir
        self._resuming = threading.Lock()  # some network disks lock between processes only
        self._process = DispatcherProcess(settings)
        self._kinds: dict[str, str] = {}  # by run: its kind, which never changes

    # the dispatcher

    def start(self) -> None:
        """Start the dispatcher, and again whenever it ends by itself. Calling it twice does nothing."""
        self._process.start()

    def stop(self) -> None:
        """End the dispatcher and its workers; runs in progress are marked interrupted."""
        self._process.stop()

    @property
    def workers(self) -> int:
        """How many workers are ready, as the dispatcher last said."""
        return self._process.workers

    # runs

    def submit(
        self, kind: str, config: Mapping[str, Any], *, name: str, text: str | None = None, run_id: str | None = None
    ) -> Run:
        """Write a run's folder and put it in the waiting line; returns at once.

        With a `run_id` that was used before, nothing new is made and that run is returned: a
        button pressed twice starts one run. Raises StorageProblem if it cannot be written.
        """
        run = Run(run_id or new_run_id(), kind, name, dict(config), created=time.time())
        folder = RunFolder(self._dir, run.id)
        if folder.exists():
            return folder.run
        folder = RunFolder.create(self._dir, run, text)
        try:
            queue.add(self._dir, folder.run)
        except StorageProblem:
            folder.remove()  # who is told that it failed does not find it begun later
            raise
        self.start()
        self._process.poke()
        return folder.run

    def resume(self, run_id: str) -> Run:
        """Put a run that ended early in the line again; it goes on from its checkpoint, or else begins anew.

        Of several people who ask at once, one succeeds. Raises RunProblem for a run that waits,
        runs or is finished, UnknownRun, and StorageProblem.
        """
        folder = self.folder(run_id)
        with self._resuming, folder.alone():
            run = folder.run
            if run.state not in RESUMABLE:
                raise RunProblem(_NOT_RESUMABLE[run.state])
            self._put_in_line(folder, run, resumed=run.resumed + 1)
        self.start()
        self._process.poke()
        return folder.run

    def add_passes(self, run_id: str, epochs: int, *, had: int | None = None) -> Run:
        """Put a finished run in the line again, to make `epochs` more passes over its text from where it ended.

        What was all of its work is then a part of it (see `Run.share_now`). `had` is how many
        passes the run had as far as whoever asks knows: of two people who ask at once, or
        one who presses twice, one succeeds. Raises RunProblem for a run that is not finished,
        makes no passes, has other passes by now, or has lost its checkpoint, BadSetting for
        too many passes, UnknownRun, and StorageProblem.
        """
        folder = self.folder(run_id)
        with self._resuming, folder.alone():
            run = folder.run
            before = run.config.get("epochs")
            if before is None:
                raise RunProblem("This run makes no passes over a text: none can be added.")
            if run.state != FINISHED:
                raise RunProblem(_NO_PASSES_NOW.get(run.state, _NOT_FINISHED))
            if had is not None and had != before:
                raise RunProblem(f"Somebody has added passes to this run since: it has {before:,} now.")
            if isinstance(epochs, bool) or not isinstance(epochs, int) or epochs < 1:
                raise BadSetting(f"At least 1 pass can be added, but {epochs!r} was asked for.")
            if before + epochs > self.settings.max_epochs:
                raise BadSetting(
                    f"A run can make at most {self.settings.max_epochs:,} passes; "
                    f"this one has made {before:,}, and {epochs:,} more would be {before + epochs:,}."
                )
            if folder.checkpoint() is None:
                raise RunProblem(
                    "What this run had reached is no longer there, so that it cannot go on. "
                    "Run it again with more passes instead."
                )
            self._put_in_line(
                folder, run, config={**run.config, "epochs": before + epochs},
                earlier_epochs=[*run.earlier_epochs, before],
            )  # fmt: skip
        self.start()
        self._process.poke()
        return folder.run

    def _put_in_line(self, folder: RunFolder, run: Run, **more: Any) -> None:
        """Make a run that is over wait again; whoever calls holds its lock. Raises StorageProblem."""
        changes: dict[str, Any] = {
            "state": QUEUED, "error": None, "ended": None, "result": {}, "owner": {}, "queued": time.time(), **more,
        }  # fmt: skip
        folder.forget_stop()
        # The place comes first: a dispatcher that sees it waits for the lock. The other
        # way round, an end in between would leave a run that waits without a place.
        queue.add(self._dir, replace(run, **changes))
        try:
            folder.update(**changes)
        except EmbedcoreError:
            queue.take(self._dir, folder.id)
            raise

    def rename(self, run_id: str, name: str) -> str:
        """Give a run another name (one line of 1 to 120 characters); the name as kept.

        Raises BadName, UnknownRun, StorageProblem.
        """
        return RunFolder(self._dir, run_id).rename(name)

    def delete(self, run_id: str) -> None:
        """Delete a run with its text, out of sight at once; work on it ends by itself.

        Vector sets that were kept from it stay. Raises UnknownRun, StorageProblem.
        """
        RunFolder(self._dir, run_id).remove()
        queue.take(self._dir, run_id)
        self._process.poke()

    def again(self, run_id: str) -> Draft:
        """What a new run with other settings begins from. Raises UnknownRun, StorageProblem."""
        folder = self.folder(run_id)
        run = folder.run
        return Draft(run.kind, run.name, dict(run.config), folder.text())

    def folder(self, run_id: str) -> RunFolder:
        """The folder of a run. Raises UnknownRun if there is none."""
        folder = RunFolder(self._dir, run_id)
        _ = folder.run
        return folder

    def recent(self, limit: int = 10, *, kinds: Collection[str] | None = None) -> list[Run]:
        """The newest runs, of all kinds or of some."""
        return list(itertools.islice(self.all(kinds), limit))

    def all(self, kinds: Collection[str] | None = None) -> Iterator[Run]:
        """All runs, newest first, of all kinds or of some, read one by one as they are asked for.

        What cannot be read is passed over. Raises StorageProblem.
        """
        if kinds is None:
            yield from list_runs(self._dir)
            return
        for run_id in self._ids(kinds):
            try:
                yield RunFolder(self._dir, run_id).run
            except (UnknownRun, StorageProblem):
                continue

    def listing(self, limit: int = 50, offset: int = 0, *, kinds: Collection[str] | None = None) -> list[RunSummary]:
        """One page of the list of runs, newest first: `limit` of them after the first `offset`.

        Of all kinds, or of some. A run that cannot be read is left out of its page. Raises StorageProblem.
        """
        places = {run_id: place for place, run_id in enumerate(queue.waiting(self._dir), 1)}
        found = []
        for run_id in itertools.islice(self._ids(kinds), offset, offset + limit):
            folder = RunFolder(self._dir, run_id)
            try:
                run, metric = folder.run, folder.last_metric()
            except EmbedcoreError:
                continue  # deleted just now, or damaged
            # A training that failed before its first checkpoint would fail again; a file may be fetched next time.
            hopeful = run.state != FAILED or run.kind != TRAIN or folder.checkpoint_number() > 0
            resumable = run.state in RESUMABLE and hopeful
            place = places.get(run_id) if run.state == QUEUED else None
            found.append(RunSummary(run, metric, place, folder.beginning(_BEGINNING_CHARACTERS), resumable))
        return found

    def count(self, *, kinds: Collection[str] | None = None) -> int:
        """How many runs there are, of all kinds or of some."""
        return sum(1 for _ in self._ids(kinds))

    def _ids(self, kinds: Collection[str] | None) -> Iterator[str]:
        """The ids of the runs of some kinds, newest first; each run is read once to learn its kind."""
        for run_id in run_ids(self._dir):
            folder = RunFolder(self._dir, run_id)
            if not folder.exists():
                self._kinds.pop(run_id, None)
            elif kinds is None or self._kind(folder) in kinds:
                yield run_id

    def _kind(self, folder: RunFolder) -> str | None:
        if folder.id not in self._kinds:
            try:
                self._kinds[folder.id] = folder.run.kind
            except EmbedcoreError:
                return None  # deleted just now, or damaged
        return self._kinds[folder.id]

    def ask_to_stop(self, run_id: str) -> None:
        """Ask a run to stop; it keeps what it has. One that waits never starts, one that is over is left alone."""
        folder = self.folder(run_id)
        if not folder.run.over:  # the flag would stop it when it is resumed
            folder.ask_to_stop()
            self._process.poke()

    def place(self, run_id: str) -> int | None:
        """A queued run's place in the line, from 1; None if it does not wait there."""
        try:
            return queue.waiting(self._dir).index(run_id) + 1
        except ValueError:
            return None

    def wait(self, run_id: str, seconds: float = 60.0) -> Run:
        """The run once it is over. Raises StorageProblem if that takes longer than `seconds`."""
        deadline = time.monotonic() + seconds
        while not (run := self.folder(run_id).run).over:
            if time.monotonic() > deadline:
                raise StorageProblem(f"The run “{run_id}” is still {run.state} after {seconds:g} seconds.")
            time.sleep(0.05)
        return run

    @property
    def queued(self) -> int:
        """How many runs wait."""
        return len(queue.waiting(self._dir))
