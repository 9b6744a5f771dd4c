"""Completion on the page: words of a set, as buttons, for what somebody is typing.

Which words are proposed is decided in `embedcore.questions.completion`, on the server; the browser gets only these.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from embedcore.questions import completion
from embedcore.ui.asking.sets import ChosenSet
from embedcore.ui.words import ordinal, plain

_PROPOSED = 8
_HELP = "The number is the place of the word among all by how frequent it is."


def suggest(chosen: ChosenSet, prefix: str, limit: int = _PROPOSED) -> list[str]:
    """At most `limit` words of a set that may be meant by the beginning of one, the likeliest first."""
    return completion.suggest(chosen.vectors, prefix, limit)


def offer(
    chosen: ChosenSet, key: str, text: str, *, whole: bool = False, quote: Callable[[str], str] = str
) -> None:  # fmt: skip
    """Buttons that complete the last word of `text`, which the text input `key` holds; call it below the input.

    `whole` takes the whole text as one word; `quote` writes a word as the text needs it. Once the
    word is complete, words that are rarer than it or only spelt alike are left out, so that no
    button stays below a question that is ready.
    """
    typed = text if whole else completion.typing(text).word
    if not typed.strip():
        return
    found = chosen.vectors.find(typed)
    words = suggest(chosen, typed)
    if found is not None:
        row, begun = chosen.vectors.row(found), found.casefold()
        words = [word for word in words if chosen.vectors.row(word) < row and word.casefold().startswith(begun)]
    labels = [label(chosen, word) for word in words]
    texts = [word if whole else completion.completed(text, word, quote) for word in words]
    buttons(labels, keyed=f"{key}_complete", on_click=_write, arguments=[(key, each) for each in texts])


def label(chosen: ChosenSet, word: str) -> str:
    """A word of a set and how frequent it is, as the Markdown of a button: `king · 692nd`."""
    return f"{plain(word, 40)} · {ordinal(chosen.vectors.row(word) + 1)}"


def buttons(
    labels: Sequence[str],
    *,
    keyed: str,
    on_click: Callable[..., None],
    arguments: Sequence[tuple[Any, ...]],
    off: Sequence[bool] = (),
) -> None:
    """A row of buttons with words, as `label` writes them; each calls `on_click` with its arguments.

    Those that are `off` cannot be pressed.
    """
    if not labels:
        return
    with st.container(horizontal=True, gap="small", width="content"):
        for number, (shown, own) in enumerate(zip(labels, arguments, strict=True)):
            # The arguments are part of the key, so that a button pressed late never does what another one does.
            st.button(
                shown, key=f"{keyed}_{'_'.join(map(str, own))}", on_click=on_click, args=own,
                disabled=bool(off) and off[number], help=_HELP,
            )  # fmt: skip


def _write(key: str, text: str) -> None:
    st.session_state[key] = text
