"""Measuring calls in turns: each gets the same chance of a quiet moment on a busy machine.

Here belongs the clock and how a line of a result reads; what is called belongs to the benchmarks.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

_PAUSE = 0.06  # seconds: the threads of OpenBLAS and of OpenMP go on spinning for some 25 milliseconds after a call


def milliseconds(call: Callable[[], Any]) -> float:
    """How long one call takes."""
    started = time.perf_counter()
    call()
    return (time.perf_counter() - started) * 1e3


def medians(calls: dict[str, Callable[[int], Any]], rounds: int) -> dict[str, float]:
    """The median milliseconds of each call over so many rounds, taking turns; each gets the round's number."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(-1, rounds):
        for name, call in calls.items():
            time.sleep(_PAUSE)
            took = milliseconds(lambda call=call, turn=turn: call(max(turn, 0)))  # type: ignore[misc]
            if turn >= 0:  # the first round only loads what is loaded once
                times[name].append(took)
    return {name: statistics.median(collected) for name, collected in times.items()}


def show(what: str, times: dict[str, float]) -> None:
    """A line for each peer of the first: its time, and how much of that time the first takes."""
    (_, ours), *peers = times.items()
    print(f"{what:44} {ours:10.3f} ms")
    for name, theirs in peers:
        print(f"    {name:40} {theirs:10.3f} ms   ours / this {ours / theirs:7.3f}")
