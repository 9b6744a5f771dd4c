"""What was found already, by anybody: changing one word of many asks about that word alone.

Here belongs remembering and nothing else. What is remembered of a set goes when the set does.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

import numpy as np

from embedcore.questions.neighborhoods import Within
from embedcore.vectors import Neighbor, WordVectors

_MOST = 50_000  # neighbours remembered of a set, some ten megabytes

Question = TypeVar("Question", bound=Hashable)
Answer = TypeVar("Answer")


class Latest(Generic[Question, Answer]):
    """The latest questions and their answers, as many as there is room for; for all threads."""

    def __init__(self, most: int, size: Callable[[Question, Answer], int]) -> None:
        """`most`: the room; `size` says how much of it a question takes. The last one is kept whatever its size."""
        self._most, self._size = most, size
        self._known: OrderedDict[Question, Answer] = OrderedDict()
        self._lock = threading.Lock()

    def known(self, questions: Sequence[Question]) -> dict[Question, Answer]:
        """The answers to those questions that are remembered."""
        with self._lock:
            return {one: self._known[one] for one in questions if one in self._known}

    def keep(self, questions: Sequence[Question], answers: Mapping[Question, Answer]) -> None:
        """Remember what was asked just now, and forget what was asked longest ago."""
        with self._lock:
            for one in questions:
                self._known[one] = answers[one]
                self._known.move_to_end(one)
            taken = sum(self._size(*pair) for pair in self._known.items())
            while taken > self._most and len(self._known) > 1:
                taken -= self._size(*self._known.popitem(last=False))


class Remembered:
    """The answers of `WordVectors.most_similar_each`, the latest ones; for all threads."""

    def __init__(self, most: int = _MOST) -> None:
        """`most`: how many neighbours are kept of each set."""
        self._most = most
        self._sets: WeakKeyDictionary[WordVectors, Latest[Hashable, list[Neighbor]]] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def each(
        self, vectors: WordVectors, words: Sequence[str], topn: int, within: Within = None
    ) -> list[list[Neighbor]]:
        """As `vectors.most_similar_each`; only what is not remembered is looked for."""
        place = within.tobytes() if isinstance(within, np.ndarray) else within
        asked = [(word, topn, place) for word in words]
        with self._lock:
            latest = self._sets.setdefault(vectors, Latest(self._most, lambda _, near: 1 + len(near)))
        found = latest.known(asked)
        missing = {one: one[0] for one in asked if one not in found}
        found |= zip(missing, vectors.most_similar_each(list(missing.values()), topn, within=within), strict=True)
        latest.keep(asked, found)
        return [found[one] for one in asked]


REMEMBERED = Remembered()
