"""The bytes of a document: unpacked where they are packed, refused where they are no text at all.

Here belongs what can be told from the first bytes. What the bytes say belongs in `decoding`.
"""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from embedcore.errors import TextProblem
from embedcore.storage import os_errors

_GZIP = b"\x1f\x8b"
_SAVE = "Save it as a .txt or .csv file and try again."
_UNPACK = "Unpack it first, or pack it as .gz."
_KINDS: dict[bytes, str] = {
    b"PK\x03\x04": f"a .zip archive, or an Office document such as .xlsx, .docx or .hwpx. {_SAVE}",
    b"\xd0\xcf\x11\xe0": f"an Office document, such as .xls, .doc or .hwp. {_SAVE}",
    b"%PDF": f"a PDF. {_SAVE}",
    b"{\\rtf": f"a rich text document. {_SAVE}",
    b"\x89PNG": "a picture, so there is no text to read.",
    b"\xff\xd8\xff": "a picture, so there is no text to read.",
    b"GIF8": "a picture, so there is no text to read.",
    b"\xfd7zXZ": f"an .xz archive. {_UNPACK}",
    b"BZh": f"a .bz2 archive. {_UNPACK}",
    b"7z\xbc\xaf": f"a .7z archive. {_UNPACK}",
    b"\x28\xb5\x2f\xfd": f"a .zst archive. {_UNPACK}",
    b"Rar!": f"a .rar archive. {_UNPACK}",
    b"\x1f\x8b": f"packed twice. {_UNPACK}",
    b"PAR1": "a Parquet file. Save it as a .csv file and try again.",
    b"SQLite format 3": "a database. Save the table as a .csv file and try again.",
    b"\x7fELF": "a program, so there is no text to read.",
    b"\x93NUMPY": "an array of numbers, so there is no text to read.",
}


class Unpacked:
    """Reads a document bit by bit, unpacked.

    `packed` says whether it was a .gz; that shows in its first bytes, whatever it is called.
    `most_bytes` is the most that may come out of it.
    """

    def __init__(self, stream: BinaryIO, name: str, most_bytes: int | None = None) -> None:
        self._name = name
        self._most_bytes = most_bytes
        self._size = 0
        buffered = stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(cast(io.RawIOBase, stream))
        self._buffered = buffered
        self.packed = buffered.peek(2)[:2] == _GZIP
        self._stream: BinaryIO = cast(BinaryIO, gzip.GzipFile(fileobj=buffered)) if self.packed else buffered
        self._refuse_what_is_no_text(buffered)

    def read(self, size: int) -> bytes:
        """The next bytes, `size` of them unless it ends. Raises TextProblem for what is damaged or too large."""
        parts: list[bytes] = []
        with os_errors(f"read {self._name}"), self._damage():
            while size and (part := self._stream.read(size)):
                parts.append(part)
                size -= len(part)
        data = b"".join(parts)
        self._size += len(data)
        if self._most_bytes is not None and self._size > self._most_bytes:
            raise TextProblem(
                f"{self._name} holds more than {self._most_bytes >> 20:,} MB of text"
                f"{', unpacked' if self.packed else ''}. Use a part of it here, or train on the command line."
            )
        return data

    def close(self) -> None:
        """Close the file, unless it is standard input."""
        if self._buffered is not sys.stdin.buffer:
            self._buffered.close()

    def _refuse_what_is_no_text(self, buffered: io.BufferedReader) -> None:
        with os_errors(f"read {self._name}"), self._damage():
            begin = self._stream.peek(16)[:16] if self.packed else buffered.peek(16)[:16]  # type: ignore[attr-defined]
        for magic, kind in _KINDS.items():
            if begin.startswith(magic):
                raise TextProblem(f"{self._name} is {kind}")

    @contextmanager
    def _damage(self) -> Iterator[None]:
        try:
            yield
        except EOFError:
            raise TextProblem(f"{self._name} is cut short: its .gz ends before the text does. Copy it again.") from None
        except (gzip.BadGzipFile, zlib.error):
            raise TextProblem(f"{self._name} is damaged: its .gz cannot be unpacked. Copy it again.") from None
