"""Neighbours that were found already, by anybody: changing one word of many asks about that word alone.

Here belongs remembering and nothing else. What is remembered of a set goes when the set does.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from weakref import WeakKeyDictionary

import numpy as np

from embedcore.questions.neighborhoods import Within
from embedcore.vectors import Neighbor, WordVectors

_MOST = 50_000  # neighbours remembered of a set, some ten megabytes

Answers = OrderedDict[Hashable, list[Neighbor]]


class Remembered:
    """The answers of `WordVectors.most_similar_each`, the latest ones; for all threads."""

    def __init__(self, most: int = _MOST) -> None:
        """`most`: how many neighbours are kept of each set."""
        self._most = most
        self._sets: WeakKeyDictionary[WordVectors, Answers] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def each(
        self, vectors: WordVectors, words: Sequence[str], topn: int, within: Within = None
    ) -> list[list[Neighbor]]:
        """As `vectors.most_similar_each`; only what is not remembered is looked for."""
        place = within.tobytes() if isinstance(within, np.ndarray) else within
        asked = [(word, topn, place) for word in words]
        with self._lock:
            known = self._sets.setdefault(vectors, OrderedDict())
            found: dict[Hashable, list[Neighbor]] = {one: known[one] for one in asked if one in known}
        missing = {one: one[0] for one in asked if one not in found}
        found |= zip(missing, vectors.most_similar_each(list(missing.values()), topn, within=within), strict=True)
        with self._lock:
            for one in asked:
                known[one] = found[one]
                known.move_to_end(one)
            kept = len(known) + sum(map(len, known.values()))
            while kept > self._most and len(known) > 1:
                kept -= 1 + len(known.popitem(last=False)[1])
        return [found[one] for one in asked]


REMEMBERED = Remembered()
