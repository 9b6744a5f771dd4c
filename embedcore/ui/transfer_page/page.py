"""The frame of the Transfer page: the form and the experiments made here, or one experiment."""

from __future__ import annotations

import streamlit as st

from embedcore.ui import keys, messages, starting
from embedcore.ui.transfer_page import experiments_list, form, run_view


def show() -> None:
    """Draw the page."""
    starting.go_to_started()
    if not (st.context.is_embedded and st.query_params.get(keys.RUN)):  # in a frame an answer stands alone
        st.title("Do I need pre-trained vectors?")
    with messages.problems():
        messages.show_kept()
        if run_id := st.query_params.get(keys.RUN):
            run_view.show(run_id)
        else:
            with messages.problems():  # a text that cannot be used does not hide the experiments
                form.show()
            experiments_list.show()
