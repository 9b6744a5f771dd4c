"""How long the server works on a page: idle, and while trainings fill every worker.

    python -m benchmarks.bench_pages

Prints the median script time of the Compare page (400,000 x 50) when one word changes, idle
and with two trainings on, the same for the Train page, their ratios, and the time from the
submission of a run to the first loss in its folder with a warm worker.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
REPEATS = 40


def main() -> None:
    """Measure and print."""
    os.environ["EMBEDCORE_HOME"] = tempfile.mkdtemp(prefix="embedcore-bench-")
    os.environ["EMBEDCORE_WORKERS"] = "2"
    from streamlit.testing.v1 import AppTest

    from embedcore.samples import SAMPLES
    from embedcore.training import TrainConfig
    from embedcore.ui import keys, resources

    runs = resources.runs()
    runs.start()
    compare = AppTest.from_file(str(ROOT / "pages" / "index.py"), default_timeout=60).run()
    compare.query_params["words"] = ["king", "queen", "apple"]
    begin = time.perf_counter()
    compare.switch_page(str(ROOT / "pages" / "compare.py")).run()
    print(f"Compare, first use of the set: {1000 * (time.perf_counter() - begin):.0f} ms")
    words = ["river", "music", "liberty", "war", "money", "banana", "paris", "seoul"]

    def change_a_word(number: int) -> None:
        box = next(widget for widget in compare.multiselect if widget.key == keys.WORDS)
        box.set_value(["king", "queen", words[number % len(words)]])
        compare.run()
        assert not compare.exception

    while runs.workers < 2:
        time.sleep(0.05)
    time.sleep(2)
    idle = median(change_a_word)
    text = "\n".join([SAMPLES["English"].text] * 20)
    long = TrainConfig(min_count=1, epochs=10_000).to_json()
    begin = time.perf_counter()
    first = runs.submit("train", long, name="long", text=text)
    while not any(metric["loss"] is not None for metric in runs.folder(first.id).metrics()):
        time.sleep(0.005)
    to_loss = time.perf_counter() - begin
    second = runs.submit("train", long, name="long", text=text)
    while not runs.folder(second.id).metrics():
        time.sleep(0.05)
    busy = median(change_a_word)
    for run in (first, second):
        runs.ask_to_stop(run.id)
        runs.wait(run.id)
    runs.stop()
    print(f"Compare, a word changes, idle: {idle:.1f} ms (median of {REPEATS})")
    print(f"Compare, a word changes, two trainings on: {busy:.1f} ms; ratio to idle {busy / idle:.2f}")
    print(f"From submitting a run to its first loss on disk, warm worker: {1000 * to_loss:.0f} ms")


def median(action: Callable[[int], None]) -> float:
    """The median milliseconds of an action, after a few to warm up."""
    for number in range(5):
        action(number)
    times = []
    for number in range(REPEATS):
        begin = time.perf_counter()
        action(number)
        times.append(1000 * (time.perf_counter() - begin))
    return statistics.median(times)


if __name__ == "__main__":
    main()
