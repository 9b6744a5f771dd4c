"""What can be done with one set of the library: see all that is known of it, rename it, delete it.

Taking it away as a file is in `library_export`.
"""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd
import streamlit as st

from embedcore import disk, library
from embedcore.errors import EmbedcoreError, UnknownVectors
from embedcore.library import VectorsInfo
from embedcore.ui import keys, library_export, library_words, resources
from embedcore.ui.words import counted, plain

RENAME, DELETE = "Rename", "Delete"
GONE = " It may have been renamed or deleted."
_WANTED = "wanted_set_action"


def actions(info: VectorsInfo, *, chosen: bool) -> None:
    """The buttons of a set in the list: its details, and what can be done with it."""
    if info.usable:
        label, icon = ("Close", ":material/expand_less:") if chosen else ("Details", ":material/expand_more:")
        st.button(
            label, icon=icon, key=f"{keys.SET_DETAILS}_{info.name}", on_click=_open, type="tertiary",
            args=("" if chosen else info.name,), help=None if chosen else "All that is known of it, and export",
        )  # fmt: skip
    if info.bundled:
        return
    key = f"{keys.SET_ACTIONS}_{info.name}"
    options = [RENAME, DELETE] if info.usable else [DELETE]
    st.menu_button("More", options, key=key, icon=":material/more_vert:", on_click=_want, args=(info.name, key))
    wanted, action = st.session_state.get(_WANTED, ("", ""))
    if wanted == info.name:
        del st.session_state[_WANTED]
        {RENAME: _rename, DELETE: _delete}[action](info)


def say_if_gone(names: Collection[str]) -> None:
    """Say so if somebody deleted or renamed the set for which something was chosen just now."""
    wanted, _ = st.session_state.get(_WANTED, ("", ""))
    if wanted and wanted not in names:
        del st.session_state[_WANTED]
        if wanted == st.query_params.get(keys.SET):
            return  # the list is about to say so of the link
        st.warning(plain(str(UnknownVectors(wanted))) + GONE, icon=":material/info:")


def _open(name: str) -> None:
    if name:
        st.query_params[keys.SET] = name
    else:
        st.query_params.pop(keys.SET, None)


def _want(name: str, key: str) -> None:
    st.session_state[_WANTED] = (name, st.session_state[key])


def show(info: VectorsInfo) -> None:
    """All that is known of a set, and its way out as a file."""
    if not info.usable:
        return
    known, export = st.columns([3, 2], gap="large")
    with known:
        rows = _known(info)
        st.dataframe(
            pd.DataFrame({"what": list(rows), "value": list(rows.values())}), hide_index=True,
            alt=f"What is known of {info.name}", column_config={"what": st.column_config.Column(width="small")},
        )  # fmt: skip
        for said in _sentences(info):  # a cell of the table would cut them
            st.caption(plain(said, 1_500))
    with export:
        library_export.show(info)


def _known(info: VectorsInfo) -> dict[str, str]:
    return {
        "words": f"{info.rows:,}",
        "dimensions": f"{info.dim:,}",
        "case": "lower case; words you look up are lowered too" if info.lowercased else "as written",
        "licence": info.licence or "not said",
        "here since": f"{info.created[:16].replace('T', ' ')} UTC" if info.created else "the installation",
        "on disk": disk.counted(info.bytes),
    }


def _sentences(info: VectorsInfo) -> list[str]:
    """Where a set is from, and how its file was read."""
    said = [f"Source: {info.source or 'not said'}"]
    if info.imported:
        said.append(f"Its file: {' '.join(library_words.read(info.imported)) or 'read whole.'}")
    return said


@st.dialog("Rename this set")
def _rename(info: VectorsInfo) -> None:
    name = st.text_input("Name", value=info.name, key=keys.SET_NAME, max_chars=80)
    st.caption("Links to it under its old name lead nowhere then. Runs keep what they took from it.")
    if st.button("Rename", type="primary", key=keys.RENAME_SET):
        try:
            renamed = library.rename_vectors(info.name, str(name or ""), resources.settings())
        except EmbedcoreError as error:
            st.error(plain(str(error), limit=400), icon=":material/error:")
        else:
            if st.query_params.get(keys.SET) == info.name:
                st.query_params[keys.SET] = renamed.name
            st.rerun()


@st.dialog("Delete this set?")
def _delete(info: VectorsInfo) -> None:
    what = f"“{plain(info.name)}”"
    if info.usable:
        what += f", {counted(info.rows, 'word')} × {info.dim:,}, {disk.counted(info.bytes)},"
    st.write(
        f"{what} is deleted for everybody. Links to it lead nowhere then; runs that started from it keep what they "
        "took. This cannot be undone."
    )
    if st.button("Delete", type="primary", key=keys.DELETE_SET):
        try:
            library.delete_vectors(info.name, resources.settings())
        except EmbedcoreError as error:
            st.error(plain(str(error), limit=400), icon=":material/error:")
        else:
            if st.query_params.get(keys.SET) == info.name:
                del st.query_params[keys.SET]
            st.rerun()
