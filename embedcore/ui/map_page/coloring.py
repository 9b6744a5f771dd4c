"""What the colours of a map's words say: asking for it, and the colour of each point.

Here belongs the choice. The groups come from `grouped`, numbers from `maps.shading`, shades from `figures_scatter`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import streamlit as st

from embedcore import figures_scatter
from embedcore.figures_scatter import Colors
from embedcore.maps import groups, shading
from embedcore.ui import keys, resources
from embedcore.ui.asking import completion, spanning
from embedcore.ui.asking.controls import Controls
from embedcore.ui.asking.sets import Sets
from embedcore.ui.asking.words import look_up_each
from embedcore.ui.map_page import grouped, together
from embedcore.ui.map_page.shown import Shown

CLUSTERS, FREQUENCY, AXIS, SIMILARITY, ONE = "clusters", "frequency", "axis", "similarity", "one colour"
SET, APART = "set", "how far apart"  # of two sets
_ALONE = [CLUSTERS, FREQUENCY, AXIS, SIMILARITY, ONE]
_LONGEST = 2_000  # characters of a word
_MOST_DIGITS = 6  # of a cosine; more are noise in numbers of four bytes
_HELP = (
    "clusters: words that belong together, found in the full space (k-means) or on the map (HDBSCAN). "
    "frequency: the rank of a word in its set. axis: where words lie between those of a pair, such as he and she. "
    "similarity: the cosine with a word. All but HDBSCAN look at the full space, so that they show what the map bends."
)
_FIND_BY_HELP = (
    "k-means: so many groups, each word in the one whose centre is nearest in the full space. HDBSCAN: as many groups "
    "as lie densely on this map; the words between them are in none."
)

Floats = npt.NDArray[np.float32]


def choose(controls: Controls, sets: Sets, shown: Shown) -> Colors:
    """The colours of all points, as the visitor, or the link, chose; plain while what they say is not known."""
    options = _ALONE if sets.second is None else [*_ALONE, SET, APART]
    with st.container(width=170):
        choice = controls.choice(keys.COLOR, "Colour by", options, select=True, help=_HELP)
    return _WAYS[choice](controls, sets, shown) or _plain(shown)


def _plain(shown: Shown) -> Colors:
    return figures_scatter.plain(len(shown.coordinates), dark=resources.dark())


def _clusters(controls: Controls, sets: Sets, shown: Shown) -> Colors | None:
    if controls.embedded:
        how, number = _groups(controls)
    else:
        with st.popover("Groups", icon=":material/tune:"):
            how, number = _groups(controls)
    with st.container(width="content"):
        labels = grouped.find(shown, how, number)
    if labels is None:
        return None
    return figures_scatter.by_cluster(labels, resources.dark(), grouped.names(sets, shown, labels, how, number))


def _groups(controls: Controls) -> tuple[str, int]:
    """How clusters are found, and how many, or of how many words at least."""
    how = controls.choice(keys.FIND_BY, "Found by", list(groups.HOWS), help=_FIND_BY_HELP)
    low, high = groups.BOUNDS[how]
    key, label = (keys.GROUPS, "Groups") if how == groups.KMEANS else (keys.LEAST, "Fewest words")
    number = controls.number(key, label, default=groups.USUAL[how], lowest=low, highest=high)
    return how, groups.USUAL[how] if number is None else number


def _frequency(controls: Controls, sets: Sets, shown: Shown) -> Colors:
    ranks = shown.rows.ravel() + 1.0  # (n,)
    colors = figures_scatter.by_number(ranks, resources.dark(), even=True, form="{:,.0f}")
    # The first rank is the most frequent word, so the scale begins with its strongest shade.
    return replace(
        colors, names=[f"rank {name}" for name in colors.names], shades=colors.shades[::-1], turned=colors.turned[::-1]
    )


def _axis(controls: Controls, sets: Sets, shown: Shown) -> Colors | None:
    with st.container(width=300):
        pairs = spanning.ask_one(
            controls, sets, keys.AXIS, "Axis", default=spanning.first_axis(sets.first.vectors),
            placeholder="he - she, man - woman",
        )  # fmt: skip
        if not pairs:
            return None
        directions: list[npt.NDArray[np.float64] | None] = []
        for chosen in sets.all:
            spanned = spanning.span(chosen, [pairs], named=sets.second is not None, fixed=controls.embedded)
            directions.append(spanned[0].direction if spanned else None)
    return _by_cosine(sets, shown, directions, ends=pairs[0])


def _similarity(controls: Controls, sets: Sets, shown: Shown) -> Colors | None:
    with st.container(width=260, gap="small"):
        typed = controls.text(
            keys.LIKE, "Similar to", placeholder="the word found on the map", live=True, most=_LONGEST,
            help="The cosine of each word with this one; if there is none here, with the word that is found.",
        )  # fmt: skip
        if not controls.embedded:
            completion.offer(sets.first, keys.LIKE, typed, whole=True)
        word = typed if typed.strip() else dict(controls.parameters).get(keys.WORD, "")
        if not word.strip():
            st.caption("Type a word to colour the others by.")
            return None
        swap = None if controls.embedded else _put_instead
        found = look_up_each(sets.all, [word], swap, place="like") if typed.strip() else []
    tokens = [next(iter(own.tokens), None) for own in found] or [each.vectors.spelt(word) for each in sets.all]
    return _by_cosine(
        sets, shown,
        [None if token is None else each.vectors.vector(token) for each, token in zip(sets.all, tokens, strict=True)],
    )  # fmt: skip


def _by_cosine(
    sets: Sets, shown: Shown, directions: Sequence[npt.NDArray[np.floating] | None], ends: tuple[str, str] | None = None
) -> Colors | None:
    """The points by their cosine with a direction of their set; those of a set that has none are of no number.

    `ends` are the words that stand at the high and the low end.
    """
    if all(direction is None for direction in directions):
        return None
    each = [
        np.full(len(rows), np.nan, dtype=np.float32) if direction is None
        else shading.cosines(chosen.vectors, rows, direction)
        for chosen, rows, direction in zip(sets.all, shown.rows, directions, strict=True)
    ]  # fmt: skip
    values = np.concatenate(each)  # (n,)
    colors = _steps(values)
    last = len(colors.names) - 1 - (not np.isfinite(values).all())
    if ends is None or last < 1:
        return colors
    names = list(colors.names)
    names[0], names[last] = f"{names[0]}, {ends[1]}", f"{names[last]}, {ends[0]}"
    return replace(colors, names=names)


def _steps(cosines: Floats) -> Colors:
    """Steps of as many words each, written with as many digits as tell their ends apart.

    Most cosines lie close together, and equal steps would look all the same.
    """
    for digits in range(2, _MOST_DIGITS + 1):
        colors = figures_scatter.by_number(cosines, resources.dark(), even=True, form=f"{{:.{digits}f}}")
        ends = [name.split(" to ") for name in colors.names]
        if all(len(set(own)) == len(own) for own in ends):
            break
    return colors


def _which_set(controls: Controls, sets: Sets, shown: Shown) -> Colors:
    sides = np.repeat(np.arange(len(sets.all)), len(shown.words))  # (n,)
    return figures_scatter.by_cluster(sides, resources.dark(), [chosen.info.name for chosen in sets.all])


def _apart(controls: Controls, sets: Sets, shown: Shown) -> Colors:
    st.caption("The cosine of a word’s two vectors, the second set being turned: low is far apart.")
    cosines = np.tile(together.apart(sets, shown), 2)  # (n,)
    return _steps(cosines)


def _put_instead(_: str, new: str) -> None:
    st.session_state[keys.LIKE] = new


_WAYS: dict[str, Callable[[Controls, Sets, Shown], Colors | None]] = {
    CLUSTERS: _clusters, FREQUENCY: _frequency, AXIS: _axis, SIMILARITY: _similarity,
    ONE: lambda controls, sets, shown: _plain(shown), SET: _which_set, APART: _apart,
}  # fmt: skip
