"""The Library page's look into a file before its import: what it is, its first rows, what the set is to be called."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import regex
import streamlit as st

from embedcore import library
from embedcore.errors import BadName, BadVectors, EmbedcoreError
from embedcore.formats import READABLE, Look
from embedcore.runs import Run, new_run_id
from embedcore.runs.jobs import ImportConfig
from embedcore.ui import keys, library_jobs, messages, resources
from embedcore.ui.library_places import Place
from embedcore.ui.words import counted, plain

PLACE = "import"  # on the page, for what is to be said there
_NUMBERS = 6  # shown of each row
_FIND_OUT = ""
_LICENCES = [
    "PDDL 1.0", "CC0 1.0", "CC BY 4.0", "CC BY-SA 3.0", "CC BY-SA 4.0", "CC BY-NC 4.0", "Apache-2.0", "MIT",
    "research use only",
]  # fmt: skip
_ENDINGS = regex.compile(
    r"(\.(gz|zip|txt|vec|bin|w2v|glove|safetensors|pt|pth|projector|tsv|kv|model|word2vec))+$", regex.IGNORECASE
)
_NOT_IN_NAMES = regex.compile(r"(\s*[^\p{L}\p{M}\p{N}._ -]+\s*)+")
_LONGEST_NAME = 70  # so that a number fits behind it
_OnBegun = Callable[[Path, Run], None]
_RUN_ID = "import_run_of"  # in the session, by file


def show(place: Place, *, on_begun: _OnBegun) -> None:
    """The first rows as they are read, what can be put right, and the button.

    `on_begun` is told the file and the run that imports it.
    """
    digest = hashlib.blake2b(str(place.path).encode("utf-8", "surrogateescape"), digest_size=6).hexdigest()
    format_, member = st.columns(2)
    with format_:
        chosen = st.selectbox(
            "Format", [_FIND_OUT, *READABLE], key=f"{keys.IMPORT_FORMAT}_{digest}",
            format_func=lambda key: READABLE.get(key, "Find it out"),
        )  # fmt: skip
    inside = resources.members(place.path)
    with member:
        asked = _member(inside, digest)
    try:
        look = resources.look(place.path, chosen or None, asked)
    except BadVectors as error:
        st.error(plain(str(error), 600), icon=":material/error:")
        if chosen:
            st.caption("Nothing is lost: the file stays. Choose another format above.")
        elif place.size:
            st.caption("If the format was recognised wrongly, choose it above. Nothing is lost: the file stays.")
        return
    _first_rows(look, place)
    _start(look, place, chosen or None, digest, on_begun)


def _member(inside: list[str], digest: str) -> str | None:
    if len(inside) < 2:
        return None
    return st.selectbox(f"File inside, of {len(inside):,}", inside, key=f"{keys.IMPORT_MEMBER}_{digest}")


def _first_rows(look: Look, place: Place) -> None:
    shape = (
        f"{counted(look.rows, 'row')} × {look.dim:,}, as it says itself"
        if look.rows
        else f"rows of {look.dim:,} numbers"
    )
    inside = f" in {plain(look.member)}" if look.member and len(look.members) > 1 else ""
    st.caption(f"Read as {plain(READABLE.get(look.format, look.format))}{inside}: {shape}. Its first rows:")
    shown = min(_NUMBERS, look.dim)
    shown *= len(look.matrix) > 0  # a fastText model's numbers lie behind all its words
    table = {"word": look.tokens, **{str(column + 1): look.matrix[:, column] for column in range(shown)}}
    if look.dim > shown > 0:
        table["…"] = [f"{look.dim - shown:,} more"] * len(look.tokens)
    st.dataframe(pd.DataFrame(table), hide_index=True, alt=f"The first rows of {place.name}")
    for note in look.notes:
        st.caption(plain(note, 600))


def _start(look: Look, place: Place, format_: str | None, digest: str, on_begun: _OnBegun) -> None:
    """What the set is called and where it is from, and the button."""
    name, licence, source = st.columns(3)
    member = look.member if len(look.members) > 1 else None
    name.text_input(
        "Name of the vector set", proposed_name(member or place.name), key=_key(keys.IMPORT_NAME, digest, member),
        max_chars=80, help="Letters of any script, digits, spaces and . _ - . Everybody who uses this server sees it.",
    )  # fmt: skip
    offered = list(dict.fromkeys([*([place.licence] if place.licence else []), *_LICENCES]))
    licence.selectbox(
        "Licence", offered, index=0 if place.licence else None, key=_key(keys.IMPORT_LICENCE, digest),
        accept_new_options=True, placeholder="Choose one, type another, or leave it open",
    )  # fmt: skip
    source.text_input(
        "Source", place.source or place.name, key=_key(keys.IMPORT_SOURCE, digest), max_chars=300,
        help="Where the vectors come from, for those who find the set here.",
    )  # fmt: skip
    run_id = st.session_state.setdefault(f"{_RUN_ID}_{digest}", new_run_id())
    st.button(
        "Import", type="primary", icon=":material/library_add:", key=_key(keys.IMPORT_START, digest),
        on_click=_begin, args=(place, format_, member, digest, run_id, on_begun),
    )  # fmt: skip


def _key(name: str, digest: str, member: str | None = None) -> str:
    """The key of a widget, one for each file and file inside: what was typed for one is not for another."""
    return f"{name}_{digest}_{member}" if member else f"{name}_{digest}"


def _begin(
    place: Place,
    format_: str | None,
    member: str | None,
    digest: str,
    run_id: str,
    on_begun: _OnBegun,
) -> None:
    said = st.session_state
    config = ImportConfig(
        file=str(place.path),
        name=unicodedata.normalize("NFC", str(said.get(_key(keys.IMPORT_NAME, digest, member)) or "")).strip(),
        format=format_,
        member=member,
        source=str(said.get(_key(keys.IMPORT_SOURCE, digest)) or "").strip(),
        licence=str(said.get(_key(keys.IMPORT_LICENCE, digest)) or "").strip() or None,
    )
    with messages.kept_problems(PLACE):
        run = library_jobs.import_file(config, run_id)
        library_jobs.watch(run)
        said.pop(f"{_RUN_ID}_{digest}", None)
        on_begun(place.path, run)


def proposed_name(file_name: str) -> str:
    """A free name for the set of a file: the file's own without its endings, as far as a name can hold it."""
    stem = unicodedata.normalize("NFC", file_name.replace("\\", "/").rpartition("/")[2])
    stem = _NOT_IN_NAMES.sub("-", _ENDINGS.sub("", stem)).lstrip("._- ")[:_LONGEST_NAME].rstrip(" .-")
    try:
        return library.free_name(stem or "vectors", resources.settings())
    except (BadName, EmbedcoreError):
        return ""
