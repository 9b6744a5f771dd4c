"""Neighbourhoods of words: among which rows they lie, at which cuts by frequency, what several share.

Here belongs what is asked about the answers of `WordVectors.most_similar_each`, and which rows
it looks among; the search itself is in `search`. Rows go by falling frequency, so that a rank
is a row counted from 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from embedcore.search import unit
from embedcore.vectors import Neighbor, WordVectors

Within = int | npt.NDArray[np.int64] | None  # as `most_similar` takes it

_CUTS = (1_000, 10_000, 100_000)
_PEERS = 1_000  # words, half of them more frequent, with which a norm is compared


class Shared(NamedTuple):
    """A word near several of the words asked about."""

    word: str
    row: int
    near: list[int]  # which of the answers it is among, rising
    similarity: float  # the mean of its cosines in those answers


class Norm(NamedTuple):
    """The length of a vector, beside those of the words about as frequent."""

    length: float
    median: float  # of the peers; NaN if there are none
    peers: int
    shorter: float  # the share of the peers whose vectors are shorter


def within(vectors: WordVectors, among: int | None = None, only: Sequence[str] | None = None) -> Within:
    """The rows to look among: the `among` most frequent ones, those of the words `only`, or both at once.

    None stands for all rows. Words of `only` that the set does not have are passed over, so the
    rows can be none at all; whoever asks tells of them (`WordVectors.rows` gives -1).
    """
    if only is None:
        return among
    rows = np.unique(vectors.rows(only))  # (n,)
    return rows[(rows >= 0) & (rows < (len(vectors) if among is None else among))]


def shared(answers: Sequence[Sequence[Neighbor]], least: int = 2) -> list[Shared]:
    """The words that are in at least so many of the answers; those in most first, then by mean cosine."""
    places: dict[str, list[tuple[int, Neighbor]]] = {}
    for number, answer in enumerate(answers):
        for neighbor in answer:
            places.setdefault(neighbor.word, []).append((number, neighbor))
    found = [
        Shared(word, its[0][1].row, [number for number, _ in its], float(np.mean([n.similarity for _, n in its])))
        for word, its in places.items()
        if len(its) >= least
    ]
    return sorted(found, key=lambda one: (-len(one.near), -one.similarity, one.row))


def cuts(count: int) -> list[int]:
    """How many of the most frequent words to look among in turn, in a set of `count`; all of them at last.

    A cut that is not well below the next would show nearly the same words.
    """
    return [*(cut for cut in _CUTS if 2 * cut <= count), count]


def at_cuts(vectors: WordVectors, word: str, sizes: Sequence[int], topn: int = 10) -> list[list[Neighbor]]:
    """The neighbours of a word among the `sizes[0]` most frequent words, the `sizes[1]` most frequent, and so on.

    Raises UnknownWord, and BadVectors for a word without a direction.
    """
    return [vectors.most_similar(word, topn=topn, within=size) for size in sizes]


def norm_beside_peers(vectors: WordVectors, row: int) -> Norm:
    """The norm of a row and those of the thousand rows around it, without itself and any that is not finite.

    How long a vector becomes depends on how often its word was seen as well as on how the word is used
    (Schakel and Wilson, 2015, "Measuring Word Significance using Distributed Representations of Words"),
    so a norm is held against those of words seen about as often.
    """
    first = max(0, min(row - _PEERS // 2, len(vectors) - _PEERS - 1))
    around = vectors.norms[first : first + _PEERS + 1]
    peers = np.delete(around, row - first).astype(np.float64)
    peers = peers[np.isfinite(peers)]
    length = float(vectors.norms[row])
    if not len(peers):
        return Norm(length, float("nan"), 0, float("nan"))
    return Norm(length, float(np.median(peers)), len(peers), float(np.mean(peers < length)))


def has_direction(vector: npt.NDArray[np.float32]) -> bool:
    """Whether a vector (D,) can be compared: it is neither all zeros nor has a number that is not finite."""
    return bool(np.isfinite(unit(vector)).all())


def without_direction(vectors: WordVectors, words: Sequence[str]) -> list[str]:
    """Those of N words that have no direction, so that nothing is near them."""
    return [word for word in words if not has_direction(vectors.vector(word))]
