"""Taking vectors away as a file that the server makes at once: format, button, and the lines that open it.

Where the vectors come from, and what the file is called, is known to whoever asks.
"""

from __future__ import annotations

from functools import partial

import streamlit as st

from embedcore import formats
from embedcore.errors import EmbedcoreError
from embedcore.formats import FORMATS
from embedcore.ui import code
from embedcore.ui.words import plain
from embedcore.vectors import WordVectors

_SAID = "said_of_downloads"  # in the session: sentences on files that were made, until they are shown


def choose_format(key: str) -> str:
    """A key of FORMATS, with who reads it."""
    chosen = str(
        st.selectbox("Format of the file", list(FORMATS), format_func=lambda name: FORMATS[name].label, key=key)
    )
    st.caption(FORMATS[chosen].about)
    return chosen


def button(vectors: WordVectors, format_name: str, file_name: str, key: str) -> None:
    """The button that makes the file, and what is to be said of the one that it made before."""
    said: list[str] = st.session_state.setdefault(_SAID, [])
    st.download_button(
        "Download", partial(_file, vectors, format_name, said), file_name=file_name, mime=FORMATS[format_name].mime,
        icon=":material/download:", key=key, on_click="ignore",
    )  # fmt: skip
    while said:
        st.warning(plain(said.pop(0), 600), icon=":material/download:")


def show_opening(format_name: str, file_name: str) -> None:
    """The lines of Python that open the file."""
    with code.beside("Open the file in Python"):
        code.lines(formats.opening(format_name, file_name))


def _file(vectors: WordVectors, format_name: str, said: list[str]) -> bytes:
    """The content of the file; called when the button is pressed, outside the page.

    Streamlit says on the button that a file failed, but not why, and nothing of one that
    left words out. So that goes to `said`, which the page shows when it is next drawn.
    """
    try:
        content, written = formats.content(vectors, format_name)
    except EmbedcoreError as error:
        said.append(f"The download failed. {error}")
        raise
    if written.renamed or written.left_out or written.notes:
        said.append(f"In the file you downloaded: {written}")
    return content
