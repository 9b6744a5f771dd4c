"""A map in three dimensions, for Plotly, which draws it with WebGL and without evaluating code.

Here belongs the picture as a plain dictionary: neither Plotly nor Streamlit is imported.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from embedcore.figures import Options, shown
from embedcore.figures_scatter.colors import Colors
from embedcore.figures_scatter.labels import candidates

Floats = npt.NDArray[np.floating[Any]]

MOST_NAMES = 60  # in space names hide each other, and the browser does not look
_LIT = {False: ("#c2571b", "#d98b00"), True: ("#ef9560", "#f2c14e")}  # the word, its neighbours
_INK = {False: "#0e1714", True: "#e3ebe8"}


def scatter_3d(
    words: Sequence[str], xyz: Floats, colors: Colors, *, word: int | None = None, neighbors: Sequence[int] = (),
    dark: bool = False, height: int = 640,
) -> Options:  # fmt: skip
    """N words, the most frequent first, at `xyz` (N, 3), as a Plotly figure; those without a finite place left out.

    Some sixty names are shown: of `word` and its `neighbors`, which stand out, and of frequent words that lie
    apart. All others show when pointed at. Plotly reads a little HTML in text, so words are escaped.
    """
    places = np.asarray(xyz, dtype=np.float64).reshape(-1, 3)  # (N, 3)
    drawn = np.asarray(np.isfinite(places).all(axis=1))  # (N,)
    lit = [row for row in dict.fromkeys(map(int, neighbors)) if drawn[row] and row != word]
    flat = np.where(drawn[:, None], places, np.nan)[:, :2]  # (N, 2)
    named = [row for row in candidates(flat, MOST_NAMES).tolist() if row not in lit and row != word]
    size = 4 if len(places) <= 3_000 else 2.5 if len(places) <= 12_000 else 1.5
    faded = 0.35 if lit else 0.8
    traces = []
    for number, (name, shade) in enumerate(zip(colors.names, colors.shades, strict=True)):
        rows = np.flatnonzero(drawn & (colors.groups == number)).tolist()
        marker = {"size": size, "color": shade, "opacity": faded, "line": {"width": 0}}
        traces.append(_trace(words, places, rows, name, "markers", marker, 12, dark))
    marks = {"size": size, "color": _INK[dark], "opacity": 0.0}
    traces.append(_trace(words, places, named, "named", "markers+text", marks, 11, dark))
    for title, rows, color, wide in (
        ("neighbours", lit, _LIT[dark][1], 5),
        ("word", [] if word is None or not drawn[word] else [word], _LIT[dark][0], 8),
    ):
        traces.append(_trace(words, places, rows, title, "markers+text", {"size": wide, "color": color}, 13, dark))
    for trace in traces[len(colors.names) :]:
        trace["showlegend"] = False
    bare = {"visible": False, "showspikes": False}
    return {
        "data": traces,
        "layout": {
            "height": height,
            "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
            "showlegend": len(colors.names) > 1,
            "legend": {"itemsizing": "constant", "x": 0, "y": 1},
            "scene": {"xaxis": bare, "yaxis": bare, "zaxis": bare, "aspectmode": "data", "dragmode": "orbit"},
        },
    }


def _trace(
    words: Sequence[str], places: Floats, rows: Sequence[int], name: str, mode: str, marker: Options, font: int,
    dark: bool,
) -> Options:  # fmt: skip
    points = places[list(rows)].astype(np.float32)  # (R, 3)
    return {
        "type": "scatter3d",
        "name": html.escape(name),
        "mode": mode,
        "x": points[:, 0],
        "y": points[:, 1],
        "z": points[:, 2],
        "text": [html.escape(shown(words[row])) for row in rows],
        "textposition": "middle right",
        "textfont": {"size": font, "color": _INK[dark]},
        "hoverinfo": "text",
        "marker": marker,
    }
