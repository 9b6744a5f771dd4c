"""Tables of numbers with words beside them as CSV, for spreadsheets and other programs.

Here belongs the text of such a table (RFC 4180: commas, a line feed, quotes where they are
needed). What the numbers mean is the business of whoever asks.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt


def matrix(words: Sequence[str], others: Sequence[str], numbers: npt.NDArray[np.floating[Any]]) -> str:
    """A matrix (W, X): a line a word of `words`, a column a word of `others`, six decimals.

    A number that is NaN is left empty.
    """
    lines = ([word, *map(_six, row)] for word, row in zip(words, numbers.tolist(), strict=True))
    return table(["", *others], lines)


def table(names: Sequence[str], lines: Iterable[Iterable[Any]]) -> str:
    """Lines of cells under the names of their columns; floats to six decimals."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_six(cell) if isinstance(cell, float) else cell for cell in line] for line in lines)
    return text.getvalue()


def _six(number: float) -> str:
    return "" if np.isnan(number) else f"{number:.6f}"
