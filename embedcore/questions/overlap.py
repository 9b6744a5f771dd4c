"""How much two vector sets agree on words: which words both have, and how far neighbors overlap.

Here belongs what takes two sets. Nothing here needs their spaces to be aligned: a word's
neighbors in one set are held against its neighbors in the other. A question to a single set
is the business of `vectors`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from embedcore import search
from embedcore.errors import BadVectors
from embedcore.vectors import Neighbor, WordVectors

Rows = npt.NDArray[np.int64]
Within = tuple[Rows | int | None, Rows | int | None]  # for each set, as `WordVectors.most_similar` takes it

_ALONE_KEPT = 100  # of the words that one set alone has


@dataclass(frozen=True, eq=False)
class Alone:
    """The words of one set that the other lacks: how many, and the rows of the most frequent."""

    count: int
    rows: Rows


@dataclass(frozen=True, eq=False)
class Shared:
    """The S words that two sets have in common, by falling frequency in both.

    Attributes:
        first: (S,) the row of each word in the first set.
        second: (S,) its row in the second.
        alone: what only the first set has, and what only the second.
        folded: whether words that differ in case alone count as one, since one set is
            lower-cased and the other is not. Such a word has the row of its most frequent spelling.
    """

    first: Rows
    second: Rows
    alone: tuple[Alone, Alone]
    folded: bool

    def __len__(self) -> int:
        return len(self.first)

    def rows(self, most: int | None = None) -> Within:
        """The rows of these words in each set, or only those of the most frequent."""
        return _span(self.first[:most]), _span(self.second[:most])

    def by_chance(self, topn: int, among: int | None = None) -> float:
        """How many of `topn` neighbors among so many of these words two unrelated sets would share."""
        others = (len(self) if among is None else min(among, len(self))) - 1
        return min(topn, others) ** 2 / others if others > 0 else 0.0

    def in_second(self, rows: Rows) -> Rows:
        """The rows in the second set of words with the rows (n,) in the first: (n,), -1 for one it lacks."""
        return _partners(rows, self.first, self.second, self._by_first)

    def in_first(self, rows: Rows) -> Rows:
        """The rows in the first set of words with the rows (n,) in the second: (n,), -1 for one it lacks."""
        return _partners(rows, self.second, self.first, self._by_second)

    @cached_property
    def _by_first(self) -> Rows:
        return np.argsort(self.first)

    @cached_property
    def _by_second(self) -> Rows:
        return np.argsort(self.second)


class Compared(NamedTuple):
    """A word in two sets.

    Attributes:
        words: the word as each set spells it.
        near: its nearest words in each set, nearest first.
        same: the places, from 0, in the two lists of each neighbor that is in both.
        second_order: how alike the word lies among all these neighbors in both sets: the cosine of
            its similarities to them in the one set and in the other, from -1 to 1. NaN if the
            sets share none of them, or the word has no direction.
    """

    words: tuple[str, str]
    near: tuple[list[Neighbor], list[Neighbor]]
    same: list[tuple[int, int]]
    second_order: float

    @property
    def common(self) -> int:
        """How many neighbors are in both lists."""
        return len(self.same)

    @property
    def jaccard(self) -> float:
        """The neighbors in both lists as a share of those in either; NaN where a list is empty."""
        if not (self.near[0] and self.near[1]):
            return float("nan")
        return self.common / (len(self.near[0]) + len(self.near[1]) - self.common)


class Summary(NamedTuple):
    """What N compared words amount to.

    Attributes:
        measured: how many of them have neighbors in both sets; the others count nowhere.
        common: the mean of how many neighbors are the same; NaN if none is measured.
        second_order: the median of their second-order similarities; NaN if none has one.
    """

    measured: int
    common: float
    second_order: float


def summary(compared: Sequence[Compared]) -> Summary:
    """The mean and the median over some words."""
    measured = [one for one in compared if not np.isnan(one.jaccard)]
    orders = [one.second_order for one in measured if not np.isnan(one.second_order)]
    common = float(np.mean([one.common for one in measured])) if measured else float("nan")
    return Summary(len(measured), common, float(np.median(orders)) if orders else float("nan"))


def shared_words(first: WordVectors, second: WordVectors) -> Shared:
    """The words that both sets have, and what each has alone.

    Sorted by the product of a word's places in both sets, so that a word that is rare in either
    comes late, however different their sizes are.
    """
    folded = first.lowercased != second.lowercased
    sides = [_arrow(vectors, lower=folded and not vectors.lowercased) for vectors in (first, second)]
    swapped = len(first) < len(second)
    large, small = sides[::-1] if swapped else sides  # the table in which words are looked up is the smaller one
    found = _places(large, small)  # (V of the larger,) rows of the smaller, -1 for none
    hits = np.flatnonzero(found >= 0)
    small_rows, earliest = np.unique(found[hits], return_index=True)
    large_rows = hits[earliest]
    is_shared = np.zeros(len(small), dtype=bool)
    is_shared[small_rows] = True
    first_of_small = _places(small, small)  # a repeated word is where its first row is
    before, after = _alone(large, found < 0, once=folded), _alone(small, ~is_shared[first_of_small], once=folded)
    ones, others = (small_rows, large_rows) if swapped else (large_rows, small_rows)
    order = np.argsort((ones + 1.0) * (others + 1.0), kind="stable")
    return Shared(ones[order], others[order], (after, before) if swapped else (before, after), folded)


def compare(
    first: WordVectors,
    second: WordVectors,
    words: Sequence[str | tuple[str, str]],
    topn: int = 10,
    *,
    shared: Shared | None = None,
    within: Within | None = None,
) -> list[Compared]:
    """For each of N words its `topn` neighbors in both sets, and how far these agree.

    A word is found in each set by the rule of `WordVectors.find`; a pair says how each set spells
    it. `shared` is what `shared_words` found, if that is known already. Neighbors are sought
    among the words that both sets have, since a small set cannot name most neighbors that a large
    one has; `within` says otherwise: `shared.rows(10_000)` the most frequent of them, `(None,
    None)` all words of each set.

    The second-order similarity is the local neighborhood measure of Hamilton, Leskovec and
    Jurafsky, 2016, "Cultural Shift or Linguistic Drift?", which they give as a distance, 1 minus this.

    Raises UnknownWord for a word that one of the sets neither has nor builds.
    """
    if topn < 1:
        raise BadVectors(f"At least 1 neighbour has to be compared, not {topn}.")
    shared = shared_words(first, second) if shared is None else shared
    pairs = [(word, word) if isinstance(word, str) else word for word in words]
    ours, theirs = shared.rows() if within is None else within
    near_first = first.most_similar_each([pair[0] for pair in pairs], topn, within=ours)
    near_second = second.most_similar_each([pair[1] for pair in pairs], topn, within=theirs)
    return [
        _compared((first, second), pair, near, shared)
        for pair, near in zip(pairs, zip(near_first, near_second, strict=True), strict=True)
    ]


def most_different_first(compared: Sequence[Compared]) -> list[int]:
    """The places of words: those first whose neighbors agree least, of equals the lower second order.

    Words without neighbors in one of the sets, such as those whose vector has no direction, come last.
    """

    def key(place: int) -> tuple[Any, ...]:
        jaccard, second_order = np.nan_to_num([compared[place].jaccard, compared[place].second_order], nan=-2.0)
        return jaccard < 0, jaccard, second_order

    return sorted(range(len(compared)), key=key)


def _compared(
    sets: tuple[WordVectors, WordVectors],
    pair: tuple[str, str],
    near: tuple[list[Neighbor], list[Neighbor]],
    shared: Shared,
) -> Compared:
    ours, theirs = (np.array([neighbor.row for neighbor in some], dtype=np.int64) for some in near)
    partners = shared.in_second(ours)  # (n,) -1 for none
    places = {row: place for place, row in enumerate(theirs.tolist())}
    same = [(here, places[row]) for here, row in enumerate(partners.tolist()) if row in places]
    # All neighbors that both sets have: those of the first list, and those that only the second has.
    others = np.setdiff1d(theirs, partners)
    back = shared.in_first(others)
    rows = [
        np.concatenate([ours[partners >= 0], back[back >= 0]]),
        np.concatenate([partners[partners >= 0], others[back >= 0]]),
    ]  # (u,) each
    return Compared(pair, near, same, _second_order(sets, pair, rows))


def _second_order(sets: tuple[WordVectors, WordVectors], pair: tuple[str, str], rows: Sequence[Rows]) -> float:
    """The cosine of a word's similarities to the same u words, whose rows (u,) are given, in two sets."""
    if not len(rows[0]):
        return float("nan")
    profiles = [
        search.unit(vectors.matrix[its]) @ search.unit(vectors.vector(word))  # (u,)
        for vectors, word, its in zip(sets, pair, rows, strict=True)
    ]
    return search.cosine(*profiles)


