"""The dispatcher: a process that hands queued runs to Dask workers, one run a worker.

    python -m embedcore.runs.dispatcher

Started by `dispatcher_process`, never by hand. It starts a local Dask cluster, or connects to the one
that DASK_SCHEDULER_ADDRESS names. A worker is given one run at a time and the others wait in
our own line, not in Dask's: when a worker dies, Dask blames every task that was assigned to
it, also those that only waited there.

It ends when its standard input does, that is, with the server.
"""

from __future__ import annotations

import json
import os
import queue as queues
import re
import secrets
import shutil
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from embedcore import settings as settings_module
from embedcore import uploads
from embedcore.errors import EmbedcoreError, StorageProblem, UnknownRun
from embedcore.leftovers import remove_leftovers
from embedcore.runs import deaf, queue
from embedcore.runs.cluster import connect, kill_workers, make_scratch
from embedcore.runs.folder import FAILED, INTERRUPTED, QUEUED, RUNNING, STOPPED, Run, RunFolder, list_runs, run_ids
from embedcore.runs.record import DOWNLOAD, EXPORT, EXPORTS, GROUPING, MAP, PICTURES, SCRATCH
from embedcore.runs.worker import WORKER_DIED, execute, interruption
from embedcore.settings import Settings

if TYPE_CHECKING:
    from distributed import Client, Future

SERVER_STOPPED = (
    "The server stopped, or had to start its workers anew, while this was running. "
    "What the last checkpoint held is kept."
)
NOT_HEARD_OF = "Nothing was heard of the worker of this run for two minutes. What the last checkpoint held is kept."
_LOOK_SECONDS = 1.0
_LOST_SECONDS = 120.0  # without a heartbeat, a run on another machine counts as lost
_RECOVER_SECONDS = 10.0  # between two looks at all runs
_TIDY_SECONDS = 3600.0  # between two looks for runs that are old
_DAY, _HOUR = 86_400.0, 3600.0
_OWN_ID = re.compile(r"[0-9a-f]{23}")  # as new_run_id makes them


@dataclass(frozen=True)
class _Given:
    """A run that was given to a worker, with the ticket that makes the run that worker's."""

    folder: RunFolder
    ticket: str
    future: Future
    kind: str

    def still(self, *states: str) -> Callable[[Run], bool]:
        """Whether a run is still the one that was given, and in one of those states."""
        return lambda run: run.state in states and run.owner.get("ticket") == self.ticket


