"""The frame of the Map page: which map, what stands out on it, and what can be done with it."""

from __future__ import annotations

import streamlit as st

from embedcore import figures_scatter
from embedcore.figures_scatter import Colors
from embedcore.ui import keys, links, map_view, messages
from embedcore.ui.asking import sets as asking_sets
from embedcore.ui.asking import sharing
from embedcore.ui.asking.controls import Controls
from embedcore.ui.asking.sets import Sets
from embedcore.ui.map_page import asked, away, coloring, finding, kept, making, picked, trust
from embedcore.ui.map_page.shown import Shown
from embedcore.ui.words import counted


def show() -> None:
    """Draw the page."""
    controls = Controls(embedded=bool(st.context.is_embedded))
    if not controls.embedded:
        st.title("Map of words")
        links.begin()
    with messages.problems():
        sets = asking_sets.choose(controls)
        with messages.problems():
            _map(controls, sets)
        if controls.embedded:
            sharing.sign(controls, sets)
    if not controls.embedded:
        kept.show()


def _map(controls: Controls, sets: Sets) -> None:
    request = asked.ask(controls, sets)
    shown = making.make(sets, request)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        lit = finding.find(controls, sets, shown)
        colors = coloring.choose(controls, sets, shown)
    away.show(controls, sets, shown)
    seen, told = (st.container(), st.container()) if controls.embedded else st.columns([3, 1])
    with seen:
        points = _draw(shown, colors, lit)
    with told:
        finding.tell(controls, sets, shown, lit)
        picked.show(controls, sets, shown, points)
        trust.show(sets, shown)


def _draw(shown: Shown, colors: Colors, lit: finding.Lit | None) -> list[int]:
    """The chart; the points that were drawn around."""
    words = list(shown.words) * len(shown.rows)
    packed = figures_scatter.pack(
        words, shown.coordinates, colors, word=None if lit is None else lit.word,
        neighbors=() if lit is None else lit.neighbors,
    )  # fmt: skip
    told = map_view.show(packed, key=keys.BIG_MAP, alt=f"A map of {counted(len(shown.words), 'word')}")
    if told.clicked is not None:
        pass  # as if the word was typed
    return told.drawn_around
