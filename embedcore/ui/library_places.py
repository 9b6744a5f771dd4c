"""Files on the server that the Library page can import, and what stands for each of them in a link.

Here belongs which files those are: what was fetched, and what an operator put into the folder
for imports. No link can name another file.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from embedcore import catalog, disk, downloads
from embedcore.runs import Run
from embedcore.runs.jobs import list_import_files
from embedcore.ui import keys, resources

UPLOAD, URL, SERVER = "Upload", "URL", "Server"
_FETCHED, _FOLDER = "fetched/", "folder/"


@dataclass(frozen=True)
class Place:
    """A file that may be imported."""

    path: Path
    name: str  # what people call it
    size: int  # bytes
    source: str = ""  # where it came from, as far as that is known
    licence: str | None = None

    @property
    def label(self) -> str:
        """The file in one line of plain text."""
        return f"{self.name} · {disk.counted(self.size)}"


def of_fetched(key: str) -> str:
    """What stands for a fetched file in a link."""
    return _FETCHED + key


def of_run(run: Run) -> str:
    """What stands in a link for the file that a finished download brought."""
    return of_fetched(str(run.result.get("key", "")))


def on_server() -> dict[str, Place]:
    """The files on the server that can be imported, by what stands for them in a link. Raises StorageProblem."""
    settings = resources.settings()
    published = {entry.file.key: entry for entry in catalog.entries(settings).values()}
    places = {}
    for file in downloads.kept(settings):
        entry = published.get(file.key)
        source = entry.title if entry else downloads.without_secrets(file.url)
        licence = entry.licence if entry else None
        places[of_fetched(file.key)] = Place(file.path, file.name, file.bytes, source, licence)
    for path in list_import_files(settings):
        name = path.relative_to(settings.import_dir).as_posix()
        try:
            places[_FOLDER + name] = Place(path, name, path.stat().st_size)
        except FileNotFoundError:
            continue  # gone since
    return places


def import_link(place: str, label: str) -> None:
    """A link that offers a file for import."""
    st.page_link(
        "library.py", label=label, icon=":material/preview:",
        query_params={keys.IMPORT_FROM: SERVER, keys.IMPORT_FILE: place},
    )  # fmt: skip


def choose(place: str) -> None:
    """Offer a file for import, on this page; before the widgets of the import are drawn."""
    st.session_state[keys.IMPORT_FROM], st.session_state[keys.IMPORT_CHOICE] = SERVER, place
