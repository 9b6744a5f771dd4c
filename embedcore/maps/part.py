"""Some words of a vector set as a set of their own, to be kept, trained from or exported.

Here belongs taking the part out, and what is said of where it comes from. Which words these are, and what is
done with them, is known to whoever asks.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from embedcore.errors import BadVectors
from embedcore.vectors import WordVectors


def part_of(vectors: WordVectors, rows: npt.NDArray[np.integer]) -> WordVectors:
    """The words in some rows (n,) of a set, each once, by falling frequency as in the set, their vectors copied.

    Words without a row cannot be built by it, even where the set builds them from parts. Raises BadVectors if
    there is no row, or one that the set does not have.
    """
    rows = np.unique(rows)  # (m,), rising
    if not len(rows):
        raise BadVectors("There is no word to make a vector set of.")
    if rows[0] < 0 or rows[-1] >= len(vectors):
        raise BadVectors(f"These words are not all among the {len(vectors):,} of the set, which was perhaps replaced.")
    tokens = [vectors.tokens[row] for row in rows.tolist()]
    return WordVectors(
        tokens, vectors.matrix[rows], name=vectors.name, lowercased=vectors.lowercased, norms=vectors.norms[rows]
    )


def source_of(name: str, source: str, words: int) -> str:
    """Where a part of `words` words of a set is from, in a line; `source` is where that set is from."""
    part = f"{words:,} {'word' if words == 1 else 'words'} of {name}, chosen on its map"
    return f"{part}; {name} is from: {source}" if source else part
