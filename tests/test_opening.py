"""Opening a set that is in the library, in a process of its own, costs next to nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from embedcore import settings as settings_module
from embedcore.library import open_vectors, save_vectors
from embedcore.vectors import WordVectors

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory, glove: WordVectors) -> Path:
    """The folder of a kept set of 400,000 x 100, 160 MB."""
    settings = settings_module.load({"EMBEDCORE_HOME": str(tmp_path_factory.mktemp("opening"))})
    doubled = WordVectors(glove.tokens, np.tile(glove.matrix, 2), lowercased=True)
    save_vectors("large", doubled, source="a test", settings=settings)
    assert open_vectors("large", settings).matrix.shape == (400_000, 100)
    return settings.vectors_dir / "large"


def test_opening_reads_neither_the_matrix_nor_all_tokens(large: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.one_opening", "embedcore", str(large)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    taken = json.loads(done.stdout)
    assert taken["opening MB"] < 10
    assert taken["looking MB"] < 25
    assert taken["near MB"] < 20
    assert taken["again MB"] < 2
    assert taken["again ms"] < 100