class Dispatcher:
    """Takes runs from the line while there are idle workers, and notes those whose worker died."""

    def __init__(self, settings: Settings, client: Client, owner: dict[str, Any]) -> None:
        self._settings = settings
        self._dir = settings.runs_dir
        self._client = client
        self._owner = owner
        self._external = "scheduler" in owner
        self._busy: dict[str, _Given] = {}  # by worker address
        self._ended: list[tuple[_Given, str, str]] = []  # state and sentence, not yet written down
        self._over: dict[str, int] = {}  # by run: when run.json last changed, of those that were over then
        self._next_recovery = self._next_tidying = 0.0
        self._said = -1
        self._troubles: dict[str, str] = {}  # by what was tried

    def look(self) -> None:
        """One round: put right what was left behind, clear away what ended, give work to idle workers."""
        if time.monotonic() >= self._next_recovery:
            self._next_recovery = time.monotonic() + _RECOVER_SECONDS
            self._try("the runs", self.recover)
        if time.monotonic() >= self._next_tidying:
            self._next_tidying = time.monotonic() + _TIDY_SECONDS
            self._try("old runs", self.tidy)
        workers = set(self._client.scheduler_info(n_workers=-1)["workers"])
        self._say(len(workers))
        for address, given in list(self._busy.items()):
            if given.future.done():
                del self._busy[address]
                self._ended.append((given, *_how_it_ended(given.future)))
            elif address not in workers and not self._external:
                self._try(given.folder.id, self._take_back, address)
            elif given.kind in deaf.KINDS and not self._external:
                self._try(given.folder.id, deaf.end, given.folder, given.still(RUNNING))
        self._note_ends()
        for run_id in queue.waiting(self._dir):
            self._try(run_id, self._serve, run_id, workers - self._busy.keys())

    def recover(self) -> None:
        """Put right what others left behind: runs whose process is gone, and lost places in the line.

        Done again and again, since a worker elsewhere, or another server on this folder, may be lost at any time.
        """
        waiting = set(queue.waiting(self._dir))
        for run in self._not_over():
            self._try(run.id, self._recover, run, waiting)

    def _recover(self, run: Run, waiting: set[str]) -> None:
        folder = RunFolder(self._dir, run.id)
        given = next((given for given in self._busy.values() if given.folder.id == run.id), None)

        def as_it_was(now: Run) -> bool:
            return now.state == run.state and now.owner == run.owner

        if run.state == RUNNING and self._abandoned(folder, run):
            sentence = NOT_HEARD_OF if self._elsewhere(run) else SERVER_STOPPED
            told = interruption(sentence, run.kind)
            if folder.change(as_it_was, state=INTERRUPTED, ended=time.time(), error=told):
                _clear(folder)
                if given is not None:
                    self._client.cancel([given.future], force=True)
                    self._busy = {address: other for address, other in self._busy.items() if other is not given}
        elif run.state == QUEUED and given is None and run.id not in waiting and self._abandoned(folder, run):
            returned = folder.change(as_it_was, owner={})
            if returned is not None:
                queue.add(self._dir, returned)

    def _not_over(self) -> list[Run]:
        """The runs that are not over, reading only what changed since the last time."""
        found = []
        for run_id in run_ids(self._dir):
            folder = RunFolder(self._dir, run_id)
            try:
                changed = (folder.path / "run.json").stat().st_mtime_ns
                if self._over.get(run_id) == changed:
                    continue
                run = folder.run
            except (OSError, EmbedcoreError):
                continue  # deleted just now, or damaged: nothing to put right
            if run.over:
                self._over[run_id] = changed
            else:
                found.append(run)
        return found

    def tidy(self) -> None:
        """Remove runs that ended long ago, and what deleting and writing left behind. Kept sets are elsewhere."""
        remove_leftovers(self._dir)
        remove_leftovers(self._settings.downloads_dir)
        in_use = []
        for run in list_runs(self._dir):
            if self._is_old(run):
                self._try(run.id, RunFolder(self._dir, run.id).remove_if, self._is_old)
            elif run.kind == MAP and _ended_before(run, _HOUR):
                # What it looked like on the way, which may be 12 MB, is for those who wait for it.
                shutil.rmtree(RunFolder(self._dir, run.id).path / PICTURES, ignore_errors=True)
            elif not run.over and run.config.get("file"):
                in_use.append(Path(run.config["file"]))
        self._try("old uploads", uploads.tidy, self._settings, in_use)
        for run_id in run_ids(self._dir):
            # Of a worker that was killed just when its run was deleted. Only what we named ourselves.
            if _OWN_ID.fullmatch(run_id):
                RunFolder(self._dir, run_id).sweep(older_than_seconds=_DAY)

    def _is_old(self, run: Run) -> bool:
        """Whether a run ended so long ago that it is removed; what is large goes earlier."""
        days, hours = self._settings.runs_kept_days, self._settings.exports_kept_hours
        limits = [days * _DAY, hours * _HOUR if run.kind == EXPORT else 0.0]
        if run.kind == GROUPING:  # what it found is kept elsewhere, and the page shows no list of these
            limits.append(_HOUR)
        kept = min((seconds for seconds in limits if seconds), default=None)
        return kept is not None and _ended_before(run, kept)

    def end(self) -> None:
        """Note for every run given out that its worker is gone: those begun are interrupted, the others wait again."""
        for given in self._busy.values():
            self._try(given.folder.id, self._return_to_line, given)
            self._ended.append((given, INTERRUPTED, SERVER_STOPPED))
        self._busy = {}
        self._note_ends()

    def _serve(self, run_id: str, idle: set[str]) -> None:
        """Do what is to be done for a run in the line: stop it, give it out, or take away a place that is none."""
        folder = RunFolder(self._dir, run_id)

        def waits(run: Run) -> bool:
            return run.state == QUEUED and (not run.owner or self._abandoned(folder, run))

        try:
            run = folder.run
            if not waits(run):
                queue.take(self._dir, run_id)  # given out or over: put here by somebody who had looked too early
            elif folder.should_stop():
                folder.change(waits, state=STOPPED, ended=time.time())
                queue.take(self._dir, run_id)
            elif idle and self._has_room(run.kind, idle):
                ticket = secrets.token_hex(8)
                owner = {**self._owner, "ticket": ticket, "given": time.time()}
                # First the owner, then the place: whoever ends in between leaves a run that can be found.
                taken = folder.change(waits, owner=owner)
                queue.take(self._dir, run_id)
                if taken:
                    self._give(folder, ticket, min(idle), run.kind)
        except UnknownRun:
            queue.take(self._dir, run_id)

    def _has_room(self, kind: str, idle: set[str]) -> bool:
        """Whether a run of a kind may begin: fetching, which may take hours, leaves a worker to the other kinds."""
        fetching = sum(given.kind == DOWNLOAD for given in self._busy.values())
        return kind != DOWNLOAD or fetching + 1 < len(self._busy) + len(idle) or (not fetching and not self._busy)

    def _give(self, folder: RunFolder, ticket: str, worker: str, kind: str) -> None:
        future = self._client.submit(
            execute, self._settings, self._dir, folder.id, ticket, key=f"run-{folder.id}-{ticket}", workers=[worker],
            allow_other_workers=self._external, pure=False,
        )  # fmt: skip
        if self._external:
            from distributed import fire_and_forget

            fire_and_forget(future)  # it goes on without this server
        self._busy[worker] = _Given(folder, ticket, future, kind)

    def _take_back(self, address: str) -> None:
        """Put a run in the line again whose worker ended before it began; no other worker may take it."""
        given = self._busy[address]
        if self._return_to_line(given):
            self._client.cancel([given.future], force=True)
            del self._busy[address]

    def _return_to_line(self, given: _Given) -> bool:
        returned = given.folder.change(given.still(QUEUED), owner={})
        if returned is not None:
            queue.add(self._dir, returned)
        return returned is not None

    def _note_ends(self) -> None:
        """Write down how runs ended whose worker did not; what the disk does not take now, in the next round."""
        self._ended = [end for end in self._ended if not self._try(end[0].folder.id, _note_end, *end)]

    def _abandoned(self, folder: RunFolder, run: Run) -> bool:
        """Whether whoever has the run is gone."""
        owner = run.owner
        if not owner:
            return True
        if self._elsewhere(run):
            # One that was only just given out has not begun yet; an earlier attempt's beat says nothing.
            return time.time() - max(folder.last_beat(), float(owner.get("given", 0))) > _LOST_SECONDS
        try:
            return abs(float(psutil.Process(owner["pid"]).create_time()) - float(owner["since"])) > 1
        except psutil.NoSuchProcess:
            return True

    @staticmethod
    def _elsewhere(run: Run) -> bool:
        """Whether only the heartbeat tells if the run's worker lives."""
        return "scheduler" in run.owner or ("host" in run.owner and run.owner["host"] != socket.gethostname())

    def _try(self, what: str, act: Callable[..., object], *arguments: object) -> bool:
        """Do something; a problem of one run, or of the disk, is said once and holds up nothing else."""
        try:
            act(*arguments)
        except UnknownRun:
            pass  # it was deleted just now, by whoever may
        except (EmbedcoreError, OSError) as error:
            if self._troubles.get(what) != str(error):
                self._troubles[what] = str(error)
                print(f"{what}: {error}", file=sys.stderr)
            return False
        self._troubles.pop(what, None)
        return True

    def _say(self, workers: int) -> None:
        if workers != self._said:
            self._said = workers
            print(json.dumps({"workers": workers}), flush=True)


