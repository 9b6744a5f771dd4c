"""Watching a library while it lays points out: progress, pictures on the way, and an end when somebody asks for it.

None of the libraries can be asked for all three. What each of them does once an iteration,
calling a function of its own module with the coordinates, is where we look on: for the time of
one layout that function is replaced by one that calls it and tells. The numbers are those of the
library, untouched; a test holds them equal, bit for bit, to a fit that nobody watched.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

Float32s = npt.NDArray[np.float32]
OnProgress = Callable[[int, int, Float32s | None], None]  # done, of how many, (n, dims) coordinates as they are now

LOOK_SECONDS = 0.1  # between two looks at whether to stop, and two reports

# UMAP and PaCMAP use threads of numba's that end the process when two threads of Python call
# them at once, and PaCMAP keeps its seed in its module. So one layout at a time in a process.
alone = threading.Lock()


class LayoutStopped(Exception):
    """Raised out of a layout that was asked to stop."""


class Watch:
    """Where a layout says how far it is. A report so soon after another costs a look at the clock only."""

    def __init__(self, on_progress: OnProgress | None = None, should_stop: Callable[[], bool] | None = None) -> None:
        self._on_progress = on_progress
        self._should_stop = should_stop
        self._told = float("-inf")
        self.done = 0

    def check(self) -> None:
        """Raise LayoutStopped if somebody asked for that."""
        if self._should_stop is not None and self._should_stop():
            raise LayoutStopped

    def at(self, done: int, of: int, coordinates: npt.NDArray[Any] | None = None) -> None:
        """Say that `done` of so many iterations are done. Raises LayoutStopped, and what `on_progress` raises.

        `coordinates` are the (n, dims) of this moment; they are copied, since the library goes on to change them.
        """
        self.done = done
        now = time.monotonic()
        if now - self._told < LOOK_SECONDS and 0 < done < of:
            return
        self.check()
        if self._on_progress is not None:
            self._on_progress(done, of, None if coordinates is None else np.array(coordinates, dtype=np.float32))
        self._told = time.monotonic()  # after it, so that a slow listener does not take all of the time


@contextmanager
def replaced(module: ModuleType, name: str, make: Callable[[Callable[..., Any]], Callable[..., Any]]) -> Iterator[None]:
    """`module.name` is `make(module.name)` within the block. Raises AttributeError if there is no such function."""
    own = getattr(module, name)
    setattr(module, name, make(own))
    try:
        yield
    finally:
        setattr(module, name, own)
