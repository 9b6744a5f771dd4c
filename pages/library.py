"""Library: the vector sets that are here, that are on the way, and that can be had."""

import streamlit as st

from embedcore.ui import (
    keys,
    library_catalog,
    library_disk,
    library_importing,
    library_list,
    library_progress,
    messages,
)

st.title("Library")
messages.show_kept()
parts = [library_disk.show, library_list.show, library_progress.show, library_catalog.show, library_importing.show]
if st.query_params.get(keys.RUN):  # who follows the link of a job came for that
    parts.remove(library_progress.show)
    parts.insert(0, library_progress.show)
for part in [library_progress.show_arrived, *parts]:
    with messages.problems():  # what is wrong with one part hides no other
        part()
