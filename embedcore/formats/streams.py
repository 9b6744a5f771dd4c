"""Opening a file to be read: as it is, or out of .gz or .zip; telling how far it is read.

Here belongs bytes alone, not what they mean.
"""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO

from embedcore.errors import BadVectors, StorageProblem
from embedcore.formats.base import Progress
from embedcore.storage import printable

GZIP, ZIP = b"\x1f\x8b", b"PK\x03\x04"
HEAD = 1 << 20  # bytes from the beginning of a file that tell what it is
_LONGEST_LINE = 1 << 26  # bytes; beyond it this is no text
_NAMED = 5  # files of an archive named in a sentence


class _Watched(io.RawIOBase):
    """A file that tells how far it is read whenever some is."""

    def __init__(self, file: BinaryIO, size: int, on_progress: Progress | None) -> None:
        self._file, self._size, self._tell = file, max(size, 1), on_progress
        self._told = 0.0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        share = min(1.0, self._file.tell() / self._size)
        if self._tell and share > self._told:  # what is read twice is told once
            self._told = share
            self._tell(share)
        return len(data)


@contextmanager
def opened(path: Path, on_progress: Progress | None = None) -> Iterator[BinaryIO]:
    """The content of a file, unpacked if it is packed. Raises BadVectors, OSError, and what `unpacking` catches."""
    size = path.stat().st_size
    with path.open("rb", buffering=0) as raw, io.BufferedReader(_Watched(raw, size, on_progress)) as file:  # type: ignore[type-var]
        magic = file.peek(4)[:4]
        if magic.startswith(GZIP):
            with gzip.GzipFile(fileobj=file) as unpacked:
                yield io.BufferedReader(unpacked)  # type: ignore[type-var, misc]
        elif magic == ZIP:
            with archive(file) as packed, member(packed, _only(packed, path.name)) as unpacked:
                yield io.BufferedReader(unpacked)  # type: ignore[type-var, misc]
        else:
            yield file  # type: ignore[misc]


@contextmanager
def unpacking(path: Path) -> Iterator[None]:
    """Turn what goes wrong with a packed file in the block into a StorageProblem."""
    try:
        yield
    except (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError, NotImplementedError) as error:
        name = printable(path.name)
        raise StorageProblem(f"“{name}” is damaged or cut short: it cannot be unpacked. Get it again.") from error


def archive(file: Path | BinaryIO) -> zipfile.ZipFile:
    """A .zip. Raises BadZipFile for whatever is wrong with its list of files."""
    try:
        return zipfile.ZipFile(file)
    except (ValueError, IndexError, OverflowError, struct.error) as error:
        raise zipfile.BadZipFile(str(error)) from error


def member(packed: zipfile.ZipFile, info: zipfile.ZipInfo) -> IO[bytes]:
    """A file out of a .zip. Raises BadVectors if it takes a password."""
    if info.flag_bits & 1:
        raise BadVectors(f"“{printable(info.filename)}” is locked with a password. Unpack it first.")
    return packed.open(info)


def _only(packed: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    """The one file of an archive. Raises BadVectors if there are several."""
    files = [
        info
        for info in packed.infolist()
        if info.filename and not info.is_dir() and not info.filename.startswith("__MACOSX/")
    ]
    if len(files) == 1:
        return files[0]
    if not files:
        raise BadVectors(f"There is no file in “{printable(name)}”.")
    names = ", ".join(printable(info.filename) for info in files[:_NAMED]) + (", …" if len(files) > _NAMED else "")
    raise BadVectors(f"“{printable(name)}” holds {len(files)} files: {names}. Unpack it and import one of them.")


def whole_lines(file: BinaryIO, size: int, name: str) -> Iterator[bytes]:
    """A stream in blocks of whole lines, of about `size` bytes; the last may lack its newline. Raises BadVectors."""
    waiting: list[bytes] = []
    length = 0
    while data := file.read(size):
        cut = data.rfind(b"\n") + 1
        if cut:
            yield b"".join([*waiting, data[:cut]])
            waiting, length = [], 0
        waiting.append(data[cut:])
        length += len(data) - cut
        if length > _LONGEST_LINE:
            raise BadVectors(f"“{printable(name)}” is no text of word vectors: it has a line without end.")
    if length:
        yield b"".join(waiting)
