"""Choosing the text to train on: a sample, pasted, or from a file."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import streamlit as st

from embedcore.errors import TextProblem
from embedcore.samples import SAMPLES
from embedcore.text import TOKENIZERS, split_sentences
from embedcore.ui import keys, resources
from embedcore.ui.words import counted

# The options themselves are what the URL says, so they are short and stay as they are.
_SAMPLE, _PASTE, _FILE = "Sample", "Paste", "File"
_TOKENIZERS = {
    "words": "Lower case and without punctuation, so that “Code” and “code,” are one word.",
    "whitespace": "Exactly `line.split()`, as in the tutorial: case and punctuation stay part of a token.",
}
_NAME_CHARACTERS = 48


@dataclass(frozen=True)
class ChosenText:
    """A text, a short stand-in for it in caches, its name, and how it is split."""

    text: str
    digest: str
    name: str
    tokenizer: str


def choose() -> ChosenText | None:
    """Let the visitor choose; None until there is a text. Raises TextProblem for one that cannot be used."""
    source = st.segmented_control(
        "Where the text comes from", [_SAMPLE, _PASTE, _FILE], default=_SAMPLE, required=True,
        key=keys.SOURCE, bind="query-params", label_visibility="collapsed",
    )  # fmt: skip
    text, name = {_PASTE: _pasted, _FILE: _uploaded}.get(str(source), _sample)()
    if not text:
        return None
    tokenizer = st.segmented_control(
        "How it is split into tokens", list(TOKENIZERS), default="words", required=True, key=keys.TOKENIZER,
        bind="query-params",
    )  # fmt: skip
    st.caption(_TOKENIZERS[str(tokenizer)])
    digest = hashlib.blake2b(text.encode("utf-8", errors="replace"), digest_size=16).hexdigest()
    return ChosenText(text, digest, name, str(tokenizer))


def _sample() -> tuple[str, str]:
    name = st.pills(
        "Sample", list(SAMPLES), default="Tutorial", required=True, key=keys.SAMPLE, bind="query-params",
        label_visibility="collapsed",
    )  # fmt: skip
    sample = SAMPLES[str(name)]
    st.caption(sample.about)
    lines = split_sentences(sample.text.rstrip("\n"))
    with st.container(border=True, height="content" if len(lines) < 6 else 150):
        st.text("\n".join(lines))
    return sample.text, sample.title


def _pasted() -> tuple[str, str]:
    text = st.text_area(
        "Your text", key=keys.PASTED, height=220, persist_state="session",
        placeholder="Paste or type here. Each line counts as one sentence.",
        help="A sentence is one line here: words of different lines are not taken for neighbours.",
    )  # fmt: skip
    text = text or ""
    most = resources.settings().max_pasted_characters
    if len(text) > most:
        raise TextProblem(
            f"This text has {counted(len(text), 'character')}; at most {most:,} can be pasted. "
            "Save it as a .txt file and choose “File” above."
        )
    if not text.strip():
        st.caption("There is no text yet.")
        return "", ""
    return text, _first_words(text)


def _uploaded() -> tuple[str, str]:
    settings = resources.settings()
    file = st.file_uploader(
        "A .txt file in UTF-8", type=["txt"], key=keys.UPLOAD, max_upload_size=settings.max_upload_megabytes
    )
    if file is None:
        return "", ""
    raw = file.getvalue()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TextProblem(
            f"“{file.name}” is not UTF-8 text: byte {error.start:,} cannot be read. Save it as UTF-8 and try again."
        ) from None
    if not text.strip():
        raise TextProblem(f"“{file.name}” holds no text.")
    return text, file.name


def _first_words(text: str) -> str:
    """What a pasted text is called: how it begins."""
    begin = " ".join(text[:400].split())
    return begin if len(begin) <= _NAME_CHARACTERS else begin[:_NAME_CHARACTERS].rsplit(" ", 1)[0] + "…"
