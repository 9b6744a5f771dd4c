"""What the colours of a map's words say."""

from __future__ import annotations

import numpy as np

from embedcore import figures_scatter
from embedcore.figures_scatter import Colors
from embedcore.ui import keys, resources
from embedcore.ui.asking.controls import Controls
from embedcore.ui.asking.sets import Sets
from embedcore.ui.map_page.shown import Shown

FREQUENCY, ONE = "frequency", "one colour"


def choose(controls: Controls, sets: Sets, shown: Shown) -> Colors:
    """The colours of all points, as the visitor, or the link, chose."""
    choice = controls.choice(keys.COLOR, "Colour", [FREQUENCY, ONE])
    if choice == ONE:
        return figures_scatter.plain(len(shown.coordinates), dark=resources.dark())
    ranks = np.concatenate(list(shown.rows)) + 1  # (n,)
    return figures_scatter.by_number(ranks, resources.dark(), even=True, form="{:,.0f}")
