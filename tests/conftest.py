"""Fixtures for all tests: a home folder of their own, and the bundled GloVe vectors."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from embedcore import settings as settings_module
from embedcore.settings import Settings
from embedcore.vectors import WordVectors
from tests import loopback
from tests.loopback import Host


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the developer's shell or CI has set does not reach a test."""
    for name in [*os.environ]:
        ours = name.startswith("EMBEDCORE_") or name == "DASK_SCHEDULER_ADDRESS"
        if ours or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, _no_settings_from_outside: None) -> Settings:
    """The settings of an empty home folder, which EMBEDCORE_HOME names during the test."""
    monkeypatch.setenv("EMBEDCORE_HOME", str(tmp_path / "home"))
    return settings_module.load()


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    """A web server on loopback; each address is tried once."""
    monkeypatch.setattr("embedcore.downloads.fetching.PAUSES", ())
    with loopback.running() as started:
        yield started


@pytest.fixture(scope="session")
def glove_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder, shared by all tests, that holds the index of the bundled set."""
    return tmp_path_factory.mktemp("glove") / "home"


@pytest.fixture(scope="session")
def glove(glove_home: Path) -> WordVectors:
    """The bundled glove.6B.50d: 400,000 x 50."""
    from embedcore.library import open_vectors

    return open_vectors("glove.6B.50d", settings_module.load({"EMBEDCORE_HOME": str(glove_home)}))
