"""A text that is pasted: the area for it, and where a long one is kept while it is used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from embedcore.errors import TextProblem
from embedcore.ui import resources
from embedcore.ui.words import counted

_LONG_CHARACTERS = 20_000


@dataclass(frozen=True)
class PasteArea:
    """One text area.

    Attributes:
        key: of the area.
        change: the key of the button that brings a long text back into it.
        on_new: what is to be forgotten when another text comes.
    """

    key: str
    change: str
    on_new: Callable[[], object] = lambda: None

    def ask(self, label: str, *, placeholder: str, help_text: str, preview: Callable[[str], None]) -> str | None:
        """The text; None until there is one. A long one is not in the area, so `preview` draws how it begins.

        Raises TextProblem for one that is too long.
        """
        aside: str | None = st.session_state.get(self._aside)
        if aside is not None:
            preview(aside)
            st.button("Change the text", icon=":material/edit:", key=self.change, on_click=self._take_back)
            return aside
        text = st.text_area(
            label, key=self.key, height=220, persist_state="session", on_change=self._put_aside,
            placeholder=placeholder, help=help_text,
        )  # fmt: skip
        if refused := st.session_state.pop(self._refused, 0):
            raise TextProblem(
                f"This text has {counted(refused, 'character')}; at most "
                f"{resources.settings().max_pasted_characters:,} can be pasted. Save it as a .txt file and choose "
                "“File” above."
            )
        if not (text or "").strip():
            st.caption("There is no text yet.")
            return None
        return str(text)

    def take(self, text: str) -> None:
        """Take a text as if it had been pasted; for a callback."""
        long = len(text) > _LONG_CHARACTERS
        st.session_state.pop(self._aside, None)
        if long:
            st.session_state[self._aside] = text
        st.session_state[self.key] = "" if long else text

    @property
    def _aside(self) -> str:
        return f"{self.key}_aside"

    @property
    def _refused(self) -> str:
        return f"{self.key}_refused"

    def _put_aside(self) -> None:
        """Take a long text out of the text area: left there, the browser would send it back with every click."""
        text = st.session_state[self.key] or ""
        self.on_new()
        if len(text) > resources.settings().max_pasted_characters:
            st.session_state[self._refused] = len(text)
            st.session_state[self.key] = ""
        elif len(text) > _LONG_CHARACTERS:
            self.take(text)

    def _take_back(self) -> None:
        st.session_state[self.key] = st.session_state.pop(self._aside)
