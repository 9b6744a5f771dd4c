"""The map of a whole set as data: pure functions from coordinates to ECharts options and Plotly figures.

Here belong a map's picture in two and in three dimensions, its colours, which words have their names
beside them, and what a click or a lasso on it means. Where the coordinates come from is the business of
`maps`; nothing is drawn, no Streamlit is imported, and words are data, never part of a format string.
"""

from __future__ import annotations

from embedcore.figures_scatter.colors import Colors, by_cluster, by_number, plain
from embedcore.figures_scatter.flat import Drawn, scatter
from embedcore.figures_scatter.labels import candidates
from embedcore.figures_scatter.packing import Packed, pack
from embedcore.figures_scatter.picks import clicked, inside
from embedcore.figures_scatter.space import scatter_3d
from embedcore.figures_scatter.views import View, around, whole

__all__ = [
    "Colors",
    "Drawn",
    "Packed",
    "View",
    "around",
    "by_cluster",
    "by_number",
    "candidates",
    "clicked",
    "inside",
    "pack",
    "plain",
    "scatter",
    "scatter_3d",
    "whole",
]