def _alone(tokens: Any, mask: npt.NDArray[np.bool_], *, once: bool) -> Alone:
    """The rows of a set for which `mask` stands; with `once`, of spellings that became one, only the first."""
    import pyarrow as pa

    rows = np.flatnonzero(mask)
    if once:
        some = tokens.filter(pa.array(mask))
        rows = rows[_places(some, some) == np.arange(len(rows))]
    return Alone(len(rows), rows[:_ALONE_KEPT].copy())


def _span(rows: Rows) -> Rows | int:
    """Rows as a search takes them: a number where they are the first so many, which needs no gathering."""
    return len(rows) if len(rows) and rows.max() == len(rows) - 1 else rows


def _partners(rows: Rows, keys: Rows, values: Rows, order: Rows) -> Rows:
    """The `values` (S,) beside those `keys` (S,) that are `rows` (n,): (n,), -1 where there is none."""
    if not len(keys):
        return np.full(len(rows), -1, dtype=np.int64)
    places = order[np.minimum(np.searchsorted(keys, rows, sorter=order), len(keys) - 1)]  # (n,)
    return np.where(keys[places] == rows, values[places], -1)


def _arrow(vectors: WordVectors, *, lower: bool) -> Any:
    """The tokens as an Arrow array, perhaps lower-cased."""
    import pyarrow.compute as pc

    tokens = vectors.tokens.arrow()
    return pc.utf8_lower(tokens) if lower else tokens


def _places(asked: Any, table: Any) -> Rows:
    """Where each of n strings stands in a table of strings, the first place if it repeats: (n,), -1 for nowhere."""
    import pyarrow.compute as pc

    places = pc.index_in(asked, value_set=table).fill_null(-1)
    # Arrow's own conversion would import pandas.
    return np.frombuffer(places.buffers()[1], dtype=np.int32)[: len(places)].astype(np.int64)
