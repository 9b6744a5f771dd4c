"""A run was started: on to its page, which is seen from its top after a change of page."""

import streamlit as st

st.switch_page("train.py", query_params=st.query_params.to_dict())
