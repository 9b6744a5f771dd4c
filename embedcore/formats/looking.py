"""Looking at the beginning of a file of word vectors: what it seems to hold, before it is read.

Here belongs what a visitor is shown to say “yes, that is my file”, and how much disk it will
take. Only the beginning is read, whatever the size of the file. Reading it is in `reading`.
"""

from __future__ import annotations

import zipfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from embedcore.errors import BadVectors
from embedcore.formats import streams
from embedcore.formats.base import Read
from embedcore.formats.binary import binary_header, gather_records, records_of
from embedcore.formats.fasttext_file import look_into_fasttext
from embedcore.formats.gather import Gathering, binaries
from embedcore.formats.projector import first_lines, size_of_vectors
from embedcore.formats.recognising import Stream, beginning, stream_of, whole_file
from embedcore.formats.safetensors_file import load
from embedcore.formats.text_parse import parse
from embedcore.formats.text_read import BOM
from embedcore.formats.torch_file import look_apart
from embedcore.storage import os_errors, printable
from embedcore.vectors import Float32s, WordVectors

_BESIDES = 12  # bytes a row that are kept besides its numbers and its word: its length, its place, where its word ends
_ENOUGH = 1 << 16  # bytes of text that tell how long a row is; so few are parsed without loading compiled code
_SAMPLE = 100  # rows of other files that are looked at


@dataclass(frozen=True)
class Look:
    """The beginning of a file of word vectors."""

    format: str  # a key of READABLE: what it was said to be, or was recognised as
    dim: int
    rows: int | None  # how many it says it has, which may be wrong; None if it does not say
    tokens: list[str]  # the first n that can be used
    matrix: Float32s  # (n, D); (0, D) of a fastText model
    members: list[str] = field(default_factory=list)  # the files of a .zip that could hold vectors
    member: str | None = None  # which of them this is
    notes: list[str] = field(default_factory=list)  # whole sentences on what is not as it should be
    disk: int = 0  # bytes that the set will take in the library, about


def look(path: Path, format: str | None, wanted: str | None, rows: int) -> Look:
    """What `formats.look` says."""
    name = printable(path.name)
    with os_errors(f"read “{printable(path.name)}”"), streams.unpacking(path):
        head, kind = beginning(path, format)
        if kind == "projector":
            return _look_projector(path, name, rows)
        if kind == "safetensors":
            return _look(kind, name, rows, *load(path, name, max(rows, _SAMPLE)), path.stat().st_size)
        if kind == "torch":
            texts, matrix, said = look_apart(path, max(rows, _SAMPLE))
            tokens = binaries([text.encode("utf-8", "surrogatepass") for text in texts])
            return _look(kind, name, rows, tokens, matrix, said, path.stat().st_size)
        return _look_into_stream(path, head, kind, wanted, rows)


def members(path: Path) -> list[str]:
    """The files of a .zip that could hold vectors; none of a file that is something else, or damaged."""
    with suppress(OSError, BadVectors, zipfile.BadZipFile):
        with path.open("rb") as file:
            head = file.read(streams.HEAD)
        if head.startswith(streams.ZIP) and whole_file(path, head) is None:
            with streams.archive(path) as packed:
                return [info.filename for info in streams.members(packed)]
    return []


def disk_needed(path: Path, format: str | None, wanted: str | None) -> int | None:
    """The bytes that the set in a file will take in the library, about; None if its beginning does not tell.

    Raises StorageProblem if it cannot be read.
    """
    with os_errors(f"read “{printable(path.name)}”"), path.open("rb") as file:
        head = file.read(streams.HEAD)
    try:
        with streams.unpacking(path):
            kind = format or (whole_file(path, head) if head else None)
        return path.stat().st_size if kind == "torch" else look(path, format, wanted, 1).disk
    except BadVectors:
        return None  # reading it says what is wrong


def _look(format: str, name: str, rows: int, tokens: Any, matrix: Float32s, said: int, size: int) -> Look:
    """The beginning of a file of tensors: n tokens, an Arrow array of binary, and their matrix (n, D)."""
    gathering = Gathering(format, name, matrix.shape[1], repeats=True)
    gathering.add(tokens, matrix)
    vectors, read = gathering.finish()
    return Look(
        format, vectors.dim, said, vectors.tokens[:rows], vectors.matrix[:rows],
        notes=_notes(gathering.seen, read), disk=size,
    )  # fmt: skip


def _notes(seen: int, read: Read) -> list[str]:
    return [f"Of the first {seen:,} rows: {read}"] if read.skipped else []


