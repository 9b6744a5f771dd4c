"""The Library page's list of fetched files: what they take, and their removal."""

from __future__ import annotations

import time
from datetime import datetime

import streamlit as st

from embedcore import disk, downloads
from embedcore.downloads import Kept, Part
from embedcore.ui import keys, library_jobs, library_places, messages, resources
from embedcore.ui.words import ago, plain

_PLACE = "fetched"


def show() -> None:
    """The files that fetching left here, also those that are not whole; nothing where there are none."""
    messages.show_kept(_PLACE)
    settings = resources.settings()
    kept = downloads.kept(settings)
    parts = [part for part in downloads.parts(settings) if not part.fetching]
    if not kept and not parts:
        return
    size = sum(file.bytes for file in kept) + sum(part.bytes for part in parts)
    with st.expander(
        f"Fetched files kept on disk: {len(kept) + len(parts):,}, {disk.counted(size)}", icon=":material/folder_zip:"
    ):
        st.caption(
            "A set of the catalog whose file is here needs no download, such as the other dimensions of one archive. "
            "Sets that were made from a file stay when it is removed."
        )
        in_use = {run.config.get("file") for run in library_jobs.listing() if not run.over}
        for file in kept:
            _row(file, _kept_facts(file), used=str(file.path) in in_use, whole=True)
        for part in parts:
            _row(part, _part_facts(part), used=False, whole=False)


def _row(file: Kept | Part, facts: str, *, used: bool, whole: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if whole:
            library_places.import_link(library_places.of_fetched(file.key), plain(file.name, 90))
        else:
            st.text(file.name)
        st.caption(facts, width="stretch")
        st.button(
            "Remove", icon=":material/close:", key=f"{keys.FETCHED_REMOVE}_{file.key}", on_click=_remove,
            args=(file.key,), disabled=used, help="It is being imported just now." if used else None,
        )  # fmt: skip


def _kept_facts(file: Kept) -> str:
    try:
        when = ago(time.time() - datetime.fromisoformat(file.fetched).timestamp())
    except ValueError:
        when = ""
    checked = "checked hash" if file.verified else "unverified"
    return " · ".join(filter(None, [disk.counted(file.bytes), when, checked]))


def _part_facts(part: Part) -> str:
    whole = f" of {disk.counted(part.length)}" if part.length else ""
    return f"{disk.counted(part.bytes)}{whole}: a part, from which the next fetching goes on"


def _remove(key: str) -> None:
    with messages.kept_problems(_PLACE):
        downloads.remove(key, resources.settings())
