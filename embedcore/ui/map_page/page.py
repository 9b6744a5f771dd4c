"""The frame of the Map page: which map, what stands out on it, and what can be done with it.

Everything above the map is in one place, whatever it holds, so that the map stays where it is.
"""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from embedcore.ui import links, messages
from embedcore.ui.asking import across, sharing
from embedcore.ui.asking import sets as asking_sets
from embedcore.ui.asking.controls import Controls
from embedcore.ui.asking.sets import Sets
from embedcore.ui.map_page import asked, away, chart, coloring, finding, kept, making, picked, run_link, telling, trust
from embedcore.ui.map_page.finding import Lit

_LATEST = "map_latest"  # in the session: what was drawn around, the word that was found, and which came later


def show() -> None:
    """Draw the page."""
    controls = Controls(embedded=bool(st.context.is_embedded))
    head, body = st.container(), st.container()
    with head:
        if not controls.embedded:
            st.title("Map of words")
            links.begin()
        across.arrive()
        run_link.follow()
    with body, messages.problems():
        _body(controls, head)
    if not controls.embedded:
        with messages.problems():
            kept.show()


def _body(controls: Controls, head: DeltaGenerator) -> None:
    with head:
        sets = asking_sets.choose(controls)
    with messages.problems():  # whatever is wrong, the way to the whole page stays
        _map(controls, sets, head)
    if controls.embedded:
        sharing.sign(controls, sets)


def _map(controls: Controls, sets: Sets, head: DeltaGenerator) -> None:
    with head:
        made = making.make(sets, asked.ask(controls, sets))
        shown = made.shown
        with st.container(horizontal=True, vertical_alignment="bottom"):
            lit = finding.find(controls, sets, shown)
            colors = coloring.choose(controls, sets, shown)
        finding.complete(controls, sets)
    seen, told = (st.container(), st.container()) if controls.embedded else st.columns([3, 1])
    with seen:
        points = chart.show(made, colors, lit, embedded=controls.embedded)
        away.show(controls, sets, shown)  # below, so that the map begins high on the page
    with told:
        first, second = st.container(), st.container()
        of_list, of_word = (first, second) if _list_first(points, lit) else (second, first)
        with of_word:
            telling.tell(controls, sets, made.judged, lit)
        with of_list:
            picked.show(controls, sets, shown, points)
        trust.show(sets, made.judged)


def _list_first(points: list[int], lit: Lit | None) -> bool:
    """Whether words were drawn around later than a word was found: what was done last stands where it is seen."""
    drawn, found = hash(tuple(points)), "" if lit is None else lit.typed
    before, word, first = st.session_state.get(_LATEST, (hash(()), "", False))
    if drawn != before or not points:
        first = bool(points)
    elif found != word:
        first = False
    st.session_state[_LATEST] = drawn, found, first
    return bool(first)
