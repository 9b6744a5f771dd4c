"""What can be done with a run besides watching it: resume, run again, rename, delete."""

from __future__ import annotations

import streamlit as st

from embedcore.errors import EmbedcoreError
from embedcore.runs import Run
from embedcore.ui import keys, messages, resources, training_form
from embedcore.ui.words import plain

RESUME, AGAIN, RENAME, DELETE = "Resume", "Run again with other settings", "Rename", "Delete"
_WANTED = "wanted_action"


def menu(run: Run, *, resumable: bool) -> None:
    """A button with what can be done with this run."""
    options = [*([RESUME] if resumable else []), AGAIN, RENAME, DELETE]
    key = f"{keys.ACTIONS}_{run.id}"
    st.menu_button("More", options, key=key, icon=":material/more_vert:", on_click=_chosen, args=(run.id, key))
    if st.session_state.get(_WANTED) == (run.id, RENAME):
        del st.session_state[_WANTED]
        _rename(run)
    elif st.session_state.get(_WANTED) == (run.id, DELETE):
        del st.session_state[_WANTED]
        _delete(run)


def _chosen(run_id: str, key: str) -> None:
    action = st.session_state[key]
    runs = resources.runs()
    with messages.kept_problems():
        if action == RESUME:
            runs.resume(run_id)
            st.query_params[keys.RUN] = run_id
        elif action == AGAIN:
            training_form.begin_from(runs.again(run_id))
            st.query_params.pop(keys.RUN, None)
        else:
            st.session_state[_WANTED] = (run_id, action)


@st.dialog("Rename this run")
def _rename(run: Run) -> None:
    name = st.text_input("Name", value=run.name, key=keys.NAME, max_chars=120)
    if st.button("Rename", type="primary", key=keys.RENAME):
        try:
            resources.runs().rename(run.id, name)
        except EmbedcoreError as error:
            st.error(plain(str(error)))
        else:
            st.rerun()


@st.dialog("Delete this run?")
def _delete(run: Run) -> None:
    st.write(
        f"“{plain(run.name)}” is deleted with its text, and its link leads nowhere then. "
        "Vector sets that were kept from it stay."
    )
    if st.button("Delete", type="primary", key=keys.DELETE):
        try:
            resources.runs().delete(run.id)
        except EmbedcoreError as error:
            st.error(plain(str(error)))
        else:
            if st.query_params.get(keys.RUN) == run.id:
                del st.query_params[keys.RUN]
            st.rerun()
