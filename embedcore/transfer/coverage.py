"""How much of the texts a vector set knows.

Here belongs counting; what starts from the set's rows is in `encoding`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embedcore.storage import printable
from embedcore.transfer.encoding import Tokenized

LITTLE = 0.5  # of all words as they stand in the texts; a set that knows less helps little
_NAMED = 20


@dataclass(frozen=True)
class Coverage:
    """What of a text's words a set has.

    Attributes:
        words: different words of the text.
        known: those that the set has.
        tokens: words as they stand in the text, each occurrence counted.
        known_tokens: those that the set has.
        missing: the most frequent words that it lacks, the most frequent first.
    """

    words: int
    known: int
    tokens: int
    known_tokens: int
    missing: tuple[str, ...]

    @property
    def share(self) -> float:
        """The share of different words that the set has; 0 of no words."""
        return self.known / self.words if self.words else 0.0

    @property
    def token_share(self) -> float:
        """The share of all occurrences that the set has; 0 of no words."""
        return self.known_tokens / self.tokens if self.tokens else 0.0


def doubt(known: Coverage, name: str) -> str | None:
    """Why a set can hardly help with such texts, in a sentence; None if it knows enough of their words."""
    if known.words and not known.known:
        return (
            f"“{printable(name, 80)}” knows none of the words, so frozen and tuned start as blind as from scratch. "
            "Is it a set of another language?"
        )
    if known.token_share < LITTLE:
        return (
            f"“{printable(name, 80)}” knows {100 * known.token_share:.0f} % of the words as they stand in the texts, "
            "so it can help only little."
        )
    return None


def coverage(tokenized: Tokenized, rows: NDArray[np.int64]) -> Coverage:
    """The coverage of all texts by a set that has the `rows` (W,) of `encoding.rows_in` for their tokens."""
    counts = np.bincount(tokenized.ids, minlength=len(tokenized.tokens))  # (W,)
    known = rows >= 0  # (W,)
    order = np.argsort(-counts, kind="stable")  # ties by first appearance
    missing = [tokenized.tokens[index] for index in order[~known[order]][:_NAMED].tolist()]
    return Coverage(len(rows), int(known.sum()), int(counts.sum()), int(counts[known].sum()), tuple(missing))
