"""Files as the text to train on: what was found out about them, and what the visitor says instead.

A file is read once for each way to read it, not once a click; the bytes and the text stay on the server.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from embedcore.documents import ENCODINGS, EXTENSIONS, WHOLE_LINES, Choices, Document, read_document
from embedcore.errors import TextProblem
from embedcore.ui import keys, resources
from embedcore.ui.words import plain

_FIND_OUT = "find out"
_SEEN, _READ, _FOUND, _WHOLE = "seen_uploads", "read_uploads", "found_in_uploads", "whole_upload"
_Key = tuple[str, Choices]  # a file's id, and how it is read
_Result = Document | TextProblem


@dataclass(frozen=True)
class Taken:
    """A text, its name, and a short stand-in for it in caches."""

    text: str
    name: str
    digest: str


def taken(text: str, name: str) -> Taken:
    """A text with its stand-in."""
    return Taken(text, name, hashlib.blake2b(text.encode("utf-8", errors="replace"), digest_size=16).hexdigest())


def choose() -> Taken | None:
    """Let the visitor choose files and put right how they were read; None until there is a text."""
    files: list[Any] = st.file_uploader(
        "Text files: .txt, .md, .csv or .tsv, each also packed as .gz", type=list(EXTENSIONS), key=keys.UPLOAD,
        accept_multiple_files=True, max_upload_size=resources.settings().max_upload_megabytes,
        help="Several files are joined in the order of their names.",
    )  # fmt: skip
    if not files:
        forget()
        return None
    files = sorted(files, key=lambda file: (file.name, file.file_id))
    _forget_choices_for_others([file.file_id for file in files])
    read = _read_all(files)
    for file, found in zip(files, read.values(), strict=True):
        if isinstance(found, TextProblem):
            st.error(plain(str(found), limit=600), icon=":material/error:")
        elif found.notes:
            begin = f"{file.name}: " if len(files) > 1 else ""
            st.caption(plain(begin + " ".join(found.notes), limit=1_500))
    documents = [found for found in read.values() if isinstance(found, Document)]
    _controls(documents)
    return _whole(tuple(read), documents) if len(documents) == len(files) else None


def forget() -> None:
    """Let go of the texts of files that are no longer there."""
    for key in (_SEEN, _READ, _FOUND, _WHOLE):
        st.session_state.pop(key, None)


def join_toggle(place: Any = st) -> None:
    """Let the visitor undo the joining of hard-wrapped lines."""
    st.session_state.setdefault(keys.JOIN_LINES, True)
    place.toggle(
        "Join wrapped lines", key=keys.JOIN_LINES, persist_state="session",
        help="A sentence is one line here. In prose broken at a fixed width, words of different lines are neighbours "
        "all the same, so the lines of each paragraph become one.",
    )  # fmt: skip


def joins() -> bool | None:
    """Whether lines are joined: as found out unless the visitor undid it."""
    return None if st.session_state.get(keys.JOIN_LINES, True) else False


def _forget_choices_for_others(ids: Sequence[str]) -> None:
    """What was chosen for files that are gone does not hold for new ones."""
    seen = st.session_state.get(_SEEN, ())
    if not set(seen) & set(ids):
        for key in (keys.ENCODING, keys.COLUMN, keys.JOIN_LINES, _READ, _FOUND, _WHOLE):
            st.session_state.pop(key, None)
    st.session_state[_SEEN] = tuple(ids)


def _read_all(files: Sequence[Any]) -> dict[_Key, _Result]:
    """Each file as it is to be read, or why it cannot be.

    Of several files, a chosen encoding is for those whose own was a guess or could not be read, if there are any.
    """
    reader = _Reader()
    encoding = st.session_state.get(keys.ENCODING, _FIND_OUT)
    if encoding == _FIND_OUT:
        chosen = [None] * len(files)
    elif len(files) == 1:
        chosen = [encoding]
    else:
        unsure = [isinstance(found := reader.found(file, None), TextProblem) or found.guessed for file in files]
        chosen = [encoding if doubt or not any(unsure) else None for doubt in unsure]
    return reader.read(files, chosen)


class _Reader:
    """Reads files, each way once; keeps the texts in use, and of others what was found out."""

    def __init__(self) -> None:
        self._texts: dict[_Key, _Result] = st.session_state.get(_READ, {})
        self._found: dict[_Key, _Result] = st.session_state.setdefault(_FOUND, {})

    def read(self, files: Sequence[Any], encodings: Sequence[str | None]) -> dict[_Key, _Result]:
        """The files in their encodings (None: find it out), their columns and lines as chosen."""
        asked = [self._key(file, encoding) for file, encoding in zip(files, encodings, strict=True)]
        result = {key: self._document(file, key) for file, key in zip(files, asked, strict=True)}
        st.session_state[_READ] = result
        return result

    def found(self, file: Any, encoding: str | None) -> _Result:
        """What is found out about a file; the document comes without its text."""
        key = (file.file_id, Choices(encoding))
        if key not in self._found:
            self._document(file, key)
        return self._found[key]

    def _key(self, file: Any, encoding: str | None) -> _Key:
        """How a file is to be read, said only where it is not what is found out anyway."""
        found = self.found(file, encoding)
        if isinstance(found, TextProblem):
            return file.file_id, Choices(encoding)
        column = st.session_state.get(keys.COLUMN)
        other = column != found.column and column in (*found.columns, WHOLE_LINES) and found.columns
        undone = found.wrapped and not st.session_state.get(keys.JOIN_LINES, True)
        return file.file_id, Choices(encoding, column if other else None, False if undone else None)

    def _document(self, file: Any, key: _Key) -> _Result:
        result = self._texts.get(key)
        if result is None:
            try:
                with st.spinner("Reading the file…"):
                    result = read_document(file.name, file.getvalue(), key[1], resources.settings())
            except TextProblem as problem:
                result = problem
            self._texts = {**self._texts, key: result}
            self._found[key] = replace(result, text="") if isinstance(result, Document) else result
        return result


def _controls(documents: Sequence[Document]) -> None:
    """What the visitor may put right."""
    encoding, column, join = st.columns(3, vertical_alignment="bottom")
    encoding.selectbox(
        "Encoding", [_FIND_OUT, *ENCODINGS], key=keys.ENCODING,
        format_func=lambda name: ENCODINGS.get(name, "Find it out"),
        help="How bytes stand for letters. Of several files, this is for those whose encoding was a guess.",
    )  # fmt: skip
    names = list(dict.fromkeys(name for document in documents for name in document.columns))
    if names:
        options = [*names, WHOLE_LINES]
        if st.session_state.get(keys.COLUMN, WHOLE_LINES) not in options:
            del st.session_state[keys.COLUMN]
        first = next((document.column for document in documents if document.column is not None), names[0])
        column.selectbox(
            "Column", options, index=options.index(first), key=keys.COLUMN,
            format_func=lambda name: name or "None: whole lines",
        )  # fmt: skip
    if any(document.wrapped for document in documents):
        join_toggle(join)


def _whole(read: tuple[_Key, ...], documents: Sequence[Document]) -> Taken:
    """The files as one text; made once, since it may be long."""
    whole: tuple[object, Taken] | None = st.session_state.get(_WHOLE)
    if whole is None or whole[0] != read:
        texts = [document.text for document in documents]
        ended = [text if text.endswith("\n") else text + "\n" for text in texts[:-1]]
        more = f" and {len(documents) - 1:,} more" if len(documents) > 1 else ""
        whole = st.session_state[_WHOLE] = (read, taken("".join([*ended, texts[-1]]), documents[0].name + more))
    return whole[1]
