"""Links between the pages that ask vector sets something: Compare and Map have inputs of the same names.

When Streamlit changes the page, it drops every parameter of the new address that was bound to an input of the
old page, since it cannot tell it from what that page said. So such a link packs all that it says into one
parameter that is bound to nothing, and the page that it leads to unpacks it.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qs, urlencode

import streamlit as st
from streamlit.errors import StreamlitAPIException

from embedcore.ui import keys


def packed(said: Mapping[str, str | list[str]]) -> dict[str, str]:
    """The parameters of a link to the other page, which say the same as these."""
    return {keys.PACKED: urlencode(said, doseq=True)}


def arrive() -> None:
    """Have the page ask what a packed link says; for the head of a page, before its inputs are drawn."""
    if (said := st.query_params.get(keys.PACKED)) is None:
        return
    try:
        st.query_params.from_dict(parse_qs(said, keep_blank_values=True))
    except StreamlitAPIException:  # on the page itself, whose inputs are there: they stay as they are
        del st.query_params[keys.PACKED]
    st.rerun()  # the inputs begin with what the link says when the page begins
