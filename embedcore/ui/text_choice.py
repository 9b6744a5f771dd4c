"""Choosing the text to train on: a sample, pasted, or from a file."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from embedcore.documents import paragraphs
from embedcore.samples import SAMPLES
from embedcore.text import TOKENIZERS, split_sentences
from embedcore.ui import keys, links, upload
from embedcore.ui.pasting import PasteArea
from embedcore.ui.upload import Taken, taken
from embedcore.ui.words import counted, duration

# The options themselves are what the URL says, so they are short and stay as they are.
SOURCES = SAMPLE, PASTE, FILE = ("Sample", "Paste", "File")
_TOKENIZERS = {
    "words": "Lower case, no punctuation: “Code” and “code,” are one",
    "whitespace": "line.split(), as in the tutorial: “Code” and “code,” are two",
    "morphemes": "Korean dictionary words: “봤어요” and “보고” are both “보다”",
}
_MORPHEMES = (
    "Kiwi finds the morphemes. Verbs and adjectives stand in their dictionary form; particles, endings and "
    "punctuation are left out; ㅋㅋㅋㅋ is ㅋㅋ; Latin letters become lower case."
)
_CHARACTERS_A_SECOND = 90_000  # that Kiwi reads
_SLOW_SECONDS = 10
_NAME_CHARACTERS = 48
_SHOWN_LINES, _SHOWN_LINE, _SHOWN_CHARACTERS = 6, 300, 20_000
_PREPARED = "prepared_text"
# Whether wrapped lines are joined was undone for another text.
_AREA = PasteArea(keys.PASTED, keys.CHANGE_TEXT, on_new=lambda: st.session_state.pop(keys.JOIN_LINES, None))


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
        keys.SOURCE: links.OneOf(SOURCES),
        keys.SAMPLE: links.OneOf(SAMPLES),
        keys.TOKENIZER: links.OneOf(TOKENIZERS),
    }


def choose() -> ChosenText | None:
    """Let the visitor choose; None until there is a text. Raises TextProblem for one that cannot be used."""
    source = choose_source("Where the text comes from", keys.SOURCE)
    if source != FILE:
        upload.forget()
    given = {PASTE: _pasted, FILE: _uploaded}.get(source, _sample)()
    if given is None:
        return None
    return ChosenText(given.text, given.digest, given.name, choose_tokenizer(len(given.text)))


def choose_source(label: str, key: str) -> str:
    """Where a text, or several, come from: one of SOURCES."""
    # Radio buttons, because the selected text of Streamlit's segmented control is the theme's
    # primary colour, and no one colour is legible both as that and behind white text in the dark.
    return str(st.radio(label, SOURCES, key=key, bind="query-params", horizontal=True, label_visibility="collapsed"))


def choose_tokenizer(characters: int) -> str:
    """How a text of so many characters is split into tokens: one of TOKENIZERS."""
    tokenizer = st.radio(
        "How it is split into tokens", list(TOKENIZERS), captions=[_TOKENIZERS[name] for name in TOKENIZERS],
        key=keys.TOKENIZER, bind="query-params", horizontal=True,
    )  # fmt: skip
    if tokenizer == "morphemes":
        seconds = characters / _CHARACTERS_A_SECOND
        first = f" A run on this text begins with about {duration(seconds)} of that." if seconds > _SLOW_SECONDS else ""
        st.caption(_MORPHEMES + first)
    return str(tokenizer)


def _sample() -> Taken:
    name = st.radio(
        "Sample", list(SAMPLES), key=keys.SAMPLE, bind="query-params", horizontal=True, label_visibility="collapsed"
    )
    sample = SAMPLES[str(name)]
    st.caption(sample.about)
    show_beginning(sample.text)
    return taken(sample.text, sample.title)


def show_beginning(text: str) -> None:
    """The first lines of a text, and about how many more there are; never the whole of a long one."""
    begin = text[:_SHOWN_CHARACTERS]
    lines = [line for line in split_sentences(begin) if line.strip()][:_SHOWN_LINES]
    with st.container(border=True):
        st.text("\n".join(line[:_SHOWN_LINE] + ("…" if len(line) > _SHOWN_LINE else "") for line in lines))
    end = len(text)
    while end and text[end - 1].isspace():
        end -= 1
    more = text.count("\n", 0, end) + 1 - len(lines)  # quick, also on many megabytes
    if more > 0 and lines:
        st.caption(f"… and {counted(more, 'more line', 'more lines')}.")


def _pasted() -> Taken | None:
    text = _AREA.ask(
        "Your text", placeholder="Paste or type here. Each line counts as one sentence.",
        help_text="A sentence is one line here: words of different lines are not taken for neighbours.",
        preview=lambda text: show_beginning(_prepared(text)[0].text),
    )  # fmt: skip
    if text is None:
        return None
    prepared, wrapped = _prepared(text)
    _say_wrapped(wrapped)
    return prepared


def _prepared(text: str) -> tuple[Taken, bool]:
    """A pasted text as it is trained on, and whether it looks hard-wrapped; worked out once a text."""
    asked = (text, upload.joins())
    if (before := st.session_state.get(_PREPARED)) is None or before[0] != asked:
        prepared, wrapped = paragraphs(text, join=asked[1])
        before = st.session_state[_PREPARED] = (asked, taken(prepared, _first_words(prepared)), wrapped)
    return before[1], before[2]


def _say_wrapped(wrapped: bool) -> None:
    if wrapped:
        done = "are kept as they are" if upload.joins() is False else "are joined into paragraphs"
        st.caption(f"The lines of this text are broken at a fixed width; they {done}.")
        upload.join_toggle()


def take(text: str) -> None:
    """Take a text as if it had been pasted, its lines as they are; for a callback."""
    st.session_state[keys.SOURCE] = PASTE
    st.session_state[keys.JOIN_LINES] = False
    _AREA.take(text)


def _uploaded() -> Taken | None:
    given = upload.choose()
    if given is not None:
        show_beginning(given.text)  # whether the letters are right is for the visitor to see
    return given


def _first_words(text: str) -> str:
    """What a pasted text is called: how it begins."""
    begin = " ".join(text[:400].split())
    return begin if len(begin) <= _NAME_CHARACTERS else begin[:_NAME_CHARACTERS].rsplit(" ", 1)[0] + "…"
