"""The words drawn around, with their vectors: kept as a set of the library, or taken away as a file.

Which words these are, and the list of them, is in `picked`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import streamlit as st

from embedcore import disk, library
from embedcore.errors import EmbedcoreError
from embedcore.formats import FORMATS
from embedcore.library import VectorsInfo
from embedcore.maps import part
from embedcore.ui import keys, library_export, messages, resources, taking_away
from embedcore.ui.asking import across
from embedcore.ui.asking.sets import ChosenSet, Sets
from embedcore.ui.map_page.shown import Shown
from embedcore.ui.words import counted, plain

Places = npt.NDArray[np.int64]

_KEPT = "picked_kept"  # in the session: by what was drawn around, the names under which it was kept


def show(sets: Sets, shown: Shown, places: Places) -> None:
    """Two ways to have the vectors of the words at some places (P,) of a map."""
    side = _side(sets)
    rows = shown.rows[side][places]  # (P,)
    chosen = sets.all[side]
    with st.popover("Keep as a vector set", icon=":material/bookmark_add:"):
        _keep(chosen, rows)
    # It tells when it is opened, since looking the vectors up takes a moment.
    export = st.popover("Export", icon=":material/file_export:", key=keys.PICKED_EXPORT, on_change="rerun")
    if export.open:
        with export, messages.problems():
            _export(chosen, rows)


def _side(sets: Sets) -> int:
    """Whose vectors are meant: 0 for the first set, 1 for the second."""
    if sets.second is None:
        return 0
    names = [chosen.info.name for chosen in sets.all]
    return int(st.radio("Vectors of", range(2), format_func=lambda side: plain(names[side]), key=keys.PICKED_SET))


def _keep(chosen: ChosenSet, rows: Places) -> None:
    """Ask for a name and keep the words under it; then where they can be used."""
    with st.form("keep_picked", border=False):
        name = st.text_input(
            "Name of the vector set", key=keys.PICKED_NAME, max_chars=80,
            placeholder=_free(f"{chosen.info.name[:60]}-part"),
            help="Letters of any script, digits, spaces and . _ - . Everybody who uses this server sees the set.",
        )  # fmt: skip
        pressed = st.form_submit_button("Keep", icon=":material/bookmark_add:", key=keys.PICKED_KEEP)
    # Several sets can be kept of the same words, and each stays in sight until others are drawn around.
    names: list[str] = st.session_state.setdefault(_KEPT, {}).setdefault(_known_by(chosen, rows), [])
    if pressed:
        with messages.problems():
            names.append(_save(str(name or "") or _free(f"{chosen.info.name[:60]}-part"), chosen, rows).name)
    if names:
        here = resources.usable_sets()
        for kept in names:
            if kept in here:  # nobody deleted or renamed it since
                _ways_on(here[kept])


def _free(wanted: str) -> str:
    try:
        return library.free_name(wanted, resources.settings())
    except EmbedcoreError:  # a name that ends in a way no name may
        return library.free_name("part", resources.settings())


def _known_by(chosen: ChosenSet, rows: Places) -> tuple[str, str, int]:
    """What these words of this set are known by in the session."""
    return chosen.info.name, f"{chosen.info.created}", hash(rows.tobytes())


def _save(name: str, chosen: ChosenSet, rows: Places) -> VectorsInfo:
    info = chosen.info
    return library.save_vectors(
        name, part.part_of(chosen.vectors, rows), source=part.source_of(info.name, info.source, len(rows)),
        licence=info.licence, settings=resources.settings(),
    )  # fmt: skip


def _ways_on(info: VectorsInfo) -> None:
    """Where a kept set can be used."""
    st.success(f"Kept as {plain(info.name)}: {counted(info.rows, 'word')} × {info.dim}.", icon=":material/bookmark:")
    st.page_link(
        "train.py", label="Train from it", icon=":material/model_training:", query_params={keys.PRETRAINED: info.name}
    )
    st.page_link(
        "compare.py", label="Compare words on it", icon=":material/compare_arrows:",
        query_params=across.packed({keys.VECTORS: info.name}),
    )  # fmt: skip


def _export(chosen: ChosenSet, rows: Places) -> None:
    """The choice of a format, the button, and the lines that open the file."""
    format_name = taking_away.choose_format(keys.PICKED_FORMAT)
    size = library_export.estimated_bytes(replace(chosen.info, rows=len(rows)), format_name)
    if size > library_export.LARGE_BYTES:
        st.caption(
            f"The file would be about {disk.counted(size)}. Keep these words as a vector set: the Library page writes "
            "files of that size in the background."
        )
        return
    file_name = f"{chosen.info.name}-part{FORMATS[format_name].extension}"
    taking_away.button(part.part_of(chosen.vectors, rows), format_name, file_name, f"{keys.PICKED}_vectors")
    taking_away.show_opening(format_name, file_name)
