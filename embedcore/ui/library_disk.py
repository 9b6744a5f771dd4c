"""The Library page's line on the disk: what the sets and the fetched files take, and what is left."""

from __future__ import annotations

import streamlit as st

from embedcore import disk, downloads, library
from embedcore.ui import resources

_SHORT_BYTES = 2_000_000_000  # left: less than one large set takes


def show() -> None:
    """One line with a thin bar."""
    settings = resources.settings()
    use = library.disk_use(settings)
    fetched = fetched_bytes()
    taken = use.used + fetched
    whole = taken + use.left
    st.progress(
        taken / whole if whole else 1.0,
        text=f"Sets {disk.counted(use.used)} · fetched files {disk.counted(fetched)} · {disk.counted(use.left)} left",
    )
    if use.left < _SHORT_BYTES:
        st.warning(
            "The disk is nearly full. Delete sets or fetched files that nobody needs.", icon=":material/hard_drive:"
        )


def fetched_bytes() -> int:
    """The bytes of all fetched files, also of those that are not whole yet."""
    settings = resources.settings()
    return sum(kept.bytes for kept in downloads.kept(settings)) + sum(part.bytes for part in downloads.parts(settings))


def left() -> int:
    """The bytes left on the disk."""
    return library.disk_use(resources.settings()).left
