"""word2vec's binary format, as word2vec.c writes it and gensim reads it.

A first line with the counts of rows and dimensions, as text; then for each word its UTF-8
bytes, a space, the numbers as little-endian float32, and a newline, which some writers leave
out. Source: word2vec.c, 2013.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import BinaryIO

import numpy as np

from embedcore.errors import BadVectors
from embedcore.formats.base import Progress, Read, Written, parts, plan, untold
from embedcore.formats.gather import CUT_SHORT, Gathering, binaries, header_note
from embedcore.vectors import WordVectors

HEADER = re.compile(rb"\s*(\d{1,15})[ \t]+(\d{1,15})[ \t\r]*\Z")  # longer ones count nothing that there is
MAX_DIM = 1_000_000  # a header that says more is no header
_FORBIDDEN = re.compile(r"[ \n]")
_BLOCK = 1 << 23  # bytes read at a time
_LONGEST_TOKEN = 1 << 20  # bytes; beyond it this is no such file
_LONGEST_HEADER = 200  # bytes
_NEWLINE = 10
_LOOK_AHEAD = 2_000  # bytes looked at, to find out whether a word is a space


def write_word2vec_binary(vectors: WordVectors, path: Path, on_progress: Progress = untold) -> Written:
    """Write the format; a token can hold neither a space nor a newline."""
    written, changes = plan(vectors, _FORBIDDEN)
    with path.open("wb") as file:
        file.write(f"{written.rows} {vectors.dim}\n".encode())
        for tokens, matrix in parts(vectors, changes, on_progress):
            numbers = np.ascontiguousarray(matrix, dtype="<f4")  # (n, D)
            for token, vector in zip(tokens, numbers, strict=True):
                file.write(b"%b %b\n" % (token.encode(), vector.tobytes()))
    return written


def read_word2vec_binary(file: BinaryIO, name: str, *, into: Path | None = None) -> tuple[WordVectors, Read]:
    """The vectors of a stream. A row cut short at its end is skipped, and so is what `Gathering` skips.

    `name` is the file's, for sentences; `into` is as for `Gathering`. Raises BadVectors, OSError.
    """
    rows, dim = binary_header(file.readline(_LONGEST_HEADER), name)
    gathering = records_of(name, dim, into=into)
    rest, last = b"", False
    while not last:
        data = file.read(max(_BLOCK, 8 * dim))
        last = not data
        rest = gather_records(rest + data, gathering, name, last=last)
    if rest.strip(b"\n"):
        gathering.skip(CUT_SHORT, 1)
    vectors, read = gathering.finish()
    read.notes += header_note(rows, gathering.seen)
    return vectors, read


def records_of(name: str, dim: int, *, into: Path | None = None) -> Gathering:
    """What gathers the rows of such a file, where any bytes are numbers, so that broken rows say that all are."""
    return Gathering("word2vec-binary", name, dim, few=0, into=into)


def binary_header(line: bytes, name: str) -> tuple[int, int]:
    """Rows and dimensions, as the first line says them. Raises BadVectors."""
    found = HEADER.match(line[:_LONGEST_HEADER].rstrip(b"\n"))
    rows, dim = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= dim <= MAX_DIM:
        raise BadVectors(f"“{name}” is no word2vec file: it should begin with how many words and how many numbers.")
    return rows, dim


def gather_records(block: bytes, gathering: Gathering, name: str, *, last: bool) -> bytes:
    """Gather all whole records of a block, which is the `last` or not; what is left of it. Raises BadVectors."""
    tokens: list[bytes] = []
    vectors: list[memoryview] = []
    view = memoryview(block)
    length, size, at, space = len(block), 4 * gathering.dim, 0, -1
    while at < length:
        if block[at] == _NEWLINE:
            at += 1
            continue
        space = block.find(b" ", at, at + _LONGEST_TOKEN)
        if space == at:
            if not last and length - at < size + _LOOK_AHEAD:
                break
            space += _is_space_token(block, at, size)
        end = space + 1 + size
        if space < 0 or end > length:
            break
        tokens.append(block[at:space])
        vectors.append(view[space + 1 : end])
        at = end
    if space < 0 and length - at >= _LONGEST_TOKEN:
        raise BadVectors(f"“{name}” is no word2vec file: after {gathering.seen:,} rows no word can be found.")
    matrix = np.frombuffer(b"".join(vectors), dtype="<f4").reshape(len(tokens), gathering.dim)  # (n, D)
    gathering.add(binaries(tokens), matrix.astype(np.float32, copy=False))
    return block[at:]


def _is_space_token(block: bytes, at: int, size: int) -> bool:
    """Whether the record that begins with a space is that of the token “ ”, as in GoogleNews.

    A record never tells how long its token is. So: whether a word follows if it is, and none if it is not.
    """
    return block[at + 1 : at + 2] == b" " and _word_at(block, at + 2 + size) and not _word_at(block, at + 1 + size)


def _word_at(block: bytes, at: int) -> bool:
    while block[at : at + 1] == b"\n":
        at += 1
    word, space, _ = block[at : at + _LOOK_AHEAD // 2].partition(b" ")
    try:
        return at >= len(block) or (bool(space) and bool(word) and word.decode().isprintable())
    except UnicodeDecodeError:
        return False
