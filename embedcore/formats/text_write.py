"""Writing word2vec text and GloVe text.

Here belongs what such files look like. Numbers are written with the fewest digits that read
back to the same float32. A line is a token, a space, and the numbers with spaces between
them, so a token can hold no white space.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from embedcore.formats.base import Changes, Progress, Written, parts, plan, untold
from embedcore.tokens import Tokens
from embedcore.vectors import Float32s, WordVectors

_SPACE = re.compile(r"[ \t\n\v\f\r]")  # what readers of bytes split lines and fields at; U+00A0 and U+0085 they keep
# Without a header, a byte order mark at the very beginning would be taken for no part of the first token.
_SPACE_OR_MARK = re.compile(r"[ \t\n\v\f\r]|\A\ufeff")


def write_word2vec_text(vectors: WordVectors, path: Path, on_progress: Progress = untold) -> Written:
    """Write word2vec's text format: a first line with the counts of rows and dimensions, then a line a word."""
    written, changes = plan(vectors, _SPACE)
    with path.open("wb") as file:
        file.write(f"{written.rows} {vectors.dim}\n".encode())
        _write_rows(vectors, file, changes, on_progress)
    return written


def write_glove_text(vectors: WordVectors, path: Path, on_progress: Progress = untold) -> Written:
    """Write GloVe's text format: a line a word, no header."""
    written, changes = plan(vectors, _SPACE_OR_MARK)
    with path.open("wb") as file:
        _write_rows(vectors, file, changes, on_progress)
    return written


def _write_rows(vectors: WordVectors, file: BinaryIO, changes: Changes, on_progress: Progress) -> None:
    for tokens, matrix in parts(vectors, changes, on_progress):
        file.write(lines(matrix, " ", tokens))


def lines(matrix: Float32s, separator: str, tokens: list[str] | None = None) -> bytes:
    """A line for each row of `matrix` (n, D): its token, if there are `tokens`, and the numbers."""
    import pyarrow as pa
    import pyarrow.compute as pc

    between, newline, nothing = (pa.scalar(text, pa.large_string()) for text in (separator, "\n", ""))
    # Arrow writes the shortest digits that read back to the same float32, and a column at a time.
    columns = [pc.cast(pa.array(numbers), pa.large_string()) for numbers in np.asfortranarray(matrix).T]
    if tokens is not None:
        columns.insert(0, Tokens.of(tokens).arrow())
    joined = pc.binary_join_element_wise(*columns, between)
    return b"".join(_bytes_of(pc.binary_join_element_wise(joined, newline, nothing)))


def _bytes_of(strings: Any) -> Iterator[memoryview]:
    """The strings of an Arrow array one after the other, not copied."""
    for part in strings.chunks if hasattr(strings, "chunks") else [strings]:
        offsets = np.frombuffer(part.buffers()[1], dtype=np.int64)
        yield memoryview(part.buffers()[2] or b"")[offsets[part.offset] : offsets[part.offset + len(part)]]
