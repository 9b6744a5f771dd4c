"""Turning lines of text into tokens and numbers, many lines at once.

Here belongs the parsing alone: whole lines of bytes in, arrays out, no file and no message.
A record ends at a newline and nowhere else; its vector is the last D fields, all before them
is the token, whatever that holds; of what follows the numbers only carriage returns and
separators are dropped. So tokens of U+00A0, U+0085, quotes, `nan` or a plain space are read as
they are.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from embedcore.formats.gather import NO_NUMBER, TOO_FEW, TOO_MANY
from embedcore.vectors import Float32s

NUMBER = re.compile(rb"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?(?:nan|inf|infinity)", re.IGNORECASE)
FRACTION = re.compile(rb"[+-]?(?:\d*\.\d+|\d+\.\d*)(?:[eE][+-]?\d+)?|[+-]?\d+[eE][+-]?\d+")
_TRIMS = 4  # characters taken off the ends of all lines at once; lines with more are taken one by one

_FEW = 64  # rows that are looked at one by one
_WRONG = ~np.isin(np.arange(256), np.frombuffer(b"0123456789+-.eE nNaAiIfFtTyY\t", dtype=np.uint8))

Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]


class Rows(NamedTuple):
    """What n good rows hold, and how many others there were, and why."""

    tokens: Any  # an Arrow array of n binary values
    matrix: Float32s  # (n, D)
    skipped: Counter[str]


def parse(block: bytes, dim: int, separator: bytes = b" ") -> Rows:
    """The rows of whole lines; `dim` is D. Empty lines are no rows."""
    data = np.frombuffer(block, dtype=np.uint8)
    starts, stops = _lines(block, data, separator)
    places = np.flatnonzero(data == separator[0])  # of all separators
    after = np.searchsorted(places, stops)  # (L,) separators before the end of each line
    count = after - np.searchsorted(places, starts)  # (L,) within each line
    skipped = Counter({TOO_FEW: int((count < dim).sum())})
    fits = count >= dim
    for line in np.flatnonzero(count > dim).tolist():
        first = places[after[line] - dim]
        if _ends_in_fraction(block[starts[line] : first], separator):
            skipped[TOO_MANY] += 1
            fits[line] = False
    starts, stops, after = starts[fits], stops[fits], after[fits]
    gaps = places[(after - dim)[:, None] + np.arange(dim)]  # (n, D) the separator before each number
    matrix, good = _numbers(block, gaps, stops)
    skipped[NO_NUMBER] += int((~good).sum())
    return Rows(_tokens(block, starts[good], gaps[good, 0]), matrix[good] if not good.all() else matrix, skipped)


def _lines(block: bytes, data: npt.NDArray[np.uint8], separator: bytes) -> tuple[Integers, Integers]:
    """Where the lines begin and end that are not empty, without what is trimmed off their ends: (L,) each."""
    ends = np.flatnonzero(data == 10)
    if len(data) and data[-1] != 10:
        ends = np.append(ends, len(data))
    starts = np.concatenate([[0], ends[:-1] + 1]).astype(np.int64)[: len(ends)]
    stops = ends.astype(np.int64)
    trimmed = b"\r " + separator
    for _ in range(_TRIMS):
        last = data[np.maximum(stops - 1, 0)]
        trim = (stops > starts) & np.isin(last, np.frombuffer(trimmed, dtype=np.uint8))
        if not trim.any():
            break
        stops[trim] -= 1
    else:
        for line in np.flatnonzero(trim).tolist():
            stops[line] = starts[line] + len(block[starts[line] : stops[line]].rstrip(trimmed))
    filled = stops > starts
    return starts[filled], stops[filled]


def _ends_in_fraction(token: bytes, separator: bytes) -> bool:
    """Whether what stands before the last D numbers looks like a word and more numbers, not like a phrase."""
    word, _, last = token.rpartition(separator)
    return bool(word) and FRACTION.fullmatch(last) is not None


def _numbers(block: bytes, gaps: Integers, stops: Integers) -> tuple[Float32s, Booleans]:
    """The numbers (n, D) behind each gap, and which rows are all numbers: (n,)."""
    rows, dim = gaps.shape
    # Arrow reads numbers from strings that lie one behind the other. So what is between two
    # numbers is a string too, but a null, which is not read: [gap, number, gap, number, …].
    ends = np.empty((rows, 2 * dim), dtype=np.int32)
    ends[:, 0::2] = gaps + 1
    ends[:, 1:-1:2] = gaps[:, 1:]
    ends[:, -1] = stops
    matrix, good = np.zeros((rows, dim), np.float32), np.ones(rows, dtype=bool)
    todo = [np.arange(rows)]
    looked = False
    while todo:  # once, if all is well; else again with ever fewer rows around those that are not
        some = todo.pop()
        numbers = _cast(block, ends[some])
        if numbers is not None:
            matrix[some] = numbers
        elif len(some) == 1:
            good[some] = False
        elif not looked or len(some) <= _FEW:
            fits = _spelt_right(block, ends[some]) if looked else _letters_fit(block, gaps[some, 0], stops[some])
            looked = True
            good[some[~fits]] = False
            left = some[fits]
            todo += np.array_split(left, 2 if fits.all() else 1) if len(left) else []
        else:
            todo += np.array_split(some, 2)
    return matrix, good


def _letters_fit(block: bytes, starts: Integers, stops: Integers) -> Booleans:
    """Which rows have no letter that no number has: (n,). Quick, and finds nearly all that are no numbers."""
    wrong = np.concatenate([[0], np.cumsum(_WRONG[np.frombuffer(block, dtype=np.uint8)])])
    fits: Booleans = wrong[stops] == wrong[starts]
    return fits


def _spelt_right(block: bytes, ends: npt.NDArray[np.int32]) -> Booleans:
    """Which rows have nothing but numbers: (n,). Slow, and sure."""
    fields = (zip(row[0::2], row[1::2], strict=True) for row in ends.tolist())
    right = [all(NUMBER.fullmatch(block, start, stop) for start, stop in row) for row in fields]
    return np.array(right, dtype=bool)


def _cast(block: bytes, ends: npt.NDArray[np.int32]) -> Float32s | None:
    """The numbers (n, D) of rows whose strings end at `ends` (n, 2 D); None if one is no number."""
    import pyarrow as pa
    import pyarrow.compute as pc

    rows, twice = ends.shape
    if not rows:
        return np.empty((0, twice // 2), np.float32)
    offsets = np.concatenate([np.zeros(1, np.int32), ends.ravel()])
    every_other = pa.py_buffer(b"\xaa" * ((rows * twice + 7) // 8))  # which are no nulls, lowest bit first
    buffers = [every_other, pa.py_buffer(offsets), pa.py_buffer(block)]
    try:
        numbers = pc.cast(pa.Array.from_buffers(pa.string(), rows * twice, buffers), pa.float32())
    except pa.ArrowInvalid:
        return None
    return np.frombuffer(numbers.buffers()[1], np.float32)[: rows * twice].reshape(rows, twice)[:, 1::2]


def _tokens(block: bytes, starts: Integers, stops: Integers) -> Any:
    """An Arrow array of the n byte strings from `starts` to `stops`."""
    import pyarrow as pa

    if not len(starts):
        return pa.array([], pa.binary())
    offsets = np.stack([starts, stops], axis=1).ravel().astype(np.int32)  # tokens, and what is between them
    both = pa.Array.from_buffers(pa.binary(), len(offsets) - 1, [None, pa.py_buffer(offsets), pa.py_buffer(block)])
    return both.take(pa.array(np.arange(0, len(offsets) - 1, 2)))
