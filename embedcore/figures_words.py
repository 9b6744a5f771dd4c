"""Words and labels with a number each, as bars: what pulls towards a label, and how likely each label is.

Pure functions to ECharts options, by the rules of `figures`: nothing is drawn, no Streamlit is
imported, and words are data, never part of a format string.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from embedcore.figures import Options, names_of

_BAR_PIXELS, _FRAME_PIXELS = 26, 12
_COLOR = {False: "#0b6b5d", True: "#4fc2ac"}
_INK = {False: "#0e1714", True: "#e3ebe8"}
_LABEL_ROOM = 54  # pixels at the right, for the number beside the longest bar


class Bars(NamedTuple):
    """Options for ECharts, and the height in pixels that suits them."""

    options: Options
    height: int


def bars(names: Sequence[str], values: Sequence[float], *, end: float | None = None, unit: str, dark: bool) -> Bars:
    """N names, each with a bar and its number in per cent or points, the first on top.

    `values` are shares from 0 to 1; an axis ends at `end`, or with the largest of them. `unit` is
    "%" for shares of a whole, "points" for differences between such.
    """
    as_text = "{:.0f} %".format if unit == "%" else "+{:.1f}".format
    shown = [as_text(100 * value) for value in values]
    table = pd.DataFrame({"name": names_of(names), "value": [100 * value for value in values], "shown": shown})
    return Bars(
        {
            "animationDuration": 0,
            "animationDurationUpdate": 200,
            "grid": {"left": 4, "right": _LABEL_ROOM, "top": 2, "bottom": 2, "containLabel": True},
            "xAxis": {"type": "value", "show": False, "min": 0, "max": 100 * (end or max([*values, 0.0]) or 1.0)},
            "yAxis": {
                "type": "category", "inverse": True, "axisTick": {"show": False}, "axisLine": {"show": False},
                "axisLabel": {"interval": 0, "color": _INK[dark], "fontSize": 13},
            },
            "dataset": {"source": table},
            "series": [{
                "type": "bar", "encode": {"x": "value", "y": "name"}, "barWidth": "62%", "silent": True,
                "itemStyle": {"color": _COLOR[dark], "borderRadius": 2},
                "label": {"show": True, "position": "right", "formatter": "{@shown}", "color": _INK[dark]},
            }],
        },
        _FRAME_PIXELS + _BAR_PIXELS * max(1, len(names)),
    )  # fmt: skip
