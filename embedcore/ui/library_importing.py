"""The Library page's import: where the file comes from. What is in it, and the start, are in `library_preview`."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path

import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from embedcore import uploads
from embedcore.errors import DownloadProblem, UnknownRun
from embedcore.runs import Run
from embedcore.runs.folder import FINISHED
from embedcore.ui import (
    keys,
    library_jobs,
    library_places,
    library_preview,
    library_progress,
    library_words,
    links,
    messages,
    resources,
)
from embedcore.ui.library_places import SERVER, UPLOAD, URL, Place
from embedcore.ui.words import plain

# The options themselves are what the address says, so they are short and stay as they are.
_WAYS = {UPLOAD: "A file of yours", URL: "Fetched from a web address", SERVER: "Fetched before, or put there"}
_TAKEN = "uploaded_vectors_place"  # in the session: the upload that is being looked at
_UPLOADER = "uploaded_vectors_round"  # in the session: makes the uploader empty again
_FOLLOWED = "followed_import_link"  # in the session: the file that the link named when it was last followed


def show() -> None:
    """The choice of a file, what is in it, and the import."""
    st.header("Import")
    links.mend({keys.IMPORT_FROM: links.OneOf(_WAYS)})
    way = st.radio(
        "Where the file comes from", list(_WAYS), captions=list(_WAYS.values()), key=keys.IMPORT_FROM,
        bind="query-params", horizontal=True, label_visibility="collapsed",
    )  # fmt: skip
    place = {URL: _address, SERVER: _on_server}.get(str(way), _uploaded)()
    if way != SERVER:
        st.query_params.pop(keys.IMPORT_FILE, None)
    if place is not None:
        with messages.problems():
            library_preview.show(place, on_begun=_begun)
    messages.show_kept(library_preview.PLACE)  # below the button that was pressed
    _say_begun()


def _say_begun() -> None:
    """What became of the job that was begun here: whoever began it is looking at this part of the page."""
    run_id = st.session_state.get(library_jobs.BEGUN)
    if run_id is None:
        return
    try:
        run = resources.runs().folder(run_id).run
    except UnknownRun:
        del st.session_state[library_jobs.BEGUN]
        return
    if not run.over:
        st.info(f"{plain(run.name)}: on the way, as the list above shows.", icon=":material/downloading:")
    elif run.state != FINISHED:
        st.warning(f"{plain(run.name)}: {plain(library_words.ended(run), 600)}", icon=":material/info:")
    elif not library_jobs.brings_file(run):
        library_progress.say_arrived(run)


def _uploaded() -> Place | None:
    place: Place | None = st.session_state.get(_TAKEN)
    if place is not None and not place.path.is_file():
        place = st.session_state.pop(_TAKEN) and None
        st.warning("The uploaded file is no longer on the server. Upload it again.", icon=":material/info:")
    if place is None:
        return _upload()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.text(place.label)
        st.button("Another file", icon=":material/close:", key="other_upload", on_click=_drop, type="tertiary")
    return place


def _upload() -> Place | None:
    round_ = st.session_state.setdefault(_UPLOADER, secrets.token_hex(4))
    file = st.file_uploader(
        "A file of word vectors, also packed as .gz or .zip", key=f"{keys.IMPORT_UPLOAD}_{round_}",
        max_upload_size=resources.settings().max_vectors_megabytes,
    )  # fmt: skip
    if _framed():
        st.caption(
            "In a frame of another site, browsers keep files back. If yours is refused, open this page by itself, "
            "or give the file’s web address."
        )
        st.link_button(
            "Open this page by itself", f"library?{keys.IMPORT_FROM}={UPLOAD}", icon=":material/open_in_new:"
        )
    if file is None:
        return None
    with st.spinner("Keeping the file…"):
        path = uploads.keep(file.name, file, resources.settings())
    st.session_state[_TAKEN] = Place(path, file.name, path.stat().st_size)
    st.session_state.pop(library_jobs.BEGUN, None)  # that is another file's
    del st.session_state[_UPLOADER]
    _forget_copy(file)
    st.rerun()


def _forget_copy(file: UploadedFile) -> None:
    """Let go of the copy that Streamlit holds in memory, and would hold for as long as the page is open."""
    context = get_script_run_ctx()
    if context is not None and isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        context.uploaded_file_mgr.remove_file(context.session_id, file.file_id)


def _framed() -> bool:
    return bool(st.context.is_embedded)


def _drop() -> None:
    """Let go of the upload that is being looked at, and of the file itself."""
    place: Place | None = st.session_state.pop(_TAKEN, None)
    if place is not None:
        uploads.remove(place.path, resources.settings())


def _begun(path: Path, run: Run) -> None:
    """Look at another file next: the import of this one has begun."""
    st.session_state[library_jobs.BEGUN] = run.id
    place: Place | None = st.session_state.get(_TAKEN)
    if place is not None and place.path == path:
        del st.session_state[_TAKEN]
    st.session_state[keys.IMPORT_CHOICE] = None


def _address() -> None:
    with st.form("fetch_address", border=False, enter_to_submit=True):
        st.text_input(
            "Web address of the file", key=keys.IMPORT_URL, max_chars=4_000, placeholder="https://…/vectors.txt.gz",
            help="It is fetched by the server and kept there. Then you see what is in it before it is imported.",
        )  # fmt: skip
        st.form_submit_button("Fetch", icon=":material/download:", key=keys.FETCH_URL, on_click=_fetch)


def _fetch() -> None:
    url = str(st.session_state.get(keys.IMPORT_URL) or "").strip()
    with messages.kept_problems(library_preview.PLACE):
        if not url:
            raise DownloadProblem("Enter the web address of a file first.")
        run = library_jobs.fetch_url(url)
        library_jobs.watch(run)
        st.session_state.setdefault(library_jobs.AWAITED, set()).add(run.id)
        st.session_state[keys.IMPORT_URL] = ""
        st.session_state[library_jobs.BEGUN] = run.id


def _on_server() -> Place | None:
    places = library_places.on_server()
    if not places:
        st.caption(
            "None yet. Files that were fetched are offered here, and those that whoever runs this server "
            "puts into its folder for imports (see EMBEDCORE_IMPORT_DIR in the README)."
        )
        return None
    _follow_link(places)
    chosen = st.selectbox(
        "File on the server", list(places), index=None, format_func=lambda key: places[key].label,
        key=keys.IMPORT_CHOICE, placeholder="Choose a file",
    )  # fmt: skip
    if chosen is None:
        st.query_params.pop(keys.IMPORT_FILE, None)
        return None
    links.hold(keys.IMPORT_FILE, str(chosen))
    st.session_state[_FOLLOWED] = str(chosen)
    return places[str(chosen)]


def _follow_link(places: Mapping[str, Place]) -> None:
    """Choose the file that the link names; said if it is not here. The box would put its long label into the link."""
    asked = st.query_params.get(keys.IMPORT_FILE)
    if asked and asked != st.session_state.get(_FOLLOWED):
        st.session_state[_FOLLOWED] = asked
        if asked in places:
            st.session_state[keys.IMPORT_CHOICE] = asked
        else:
            st.warning(f"There is no file “{plain(asked)}” here to be imported. It may have been removed.")
    if st.session_state.get(keys.IMPORT_CHOICE) not in (None, *places):
        st.session_state[keys.IMPORT_CHOICE] = None
