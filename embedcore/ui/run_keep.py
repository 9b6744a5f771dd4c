"""What a run leaves behind: a vector set in the library, or a file."""

from __future__ import annotations

import streamlit as st

from embedcore import library
from embedcore.formats import FORMATS
from embedcore.runs import Run, RunFolder
from embedcore.ui import keys, messages, resources, run_words, taking_away
from embedcore.ui.words import counted, plain
from embedcore.vectors import WordVectors


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
                _link(info.name, "Compare words on it", run)
    with download:
        _download(vectors, run)


def _download(vectors: WordVectors, run: Run) -> None:
    """The choice of a format, who reads it, the button, and the lines that open the file."""
    chosen = taking_away.choose_format(keys.FORMAT)
    name = f"vectors-{run.id}{FORMATS[chosen].extension}"
    taking_away.button(vectors, chosen, name, keys.DOWNLOAD)
    taking_away.show_opening(chosen, name)


def _show_kept(run: Run) -> None:
    kept = [info for info in resources.vectors_at_hand() if info.run == run.id]
    for info in kept:
        _link(info.name, f"Kept: {plain(info.name)}", run)


def _link(name: str, label: str, run: Run) -> None:
    """The ways to a kept set, and to a map of it beside the set that the training started from, if that is here."""
    sets = {keys.VECTORS: name}
    with st.container(horizontal=True):
        st.page_link("compare.py", label=label, icon=":material/compare_arrows:", query_params=sets)
        start = run.config.get("pretrained")
        if start in resources.usable_sets() and start != name:
            sets[keys.OTHER_SET] = start
        st.page_link("map.py", label="See it on the map", icon=":material/bubble_chart:", query_params=sets)


def _save(name: str, vectors: WordVectors, run: Run) -> library.VectorsInfo:
    return library.save_vectors(
        name, vectors, source=f"trained here on “{run.name}”", settings=resources.settings(), meta={"run": run.id}
    )
