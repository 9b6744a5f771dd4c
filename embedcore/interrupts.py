"""Ctrl-C and polite kills on the command line: what ends at once, and what is asked to end.

Here belongs hearing signals. What is kept when one comes is the command's to say.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Ctrl-C or a polite kill ends the block, and gives a flag for where Python could not raise it.

    Raises KeyboardInterrupt at the end of the block at the latest.
    """
    asked = False

    def interrupt(number: int, frame: object) -> None:
        nonlocal asked
        asked = True
        raise KeyboardInterrupt

    with _handled(interrupt):
        yield lambda: asked
        if asked:
            raise KeyboardInterrupt


@contextmanager
def stop_signals() -> Iterator[Callable[[], bool]]:
    """Ctrl-C or a polite kill sets a flag that the block can ask for; a second one ends at once."""
    asked = False

    def stop(number: int, frame: object) -> None:
        nonlocal asked
        asked = True
        signal.signal(number, before[number])

    with _handled(stop) as before:
        yield lambda: asked


@contextmanager
def _handled(handler: Callable[[int, object], None]) -> Iterator[dict[int, Any]]:
    """`handler` hears Ctrl-C and a polite kill; gives what heard them before."""
    before: dict[int, Any] = {}
    with suppress(ValueError):  # not in the main thread, which alone hears signals
        for number in map(int, (signal.SIGINT, signal.SIGTERM)):
            before[number] = signal.signal(number, handler) or signal.SIG_DFL
    try:
        yield before
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
