"""Gathering the rows of a file that is read, part by part, and telling what cannot be used.

Here belongs what holds for rows of every format: a word is UTF-8 and not empty, the numbers
are finite, of a repeated word the first row counts, and a file with more broken rows than
good ones is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from embedcore import search
from embedcore.errors import BadVectors
from embedcore.formats.base import Read
from embedcore.formats.matrix_file import MATRIX_FILE, MatrixFile
from embedcore.tokens import Tokens
from embedcore.vectors import Float32s, WordVectors

# Why rows are skipped, as people are told.
TOO_FEW, TOO_MANY = "too few numbers", "too many numbers"
NO_NUMBER, NOT_FINITE = "something that is no number", "numbers that are not finite"
NO_WORD, NOT_UTF8, REPEATED, CUT_SHORT = "no word", "a word that is not UTF-8", "a repeated word", "cut short"
_ENOUGH_BROKEN = 10_000  # broken rows, after which a file of mostly such is read no further
_FEW = 100  # broken rows that even a file of mostly such may have, where somebody can look at each

Booleans = npt.NDArray[np.bool_]


class Gathering:
    """Rows of D numbers, as they come. Not for several threads at once: the order of the rows is that of the calls."""

    def __init__(
        self,
        format: str,
        name: str,
        dim: int,
        *,
        repeats: bool = False,
        few: int = _FEW,
        into: Path | None = None,
    ) -> None:
        """`name` is the file's, for sentences; `repeats`: whether a word may repeat or be empty.

        `few`: so many broken rows there may be even if they are more than the good ones.
        `into` is a folder, in whose file `matrix.npy` the numbers are kept instead of in
        memory. Raises StorageProblem if it cannot be written, as does `add`.
        """
        self.dim = dim
        self.seen = 0  # rows met, read or skipped
        self._read = Read(format)
        self._name = name
        self._repeats = repeats
        self._few = few
        self._tokens: list[Any] = []  # Arrow arrays of large_string
        self._matrices: list[Float32s] = []  # (n, D) each
        self._lengths: list[Float32s] = []  # (n,) each
        self._file = MatrixFile(into / MATRIX_FILE, dim) if into else None

    def skip(self, reason: str, count: int) -> None:
        """Note that rows were skipped."""
        if count:
            self.seen += count
            self._read.skipped[reason] = self._read.skipped.get(reason, 0) + count

    def add(self, tokens: Any, matrix: Float32s) -> None:
        """Take n rows: `tokens`, an Arrow array of binary, and `matrix` (n, D). Raises BadVectors."""
        import pyarrow as pa

        kept = np.ones(len(tokens), dtype=bool)  # (n,)
        with np.errstate(invalid="ignore"):  # a file may hold any bytes
            lengths = search.norms(matrix)  # (n,)
        for reason, good in (
            (NOT_FINITE, _finite(matrix, lengths)),
            (NO_WORD, kept if self._repeats else _filled(tokens)),
            (NOT_UTF8, _is_text(tokens)),
        ):
            self.skip(reason, int((kept & ~good).sum()))
            kept = kept & good
        if not kept.all():
            tokens, matrix, lengths = tokens.filter(_mask(kept)), matrix[kept], lengths[kept]
        self.seen += len(tokens)
        self._read.rows += len(tokens)
        if len(tokens):
            self._tokens.append(tokens.cast(pa.large_binary()).cast(pa.large_string()))
            self._lengths.append(lengths)
            if self._file:
                self._file.append(matrix)
            else:
                self._matrices.append(matrix)
        if self._broken() > max(_ENOUGH_BROKEN, self._read.rows):
            self._refuse()

    def finish(self) -> tuple[WordVectors, Read]:
        """All rows as a set. Raises BadVectors if there is none or more are broken than good, and StorageProblem."""
        import pyarrow as pa

        if not self._read.rows:
            if self._read.skipped:
                self._refuse()
            raise BadVectors(f"“{self._name}” holds no vectors.")
        tokens = Tokens.of_arrow(pa.chunked_array(self._tokens, pa.large_string()))
        kept = np.ones(len(tokens), dtype=bool)  # (V,)
        if not self._repeats:
            kept[tokens.repeated()] = False
        lengths = np.concatenate(self._lengths)  # (V,)
        if not kept.all():
            tokens, lengths = Tokens.of_arrow(tokens.arrow().filter(_mask(kept))), lengths[kept]
            self._read.rows = len(tokens)
            self._read.skipped[REPEATED] = int((~kept).sum())
        if self._broken() > max(self._read.rows, self._few):
            self._refuse()
        return WordVectors(tokens, self._joined(kept), norms=lengths), self._read

    def _joined(self, kept: Booleans) -> Float32s:
        """One matrix of all `kept` rows; each part is let go when it is copied, so that memory holds little twice."""
        if self._file:
            if not kept.all():
                self._file.keep(kept)
            return self._file.finish()
        if len(self._matrices) == 1 and kept.all():
            return self._matrices[0]
        matrix = np.empty((int(kept.sum()), self.dim), np.float32)
        start = place = 0
        self._matrices.reverse()
        while self._matrices:
            part = self._matrices.pop()
            good = kept[start : start + len(part)]
            start += len(part)
            count = int(good.sum())
            matrix[place : place + count] = part if count == len(part) else part[good]
            place += count
        return matrix

    def _broken(self) -> int:
        return sum(self._read.skipped.values())

    def _refuse(self) -> None:
        reasons = ", ".join(f"{reason} ({count:,})" for reason, count in self._read.skipped.items())
        raise BadVectors(
            f"“{self._name}” could not be read as word vectors of {self.dim:,} numbers: "
            f"{self._read.rows:,} rows are good, but {self._broken():,} are not: {reasons}."
        )


def header_note(said: int, seen: int) -> list[str]:
    """The sentence on a first line that says another count of rows than there are."""
    if said == seen:
        return []
    return [f"Its first line says {said:,} rows, but there are {seen:,}; all of them were looked at."]


def binaries(values: Sequence[bytes]) -> Any:
    """Byte strings as an Arrow array of binary. Arrow's own conversion would import pandas."""
    import pyarrow as pa

    ends = np.zeros(len(values) + 1, dtype=np.int64)
    np.cumsum([len(value) for value in values], out=ends[1:])
    return pa.Array.from_buffers(
        pa.large_binary(), len(values), [None, pa.py_buffer(ends), pa.py_buffer(b"".join(values))]
    )


