"""Keep it: the tuned embedding of one size as a vector set of the library."""

from __future__ import annotations

import streamlit as st

from embedcore import library
from embedcore.runs import Run, RunFolder, experiments
from embedcore.transfer.asking import kept_vectors
from embedcore.transfer.config import TUNED
from embedcore.ui import keys, messages, resources
from embedcore.ui.transfer_page import inside
from embedcore.ui.words import counted, plain


def show(folder: RunFolder, run: Run) -> None:
    """The form and the sets that were kept; nothing while no tuned model is there."""
    options = inside.sizes(folder, TUNED)
    if not options:
        return
    st.header("Keep it")
    st.write(
        "The tuned vectors of the words in the training texts can be kept as a vector set: to compare them with those "
        "that they started from, or to start another training from them."
    )
    for info in resources.vectors_at_hand():
        if info.run == run.id:
            _link(info.name, f"Kept: {plain(info.name)}", run)
    size = inside.choose_size(options, keys.KEEP_SIZE, bound=False)
    with st.form("keep_tuned", border=False):
        name = st.text_input(
            "Name of the vector set", key=keys.KEEP_NAME, placeholder="my-tuned-vectors", max_chars=80, width=320,
            help="Letters of any script, digits, spaces and . _ - . Everybody who uses this server sees the set.",
        )  # fmt: skip
        if st.form_submit_button("Keep as a vector set", icon=":material/bookmark_add:", key=keys.KEEP):
            with messages.problems():
                kept = _save(folder, run, str(name or ""), size)
                if kept is not None:
                    st.success(f"Kept as {plain(kept.name)}: {counted(kept.rows, 'word')} × {kept.dim}.")
                    _link(kept.name, "Compare words on it", run)


def _save(folder: RunFolder, run: Run, name: str, size: int) -> library.VectorsInfo | None:
    model = inside.model(folder, TUNED, size)
    if model is None:
        st.error("This model is not here any more.", icon=":material/error:")
        return None
    return library.save_vectors(
        name, kept_vectors(model), source=f"tuned here on {inside.texts(size)} of “{run.name}”",
        settings=resources.settings(), meta={"run": run.id},
    )  # fmt: skip


def _link(name: str, label: str, run: Run) -> None:
    """The ways to a kept set, alone and on a map beside the set that it started from, if that is here."""
    start = experiments.config_of(run).settings.pretrained
    both = {keys.VECTORS: name}
    if start is not None and start in resources.usable_sets() and start != name:
        both[keys.OTHER_SET] = start
    with st.container(horizontal=True):
        st.page_link("compare.py", label=label, icon=":material/compare_arrows:", query_params={keys.VECTORS: name})
        st.page_link("map.py", label="See it on the map", icon=":material/bubble_chart:", query_params=both)
