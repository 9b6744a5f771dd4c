"""What the training benchmark measures with: its clock on memory, its scores, and its programs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.peak_memory import PeakMemory
from benchmarks.similarity_sets import FILES, read_pairs, spearman

ROOT = Path(__file__).parent.parent

PARENT = """
import subprocess, sys
child = "import time; held = bytearray(b'x') * 150_000_000; print(1, flush=True); time.sleep(1.5)"
subprocess.run([sys.executable, "-c", child], stdout=subprocess.DEVNULL)
"""


def test_peak_memory_counts_what_was_started() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT]) as process, PeakMemory(process.pid) as peak:
        process.wait()
    assert 150 < peak.megabytes < 300


@pytest.mark.parametrize("name", FILES)
def test_spearman_is_scipys(name: str) -> None:
    from scipy.stats import spearmanr

    pairs = read_pairs(name)
    words = sorted({word for a, b, _ in pairs for word in (a, b)})[::2]  # half of them are missing
    matrix = np.random.default_rng(1).standard_normal((len(words), 5)).astype(np.float32)
    found, used = spearman(words, matrix, name)
    rows = dict(zip(words, matrix.astype(np.float64), strict=True))
    known = [(rows[a], rows[b], score) for a, b, score in pairs if a in rows and b in rows]
    cosine = [a @ b / np.linalg.norm(a) / np.linalg.norm(b) for a, b, _ in known]
    assert used == len(known) > 50
    assert found == pytest.approx(spearmanr(cosine, [score for *_, score in known]).statistic, abs=1e-4)


@pytest.mark.parametrize("program", ["embedcore", "gensim, corpus_file"])
def test_one_training(tmp_path: Path, program: str) -> None:
    (tmp_path / "text.txt").write_text("the cat and the dog eat fish\na ship sails the wide sea\n" * 50)
    command = [sys.executable, "-m", "benchmarks.one_training", program, "text.txt", "out.npz"]
    command[4:6] = [str(tmp_path / "text.txt"), str(tmp_path / "out.npz")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    seconds = json.loads(done.stdout)
    assert 0 < seconds["train"] < seconds["whole"]
    assert 0 < seconds["read"] < seconds["whole"]
    found = np.load(tmp_path / "out.npz")
    assert found["matrix"].shape == (11, 100)
    assert found["words"][0] == "the"
