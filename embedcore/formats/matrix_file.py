"""The file of a matrix whose rows come one block after the other, and whose number is known at the end.

Here belongs the .npy file alone: float32, C order, as numpy reads and maps it. Source of the
layout: numpy/lib/format.py, version 1.0.
"""

from __future__ import annotations

import struct
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import numpy.typing as npt

from embedcore.storage import open_array, os_errors
from embedcore.vectors import Float32s

MATRIX_FILE = "matrix.npy"
_HEADER = 128  # bytes; room for any number of rows, and a whole number of cache lines
_BLOCK = 1 << 23  # bytes moved at a time


class MatrixFile:
    """Rows of D numbers in a file, opened for each block, so that nothing is left open when reading breaks off."""

    def __init__(self, path: Path, dim: int) -> None:
        """Begins an empty file at `path`; one that is there is replaced. Raises StorageProblem."""
        self.path, self.dim, self.rows = path, dim, 0
        with _writing():
            path.write_bytes(bytes(_HEADER))  # what is cut off here can never be taken for a matrix

    def append(self, matrix: Float32s) -> None:
        """Write rows (n, D) behind those that are there. Raises StorageProblem."""
        with _writing(), self.path.open("ab") as file:
            file.write(np.ascontiguousarray(matrix, dtype="<f4").data)
        self.rows += len(matrix)

    def keep(self, kept: npt.NDArray[np.bool_]) -> None:
        """Let only the rows stay that are `kept` (V,); they move up within the file. Raises StorageProblem."""
        first = int(np.argmin(kept)) if not kept.all() else len(kept)  # those before it stay where they are
        width = 4 * self.dim
        size = max(1, _BLOCK // width)
        place = first
        with _writing(), self.path.open("r+b") as file:
            for start in range(first, len(kept), size):
                good = kept[start : start + size]  # (n,)
                file.seek(_HEADER + start * width)
                block = np.frombuffer(file.read(len(good) * width), "<f4").reshape(len(good), self.dim)  # (n, D)
                file.seek(_HEADER + place * width)
                file.write(block[good].data)
                place += int(good.sum())
            file.truncate(_HEADER + place * width)
        self.rows = place

    def finish(self) -> Float32s:
        """The whole matrix (V, D), mapped from the file, read-only. Raises StorageProblem."""
        said = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({self.rows}, {self.dim}), }}".encode()
        magic = b"\x93NUMPY\x01\x00" + struct.pack("<H", _HEADER - 10)
        with _writing(), self.path.open("r+b") as file:
            file.write(magic + said.ljust(_HEADER - 11) + b"\n")
        return open_array(self.path)


def _writing() -> AbstractContextManager[None]:
    """Turns an OSError of the block into the sentence for this file, whatever file is being read meanwhile."""
    return os_errors("write the vectors")
