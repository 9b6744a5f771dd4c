"""Cosine similarities as heat maps: pure functions to data.

The rules are those of `figures`: no Streamlit, nothing drawn, and words go in as data. How the
similarities come about is known to `search` and `mean_vectors`, their order to `clustering`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from embedcore.figures import STRONG, Options, cosine_scale, inks, names_of

MOST_NAMED = 60  # words beside a heat map; more would be written over each other
_MOST_NUMBERED = {False: 14, True: 10}  # columns with numbers in their cells, on the whole page and on half of it
_MOST_UPRIGHT = {False: 8, True: 4}  # columns whose names fit below them side by side
_ROW_PIXELS = {"numbered": 44, "named": 20, "bare": 2}
_LOWEST, _HIGHEST = 300, 1_320  # pixels
_SCALE_PIXELS = 56  # below the cells


@dataclass(frozen=True, eq=False)
class HeatFigure:
    """A heat map.

    Attributes:
        options: for an ECharts chart.
        height: that suits it, in pixels.
        named: whether the words stand beside it; if not, they are told under the mouse alone.
    """

    options: Options
    height: int
    named: bool


def similarities(
    words: Sequence[str], cosines: npt.NDArray[Any], *, dark: bool = False, narrow: bool = False
) -> HeatFigure:
    """Cosine similarities (N, N) of N words with each other; as `between`, in a square."""
    return between(words, words, cosines, dark=dark, narrow=narrow)


def between(
    words: Sequence[str],
    others: Sequence[str],
    cosines: npt.NDArray[Any],
    *,
    dark: bool = False,
    narrow: bool = False,
) -> HeatFigure:
    """Cosine similarities (W, X) of W words, a row each, with X others, a column each.

    The values stand on the cells where they fit, the words beside them up to `MOST_NAMED`.
    `narrow` is for half of a page. The scale always runs from -1 to 1, so that two pictures can
    be compared. A cosine that is NaN has no cell.
    """
    widest = max(cosines.shape)
    numbered = widest <= _MOST_NUMBERED[narrow]
    table = _table(names_of(words), names_of(others), cosines)
    parts = [table]
    if numbered:
        table["shown"] = (table["cosine"].round(2) + 0.0).map("{:.2f}".format)  # 0.00, never -0.00
        strong = table["cosine"].abs() > STRONG
        parts = [table[~strong], table[strong]]
    ink_strong, ink_weak = inks(dark)
    named = widest <= MOST_NAMED
    label = {"show": named, "interval": 0}
    turned = 0 if len(others) <= _MOST_UPRIGHT[narrow] else 45 if numbered else 90
    options: Options = {
        "animationDuration": 0,
        "grid": {"left": 8, "right": 8, "top": 8, "bottom": _SCALE_PIXELS, "containLabel": True},
        "tooltip": {"trigger": "item", "formatter": "{@word} · {@other word}: {@cosine}"},
        "xAxis": {**_axis(names_of(others)), "axisLabel": {**label, "rotate": turned}},
        "yAxis": {**_axis(names_of(words)), "inverse": True, "axisLabel": label},
        "visualMap": {**cosine_scale(dark), "dimension": 2, "orient": "horizontal", "left": "center", "bottom": 4,
                      "text": ["1 same direction", "-1 opposite"], "itemHeight": 120 if narrow else 160,
                      "itemWidth": 12},
        "dataset": [{"source": part} for part in parts],
        "series": [_cells(number, ink, numbered) for number, ink in enumerate((ink_weak, ink_strong)[: len(parts)])],
    }  # fmt: skip
    return HeatFigure(options, _height(cosines.shape, numbered, named), named)


def _table(words: list[str], others: list[str], cosines: npt.NDArray[Any]) -> pd.DataFrame:
    """A row a cell. Words as categories, so that each is sent once, however many cells it has."""
    rows, columns = np.indices(cosines.shape)
    return pd.DataFrame(
        {
            "word": pd.Categorical.from_codes(rows.ravel(), dtype=pd.CategoricalDtype(words)),
            "other word": pd.Categorical.from_codes(columns.ravel(), dtype=pd.CategoricalDtype(others)),
            "cosine": np.round(np.asarray(cosines, dtype=np.float64).ravel(), 4),
        }
    ).dropna()


def _axis(names: list[str]) -> Options:
    return {"type": "category", "data": names, "splitArea": {"show": False}, "axisTick": {"show": False},
            "axisLine": {"show": False}}  # fmt: skip


def _cells(dataset: int, ink: str, numbered: bool) -> Options:
    return {
        "type": "heatmap",
        "datasetIndex": dataset,
        "encode": {"x": "other word", "y": "word", "value": "cosine"},
        "label": {"show": numbered, "color": ink, "formatter": "{@shown}", "fontSize": 12, "minMargin": 5},
        "labelLayout": {"hideOverlap": True},  # on a narrow screen
        "progressive": 25_000,  # cells a frame, so that hundreds of thousands leave the page alive
        "animation": False,
    }


def _height(shape: tuple[int, ...], numbered: bool, named: bool) -> int:
    """Pixels that suit a heat map of this shape."""
    pixels = _ROW_PIXELS["numbered" if numbered else "named" if named else "bare"]
    return min(max(_LOWEST, _SCALE_PIXELS + 54 + pixels * shape[0]), _HIGHEST)