def _mask(kept: Booleans) -> Any:
    """Which of n rows are kept, as an Arrow array; made as `binaries` are."""
    import pyarrow as pa

    bits = np.packbits(kept, bitorder="little")
    return pa.Array.from_buffers(pa.bool_(), len(kept), [None, pa.py_buffer(bits)])


def _finite(matrix: Float32s, lengths: Float32s) -> Booleans:
    """Which rows of a matrix (n, D) have finite numbers alone: (n,). A long row of them may have no finite length."""
    finite = np.isfinite(lengths)
    if not finite.all():
        finite[~finite] = np.isfinite(matrix[~finite]).all(axis=1)
    return finite


def _filled(tokens: Any) -> Booleans:
    """Which of n tokens, an Arrow array of binary, have any bytes: (n,)."""
    import pyarrow as pa

    if not len(tokens):
        return np.ones(0, dtype=bool)
    offsets = np.frombuffer(tokens.buffers()[1], np.int64 if pa.types.is_large_binary(tokens.type) else np.int32)
    return np.diff(offsets[tokens.offset : tokens.offset + len(tokens) + 1]) > 0


def _is_text(tokens: Any) -> Booleans:
    """Which of n tokens, an Arrow array of binary, are UTF-8: (n,)."""
    import pyarrow as pa

    try:
        tokens.cast(pa.large_binary()).cast(pa.large_string())
        return np.ones(len(tokens), dtype=bool)
    except pa.ArrowInvalid:
        return np.fromiter((_decodes(token) for token in tokens.to_pylist()), dtype=bool, count=len(tokens))


def _decodes(token: bytes) -> bool:
    try:
        token.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
