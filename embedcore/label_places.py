"""On which side of its point a label has room: so that few names in a scatter hide each other.

Here belongs the geometry, in pixels; pictures belong to the `figures` modules.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

SIDES = ("right", "left", "top", "bottom")  # as they are tried
_NARROW, _WIDE, _HEIGHT = 6.6, 12.5, 14.0  # pixels of a character, at a font of 12
_GAP = 5.0  # between a point and its label
_POINT = 5.0  # half of a point's width

Floats = npt.NDArray[np.floating[Any]]


def sides(places: Floats, names: Sequence[str], width: float, height: float) -> list[str | None]:
    """The sides on which the names of the first n of N points hide no point and no name before them; None: on none.

    `places` (N, 2) are shares of a picture that is `width` x `height` pixels, from its lower left
    corner. The first names have the first choice.
    """
    at = np.asarray(places, dtype=np.float64).reshape(-1, 2) * [width, -height] + [0.0, height]  # (N, 2) from above
    points = len(at)
    taken = np.empty((points + len(names), 4))  # left, top, right, bottom of every point, then of every name
    taken[:points] = np.concatenate([at - _POINT, at + _POINT], axis=1)
    count = points
    found: list[str | None] = [None] * len(names)
    for number, (name, (x, y)) in enumerate(zip(names, at[: len(names)].tolist(), strict=True)):
        boxes = _boxes(x, y, text_width(name))  # (4, 4)
        inside = np.all(boxes[:, :2] >= 0, axis=1) & np.all(boxes[:, 2:] <= [width, height], axis=1)  # (4,)
        hidden = np.all(  # (4, M)
            (boxes[:, None, :2] < taken[:count, 2:]) & (taken[:count, :2] < boxes[:, None, 2:]), axis=2
        )
        hidden[:, number] = False  # its own point
        free = np.flatnonzero(inside & ~hidden.any(axis=1))
        if len(free):
            found[number] = SIDES[free[0]]
            taken[count] = boxes[free[0]]
            count += 1
    return found


def text_width(name: str) -> float:
    """About how many pixels a name takes; characters as wide as those of Korean count double."""
    return sum(_WIDE if unicodedata.east_asian_width(character) in "WF" else _NARROW for character in name)


def _boxes(x: float, y: float, wide: float) -> Floats:
    """Where a name lies on each side of a point: (4, 4)."""
    high, half = _HEIGHT, _HEIGHT / 2
    return np.array(
        [
            [x + _GAP, y - half, x + _GAP + wide, y + half],
            [x - _GAP - wide, y - half, x - _GAP, y + half],
            [x - wide / 2, y - _GAP - high, x + wide / 2, y - _GAP],
            [x - wide / 2, y + _GAP, x + wide / 2, y + _GAP + high],
        ]
    )
