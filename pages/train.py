"""Train: a text becomes a vocabulary, and a look-up table learns; or a run that is watched."""

import streamlit as st

from embedcore.ui import messages, run_view, runs_list, training_form

training_form.go_to_started()
st.title("Train vectors on a text")
with messages.problems():
    messages.show_kept()
    if run_id := st.query_params.get("run"):
        run_view.show(run_id)
    else:
        with messages.problems():  # a text that cannot be used does not hide the runs
            training_form.show()
        runs_list.show()
