"""The text files of a command: read one after another under a progress bar, what was found out said.

Here belongs what only the command line needs of reading. How files are read is in `documents`.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from embedcore.storage import os_errors, printable

if TYPE_CHECKING:
    from embedcore.documents import Choices

STANDARD_INPUT = "-"
_QUIET_SECONDS = 0.5  # before a bar shows


def shown(file: str) -> str:
    """What a file is called in messages."""
    return "standard input" if file == STANDARD_INPUT else printable(Path(file).name, 200)


def as_found(files: Sequence[str]) -> list[list[Any]]:
    """Of each file its whole path, size and time of change, by which to know that it is the same later.

    Raises StorageProblem for one that is not there.
    """
    found: list[list[Any]] = []
    for file in files:
        if file == STANDARD_INPUT:
            found.append([file, None, None])
            continue
        with os_errors(f"read {printable(file, 200)}"):
            about = Path(file).stat()
        found.append([str(Path(file).resolve()), about.st_size, about.st_mtime_ns])
    return found


def read_files(files: Sequence[str], choices: Choices) -> Generator[str, None, None]:
    """The text of files, one after another, in blocks of whole lines; "-" is standard input.

    Shows a bar of bytes on standard error, and then what was found out about each file.
    Raises what `documents.open_document` and `OpenDocument.blocks` raise.
    """
    from tqdm import tqdm

    from embedcore.documents.reading import OpenDocument

    sizes = [size for _, size, _ in as_found(files)]
    notes: list[str] = []
    with tqdm(
        total=None if None in sizes else sum(sizes), unit="B", unit_scale=True, desc="Reading", file=sys.stderr,
        mininterval=0.2, delay=_QUIET_SECONDS, leave=False,
    ) as bar:  # fmt: skip
        for file in files:
            before = bar.n
            with _open(file) as stream:
                document = OpenDocument(stream, shown(file), choices)
                for block in document.blocks():
                    yield block
                    bar.update(max(0, before + _position(stream) - bar.n))
            notes += [f"{shown(file)}: {note}" for note in document.notes]
    for note in notes:  # when the bar is gone
        print(note, file=sys.stderr)


def _open(file: str) -> AbstractContextManager[BinaryIO]:
    if file == STANDARD_INPUT:
        return nullcontext(sys.stdin.buffer)
    with os_errors(f"read {printable(file, 200)}"):
        return cast(BinaryIO, io.FileIO(file))


def _position(stream: BinaryIO) -> int:
    """How many bytes were read; 0 where that cannot be told, as of a pipe."""
    try:
        return stream.tell()
    except (OSError, ValueError):  # ValueError: it was read to its end and closed
        return 0
