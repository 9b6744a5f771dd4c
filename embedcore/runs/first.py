"""first.npy and from_set.npy: what a run started from, where it started from a vector set.

The set may be deleted or replaced while the run waits to go on, so the run keeps its own copy:
(V, D) float32, and (V,) bool, which rows came from the set. A run that started from random
numbers keeps neither: its first weight can be drawn again.
"""

from __future__ import annotations

import numpy as np

from embedcore.errors import StorageProblem
from embedcore.runs.folder import RunFolder
from embedcore.storage import open_array, write_array
from embedcore.training.initial import FirstWeight

WEIGHT_FILE, FROM_SET_FILE = "first.npy", "from_set.npy"


def keep(folder: RunFolder, first: FirstWeight) -> None:
    """Write both files, the weight last, so that where it is there the other is too.

    Each is there whole or not at all. Raises StorageProblem if the disk does not take it,
    UnknownRun if the run was deleted.
    """
    _put(folder, FROM_SET_FILE, first.from_set)
    _put(folder, WEIGHT_FILE, first.weight)


def load(folder: RunFolder) -> FirstWeight | None:
    """What a run started from, memory-mapped; None where it kept nothing. Raises StorageProblem if it is damaged."""
    if not (folder.path / WEIGHT_FILE).is_file():
        return None
    weight, from_set = open_array(folder.path / WEIGHT_FILE), open_array(folder.path / FROM_SET_FILE)
    if weight.dtype != np.float32 or weight.ndim != 2 or from_set.shape != weight.shape[:1] or from_set.dtype != bool:
        raise StorageProblem(f"{WEIGHT_FILE} is damaged: it does not fit {FROM_SET_FILE}. Run it again.")
    return FirstWeight(weight, from_set)


def _put(folder: RunFolder, name: str, array: np.ndarray) -> None:
    folder.put(name, lambda place: write_array(place, array), doing="keep what this run starts from")
