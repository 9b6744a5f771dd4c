"""What can be taken away from an answer: its link, the line that frames it elsewhere, and its lines of Python.

Here belongs what stands in the row below the inputs, and below an answer that stands alone. The
lines of Python themselves are in `snippets_compare`.
"""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from embedcore.snippets_compare import Lines
from embedcore.ui import keys, links
from embedcore.ui.asking import framing
from embedcore.ui.asking.controls import Controls
from embedcore.ui.asking.sets import Sets
from embedcore.ui.words import counted, plain


def link(controls: Controls, **more: str) -> str:
    """The link that asks the same question again, with every value that it needs."""
    return links.whole("/compare", [*controls.parameters, *more.items()])


def show(
    controls: Controls, lines: Lines | None = None, *, height: int | None = None,
    more: Callable[[], None] | None = None, what: str = "",
) -> None:  # fmt: skip
    """The row below the inputs, when all of these have been asked for; nothing where the answer stands alone.

    `height` is about what the answer takes at a width of 700 pixels; guessed, where it is not given.
    `more` draws what else belongs into the row; `what` is shown, such as “map”, where it is no answer to a question.
    """
    if controls.embedded:
        return
    with st.container(horizontal=True, key=keys.SHARE):
        with st.popover("Copy link", icon=":material/link:"):
            does = f"opens this {what}" if what else "asks this question"
            st.caption(f"It {does} again, with everything that is chosen now.")
            st.code(link(controls), language=None, wrap_lines=True)
        with st.popover("Embed", icon=":material/iframe:"):
            st.caption(
                f"HTML that shows the {what or 'answer'} alone in a page of your wiki. Its height may need a change."
            )
            st.code(framing.line(controls, link(controls, embed="true"), height, what), language=None, wrap_lines=True)
        if lines is not None:
            with st.popover("Copy as Python", icon=":material/code:"):
                _show_lines(lines)
        if more is not None:
            more()


def _show_lines(lines: Lines) -> None:
    ours, theirs = st.tabs(["With embedcore", "In plain PyTorch"])
    ours.code(lines.embedcore, language="python")
    theirs.code(lines.pytorch, language="python")


def sign(controls: Controls, sets: Sets) -> None:
    """The line below an answer that stands alone: where it comes from, and the way to the whole page."""
    named = [
        f"{plain(chosen.info.name)} ({counted(chosen.info.rows, 'word')}, {counted(chosen.info.dim, 'dimension')})"
        for chosen in sets.all
    ]
    # A link in a caption is too pale to be read by everybody.
    st.markdown(f":small[{' and '.join(named)}. [Open in the dashboard]({link(controls)})]")
