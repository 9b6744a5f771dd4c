"""The most memory that a program and all the processes it started had at one time."""

from __future__ import annotations

import contextlib
import threading
import time
from pathlib import Path

import psutil

SECONDS = 0.5  # between two looks; one takes some milliseconds of a core


class PeakMemory:
    """Looks at a process and its descendants twice a second, or as told, from entering to leaving.

    Counted is Linux's PSS: memory that n processes share counts an n-th for each, so that shared
    weights and mapped files, which are counted too, count once. Elsewhere it is RSS, which counts
    them for each. `AnonymousMemory` leaves mapped files out.

    Attributes:
        megabytes: the highest sum seen, in units of 10**6 bytes.
    """

    def __init__(self, pid: int, seconds: float = SECONDS) -> None:
        self.megabytes = 0.0
        self._seconds = seconds
        self._process = psutil.Process(pid)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.is_set():
            began = time.monotonic()
            self.megabytes = max(self.megabytes, self._now() / 1e6)
            self._done.wait(max(0.0, began + self._seconds - time.monotonic()))

    def _now(self) -> int:
        total = 0
        with contextlib.suppress(psutil.Error):
            for process in [self._process, *self._process.children(recursive=True)]:
                with contextlib.suppress(psutil.Error, OSError):
                    total += self._of(process)
        return total

    def _of(self, process: psutil.Process) -> int:
        about = process.memory_full_info()
        return int(getattr(about, "pss", about.rss))


class AnonymousMemory(PeakMemory):
    """The same without what is in the page cache: the pages that belong to no file (Linux alone; proc(5), RssAnon)."""

    def _of(self, process: psutil.Process) -> int:
        for line in Path(f"/proc/{process.pid}/status").read_text("utf-8").splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) * 1024
        return 0
