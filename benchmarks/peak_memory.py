"""The most memory that a program and all the processes it started had at one time."""

from __future__ import annotations

import contextlib
import threading
import time

import psutil

SECONDS = 0.5  # between two looks; one takes some milliseconds of a core


class PeakMemory:
    """Looks at a process and its descendants twice a second, from entering to leaving.

    Counted is Linux's PSS: memory that n processes share counts an n-th for each, so that shared
    weights and mapped files, which are counted too, count once. Elsewhere it is RSS, which counts
    them for each.

    Attributes:
        megabytes: the highest sum seen, in units of 10**6 bytes.
    """

    def __init__(self, pid: int) -> None:
        self.megabytes = 0.0
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
            self._done.wait(max(0.0, began + SECONDS - time.monotonic()))

    def _now(self) -> int:
        total = 0
        with contextlib.suppress(psutil.Error):
            for process in [self._process, *self._process.children(recursive=True)]:
                with contextlib.suppress(psutil.Error):
                    about = process.memory_full_info()
                    total += getattr(about, "pss", about.rss)
        return total
