"""The same in PyTorch: the lines that stand beside each step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st


@contextmanager
def beside(title: str = "The same in PyTorch") -> Iterator[None]:
    """A place for a step's lines, closed until somebody wants to see them."""
    with st.expander(title, icon=":material/code:"):
        yield


def lines(text: str, *, wrap: bool = False) -> None:
    """Python lines, ready to copy; `wrap` breaks long ones, rather than have them scroll."""
    st.code(text.strip("\n"), language="python", wrap_lines=wrap)
