"""What the import benchmark measures with: its clock on memory, its large file, its programs."""

from __future__ import annotations

import json
import mmap
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from benchmarks.bench_import import write_large
from benchmarks.one_import import PROGRAMS
from benchmarks.peak_memory import AnonymousMemory
from embedcore.formats import read
from embedcore.settings import Settings

ROOT = Path(__file__).parent.parent
CHILD = """
import mmap, sys
with open(sys.argv[1], "rb") as file:
    mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    touched, held = sum(mapped[::4096]), b"x" * 100_000_000
print("there", flush=True)
input()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells which pages belong to files")
def test_anonymous_memory_leaves_mapped_files_out(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(mmap.PAGESIZE) * 10_000)  # 40 MB
    command = [sys.executable, "-c", CHILD, str(path)]
    with (
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process,
        AnonymousMemory(process.pid, 0.01) as peak,
    ):
        assert process.stdin
        assert process.stdout
        assert process.stdout.readline() == "there\n"
        before = time.monotonic()
        while peak.megabytes < 100 and time.monotonic() < before + 30:
            time.sleep(0.01)  # until it has looked once more
        process.communicate("\n")
    assert 100 < peak.megabytes < 130


def test_the_large_file_is_one_of_vectors(tmp_path: Path, home: Settings) -> None:
    write_large(tmp_path / "large.txt", 400, 100, home)
    vectors, told = read(tmp_path / "large.txt")
    assert (told.format, told.skipped, vectors.matrix.shape) == ("glove", {}, (400, 100))
    assert len(np.unique(vectors.matrix, axis=0)) > 350
    assert 0.3 < vectors.matrix.std() < 0.4


@pytest.mark.parametrize("program", list(PROGRAMS))
def test_each_program_reads_the_rows(tmp_path: Path, program: str) -> None:
    path = tmp_path / "v.txt"
    path.write_text('the 1 0.5\n" 2 -0.25\nnan 3 4\n한 5 6\n', "utf-8")
    part = [] if program == "embedcore" else ["--rows", "3"]
    command = [sys.executable, "-m", "benchmarks.one_import", program, str(path), *part]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["rows"] == (3 if part else 4)
    assert found["seconds"] > 0
    assert list(tmp_path.iterdir()) == [path]
