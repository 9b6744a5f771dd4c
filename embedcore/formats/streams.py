"""Opening a file to be read: as it is, or out of .gz or .zip; telling how far it is read.

Here belongs bytes alone, not what they mean, and which file of an archive is meant.
"""

from __future__ import annotations

import errno
import gzip
import io
import lzma
import re
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
_ZIPS = (ZIP, b"PK\x05\x06")  # the second is how an archive without a file begins
HEAD = 1 << 20  # bytes from the beginning of a file that tell what it is
_BUFFER = 1 << 16  # bytes asked for at a time, at least
_LONGEST_LINE = 1 << 26  # bytes; beyond it this is no text
_NAMED = 5  # files of an archive named in a sentence
# Names of files that come beside vectors.
_NO_VECTORS = re.compile(
    r"(^|/)\.[^/]*$|(^|/)(readme|licen[cs]e|copying|notice|changelog|citation)[^/]*$"
    r"|\.(md|rst|html?|xml|rels|pdf|json|ya?ml|png|jpe?g|gif|svg|py|sh|log|sha256|md5)$",
    re.IGNORECASE,
)


class _Watched(io.RawIOBase):
    """A file that tells how far it is read whenever some is."""

    def __init__(self, file: IO[bytes] | io.RawIOBase, size: int, on_progress: Progress | None) -> None:
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
        size = self._file.readinto(buffer) or 0  # type: ignore[union-attr]
        share = min(1.0, self._file.tell() / self._size)
        if self._tell and share > self._told:  # what is read twice is told once
            self._told = share
            self._tell(share)
        return size


@contextmanager
def opened(path: Path, on_progress: Progress | None = None, wanted: str | None = None) -> Iterator[BinaryIO]:
    """The content of a file, unpacked if it is packed; of a .zip of several files, that of the `wanted` one.

    Raises BadVectors, OSError, and what `unpacking` catches.
    """
    with path.open("rb", buffering=0) as raw:
        magic = raw.read(4)
        raw.seek(0)
        if magic.startswith(_ZIPS):
            with archive(io.BufferedReader(raw)) as packed:
                info = chosen(packed, path.name, wanted)
                with member(packed, info) as unpacked:
                    yield _watched(unpacked, info.file_size, on_progress)
            return
        file = _watched(raw, path.stat().st_size, on_progress)
        if magic.startswith(GZIP):
            with gzip.GzipFile(fileobj=file) as unpacked:
                yield io.BufferedReader(unpacked)  # type: ignore[type-var, misc]
        else:
            yield file


def _watched(file: IO[bytes] | io.RawIOBase, size: int, on_progress: Progress | None) -> BinaryIO:
    return io.BufferedReader(_Watched(file, size, on_progress), _BUFFER)  # type: ignore[type-var, return-value]


def unpacked_size(path: Path, wanted: str | None = None) -> int:
    """The bytes of the content of a file. Of .gz, which does not reliably say, as its beginning makes it likely.

    Raises as `opened`.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        magic = file.read(4)
        file.seek(0)
        if magic.startswith(_ZIPS):
            with archive(file) as packed:
                return chosen(packed, path.name, wanted).file_size
        if magic.startswith(GZIP):
            begin = file.read(HEAD)
            unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)  # 16: with gzip's header
            length = len(unpacker.decompress(begin, HEAD))
            used = len(begin) - len(unpacker.unconsumed_tail) - len(unpacker.unused_data)
            return size * length // max(used, 1)
    return size


@contextmanager
def unpacking(path: Path) -> Iterator[None]:
    """Turn what goes wrong with a packed file in the block into a StorageProblem."""
    try:
        yield
    except NotImplementedError as error:
        name = printable(path.name)
        raise BadVectors(f"“{name}” is packed in a way that is not known here. Unpack it first.") from error
    except (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, lzma.LZMAError, EOFError) as error:
        raise _damaged(path) from error
    except OSError as error:  # of bz2, which gives no number; and of a .zip whose list points before its beginning
        if type(error) is not OSError or error.errno not in (None, errno.EINVAL):
            raise
        raise _damaged(path) from error


def _damaged(path: Path) -> StorageProblem:
    return StorageProblem(f"“{printable(path.name)}” is damaged or cut short: it cannot be unpacked. Get it again.")


def archive(file: Path | BinaryIO) -> zipfile.ZipFile:
    """A .zip. Raises BadZipFile for whatever is wrong with its list of files."""
    try:
        return zipfile.ZipFile(file)
    except (ValueError, IndexError, OverflowError, struct.error) as error:
        raise zipfile.BadZipFile(str(error)) from error


def member(packed: zipfile.ZipFile, info: zipfile.ZipInfo) -> IO[bytes]:
    """A file out of a .zip. Raises BadVectors if it takes a password, BadZipFile for what is wrong with its head."""
    if info.flag_bits & 1:
        raise BadVectors(f"“{printable(info.filename)}” is locked with a password. Unpack it first.")
    try:
        return packed.open(info)
    except (ValueError, IndexError, OverflowError, struct.error) as error:  # such as a name that is not UTF-8
        raise zipfile.BadZipFile(str(error)) from error


def members(packed: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The files of an archive that could hold vectors: neither notes on them nor what a system left there."""
    return [
        info
        for info in packed.infolist()
        if info.filename
        and not info.is_dir()
        and not info.filename.startswith("__MACOSX/")
        and not _NO_VECTORS.search(info.filename)
    ]


def chosen(packed: zipfile.ZipFile, name: str, wanted: str | None) -> zipfile.ZipInfo:
    """The file that is `wanted`, by its whole name or the last part of it; else the one that could hold vectors.

    `name` is the archive's. Raises BadVectors if there is none, or if there are several.
    """
    files = members(packed)
    if wanted is not None:
        named = [info for info in packed.infolist() if wanted and info.filename == wanted and not info.is_dir()]
        files = named or [info for info in files if info.filename.rpartition("/")[2] == wanted]
        if not files:
            raise BadVectors(f"There is no file “{printable(wanted)}” in “{printable(name)}”.{_list(members(packed))}")
    if len(files) == 1:
        return files[0]
    if not files:
        raise BadVectors(f"There is no file of vectors in “{printable(name)}”.")
    raise BadVectors(f"“{printable(name)}” holds {len(files):,} files:{_list(files)} Choose one of them.")


def _list(files: list[zipfile.ZipInfo]) -> str:
    names = [printable(info.filename) for info in files[:_NAMED]]
    return f" {', '.join(names)}{', …' if len(files) > _NAMED else ''}." if names else ""


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
