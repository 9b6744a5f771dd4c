"""The order, the bound and the end of working in several threads."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from embedcore.formats.pipeline import in_order

LONG = 30  # seconds, after which a test has failed


def ours() -> list[str]:
    """The threads of a pipeline; those of `parallel` stay, and are none of its business."""
    return [t.name for t in threading.enumerate() if t.name.startswith(("embedcore-read", "embedcore-work"))]


def test_parts_are_worked_on_at_once_and_come_in_order() -> None:
    begun = [threading.Event() for _ in range(7)]

    def work(part: int) -> int:
        begun[part].set()
        if part % 2 == 0:
            assert begun[part + 1].wait(LONG)  # each second one is done before the one before it
        return part

    assert list(in_order(work, iter(range(6)), 2)) == list(range(6))
    assert ours() == []


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_few_parts_are_in_memory(threads: int) -> None:
    taken = 0
    most = 0

    def parts() -> Iterator[int]:
        nonlocal taken
        for part in range(60):
            taken += 1
            yield part

    for given, _ in enumerate(in_order(lambda part: part, parts(), threads)):
        most = max(most, taken - given)
    assert taken == 60
    assert most <= threads + 2


def test_what_is_raised_ends_it() -> None:
    def parts() -> Iterator[int]:
        yield from (1, 2, 0, 4)
        raise OSError("gone")

    results = in_order(lambda part: 1 / part, (1, 2, 0, 4, 5, 6), 2)
    assert (next(results), next(results)) == (1, 0.5)
    with pytest.raises(ZeroDivisionError):
        next(results)
    assert ours() == []
    with pytest.raises(OSError, match="gone"):
        list(in_order(str, parts(), 2))
    assert ours() == []


def test_closing_it_ends_its_threads() -> None:
    results = in_order(str, iter(range(1_000_000)), 3)
    assert next(results) == "0"
    assert ours()
    results.close()
    assert ours() == []
    assert list(in_order(str, [], 2)) == []
