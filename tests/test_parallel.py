"""Pieces shared out among threads: each done once, errors passed on, BLAS left as it was."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from embedcore import parallel


def blas_threads() -> list[int]:
    """How many threads numpy's BLAS may use; scipy brings another, which no search uses."""
    return [library["num_threads"] for library in threadpool_info() if "numpy.libs" in library["filepath"]]


@pytest.mark.parametrize("threads", [None, 1, 2, 5])
@pytest.mark.parametrize("count", [0, 1, 2, 300])
def test_each_piece_is_done_once(threads: int | None, count: int) -> None:
    done: list[int] = []
    parallel.for_each(done.append, range(count), threads=threads)
    assert sorted(done) == [*range(count)]


def test_helpers_work_beside_the_caller() -> None:
    meeting = threading.Barrier(3, timeout=20)  # passed only if three threads are there at once
    names: list[str] = []

    def work(piece: int) -> None:
        meeting.wait()
        names.append(threading.current_thread().name)

    parallel.for_each(work, range(3), threads=3)
    assert len({*names}) == 3
    assert threading.current_thread().name in names


@pytest.mark.parametrize("threads", [1, 4])
def test_an_error_ends_the_work_and_is_raised(threads: int) -> None:
    begun: list[int] = []

    def work(piece: int) -> None:
        begun.append(piece)
        raise ValueError(f"piece {piece}")

    before = blas_threads()
    with pytest.raises(ValueError, match=r"^piece \d$"):
        parallel.for_each(work, range(1_000), threads=threads)
    assert 1 <= len(begun) <= threads
    assert blas_threads() == before


def test_blas_has_one_thread_inside_and_what_it_had_after() -> None:
    np.dot(np.ones((2, 2)), np.ones(2))
    with threadpool_limits(2, user_api="blas"):
        inside: list[list[int]] = []
        first, second = threading.Event(), threading.Event()

        def long(piece: int) -> None:
            first.set()
            assert second.wait(20)
            inside.append(blas_threads())

        thread = threading.Thread(target=parallel.for_each, args=(long, [0]))
        thread.start()
        assert first.wait(20)
        parallel.for_each(lambda piece: inside.append(blas_threads()), [0])  # begins and ends within the other
        second.set()
        thread.join(20)
        assert [{*threads} for threads in inside] == [{1}, {1}]
        assert {*blas_threads()} == {2}


def test_no_more_threads_than_cores() -> None:
    assert 1 <= parallel.cores() <= 8
