"""The frame of the Compare page: the sets, the questions to choose from, and the answer."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from embedcore.ui import keys, links, messages
from embedcore.ui.asking import across, sets, sharing
from embedcore.ui.asking.controls import Controls
from embedcore.ui.compare import arithmetic, axes, neighbors, odd, similarity, texts, two_sets, word

View = Callable[[Controls, sets.Sets], None]

# By the names that stand in links. The first is what a link without a name asks for.
VIEWS: dict[str, View] = {
    "Similarity": similarity.show,
    "Texts": texts.show,
    "Neighbours": neighbors.show,
    "Arithmetic": arithmetic.show,
    "Odd one out": odd.show,
    "Axes": axes.show,
    "Word": word.show,
    "Two sets": two_sets.show,
}


def show() -> None:
    """Draw the page."""
    controls = Controls(embedded=bool(st.context.is_embedded))
    if not controls.embedded:
        st.title("Compare words")
        links.begin()
    across.arrive()
    with messages.problems():
        chosen = sets.choose(controls, elsewhere=_to_map)
        view = controls.choice(keys.ASK, "Question", list(VIEWS), hidden_label=True)
        with messages.problems():  # whatever is wrong, the way to the whole page stays
            VIEWS[view](controls, chosen)
        if controls.embedded:
            sharing.sign(controls, chosen)


def _to_map(query: dict[str, str]) -> None:
    st.page_link("map.py", label="See it on a map", icon=":material/bubble_chart:", query_params=across.packed(query))
