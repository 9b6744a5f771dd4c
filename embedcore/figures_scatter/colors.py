"""The colours of a map's words: a few groups of one colour each, which a browser draws fastest.

Here belongs the way from cluster numbers, or from any number a word, to groups with names and colours.
Which clusters and numbers there are is worked out elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from embedcore.figures import shown

Ints = npt.NDArray[np.integer[Any]]
Floats = npt.NDArray[np.floating[Any]]

STEPS = 9  # of a scale of numbers
_LONGEST = 60  # characters of a group's name
MOST_CLUSTERS = 12  # with a colour of their own

# Words of no group; on a light and on a dark page.
OTHER = {False: "#9db3ac", True: "#4d625e"}
_CLUSTERS = {
    False: ["#0b6b5d", "#c2571b", "#3f5fb0", "#8a6d00", "#9a3a77", "#4f8a10", "#b03030", "#2a8fa8", "#6f4fb5",
            "#7a5a3a", "#d08a00", "#c0569a"],
    True: ["#4fc2ac", "#ef9560", "#8ea6ee", "#d8b84a", "#dd8cc0", "#9ccf62", "#ee7f7f", "#6fc7de", "#b49df0",
           "#c7a583", "#f2c14e", "#f0a3d6"],
}  # fmt: skip
_SCALE = {False: ("#c9d6ee", "#5b83b8", "#1b2a63"), True: ("#27355c", "#5b83b8", "#e4ecfb")}  # from little to much


@dataclass(frozen=True, eq=False)
class Colors:
    """Which of G groups each of N words is in.

    Attributes:
        groups: (N,) integers from 0 to G - 1.
        names: what each group is called, for a legend.
        shades: the colour of each, as `#rrggbb`.
        turned: the same for the other kind of page, which a browser shows when it turns from light to dark, or back.
        dark: whether `shades` are for a dark page.
    """

    groups: Ints
    names: Sequence[str]
    shades: Sequence[str]
    turned: Sequence[str] = ()
    dark: bool = False


def plain(count: int, name: str = "words", dark: bool = False) -> Colors:
    """One colour for `count` words."""
    return _both(np.zeros(count, dtype=np.int64), [name], lambda dark: [_CLUSTERS[dark][0]], dark)


def by_cluster(labels: Ints, dark: bool = False, names: Sequence[str] | None = None) -> Colors:
    """N words by the number of their cluster, -1 for none: the largest twelve clusters have a colour each.

    `labels` (N,) number the clusters by falling size; `names`, by that number, are shown in place of "cluster 1".
    """
    labels = np.asarray(labels)
    count = min(int(labels.max(initial=-1)) + 1, MOST_CLUSTERS)
    groups = np.where((labels >= 0) & (labels < count), labels, count)  # (N,)
    titles = [shown(names[number], _LONGEST) if names else f"cluster {number + 1}" for number in range(count)]
    if (groups == count).any() or not count:
        titles.append("no cluster" if not (labels >= count).any() else "smaller clusters, or none")
    return _both(groups, titles, lambda dark: [*_CLUSTERS[dark][:count], OTHER[dark]][: len(titles)], dark)


def by_number(values: Floats, dark: bool = False, *, even: bool = False, form: str = "{:.2f}") -> Colors:
    """N words by a number each, in nine steps of a scale; words without a finite number are a group of their own.

    The steps are equally long, or with `even` hold equally many words. `form` writes a step's two ends.
    """
    values = np.asarray(values, dtype=np.float64)
    finite = np.isfinite(values)  # (N,)
    known = values[finite]
    if not len(known):
        return _both(np.zeros(len(values), dtype=np.int64), ["no number"], lambda dark: [OTHER[dark]], dark)
    edges = np.quantile(known, np.linspace(0, 1, STEPS + 1)) if even else np.linspace(*_ends(known), STEPS + 1)
    edges = np.unique(edges)  # (S + 1,)
    steps = max(len(edges) - 1, 1)
    groups = np.full(len(values), steps, dtype=np.int64)  # (N,)
    groups[finite] = np.searchsorted(edges[1:-1], known, side="right") if len(edges) > 1 else 0
    ends = [form.format(edge + 0.0) for edge in edges]
    names = [f"{low} to {high}" for low, high in pairwise(ends)] or ends
    if not finite.all():
        names.append("no number")

    def shades(dark: bool) -> list[str]:
        scale = [_between(_SCALE[dark], step / max(steps - 1, 1)) for step in range(steps)]
        return [*scale, OTHER[dark]][: len(names)]

    return _both(groups, names, shades, dark)


def _both(groups: Ints, names: Sequence[str], shades: Callable[[bool], Sequence[str]], dark: bool) -> Colors:
    """Colours for this kind of page and for the other."""
    return Colors(groups, names, shades(dark), shades(not dark), dark)


def _ends(known: Floats) -> tuple[float, float]:
    return float(known.min()), float(known.max())


def _between(colors: Sequence[str], share: float) -> str:
    """The colour at a share, 0 to 1, of the way through some colours."""
    place = share * (len(colors) - 1)
    first = min(int(place), len(colors) - 2)
    low, high = (
        np.array([int(colors[first + n][1 + 2 * part : 3 + 2 * part], 16) for part in range(3)]) for n in (0, 1)
    )
    return "#" + "".join(f"{round(part):02x}" for part in low + (place - first) * (high - low))
