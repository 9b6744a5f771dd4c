"""One file of vectors read by one program, in a process of its own: `python -m benchmarks.one_import PROGRAM FILE`.

Prints one JSON object: the seconds from the file to vectors that can be used, and how many
rows there are. What a peer is made of is imported before the clock starts; what ours imports
while it reads counts. What is compared with what is up to `bench_import`.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path


def with_embedcore(path: Path, rows: int | None) -> Callable[[], int]:
    """The whole import: read, checked, its words put in order, its checksum made, kept in a library on the disk."""
    from embedcore import settings as settings_module
    from embedcore.importing import import_vectors

    assert rows is None, "it reads whole files"

    def read() -> int:
        with tempfile.TemporaryDirectory(dir=path.parent) as home:
            settings = replace(settings_module.load(), home=Path(home))
            return import_vectors(path, "bench", source="A benchmark", settings=settings).info.rows

    return read


def with_gensim(path: Path, rows: int | None) -> Callable[[], int]:
    """KeyedVectors in memory."""
    from gensim.models import KeyedVectors

    return lambda: len(KeyedVectors.load_word2vec_format(str(path), no_header=True, limit=rows))


def with_a_loop(path: Path, rows: int | None) -> Callable[[], int]:
    """As torchtext reads it: line by line, a tensor each, and all of them stacked."""
    import torch

    def read() -> int:
        words, places, vectors = [], {}, []
        with path.open("rb") as file:
            for line in file:
                word, *numbers = line.rstrip().split(b" ")
                places[word.decode("utf-8")] = len(words)
                words.append(word.decode("utf-8"))
                vectors.append(torch.tensor([float(number) for number in numbers]))  # (D,)
                if len(words) == rows:
                    break
        return len(torch.stack(vectors))  # (V, D)

    return read


def with_pandas(path: Path, rows: int | None) -> Callable[[], int]:
    """read_csv, told to take no word for a quote or a missing value, and its numbers as float32."""
    import csv

    import numpy as np
    import pandas as pd

    def read() -> int:
        table = pd.read_csv(
            path, sep=" ", header=None, index_col=0, quoting=csv.QUOTE_NONE, keep_default_na=False, nrows=rows
        )
        return len(table.to_numpy(np.float32))  # (V, D)

    return read


PROGRAMS = {"embedcore": with_embedcore, "gensim": with_gensim, "torchtext's loop": with_a_loop, "pandas": with_pandas}


def main() -> None:
    """Read, and print what it took."""
    parser = argparse.ArgumentParser()
    parser.add_argument("program", choices=PROGRAMS)
    parser.add_argument("path", type=Path)
    parser.add_argument("--rows", type=int, help="read only the first so many")
    args = parser.parse_args()
    read = PROGRAMS[args.program](args.path, args.rows)
    began, worked = time.perf_counter(), time.process_time()
    rows = read()
    print(json.dumps({
        "seconds": time.perf_counter() - began, "processor": time.process_time() - worked, "rows": rows,
    }))  # fmt: skip


if __name__ == "__main__":
    main()
