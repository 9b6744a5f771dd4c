"""The file of a matrix that grows: what numpy reads from it is what was put in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from embedcore.errors import StorageProblem
from embedcore.formats import matrix_file
from embedcore.formats.matrix_file import MatrixFile
from embedcore.storage import open_array


def blocks(*sizes: int) -> list[np.ndarray]:
    random = np.random.default_rng(1)
    return [random.standard_normal((size, 5), dtype=np.float32) for size in sizes]


def test_blocks_become_one_matrix(tmp_path: Path) -> None:
    file = MatrixFile(tmp_path / "matrix.npy", 5)
    parts = blocks(3, 0, 1, 40)
    for part in [np.asfortranarray(parts[0]), parts[1], parts[2], parts[3].astype(">f4")]:
        file.append(part)
    with pytest.raises(StorageProblem):
        open_array(file.path)  # half a matrix is none
    mapped = file.finish()
    assert isinstance(mapped.base, np.memmap)
    np.testing.assert_array_equal(mapped, np.concatenate(parts))
    np.testing.assert_array_equal(np.load(file.path, allow_pickle=False), np.concatenate(parts))
    assert np.load(file.path).flags.c_contiguous
    assert file.path.stat().st_size == 128 + 44 * 5 * 4


@pytest.mark.parametrize("block", [1, 50, 1 << 20])
@pytest.mark.parametrize("dropped", [[0], [43], [7], [0, 1, 2, 3], [*range(1, 44, 2)], [], [*range(44)], [20, 43]])
def test_rows_that_are_kept_move_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int, dropped: list[int]
) -> None:
    monkeypatch.setattr(matrix_file, "_BLOCK", block)
    file = MatrixFile(tmp_path / "matrix.npy", 5)
    whole = np.concatenate(parts := blocks(30, 14))
    for part in parts:
        file.append(part)
    kept = ~np.isin(np.arange(44), dropped)
    file.keep(kept)
    mapped = file.finish()
    np.testing.assert_array_equal(mapped, whole[kept])
    assert file.path.stat().st_size == 128 + int(kept.sum()) * 5 * 4


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(StorageProblem, match=r"Could not write the vectors\. There is no such file or folder"):
        MatrixFile(tmp_path / "nowhere" / "matrix.npy", 5)
