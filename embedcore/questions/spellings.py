"""Tokens of a set that are spelt like a word: in another case, or nearly so.

Here belongs what the set *has*; near spellings of a word that it has not are `Tokens.near`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from embedcore.tokens import Tokens


class Spelling(NamedTuple):
    """A token, and its first row."""

    token: str
    row: int


def case_variants(tokens: Tokens, word: str) -> list[Spelling]:
    """All tokens that differ from `word` in nothing but case (`us`, `Us`, `US`), the most frequent first.

    Exact, by one pass over the tokens of about its length. `word` itself is none. Case is folded
    as Unicode's simple mapping does, letter by letter.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    forms = {word, word.lower(), word.upper(), word.title(), word.swapcase()}
    lengths = [len(form.encode("utf-8", "replace")) for form in forms]
    if len(forms) == 1 or not len(tokens):  # Korean, digits: nothing to fold
        return []
    column = tokens.arrow()
    sizes = pc.binary_length(column)
    fits = pc.and_(pc.greater_equal(sizes, min(lengths)), pc.less_equal(sizes, max(lengths)))
    rows = _rows_where(fits)
    asked = pa.array([word.encode("utf-8", "replace").decode("utf-8")], pa.large_string())
    alike = pc.equal(pc.utf8_lower(column.take(pa.array(rows))), pc.utf8_lower(asked)[0])
    found: dict[str, int] = {}
    for row in rows[_rows_where(alike)].tolist():
        found.setdefault(tokens[row], row)  # a token that repeats means its first row
    found.pop(word, None)
    return [Spelling(token, row) for token, row in found.items()]


def near(tokens: Tokens, word: str, limit: int = 8, *, without: tuple[str, ...] = ()) -> list[Spelling]:
    """At most `limit` tokens spelt nearly as `word` (see `Tokens.near`), the likeliest first, without some."""
    found = [token for token in tokens.near(word, limit + len(without)) if token not in without][:limit]
    rows = tokens.rows(found).tolist()
    return [Spelling(token, row) for token, row in zip(found, rows, strict=True)]


def _rows_where(mask: object) -> npt.NDArray[np.int64]:
    """Where an Arrow array of booleans is true. Arrow's own conversion would import pandas."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not len(mask):  # type: ignore[arg-type]
        return np.empty(0, dtype=np.int64)
    whole = pc.cast(mask, pa.uint8())
    numbers = np.frombuffer(whole.buffers()[1], dtype=np.uint8)[whole.offset : whole.offset + len(whole)]
    return np.flatnonzero(numbers)
