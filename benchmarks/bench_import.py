"""Importing text of vectors: seconds and peak memory, against gensim, torchtext's loop and pandas.

Two files: glove.6B.50d written as GloVe text, 400,000 x 50, and one that is made up in the
shape of glove.840B.300d, 2,196,017 x 300 and 5.6 GB, which is removed afterwards. Ours is the
whole import, from the file to a set that is kept on the disk; the peers end with a matrix in
memory. Each reading is in a fresh process, one after the other; for the small file several
times in turns, and the medians count. Of the large file the peers read only the first part,
and their time for all of it is reckoned from that.

Memory is the most that a process had beyond the page cache: pages of no file. The files have
just been written, so they are read from the page cache where the machine has room for them.

`python -m benchmarks.bench_import --large-rows 0` without the large file
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from benchmarks import made_up
from benchmarks.one_import import PROGRAMS
from benchmarks.peak_memory import AnonymousMemory
from embedcore import formats
from embedcore import settings as settings_module
from embedcore.library import open_vectors
from embedcore.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
OURS = next(iter(PROGRAMS))
LOOK = 0.02  # seconds between two looks at the memory
_STRETCHES, _STRETCH = 4_096, 50  # ready-made stretches of so many numbers, of which the large text is put together
_ROWS = 5_000  # written at a time


@dataclass(frozen=True)
class Reading:
    """What reading a file took, in a process of its own."""

    seconds: float
    processor: float  # seconds of all its threads
    rows: int
    megabytes: float


def measure(program: str, path: Path, rows: int | None = None) -> Reading:
    """Read a file, or its first rows, in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.one_import", program, str(path)]
    command += [] if rows is None else ["--rows", str(rows)]
    with (
        tempfile.TemporaryFile("w+") as told,
        subprocess.Popen(command, cwd=ROOT, stdout=told) as process,
        AnonymousMemory(process.pid, LOOK) as peak,
    ):
        if status := process.wait():
            sys.exit(f"{program} ended with status {status}")
        told.seek(0)
        return Reading(**json.load(told), megabytes=peak.megabytes)


def write_large(path: Path, rows: int, dim: int, settings: Settings) -> None:
    """GloVe text of so many rows, five digits a number; fast, as the numbers are ready-made, fifty at a time."""
    generator = np.random.default_rng(1)
    numbers = generator.normal(0, 0.35, (_STRETCHES, min(_STRETCH, dim)))
    stretches = ["".join(f" {number:.5g}" for number in row).encode() for row in numbers.tolist()]
    if dim % numbers.shape[1]:
        raise SystemExit(f"--large-dim should be below {_STRETCH} or a multiple of it")
    words = made_up.tokens(rows, settings)
    with path.open("wb") as file:
        for start in range(0, rows, _ROWS):
            part = words[start : start + _ROWS]
            chosen = generator.integers(0, _STRETCHES, (len(part), dim // numbers.shape[1])).tolist()
            lines = (
                word.encode() + b"".join([stretches[one] for one in row])
                for word, row in zip(part, chosen, strict=True)
            )
            file.write(b"\n".join(lines) + b"\n")


def table(path: Path, dim: int, readings: dict[str, Sequence[Reading]]) -> None:
    """Print a line for each program; what only part of the rows took is scaled to all of them."""
    rows = readings[OURS][0].rows
    print(f"\n{rows:,} x {dim}, {path.stat().st_size / 1e9:.2f} GB")
    print(f"{'':18}{'rows read':>12}{'seconds':>10}{'for all':>10}{'ours is':>10}{'processor':>11}{'memory, MB':>12}")
    whole = {
        name: statistics.median(one.seconds * rows / one.rows for one in found) for name, found in readings.items()
    }
    for name, found in readings.items():
        seconds = statistics.median(one.seconds for one in found)
        times = "" if name == OURS else f"{whole[name] / whole[OURS]:.1f} x"
        print(
            f"{name:18}{found[0].rows:>12,}{seconds:>10.2f}{whole[name]:>10.2f}{times:>10}"
            f"{statistics.median(one.processor for one in found):>11.2f}"
            f"{max(one.megabytes for one in found):>12,.0f}",
            flush=True,
        )


def main() -> None:
    """Write the files, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="readings of the small file by each program")
    parser.add_argument("--large-rows", type=int, default=made_up.LARGE_ROWS, help="0 leaves the large file out")
    parser.add_argument("--large-dim", type=int, default=made_up.LARGE_DIM)
    parser.add_argument("--part", type=int, default=100_000, help="rows of the large file that the peers read")
    parser.add_argument("--folder", type=Path, help="where there is room for the files: 9 GB")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.folder) as name:
        folder = Path(name)
        settings = replace(settings_module.load(), home=folder / "home")
        small = folder / "small.glove.txt"
        vectors = open_vectors("glove.6B.50d", settings)
        formats.export(vectors, "glove", small)
        measure(OURS, small)  # the first time ever, it compiles its parser
        readings: dict[str, list[Reading]] = {program: [] for program in PROGRAMS}
        for _ in range(args.rounds):
            for program, found in readings.items():
                found.append(measure(program, small))
        table(small, vectors.dim, readings)
        small.unlink()
        if args.large_rows:
            large = folder / "large.glove.txt"
            write_large(large, args.large_rows, args.large_dim, settings)
            part = min(args.part, args.large_rows)
            ours = {OURS: [measure(OURS, large)]}
            peers = {program: [measure(program, large, part)] for program in PROGRAMS if program != OURS}
            table(large, args.large_dim, {**ours, **peers})


if __name__ == "__main__":
    main()
