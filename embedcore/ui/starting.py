"""Starting a run from a form: two clicks make one run, and its page is seen from its top.

Here belongs what all forms share; what a run is asked to do is theirs.
"""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from embedcore.runs import Run, RunFolder, new_run_id
from embedcore.ui import keys, messages, resources

_STARTED = "started_run_id"


class Start:
    """The Start of one form; `kind` is that of its runs."""

    def __init__(self, kind: str) -> None:
        self._next = f"next_{kind}_id"

    def begin(self) -> None:
        """At the head of the form: once its run exists, the next Start makes another one."""
        if RunFolder(resources.settings().runs_dir, self.run_id()).exists():
            self.forget()

    def run_id(self) -> str:
        """The id that this form's run will have: the same for two clicks, another one after that run exists."""
        return str(st.session_state.setdefault(self._next, new_run_id()))

    def forget(self) -> None:
        """Make the next Start a new run."""
        st.session_state[self._next] = new_run_id()

    def submit(self, make: Callable[[str], Run]) -> None:
        """Make the run of that id, and go to its page next; for a callback, so that it begins before the page is drawn.

        What cannot be done is kept for `messages.show_kept`.
        """
        with messages.kept_problems():
            st.session_state[_STARTED] = make(self.run_id()).id


def go_to_started() -> None:
    """On to the page of the run that was started just now, before anything else is drawn.

    By way of another page, because Streamlit scrolls to the top only when the page changes.
    """
    if run_id := st.session_state.pop(_STARTED, None):
        st.switch_page("started.py", query_params={keys.RUN: run_id})
