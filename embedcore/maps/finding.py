"""A word on a map: where it is, what is near it in the full space, and which of that is near it on the map too.

Here belongs answering for one word in one set. Asking for it and telling of it belong to the page.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from embedcore.maps.honesty import kept_neighbors
from embedcore.vectors import Neighbor, WordVectors

Floats = npt.NDArray[np.floating[Any]]
Rows = npt.NDArray[np.int64]


class Found(NamedTuple):
    """A word in one set of a map of W words.

    Attributes:
        token: the word as the set has it, or builds it.
        row: its row in the set; None for a word that the set builds from its parts.
        place: its place among the W words; None for one that is not on the map.
        near: the words of the map nearest to it in the full space, nearest first.
        places: where each of them is among the W words.
        kept: whether each of them is among as many nearest on the map, too; empty for a word that is not there.
    """

    token: str
    row: int | None
    place: int | None
    near: list[Neighbor]
    places: list[int]
    kept: list[bool]


def find(vectors: WordVectors, rows: Rows, coordinates: Floats, token: str, topn: int) -> Found:
    """A word that the set has or builds, on a map of its rows (W,) at `coordinates` (W, d).

    Raises BadVectors if the word has no direction, UnknownWord if there is no such word.
    """
    row = vectors.row(token) if vectors.built(token) is None else None
    near = vectors.most_similar(token, topn=topn, within=searched(rows))
    places = places_of(rows, [neighbor.row for neighbor in near])
    place = next(iter(places_of(rows, [] if row is None else [row])), None)
    kept = [] if place is None else kept_neighbors(coordinates, place, np.array(places, dtype=np.int64)).tolist()
    return Found(token, row, place, near, places, kept)


def places_of(rows: Rows, wanted: list[int]) -> list[int]:
    """Where each of some rows is among the rows (W,) of a map; those that are not there are left out."""
    here = np.flatnonzero(np.isin(rows, wanted))  # few
    where = dict(zip(rows[here].tolist(), here.tolist(), strict=True))
    return [where[row] for row in wanted if row in where]


def searched(rows: Rows) -> Rows | int:
    """Rows (W,) as a search takes them: a number where they are the first so many, which need no gathering."""
    if len(rows) and int(rows.max()) == len(rows) - 1:  # a map shows each row once
        return len(rows)
    return rows
