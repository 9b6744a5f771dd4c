"""Queries on glove.6B.50d (400,000 x 50) against gensim, and against one pass over the matrix.

Run it with `python -m benchmarks.bench_queries`. Every figure is the median of repeated calls
in this one process, ours and the peer's taking turns, so that a busy machine slows both.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from embedcore import settings as settings_module
from embedcore.library import open_vectors

WORDS = ["king", "korea", "apple", "liberty", "war", "money", "the", "sandberger"]
ROUNDS = 30


def milliseconds(call: Callable[[], Any]) -> float:
    """How long one call takes."""
    started = time.perf_counter()
    call()
    return (time.perf_counter() - started) * 1e3


def medians(*calls: Callable[[str], Any]) -> list[float]:
    """The median milliseconds of each call, over all words and rounds, taking turns."""
    for call in calls:
        call(WORDS[0])  # what is loaded once is loaded
    times: list[list[float]] = [[] for _ in calls]
    for turn in range(ROUNDS):
        word = WORDS[turn % len(WORDS)]
        for call, collected in zip(calls, times, strict=True):
            collected.append(milliseconds(lambda call=call, word=word: call(word)))
    return [statistics.median(collected) for collected in times]


def show(what: str, ours: float, peer: float, peer_name: str) -> None:
    """One line: ours, the peer's, and the ratio."""
    print(f"{what:34} {ours:9.3f} ms   {peer_name:18} {peer:9.3f} ms   ours / theirs {ours / peer:6.3f}")


def main() -> None:
    """Print every figure."""
    import pyarrow.parquet  # noqa: F401  (its own loading is no part of the first opening)
    from gensim.models import KeyedVectors

    with tempfile.TemporaryDirectory() as folder:
        settings = replace(settings_module.load(), home=Path(folder))
        first = milliseconds(lambda: open_vectors("glove.6B.50d", settings))
        second = statistics.median(milliseconds(lambda: open_vectors("glove.6B.50d", settings)) for _ in range(ROUNDS))
        vectors = open_vectors("glove.6B.50d", settings)

        keyed = KeyedVectors(vectors.dim)
        keyed.index_to_key = list(vectors.tokens)
        keyed.key_to_index = {key: row for row, key in enumerate(keyed.index_to_key)}
        keyed.vectors = np.ascontiguousarray(vectors.matrix)
        keyed.fill_norms()
        path = f"{folder}/glove.kv"
        keyed.save(path)
        opening = statistics.median(milliseconds(lambda: KeyedVectors.load(path, mmap="r")) for _ in range(3))

        print(f"{len(vectors):,} x {vectors.dim}, medians of {ROUNDS}\n")
        ours, theirs, floor = medians(
            lambda word: vectors.most_similar(word, topn=10),
            lambda word: keyed.most_similar(word, topn=10),
            lambda word: vectors.matrix.sum(),
        )
        show("top-10 neighbours", ours, theirs, "gensim")
        show("top-10 neighbours", ours, floor, "matrix.sum()")
        ours, theirs = medians(
            lambda word: vectors.most_similar([word, "woman"], ["man"], topn=10),
            lambda word: keyed.most_similar([word, "woman"], ["man"], topn=10),
        )
        show("analogy, top-10", ours, theirs, "gensim")
        ours, theirs = medians(
            lambda word: vectors.similarity(word, "queen"), lambda word: keyed.similarity(word, "queen")
        )
        show("similarity of two words", ours, theirs, "gensim")
        show("first opening (makes its index)", first, opening, "gensim, mapped")
        show("second opening", second, opening, "gensim, mapped")
        (near,) = medians(lambda word: vectors.tokens.near(word[:-2] + word[:-3:-1]))
        print(f"{'near spellings of a wrong word':34} {near:9.3f} ms")


if __name__ == "__main__":
    main()
