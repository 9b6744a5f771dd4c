"""What can be taken away from an answer: its link, and the lines of Python that give the same."""

from __future__ import annotations

from urllib.parse import urlencode

import streamlit as st

from embedcore.ui.compare.controls import Controls


def link(controls: Controls) -> str:
    """The link that asks the same question again, with every value that it needs."""
    return f"{(st.context.url or '/compare').partition('?')[0]}?{urlencode(controls.parameters)}"


def show(controls: Controls, lines: object = None) -> None:
    """The row below the inputs; nothing where the answer stands alone."""
    if controls.embedded:
        return
    with st.container(horizontal=True), st.popover("Copy link", icon=":material/link:"):
        st.code(link(controls), language=None, wrap_lines=True)
