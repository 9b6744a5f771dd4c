"""The map itself, and above it what is known of how it came about, is coming about, or could.

It is one fragment at one place of the page, with a run and without, so that the drawing stays itself while what it
shows changes. What a click or a lasso on it means is told to the whole page.
"""

from __future__ import annotations

import streamlit as st

from embedcore import figures_scatter
from embedcore.figures_scatter import Colors, Points
from embedcore.ui import keys, map_view
from embedcore.ui.map_page import finding, following, naming, offering
from embedcore.ui.map_page.finding import Lit
from embedcore.ui.map_page.making import Made
from embedcore.ui.map_page.shown import Shown

_AROUND = "map_drawn_around"  # in the session: which points the page knows to be drawn around
_HEIGHT, _HEIGHT_ALONE = 640, 520


def show(made: Made, colors: Colors, lit: Lit | None, *, embedded: bool) -> list[int]:
    """The map; returns the points that were drawn around."""
    st.session_state.pop(_AROUND, None)
    every = following.EVERY if made.going else None
    points: list[int] = st.fragment(_draw, run_every=every, key=keys.MAP_FRAGMENT)(made, colors, lit, embedded)
    return points


def _draw(made: Made, colors: Colors, lit: Lit | None, embedded: bool) -> list[int]:
    """The state and the chart; the whole page runs for a click, for points drawn around, and when a run is over."""
    shown = made.shown
    with st.container():  # always there, so that the chart stays where it is
        if made.going:
            shown = following.show(made, embedded=embedded)
        elif not made.there:
            offering.show(made, embedded=embedded)
        st.caption(naming.about(shown))
    told = map_view.show(
        _dressed(shown, colors, lit), key=keys.BIG_MAP, alt=naming.alt(shown), file=naming.file(shown),
        height=_HEIGHT_ALONE if embedded else _HEIGHT, scene=shown.request.key,
    )  # fmt: skip
    if told.clicked is not None and not embedded:
        finding.click(shown, told.clicked)
    around = hash(tuple(told.drawn_around))
    if st.session_state.setdefault(_AROUND, around) != around:
        st.rerun()
    return told.drawn_around


def _dressed(shown: Shown, colors: Colors, lit: Lit | None) -> figures_scatter.Packed:
    points = _points(shown.key, shown)
    if lit is None:
        return figures_scatter.dress(points, colors)
    return figures_scatter.dress(
        points, colors, word=lit.word, neighbors=lit.neighbors, also=lit.also, pairs=lit.pairs
    )  # fmt: skip


@st.cache_resource(max_entries=12, show_spinner=False)
def _points(key: str, _shown: Shown) -> Points:
    """The points of what is shown, laid for the browser once for everybody."""
    return figures_scatter.lay(list(_shown.words) * len(_shown.rows), _shown.coordinates)
