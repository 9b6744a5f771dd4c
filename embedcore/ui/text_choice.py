"""Choosing the text to train on: a sample, pasted, or from a file."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import streamlit as st

from embedcore.errors import TextProblem
from embedcore.samples import SAMPLES
from embedcore.text import TOKENIZERS, split_sentences
from embedcore.ui import keys, links, resources
from embedcore.ui.words import counted

# The options themselves are what the URL says, so they are short and stay as they are.
_SAMPLE, _PASTE, _FILE = "Sample", "Paste", "File"
_TOKENIZERS = {
    "words": "Lower case, no punctuation: “Code” and “code,” are one",
    "whitespace": "line.split(), as in the tutorial: “Code” and “code,” are two",
}
_NAME_CHARACTERS = 48
_SHOWN_LINES, _SHOWN_LINE, _SHOWN_CHARACTERS = 6, 300, 20_000
_LONG_CHARACTERS = 20_000
_ASIDE = "long_text"
_REFUSED = "refused_characters"
_READ = "read_upload"


@dataclass(frozen=True)
class ChosenText:
    """A text, a short stand-in for it in caches, its name, and how it is split."""

    text: str
    digest: str
    name: str
    tokenizer: str


def rules() -> dict[str, links.Rule]:
    """What a link may say about the text."""
    return {
        keys.SOURCE: links.OneOf((_SAMPLE, _PASTE, _FILE)),
        keys.SAMPLE: links.OneOf(SAMPLES),
        keys.TOKENIZER: links.OneOf(TOKENIZERS),
    }


def choose() -> ChosenText | None:
    """Let the visitor choose; None until there is a text. Raises TextProblem for one that cannot be used."""
    # Radio buttons, because the selected text of Streamlit's segmented control is the theme's
    # primary colour, and no one colour is legible both as that and behind white text in the dark.
    source = st.radio(
        "Where the text comes from", [_SAMPLE, _PASTE, _FILE], key=keys.SOURCE, bind="query-params", horizontal=True,
        label_visibility="collapsed",
    )  # fmt: skip
    text, name = {_PASTE: _pasted, _FILE: _uploaded}.get(str(source), _sample)()
    if not text:
        return None
    tokenizer = st.radio(
        "How it is split into tokens", list(TOKENIZERS), captions=[_TOKENIZERS[name] for name in TOKENIZERS],
        key=keys.TOKENIZER, bind="query-params", horizontal=True,
    )  # fmt: skip
    digest = hashlib.blake2b(text.encode("utf-8", errors="replace"), digest_size=16).hexdigest()
    return ChosenText(text, digest, name, str(tokenizer))


def _sample() -> tuple[str, str]:
    name = st.radio(
        "Sample", list(SAMPLES), key=keys.SAMPLE, bind="query-params", horizontal=True, label_visibility="collapsed"
    )
    sample = SAMPLES[str(name)]
    st.caption(sample.about)
    show_beginning(sample.text)
    return sample.text, sample.title


def show_beginning(text: str) -> None:
    """The first lines of a text, and about how many more there are; never the whole of a long one."""
    begin = text[:_SHOWN_CHARACTERS]
    lines = [line for line in split_sentences(begin) if line.strip()][:_SHOWN_LINES]
    with st.container(border=True):
        st.text("\n".join(line[:_SHOWN_LINE] + ("…" if len(line) > _SHOWN_LINE else "") for line in lines))
    more = text.rstrip().count("\n") + 1 - len(lines)  # quick, also on many megabytes
    if more > 0 and lines:
        st.caption(f"… and {counted(more, 'more line', 'more lines')}.")


def _pasted() -> tuple[str, str]:
    aside = st.session_state.get(_ASIDE)
    if aside is not None:
        show_beginning(aside)
        st.button("Change the text", icon=":material/edit:", key=keys.CHANGE_TEXT, on_click=_take_back)
        return aside, _first_words(aside)
    text = st.text_area(
        "Your text", key=keys.PASTED, height=220, persist_state="session", on_change=_put_aside,
        placeholder="Paste or type here. Each line counts as one sentence.",
        help="A sentence is one line here: words of different lines are not taken for neighbours.",
    )  # fmt: skip
    text = text or ""
    if refused := st.session_state.pop(_REFUSED, 0):
        raise TextProblem(
            f"This text has {counted(refused, 'character')}; at most {resources.settings().max_pasted_characters:,} "
            "can be pasted. Save it as a .txt file and choose “File” above."
        )
    if not text.strip():
        st.caption("There is no text yet.")
        return "", ""
    return text, _first_words(text)


def _put_aside() -> None:
    """Take a long text out of the text area: left there, the browser would send it back with every click."""
    text = st.session_state[keys.PASTED] or ""
    if len(text) > resources.settings().max_pasted_characters:
        st.session_state[_REFUSED] = len(text)
        st.session_state[keys.PASTED] = ""
    elif len(text) > _LONG_CHARACTERS:
        st.session_state[_ASIDE] = text
        st.session_state[keys.PASTED] = ""


def take(text: str) -> None:
    """Take a text as if it had been pasted; for a callback."""
    st.session_state[keys.SOURCE] = _PASTE
    st.session_state.pop(_ASIDE, None)
    if len(text) > _LONG_CHARACTERS:
        st.session_state[_ASIDE], st.session_state[keys.PASTED] = text, ""
    else:
        st.session_state[keys.PASTED] = text


def _take_back() -> None:
    st.session_state[keys.PASTED] = st.session_state.pop(_ASIDE)


def _uploaded() -> tuple[str, str]:
    settings = resources.settings()
    file = st.file_uploader(
        "A .txt file in UTF-8", type=["txt"], key=keys.UPLOAD, max_upload_size=settings.max_upload_megabytes
    )
    if file is None:
        return "", ""
    read = st.session_state.get(_READ)
    if read is None or read[0] != file.file_id:  # once a file, not once a click
        read = st.session_state[_READ] = (file.file_id, _decoded(file.name, file.getvalue()))
    return read[1], file.name


def _decoded(name: str, raw: bytes) -> str:
    """The text of a file. Raises TextProblem if it is none, or empty."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TextProblem(
            f"“{name}” is not UTF-8 text: byte {error.start:,} cannot be read. Save it as UTF-8 and try again."
        ) from None
    if "\0" in text:
        raise TextProblem(f"“{name}” is not UTF-8 text: it holds zero bytes. Save it as UTF-8 and try again.")
    if not text or text.isspace():
        raise TextProblem(f"“{name}” holds no text.")
    return text


def _first_words(text: str) -> str:
    """What a pasted text is called: how it begins."""
    begin = " ".join(text[:400].split())
    return begin if len(begin) <= _NAME_CHARACTERS else begin[:_NAME_CHARACTERS].rsplit(" ", 1)[0] + "…"
