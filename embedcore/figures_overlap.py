"""How far two sets agree, as data: a bar for each word, or how many words agree how far.

Pure functions from numbers to ECharts options, by the rules of `figures`: nothing is drawn, no
Streamlit is imported, and words are data, never part of a format string. What overlaps is
counted in `overlap`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from embedcore.figures import Options, names_of

MOST_BARS = 50  # words; of more, how many agree how far
_BAR_PIXELS, _FRAME_PIXELS, _COUNTS_PIXELS = 24, 64, 300
_WIDEST_COUNTS = 25  # classes, beyond which several counts share a bar

_COLOR = {False: "#0b6b5d", True: "#4fc2ac"}
_LINE = {False: "#c2571b", True: "#ef9560"}
_INK = {False: "#0e1714", True: "#e3ebe8"}


class Picture(NamedTuple):
    """Options for ECharts, and the height in pixels that suits them."""

    options: Options
    height: int


def bars(words: Sequence[str], common: Sequence[int], topn: int, chance: float, *, dark: bool = False) -> Picture:
    """For each of N words how many of its `topn` neighbors are `common`, the first word at the top.

    A line stands where `chance` alone would bring them.
    """
    names = names_of(words)
    table = pd.DataFrame({"word": names, "common": [int(count) for count in common]})
    options = {
        **_frame(dark),
        "tooltip": {"trigger": "item", "formatter": f"{{@word}}: {{@common}} of {topn}"},
        "xAxis": {"type": "value", "min": 0, "max": topn, "minInterval": 1, "nameLocation": "middle", "nameGap": 26,
                  "name": f"neighbours of {topn} that are the same", "nameTextStyle": {"color": _INK[dark]}},
        "yAxis": {"type": "category", "data": names, "inverse": True, "axisTick": {"show": False},
                  "axisLine": {"show": False}, "axisLabel": {"interval": 0, "color": _INK[dark]}},
        "dataset": {"source": table},
        "series": [
            {"type": "bar", "encode": {"x": "common", "y": "word"}, "barMaxWidth": 14,
             "itemStyle": {"color": _COLOR[dark]}, "markLine": _line(chance, dark),
             "label": {"show": True, "position": "right", "formatter": "{@common}", "color": _INK[dark]}}
        ],
    }  # fmt: skip
    return Picture(options, _BAR_PIXELS * len(names) + _FRAME_PIXELS)


def counts(common: Sequence[int], topn: int, *, dark: bool = False) -> Picture:
    """How many words have none, one, two, … of their `topn` neighbors in common."""
    step = -(-(topn + 1) // _WIDEST_COUNTS)
    classes = range(0, topn + 1, step)
    names = [f"{low}" if low == min(low + step - 1, topn) else f"{low} to {low + step - 1}" for low in classes]
    tally = np.bincount(np.asarray(common, dtype=np.int64) // step, minlength=len(classes))
    table = pd.DataFrame({"common": names, "words": tally})
    options = {
        **_frame(dark),
        "tooltip": {"trigger": "item", "formatter": f"{{@common}} of {topn} neighbours the same: {{@words}} words"},
        "xAxis": {"type": "category", "data": names, "nameLocation": "middle", "nameGap": 28,
                  "name": f"neighbours of {topn} that are the same", "nameTextStyle": {"color": _INK[dark]}},
        "yAxis": {"type": "value", "name": "words", "minInterval": 1, "nameTextStyle": {"align": "left"}},
        "dataset": {"source": table},
        "series": [{"type": "bar", "encode": {"x": "common", "y": "words"}, "barMaxWidth": 40,
                    "itemStyle": {"color": _COLOR[dark]}}],
    }  # fmt: skip
    options["grid"] = {**options["grid"], "top": 34, "right": 8}
    return Picture(options, _COUNTS_PIXELS)


def _frame(dark: bool) -> Options:
    return {"animationDuration": 0, "grid": {"left": 8, "right": 36, "top": 24, "bottom": 30, "containLabel": True}}


def _line(chance: float, dark: bool) -> Options:
    return {
        "silent": True, "symbol": "none", "data": [{"xAxis": round(chance, 4)}] if chance > 0 else [],
        "lineStyle": {"type": "dashed", "width": 1.5, "color": _LINE[dark]},
        "label": {"formatter": "by chance", "position": "start", "color": _INK[dark]},
    }  # fmt: skip
