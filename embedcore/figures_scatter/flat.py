"""A flat map as ECharts options: all words as points, as many names as fit, a word and its neighbours lit.

Here belongs the picture. Its colours come from `colors`, its window from `views`, the words that may be named
from `labels`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from embedcore.figures import Options, shown
from embedcore.figures_scatter.colors import Colors
from embedcore.figures_scatter.labels import candidates
from embedcore.figures_scatter.views import View, whole

Floats = npt.NDArray[np.floating[Any]]
Rows = npt.NDArray[np.int64]

LARGE = 4_000  # points; above, a browser draws those of one colour as one shape
MOST_NAMES = 1_200  # that a browser looks at when it decides which fit
_DECIMALS = 4  # significant digits of the map's half width
_EDGE = 8  # pixels
_THROTTLE = 16  # milliseconds from one picture to the next while one zooms; a browser's own 100 stutter
_TOOLS = 34  # pixels above the map, for tools and legend

_LIT = {False: ("#c2571b", "#d98b00"), True: ("#ef9560", "#f2c14e")}  # the word, its neighbours
_INK = {False: "#0e1714", True: "#e3ebe8"}
_PAPER = {False: "#fdfdfb", True: "#12191a"}


class Drawn(NamedTuple):
    """A picture, and which word each of its points is.

    Attributes:
        options: for ECharts.
        rows: of each series, by its `id`, the row of the map of each point.
    """

    options: Options
    rows: dict[str, Rows]


def scatter(
    words: Sequence[str], xy: Floats, colors: Colors, *, view: View | None = None, word: int | None = None,
    neighbors: Sequence[int] = (), dark: bool = False, pixels: tuple[int, int] = (960, 640),
) -> Drawn:  # fmt: skip
    """N words, the most frequent first, at `xy` (N, 2).

    `view` is the piece of the map seen at first; from there the mouse moves and the wheel zooms. `word` and
    `neighbors` are rows that stand out. Words without a finite place are not drawn. `pixels` are the
    picture's width and height. Names are shown where they fit, those of important words first, and more as
    one zooms in.
    """
    places = np.asarray(xy, dtype=np.float64).reshape(-1, 2)  # (N, 2)
    drawn = np.asarray(np.isfinite(places).all(axis=1))  # (N,)
    count = int(drawn.sum())
    whole_map = whole(places, pixels)
    digits = _DECIMALS - 1 - int(np.floor(np.log10(whole_map.half_width)))
    places = np.round(places, digits) + 0.0  # without minus zero
    lit = [row for row in dict.fromkeys(map(int, neighbors)) if drawn[row] and row != word]
    named = candidates(np.where(drawn[:, None], places, np.nan), MOST_NAMES)
    rows: dict[str, Rows] = {
        f"group {number}": np.flatnonzero(drawn & (colors.groups == number)) for number in range(len(colors.names))
    }
    rows["named"] = named  # whatever is lit, so that what was clicked keeps its number
    rows["neighbors"] = np.array(lit, dtype=np.int64)
    rows["word"] = np.array([word] if word is not None and drawn[word] else [], dtype=np.int64)
    series = [
        *(_group(number, name, colors.shades[number], count, bool(lit)) for number, name in enumerate(colors.names)),
        *_named(len(colors.names), dark),
    ]  # fmt: skip
    options = {
        **_frame(whole_map, view or whole_map, dark),
        "legend": {
            "show": len(colors.names) > 1, "type": "scroll", "top": 4, "left": 4, "right": 130, "itemWidth": 12,
            "data": list(colors.names),
        },
        "dataset": [{"source": _table(words, places, rows[each["id"]])} for each in series],
        "series": series,
    }  # fmt: skip
    return Drawn(options, rows)


def _frame(whole_map: View, view: View, dark: bool) -> Options:
    """What every map has: axes without numbers, the window on them, tools to draw around words."""
    bare = {"type": "value", **{part: {"show": False} for part in ("axisLabel", "axisTick", "axisLine", "splitLine")}}
    axes: Options = {}
    zooms = []
    for axis, middle, half, at, reach in (
        ("x", whole_map.x, whole_map.half_width, view.x, view.half_width),
        ("y", whole_map.y, whole_map.half_height, view.y, view.half_height),
    ):
        axes[f"{axis}Axis"] = {**bare, "min": middle - half, "max": middle + half}
        zooms.append({
            "id": axis, "type": "inside", f"{axis}AxisIndex": 0, "filterMode": "none", "throttle": _THROTTLE,
            "startValue": max(at - reach, middle - half), "endValue": min(at + reach, middle + half),
        })  # fmt: skip
    return {
        "animation": False,
        "grid": {"left": _EDGE, "right": _EDGE, "top": _TOOLS, "bottom": _EDGE},
        "tooltip": {"trigger": "item", "formatter": "{@word}"},
        **axes,
        "dataZoom": zooms,
        # Only the shape drawn is asked for, no series: the words in it are found on the server.
        "brush": {"xAxisIndex": 0, "yAxisIndex": 0, "seriesIndex": [], "transformable": False,
                  "brushStyle": {"borderColor": _LIT[dark][0], "borderWidth": 2, "color": "rgba(194,87,27,0.12)"}},
        "toolbox": {"right": 8, "top": 2, "itemSize": 17, "feature": {"brush": {
            "type": ["rect", "polygon", "clear"],
            "title": {"rect": "Box", "polygon": "Lasso", "clear": "Clear"},
        }}},
    }  # fmt: skip


def _group(number: int, name: str, color: str, points: int, faded: bool) -> Options:
    """The words of one colour, small where there are many."""
    size = 7 if points <= 3_000 else 5 if points <= 12_000 else 3 if points <= 60_000 else 2
    return {
        **_points(f"group {number}", number, color, size),
        "name": name,
        "large": points > LARGE,
        "largeThreshold": 0,  # its own would let each colour decide for itself
        "itemStyle": {"color": color, "opacity": 0.35 if faded else 0.8},
        "selectedMode": "multiple",
        "select": {"itemStyle": {"borderColor": color, "borderWidth": 3}},
        "emphasis": {"scale": 1.6},
        "z": 2,
    }


def _named(first: int, dark: bool) -> list[Options]:
    """The words with names: unseen points above the coloured ones, then neighbours, then the word.

    A larger symbol's name is placed before a smaller one's, and of equal ones the first in its table.
    """
    word, neighbor = _LIT[dark]
    ink = {"color": _INK[dark], "textBorderColor": _PAPER[dark], "textBorderWidth": 2}
    named = {**_points("named", first, "rgba(0,0,0,0)", 8), "label": {**_label(12), **ink}, "z": 3}
    lit = {**_points("neighbors", first + 1, neighbor, 11), "label": {**_label(13), **ink}, "z": 4}
    one = {**_points("word", first + 2, word, 16), "label": {**_label(15), **ink, "fontWeight": "bold"}, "z": 5}
    for each in (named, lit, one):
        each["labelLayout"] = {"hideOverlap": True}
    named["selectedMode"] = "multiple"
    lit["silent"] = one["silent"] = True  # a click goes to the point below, which stays when others are lit
    return [named, lit, one]


def _points(identity: str, dataset: int, color: str, size: int) -> Options:
    return {
        "id": identity,
        "type": "scatter",
        "datasetIndex": dataset,
        "encode": {"x": "x", "y": "y", "itemName": "word"},
        "symbolSize": size,
        "itemStyle": {"color": color},
        "progressive": 0,  # a picture in pieces flickers while one zooms
    }


def _label(size: int) -> Options:
    return {"show": True, "position": "right", "formatter": "{@word}", "fontSize": size, "distance": 3}


def _table(words: Sequence[str], places: Floats, rows: Rows) -> pd.DataFrame:
    xy = places[rows].astype(np.float32)  # (R, 2)
    names = np.array([shown(words[row]) for row in rows.tolist()], dtype=object)
    return pd.DataFrame({"word": names, "x": xy[:, 0], "y": xy[:, 1]})
