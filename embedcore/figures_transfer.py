"""An experiment as pictures: how right each start is against the number of training texts, and what is mixed up.

Pure functions from `transfer.answers` to ECharts options, by the rules of `figures`: nothing is
drawn, no Streamlit is imported, and labels are data, never part of a format string.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from embedcore.figures import Options, names_of
from embedcore.transfer.answers import Point
from embedcore.transfer.config import FROZEN, SCRATCH, STARTS, TUNED
from embedcore.transfer.leads import ACCURACY

NAMES = {SCRATCH: "from scratch", FROZEN: "frozen", TUNED: "tuned"}
MOST_LABELS = 15  # that a square of cells can name

_STEPS = (5, 10, 20)  # per cent between two lines across
_MOST_STEPS = 7
_ROOM = 1  # per cent above the highest point and below the lowest
_CELL_PIXELS, _FRAME_PIXELS = 38, 92
_MOST_UPRIGHT, _SLANTED_PIXELS = 4, 48  # names of labels side by side; more are written aslant, which takes more room
# Told apart by their symbols and dashes too. Blue, orange and green, as in the theme.
_COLORS = {
    SCRATCH: {False: "#3f5fb0", True: "#8ea6ee"},
    FROZEN: {False: "#c2571b", True: "#ef9560"},
    TUNED: {False: "#0b6b5d", True: "#4fc2ac"},
}
_SYMBOLS = {SCRATCH: ("circle", 8), FROZEN: ("rect", 8), TUNED: ("triangle", 10)}
_DASHES = {SCRATCH: "solid", FROZEN: [7, 4], TUNED: "solid"}
_BAND = {False: 0.13, True: 0.17}  # how opaque
_INK = {False: "#0e1714", True: "#e3ebe8"}
_LINE = {False: "#4c615b", True: "#9db3ac"}
_SHARE_COLORS = {False: ["#f3f1ea", "#6fb3a6"], True: ["#1c2627", "#2c7a6c"]}  # under the one ink all the way


class Picture(NamedTuple):
    """Options for ECharts, and the height in pixels that suits it."""

    options: Options
    height: int


def learning_curves(
    points: Sequence[Point], sizes: Sequence[int], *, measure: str = ACCURACY, always: float | None = None,
    starts: Sequence[str] = STARTS, dark: bool = False,
) -> Options:  # fmt: skip
    """A line for each of `starts` over the S `sizes`, with a band from its worst fit to its best.

    The axis has all sizes from the beginning, so that lines grow into an empty frame; where a
    point is missing, its line has a gap. `always` is what one reaches who answers every text
    with the most frequent label; a dotted line stands there.
    """
    table = pd.DataFrame({"size": [f"{size:,}" for size in sizes]})
    for start in starts:
        found = {point.size: _values(point, measure) for point in points if point.start == start}
        rows = np.array([found.get(size, (math.nan,) * 3) for size in sizes]).reshape(len(sizes), 3)  # (S, 3)
        table[start], table[f"{start} low"] = rows[:, 0], rows[:, 1]
        table[f"{start} band"] = np.round(rows[:, 2] - rows[:, 1], 2)  # stands on the low end
        fits = {point.size: point.fits for point in points if point.start == start}
        table[f"{start} told"] = [_told(found.get(size), fits.get(size, 0)) for size in sizes]
    low, high, step = _reach(points, measure, always)
    return {
        "animationDuration": 0,
        "animationDurationUpdate": 300,
        "grid": {"left": 8, "right": 18, "top": 62, "bottom": 30, "containLabel": True},
        "legend": {"top": 0, "left": "left", "itemWidth": 30, "itemGap": 18, "data": [NAMES[start] for start in starts],
                   "textStyle": {"color": _INK[dark], "fontSize": 13}},
        "tooltip": {"trigger": "axis", "confine": True, "formatter": _template(starts, dark)},
        "xAxis": {"type": "category", "data": table["size"].tolist(), "name": "training texts",
                  "nameLocation": "middle", "nameGap": 30, "boundaryGap": ["4%", "4%"],
                  "nameTextStyle": {"color": _INK[dark]},
                  "axisLabel": {"interval": 0, "hideOverlap": True, "showMaxLabel": True, "color": _INK[dark]}},
        "yAxis": {"type": "value", "min": low, "max": high, "interval": step,
                  "name": "test texts answered rightly" if measure == ACCURACY else "macro-F1 on the test texts",
                  "nameTextStyle": {"align": "left", "color": _INK[dark]},
                  "axisLabel": {"formatter": "{value} %", "color": _INK[dark]}},
        "dataset": {"source": table},
        "series": [
            *(_line(start, dark) for start in starts),
            *(part for start in starts for part in _band(start, dark)),
            _always(always, dark),
        ],
    }  # fmt: skip


def _values(point: Point, measure: str) -> tuple[float, float, float]:
    """Mean, low and high in per cent."""
    mean, low, high = (round(100 * share, 2) for share in point.of(measure))
    return mean, low, high


def _told(values: tuple[float, float, float] | None, fits: int) -> str:
    """What the pointer says of a point."""
    if values is None:
        return "not yet"
    mean, low, high = values
    return f"{mean:.1f} %" + (f" ({low:.1f} to {high:.1f}, {fits} fits)" if fits > 1 else " (1 fit)")


def _reach(points: Sequence[Point], measure: str, always: float | None) -> tuple[int, int, int]:
    """Where the upright axis begins and ends, and its steps, in per cent."""
    values = [value for point in points for value in _values(point, measure)]
    values += [] if always is None else [100 * always]
    low, high = (max(0.0, min(values) - _ROOM), min(100.0, max(values) + _ROOM)) if values else (0.0, 100.0)
    for step in _STEPS:
        ends = math.floor(low / step) * step, math.ceil(high / step) * step
        if ends[1] - ends[0] <= _MOST_STEPS * step:
            break
    return *ends, step


def _template(starts: Sequence[str], dark: bool) -> str:
    """What stands in the box at the pointer; its words are ours, the numbers are data."""
    lines = [
        f'<br><span style="color:{_COLORS[start][dark]}">●</span> {NAMES[start]}: <b>{{@{start} told}}</b>'
        for start in starts
    ]
    return "{@size} training texts" + "".join(lines)


def _line(start: str, dark: bool) -> Options:
    symbol, pixels = _SYMBOLS[start]
    color = _COLORS[start][dark]
    return {
        "type": "line", "name": NAMES[start], "encode": {"x": "size", "y": start}, "symbol": symbol,
        "symbolSize": pixels, "showSymbol": True, "itemStyle": {"color": color}, "z": 4,
        "lineStyle": {"width": 2.75, "color": color, "type": _DASHES[start]}, "emphasis": {"focus": "none"},
    }  # fmt: skip


def _band(start: str, dark: bool) -> list[Options]:
    """The low end, unseen, and what stands on it up to the high end; of the line's name, to go when it goes."""
    unseen = {
        "type": "line", "name": NAMES[start], "stack": start, "symbol": "none", "silent": True, "z": 2,
        "lineStyle": {"opacity": 0}, "itemStyle": {"color": _COLORS[start][dark]}, "emphasis": {"disabled": True},
    }  # fmt: skip
    return [
        {**unseen, "encode": {"x": "size", "y": f"{start} low"}},
        {**unseen, "encode": {"x": "size", "y": f"{start} band"},
         "areaStyle": {"color": _COLORS[start][dark], "opacity": _BAND[dark]}},
    ]  # fmt: skip


