"""Taking a set of the library away as a file: a small one at once, a large one through a run."""

from __future__ import annotations

import streamlit as st

from embedcore import disk
from embedcore.formats import FORMATS
from embedcore.library import VectorsInfo
from embedcore.ui import keys, library_jobs, messages, resources, taking_away

_PLACE = "export"
LARGE_BYTES = 50_000_000  # of a file: making a larger one in the server would hold up everybody
_BINARY = {"word2vec-binary", "safetensors", "torch"}
_TEXT_BYTES, _BINARY_BYTES = 11.5, 4.0  # of a number; as text such that it reads back to the same bits
_WORD_BYTES = 8  # of a word


def show(info: VectorsInfo) -> None:
    """The choice of a format, who reads it, and the button."""
    chosen = taking_away.choose_format(keys.EXPORT_FORMAT)
    name = info.name + FORMATS[chosen].extension
    size = estimated_bytes(info, chosen)
    messages.show_kept(_PLACE)
    if size > LARGE_BYTES:
        st.button(
            "Write the file", icon=":material/file_export:", key=keys.EXPORT_START, on_click=_begin, args=(info, chosen)
        )
        st.caption(
            f"About {disk.counted(size)}. It is written in the background, and offered under “On the way” when it is "
            "ready."
        )
    else:
        with messages.problems():
            taking_away.button(resources.vectors(info), chosen, name, keys.EXPORT_DOWNLOAD)
    taking_away.show_opening(chosen, name)


def estimated_bytes(info: VectorsInfo, format_name: str) -> int:
    """About how large the file of a set will be."""
    number = _BINARY_BYTES if format_name in _BINARY else _TEXT_BYTES
    return round(info.rows * (info.dim * number + _WORD_BYTES))


def _begin(info: VectorsInfo, format_name: str) -> None:
    with messages.kept_problems(_PLACE):
        library_jobs.watch(library_jobs.export(info.name, format_name))
