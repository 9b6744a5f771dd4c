"""Turning lines of text into tokens and numbers, many lines at once.

Here belongs the parsing alone: whole lines of bytes in, arrays out, no file and no message.
A record ends at a newline and nowhere else; its vector is the last D fields, all before them
is the token, whatever that holds, unless it holds more numbers like them; of what follows the
numbers only carriage returns, spaces and separators are dropped. So tokens of U+00A0, U+0085,
quotes, `nan` or a plain space are read as they are. A number is read as Python reads it, and
then rounded to float32.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from embedcore.formats.gather import NO_NUMBER, TOO_FEW, TOO_MANY
from embedcore.vectors import Float32s

NUMBER = re.compile(rb"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|[+-]?(?:nan|inf|infinity)", re.IGNORECASE)
FRACTION = re.compile(rb"[+-]?(?:\d*\.\d+|\d+\.\d*)(?:[eE][+-]?\d+)?|[+-]?\d+[eE][+-]?\d+")
_SCIENTIFIC = 99  # decimals that a number with an exponent counts for
_MOST_FIELDS = 1 << 16  # of a word that are looked at, and the last; a line may hold millions
_LITTLE = 1 << 17  # bytes that are read here sooner than compiled code would be loaded

Integers = npt.NDArray[np.int64]


class Rows(NamedTuple):
    """What n good rows hold, and how many others there were, and why."""

    tokens: Any  # an Arrow array of n binary values
    matrix: Float32s  # (n, D)
    skipped: Counter[str]


def parse(block: bytes, dim: int, separator: bytes = b" ") -> Rows:
    """The rows of whole lines; `dim` is D. Empty lines are no rows. For several threads at once."""
    return (_parse_little if len(block) < _LITTLE else _parse_much)(block, dim, separator)


def _parse_little(block: bytes, dim: int, separator: bytes) -> Rows:
    """The same line by line."""
    skipped: Counter[str] = Counter()
    words, vectors = [], []
    for line in block.split(b"\n"):
        stripped = line.rstrip(b"\r " + separator)
        if stripped:
            word, *fields = stripped.rsplit(separator, dim)
            if len(fields) < dim:
                skipped[TOO_FEW] += 1
            elif _too_many(word, stripped[len(word) + 1 :], separator):
                skipped[TOO_MANY] += 1
            elif (numbers := _numbers(fields)) is None:
                skipped[NO_NUMBER] += 1
            else:
                words.append(word)
                vectors.append(numbers)
    ends = np.cumsum([0, *map(len, words)])
    spans = np.stack([ends[:-1], ends[1:]], axis=1)  # (n, 2)
    matrix = np.array(vectors, np.float32).reshape(len(words), dim)  # (n, D)
    return Rows(_tokens(b"".join(words), spans), matrix, skipped)


def _parse_much(block: bytes, dim: int, separator: bytes) -> Rows:
    """The same by compiled code, and line by line what that leaves open."""
    from embedcore.formats.text_scan import scan

    if not block.endswith(b"\n"):
        block += b"\n"
    # A row takes D separators, something behind them, and a newline; one more may be begun.
    lines = int(np.count_nonzero(np.frombuffer(block, np.uint8) == ord("\n")))  # three times as fast as `bytes.count`
    most = min(lines, len(block) // (dim + 2) + 1)
    matrix = np.empty((most, dim), np.float32)
    spans = np.empty((most, 2), np.int64)
    doubtful = np.empty((most, 3), np.int64)
    rows, doubts, few = scan(block, separator[0], matrix, spans, doubtful)
    skipped = Counter({TOO_FEW: few})
    good = np.ones(rows, dtype=bool)  # (n,)
    for row, stop, read in doubtful[:doubts].tolist():
        start, gap = spans[row].tolist()
        text = block[gap + 1 : stop]
        if _too_many(block[start:gap], text, separator):
            skipped[TOO_MANY] += 1
            good[row] = False
        elif not read:
            numbers = _numbers(text.split(separator))
            if numbers is None:
                skipped[NO_NUMBER] += 1
                good[row] = False
            else:
                matrix[row] = numbers
    if good.all():
        return Rows(_tokens(block, spans[:rows]), matrix[:rows], skipped)
    return Rows(_tokens(block, spans[:rows][good]), matrix[:rows][good], skipped)


def _too_many(word: bytes, numbers: bytes, separator: bytes) -> bool:
    """Whether a word seems to hold more numbers of its row, and is not a phrase such as “at 3.5”.

    `numbers` is the text of the last D. Numbers of a row have about as many decimals as each other, those that
    people write have few. Two rows in one line, whose newline was lost, have a whole vector within the word.
    """
    first, *others = word.split(separator, _MOST_FIELDS)
    others[-1:] = [other.rpartition(separator)[2] for other in others[-1:]]  # the last one, if there are more
    held = [field for field in others if NUMBER.fullmatch(field)]
    if not held or not (first or len(others) > 1):
        return False
    decimals = sorted(map(_decimals, numbers.split(separator)))  # (D,)
    usual = decimals[len(decimals) // 2]
    alike = [field for field in held if FRACTION.fullmatch(field) and 2 * _decimals(field) > usual]
    return bool(alike) and (others[-1] in alike or len(held) >= len(decimals))


def _decimals(number: bytes) -> int:
    """How many digits stand behind the point of a number; one with an exponent has more than people write."""
    mantissa, mark, _ = number.lower().partition(b"e")
    return _SCIENTIFIC if mark else len(mantissa.partition(b".")[2])


def _numbers(fields: list[bytes]) -> Float32s | None:
    """The numbers (D,) of all fields; None if one is no number."""
    if not all(map(NUMBER.fullmatch, fields)):
        return None
    with np.errstate(over="ignore"):  # to infinity, which is no vector's and is found out later
        return np.array(list(map(float, fields))).astype(np.float32)


def _tokens(data: bytes, spans: Integers) -> Any:
    """An Arrow array of the n byte strings that begin and end as `spans` (n, 2) says."""
    import pyarrow as pa

    if not len(spans):  # tokens, and what is between them, are strings one behind the other
        return pa.Array.from_buffers(pa.binary(), 0, [None, pa.py_buffer(np.zeros(1, np.int32)), pa.py_buffer(b"")])
    offsets = spans.ravel().astype(np.int32)  # (2 n,)
    both = pa.Array.from_buffers(pa.binary(), len(offsets) - 1, [None, pa.py_buffer(offsets), pa.py_buffer(data)])
    rows = np.arange(0, len(offsets) - 1, 2)  # as a buffer: `pa.array` would import pandas
    return both.take(pa.Array.from_buffers(pa.int64(), len(rows), [None, pa.py_buffer(rows)]))
