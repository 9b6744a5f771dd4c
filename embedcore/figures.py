"""Pictures as data: pure functions from numbers to ECharts options.

They import no Streamlit and draw nothing. Words go in as data, never as part of a format
string, so that nothing in a user's text is read as one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from embedcore.text import count_characters, first_characters

Options = dict[str, Any]

# The ends and middle of the scale of a cosine: opposite, unrelated, alike.
_COSINE_COLORS = {
    False: ["#b4511b", "#e2a27e", "#f3f1ea", "#6fb3a6", "#0b6b5d"],
    True: ["#f0935a", "#8f5636", "#263231", "#2c7a6c", "#52d0b7"],
}
_INK = {"on light": "#16211e", "on dark": "#ffffff"}
STRONG = 0.75  # of the scale's end: from there on a cell needs the other ink
_MOST_CURVE_POINTS = 2_000
_JOINERS = "\u200c\u200d"
_MARKS = 8  # code points of a character that is shown whole, on average


def loss_curve(
    metrics: Sequence[Mapping[str, Any]], *, epochs: int, added: Sequence[int] = (), unit: str = "pair"
) -> Options:
    """The loss against the passes over the text done so far.

    `metrics` are Progress objects as JSON: `share` of the run and `loss`, the mean per `unit`.
    The x axis ends where the run will end, so that the curve grows into an empty frame.
    `added` are the numbers of passes after which more were added: a line stands at each.
    """
    return loss_curves([("loss", metrics, epochs)], end=epochs, added=added, unit=unit)


def loss_curves(
    curves: Sequence[tuple[str, Sequence[Mapping[str, Any]], int]],
    *,
    end: int | None = None,
    added: Sequence[int] = (),
    unit: str = "pair",
) -> Options:
    """The losses of several runs in one frame, each as in `loss_curve`: its name, its metrics, its passes.

    The names are told apart by whoever gives them. One curve needs no legend; the second is dashed.
    The x axis ends at `end`, or else with the longest curve, so that a run that is to make far
    more passes than the other does not press both against the edge.
    """
    tables = [pd.DataFrame(_losses(metrics, epochs), columns=["passes", "loss"]) for _, metrics, epochs in curves]
    several = len(curves) > 1
    longest = max((table["passes"].iloc[-1] for table in tables if len(table)), default=0)
    end = end or math.ceil(longest) or max(epochs for _, _, epochs in curves)
    return {
        "animationDuration": 0,
        "animationDurationUpdate": 300,
        "grid": {"left": 8, "right": 20, "top": 64 if several else 34, "bottom": 28, "containLabel": True},
        "tooltip": {"trigger": "axis", "valueFormatter": "%.4f"},
        "legend": {"show": several, "top": 0, "left": "left", "itemWidth": 34},
        "xAxis": {"type": "value", "name": "passes over the text", "nameLocation": "middle", "nameGap": 28,
                  "min": 0, "max": end},
        "yAxis": {"type": "value", "name": f"loss per {unit}", "scale": True, "nameTextStyle": {"align": "left"}},
        "dataset": [{"source": table} for table in tables],
        "series": [
            {"type": "line", "name": name, "datasetIndex": number, "encode": {"x": "passes", "y": "loss"},
             "showSymbol": len(tables[number]) == 1, "markLine": _lines_at(added),
             "lineStyle": {"width": 2.5, "type": "dashed" if number == 1 else "solid"}}
            for number, (name, _, _) in enumerate(curves)
        ],
    }  # fmt: skip


def _losses(metrics: Sequence[Mapping[str, Any]], epochs: int) -> list[tuple[float, float]]:
    """The passes done and the loss at each report that has one."""
    points = [(m["share"] * epochs, m["loss"]) for m in metrics if m.get("loss") is not None]
    return _thinned(points, _MOST_CURVE_POINTS)


def _lines_at(passes: Sequence[int]) -> Options:
    """Upright lines where passes were added."""
    return {
        "silent": True, "symbol": "none", "data": [{"xAxis": number} for number in passes],
        "lineStyle": {"type": "dotted", "width": 1.5}, "label": {"formatter": "more added", "position": "insideEndTop"},
    }  # fmt: skip


def frequency_curve(words: Sequence[str], counts: Sequence[int]) -> Options:
    """Count against rank, both axes logarithmic: nearly a straight line in most texts (Zipf's law).

    `words` and their `counts` come by falling count.
    """
    steps = np.geomspace(1, max(len(words), 1), num=min(max(len(words), 1), 400))
    ranks = [int(rank) for rank in np.unique(steps.round()) if rank <= len(words)]
    table = pd.DataFrame(
        {"rank": ranks, "count": [counts[r - 1] for r in ranks], "token": [shown(words[r - 1]) for r in ranks]}
    )
    return {
        "animationDuration": 0,
        "grid": {"left": 8, "right": 24, "top": 34, "bottom": 28, "containLabel": True},
        "tooltip": {"trigger": "item", "formatter": "{@token}<br>{@count} times, rank {@rank}"},
        "xAxis": {"type": "log", "name": "rank", "nameLocation": "middle", "nameGap": 28, "min": 1},
        "yAxis": {"type": "log", "name": "times in the text", "min": 1, "nameTextStyle": {"align": "left"}},
        "dataset": {"source": table},
        "series": [{"type": "line", "encode": {"x": "rank", "y": "count"}, "symbolSize": 7, "showSymbol": True,
                    "symbol": "circle"}],
    }  # fmt: skip


def vector_strips(words: Sequence[str], vectors: np.ndarray[Any, Any], *, dark: bool = False) -> Options:
    """The numbers of N vectors (N, D) as N strips of D cells, one colour scale for all."""
    names = names_of(words)
    dim = vectors.shape[1]
    values = np.asarray(vectors, dtype=np.float64)
    rows, columns = np.indices(values.shape)
    table = pd.DataFrame(
        {
            "dimension": columns.ravel().astype(str),
            "word": np.array(names, dtype=object)[rows.ravel()],
            "value": np.round(values.ravel(), 5),
        }
    )
    return {
        "animationDuration": 0,
        "grid": {"left": 8, "right": 8, "top": 8, "bottom": 56, "containLabel": True},
        "tooltip": {"trigger": "item", "formatter": "{@word}, dimension {@dimension}: {@value}"},
        "xAxis": {"type": "category", "data": [str(i) for i in range(dim)], "axisTick": {"show": False},
                  "axisLine": {"show": False}},
        "yAxis": {"type": "category", "data": names, "inverse": True, "axisTick": {"show": False},
                  "axisLine": {"show": False}, "axisLabel": {"interval": 0}},
        "visualMap": {**symmetric_scale(values, dark=dark), "dimension": 2},
        "dataset": {"source": table},
        "series": [{"type": "heatmap", "encode": {"x": "dimension", "y": "word", "value": "value"}}],
    }  # fmt: skip


def cosine_scale(dark: bool) -> Options:
    """A `visualMap` for cosines: from opposite to alike, the same in every picture."""
    return {"type": "continuous", "min": -1, "max": 1, "calculable": False, "inRange": {"color": _COSINE_COLORS[dark]}}


def symmetric_scale(values: np.ndarray[Any, Any], *, dark: bool) -> Options:
    """A `visualMap` about 0 for numbers of any shape.

    It ends at the 99th percentile of the magnitudes, so that one outlier does not wash out the rest.
    """
    end = float(np.percentile(np.abs(values), 99)) if values.size else 1.0
    return {
        **cosine_scale(dark), "min": -end or -1.0, "max": end or 1.0, "precision": 2, "orient": "horizontal",
        "left": "center", "bottom": 4, "itemHeight": 160, "itemWidth": 12,
        "text": [f"{end:.2g} and more", f"{-end:.2g} and less"],
    }  # fmt: skip


def inks(dark: bool) -> tuple[str, str]:
    """The ink for numbers on strong cells and on weak ones.

    The ends of the scale are strong in both themes, its middle is near the page's colour.
    """
    return (_INK["on light"], _INK["on dark"]) if dark else (_INK["on dark"], _INK["on light"])


def _thinned(points: list[tuple[float, float]], most: int) -> list[tuple[float, float]]:
    """At most about `most` points, evenly chosen, the last one always kept."""
    step = -(-len(points) // most) if points else 1
    return points[-1::-step][::-1]


def names_of(words: Sequence[str]) -> list[str]:
    """The words as an axis can show them, no two alike: ECharts tells categories apart by their names."""
    names: dict[str, None] = {}
    for word in words:
        name, number = shown(word), 2
        while name in names:
            name, number = f"{shown(word)} ({number})", number + 1
        names[name] = None
    return list(names)


def shown(word: str, limit: int = 24) -> str:
    """A word as an axis can show it: whatever does not print is named, one of more characters than that is cut.

    Characters are those that a person sees: 👩‍👩‍👧 is one, and is never cut in two.
    """
    if not word.isprintable():
        seen = (c if c.isprintable() or _joins(word, place) else f"⟨U+{ord(c):04X}⟩" for place, c in enumerate(word))
        word = "".join(seen)
    if word in ("", " "):
        return "⟨space⟩" if word else "⟨empty⟩"
    begins = word[: _MARKS * limit]  # one character may have any number of marks
    if len(word) <= limit or (begins == word and count_characters(word) <= limit):
        return word
    return first_characters(begins, limit - 1) + "…"


def _joins(word: str, place: int) -> bool:
    """Whether a character that is not seen shapes those on both sides of it, as in some emoji and in Persian."""
    return word[place] in _JOINERS and 0 < place < len(word) - 1 and (word[place - 1] + word[place + 1]).isprintable()
