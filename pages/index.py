"""The main script: the page's frame and the way between the screens."""

from pathlib import Path

import streamlit as st

from embedcore import ui

st.set_page_config(
    page_title="Embedding dashboard", page_icon=str(Path(ui.__file__).with_name("icon.svg")), layout="wide"
)

page = st.navigation(
    [
        st.Page("home.py", title="Home", icon=":material/home:", default=True),
        st.Page("train.py", title="Train", icon=":material/model_training:", url_path="train"),
        st.Page("started.py", title="Train", icon=":material/model_training:", url_path="started", visibility="hidden"),
        st.Page("compare.py", title="Compare", icon=":material/compare_arrows:", url_path="compare"),
        st.Page("map.py", title="Map", icon=":material/bubble_chart:", url_path="map"),
        st.Page("transfer.py", title="Transfer", icon=":material/compare:", url_path="transfer"),
        st.Page("library.py", title="Library", icon=":material/library_books:", url_path="library"),
    ],
    position="hidden" if st.context.is_embedded else "top",  # in a wiki's frame the answer stands alone
)
page.run()