def _look_into_stream(path: Path, head: bytes, kind: str | None, wanted: str | None, rows: int) -> Look:
    """The beginning of a file that is read from one end to the other, perhaps packed."""
    members: list[str] = []
    if head.startswith(streams.ZIP):
        with streams.archive(path) as packed:
            members = [info.filename for info in streams.members(packed)]
            if wanted is None and members:
                wanted = members[0]
            wanted = streams.chosen(packed, path.name, wanted).filename
    with streams.opened(path, wanted=wanted) as file:
        begin = file.read(streams.HEAD)
        found = stream_of(begin, path, kind)
        if found.format == "projector":
            return _look_projector(path, printable(path.name), rows)
        if found.format == "fasttext":
            return _look_fasttext(begin, printable(path.name), rows, members, wanted)
        whole = len(begin) < streams.HEAD
        vectors, notes, said, used = _gathered(begin, found, printable(path.name), whole=whole)
    size = len(begin) if whole else streams.unpacked_size(path, wanted)
    return Look(
        found.format, vectors.dim, said, vectors.tokens[:rows], np.array(vectors.matrix[:rows]), members,
        wanted, notes, _disk(vectors, size / max(used, 1)),
    )  # fmt: skip


def _gathered(begin: bytes, found: Stream, name: str, *, whole: bool) -> tuple[WordVectors, list[str], int | None, int]:
    """The vectors of the beginning of a stream, notes on them, how many rows it says it has, the bytes they took."""
    said: int | None = None
    if found.shape is None:
        line, _, block = begin.partition(b"\n")
        said, dim = binary_header(line, name)
        gathering = records_of(name, dim)
        rest = gather_records(block, gathering, name, last=whole)
        used = len(block) - len(rest)
    else:
        block = begin.removeprefix(BOM)
        if found.shape.header:
            said, block = found.shape.header[0], block.partition(b"\n")[2]
        if not whole or len(block) > _ENOUGH:
            cut = max(block.rfind(b"\n", 0, _ENOUGH), block.find(b"\n")) + 1
            block = block[:cut] if cut or not whole else block
        if not block:
            raise BadVectors(f"“{name}” is no text of word vectors: it has a line without end.")
        gathering = Gathering(found.format, name, found.shape.dim)
        rows = parse(block, found.shape.dim, found.shape.separator)
        for reason, count in rows.skipped.items():
            gathering.skip(reason, count)
        gathering.add(rows.tokens, rows.matrix)
        used = len(block)
    vectors, read = gathering.finish()
    return vectors, _notes(gathering.seen, read), said, used


def _look_projector(path: Path, name: str, rows: int) -> Look:
    """The beginning of the Projector's two files."""
    pairs = first_lines(path, name, max(rows, _SAMPLE))
    if not pairs:
        raise BadVectors(f"“{name}” holds no vectors.")
    gathering = Gathering("projector", name, pairs[0][1].count(b"\t") + 1)
    found = parse(b"\n".join(b"%b\t%b" % pair for pair in pairs), gathering.dim, b"\t")
    for reason, count in found.skipped.items():
        gathering.skip(reason, count)
    gathering.add(found.tokens, found.matrix)
    vectors, read = gathering.finish()
    used = sum(len(numbers) + 1 for _, numbers in pairs)
    times = max(1.0, size_of_vectors(path, name) / used)
    disk = _disk(vectors, times)
    return Look(
        "projector",
        vectors.dim,
        None,
        vectors.tokens[:rows],
        vectors.matrix[:rows],
        notes=_notes(gathering.seen, read),
        disk=disk,
    )


def _look_fasttext(begin: bytes, name: str, rows: int, members: list[str], wanted: str | None) -> Look:
    """The beginning of a fastText model: its first words. Their numbers lie behind all words, some behind them all."""
    model, words = look_into_fasttext(begin, name)
    tokens = [word.decode("utf-8", "replace") for word in words[:rows]]
    length = sum(map(len, words)) / max(len(words), 1)  # bytes of a word
    notes = [f"It builds other words from their parts, of {model.minn} to {model.maxn} characters."] * model.parts
    return Look(
        "fasttext", model.dim, model.words, tokens, np.empty((0, model.dim), np.float32), members, wanted, notes,
        model.bytes + int(model.words * (length + _BESIDES)),
    )  # fmt: skip


def _disk(vectors: WordVectors, times: float) -> int:
    """The bytes that a set takes that is so many times as large as `vectors`."""
    words = sum(len(token.encode()) for token in vectors.tokens)
    return int(times * (vectors.matrix.nbytes + words + _BESIDES * len(vectors)))
