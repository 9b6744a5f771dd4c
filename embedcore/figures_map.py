"""The map of a training as data: pure functions from coordinates to ECharts options.

Here belong the map as it stands now and its replay. Where the coordinates come from is the
business of `projection`, other pictures are in `figures`, whose rules hold here too: nothing is
drawn, no Streamlit is imported, and words are data, never part of a format string.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from embedcore.figures import Options, shown

LABELLED = 40  # of the most frequent words have their name beside them; marked ones always do
REPLAY_MILLISECONDS = 7_000  # a whole replay, however many frames it has
TIMELINE_PIXELS = 56  # by which a replay is taller than a live map of the same size
_DRIFT_MILLISECONDS = 600  # a word's way from one live frame to the next
_EDGE = 8  # pixels
_DECIMALS = 3  # of a coordinate: a thousandth of the map is less than a pixel

# Marked words, labelled ones, the others; on a light and on a dark page.
_COLORS = {False: ("#c2571b", "#0b6b5d", "#9db3ac"), True: ("#ef9560", "#4fc2ac", "#4d625e")}
_INK = {False: "#0e1714", True: "#e3ebe8"}


def live_map(
    words: Sequence[str],
    xy: npt.NDArray[Any],
    half_range: float,
    marked: Collection[str] = (),
    dark: bool = False,
    *,
    center: tuple[float, float] = (0.0, 0.0),
) -> Options:
    """K words at their places `xy` (K, 2), the most frequent word first.

    Both axes reach `half_range` to either side of `center`. Words keep their identity by name,
    so that a browser that shows an earlier map moves them to their new places.

    There is no zooming with the mouse here: Streamlit replaces all that a chart knows with each
    new map, so that a zoom would last a second. To zoom, give a smaller `half_range` around a
    `center`, which may be a word's place: then the map follows that word.
    """
    tables = _tables(words, np.asarray(xy)[None], marked)
    return {
        **_square(half_range, center),
        "animationDurationUpdate": _DRIFT_MILLISECONDS,
        "dataset": [{"source": table} for table in tables],
        "series": _series(dark),
    }


def replay(
    words: Sequence[str],
    maps: npt.NDArray[Any],
    shares: Sequence[float],
    half_range: float,
    marked: Collection[str] = (),
    dark: bool = False,
    autoplay: bool = True,
    *,
    take: int = 0,
    center: tuple[float, float] = (0.0, 0.0),
) -> Options:
    """F maps (F, K, 2) of K words as a film that the browser plays by itself, in about 7 seconds.

    `shares` (F,) of the run, 0 to 1, name the frames. With `autoplay` it begins at the first and
    stops at the last; without, it shows the last and waits. A browser starts the film anew only
    if something in it changed: count up `take` to play it again. The mouse zooms (with Ctrl and
    the wheel) and moves the map, while it plays too.

    All coordinates are columns of one table for each kind of word, sent once and in binary; a
    frame only says which two columns it shows.
    """
    frames = len(maps)
    interval = REPLAY_MILLISECONDS / max(frames - 1, 1)
    tables = _tables(words, np.asarray(maps), marked)
    return {
        "baseOption": {
            **_square(half_range, center, bottom=_EDGE + TIMELINE_PIXELS),
            "dataZoom": [{"id": axis, "type": "inside", f"{axis}AxisIndex": 0, "filterMode": "none"} for axis in "xy"],
            "animationDurationUpdate": interval,
            "animationEasingUpdate": "linear",
            "timeline": {
                "id": "film",
                "name": f"take {take}",
                "axisType": "category",
                "data": [f"{share:.0%}" for share in shares],
                "currentIndex": 0 if autoplay else max(frames - 1, 0),
                "autoPlay": autoplay and frames > 1,
                "loop": False,
                "playInterval": interval,
                "left": 8, "right": 24, "bottom": 6, "height": 44,
                "symbolSize": 3,
                "checkpointStyle": {"symbolSize": 13, "animationDuration": interval, "animationEasing": "linear"},
                "label": {"interval": max((frames - 1) // 4 - 1, 0), "hideOverlap": True},
                "controlStyle": {"showPrevBtn": False, "showNextBtn": False, "itemSize": 22},
                "tooltip": {"show": False},
            },
            "dataset": [{"source": table} for table in tables],
            "series": _series(dark),
        },
        "options": [{"series": [{"encode": _encode(frame)} for _ in tables]} for frame in range(frames)],
    }  # fmt: skip


def _square(half_range: float, center: tuple[float, float], bottom: int = _EDGE) -> Options:
    """What both have: an empty square without numbers."""
    bare = {"type": "value", **{part: {"show": False} for part in ("axisLabel", "axisTick", "axisLine", "splitLine")}}
    low, high = ([round(float(at) + side, _DECIMALS) for at in center] for side in (-half_range, half_range))
    return {
        "animationDuration": 0,
        "grid": {"left": _EDGE, "right": _EDGE, "top": _EDGE, "bottom": bottom},
        "tooltip": {"trigger": "item", "formatter": "{@word}"},
        "xAxis": {**bare, "min": low[0], "max": high[0]},
        "yAxis": {**bare, "min": low[1], "max": high[1]},
    }


def _series(dark: bool) -> list[Options]:
    """Three layers of points, the later ones drawn above the earlier."""
    marked, labelled, other = _COLORS[dark]
    return [
        _points("other", 0, other, 5, label=None),
        _points("labelled", 1, labelled, 7, label={"fontSize": 12, "color": _INK[dark]}),
        _points("marked", 2, marked, 11, label={"fontSize": 13, "fontWeight": "bold", "color": _INK[dark]}),
    ]


def _points(name: str, dataset: int, color: str, size: int, label: Options | None) -> Options:
    return {
        "id": name,
        "type": "scatter",
        "datasetIndex": dataset,
        "encode": _encode(0),
        "symbolSize": size,
        "itemStyle": {"color": color},
        "label": {"show": label is not None, "position": "right", "formatter": "{@word}", **(label or {})},
        "labelLayout": {"hideOverlap": True},
        "emphasis": {"scale": 1.5},
        "z": 2 + dataset,
    }


def _encode(frame: int) -> Options:
    return {"x": f"x{frame}", "y": f"y{frame}", "itemName": "word"}


def _tables(words: Sequence[str], maps: npt.NDArray[Any], marked: Collection[str]) -> list[pd.DataFrame]:
    """The words that are not labelled, that are, and that are marked, each with (F, 2) columns of numbers."""
    kind = np.array([2 if word in marked else 1 if row < LABELLED else 0 for row, word in enumerate(words)], dtype=int)
    rounded = np.round(np.asarray(maps, dtype=np.float32), _DECIMALS) + 0.0  # (F, K, 2), without minus zero
    names = np.array([shown(word) for word in words], dtype=object)
    tables = []
    for number in range(3):
        rows = np.flatnonzero(kind == number)
        columns: dict[str, Any] = {"word": names[rows]}
        for frame, places in enumerate(rounded):
            columns[f"x{frame}"], columns[f"y{frame}"] = places[rows, 0], places[rows, 1]
        tables.append(pd.DataFrame(columns))
    return tables
