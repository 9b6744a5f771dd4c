"""A UMAP map of 2,000 and of 10,000 words of glove.6B.50d: from asking for it to having it, beside umap-learn by hand.

    python -m benchmarks.bench_maps          (--quick: 2,000 words, once; --cold: what the very first one costs, too)

Ours goes the way of the page: a job is submitted to `Runs`, a warm worker finds the exact neighbours, lays out,
measures and keeps the map, and the clock stops when the map can be found under its key, ready to be drawn. The
peer is what one would write oneself: a fresh Python process that imports umap-learn, reads the rows and
calls `UMAP(metric="cosine").fit_transform`; its clock stops when the process has ended and the coordinates are
on the disk. It is tried with a seed, as ours always has one, and without, when umap-learn may use all cores.
One at a time, in turns, each with a new seed; the medians count. What numba keeps of what it compiled is there for
all of them before the clock starts (`--cold`: an empty cache). Trustworthiness is that of `maps.honesty` for all, of
the same points; processor time is that of all workers, or of the peer's process.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import numpy.typing as npt
import psutil

from embedcore import search
from embedcore import settings as settings_module
from embedcore.library import open_vectors
from embedcore.library.bundled import matrix_path
from embedcore.library.places import BUNDLED
from embedcore.maps import honesty, store
from embedcore.maps.identity import identity_of
from embedcore.maps.layouts import UMAP, warm
from embedcore.maps.request import MapRequest, SetAsked, WordsAsked
from embedcore.runs import Runs, jobs
from embedcore.runs.folder import FINISHED
from embedcore.runs.jobs import MapConfig
from embedcore.settings import Settings
from embedcore.vectors import WordVectors

ROOT = Path(__file__).resolve().parent.parent
SIZES, ROUNDS, WORKERS = (2_000, 10_000), 3, 2
OURS, SEEDED, UNSEEDED = "embedcore, warm worker", "umap-learn, with a seed", "umap-learn, all cores"
CACHE = "NUMBA_CACHE_DIR"
_LOOK = 0.005  # seconds between two looks for a map


@dataclass(frozen=True)
class Made:
    """One map."""

    seconds: float  # from asking to having
    processor: float  # seconds
    trust: float


class Ours:
    """Maps by a real dispatcher and warm workers."""

    def __init__(self, runs: Runs, vectors: WordVectors) -> None:
        self._runs = runs
        self._set = SetAsked(BUNDLED, identity_of(vectors))

    def config(self, words: int, seed: int) -> MapConfig:
        """The job of a map."""
        return MapConfig.of(MapRequest(sets=(self._set,), words=WordsAsked(count=words), method=UMAP, seed=seed))

    def make(self, words: int, seed: int) -> Made:
        """A map that nobody has asked for before."""
        config = self.config(words, seed)
        assert store.find_map(config.asked.key, self._runs.settings) is None
        before, began = self._processor(), time.perf_counter()
        run = jobs.submit(self._runs, config)
        while (found := store.find_map(config.asked.key, self._runs.settings)) is None:
            if self._runs.folder(run.id).run.over:
                sys.exit(f"The map was not made: {self._runs.folder(run.id).run.error}")
            time.sleep(_LOOK)
        seconds = time.perf_counter() - began
        self._runs.wait(run.id)
        assert found.honesty is not None
        return Made(seconds, self._processor() - before, found.honesty.trustworthiness)

    def warm(self, words: int) -> list[float]:
        """The seconds of the first map of each worker, all of them at once."""
        began = time.perf_counter()
        submitted = [jobs.submit(self._runs, self.config(words, seed)) for seed in range(9_001, 9_001 + WORKERS)]
        ended = [self._runs.wait(run.id, 600) for run in submitted]
        assert {run.state for run in ended} == {FINISHED}
        if len({run.owner["worker"] for run in ended}) < WORKERS:
            sys.exit("Not every worker made a first map. Try again.")
        since = time.time() - (time.perf_counter() - began)
        return [float(run.ended or 0.0) - since for run in ended]

    @staticmethod
    def _processor() -> float:
        """The processor time so far of all processes that this one has started."""
        times = [process.cpu_times() for process in psutil.Process().children(recursive=True)]
        return sum(one.user + one.system for one in times)


def by_hand(words: int, seed: int | None, units: npt.NDArray[np.float32], cache: str | None = None) -> Made:
    """A map by umap-learn in a fresh process; its compiled functions are kept in `cache`, or where it keeps them."""
    environment = {**os.environ, CACHE: cache} if cache else {k: v for k, v in os.environ.items() if k != CACHE}
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "coordinates.npy"
        command = [sys.executable, "-m", "benchmarks.one_map", str(matrix_path()), str(out), "--words", str(words)]
        command += [] if seed is None else ["--seed", str(seed)]
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode:
            sys.exit(f"umap-learn ended with status {done.returncode}:\n{done.stderr}")
        json.loads(done.stdout)
        measured = honesty.measure(units[:words], np.load(out))
    assert measured is not None
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Made(seconds, processor, measured.trustworthiness)


def compare(ours: Ours, units: npt.NDArray[np.float32], words: int, rounds: int) -> None:
    """Make maps in turns, and print the medians."""
    makers = {
        OURS: lambda seed: ours.make(words, seed),
        SEEDED: lambda seed: by_hand(words, seed, units),
        UNSEEDED: lambda seed: by_hand(words, None, units),
    }
    made: dict[str, list[Made]] = {name: [] for name in makers}
    for seed in range(1, rounds + 1):
        for name, make in makers.items():
            made[name].append(make(seed))
    print(f"\nUMAP, 2-D, {words:,} words of {BUNDLED}, median of {rounds}")
    print(f"{'':26}{'seconds':>10}{'processor':>11}{'trust':>8}{'':>4}trustworthiness of each")
    middle = {name: _median(each) for name, each in made.items()}
    for name, one in middle.items():
        each = " ".join(f"{other.trust:.3f}" for other in made[name])
        print(f"{name:26}{one.seconds:>10.2f}{one.processor:>11.2f}{one.trust:>8.3f}{'':>4}{each}")
    for name in (SEEDED, UNSEEDED):
        ratio = middle[OURS].seconds / middle[name].seconds
        worked = middle[OURS].processor / middle[name].processor
        print(f"ours / {name:19}{ratio:>10.3f}{worked:>11.3f}{middle[OURS].trust - middle[name].trust:>+8.3f}")


def _median(made: list[Made]) -> Made:
    return Made(*(statistics.median(getattr(one, name) for one in made) for name in ("seconds", "processor", "trust")))


def compare_cold(units: npt.NDArray[np.float32], sizes: tuple[int, ...]) -> None:
    """What it costs where nothing was ever compiled: the peer's map, and ours, which no visitor waits for."""
    print("\nWith an empty cache of numba's, once")
    with tempfile.TemporaryDirectory() as cache:
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "embedcore.maps.layouts.warm"],
            cwd=ROOT,
            env={**os.environ, CACHE: cache},
            check=True,
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    what = "ours, compiled in the background once on a machine"
    print(f"{what:52}{time.perf_counter() - began:>8.2f} s{processor:>9.2f} s of processor time")
    for words in sizes:
        with tempfile.TemporaryDirectory() as cache:
            made = by_hand(words, 1, units, cache)
        print(f"{f'{SEEDED}, {words:,} words':52}{made.seconds:>8.2f} s{made.processor:>9.2f} s of processor time")


