"""A file while it comes: what is there of it, where it came from, and its hash so far.

Here belong writing, going on behind what is there, and beginning anew. Asking for the rest and
judging answers belong to `fetching`.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from embedcore import storage
from embedcore.downloads.files import PART_ENDING, PART_FILE, read_or_none

_READ_BYTES = 1 << 20


class PartFile:
    """What there is of a file; used by one at a time, who holds the lock of its key."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.path = folder / f"{name}{PART_ENDING}"
        state = read_or_none(folder / PART_FILE) or {}
        self.url: str = str(state.get("url") or "")  # where it comes from
        self.etag: str = str(state.get("etag") or "")
        self.modified: str = str(state.get("modified") or "")
        length = state.get("length")
        self.length: int | None = length if isinstance(length, int) else None  # of the whole, as the host said
        self.resumed = False  # whether some of it came in an earlier answer
        self._digest, self._hashed = hashlib.sha256(), 0
        self._file: BinaryIO | None = None
        self.size = _size_of(self.path) if state else 0

    @property
    def validator(self) -> str:
        """What tells whether the file at its host is still the same one; empty if the host gave nothing.

        A weak ETag says that two files mean the same, not that their bytes are equal (RFC 9110, 8.8.1).
        """
        return self.etag if self.etag and not self.etag.startswith("W/") else self.modified

    def begin(self, url: str, length: int | None, etag: str, modified: str) -> None:
        """Begin anew with what `url` offers. Raises OSError, StorageProblem."""
        self.clear()
        self.url, self.etag, self.modified, self.length = url, etag, modified, length
        self.folder.mkdir(parents=True, exist_ok=True)
        self._write_state()
        self._file = self.path.open("wb", buffering=0)

    def go_on(self, url: str, length: int | None, etag: str, modified: str) -> None:
        """Go on behind what is there. Raises OSError, StorageProblem."""
        self.resumed = True
        if url != self.url:  # a mirror, whose own words hold from now on
            self.url, self.etag, self.modified = url, etag, modified
        self.length = length if length is not None else self.length
        self._write_state()
        self._file = self.path.open("ab", buffering=0)

    def write(self, data: bytes) -> None:
        """Add bytes. Raises OSError; then some of them may be there."""
        assert self._file is not None
        rest = memoryview(data)
        while rest:
            count = self._file.write(rest)
            self._digest.update(rest[:count])
            self._hashed += count
            self.size += count
            rest = rest[count:]

    def close(self) -> None:
        """Bytes that came stay on the disk. Raises OSError."""
        if self._file is not None:
            with self._file as file:
                self._file = None
                os.fsync(file.fileno())

    def catch_up(self, on_bytes: Callable[[int], None]) -> None:
        """Hash what an earlier process left. Raises OSError, and whatever `on_bytes` raises."""
        if self._hashed == self.size:
            return
        self._digest, self._hashed = hashlib.sha256(), 0
        with self.path.open("rb") as file:
            while self._hashed < self.size and (data := file.read(min(_READ_BYTES, self.size - self._hashed))):
                self._digest.update(data)
                self._hashed += len(data)
                on_bytes(self.size)

    @property
    def sha256(self) -> str:
        """Of all that is there, once `catch_up` was called."""
        return self._digest.hexdigest()

    def start(self, count: int = 512) -> bytes:
        """Its first bytes. Raises OSError."""
        with self.path.open("rb") as file:
            return file.read(count)

    def clear(self) -> None:
        """Nothing is there any more. Raises OSError."""
        if self._file is not None:
            self._file.close()
            self._file = None
        self.path.unlink(missing_ok=True)
        (self.folder / PART_FILE).unlink(missing_ok=True)
        self.url, self.etag, self.modified, self.length = "", "", "", None
        self._digest, self._hashed, self.size, self.resumed = hashlib.sha256(), 0, 0, False

    def _write_state(self) -> None:
        state = {"url": self.url, "etag": self.etag, "modified": self.modified, "length": self.length}
        storage.write_json(self.folder / PART_FILE, state, sync=False)


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # nothing came yet, or whoever fetches it just put it into its place
        return 0
