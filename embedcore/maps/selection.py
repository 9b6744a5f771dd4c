"""Which points a request for a map means: rows of the sets, and which words are left out and why.

Here belongs choosing rows, and handing out their vectors. What may be asked is in `request`, how two
sets come into one space in `alignment`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from embedcore import search
from embedcore.errors import BadSetting, BadVectors
from embedcore.maps import alignment
from embedcore.maps.request import WordsAsked
from embedcore.questions.overlap import Shared, shared_words
from embedcore.vectors import WordVectors

Float32s = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

NO_DIRECTION, MISSING, REPEATED = "no direction", "not in the set", "repeated"
_WHY = {
    NO_DIRECTION: "no direction: a vector of zeros, or with a number that is not finite",
    MISSING: "not in the set",
    REPEATED: "repeated: the word is on the map already",
}
_AT_ONCE = 16_384  # rows turned into float64
_NAMED = 100  # of the words left out for a reason, the first so many are named


@dataclass(frozen=True)
class LeftOut:
    """Words that were asked for but are not on the map, for one reason."""

    reason: str  # one of NO_DIRECTION, MISSING, REPEATED
    count: int
    words: tuple[str, ...]  # the first 100
    set_name: str | None = None  # the set it is true of, where a map shows two

    @property
    def why(self) -> str:
        """The reason in words, fit to follow "Left out, "."""
        where = f" (in {self.set_name})" if self.set_name else ""
        return _WHY[self.reason] + where


@dataclass(frozen=True, eq=False)
class Selection:
    """The W words of a map, by falling frequency, each a point for every set shown.

    Attributes:
        rows: for each set, (W,) the row of each word.
        words: the W words, as the first set spells them.
        seeds: the places among them of those whose neighborhood was asked for, in the order asked.
        left_out: what was asked for but is not there.
        turn: how the second set is turned towards the first; None for a single set.
    """

    rows: tuple[Rows, ...]
    words: list[str]
    seeds: list[int] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    turn: alignment.Turn | None = None

    @property
    def sides(self) -> npt.NDArray[np.int8]:
        """For each of the n points, which set it is of: W times 0, then, if there are two sets, W times 1: (n,)."""
        return np.repeat(np.arange(len(self.rows), dtype=np.int8), len(self.words))

    def units(self, sets: Sequence[WordVectors]) -> Float32s:
        """The directions of the n points, of length 1: (n, D), in the order of `sides`."""
        directions = [search.unit] if self.turn is None else [self.turn.first, self.turn.second]
        width = sets[0].dim if self.turn is None else len(self.turn.rotation)
        units = np.empty((len(self.sides), width), dtype=np.float32)  # (n, D)
        for side, (vectors, rows, directed) in enumerate(zip(sets, self.rows, directions, strict=True)):
            for start in range(0, len(rows), _AT_ONCE):  # in float64, so not all at once
                part = directed(vectors.matrix[rows[start : start + _AT_ONCE]])  # (m, D)
                first = side * len(rows) + start
                units[first : first + len(part)] = part
        return units


def select(sets: Sequence[WordVectors], asked: WordsAsked) -> Selection:
    """The points of a map of one set, or of two.

    The most frequent are the first so many that have a direction, so that those passed over are
    told; fewer, if the set has no more. Of two sets, only words that both have are shown, in the order of
    `overlap.shared_words`; neighborhoods are those in either. Words are found by the rule of
    `WordVectors.find`. Raises BadVectors if no point is left.
    """
    if not 1 <= len(sets) <= 2:
        raise BadSetting(f"A map shows one vector set or two, not {len(sets)}.")
    chosen = _select_one(sets[0], asked) if len(sets) == 1 else _select_two(sets[0], sets[1], asked)
    if not chosen.words:
        why = "; ".join(f"{one.count:,} {one.why}" for one in chosen.left_out) or "the set is empty"
        raise BadVectors(f"No word is left for this map: {why}.")
    return chosen


def _select_one(vectors: WordVectors, asked: WordsAsked) -> Selection:
    if asked.how == "frequent":
        rows, left_out = _frequent(vectors, asked.count)
        return Selection((rows,), _words(vectors, rows), [], left_out)
    rows, left_out = _listed(vectors, asked.words)
    seeds: list[int] = []
    if asked.how == "near":
        found = rows
        rows = _with_neighbors(vectors, found, asked.count, None)
        seeds = np.searchsorted(rows, found).tolist()
    rows = np.sort(rows)
    return Selection((rows,), _words(vectors, rows), seeds, left_out)


def _select_two(first: WordVectors, second: WordVectors, asked: WordsAsked) -> Selection:
    shared = shared_words(first, second)
    both = alignment.directed(first, second, shared)  # places among the shared words
    turn = alignment.turn(first, second, shared)
    if asked.how == "frequent":
        places = both[: asked.count]
        passed = int(places[-1]) if len(both) > len(places) else len(shared)
        left_out = _not_shared(first, second, shared, asked.count) + _without_direction(first, second, shared, passed)
        seeds: list[int] = []
    else:
        found, left_out = _listed_of_both(first, second, shared, both, asked.words)
        places = _near_in_either(first, second, shared, both, found, asked.count) if asked.how == "near" else found
        places = np.unique(places)
        seeds = np.searchsorted(places, found).tolist() if asked.how == "near" else []
    rows = shared.first[places], shared.second[places]
    return Selection(rows, _words(first, rows[0]), seeds, left_out, turn)


def _frequent(vectors: WordVectors, count: int) -> tuple[Rows, list[LeftOut]]:
    """The rows of the `count` most frequent words that can be shown, and what was passed over for them."""
    seen: set[str] = set()
    kept: list[Rows] = []
    passed: dict[str, list[Rows]] = {NO_DIRECTION: [], REPEATED: []}
    missing, start = count, 0
    while missing > 0 and start < len(vectors):
        rows = np.arange(start, min(start + missing, len(vectors)))
        usable = alignment.has_direction(vectors, rows)  # (m,)
        new = _first_of_each(vectors.tokens[start : start + len(rows)], seen)  # (m,)
        kept.append(rows[usable & new])
        passed[REPEATED].append(rows[~new])
        passed[NO_DIRECTION].append(rows[new & ~usable])
        missing, start = missing - len(kept[-1]), start + len(rows)
    left_out = [_left_out(reason, _words(vectors, _joined(rows))) for reason, rows in passed.items()]
    return _joined(kept), _any(left_out)


def _first_of_each(words: Sequence[str], seen: set[str]) -> Mask:
    """Whether each word is there for the first time; `seen` takes them up."""
    new = np.ones(len(words), dtype=bool)
    several = set(words)
    if len(several) == len(words) and seen.isdisjoint(several):
        seen |= several
        return new
    for place, word in enumerate(words):
        new[place] = word not in seen
        seen.add(word)
    return new


def _listed(vectors: WordVectors, words: Sequence[str]) -> tuple[Rows, list[LeftOut]]:
    """The rows of words in the order given, each once, and which words have none that can be shown."""
    words = _filled(words)
    rows = vectors.rows(words)  # (m,)
    first = np.zeros(len(rows), dtype=bool)
    first[np.unique(rows, return_index=True)[1]] = True
    usable = np.zeros(len(rows), dtype=bool)
    here = np.flatnonzero(rows >= 0)
    usable[here] = alignment.has_direction(vectors, rows[here])
    reasons = {MISSING: rows < 0, REPEATED: (rows >= 0) & ~first, NO_DIRECTION: (rows >= 0) & first & ~usable}
    return rows[first & usable], _reasons(words, reasons)


def _listed_of_both(
    first: WordVectors, second: WordVectors, shared: Shared, both: Rows, words: Sequence[str]
) -> tuple[Rows, list[LeftOut]]:
    """The places among the shared words of those given, each once, and which are not there."""
    words = _filled(words)
    ours = first.rows(words)  # (m,)
    theirs = shared.in_second(ours)  # (m,) -1 also for a word that the first set lacks
    where = np.full(len(first) + 1, -1, dtype=np.int64)  # the last is that of row -1
    where[shared.first] = np.arange(len(shared))
    places = where[ours]  # (m,)
    is_first = np.zeros(len(words), dtype=bool)
    is_first[np.unique(places, return_index=True)[1]] = True
    here = places >= 0
    left_out = _reasons(words, {MISSING: ours < 0}, first.name)
    left_out += _reasons(words, {MISSING: (ours >= 0) & (theirs < 0)}, second.name)
    directed = np.isin(places, both)
    left_out += _reasons(words, {REPEATED: here & ~is_first, NO_DIRECTION: here & is_first & ~directed})
    return places[here & is_first & directed], left_out


def _near_in_either(
    first: WordVectors, second: WordVectors, shared: Shared, both: Rows, seeds: Rows, count: int
) -> Rows:
    """The places of shared words and of the `count` nearest shared words of each in either set."""
    places = [seeds]
    for vectors, rows in ((first, shared.first), (second, shared.second)):
        where = np.full(len(vectors), -1, dtype=np.int64)
        where[rows] = np.arange(len(rows))
        places.append(where[_with_neighbors(vectors, rows[seeds], count, np.sort(rows[both]))])
    return np.concatenate(places)


def _with_neighbors(vectors: WordVectors, rows: Rows, count: int, within: Rows | None) -> Rows:
    """Rows and the `count` nearest of each, rising, each once."""
    words = _words(vectors, rows)
    found = dict(zip(words, rows.tolist(), strict=True))
    for some in vectors.most_similar_each(words, count, within=within):
        for neighbor in some:  # a word that repeats in the set is on the map once
            found.setdefault(neighbor.word, neighbor.row)
    return np.unique(np.fromiter(found.values(), dtype=np.int64))


def _not_shared(first: WordVectors, second: WordVectors, shared: Shared, count: int) -> list[LeftOut]:
    """The words among the `count` most frequent of each set that the other lacks."""
    left_out = []
    for vectors, rows, other in ((first, shared.first, second), (second, shared.second, first)):
        lacking = np.ones(min(count, len(vectors)), dtype=bool)
        lacking[rows[rows < len(lacking)]] = False
        its = np.flatnonzero(lacking)
        left_out.append(LeftOut(MISSING, len(its), tuple(_words(vectors, its[:_NAMED])), other.name))
    return _any(left_out)


def _without_direction(first: WordVectors, second: WordVectors, shared: Shared, places: int) -> list[LeftOut]:
    """The words without a direction among the first shared ones."""
    sides = ((first, shared.first[:places]), (second, shared.second[:places]))
    left_out = [
        _left_out(NO_DIRECTION, _words(vectors, rows[~alignment.has_direction(vectors, rows)]), vectors.name)
        for vectors, rows in sides
    ]
    return _any(left_out)


def _filled(words: Iterable[str]) -> list[str]:
    return [word for word in words if word.strip()]


def _words(vectors: WordVectors, rows: Rows) -> list[str]:
    """The words of rows; of the first so many quickly."""
    if len(rows) and rows[0] == 0 and rows[-1] == len(rows) - 1 and (np.diff(rows) == 1).all():
        return vectors.tokens[: len(rows)]
    return [vectors.tokens[row] for row in rows.tolist()]


def _joined(parts: Sequence[Rows]) -> Rows:
    return np.concatenate([np.empty(0, dtype=np.int64), *parts])


def _reasons(words: Sequence[str], masks: dict[str, Mask], set_name: str | None = None) -> list[LeftOut]:
    """What is left out of words (m,) by masks (m,), for each reason that some are left out for."""
    named = {reason: [words[place] for place in np.flatnonzero(mask).tolist()] for reason, mask in masks.items()}
    return _any([_left_out(reason, some, set_name) for reason, some in named.items()])


def _left_out(reason: str, words: Sequence[str], set_name: str | None = None) -> LeftOut:
    return LeftOut(reason, len(words), tuple(words[:_NAMED]), set_name)


def _any(left_out: Iterable[LeftOut]) -> list[LeftOut]:
    return [one for one in left_out if one.count]
