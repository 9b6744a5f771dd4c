"""Uploads: kept whole or not at all, under names that are safe, and cleared away."""

from __future__ import annotations

import io
import os
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from embedcore import uploads
from embedcore.errors import StorageProblem
from embedcore.settings import Settings

MEGABYTE = 1 << 20


def everything_in(settings: Settings) -> list[str]:
    return sorted(str(path.relative_to(settings.uploads_dir)) for path in settings.uploads_dir.rglob("*"))


@pytest.mark.parametrize("how", ["bytes", "file", "a file that was read", "pieces"])
def test_what_was_sent_is_kept(home: Settings, how: str) -> None:
    sent = os.urandom(3 * MEGABYTE + 7)
    content: bytes | io.BytesIO | Iterator[bytes] = sent
    if "file" in how:
        content = io.BytesIO(sent)
        if how != "file":
            content.read(99)
    elif how == "pieces":
        content = (sent[start : start + 999_999] for start in range(0, len(sent), 999_999))
    path = uploads.keep("고양이.vec.gz", content, home)
    assert path.read_bytes() == sent
    assert path.name == "고양이.vec.gz"
    assert path.parent.parent == home.uploads_dir


def test_two_of_one_name_are_two(home: Settings) -> None:
    first, second = (uploads.keep("a.txt", content, home) for content in (b"1", b"2"))
    assert (first.read_bytes(), second.read_bytes()) == (b"1", b"2")


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("glove.6B.50d.txt", "glove.6B.50d.txt"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\벡터 (1).bin", "벡터 (1).bin"),
        ("..", "vectors"),
        ("", "vectors"),
        (".hidden.vec", "hidden.vec"),
        ("a\x00b\nc<d>.txt", "a_b_c_d_.txt"),
        ("\ud800.vec", "_.vec"),
        ("가.vec", "가.vec"),  # composed
        ("💾💾", "vectors"),
    ],
)
def test_names_are_made_safe(home: Settings, name: str, safe: str) -> None:
    assert uploads.file_name(name) == safe
    path = uploads.keep(name, b"x", home)
    assert path.name == safe
    assert path.resolve().is_relative_to(home.uploads_dir)


def test_a_long_name_keeps_its_ending(home: Settings) -> None:
    name = uploads.file_name("한" * 5_000 + ".w2v.bin")
    assert name.endswith("한.w2v.bin")
    assert 190 < len(name.encode()) <= 200
    assert uploads.keep("한" * 5_000 + ".w2v.bin", b"x", home).exists()


def test_too_much_leaves_nothing(home: Settings) -> None:
    small = replace(home, max_vectors_megabytes=1)
    assert uploads.keep("fits.txt", bytes(MEGABYTE), small).exists()
    before = everything_in(home)
    with pytest.raises(StorageProblem, match=r"“big\.txt” has more than the 1 megabytes that can be sent"):
        uploads.keep("big.txt", (bytes(MEGABYTE // 2 + 1) for _ in range(9)), small)
    assert everything_in(home) == before


def test_a_sender_who_breaks_off_leaves_nothing(home: Settings) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"some"
        raise ConnectionResetError("gone")

    with pytest.raises((StorageProblem, ConnectionResetError)):
        uploads.keep("a.txt", pieces(), home)
    assert everything_in(home) == []


def test_a_full_disk_is_told_and_leaves_nothing(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(28, "No space left on device")

    with pytest.raises(StorageProblem) as caught:
        uploads.keep("a.txt", Full(b"x"), home)
    assert str(caught.value) == "Could not keep “a.txt”. The disk is full. Free some space and try again."
    assert everything_in(home) == []


def test_a_large_file_is_not_twice_in_memory(home: Settings) -> None:
    sent = io.BytesIO(bytes(80 * MEGABYTE))
    tracemalloc.start()
    path = uploads.keep("large.bin", sent, home)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert path.stat().st_size == 80 * MEGABYTE
    assert peak < 5 * MEGABYTE


def test_removing_takes_uploads_alone(home: Settings, tmp_path: Path) -> None:
    kept, other = uploads.keep("a.txt", b"x", home), tmp_path / "other.txt"
    other.write_bytes(b"x")
    for path in (other, kept, kept, home.uploads_dir / "not-there" / "x"):
        uploads.remove(path, home)
    assert other.exists()
    assert everything_in(home) == []


def test_old_ones_go_unless_they_are_needed(home: Settings) -> None:
    young, old, needed = (uploads.keep(f"{name}.txt", b"x", home) for name in ("young", "old", "needed"))
    left = home.uploads_dir / ".tmp-of-a-server-that-was-killed"
    left.mkdir()
    two_days_ago = time.time() - 2 * 86_400
    for folder in (old.parent, needed.parent, left):
        os.utime(folder, (two_days_ago, two_days_ago))
    uploads.tidy(home, [needed])
    assert [path.exists() for path in (young, old, needed, left)] == [True, False, True, False]
    uploads.tidy(replace(home, home=home.home / "nothing here"))
