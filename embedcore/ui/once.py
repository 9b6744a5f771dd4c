"""What is worked out once for what a visitor has chosen, and not again with every click.

Only the latest is kept, in the visitor's own session: what somebody pasted or sent is nobody else's, and goes
when another text comes.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

import streamlit as st

from embedcore.errors import EmbedcoreError

T = TypeVar("T")


def once(slot: str, asked: Hashable, make: Callable[[], T]) -> T:
    """What `make` makes for what is `asked`; a problem that it raises is raised again, without trying again."""
    before = st.session_state.get(slot)
    if before is None or before[0] != asked:
        made: T | EmbedcoreError
        try:
            made = make()
        except EmbedcoreError as error:
            made = error
        before = st.session_state[slot] = (asked, made)
    found = before[1]
    if isinstance(found, EmbedcoreError):
        # Without what it was raised from and through: the session would hold all of that.
        found.__cause__ = found.__context__ = None
        raise found.with_traceback(None)
    return found  # type: ignore[no-any-return]


def forget(*slots: str) -> None:
    """Let go of what is kept there."""
    for slot in slots:
        st.session_state.pop(slot, None)
