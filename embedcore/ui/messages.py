"""Telling people what went wrong: one sentence in the page, the details in the log."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from embedcore.errors import EmbedcoreError
from embedcore.ui.words import plain

_log = logging.getLogger("embedcore")


@contextmanager
def problems() -> Iterator[None]:
    """Show an EmbedcoreError of the block as its sentence; what was drawn before it stays."""
    try:
        yield
    except EmbedcoreError as error:
        st.error(plain(str(error), limit=600), icon=":material/error:")


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
