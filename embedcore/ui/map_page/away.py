"""What can be taken away from a map: its link, a frame, its coordinates."""

from __future__ import annotations

from embedcore.ui.asking import sharing
from embedcore.ui.asking.controls import Controls
from embedcore.ui.asking.sets import Sets
from embedcore.ui.map_page.shown import Shown


def show(controls: Controls, sets: Sets, shown: Shown) -> None:
    """The row to share."""
    sharing.show(controls)
