"""Fixtures for all tests: a home folder of their own, and the bundled GloVe vectors."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from embedcore import settings as settings_module
from embedcore.settings import Settings
from embedcore.vectors import WordVectors


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the developer's shell or CI has set does not reach a test."""
    for name in [*os.environ]:
        if name.startswith("EMBEDCORE_") or name == "DASK_SCHEDULER_ADDRESS":
            monkeypatch.delenv(name)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, _no_settings_from_outside: None) -> Settings:
    """The settings of an empty home folder, which EMBEDCORE_HOME names during the test."""
    monkeypatch.setenv("EMBEDCORE_HOME", str(tmp_path / "home"))
    return settings_module.load()


@pytest.fixture(scope="session")
def glove_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder, shared by all tests, that holds the index of the bundled set."""
    return tmp_path_factory.mktemp("glove") / "home"


@pytest.fixture(scope="session")
def glove(glove_home: Path) -> WordVectors:
    """The bundled glove.6B.50d: 400,000 x 50."""
    from embedcore.library import open_vectors

    return open_vectors("glove.6B.50d", settings_module.load({"EMBEDCORE_HOME": str(glove_home)}))
