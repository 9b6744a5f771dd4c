"""How much room things take, and how much is left."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from embedcore import disk
from embedcore.errors import StorageProblem


def test_bytes_in_a_folder(tmp_path: Path) -> None:
    assert disk.bytes_in(tmp_path / "nowhere") == disk.bytes_in(tmp_path) == 0
    (tmp_path / "a").write_bytes(bytes(1000))
    (tmp_path / "folder" / "below").mkdir(parents=True)
    (tmp_path / "folder" / "below" / "한").write_bytes(bytes(24))
    (tmp_path / "link").symlink_to(tmp_path / "folder")  # not counted twice, and never gone round
    (tmp_path / "broken").symlink_to(tmp_path / "no such")
    link = (tmp_path / "link").stat().st_size
    assert disk.bytes_in(tmp_path) == 1024 + link
    assert disk.bytes_in(tmp_path / "a") == 0  # no folder


def test_bytes_left_where_a_folder_will_be(tmp_path: Path) -> None:
    there = os.statvfs(tmp_path)
    assert disk.bytes_left(tmp_path / "not" / "yet") == pytest.approx(there.f_bavail * there.f_frsize, rel=0.05)


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (1_049_000, "1.0 MB"), (99_940_000, "99.9 MB"),
     (99_960_000, "100 MB"), (999_400_000, "999 MB"), (999_600_000, "1.0 GB"), (2_690_000_000, "2.7 GB"),
     (3e15, "3000 TB")],
)  # fmt: skip
def test_bytes_in_words(size: float, words: str) -> None:
    assert disk.counted(size) == words


def test_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "bytes_left", lambda folder: 1_200_000_000)
    disk.check_room(1_200_000_000, tmp_path, "It")
    with pytest.raises(StorageProblem) as caught:
        disk.check_room(2_690_000_000, tmp_path, "Importing “glove.txt”")
    assert str(caught.value) == (
        "Importing “glove.txt” needs about 2.7 GB of disk, but only 1.2 GB are left there. "
        "Free some space and try again."
    )
