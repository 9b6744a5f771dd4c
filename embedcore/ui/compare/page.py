"""The frame of the Compare page: the sets, the questions to choose from, and the answer."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from embedcore.ui import keys, messages
from embedcore.ui.compare import neighbors, sets, similarity, word
from embedcore.ui.compare.controls import Controls

View = Callable[[Controls, sets.Sets], None]

# By the names that stand in links. The first is what a link without a name asks for.
VIEWS: dict[str, View] = {
    "Similarity": similarity.show,
    "Neighbours": neighbors.show,
    "Word": word.show,
}


def show() -> None:
    """Draw the page."""
    controls = Controls(embedded=bool(st.context.is_embedded))
    if not controls.embedded:
        st.title("Compare words")
    with messages.problems():
        chosen = sets.choose(controls)
        view = controls.choice(keys.ASK, "Question", list(VIEWS), hidden_label=True)
        VIEWS[view](controls, chosen)
