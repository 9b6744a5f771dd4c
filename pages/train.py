"""Train: a text becomes a vocabulary, and a look-up table learns; or a run that is watched."""

import streamlit as st

from embedcore.ui import messages, run_view, training_form

st.title("Train vectors on a text")
with messages.problems():
    if run_id := st.query_params.get("run"):
        run_view.show(run_id)
    else:
        training_form.show()