def _always(share: float | None, dark: bool) -> Options:
    """The dotted line of who always answers the same."""
    return {
        "type": "line", "name": "always", "data": [], "silent": True, "z": 3,
        "markLine": {
            "silent": True, "symbol": "none", "data": [] if share is None else [{"yAxis": round(100 * share, 2)}],
            "lineStyle": {"type": "dotted", "width": 2, "color": _LINE[dark]},
            "label": {"formatter": "always the most frequent label", "position": "insideEndBottom",
                      "color": _INK[dark], "fontSize": 12},
        },
    }  # fmt: skip


def confusion(labels: Sequence[str], counts: npt.NDArray[np.int64], *, dark: bool = False) -> Picture:
    """Which labels are taken for which: `counts` (C, C), a row for each text's own label, a column for its answer.

    A cell says which share of the texts of its row it has, in per cent.
    """
    names = names_of(labels)
    rows, columns = np.indices(counts.shape)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)  # (C, C)
    table = pd.DataFrame(
        {
            "own": np.array(names, dtype=object)[rows.ravel()],
            "answered": np.array(names, dtype=object)[columns.ravel()],
            "share": np.round(100 * shares.ravel(), 1),
            "shown": [f"{100 * share:.0f} %" for share in shares.ravel()],
            "told": [f"{count:,} times, {100 * s:.1f} %" for count, s in zip(counts.flat, shares.flat, strict=True)],
        }
    )
    axis = {
        "type": "category", "data": names, "axisTick": {"show": False}, "axisLine": {"show": False},
        "splitLine": {"show": False},
    }  # fmt: skip
    label = {"interval": 0, "color": _INK[dark], "width": 96, "overflow": "truncate"}
    slanted = len(names) > _MOST_UPRIGHT
    room = _SLANTED_PIXELS if slanted else 0  # above the cells, for names that are written aslant
    title = {"color": _INK[dark], "fontSize": 13}
    options = {
        "animationDuration": 0,
        "grid": {"left": 36, "right": 8, "top": 58 + room, "bottom": 8, "containLabel": True},
        "tooltip": {"trigger": "item", "confine": True, "formatter": "{@own}, answered {@answered}: {@told}"},
        "xAxis": {**axis, "position": "top", "name": "answer", "nameLocation": "middle", "nameGap": 32 + room,
                  "nameTextStyle": title, "axisLabel": {**label, "rotate": 40 if slanted else 0}},
        "yAxis": {**axis, "inverse": True, "name": "own label", "nameLocation": "start", "nameGap": 10,
                  "nameTextStyle": {**title, "align": "right"}, "axisLabel": label},
        "visualMap": {"show": False, "type": "continuous", "min": 0, "max": 100, "dimension": 2,
                      "inRange": {"color": _SHARE_COLORS[dark]}},
        "dataset": {"source": table},
        "series": [
            {"type": "heatmap", "encode": {"x": "answered", "y": "own", "value": "share"},
             "label": {"show": True, "formatter": "{@shown}", "color": _INK[dark], "fontSize": 13},
             "emphasis": {"disabled": True}}
        ],
    }  # fmt: skip
    return Picture(options, _CELL_PIXELS * max(len(names), 3) + _FRAME_PIXELS + room)
