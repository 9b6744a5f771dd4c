"""The part of reading text that is compiled: one pass over the bytes of whole lines.

Here belongs what numba compiles. It takes lines that are as they should be, and leaves all
others to `text_parse`: what it makes of a line is either right to the bit or said to be
doubtful. Importing this module loads numba, so only `text_scan` does, and only once.

A number is read as float32(float64(decimal)), as Python and numpy read it. Digits and a power
of ten give a float64 that is less than 2^-50 of itself away from the exact one. If it ends in
the same float32 when it is made larger by that and when it is made smaller, so does all that
is between. Else the number is left to Python. Source of going on slowly only where the quick
result is not sure: Clinger, How to read floating point numbers accurately, 1990.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import carray, cfunc, njit, types

_POWERS = np.array([float(f"1e{power}") for power in range(81)])
_MOST = len(_POWERS) - 1  # with at most 18 digits before it, far from where float64 ends
_FULL = 10**17  # beyond it, a further digit of a number is only counted, not kept
_LONGEST_EXPONENT = 10**6
_UP, _DOWN = 1 + 2.0**-50, 1 - 2.0**-50
_NEWLINE, _RETURN, _SPACE, _PLUS, _MINUS, _POINT, _ZERO = (np.uint8(ord(letter)) for letter in "\n\r +-.0")
_EXPONENT = np.uint8(ord("e"))
_LOWER = np.uint8(0x20)  # the bit that makes E an e


@njit(inline="always")  # type: ignore[untyped-decorator]
def _number(data: Any, at: int) -> tuple[np.float32, int]:
    """The number that begins at a place, and where it ends; -1 if it is none, or not sure."""
    negative = data[at] == _MINUS
    at += negative | (data[at] == _PLUS)
    digits: Any = 0  # as all numbers here: an int64, which no uint64 may meet
    scale, begin = 0, at
    digit = data[at] ^ _ZERO
    while digit <= 9:
        if digits < _FULL:
            digits = digits * 10 + np.int64(digit)
        else:
            scale += 1
        at += 1
        digit = data[at] ^ _ZERO
    count = at - begin
    if data[at] == _POINT:
        at += 1
        begin = at
        digit = data[at] ^ _ZERO
        while digit <= 9:
            if digits < _FULL:
                digits = digits * 10 + np.int64(digit)
                scale -= 1
            at += 1
            digit = data[at] ^ _ZERO
        count += at - begin
    if count == 0:
        return np.float32(0), -1
    if data[at] | _LOWER == _EXPONENT:
        at += 1
        down = data[at] == _MINUS
        at += down | (data[at] == _PLUS)
        begin = at
        exponent: Any = 0
        digit = data[at] ^ _ZERO
        while digit <= 9:
            exponent = min(exponent * 10 + np.int64(digit), _LONGEST_EXPONENT)
            at += 1
            digit = data[at] ^ _ZERO
        if at == begin:
            return np.float32(0), -1
        scale += -exponent if down else exponent
    if scale < -_MOST or scale > _MOST:
        return np.float32(0), -1
    value = float(digits)
    value = value / _POWERS[-scale] if scale < 0 else value * _POWERS[scale]
    number = np.float32(value * _DOWN)
    if number != np.float32(value * _UP):
        return np.float32(0), -1
    return (-number if negative else number), at


@njit(inline="always")  # type: ignore[untyped-decorator]
def _row(data: Any, at: int, separator: np.uint8, row: Any) -> int:
    """Fill a row (D,) with the numbers behind as many separators, the first at a place; where they end, or -1."""
    for column in range(len(row)):
        if data[at] != separator:
            return -1
        number, at = _number(data, at + 1)
        if at < 0:
            return -1
        row[column] = number
    return at


@njit(inline="always")  # type: ignore[untyped-decorator]
def _scan(data: Any, separator: np.uint8, matrix: Any, words: Any, doubtful: Any) -> tuple[int, int, int]:
    at = row = doubts = few = 0
    dim = matrix.shape[1]
    while at < len(data):
        start = at
        while data[at] != separator and data[at] != _NEWLINE:
            at += 1
        gap = at  # most words have no separator within
        end = _row(data, gap, separator, matrix[row]) if data[at] == separator else -1
        if end >= 0:
            at = end
        while data[at] == separator or data[at] == _SPACE or data[at] == _RETURN:
            at += 1
        if end < 0 or data[at] != _NEWLINE:
            while data[at] != _NEWLINE:
                at += 1
            stop = at
            while stop > start and (
                data[stop - 1] == separator or data[stop - 1] == _SPACE or data[stop - 1] == _RETURN
            ):
                stop -= 1
            first, gap, left = gap, stop, dim
            while left and gap > start:
                gap -= 1
                left -= data[gap] == separator
            if left:
                few += stop > start
                at += 1
                continue
            if gap != first:
                end = _row(data, gap, separator, matrix[row])
            doubtful[doubts, 0] = row
            doubtful[doubts, 1] = stop
            doubtful[doubts, 2] = end == stop
            doubts += 1
        words[row, 0] = start
        words[row, 1] = gap
        row += 1
        at += 1
    return row, doubts, few


def assembly() -> tuple[str, str]:
    """The name of the compiled function, and its code as text in the language of LLVM.

    It takes what `text_scan.scan` gives it: addresses and sizes alone.
    """
    byte, whole = types.CPointer(types.uint8), types.CPointer(types.int64)
    size, numbers = types.int64, types.CPointer(types.float32)

    @cfunc(types.void(byte, size, types.uint8, numbers, size, size, whole, whole, whole))  # type: ignore[untyped-decorator]
    def scan(
        data: Any,
        length: int,
        separator: np.uint8,
        matrix: Any,
        most: int,
        dim: int,
        words: Any,
        doubtful: Any,
        counts: Any,
    ) -> None:
        found = _scan(
            carray(data, (length,)), separator, carray(matrix, (most, dim)), carray(words, (most, 2)),
            carray(doubtful, (most, 3)),
        )  # fmt: skip
        counts[0], counts[1], counts[2] = found

    return scan.native_name, scan.inspect_llvm()
