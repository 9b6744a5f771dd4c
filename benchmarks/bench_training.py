"""Training: words a second and quality, beside gensim and fastText, with two workers each.

Skip-gram, and CBOW beside gensim's, on 11.7 million words of film reviews. All read one plain
file, lower-cased, a review a line, with the same settings; the learning rate is each program's
own. Each training is in a fresh process, one after the other, seed by seed. The table shows the
medians of the speeds, the means of the scores, and the most memory.

"training" is the training alone; "from file" is all from the file to the vectors in memory:
reading, counting, encoding. fastText tells no times, but its training speed in words a second;
these are known words and line ends, so the figure here is made from how many of those there are.
Gensim can read in two ways: both are tried with the first seed, and the quicker one is used.

`python -m benchmarks.bench_training --words 1000000 --seeds 1` for a quick look
"""

from __future__ import annotations

import argparse
import json
import lzma
import re
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from benchmarks.one_training import SETTINGS, WORKERS
from benchmarks.peak_memory import PeakMemory
from benchmarks.similarity_sets import FILES, spearman
from embedcore.text import tokenize
from embedcore.training import OBJECTIVES

ROOT = Path(__file__).resolve().parent.parent
REVIEWS = ROOT.parent / "shared" / "data" / "en" / "reviews_12M_words.txt.xz"
GENSIM = ("gensim, corpus_file", "gensim, LineSentence")
OURS = "embedcore"


@dataclass(frozen=True)
class Text:
    """The file that all read, and what is in it."""

    path: Path
    words: int
    counted: int  # as fastText counts: known words and line ends


def write_text(path: Path, words: int) -> Text:
    """The first `words` words of the reviews, to the end of the review they are in."""
    counts: dict[str, int] = {}
    total = lines = 0
    with lzma.open(REVIEWS, "rt", encoding="utf-8") as reviews, path.open("w", encoding="utf-8") as out:
        for review in reviews:
            for tokens in tokenize(review.replace("<br />", " ")):
                out.write(" ".join(tokens) + "\n")
                for token in tokens:
                    counts[token] = counts.get(token, 0) + 1
                total, lines = total + len(tokens), lines + 1
            if total >= words:
                break
    known = sum(count for count in counts.values() if count >= SETTINGS["min_count"])
    return Text(path, total, known + lines)


def measure(program: str, text: Text, objective: str, seed: int) -> dict[str, float]:
    """One training in a fresh process: its speeds, its scores, its memory."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "vectors.npz"
        command = [sys.executable, "-m", "benchmarks.one_training", program, str(text.path), str(out)]
        command += ["--objective", objective, "--seed", str(seed)]
        with (
            tempfile.TemporaryFile("w+") as told,
            tempfile.TemporaryFile("w+") as log,
            subprocess.Popen(command, cwd=ROOT, stdout=told, stderr=log) as process,
            PeakMemory(process.pid) as peak,
        ):
            status = process.wait()
            for file in (told, log):
                file.seek(0)
            said = log.read()
            if status:
                sys.exit(f"{program} ended with status {status}:\n{said}")
            seconds = json.load(told)
        found = np.load(out)
        words, matrix = found["words"].tolist(), found["matrix"]
    if program == "fastText":
        rate = float(re.findall(r"words/sec/thread:\s*(\d+)", said)[-1])
        seconds["train"] = text.counted / (rate * WORKERS)
    return {
        "training, words/s": text.words / seconds["train"],
        "from file, words/s": text.words / seconds["whole"],
        **{name: spearman(words, matrix, name)[0] for name in FILES},
        "peak memory, MB": peak.megabytes,
    }


def compare(text: Text, objective: str, seeds: list[int]) -> None:
    """Measure all programs on one objective, and print the table."""
    programs = [OURS, *GENSIM]
    if objective == "skipgram" and find_spec("fasttext"):
        programs.append("fastText")
    results: dict[str, list[dict[str, float]]] = {}
    for seed in seeds:
        for program in list(programs):
            results.setdefault(program, []).append(measure(program, text, objective, seed))
        if seed == seeds[0]:  # the slower of gensim's two ways is no longer needed
            programs.remove(min(GENSIM, key=lambda name: results[name][0]["from file, words/s"]))
    print(f"\n{OBJECTIVES[objective].label}: {text.words:,} words, {SETTINGS}, {WORKERS} workers, seeds {seeds}")
    summaries = {program: summary(found) for program, found in results.items()}
    names = list(next(iter(summaries.values())))
    print(f"{'':22}" + "".join(f"{name:>20}" for name in names))
    for program, values in summaries.items():
        few = "" if len(results[program]) == len(seeds) else "  (first seed only)"
        print(f"{program:22}" + "".join(f"{values[name]:>20{style(name)}}" for name in names) + few)
    for program, values in summaries.items():
        if program == OURS or program not in programs:
            continue
        print(f"{'ours to ' + program:22}", end="")
        for name in names:
            ours, theirs = summaries[OURS][name], values[name]
            print(f"{ours - theirs:>+20.3f}" if name in FILES else f"{ours / theirs:>19.2f}x", end="")
        print()


def summary(found: list[dict[str, float]]) -> dict[str, float]:
    """Of several seeds: the median speed, the mean score, the most memory."""
    values = {name: [each[name] for each in found] for name in found[0]}
    return {
        name: statistics.mean(each) if name in FILES else max(each) if "memory" in name else statistics.median(each)
        for name, each in values.items()
    }


def style(name: str) -> str:
    """How a figure is written."""
    return ".3f" if name in FILES else ",.0f"


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--words", type=int, default=10**9, help="words of the reviews to read (default: all)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--objectives", nargs="+", default=["skipgram", "cbow"])
    arguments = parser.parse_args()
    if not REVIEWS.exists():
        sys.exit(f"The benchmark reads {REVIEWS}, which is not there.")
    if not find_spec("fasttext"):
        print("fastText is not installed, so it is left out: pip install -r tests/requirements.txt")
    with tempfile.TemporaryDirectory() as folder:
        text = write_text(Path(folder) / "reviews.txt", arguments.words)
        for objective in arguments.objectives:
            if objective in OBJECTIVES:
                compare(text, objective, arguments.seeds)
            else:
                print(f"There is no objective “{objective}” here, so it is left out.")


if __name__ == "__main__":
    main()
