"""Runs that real workers do, for tests of what only they show."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from embedcore import settings as settings_module
from embedcore.library import save_vectors
from embedcore.runs import Runs
from embedcore.vectors import WordVectors
from tests.test_runs import until

PATIENCE = 240.0  # seconds, on a machine that is busy with much else


@contextmanager
def two_workers(home: Path, name: str, vectors: WordVectors) -> Iterator[Runs]:
    """The runs of a home folder with two real workers, and a vector set of that name in its library."""
    settings = settings_module.load({"EMBEDCORE_HOME": str(home), "EMBEDCORE_WORKERS": "2"})
    save_vectors(name, vectors, source="a test", settings=settings)
    runs = Runs(settings)
    with pytest.MonkeyPatch.context() as patch:
        # No worker starts as quickly as this: whoever is not waited for is lost for good.
        patch.setenv("DASK_DISTRIBUTED__DEPLOY__LOST_WORKER_TIMEOUT", "50ms")
        runs.start()
    until(lambda: runs.workers == 2, PATIENCE, "two workers")
    yield runs
    runs.stop()
