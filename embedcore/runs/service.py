"""What a server process holds of runs: it submits, finds, stops them, and keeps the dispatcher going.

The dispatcher is a process of its own, so that the server imports neither Dask nor torch. It
lives exactly as long as the server: it ends when its standard input does, which happens
however the server ends, also by SIGKILL.
"""

from __future__ import annotations

import atexit
import itertools
import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from embedcore.errors import StorageProblem
from embedcore.runs import queue
from embedcore.runs.folder import Run, RunFolder, list_runs, new_run_id
from embedcore.settings import Settings

_log = logging.getLogger(__name__)
_GRACE_SECONDS = 8.0  # how long the dispatcher may take to end its workers
_SOUND_SECONDS = 30.0  # one that lived this long was able to start
_PAUSE_SECONDS = 10.0


class Runs:
    """All runs of one data folder, and the dispatcher that works them off."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.workers = 0  # workers that are ready, as the dispatcher last said
        self._dir = settings.runs_dir
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = False

    # the dispatcher

    def start(self) -> None:
        """Start the dispatcher, and again whenever it ends by itself. Calling it twice does nothing."""
        with self._lock:
            if self._process is not None and self._process.poll() is None:
                return
            self._stopping = False
            self._process = self._spawn()
            threading.Thread(target=self._listen, args=(self._process,), name="dispatcher", daemon=True).start()
        atexit.register(self.stop)

    def stop(self) -> None:
        """End the dispatcher and its workers; runs in progress are marked interrupted."""
        atexit.unregister(self.stop)
        with self._lock:
            self._stopping = True
            process, self._process = self._process, None
        if process is None:
            return
        if process.stdin:
            process.stdin.close()  # this is how it learns that it should end
        try:
            process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self.workers = 0

    def _spawn(self) -> subprocess.Popen[bytes]:
        environment = dict(os.environ)
        # Its workers import embedcore from where this process has it.
        here = str(Path(__file__).parents[2])
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [here, environment.get("PYTHONPATH")]))
        environment["EMBEDCORE_HOME"] = str(self.settings.home)
        environment["EMBEDCORE_WORKERS"] = str(self.settings.workers)
        environment["DASK_SCHEDULER_ADDRESS"] = self.settings.dask_scheduler_address or ""
        # Python's own tracker of shared semaphores has something to say whenever workers are killed.
        environment["PYTHONWARNINGS"] = "ignore::UserWarning:multiprocessing.resource_tracker"
        command = [sys.executable, "-m", "embedcore.runs.dispatcher"]
        return subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        began = time.monotonic()
        with process.stdout as lines:
            for line in lines:
                try:
                    self.workers = int(json.loads(line)["workers"])
                except (ValueError, KeyError, TypeError):
                    _log.warning("dispatcher: %s", line.decode(errors="replace").rstrip())
        process.wait()
        self.workers = 0
        if self._stopping:
            return
        lived = time.monotonic() - began
        pause = 1.0 if lived > _SOUND_SECONDS else _PAUSE_SECONDS  # one that cannot start does not spin
        _log.error("The dispatcher of runs ended (status %s); it is started again.", process.returncode)
        time.sleep(pause)
        if not self._stopping:
            self.start()

    def _poke(self) -> None:
        """Tell the dispatcher to look at once; if it cannot be told, it looks every second anyway."""
        process = self._process
        if process is not None and process.stdin is not None:
            try:
                process.stdin.write(b"\n")
                process.stdin.flush()
            except (OSError, ValueError):
                pass

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
        queue.add(self._dir, folder.run)
        self.start()
        self._poke()
        return folder.run

    def folder(self, run_id: str) -> RunFolder:
        """The folder of a run. Raises UnknownRun if there is none."""
        folder = RunFolder(self._dir, run_id)
        _ = folder.run
        return folder

    def recent(self, limit: int = 10) -> list[Run]:
        """The newest runs."""
        return list(itertools.islice(list_runs(self._dir), limit))

    def ask_to_stop(self, run_id: str) -> None:
        """Ask a run to stop; it keeps what it has. One that waits never starts."""
        self.folder(run_id).ask_to_stop()
        self._poke()

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
