"""Train: a text becomes a vocabulary, and a look-up table learns; or a run that is watched."""

import streamlit as st

from embedcore.ui import keys, messages, run_compare, run_view, runs_list, starting, training_form

starting.go_to_started()
st.title("Train vectors on a text")
with messages.problems():
    messages.show_kept()
    run_id, other_id = st.query_params.get(keys.RUN), st.query_params.get(keys.WITH)
    if run_id and other_id:
        run_compare.show(run_id, other_id)
    elif run_id:
        run_view.show(run_id)
    else:
        with messages.problems():  # a text that cannot be used does not hide the runs
            training_form.show()
        runs_list.show()
