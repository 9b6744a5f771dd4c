"""What a run leaves behind: a vector set in the library, or a file."""

from __future__ import annotations

from functools import partial

import streamlit as st

from embedcore import formats, library
from embedcore.errors import EmbedcoreError
from embedcore.formats import FORMATS
from embedcore.runs import Run, RunFolder
from embedcore.ui import code, keys, messages, resources, run_words
from embedcore.ui.words import counted, plain
from embedcore.vectors import WordVectors

_SAID = "said_of_downloads"  # in the session: sentences on files that were made, until they are shown


def show(folder: RunFolder, run: Run) -> None:
    """Keep the vectors in the library, or take them away as a file; and which sets were kept already."""
    st.header("Keep it")
    vectors = run_words.vectors_of(folder)
    if vectors is None:
        return
    _show_kept(run)
    keep, download = st.columns(2, gap="large")
    with keep, st.form("keep", border=False):
        name = st.text_input(
            "Name of the vector set", key=keys.KEEP_NAME, placeholder="my-vectors", max_chars=80,
            help="Letters of any script, digits, spaces and . _ - . Everybody who uses this server sees the set.",
        )  # fmt: skip
        if st.form_submit_button("Keep as a vector set", icon=":material/bookmark_add:", key=keys.KEEP):
            with messages.problems():
                info = _save(str(name or ""), vectors, run)
                st.success(f"Kept as {plain(info.name)}: {counted(info.rows, 'word')} × {info.dim}.")
                _link(info.name, "Compare words on it")
    with download:
        _download(vectors, run)


def _download(vectors: WordVectors, run: Run) -> None:
    """The choice of a format, who reads it, the button, and the lines that open the file."""
    chosen = str(
        st.selectbox("Format of the file", list(FORMATS), format_func=lambda key: FORMATS[key].label, key=keys.FORMAT)
    )
    format_ = FORMATS[chosen]
    name = f"vectors-{run.id}{format_.extension}"
    st.caption(format_.about)
    said: list[str] = st.session_state.setdefault(_SAID, [])
    st.download_button(
        "Download", partial(_file, vectors, chosen, said), file_name=name, mime=format_.mime,
        icon=":material/download:", key=keys.DOWNLOAD, on_click="ignore",
    )  # fmt: skip
    while said:
        st.warning(plain(said.pop(0), 600), icon=":material/download:")
    with code.beside("Open the file in Python"):
        code.lines(formats.opening(chosen, name))


def _show_kept(run: Run) -> None:
    kept = [info for info in resources.vectors_at_hand() if info.run == run.id]
    for info in kept:
        _link(info.name, f"Kept: {plain(info.name)}")


def _link(name: str, label: str) -> None:
    st.page_link("compare.py", label=label, icon=":material/compare_arrows:", query_params={keys.VECTORS: name})


def _save(name: str, vectors: WordVectors, run: Run) -> library.VectorsInfo:
    return library.save_vectors(
        name, vectors, source=f"trained here on “{run.name}”", settings=resources.settings(), meta={"run": run.id}
    )


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
    if written.renamed or written.left_out:
        said.append(f"In the file you downloaded: {written}")
    return content
