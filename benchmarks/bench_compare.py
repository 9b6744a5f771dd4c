"""How long the server works on the Compare page when one word changes, for every question it can be asked.

    python -m benchmarks.bench_compare            # GloVe, 400,000 x 50, and a made-up 2,196,017 x 300
    python -m benchmarks.bench_compare --small    # GloVe only

Prints for each set the time until the page is there when nobody has used the set before (the
first use; the index of the bundled set is made then), and for each question the median of runs
of the page's script in which one word is another than before; besides these, of runs in which a
word is half typed, or is in no set. The second figure is the median of the processor time of all
threads: on a busy machine, it says more than the first. The large set is made up and removed at
the end; it takes 2.6 GB of disk.
"""

from __future__ import annotations

import argparse
import logging
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.made_up import LARGE_DIM, LARGE_ROWS, make_set
from benchmarks.turns import milliseconds

ROOT = Path(__file__).parents[1]
GLOVE, SMALL, LARGE = "glove.6B.50d", "made-up-small", "made-up-large"
REPEATS = 15
FIRST, STEP = 2_000, 37  # the rows of the words that come, each asked once: some answers are remembered
STILL = ["king", "queen", "man", "woman", "apple"]


@dataclass(frozen=True)
class Change:
    """What changes on the page: a widget's value, made of a word that comes."""

    ask: str
    kind: str
    key: str
    value: Callable[[str], str | list[str]]


def _listed(word: str) -> list[str]:
    return [*STILL, word]


CHANGES = {
    "Similarity": Change("Similarity", "multiselect", "words", _listed),
    "Texts": Change("Texts", "text_area", "text", "the president speaks about {} to the people of the city".format),
    "Neighbours": Change("Neighbours", "multiselect", "words", _listed),
    "Arithmetic": Change("Arithmetic", "text_input", "expression", "{} - man + woman".format),
    "Odd one out": Change("Odd one out", "multiselect", "words", _listed),
    "Axes": Change("Axes", "multiselect", "words", _listed),
    "Word": Change("Word", "text_input", "word", str),
    "Two sets": Change("Two sets", "multiselect", "words", _listed),
    "a word half typed": Change("Similarity", "text_input", "find_word", lambda word: word[: len(word) // 2 + 1]),
    "a word that is not there": Change("Neighbours", "multiselect", "words", lambda word: _listed(f"{word}zq")),
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="leave the made-up set of 2.2 million words out")
    args = parser.parse_args()
    logging.disable(logging.WARNING)  # Streamlit's, that there is no browser
    with tempfile.TemporaryDirectory(prefix="embedcore-bench-") as home:
        os.environ["EMBEDCORE_HOME"] = home
        from embedcore import settings

        make_set(SMALL, 20_000, 50, settings.load())
        opened(SMALL, "Similarity")  # what is imported once counts for no set
        measure(GLOVE)
        if not args.small:
            make_set(LARGE, LARGE_ROWS, LARGE_DIM, settings.load())
            measure(LARGE)


def measure(name: str) -> None:
    """Print the figures of one set."""
    import streamlit as st

    from embedcore.library import open_vectors

    st.cache_resource.clear()
    print(f"\n{name}")
    print(f"{'first use of the set':26} {milliseconds(lambda: opened(name, 'Similarity')):8.1f} ms")
    words = iter(open_vectors(GLOVE).tokens[FIRST : FIRST + STEP * (REPEATS + 2) * len(CHANGES) : STEP])
    for what, change in CHANGES.items():
        at = opened(name, change.ask)
        times, worked = [], []
        for _ in range(REPEATS + 2):
            widget(at, change.kind, change.key).set_value(change.value(next(words)))
            before = time.process_time()
            times.append(milliseconds(at.run))
            worked.append(1e3 * (time.process_time() - before))
            assert not at.exception, at.exception
            assert not at.error, at.error[0].value
        print(f"{what:26} {statistics.median(times[2:]):8.1f} ms {statistics.median(worked[2:]):8.1f} ms", flush=True)


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
