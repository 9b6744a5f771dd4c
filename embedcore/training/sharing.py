"""Handing a model to another process without copying what is large.

Here belongs how it travels. Who works on it, and how, is in `hogwild`.
"""

from __future__ import annotations

import contextlib
import io
import pickle
import shutil
import sys
from collections.abc import Iterable
from multiprocessing import reduction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from embedcore.errors import TrainingProblem

if TYPE_CHECKING:
    from torch import Tensor

SHARED_BYTES = 1 << 20  # an array from this size on is one for all rather than a copy for each
_SHARED_MEMORY = Path("/dev/shm")


def share(weights: Iterable[Tensor]) -> None:
    """Move weights into shared memory, in place: whoever holds one sees what other processes do to it.

    Raises TrainingProblem if there is no room, where a first write would end the process.
    """
    weights = [weight for weight in weights if not weight.untyped_storage().is_shared()]
    needed = sum(weight.nbytes for weight in weights)
    with contextlib.suppress(OSError):
        free = shutil.disk_usage(_SHARED_MEMORY).free
        if sys.platform == "linux" and needed > free:
            raise TrainingProblem(
                f"Several processes need {needed / 1e6:,.0f} MB of shared memory, and {_SHARED_MEMORY} has "
                f"{free / 1e6:,.0f} MB left. Make it larger, or train with one process."
            )
    for weight in weights:
        weight.untyped_storage().share_memory_()


def pickled(job: object, shared: dict[int, Tensor]) -> bytes:
    """`job` for another process: tensors and large arrays go into shared memory, once for all, in `shared`."""
    buffer = io.BytesIO()
    _Pickler(buffer, shared).dump(job)
    return buffer.getvalue()


class _Pickler(reduction.ForkingPickler):
    """Sends no large array: a mapped file is opened again at the other end, others are moved to shared memory."""

    def __init__(self, buffer: io.BytesIO, shared: dict[int, Tensor]) -> None:
        super().__init__(buffer, pickle.HIGHEST_PROTOCOL)
        self._shared = shared

    def reducer_override(self, value: Any) -> Any:
        """How `value` travels, as the standard library's picklers are told."""
        import torch

        if not isinstance(value, np.ndarray) or value.nbytes < SHARED_BYTES or not value.flags.c_contiguous:
            return NotImplemented
        file = _file(value)
        if file is not None:
            path, offset = file
            return _mapped, (path, value.dtype.str, offset, value.shape)
        if id(value) not in self._shared:
            self._shared[id(value)] = torch.from_numpy(value.copy())  # moved when it is first sent
        return _array, (self._shared[id(value)],)


def _file(array: NDArray[Any]) -> tuple[str, int] | None:
    """The file that an array maps, and where in it the array begins; None if it maps none that is there."""
    base = array
    while isinstance(base.base, np.ndarray):
        base = base.base
    if not isinstance(base, np.memmap) or not base.filename or not Path(base.filename).exists():
        return None
    return str(Path(base.filename).resolve()), base.offset + array.ctypes.data - base.ctypes.data


def _mapped(path: str, dtype: str, offset: int, shape: tuple[int, ...]) -> NDArray[Any]:
    return np.asarray(np.memmap(path, dtype, "r", offset, shape))


def _array(tensor: Tensor) -> NDArray[Any]:
    return tensor.numpy()
