"""Which page shows which kind of run, and the way there from a link that led to another page."""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple

import streamlit as st

from embedcore.errors import EmbedcoreError
from embedcore.runs import Run
from embedcore.runs.record import DOWNLOAD, EXPORT, GROUPING, IMPORT, MAP, TRAIN, TRANSFER
from embedcore.ui import keys, resources
from embedcore.ui.words import plain


class Page(NamedTuple):
    """Where runs of a kind are shown, what one is called, and what it does."""

    page: str
    called: str
    does: str
    icon: str


_LIBRARY, _MAP = ("library.py", ":material/library_books:"), ("map.py", ":material/bubble_chart:")
PAGES = {
    TRAIN: Page("train.py", "training", "trains vectors on a text", ":material/model_training:"),
    TRANSFER: Page("transfer.py", "experiment", "finds out whether pre-trained vectors help", ":material/compare:"),
    IMPORT: Page(_LIBRARY[0], "run in the Library", "makes a vector set of a file", _LIBRARY[1]),
    DOWNLOAD: Page(_LIBRARY[0], "run in the Library", "fetches a file of vectors", _LIBRARY[1]),
    EXPORT: Page(_LIBRARY[0], "run in the Library", "writes a vector set to a file", _LIBRARY[1]),
    MAP: Page(_MAP[0], "map", "makes a map", _MAP[1]),
    GROUPING: Page(_MAP[0], "map", "finds groups on a map", _MAP[1]),
}


def lead_on(run: Run) -> None:
    """A link to a run that led to the page of another kind: what the run does, and the way to it."""
    st.header(plain(run.name))
    if run.kind not in PAGES:  # of a newer version
        st.write("This version has no page for such a run.")
        return
    found = PAGES[run.kind]
    st.write(f"This run {found.does}. Another page shows how far it is.")
    st.page_link(found.page, label=f"To this {found.called}", icon=found.icon, query_params={keys.RUN: run.id})


def go_on() -> None:
    """On to the page of the run that the address names; to that of trainings if it is gone, which says so."""
    page = PAGES[TRAIN].page
    with suppress(EmbedcoreError):
        page = PAGES[resources.runs().folder(st.query_params.get(keys.RUN, "")).run.kind].page
    st.switch_page(page, query_params=st.query_params.to_dict())
