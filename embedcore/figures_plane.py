"""A sum of words as a picture: pure functions from `plane.Laid` to ECharts options.

By the rules of `figures`: nothing is drawn, no Streamlit is imported, and words are data, never part of
a format string. Where the points lie is worked out in `plane`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from embedcore.figures import Options, shown
from embedcore.label_places import SIDES, sides
from embedcore.questions.plane import Laid

Place = list[float]

_MARGIN = 0.12  # of the picture on each side, for names
_SMALLEST = 0.2  # of a side of the picture, in lengths of a vector
_KINDS = ("asked", "made", "found")
_SYMBOLS = {"asked": ("circle", 11), "made": ("diamond", 15), "found": ("circle", 7)}

# The words asked about, the sum, the answers; on a light and on a dark page.
_COLORS = {False: ("#0b6b5d", "#6b5a12", "#c2571b"), True: ("#4fc2ac", "#d9c46a", "#ef9560")}
_INK = {False: "#0e1714", True: "#e3ebe8"}
_LINE = {False: "#4c615b", True: "#9db3ac"}


def sum_of_words(
    laid: Laid, words: Sequence[str], answers: Sequence[str], *, dark: bool = False,
    pixels: tuple[int, int] = (640, 420),
) -> Options:  # fmt: skip
    """The T `words` of a sum, what they make, and the N `answers`, with lines for the steps of a parallelogram.

    `pixels` are the width and height of the picture, so that a length is the same across as upwards.
    """
    places = np.concatenate([laid.asked, laid.made[None], laid.found])  # (T + 1 + N, 2)
    kinds = ["asked"] * len(words) + ["made"] + ["found"] * len(answers)
    names = [*map(shown, words), "the sum", *map(shown, answers)]
    center, half = _frame(places, pixels)
    # A name without room stands to the right, where ECharts hides it for as long as another one is there.
    on_side = [side or "right" for side in sides((places - center + half) / (2 * half), names, *pixels)]
    if laid.corners is not None:  # outside, where no line crosses their names
        for corner, side in zip([*laid.corners, len(words)], ["bottom", "bottom", "top", "top"], strict=True):
            on_side[corner] = side
    table = pd.DataFrame(
        {
            "word": np.array(names, dtype=object),
            "x": np.round(places[:, 0], 4) + 0.0,
            "y": np.round(places[:, 1], 4) + 0.0,
            "off": [f"{distance:.3f} from the plane" for distance in [*laid.asked_off, 0.0, *laid.found_off]],
        }
    )
    looks = [(kind, side) for kind in _KINDS for side in SIDES]
    chosen = [[k == kind and s == side for k, s in zip(kinds, on_side, strict=True)] for kind, side in looks]
    series = [_points(number, kind, side, dark) for number, (kind, side) in enumerate(looks)]
    series[0]["markLine"], series[1]["markLine"] = _lines(laid, dark)
    bare = {"type": "value", **{part: {"show": False} for part in ("axisLabel", "axisTick", "axisLine", "splitLine")}}
    low, high = np.round(center - half, 4).tolist(), np.round(center + half, 4).tolist()
    return {
        "animationDuration": 0,
        "grid": {"left": 0, "right": 0, "top": 0, "bottom": 0},
        "tooltip": {"trigger": "item", "formatter": "{@word}<br>{@off}"},
        "xAxis": {**bare, "min": low[0], "max": high[0]},
        "yAxis": {**bare, "min": low[1], "max": high[1]},
        "dataset": [{"source": table[np.array(rows)]} for rows in chosen],
        "series": series,
    }


def _frame(
    places: npt.NDArray[np.float64], pixels: tuple[int, int]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The middle of a picture of all places, and half its size, equally scaled both ways: (2,) each."""
    low, high = places.min(axis=0), places.max(axis=0)
    width, height = pixels
    spread = np.maximum((high - low) / (1 - 2 * _MARGIN), _SMALLEST)  # (2,)
    scale = max(spread[0] / width, spread[1] / height)
    return (low + high) / 2, np.array([width, height]) * scale / 2


def _lines(laid: Laid, dark: bool) -> tuple[Options, Options]:
    """The sides of the parallelogram: the step that is taken as an arrow, twice, and the others dashed."""
    step, beside = [], []
    if laid.corners is not None:
        a, b, c = np.round(laid.asked[[*laid.corners]], 4).tolist()
        made = np.round(laid.made, 4).tolist()
        step, beside = [(a, b), (c, made)], [(a, c), (b, made)]

    def lines(ends: Sequence[tuple[Place, Place]], symbol: str, style: str, width: int) -> Options:
        return {
            "silent": True, "symbol": ["none", symbol], "symbolSize": 12, "label": {"show": False},
            "lineStyle": {"color": _LINE[dark], "type": style, "width": width},
            "data": [[{"coord": first}, {"coord": last}] for first, last in ends],
        }  # fmt: skip

    return lines(step, "arrow", "solid", 2), lines(beside, "none", "dashed", 1)


def _points(dataset: int, kind: str, side: str, dark: bool) -> dict[str, Any]:
    """Points of one kind with their names on one side."""
    symbol, size = _SYMBOLS[kind]
    return {
        "type": "scatter",
        "datasetIndex": dataset,
        "encode": {"x": "x", "y": "y", "itemName": "word"},
        "symbol": symbol,
        "symbolSize": size,
        "itemStyle": {"color": _COLORS[dark][_KINDS.index(kind)]},
        "label": {"show": True, "position": side, "formatter": "{@word}", "fontSize": 12 if kind == "found" else 13,
                  "fontWeight": "normal" if kind == "found" else "bold", "color": _INK[dark]},
        "labelLayout": {"hideOverlap": True},
        "emphasis": {"scale": 1.4},
        "z": 5 - _KINDS.index(kind),
    }  # fmt: skip
