"""A map for the browser's own drawing: its points, the colour of each, and which of them stand out.

Here belongs what changes while the points stay: colours and lit words. The points are in `points`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from embedcore.figures_scatter.colors import Colors
from embedcore.figures_scatter.points import Floats, Points, Rows, lay

MOST_COLORS = 256
MOST_PAIRS = 5_000


@dataclass(frozen=True, eq=False)
class Packed:
    """A map for the browser: two parts that it fetches, and a few words about them.

    Attributes:
        points: the words and their places.
        groups: (n,) uint8 as bytes, which colour each point has.
        groups_identity: of those bytes.
        drawing: what is said of them, small and ready for JSON: `points` and `colors` name the parts, `of` the words;
            `shades`, `turned`, `dark` and `names` are the colours'; `word`, `also`, `neighbors` and `pairs` are
            numbers of points.
    """

    points: Points
    groups: bytes
    groups_identity: str
    drawing: dict[str, Any]

    @property
    def rows(self) -> Rows:
        """(n,) which row of the map each point is."""
        return self.points.rows

    @property
    def identity(self) -> str:
        """Of the words and their places, whatever their colours."""
        return self.points.identity


def pack(
    words: Sequence[str],
    places: Floats,
    colors: Colors,
    *,
    word: int | None = None,
    neighbors: Iterable[int] = (),
    also: Iterable[int] = (),
    pairs: Iterable[tuple[int, int]] = (),
) -> Packed:
    """N words, the most frequent first, at `places` (N, 2) or (N, 3); the other arguments are as in `dress`.

    Raises:
        ValueError: for more than 256 colours, or places in another number of dimensions.
    """
    return dress(lay(words, places), colors, word=word, neighbors=neighbors, also=also, pairs=pairs)


def dress(
    points: Points,
    colors: Colors,
    *,
    word: int | None = None,
    neighbors: Iterable[int] = (),
    also: Iterable[int] = (),
    pairs: Iterable[tuple[int, int]] = (),
) -> Packed:
    """Points in colours: for who keeps the points, which of 400,000 words take a moment.

    Args:
        points: from `lay`, of N words.
        colors: of all N words, also of those without a place.
        word: the row that stands out most, to which the view flies.
        neighbors: rows that stand out less.
        also: more rows that stand out like `word`.
        pairs: rows between which a line is drawn; the first 5,000.

    Raises:
        ValueError: for more than 256 colours.
    """
    if len(colors.names) > MOST_COLORS:
        raise ValueError(f"a map has up to {MOST_COLORS} colours, not {len(colors.names)}")
    groups = np.asarray(colors.groups)[points.rows].astype(np.uint8).tobytes()
    identity = hashlib.blake2b(groups, digest_size=16).hexdigest()
    numbers = _Numbers(points.rows)
    first = numbers.of([] if word is None else [word])
    others = [point for point in numbers.of(also) if point not in first]
    drawing = {
        "points": points.identity,
        "of": points.words_identity,
        "colors": identity,
        "shades": list(colors.shades),
        "turned": list(colors.turned or colors.shades),
        "dark": colors.dark,
        "names": list(colors.names),
        "word": first[0] if first else None,
        "also": others,
        "neighbors": [point for point in numbers.of(neighbors) if point not in {*first, *others}],
        "pairs": numbers.of_pairs(pairs),
    }
    return Packed(points, groups, identity, drawing)


class _Numbers:
    """Which point stands for a row."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def of(self, wanted: Iterable[int]) -> list[int]:
        """The points of these rows, each once; rows that have none are left out."""
        rows = np.array(list(dict.fromkeys(int(row) for row in wanted)), dtype=np.int64)  # (k,)
        at = np.searchsorted(self._rows, rows)
        known = at < len(self._rows)
        known[known] = self._rows[at[known]] == rows[known]
        return [int(point) for point in at[known]]

    def of_pairs(self, wanted: Iterable[tuple[int, int]]) -> list[list[int]]:
        """The pairs of points of these pairs of rows, where both have one."""
        pairs = [self.of(pair) for pair, _ in zip(wanted, range(MOST_PAIRS), strict=False)]
        return [pair for pair in pairs if len(pair) == 2]
