"""A page with one chart of the most frequent words of glove.6B.50d, for bench_map_view: ours, or one by ECharts.

Its address says which: `?chart=own&count=2000&dims=2`. Both show the same points in the same twelve colours, names
where they fit, and move and zoom by the mouse.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from embedcore import figures_scatter, open_vectors
from embedcore.figures_scatter import Points
from embedcore.ui import map_view

GROUPS = 12
NAMES = 1_200  # that ECharts looks at; ours looks at up to 3,000
HEIGHT = 640


@st.cache_resource(show_spinner=False)
def laid_out(count: int, dims: int) -> tuple[Points, np.ndarray[Any, Any]]:
    """The words at their principal components, and which of twelve of them each is most like: (n,)."""
    vectors = open_vectors("glove.6B.50d")
    units = np.array(vectors.matrix[:count])  # (n, D)
    units /= np.linalg.norm(units, axis=1, keepdims=True)
    even = units - units.mean(axis=0)
    axes = np.linalg.eigh(even.T @ even)[1][:, ::-1][:, :dims]  # (D, dims)
    like = units @ units[np.linspace(0, count - 1, GROUPS).astype(int)].T  # (n, 12)
    return figures_scatter.lay(list(vectors.tokens[:count]), even @ axes), like.argmax(axis=1)


def echarts(points: Points, colors: figures_scatter.Colors) -> dict[str, Any]:
    """The options of a scatter chart: large series, a throttle below a frame, names without overlap, no animation."""
    bare = {"type": "value", "min": -1, "max": 1, "show": False}
    names = figures_scatter.candidates(points.places, NAMES)
    tables = [np.flatnonzero(colors.groups == group) for group in range(GROUPS)] + [names]
    size = (
        7 if len(points.rows) <= 3_000 else 5 if len(points.rows) <= 12_000 else 3 if len(points.rows) <= 60_000 else 2
    )

    def series(number: int, **more: Any) -> dict[str, Any]:
        encode = {"x": "x", "y": "y", "itemName": "word"}
        return {"type": "scatter", "datasetIndex": number, "encode": encode, "progressive": 0, **more}

    def colored(number: int) -> dict[str, Any]:
        style = {"color": colors.shades[number], "opacity": 0.8}
        return series(number, symbolSize=size, large=len(points.rows) > 3_000, largeThreshold=0, itemStyle=style)

    return {
        "animation": False, "grid": {"left": 8, "right": 8, "top": 8, "bottom": 8}, "xAxis": bare, "yAxis": bare,
        "tooltip": {"trigger": "item", "formatter": "{@word}"},
        "dataZoom": [{"type": "inside", f"{axis}AxisIndex": 0, "filterMode": "none", "throttle": 16} for axis in "xy"],
        "dataset": [
            {"source": pd.DataFrame({
                "word": np.array(points.names, dtype=object)[rows],
                "x": points.places[rows, 0], "y": points.places[rows, 1],
            })} for rows in tables
        ],
        "series": [
            *map(colored, range(GROUPS)),
            series(GROUPS, symbolSize=8, itemStyle={"color": "rgba(0,0,0,0)"}, labelLayout={"hideOverlap": True},
                   label={"show": True, "position": "right", "formatter": "{@word}", "fontSize": 12}),
        ],
    }  # fmt: skip


def main() -> None:
    """Draw the chart that the address names."""
    st.set_page_config(layout="wide")
    asked = st.query_params
    points, labels = laid_out(int(asked["count"]), int(asked["dims"]))
    colors = figures_scatter.by_cluster(labels)
    if asked["chart"] == "own":
        map_view.show(figures_scatter.dress(points, colors), key="map", alt="A map", height=HEIGHT)
    else:
        st.echarts_chart(echarts(points, colors), key="map", height=HEIGHT, alt="A map")


if __name__ == "__main__":
    main()
