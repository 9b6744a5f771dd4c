"""Work on the pieces of a large array in several threads of this process.

Here belongs sharing pieces out; what is done with a piece belongs to whoever asks. numpy lets
other threads run while it computes, so threads are enough. Its BLAS has threads of its own,
which wait for each other at the end of every product: on a machine that is busy with
something else, a pass over a matrix took up to fifteen times as long with them. So while
work is shared out here, BLAS computes in the thread that asks, and a thread that is held up
delays its own piece only.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

Piece = TypeVar("Piece")

_MOST_THREADS = 8  # more add nothing to a pass that waits for memory


def for_each(work: Callable[[Piece], None], pieces: Sequence[Piece], *, threads: int | None = None) -> None:
    """Call `work` with each piece, in their order, from at most `threads` threads at a time.

    By default as many as this process may use cores. The calling thread works too, so pieces
    get done even while others keep all the helpers busy. What `work` raises is raised here.
    """
    wanted = min(cores() if threads is None else threads, len(pieces))
    queue = iter(pieces)  # a list's iterator hands each piece out once, whichever thread asks

    def until_empty() -> None:
        for piece in queue:
            work(piece)

    with one_blas_thread():
        helpers = [_pool().submit(until_empty) for _ in range(wanted - 1)]
        try:
            until_empty()
        finally:
            deque(queue, maxlen=0)  # after an error, nobody begins another piece
            begun = [helper for helper in helpers if not helper.cancel()]
            wait(begun)
        for helper in begun:
            helper.result()


def cores() -> int:
    """How many cores this process may use, at most eight."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, _MOST_THREADS)


@contextmanager
def one_openmp_thread() -> Iterator[None]:
    """Loops of OpenMP, as scikit-learn has them, without threads of their own in what the calling thread does here.

    These wait for each other, turning, at the end of every loop: on a busy machine t-SNE of 160 points took
    thirty times as long with two threads as with one, and twenty times the processor time. What uses
    OpenMP has to be imported before.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with threadpool_limits(1, user_api="openmp"):
        yield


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_MOST_THREADS, thread_name_prefix="embedcore-piece")


_lock = threading.Lock()
_inside = 0
_threads_before: list[int] = []


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Numpy's BLAS without threads of its own until the last who is inside leaves.

    The number is one for the whole process, so those inside are counted: if each restored
    what it found, two at once could leave the wrong number behind.
    """
    global _inside, _threads_before
    with _lock:
        if not _inside:
            _threads_before = [library.get_num_threads() for library in _blas()]
            _set_blas_threads([1] * len(_threads_before))
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside:
                _set_blas_threads(_threads_before)


def _set_blas_threads(numbers: Sequence[int]) -> None:
    for library, number in zip(_blas(), numbers, strict=True):
        # Else only the first thread that ever asked would be heard; who may ask is settled by the lock here.
        library.clear_controlling_thread(force=True)
        library.set_num_threads(number)
        library.clear_controlling_thread(force=True)


@cache
def _blas() -> list[Any]:
    """The libraries of numpy's that compute products: OpenBLAS, as its wheels bring it; else none."""
    import numpy as np  # noqa: F401  (what is not loaded yet is not found)
    from threadpoolctl import ThreadpoolController

    return list(ThreadpoolController().select(internal_api="openblas").lib_controllers)
