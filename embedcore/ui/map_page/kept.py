"""The maps that were made here, by anybody: they open at once.

Here belongs the list. The maps themselves lie in `maps.store`, what a link to one says is known to `linking`.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime

import streamlit as st

from embedcore import disk
from embedcore.errors import EmbedcoreError, StorageProblem
from embedcore.maps import store
from embedcore.maps.layouts import METHODS
from embedcore.maps.request import MapRequest
from embedcore.maps.store import MapInfo
from embedcore.ui import keys, library_search, messages, resources
from embedcore.ui.map_page import linking, naming
from embedcore.ui.words import ago, listed, plain

_ON_A_PAGE = 8
_WANTED = "map_to_delete"  # in the session: the key of the map whose button was pressed


def show() -> None:
    """The newest maps, each with its link."""
    with messages.problems():
        if _infos():
            _list()


@st.fragment
def _list() -> None:
    """The list, page by page; only this part of the page follows."""
    with messages.problems():
        infos = _infos()  # others make and delete maps, too
        head, turn = st.columns([3, 1], vertical_alignment="bottom")
        head.header("Maps made here", anchor=False)
        here = resources.usable_sets()
        for info in library_search.one_page(infos, _ON_A_PAGE, keys.MAPS_PAGE, turn):
            with st.container(horizontal=True, vertical_alignment="center"):
                _row(info, here)


def _row(info: MapInfo, here: Collection[str]) -> None:
    request = info.request
    if request is None:
        st.badge("Damaged", color="red")
        st.caption(plain(info.note), width="stretch")
    else:
        gone = [one.name for one in request.sets if one.name not in here]
        label = f"{METHODS[request.method].label} in {request.dims}-D of {_which(info, request)}"
        if gone:
            st.markdown(plain(label), width="content")
        else:
            st.page_link(
                "map.py", label=plain(label), icon=":material/bubble_chart:",
                query_params=linking.parameters(request),
            )  # fmt: skip
        st.caption(" · ".join(_facts(info, request, gone)), width="stretch")
    st.button(
        "Delete", key=f"{keys.DELETE_MAP}_{info.key}", icon=":material/delete:", type="tertiary", on_click=_want,
        args=(info.key,), help="Delete it for everybody; it can be made again",
    )  # fmt: skip
    if st.session_state.get(_WANTED) == info.key:
        del st.session_state[_WANTED]
        _delete(info)


def _want(key: str) -> None:
    st.session_state[_WANTED] = key


def _which(info: MapInfo, request: MapRequest) -> str:
    words = info.points // len(request.sets)
    return f"{naming.which(request, words)} of {naming.sets(request)}"


def _facts(info: MapInfo, request: MapRequest, gone: list[str]) -> list[str]:
    said = []
    with suppress(ValueError):
        said.append(ago(time.time() - datetime.fromisoformat(info.created).timestamp()))
    said.append(disk.counted(info.bytes))
    if request.words.how == "list":
        said.append(plain(_first(request)))
    said += [f"{METHODS[request.method].label} settings: {plain(named)}"] if (named := _settings(request)) else []
    if gone:
        said.append(f"{plain(' and '.join(gone))} is not here any more")
    elif request.key != info.key:
        said.append("made by other versions of the libraries: these lay it out again")
    return said


def _first(request: MapRequest) -> str:
    return listed([word for word in request.words.words if word.strip()], 3)


def _settings(request: MapRequest) -> str:
    """The parameters that are not as usual, and the seed."""
    own = {one.name: one for one in METHODS[request.method].parameters}
    said = [
        f"{own[name].label} {value:g}"
        for name, value in request.params.items()
        if name in own and value != own[name].default
    ]
    said += [f"seed {request.seed}"] if request.seed != 1 and own else []
    return ", ".join(said)


@st.dialog("Delete this map?")
def _delete(info: MapInfo) -> None:
    what = "This damaged map" if info.request is None else f"The map of {plain(_which(info, info.request))}"
    st.write(f"{what} is deleted for everybody. It can be made again.")
    if st.button("Delete", type="primary", key=keys.DELETE_MAP):
        try:
            store.delete_map(info.key, resources.settings())
        except EmbedcoreError as error:
            st.error(plain(str(error), limit=400), icon=":material/error:")
        else:
            st.rerun()


def _infos() -> list[MapInfo]:
    """All maps, the newest first; the folder is read again when a map came or went. Raises StorageProblem."""
    try:
        stamp = store.maps_dir(resources.settings()).stat().st_mtime_ns
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StorageProblem("Could not list the maps made here.") from error
    return _listed(stamp)


@st.cache_resource(max_entries=1, show_spinner=False)
def _listed(stamp: int) -> list[MapInfo]:
    return store.list_maps(resources.settings())
