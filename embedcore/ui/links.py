"""Links that somebody typed, or that another version wrote: what does not fit is said, not swallowed."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlencode

import streamlit as st
from streamlit.errors import StreamlitAPIException

from embedcore.ui.words import plain

_DROPPED, _SAID, _BEGUN = "dropped_parameters", "link_problems", "link_problems_said_above"


class Rule(Protocol):
    """What the values of one parameter may be."""

    def problem(self, values: list[str]) -> str | None:
        """What is wrong with them; None if nothing is."""


@dataclass(frozen=True)
class Number:
    """A number within bounds."""

    lowest: float
    highest: float
    whole: bool = True

    def problem(self, values: list[str]) -> str | None:
        """What is wrong, if it is no such number."""
        kind = "a whole number" if self.whole else "a number"
        try:
            number = float(values[-1])
        except ValueError:
            number = math.nan
        fits = self.lowest <= number <= self.highest and not (self.whole and number != int(number))
        return None if fits else f"{kind} from {self.lowest:,.12g} to {self.highest:,.12g}"


@dataclass(frozen=True)
class OneOf:
    """One of some words."""

    options: Collection[str]

    def problem(self, values: list[str]) -> str | None:
        """What is wrong, if it is none of them."""
        return None if values[-1] in self.options else f"one of {', '.join(self.options)}"


@dataclass(frozen=True)
class AtMost:
    """A list that may not be too long."""

    count: int

    def problem(self, values: list[str]) -> str | None:
        """What is wrong, if it is."""
        return None if len(values) <= self.count else f"at most {self.count}; the first are shown"


@dataclass(frozen=True)
class Length:
    """A text that may not be too long."""

    most: int

    def problem(self, values: list[str]) -> str | None:
        """What is wrong, if it is."""
        return None if len(values[-1]) <= self.most else f"a text of at most {self.most:,} characters"


def hold(name: str, value: str) -> None:
    """Have the browser's address say what the page was asked to show.

    Streamlit follows a link from a page to the same page with other parameters, but leaves the
    address as it was, until a script sets a parameter, even to what it is. An address that
    says so already stays as it is.
    """
    st.query_params[name] = value


def put(name: str, value: str | list[str]) -> None:
    """Have the input of that name, and the link, say something from the next run of the page on; for callbacks."""
    st.session_state[name] = value
    # An input that is drawn for the first time does not write what it begins with; one that is there refuses this.
    with suppress(StreamlitAPIException):
        st.query_params[name] = value


def sentence(name: str, values: list[str], what: str) -> str:
    """What is told of values that break their rule, as Markdown."""
    said = values[-1] if len(values) == 1 else f"{len(values)} values"
    return f"This link says {plain(name)}={plain(said, 60)}, but it should be {plain(what, 300)}."


def begin() -> None:
    """Say what was dropped from the link so far; for the head of a page that mends its link a part at a time."""
    st.session_state[_BEGUN] = st.session_state.pop(_SAID, [])
    _say(st.session_state[_BEGUN])


def tell(problem: str) -> None:
    """Say what is wrong with the link besides; it stays in sight where `mend` has the page begin anew."""
    told = st.session_state.get(_BEGUN)
    if told is not None and problem in told:
        return
    _say([problem])
    if told is not None:
        told.append(problem)


def whole(page: str, parameters: Sequence[tuple[str, str | Sequence[str]]]) -> str:
    """A link with these parameters to the page that is shown, which may stand anywhere; `page` is its path."""
    address = (st.context.url or page).partition("?")[0].partition("#")[0]
    return f"{address}?{urlencode(parameters, doseq=True)}"


def mend(rules: Mapping[str, Rule]) -> None:
    """Drop parameters of the link that break their rule, and say so; call it before their widgets are drawn."""
    problems, dropped = [], []
    for name, rule in rules.items():
        values = st.query_params.get_all(name)
        if not values or values == [""] or not (what := rule.problem(values)):
            continue
        problems.append(sentence(name, values, what))
        if not isinstance(rule, AtMost):  # of a long list the widget takes the first ones
            dropped.append(name)
    if dropped and st.session_state.get(_DROPPED) != dropped:
        try:
            for name in dropped:
                del st.query_params[name]
        except StreamlitAPIException:  # an input that is on the page says so: what was typed there is told beside it
            return
        st.session_state[_DROPPED] = dropped
        st.session_state[_SAID] = [*st.session_state.get(_BEGUN, []), *problems]
        st.rerun()  # Streamlit gives widgets what the link said when this run of the script began
    st.session_state.pop(_DROPPED, None)
    _say(st.session_state.pop(_SAID, problems))


def _say(problems: Iterable[str]) -> None:
    for problem in problems:
        st.warning(problem, icon=":material/link_off:")
