"""The map of a whole set as data for the browser: its points, their colours, and which names stand beside them.

Here belong a map's colours, which words have their names beside them, and the bytes that a browser draws
from. Where the coordinates come from is the business of `maps`; nothing is drawn, no Streamlit is imported,
and words are data, never part of a format string.
"""

from __future__ import annotations

from embedcore.figures_scatter.colors import Colors, by_cluster, by_number, plain
from embedcore.figures_scatter.labels import candidates
from embedcore.figures_scatter.packing import Packed, dress, pack
from embedcore.figures_scatter.points import Points, lay

__all__ = ["Colors", "Packed", "Points", "by_cluster", "by_number", "candidates", "dress", "lay", "pack", "plain"]
