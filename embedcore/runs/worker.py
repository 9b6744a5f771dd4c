"""What a worker process does with a run: does the job, and writes down how it ended.

Runs inside a Dask worker. It may be called for a run that was begun before, when an external
cluster gives the task of a dead worker to another one: such a run is not begun again. And it
may find, at any moment, that the run was deleted, or given up for lost and resumed by somebody
else: then it ends without a trace.
"""

from __future__ import annotations

import os
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from embedcore.errors import EmbedcoreError, StorageProblem, UnknownRun
from embedcore.runs.folder import FAILED, FINISHED, INTERRUPTED, QUEUED, RUNNING, STOPPED, TRAIN, RunFolder
from embedcore.runs.record import DOWNLOAD, EXPORT, GROUPING, IMPORT, MAP, TRANSFER
from embedcore.settings import Settings

BEAT_SECONDS = 2.0
_KEPT = "What the last checkpoint held is kept."
_KEPT_OF = {  # what an ended run of the other kinds keeps
    IMPORT: "Nothing of it is kept; resume begins anew.",
    DOWNLOAD: "What was fetched is kept, and resume goes on from there.",
    EXPORT: "Nothing of it is kept; resume begins anew.",
    MAP: "Nothing of it is kept; resume begins anew.",
    GROUPING: "Nothing of it is kept; resume begins anew.",
    TRANSFER: "The fits that were finished are kept, and resume goes on from there.",
}
_LESS = {
    TRAIN: " Try fewer dimensions or a shorter text.",
    MAP: " Try fewer words.",
    GROUPING: " Try fewer words.",
    TRANSFER: " Try fewer texts.",
}
DELETED = "deleted"  # what `execute` returns for a run that is no longer there
WORKER_DIED = f"The worker process of this run ended before the run did. {_KEPT}"
_END_TRIES = 30  # a second apart


def _train(folder: RunFolder, settings: Settings) -> dict[str, Any]:
    from embedcore.runs.training import run_training

    return run_training(folder, settings)


def _import(folder: RunFolder, settings: Settings) -> dict[str, Any]:
    from embedcore.runs.importing import run_import

    return run_import(folder, settings)


def _download(folder: RunFolder, settings: Settings) -> dict[str, Any]:
    from embedcore.runs.downloading import run_download

    return run_download(folder, settings)


def _export(folder: RunFolder, settings: Settings) -> dict[str, Any]:
    from embedcore.runs.exporting import run_export

    return run_export(folder, settings)


def _map(folder: RunFolder, settings: Settings) -> dict[str, Any]:
    from embedcore.runs.mapping import run_map

    return run_map(folder, settings)


def _group(folder: RunFolder, settings: Settings) -> dict[str, Any]:
    from embedcore.runs.grouping import run_grouping

    return run_grouping(folder, settings)


def _transfer(folder: RunFolder, settings: Settings) -> dict[str, Any]:
    from embedcore.runs.transferring import run_transfer

    return run_transfer(folder, settings)


JOBS: dict[str, Callable[[RunFolder, Settings], dict[str, Any]]] = {
    TRAIN: _train, IMPORT: _import, DOWNLOAD: _download, EXPORT: _export, MAP: _map, GROUPING: _group,
    TRANSFER: _transfer,
}  # fmt: skip


def interruption(sentence: str, kind: str) -> str:
    """A sentence on a training that ended early, as it holds for a run of another kind."""
    return sentence.replace(_KEPT, _KEPT_OF.get(kind, _KEPT))


def execute(settings: Settings, runs_dir: Path, run_id: str, ticket: str = "") -> str:
    """Do a run and return the state it ended in; nothing is done unless it was given out with that ticket.

    Raises nothing that a job raised; StorageProblem only if the end could not be written down,
    with the sentence that should stand there.
    """
    folder = RunFolder(runs_dir, run_id)
    folder.hold(ticket)
    done = threading.Event()
    try:
        run = folder.run
        if not folder.held_in(run):
            return run.state
        if run.state != QUEUED:
            return _end(folder, state=INTERRUPTED, error=interruption(WORKER_DIED, run.kind))
        folder.beat()
        threading.Thread(target=_beat, args=(folder, done), daemon=True).start()
        return _work(folder, settings, run.kind)
    except UnknownRun:
        return DELETED
    finally:
        done.set()
        folder.sweep()


def _work(folder: RunFolder, settings: Settings, kind: str) -> str:
    """Do the job and write down how it ended."""
    try:
        run = folder.run
        if folder.should_stop():
            return _end(folder, state=STOPPED)
        owner = {**run.owner, "worker": os.getpid()}
        if not folder.change(folder.held_in, state=RUNNING, started=time.time(), owner=owner):
            return folder.run.state
        result = JOBS[run.kind](folder, settings)
    except EmbedcoreError as error:
        return _end(folder, state=FAILED, error=str(error))
    except MemoryError:
        hint = _LESS.get(kind, "")
        return _end(folder, state=FAILED, error=f"There was not enough memory for this.{hint}")
    except Exception:
        if not folder.exists():
            return DELETED  # what it was about to read or write is gone
        folder.log_error(traceback.format_exc())
        return _end(
            folder, state=FAILED, error="Something went wrong that should not have. The server keeps the details."
        )
    return _end(folder, state=STOPPED if result.get("stopped") else FINISHED, result=result)


def _end(folder: RunFolder, **changes: Any) -> str:
    """Write down how the run ended, unless it is no longer this worker's; the state it is in.

    Raises UnknownRun if it was deleted, StorageProblem with the sentence to show if the disk
    does not take it for a while.
    """
    problem = StorageProblem("")
    for _ in range(_END_TRIES):
        try:
            ended = folder.change(folder.held_in, ended=time.time(), **changes)
            return (ended or folder.run).state
        except StorageProblem as error:
            problem = error
            time.sleep(1)  # on a full disk not even the end can be written; space may come back
    raise StorageProblem(changes.get("error") or str(problem))


def _beat(folder: RunFolder, done: threading.Event) -> None:
    while not done.wait(BEAT_SECONDS):
        folder.beat()
        folder.look_after()
