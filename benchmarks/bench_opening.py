"""Opening a set that is in the library: time and memory, against gensim's mapped load and torch.load.

    python -m benchmarks.bench_opening                          # 400,000 x 50 and 2,196,017 x 300
    python -m benchmarks.bench_opening --rows 500000 --dim 300  # a smaller large one

Every opening has a process of its own, the programs take turns, and figures are medians.
"Looking" is a word's vector, a word that is not there, and completion of four beginnings, one
of them empty and one Korean. "Near" is spellings near the missing word, which only embedcore
has. "Again" is a second opening in the same process. Imports are not counted with the opening, but told. The
files are warm. The large set is made up and removed at the end, with the peers' copies: up to
8 GB of disk, and as much memory as torch needs for the matrix.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.made_up import LARGE_DIM, LARGE_ROWS, make_set
from embedcore import settings as settings_module
from embedcore.library import open_vectors, save_vectors
from embedcore.settings import Settings
from embedcore.vectors import WordVectors

MOST_MILLISECONDS, MOST_MEGABYTES = 100, 50  # that an opening may take
STEPS = ["imports", "opening", "looking", "near", "again"]


def keep_for_peers(vectors: WordVectors, folder: Path) -> dict[str, Path]:
    """The same set as gensim and as torchtext keep one."""
    import torch
    from gensim.models import KeyedVectors

    words = list(vectors.tokens)
    places = {word: row for row, word in enumerate(words)}
    keyed = KeyedVectors(vectors.dim)
    keyed.index_to_key, keyed.key_to_index, keyed.vectors = words, places, np.asarray(vectors.matrix)
    keyed.save(str(folder / "set.kv"), separately=["vectors"])
    torch.save((words, places, torch.from_numpy(vectors.matrix.copy()), vectors.dim), folder / "set.pt")
    return {"gensim": folder / "set.kv", "torch": folder / "set.pt"}


def open_once(program: str, path: Path) -> dict[str, float]:
    """What one opening took, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.one_opening", program, str(path)]
    taken: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return taken


def measure(make: Callable[[Settings], WordVectors], rounds: int) -> None:
    """Print every figure for one set, made in a library of its own."""
    with tempfile.TemporaryDirectory() as home:
        settings = replace(settings_module.load(), home=Path(home))
        vectors = make(settings)
        print(f"\n{len(vectors):,} x {vectors.dim}, medians of {rounds} processes each")
        paths = {"embedcore": settings.vectors_dir / str(vectors.name), **keep_for_peers(vectors, Path(home))}
        del vectors
        taken: dict[str, list[dict[str, float]]] = {program: [] for program in paths}
        for _ in range(rounds):
            for program, path in paths.items():
                taken[program].append(open_once(program, path))
    print(f"{'':12}" + "".join(f"{step:>24}" for step in STEPS))
    middles = {}
    for program, each in taken.items():
        middle = {key: statistics.median(one[key] for one in each) for key in each[0]}
        cells = (f"{middle[f'{step} ms']:11,.1f} ms {middle[f'{step} MB']:6,.0f} MB" for step in STEPS)
        print(f"{program:12}" + "".join(f"{cell:>24}" for cell in cells))
        middles[program] = middle
    ours = middles.pop("embedcore")
    for program, theirs in middles.items():
        print(f"opening, ours / {program}: {ours['opening ms'] / theirs['opening ms']:.4f}")
    milliseconds = ours["opening ms"] + ours["looking ms"]
    megabytes = ours["opening MB"] + ours["looking MB"]
    kept = milliseconds < MOST_MILLISECONDS and megabytes < MOST_MEGABYTES
    print(
        f"opening and looking: {milliseconds:.1f} ms of {MOST_MILLISECONDS}, {megabytes:.1f} MB of {MOST_MEGABYTES}: "
        f"{'kept' if kept else 'NOT kept'}"
    )


def bundled(settings: Settings) -> WordVectors:
    """The bundled set, kept under another name."""
    save_vectors("glove", open_vectors("glove.6B.50d", settings), source="GloVe", settings=settings)
    return open_vectors("glove", settings)


def main() -> None:
    """Print every figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=LARGE_ROWS, help="of the large set; 0 leaves it out")
    parser.add_argument("--dim", type=int, default=LARGE_DIM)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    measure(bundled, args.rounds)
    if args.rows:
        measure(lambda settings: make_set("made up", args.rows, args.dim, settings), args.rounds)


if __name__ == "__main__":
    main()
