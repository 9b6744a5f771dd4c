"""Writing vector sets in the formats that other programs read: word2vec text and GloVe text.

Here belongs what such files look like. Numbers are written with the fewest digits that read
back to the same float32. A line is a token, a space, and the numbers with spaces between
them, so a token can hold no white space: it is written with `_` instead, or left out where
that would be another token. Nothing is lost silently: `Written` tells.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from embedcore import storage
from embedcore.errors import BadSetting
from embedcore.tokens import Tokens
from embedcore.vectors import WordVectors

_CHUNK_NUMBERS = 2_000_000  # numbers turned into text at a time
_SPACE = re.compile(r"[ \t\n\v\f\r]")  # what readers of bytes split lines and fields at; U+00A0 and U+0085 they keep


@dataclass
class Written:
    """What an export did."""

    rows: int = 0  # vectors written
    renamed: dict[str, str] = field(default_factory=dict)  # tokens that had white space, and how they were written
    left_out: list[str] = field(default_factory=list)  # tokens not written: empty, repeated, or taken when renamed

    def __str__(self) -> str:
        sentence = f"{self.rows:,} vectors written."
        if self.renamed:
            sentence += f" {len(self.renamed):,} tokens hold white space and were written with “_” instead."
        if self.left_out:
            sentence += (
                f" {len(self.left_out):,} tokens were left out: empty, repeated, or the same as another with “_”."
            )
        return sentence


@dataclass(frozen=True)
class Format:
    """A file format: what people call it, the end of its file names, and what writes it."""

    label: str
    extension: str
    writer: Callable[[WordVectors, BinaryIO], Written]


def write_word2vec_text(vectors: WordVectors, file: BinaryIO) -> Written:
    """Write word2vec's text format: a first line with the counts of rows and dimensions, then a line a word."""
    written, changes = _plan(vectors)
    file.write(f"{written.rows} {vectors.dim}\n".encode())
    _write_rows(vectors, file, changes)
    return written


def write_glove_text(vectors: WordVectors, file: BinaryIO) -> Written:
    """Write GloVe's text format: a line a word, no header."""
    written, changes = _plan(vectors)
    _write_rows(vectors, file, changes)
    return written


FORMATS: dict[str, Format] = {
    "word2vec": Format("word2vec text", ".w2v.txt", write_word2vec_text),
    "glove": Format("GloVe text", ".glove.txt", write_glove_text),
}


def export(vectors: WordVectors, format: str, path: Path) -> Written:
    """Write a set to a file in one of FORMATS, whole or not at all; a file that is there is replaced.

    Raises BadSetting for an unknown format, StorageProblem if the file cannot be written.
    """
    if format not in FORMATS:
        raise BadSetting(f"There is no format “{format}”. There are: {', '.join(FORMATS)}.")
    doing = f"write {path}"
    with storage.os_errors(doing):
        path = path.resolve()  # so that a link keeps pointing at what is written
        if path.exists() and not path.is_file():  # a pipe or a device has no place to be renamed into
            with path.open("wb") as file:
                return FORMATS[format].writer(vectors, file)
    with storage.file_in_place(path, doing) as temporary, temporary.open("wb") as file:
        return FORMATS[format].writer(vectors, file)


def _plan(vectors: WordVectors) -> tuple[Written, dict[int, str | None]]:
    """What will be written, and the rows whose token changes: its new form, or None if left out."""
    written = Written()
    changes: dict[int, str | None] = dict.fromkeys(vectors.tokens.repeated().tolist())
    written.left_out = [vectors.tokens[row] for row in changes]
    taken: set[str] = set()
    for row, token in enumerate(vectors.tokens):
        if row in changes or (token and not _SPACE.search(token)):
            continue
        renamed = _SPACE.sub("_", token)
        if not token or renamed in taken or renamed in vectors.tokens:
            changes[row] = None
            written.left_out.append(token)
        else:
            changes[row] = written.renamed[token] = renamed
            taken.add(renamed)
    written.rows = len(vectors) - len(written.left_out)
    return written, changes


def _write_rows(vectors: WordVectors, file: BinaryIO, changes: dict[int, str | None]) -> None:
    """A line a row: the token and the numbers, with one space between."""
    import pyarrow as pa
    import pyarrow.compute as pc

    space, newline, nothing = (pa.scalar(text, pa.large_string()) for text in (" ", "\n", ""))
    for start, tokens, matrix in _chunks(vectors):
        changed = [row for row in changes if start <= row < start + len(tokens)]
        for row in changed:
            tokens[row - start] = changes[row] or ""
        keep = np.ones(len(tokens), dtype=bool)
        keep[[row - start for row in changed if changes[row] is None]] = False
        words = Tokens.of([token for token, kept in zip(tokens, keep.tolist(), strict=True) if kept]).arrow()
        # Arrow writes the shortest digits that read back to the same float32, and a column at a time.
        columns = [pc.cast(pa.array(numbers), pa.large_string()) for numbers in matrix.T[:, keep]]
        lines = pc.binary_join_element_wise(words, *columns, space)
        lines = pc.binary_join_element_wise(lines, newline, nothing)
        file.write(b"".join(_bytes_of(lines)))


def _bytes_of(lines: Any) -> Iterator[memoryview]:
    """The strings of an Arrow array one after the other, not copied."""
    for part in lines.chunks if hasattr(lines, "chunks") else [lines]:
        offsets = np.frombuffer(part.buffers()[1], dtype=np.int64)
        yield memoryview(part.buffers()[2] or b"")[offsets[part.offset] : offsets[part.offset + len(part)]]


def _chunks(vectors: WordVectors) -> Iterator[tuple[int, list[str], Any]]:
    """The first row, the tokens and the (n, D) matrix of one part of a set after the other."""
    size = max(1, _CHUNK_NUMBERS // vectors.dim)
    for start in range(0, len(vectors), size):
        # Columns are what is written, so they should lie together.
        yield start, vectors.tokens[start : start + size], np.asfortranarray(vectors.matrix[start : start + size])
