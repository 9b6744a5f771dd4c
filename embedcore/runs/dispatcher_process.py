"""The dispatcher as a server holds it: started, started again when it ends by itself, told to look, ended.

It is a process of its own, so that the server imports neither Dask nor torch. It lives exactly
as long as the server: it ends when its standard input does, which happens however the server
ends, also by SIGKILL. What it does is in `dispatcher`.
"""

from __future__ import annotations

import atexit
import json
import logging
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from embedcore.settings import Settings

_log = logging.getLogger(__name__)
_GRACE_SECONDS = 8.0  # how long the dispatcher may take to end its workers
_SOUND_SECONDS = 30.0  # one that lived this long was able to start
_PAUSE_SECONDS = 10.0


class DispatcherProcess:
    """The dispatcher of one data folder."""

    def __init__(self, settings: Settings) -> None:
        self.workers = 0  # workers that are ready, as it last said
        self._settings = settings
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = False

    @property
    def pid(self) -> int | None:
        """Its process id; None while there is none."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start it, and again whenever it ends by itself. Calling it twice does nothing."""
        with self._lock:
            if self._process is not None and self._process.poll() is None:
                return
            self._stopping = False
            self._process = self._spawn()
            threading.Thread(target=self._listen, args=(self._process,), name="dispatcher", daemon=True).start()
        atexit.register(self.stop)

    def stop(self) -> None:
        """End it and its workers; runs in progress are marked interrupted."""
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

    def poke(self) -> None:
        """Tell it to look at once; if it cannot be told, it looks every second anyway."""
        process = self._process
        if process is not None and process.stdin is not None:
            try:
                process.stdin.write(b"\n")
                process.stdin.flush()
            except (OSError, ValueError):
                pass

    def _spawn(self) -> subprocess.Popen[bytes]:
        environment = {**os.environ, **self._settings.to_environment()}
        # Its workers import embedcore from where this process has it.
        here = str(Path(__file__).parents[2])
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [here, environment.get("PYTHONPATH")]))
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
