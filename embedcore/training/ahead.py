"""Working on the next few items at the same time, in threads or processes, with results in order.

Here belongs nothing about what the work is.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from itertools import chain, islice
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_order(
    work: Callable[[Item], Result], items: Iterable[Item], workers: int, *, in_threads: bool
) -> Generator[Result, None, None]:
    """`map(work, items)` with `workers` at work at a time, and no more than one result waiting for each.

    Threads are for work that lets go of Python's lock. What `work` raises is raised in its turn.
    Nothing is started for a single item. Closing the generator waits for the work begun.
    """
    rest = iter(items)
    first = list(islice(rest, 2 if workers > 1 else 0))
    if len(first) < 2:
        yield from map(work, chain(first, rest))
        return
    pool = _pool(workers, in_threads)
    try:
        waiting: deque[Future[Result]] = deque()
        for item in chain(first, rest):
            waiting.append(pool.submit(work, item))
            if len(waiting) > workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _pool(workers: int, in_threads: bool) -> Executor:
    if in_threads:
        return ThreadPoolExecutor(workers)
    # Not forked: a process that has threads, as torch's and Arrow's, may not be.
    return ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=_begin)


def _begin() -> None:
    """In a process of the pool: leave Ctrl-C to the parent, and end with it, however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
