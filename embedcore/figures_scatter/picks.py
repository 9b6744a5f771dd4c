"""What a click or a lasso on a map means: from what a browser reports to rows of the map.

Here belongs the geometry. A browser says which piece of the map was drawn around, not which words lie in it:
that is found here, so that it is exact however many points there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
Rows = npt.NDArray[np.int64]

_NO_ROWS = np.zeros(0, dtype=np.int64)


def clicked(selected: Iterable[Mapping[str, Any]], rows_of: Mapping[str, Rows]) -> list[int]:
    """The rows of all words that were clicked since the last double click, each once, in no order.

    A browser reports all of them with every click, never which was the last: that is the one that was not
    in the report before, or, if one is missing, the one that was clicked again. `selected` is what
    `st.echarts_chart` reports; `rows_of` are the rows of each series, as in `Drawn`. Points that are not
    in the picture, as in a report about an earlier one, are passed over.
    """
    found: dict[int, None] = {}
    for group in selected:
        rows = rows_of.get(str(group.get("series_id")), _NO_ROWS)
        for index in group.get("data_indices", ()):
            if isinstance(index, int) and 0 <= index < len(rows):
                found[int(rows[index])] = None
    return list(found)


def inside(areas: Iterable[Mapping[str, Any]], xy: Floats) -> Rows:
    """The rows of N words at `xy` (N, 2) that lie in any of the areas drawn: boxes and lassos, edges included.

    `areas` is what `st.echarts_chart` reports, in the map's coordinates.
    """
    places = np.asarray(xy, dtype=np.float64).reshape(-1, 2)  # (N, 2)
    found = np.zeros(len(places), dtype=bool)
    for area in areas:
        reach = np.asarray(area.get("coord_range", ()), dtype=np.float64)
        if not np.isfinite(reach).all():
            continue
        if area.get("brush_type") == "rect" and reach.shape == (2, 2):
            low, high = np.sort(reach, axis=1).T  # (2,), (2,)
            found |= ((places >= low) & (places <= high)).all(axis=1)
        elif area.get("brush_type") == "polygon" and reach.ndim == 2 and reach.shape[1] == 2 and len(reach) > 2:
            found |= _in_polygon(reach, places)
    return np.flatnonzero(found)


def _in_polygon(corners: Floats, places: Floats) -> npt.NDArray[np.bool_]:
    """Which places a closed line of C corners (C, 2) goes around: the even-odd rule (Shimrat 1962). (N,)."""
    low, high = corners.min(axis=0), corners.max(axis=0)
    near = np.flatnonzero(((places >= low) & (places <= high)).all(axis=1))  # few, as a rule
    x, y = places[near].T  # (M,), (M,)
    odd = np.zeros(len(near), dtype=bool)
    on_edge = np.zeros(len(near), dtype=bool)
    for (x1, y1), (x2, y2) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        turn = (x2 - x1) * (y - y1) - (y2 - y1) * (x - x1)  # 0 on the line, its sign the side
        on_edge |= (turn == 0) & (x >= min(x1, x2)) & (x <= max(x1, x2)) & (y >= min(y1, y2)) & (y <= max(y1, y2))
        crosses = (y1 > y) != (y2 > y)
        odd ^= crosses & ((turn > 0) == (y2 > y1))
    result = np.zeros(len(places), dtype=bool)
    result[near] = odd | on_edge
    return result
