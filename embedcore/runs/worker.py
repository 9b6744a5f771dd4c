"""What a worker process does with a run: does the job, and writes down how it ended.

Runs inside a Dask worker. It may be called for a run that was begun before, when an external
cluster gives the task of a dead worker to another one: such a run is not begun again.
"""

from __future__ import annotations

import os
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from embedcore.errors import EmbedcoreError, StorageProblem
from embedcore.runs.folder import FAILED, FINISHED, INTERRUPTED, QUEUED, RUNNING, STOPPED, RunFolder
from embedcore.settings import Settings

BEAT_SECONDS = 2.0
WORKER_DIED = "The worker process of this run ended before the run did. What the last checkpoint held is kept."


def _train(folder: RunFolder, settings: Settings) -> dict[str, Any]:
    from embedcore.runs.training import run_training

    return run_training(folder, settings)


JOBS: dict[str, Callable[[RunFolder, Settings], dict[str, Any]]] = {"train": _train}


def execute(settings: Settings, runs_dir: Path, run_id: str) -> str:
    """Do a run and return the state it ended in. Raises nothing that a job raised."""
    folder = RunFolder(runs_dir, run_id)
    run = folder.run
    if run.over:
        return run.state
    if run.state != QUEUED:
        return folder.update(state=INTERRUPTED, ended=time.time(), error=WORKER_DIED).state
    done = threading.Event()
    folder.beat()
    threading.Thread(target=_beat, args=(folder, done), daemon=True).start()
    try:
        if folder.should_stop():
            return folder.update(state=STOPPED, ended=time.time()).state
        folder.update(state=RUNNING, started=time.time(), owner={**run.owner, "worker": os.getpid()})
        result = JOBS[run.kind](folder, settings)
        state = STOPPED if folder.should_stop() and result.get("stopped") else FINISHED
        return folder.update(state=state, ended=time.time(), result=result).state
    except EmbedcoreError as error:
        return _end_badly(folder, str(error))
    except MemoryError:
        return _end_badly(folder, "There was not enough memory for this. Try fewer dimensions or a shorter text.")
    except Exception:
        folder.log_error(traceback.format_exc())
        return _end_badly(folder, "Something went wrong that should not have. The server keeps the details.")
    finally:
        done.set()


def _end_badly(folder: RunFolder, sentence: str) -> str:
    for _ in range(30):
        try:
            return folder.update(state=FAILED, ended=time.time(), error=sentence).state
        except StorageProblem:
            time.sleep(1)  # on a full disk not even the end can be written; space may come back
    return FAILED


def _beat(folder: RunFolder, done: threading.Event) -> None:
    while not done.wait(BEAT_SECONDS):
        folder.beat()
