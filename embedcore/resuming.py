"""Trainings of the command line that can go on where they were stopped, or killed.

cache/training/<name>/ is there while a training of that name goes on, and after one that did
not come to its end:

lock             held by the process that trains
corpus/          the text as integers, so that its files are not read again
checkpoints/N/   the newest state; see `runs.checkpoints`
training.json    what was asked for; written last, so that all is there where it is

Here belongs keeping and finding these. A run of the dashboard keeps the same in its own folder.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embedcore.errors import StorageProblem, TrainingProblem
from embedcore.runs import checkpoints
from embedcore.settings import Settings
from embedcore.storage import folders_in, os_errors, read_json, write_json

_FOLDER, _ABOUT, _LOCK = "training", "training.json", "lock"
_DAY = 24 * 3600.0


class Place:
    """Where one training keeps what it needs to go on; got from `place_for`, and locked while in use."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.corpus = path / "corpus"  # where the text as integers belongs

    @property
    def about(self) -> dict[str, Any] | None:
        """What was said of the training that can go on here; None if there is none."""
        try:
            return read_json(self._path / _ABOUT)
        except StorageProblem:
            return None

    @about.setter
    def about(self, value: dict[str, Any]) -> None:
        write_json(self._path / _ABOUT, value)

    def state(self) -> dict[str, NDArray[Any]] | None:
        """The newest state, in arrays of its own; None if there is none yet. Raises StorageProblem."""
        found = checkpoints.load(self._path / "checkpoints")
        return None if found is None else {name: np.array(array) for name, array in found.items()}

    def save(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Keep a newer state. Raises StorageProblem; the one before is there then."""
        checkpoints.save(self._path / "checkpoints", state)

    def clear(self) -> None:
        """Drop everything but the lock."""
        (self._path / _ABOUT).unlink(missing_ok=True)  # first, so that no half of the rest is taken for all
        for path in self._path.iterdir():
            if path.name != _LOCK:
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()


@contextmanager
def place_for(name: str, settings: Settings) -> Iterator[Place]:
    """The place of the training of that name, for this process alone; left behind only if `about` was set.

    Raises TrainingProblem if another process is training under that name, StorageProblem if the
    disk does not take it. Removes what others left behind long ago.
    """
    folder = settings.cache_dir / _FOLDER
    _sweep(folder, settings)
    path = folder / name
    with os_errors("make a folder for this training"):
        lock = _lock(path)
        if lock is None:
            raise TrainingProblem(f"“{name}” is being trained by another process. Choose another name, or wait.")
    place = Place(path)
    try:
        yield place
    finally:
        if place.about is None:
            shutil.rmtree(path, ignore_errors=True)
        os.close(lock)


def new_id() -> str:
    """What a set and the training that it was kept from are known to belong together by."""
    return uuid.uuid4().hex


def _sweep(folder: Path, settings: Settings) -> None:
    """Remove what was killed before it could go on, and what nobody went on with for as long as runs are kept."""
    with suppress(OSError, StorageProblem):
        for path in folders_in(folder):
            days = settings.runs_kept_days
            written = path / _ABOUT
            if written.exists() and not (days and time.time() - _newest(path) > days * _DAY):
                continue
            lock = _lock(path)
            if lock is not None:
                shutil.rmtree(path, ignore_errors=True)
                os.close(lock)


def _newest(path: Path) -> float:
    return max(each.stat().st_mtime for each in (path / _ABOUT, path / "checkpoints") if each.exists())


def _lock(path: Path) -> int | None:
    """An open file whose lock this process holds, as long as it is open; None if another one does."""
    while True:
        path.mkdir(parents=True, exist_ok=True)
        try:
            lock = os.open(path / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        except FileNotFoundError:
            continue  # removed by whoever was here before
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(lock).st_nlink:
                return lock
        except BlockingIOError:
            os.close(lock)
            return None
        except BaseException:
            os.close(lock)
            raise
        os.close(lock)  # the file was removed between opening and locking it
