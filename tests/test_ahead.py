"""Working ahead: results in order, a bound on what waits, and no process that outlives its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from embedcore.training.ahead import in_order

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("workers", [1, 2, 5])
@pytest.mark.parametrize("count", [0, 1, 2, 30])
def test_results_come_in_order(workers: int, count: int) -> None:
    def work(number: int) -> int:
        time.sleep(0.002 * (number % 3))  # so that later ones are done earlier
        return number * number

    assert list(in_order(work, range(count), workers, in_threads=True)) == [n * n for n in range(count)]


def test_processes_give_the_same() -> None:
    assert list(in_order(len, ["", "a", "bb", "ccc"], 2, in_threads=False)) == [0, 1, 2, 3]


def test_no_more_is_taken_than_is_worked_on() -> None:
    taken = 0

    def items() -> Iterator[int]:
        nonlocal taken
        for number in range(100):
            taken += 1
            yield number

    results = in_order(str, items(), 3, in_threads=True)
    for given in range(50):
        assert next(results) == str(given)
        assert taken <= given + 1 + 3 + 1
    results.close()
    assert threading.active_count() < 50


@pytest.mark.parametrize("in_threads", [True, False])
def test_an_error_comes_in_its_turn(in_threads: bool) -> None:
    results = in_order(int, ["1", "x", "3"], 2, in_threads=in_threads)
    assert next(results) == 1
    with pytest.raises(ValueError, match="invalid literal"):
        next(results)


ALONE = """
import os, time
from embedcore.training.ahead import in_order
if __name__ == "__main__":
    results = in_order(time.sleep, [0, 0, 600, 600], 2, in_threads=False)
    next(results), next(results)
    print("begun", flush=True)
    next(results)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_processes_end_with_their_parent(tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "alone.py").write_text(ALONE)
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    parent = subprocess.Popen(
        [sys.executable, str(tmp_path / "alone.py")], env=environ, stdout=subprocess.PIPE, start_new_session=True
    )
    assert parent.stdout is not None
    assert parent.stdout.readline() == b"begun\n"
    children = psutil.Process(parent.pid).children(recursive=True)
    assert len(children) >= 2
    parent.send_signal(number)
    parent.wait(30)
    parent.stdout.close()
    assert not psutil.wait_procs(children, timeout=30)[1]
