"""How long the server works on the Compare page when one word changes, for every question it can be asked.

    python -m benchmarks.bench_compare            # GloVe, 400,000 x 50, and a made-up 2,196,017 x 300
    python -m benchmarks.bench_compare --small    # GloVe only

Prints for each set the time until the page is there when nobody has used the set before (the
first use), and for each question the median of runs of the page's script in which one word
is another than before. The large set is made up and removed at the end; it takes 2.6 GB of disk.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.made_up import LARGE_DIM, LARGE_ROWS, make_set
from benchmarks.turns import milliseconds

ROOT = Path(__file__).parents[1]
GLOVE, SMALL, LARGE = "glove.6B.50d", "made-up-small", "made-up-large"
REPEATS = 15
FIRST, STEP = 2_000, 37  # the rows of the words that come, each asked once: some answers are remembered
STILL = ["king", "queen", "man", "woman", "apple"]
# Each question: the kind of its widget, its key, and what is asked with a word that changes.
QUESTIONS: dict[str, tuple[str, str, str]] = {
    "Similarity": ("multiselect", "words", ""),
    "Texts": ("text_area", "text", "the president speaks about {} to the people of the city"),
    "Neighbours": ("multiselect", "words", ""),
    "Arithmetic": ("text_input", "expression", "{} - man + woman"),
    "Odd one out": ("multiselect", "words", ""),
    "Axes": ("multiselect", "words", ""),
    "Word": ("text_input", "word", "{}"),
    "Two sets": ("multiselect", "words", ""),
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="leave the made-up set of 2.2 million words out")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="embedcore-bench-") as home:
        os.environ["EMBEDCORE_HOME"] = home
        from embedcore import settings
        from embedcore.library import open_vectors

        fresh = open_vectors(GLOVE).tokens[FIRST : FIRST + STEP * REPEATS * 20 : STEP]
        make_set(SMALL, 20_000, 50, settings.load())
        measure(GLOVE, iter(fresh))
        if not args.small:
            make_set(LARGE, LARGE_ROWS, LARGE_DIM, settings.load())
            measure(LARGE, iter(fresh))


def measure(name: str, words: Iterator[str]) -> None:
    """Print the figures of one set."""
    import streamlit as st

    at = None
    print(f"\n{name}")
    for question, (kind, key, asked) in QUESTIONS.items():
        if at is None:
            st.cache_resource.clear()
            started = time.perf_counter()
            at = opened(name, question)
            print(f"{'first use of the set':24} {(time.perf_counter() - started) * 1e3:8.1f} ms")
        at = opened(name, question)
        times = []
        for _ in range(REPEATS + 2):
            word = next(words)
            widget(at, kind, key).set_value([*STILL, word] if kind == "multiselect" else asked.format(word))
            times.append(milliseconds(at.run))
            assert not at.exception, at.exception
            assert not at.error, at.error[0].value
        print(f"{question:24} {statistics.median(times[2:]):8.1f} ms")


def opened(name: str, question: str) -> Any:
    """The page with that question, as a new visitor has it before them."""
    from streamlit.testing.v1 import AppTest

    at = AppTest.from_file(str(ROOT / "pages" / "index.py"), default_timeout=600).run()
    link: dict[str, Any] = {"vectors": name, "ask": question, "words": STILL, "axis": "he - she, man - woman"}
    if question == "Two sets":
        link |= {"other": SMALL, "over": "your words"}
    for key, value in link.items():
        at.query_params[key] = value
    at.switch_page(str(ROOT / "pages" / "compare.py")).run()
    assert not at.exception, at.exception
    return at


def widget(at: Any, kind: str, key: str) -> Any:
    """The widget of that kind with that key."""
    return next(one for one in at.get(kind) if one.key == key)


if __name__ == "__main__":
    main()