@contextmanager
def warm_runs(settings: Settings) -> Iterator[Runs]:
    """Runs with idle workers that have started, and all compiled."""
    warm.choose_cache(settings.cache_dir / "numba")
    warm.warm_once()
    runs = Runs(settings)
    runs.start()
    try:
        while runs.workers < WORKERS:
            time.sleep(0.05)
        yield runs
    finally:
        runs.stop()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="2,000 words alone, once")
    parser.add_argument("--cold", action="store_true", help="also with nothing compiled")
    args = parser.parse_args()
    sizes, rounds = (SIZES[:1], 1) if args.quick else (SIZES, ROUNDS)
    with tempfile.TemporaryDirectory(prefix="embedcore-bench-") as home:
        settings = settings_module.load({"EMBEDCORE_HOME": home, "EMBEDCORE_WORKERS": str(WORKERS)})
        vectors = open_vectors(BUNDLED, settings)
        units = search.unit(vectors.matrix[: max(sizes)]).astype(np.float32)  # (n, D)
        for seed in (1, None):
            by_hand(max(sizes), seed, units)  # so that what numba keeps is there
        with warm_runs(settings) as runs:
            ours = Ours(runs, vectors)
            first = ours.warm(min(sizes))
            told = ", ".join(f"{seconds:.1f}" for seconds in first)
            print(f"The first map of each of {WORKERS} workers, {min(sizes):,} words, both at once: {told} s")
            for words in sizes:
                compare(ours, units, words, rounds)
        if args.cold:
            compare_cold(units, sizes)


if __name__ == "__main__":
    main()