def _ended_before(run: Run, seconds: float) -> bool:
    """Whether a run has been over for so long."""
    return run.over and (run.ended or run.created) < time.time() - seconds


def _how_it_ended(future: Future) -> tuple[str, str]:
    """State and sentence for a run whose worker did not write down how it ended."""
    error = future.exception() if future.status == "error" else None
    return (FAILED, str(error)) if isinstance(error, StorageProblem) else (INTERRUPTED, WORKER_DIED)


def _note_end(given: _Given, state: str, sentence: str) -> None:
    try:
        told = interruption(sentence, given.folder.run.kind)
        if given.folder.change(given.still(QUEUED, RUNNING), state=state, ended=time.time(), error=told):
            _clear(given.folder)
    except UnknownRun:
        given.folder.sweep()  # it was deleted, which is as it should be


def _clear(folder: RunFolder) -> None:
    """Remove what a worker that was killed had not finished writing."""
    shutil.rmtree(folder.path / SCRATCH, ignore_errors=True)
    remove_leftovers(folder.path / EXPORTS, older_than_hours=0)
    remove_leftovers(folder.path, older_than_hours=0)
    remove_leftovers(folder.path / "checkpoints", older_than_hours=0)


def main() -> None:
    """Work off the line until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, whose end ends this
    pokes: queues.SimpleQueue[bool] = queues.SimpleQueue()

    def read_pokes() -> None:
        while os.read(sys.stdin.fileno(), 4096):
            pokes.put(True)
        pokes.put(False)

    threading.Thread(target=read_pokes, daemon=True).start()
    settings = settings_module.load()
    Path(settings.runs_dir).mkdir(parents=True, exist_ok=True)
    try:
        scratch = make_scratch(settings.cache_dir / "dask")
        cluster, client, owner = connect(settings, str(scratch))
    except OSError as error:
        cluster_name = settings.dask_scheduler_address
        sys.exit(f"{f'The cluster at {cluster_name}' if cluster_name else 'The workers'} cannot be used: {error}")
    dispatcher = Dispatcher(settings, client, owner)
    while True:
        try:
            dispatcher.look()
        except EmbedcoreError as error:
            print(error, file=sys.stderr)  # a disk that cannot be read, say: the next round may do better
        try:
            if not pokes.get(timeout=_LOOK_SECONDS):
                break
        except queues.Empty:
            pass
    if cluster is not None:
        # Closing the cluster in good order would wait for what the workers are at. Nothing that
        # is killed leaves half a file: all are written beside their place and renamed.
        kill_workers(cluster)
        dispatcher.end()
        shutil.rmtree(scratch, ignore_errors=True)
        os._exit(0)
    client.close(timeout=2)


if __name__ == "__main__":
    main()
