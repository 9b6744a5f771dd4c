"""Telling people what went wrong: one sentence in the page, the details in the log."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from embedcore.errors import EmbedcoreError
from embedcore.ui.words import plain

_KEPT = "kept_problem"
_log = logging.getLogger("embedcore")


@contextmanager
def problems() -> Iterator[None]:
    """Show an EmbedcoreError of the block as its sentence; what was drawn before it stays."""
    try:
        yield
    except EmbedcoreError as error:
        st.error(plain(str(error), limit=600), icon=":material/error:")


@contextmanager
def kept_problems(place: str = "") -> Iterator[None]:
    """Keep an EmbedcoreError of a callback for `show_kept`: a callback comes before there is a page to write on.

    On a long page, `place` says which part of it is looked at when the button is pressed.
    """
    try:
        yield
    except EmbedcoreError as error:
        st.session_state[_KEPT + place] = str(error)


def show_kept(place: str = "") -> None:
    """Show, once, what could not be done in a callback of that place."""
    if sentence := st.session_state.pop(_KEPT + place, None):
        st.error(plain(sentence, limit=600), icon=":material/error:")


def hide_script_error(error: Exception) -> bool:
    """What visitors see of an error that nobody foresaw: one sentence. The log has the rest."""
    if isinstance(error, EmbedcoreError):
        st.error(plain(str(error), limit=600), icon=":material/error:")
        return True
    _log.error("A page failed", exc_info=error)
    st.error(
        "Something went wrong on this page that should not have. Reload it to try again; "
        "whoever runs this server finds the details in its log.",
        icon=":material/error:",
    )
    return True
