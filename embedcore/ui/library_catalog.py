"""The Library page's catalog: sets that others published, found by what they are, and fetched.

The files that fetching left on the disk are in `library_fetched`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

import streamlit as st

from embedcore import catalog, disk, downloads
from embedcore.catalog import Entry
from embedcore.runs import Run
from embedcore.ui import keys, library_disk, library_fetched, library_jobs, library_search, links, messages, resources
from embedcore.ui.words import counted, plain

_ON_A_PAGE = 6
_ALL = "All"
_PLACE = "catalog"
_CHOICES = {
    keys.FAMILY: ("Family", "family"),
    keys.LANGUAGE: ("Language", "language"),
    keys.DIMS: ("Dimensions", "dim"),
}
_IN_ADDRESSES = ":/?&=#%~+,;@!*$"  # what stays as it is in an address; brackets would end the link early
_ROOM = 1.05  # what is needed is a reckoning: this much more should be left


@dataclass(frozen=True)
class _Here:
    """What the rows of the catalog are held to."""

    sets: Mapping[str, str]  # by entry of the catalog: the set that was made from it, or has its name
    coming: Mapping[str, Run]
    failed: Mapping[str, str]  # by entry of the catalog: why fetching it failed the last time
    fetched: frozenset[str]  # the keys of the files that are here whole
    left: int  # bytes on the disk


def show() -> None:
    """The catalog, what it is searched by, and the fetched files."""
    st.header("Get")
    entries = list(catalog.entries(resources.settings()).values())
    entries.sort(key=lambda entry: entry.name in catalog.CATALOG)  # those of this house first
    options = {
        keys.FAMILY: [_ALL, *dict.fromkeys(entry.family for entry in entries)],
        keys.LANGUAGE: [_ALL, *sorted({entry.language for entry in entries})],
        keys.DIMS: [_ALL, *(str(dim) for dim in sorted({entry.dim for entry in entries if entry.dim}))],
    }
    links.mend({key: links.OneOf(values) for key, values in options.items()})
    page = _page(entries, options)
    messages.show_kept(_PLACE)
    runs = library_jobs.listing()
    here = _Here(
        _sets(),
        library_jobs.coming(runs),
        library_jobs.failed(runs),
        frozenset(kept.key for kept in downloads.kept(resources.settings())),
        library_disk.left(),
    )
    for entry in page:
        _row(entry, here)
    library_fetched.show()


def _sets() -> dict[str, str]:
    infos = resources.usable_sets()
    return {name: name for name in infos} | {info.catalog: name for name, info in infos.items() if info.catalog}


def _say_why_not(asked: str) -> None:
    """Why what was searched is not in the catalog, where that is known."""
    st.caption("Nothing in the catalog fits. A file from elsewhere can be imported below.")
    for name, reason in catalog.LEFT_OUT.items():
        if asked.strip() and asked.casefold().strip() in name.casefold():
            st.caption(f"{plain(name)}: {plain(reason, 600)}")


def _page(entries: Sequence[Entry], options: Mapping[str, Sequence[str]]) -> Sequence[Entry]:
    """One page of the sets that fit what was asked for."""
    search, *choices, turn = st.columns([2.2, 1, 1, 1, 1], vertical_alignment="bottom")
    asked = search.text_input(
        "Search the catalog", key=keys.FIND, bind="query-params", max_chars=80, icon=":material/search:",
        placeholder="Name, language, what it is good for",
    )  # fmt: skip
    found = library_search.having(entries, asked or "", _searched)
    for place, (key, values) in zip(choices, options.items(), strict=True):
        label, field = _CHOICES[key]
        chosen = place.selectbox(label, values, key=key, bind="query-params")
        found = [entry for entry in found if chosen in (_ALL, str(getattr(entry, field)))]
    if not found:
        _say_why_not(asked or "")
    return library_search.one_page(found, _ON_A_PAGE, keys.CATALOG_PAGE, turn)


def _searched(entry: Entry) -> str:
    return " ".join((entry.name, entry.title, entry.about, entry.family, entry.language, entry.licence or ""))


def _row(entry: Entry, here: _Here) -> None:
    with st.container(border=True):
        said, way = st.columns([4, 1], vertical_alignment="center")  # one below the other on a phone
        with said, st.container(gap=None):
            # In a caption the link would be too pale to read.
            st.markdown(f"**{plain(entry.title)}** · {_licence(entry)}  \n{plain(entry.about, 400)}")
            st.caption(_facts(entry, here))
            if (why := here.failed.get(entry.name)) and entry.name not in {*here.sets, *here.coming}:
                st.warning(plain(why, 600), icon=":material/info:")
        with way, st.container(horizontal_alignment="right", gap="xsmall"):
            _way(entry, here)


def _facts(entry: Entry, here: _Here) -> str:
    """What is known of a set before it is fetched."""
    said = [_shape(entry), plain(entry.language)]
    if entry.tokens:
        said.append(f"learned from {plain(entry.tokens)} tokens")
    if entry.cased is not None:
        said.append("upper and lower case" if entry.cased else "lower case")
    if entry.file.key in here.fetched:
        said.append("its file is here already: nothing to fetch")
    elif entry.file.size:
        said.append(f"{disk.counted(entry.file.size)} to fetch")
    if entry.disk_bytes:
        said.append(f"{disk.counted(entry.disk_bytes)} once here")
    said.append("checked hash" if entry.file.sha256 else "unverified: no hash is published")
    return " · ".join(filter(None, said))


def _shape(entry: Entry) -> str:
    words = counted(entry.rows, "word") if entry.rows else ""
    dims = f"{entry.dim:,}" if entry.dim else ""
    return f"{words} × {dims}" if words and dims else words or (f"{dims} dimensions" if dims else "")


def _licence(entry: Entry) -> str:
    if not entry.licence:
        return "no licence given"
    address = entry.licence_url or ""
    if address.startswith(("https://", "http://")):
        return f"[{plain(entry.licence)}]({quote(address, safe=_IN_ADDRESSES)})"
    return plain(entry.licence)


def _way(entry: Entry, here: _Here) -> None:
    """The button that fetches a set, or why there is none."""
    if name := here.sets.get(entry.name):
        st.page_link(
            "compare.py", label="Here: compare words", icon=":material/check:", query_params={keys.VECTORS: name}
        )
        return
    if (run := here.coming.get(entry.name)) is not None:
        st.page_link("library.py", label="On the way", icon=":material/downloading:", query_params={keys.RUN: run.id})
        return
    fetched = 0 if entry.file.key in here.fetched else entry.file.size or 0
    needed = round((fetched + (entry.disk_bytes or 0)) * _ROOM)
    short = needed > here.left
    st.button(
        "Fetch", icon=":material/download:", key=f"{keys.FETCH}_{entry.name}", disabled=short,
        on_click=_fetch, args=(entry,),
    )  # fmt: skip
    if short:
        st.caption(f"Needs {disk.counted(needed)} of disk; {disk.counted(here.left)} are left.")


def _fetch(entry: Entry) -> None:
    with messages.kept_problems(_PLACE):
        library_jobs.watch(library_jobs.fetch(entry))
