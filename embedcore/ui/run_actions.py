"""What can be done with a run besides watching it: resume, add passes, compare, run again, rename, delete."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from embedcore.errors import EmbedcoreError
from embedcore.runs import Draft, Run
from embedcore.runs.folder import FINISHED, TRAIN
from embedcore.ui import keys, messages, resources, training_form
from embedcore.ui.run_states import label
from embedcore.ui.words import counted, plain

RESUME, ADD, COMPARE = "Resume", "Add passes", "Compare with another run"
AGAIN, RENAME, DELETE = "Run again with other settings", "Rename", "Delete"
_WANTED = "wanted_action"
_OFFERED_RUNS = 200  # to compare with, the newest ones


def menu(run: Run, *, resumable: bool, begin_from: Callable[[Draft], None] = training_form.begin_from) -> None:
    """A button with what can be done with this run; `begin_from` fills the form for a run like it."""
    training = run.kind == TRAIN
    options = [RESUME] if resumable else [ADD] if training and run.state == FINISHED else []
    options += [*([COMPARE] if training else []), AGAIN, RENAME, DELETE]
    key = f"{keys.ACTIONS}_{run.id}"
    st.menu_button(
        "More", options, key=key, icon=":material/more_vert:", on_click=_chosen, args=(run.id, key, begin_from)
    )
    wanted_run, action = st.session_state.get(_WANTED, ("", ""))
    if wanted_run == run.id:
        del st.session_state[_WANTED]
        {ADD: _add_passes, COMPARE: _compare, RENAME: _rename, DELETE: _delete}[action](run)


def _chosen(run_id: str, key: str, begin_from: Callable[[Draft], None]) -> None:
    action = st.session_state[key]
    runs = resources.runs()
    with messages.kept_problems():
        if action == RESUME:
            runs.resume(run_id)
            st.query_params[keys.RUN] = run_id
        elif action == AGAIN:
            begin_from(runs.again(run_id))
            for name in (keys.RUN, keys.WITH):
                st.query_params.pop(name, None)
        else:
            st.session_state[_WANTED] = (run_id, action)


@st.dialog("Add passes")
def _add_passes(run: Run) -> None:
    made = int(run.config["epochs"])
    most = resources.settings().max_epochs - made
    if most < 1:
        st.write(f"This run has made {counted(made, 'pass', 'passes')}, and here a run can make no more.")
        return
    more = int(st.number_input("Passes to add", 1, most, min(made, most), key=keys.PASSES))
    total = made + more
    st.write(
        f"The run goes on from the vectors it has, under the same link, until it has made {total:,} passes. "
        f"The learning rate falls in a straight line over all {total:,}, so it goes on at "
        f"{more / total:.0%} of its first value: higher than where this run ended. "
        "The loss may rise a little before it falls again."
    )
    if st.button("Add passes", type="primary", key=keys.ADD_PASSES):
        try:
            resources.runs().add_passes(run.id, more, had=made)
        except EmbedcoreError as error:
            st.error(plain(str(error), limit=400))
        else:
            st.query_params[keys.RUN] = run.id
            st.rerun()


@st.dialog("Compare with another run")
def _compare(run: Run) -> None:
    others: dict[str, str] = {}  # by what the list says, no two alike
    for other in resources.runs().recent(_OFFERED_RUNS + 1, kinds=(TRAIN,)):
        if other.id != run.id:
            text = label(other)
            others[text if text not in others else f"{text} · {other.id[-6:]}"] = other.id
    if not others:
        st.write("There is no other run yet. Start one, or run this one again with other settings.")
        return
    chosen = st.selectbox("The other run", list(others), key=keys.OTHER_RUN)
    st.caption("Their losses, the settings that differ, and the nearest words of any word, side by side.")
    if st.button("Compare", type="primary", key=keys.COMPARE_RUNS) and chosen in others:
        st.query_params[keys.RUN], st.query_params[keys.WITH] = run.id, others[chosen]
        st.rerun()


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
