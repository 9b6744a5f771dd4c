"""checkpoints/N/: the newest state of a run, one .npy file an array; the highest N is the newest, and complete.

Here belongs keeping and opening them, and when. What the arrays mean is known to the job that saves them.
"""

from __future__ import annotations

import math
import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from embedcore.errors import StorageProblem
from embedcore.storage import directory_in_place, open_array, write_array

if TYPE_CHECKING:
    import numpy as np

_SAVING_SHARE = 0.05  # of the time may go into checkpoints
_FEWEST_SECONDS = 1.0  # between two checkpoints
_READ_TRIES = 20  # a newer checkpoint may replace the one that is being opened


def save(place: Path, arrays: Mapping[str, np.ndarray]) -> int:
    """Write arrays as the newest checkpoint, then remove the older ones; returns its number."""
    number = max(numbers(place), default=0) + 1
    with directory_in_place(_folder(place, number), doing="save a checkpoint of this run") as temporary:
        for name, array in arrays.items():
            write_array(temporary / f"{name}.npy", array)
    for old in numbers(place)[:-1]:
        shutil.rmtree(_folder(place, old), ignore_errors=True)
    return number


def load(place: Path, names: Sequence[str] = ()) -> dict[str, np.ndarray] | None:
    """The newest checkpoint's arrays, memory-mapped; all, or those named. None if there is none.

    Raises StorageProblem if it is damaged.
    """
    for _ in range(_READ_TRIES):
        number = max(numbers(place), default=0)
        if not number:
            return None
        folder = _folder(place, number)
        try:
            wanted = names or [file.stem for file in folder.glob("*.npy")]
            return {name: open_array(folder / f"{name}.npy") for name in wanted}
        except StorageProblem:
            if number == max(numbers(place), default=0):
                raise  # not because a newer one replaced it just now
    raise StorageProblem(f"The last checkpoint of the run “{place.parent.name}” cannot be read.")


def numbers(place: Path) -> list[int]:
    """The numbers of the checkpoints that are there, rising."""
    try:
        names = os.listdir(place)
    except FileNotFoundError:
        return []
    return sorted(int(name) for name in names if name.isdigit())


def _folder(place: Path, number: int) -> Path:
    return place / f"{number:06d}"


class Saver:
    """Saves a state often enough that little is lost, and rarely enough not to slow the work down."""

    def __init__(self, save: Callable[[], object], most_seconds: float = math.inf) -> None:
        """`save` does it; `most_seconds` is how long may pass in between, however long saving takes."""
        self._save, self._most_seconds = save, most_seconds
        self._due = 0.0

    def save(self) -> None:
        """Save now."""
        begin = time.monotonic()
        self._save()
        end = time.monotonic()
        pause = max(_FEWEST_SECONDS, (end - begin) / _SAVING_SHARE)
        self._due = end + min(pause, max(self._most_seconds, _FEWEST_SECONDS))

    def save_if_due(self) -> None:
        """Save if it is time."""
        if time.monotonic() >= self._due:
            self.save()
