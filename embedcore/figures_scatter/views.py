"""Which piece of a map is seen: all of it, or what lies around a word.

Here belongs the geometry of a window on a map, in the map's own coordinates.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
Ints = npt.NDArray[np.integer[Any]]

_MARGIN = 0.05  # of the map, on each side
_SMALLEST = 1 / 40  # of the whole map: no closer


class View(NamedTuple):
    """A window on a map: its middle, and half of its width and height, in the map's coordinates."""

    x: float
    y: float
    half_width: float
    half_height: float


def whole(xy: Floats, pixels: tuple[int, int]) -> View:
    """All words at `xy` (N, 2) in a picture of a width and height, a length being the same across as upwards."""
    places = np.asarray(xy, dtype=np.float64).reshape(-1, 2)
    places = places[np.isfinite(places).all(axis=1)]  # (F, 2)
    if not len(places):
        places = np.zeros((1, 2))
    low, high = places.min(axis=0), places.max(axis=0)
    spread = np.maximum((high - low) * (1 + 2 * _MARGIN), 1e-9)  # (2,)
    scale = max(spread[0] / pixels[0], spread[1] / pixels[1])  # of the map to a pixel
    x, y = ((low + high) / 2).tolist()
    return View(x, y, pixels[0] * scale / 2, pixels[1] * scale / 2)


def around(xy: Floats, row: int, neighbors: Ints, all_of_it: View) -> View:
    """What lies around the word `row` of a map, as far as the nearer half of its K neighbours.

    The farther half may lie anywhere on a map, and showing all would then show everything. The window has
    the shape of `all_of_it`, and reaches from a fortieth of it to the whole.
    """
    places = np.asarray(xy, dtype=np.float64)
    x, y = places[row].tolist()
    away = np.abs(places[np.asarray(neighbors, dtype=np.int64)] - places[row])  # (K, 2)
    shares = (away / [all_of_it.half_width, all_of_it.half_height]).max(axis=1, initial=0.0)  # (K,) of a half window
    nearer = np.sort(shares[np.isfinite(shares)])[: (len(shares) + 1) // 2]
    share = float(np.clip(nearer.max(initial=0.0) * 1.25, _SMALLEST, 1.0))
    return View(x, y, all_of_it.half_width * share, all_of_it.half_height * share)
