"""The inputs of a question: widgets bound to the link, or, where the answer stands alone, the link itself.

Every value that is asked for is noted, also where it is the default today, so that a link can
say all of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import streamlit as st

from embedcore.ui import keys, links

Width = int | Literal["stretch", "content"]
MOST_AMONG = 100_000_000  # words; more than any set has


class Controls:
    """Asks for one value after the other, and keeps what a link needs to ask the same again."""

    def __init__(self, *, embedded: bool) -> None:
        """`embedded`: nothing is drawn, and all values come from the link."""
        self.embedded = embedded
        self.parameters: list[tuple[str, str]] = []

    def choice(
        self, key: str, label: str, options: Sequence[str], *, default: str | None = None, help: str | None = None,
        select: bool = False, width: Width = "stretch", hidden_label: bool = False,
    ) -> str:  # fmt: skip
        """One of some options, which a link calls by their names; the first, if there is no `default`."""
        first = options[0] if default is None else default
        visibility: Literal["visible", "collapsed"] = "collapsed" if hidden_label else "visible"
        if not self._asked(key, links.OneOf(options)):
            value = self._linked(key, links.OneOf(options)) or first
        elif select:
            value = st.selectbox(
                label, options, index=options.index(first), key=key, help=help, bind="query-params",
                persist_state="page", width="stretch" if width == "content" else width, label_visibility=visibility,
            )  # fmt: skip
        else:
            value = st.radio(
                label, options, index=options.index(first), key=key, help=help, horizontal=True, bind="query-params",
                persist_state="page", width=width, label_visibility=visibility,
            )  # fmt: skip
        return self._noted(key, str(value or first))

    def text(
        self, key: str, label: str, *, default: str = "", placeholder: str = "", help: str | None = None,
        follows: bool = False, live: bool | str = False, area: bool = False, most: int = 2_000, icon: str | None = None,
    ) -> str:  # fmt: skip
        """A text of at most so many characters; `live` reports it while it is typed, `area` has many lines.

        One that `follows` gives way to another default, such as that of another set, if nobody changed it.
        """
        rule = links.Length(most)
        if follows:
            _follow(key, default)
        if not self._asked(key, rule):
            value = self._linked(key, rule)
            value = default if value is None else value
        elif area:
            value = st.text_area(
                label, default, key=key, placeholder=placeholder, help=help, max_chars=most, bind="query-params",
                persist_state="page",
            )  # fmt: skip
        else:
            value = st.text_input(
                label, default, key=key, placeholder=placeholder, help=help, max_chars=most, live=live, icon=icon,
                bind="query-params", persist_state="page", autocomplete="off",
            )  # fmt: skip
        return self._noted(key, value or "")

    def number(
        self, key: str, label: str, *, default: int | None, lowest: int, highest: int, placeholder: str | None = None,
        help: str | None = None, step: int = 1,
    ) -> int | None:  # fmt: skip
        """A whole number within bounds, or None where none was chosen and there is no default."""
        rule = links.Number(lowest, highest)
        if not self._asked(key, rule):
            linked = self._linked(key, rule)
            value = default if not linked else int(float(linked))
        else:
            value = st.number_input(
                label, lowest, highest, default, step=step, key=key, placeholder=placeholder, help=help,
                bind="query-params", persist_state="page",
            )  # fmt: skip
        self._noted(key, "" if value is None else str(value))  # nothing chosen is said, too
        return value

    def decimal(
        self, key: str, label: str, *, default: float, lowest: float, highest: float, help: str | None = None,
        step: float = 0.1,
    ) -> float:  # fmt: skip
        """A number within bounds that need not be whole."""
        rule = links.Number(lowest, highest, whole=False)
        if not self._asked(key, rule):
            linked = self._linked(key, rule)
            value = default if not linked else float(linked)
        else:
            asked = st.number_input(
                label, lowest, highest, default, step=step, key=key, help=help, bind="query-params",
                persist_state="page",
            )  # fmt: skip
            value = default if asked is None else asked
        self._noted(key, f"{value:.12g}")
        return value

    def among(self) -> int | None:
        """Among how many of the most frequent words to look; None for all of them."""
        return self.number(
            keys.AMONG, "Among the most frequent", default=None, lowest=1, highest=MOST_AMONG,
            placeholder="all words", step=1_000,
            help="Rare words are often names and slips; with 10,000 here, only the 10,000 most frequent words "
            "of the set are looked through.",
        )  # fmt: skip

    def yes(self, key: str, label: str, *, default: bool = False, help: str | None = None) -> bool:
        """Yes or no."""
        rule = links.OneOf(["true", "false"])
        if not self._asked(key, rule):
            value = (self._linked(key, rule) or str(default).lower()) == "true"
        else:
            value = st.toggle(label, default, key=key, help=help, bind="query-params", persist_state="page")
        self._noted(key, str(value).lower())
        return value

    def many(self, key: str, values: Sequence[str]) -> None:
        """Note a list of values, which a link repeats its parameter for."""
        self.parameters += [(key, value) for value in values] or [(key, "")]

    def _asked(self, key: str, rule: links.Rule) -> bool:
        """Whether a widget asks; before it does, what does not fit in the link is dropped and told."""
        if not self.embedded:
            links.mend({key: rule})
        return not self.embedded

    def _linked(self, key: str, rule: links.Rule) -> str | None:
        """What the link says, if it fits; None otherwise."""
        values = st.query_params.get_all(key)
        if not values:
            return None
        if values != [""] and (what := rule.problem(values)):
            st.warning(links.sentence(key, values, what), icon=":material/link_off:")
            return None
        return values[-1]

    def _noted(self, key: str, value: str) -> str:
        self.parameters.append((key, value))
        return value


def _follow(key: str, default: str) -> None:
    """Put the new default of a text in the place of the one before, if that still stands there."""
    before = st.session_state.get(f"{key}_before")
    if before is not None and before != default and st.session_state.get(key) == before:
        st.session_state[key] = default
    st.session_state[f"{key}_before"] = default
