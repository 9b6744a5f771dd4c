"""One opening by one program, in a process of its own: `python -m benchmarks.one_opening PROGRAM PATH`.

Imports first, on a clock of their own; then opens, looks some words up, and opens once more.
Prints one JSON object: milliseconds, and megabytes of resident memory that came with each
step, mapped files included. What is compared with what is up to `bench_opening`.
"""

from __future__ import annotations

import argparse
import importlib
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil

from embedcore import settings as settings_module

KNOWN, MISSING, PREFIXES = "king", "kign", ["a", "", "in", "한"]
IMPORTS = {
    "embedcore": ["embedcore.library", "pyarrow.compute", "rapidfuzz.process"],
    "gensim": ["gensim.models"],
    "torch": ["torch"],
}


def with_embedcore(path: Path) -> tuple[Any, list[Callable[[], Any]]]:
    """The set of this name in the library whose home is the folder above `vectors`."""
    from embedcore.library import open_vectors

    vectors = open_vectors(path.name, replace(settings_module.load(), home=path.parent.parent))
    looks = [
        lambda: vectors[KNOWN].sum(),
        lambda: MISSING in vectors,
        lambda: [vectors.tokens.starting_with(prefix) for prefix in PREFIXES],
    ]
    return vectors, looks


def with_gensim(path: Path) -> tuple[Any, list[Callable[[], Any]]]:
    """KeyedVectors with its matrix mapped; its words are a list and a dictionary."""
    from gensim.models import KeyedVectors

    keyed = KeyedVectors.load(str(path), mmap="r")
    return keyed, [lambda: keyed[KNOWN].sum(), lambda: MISSING in keyed, lambda: _completed(keyed.index_to_key)]


def with_torch(path: Path) -> tuple[Any, list[Callable[[], Any]]]:
    """What torchtext keeps of a set: words, their places, the matrix and D, all read."""
    import torch

    itos, stoi, matrix, dim = torch.load(path, weights_only=True)
    looks = [lambda: matrix[stoi[KNOWN]].sum(), lambda: MISSING in stoi, lambda: _completed(itos)]
    return (itos, stoi, matrix, dim), looks


def _completed(words: list[str]) -> list[list[str]]:
    """The first ten words with each prefix, by looking at word after word."""
    found = []
    for prefix in PREFIXES:
        matches = (word for word in words if word.startswith(prefix))
        found.append([word for word, _ in zip(matches, range(10), strict=False)])
    return found


PROGRAMS = {"embedcore": with_embedcore, "gensim": with_gensim, "torch": with_torch}


def main() -> None:
    """Open, look, and print what it took."""
    parser = argparse.ArgumentParser()
    parser.add_argument("program", choices=PROGRAMS)
    parser.add_argument("path", type=Path)
    args = parser.parse_args()
    process, taken = psutil.Process(), {}

    def step(name: str, do: Callable[[], Any]) -> Any:
        before, started = process.memory_info().rss, time.perf_counter()
        done = do()
        taken[f"{name} ms"] = (time.perf_counter() - started) * 1e3
        taken[f"{name} MB"] = (process.memory_info().rss - before) / 1e6
        return done

    step("imports", lambda: [importlib.import_module(name) for name in IMPORTS[args.program]])
    opened, looks = step("opening", lambda: PROGRAMS[args.program](args.path))
    step("looking", lambda: [look() for look in looks])
    step("near", lambda: opened.tokens.near(MISSING) if args.program == "embedcore" else None)
    _again = step("again", lambda: PROGRAMS[args.program](args.path))  # while the first is still open
    print(json.dumps(taken))


if __name__ == "__main__":
    main()
