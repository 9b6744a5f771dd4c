"""What is worked out once for a visitor's choice."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from embedcore.errors import BadSetting, TextProblem
from embedcore.ui.once import forget, once

module = sys.modules[once.__module__]


class Made:
    """Counts how often something is made; raises what it is given to raise."""

    def __init__(self, error: Exception | None = None) -> None:
        self.times = 0
        self._error = error

    def __call__(self) -> str:
        self.times += 1
        if self._error is not None:
            raise self._error
        return f"made {self.times}"


@pytest.fixture(autouse=True)
def session(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The session of one visitor."""
    state: dict[str, Any] = {}
    monkeypatch.setattr(module, "st", SimpleNamespace(session_state=state))
    return state


def test_the_same_question_is_answered_once() -> None:
    made = Made()
    assert [once("a", ("text", 1), made) for _ in range(3)] == ["made 1"] * 3
    assert made.times == 1


def test_another_question_is_answered_anew_and_takes_the_place_of_the_first() -> None:
    made = Made()
    assert once("a", 1, made) == "made 1"
    assert once("a", 2, made) == "made 2"
    assert once("a", 2, made) == "made 2"
    assert once("a", 1, made) == "made 3"  # only the latest is kept


def test_each_slot_has_its_own_answer(session: dict[str, Any]) -> None:
    first, second = Made(), Made()
    once("a", 1, first)
    assert once("b", 1, second) == "made 1"
    once("a", 1, first)
    assert (first.times, second.times) == (1, 1)
    assert {*session} == {"a", "b"}


def test_nothing_is_an_answer_too() -> None:
    times: list[int] = []
    for _ in range(3):
        assert once("a", 1, lambda: times.append(1)) is None
    assert len(times) == 1


@pytest.mark.parametrize("error", [TextProblem("It is empty."), BadSetting("It is 0.")])
def test_a_problem_is_raised_again_without_trying_again(error: Exception) -> None:
    made = Made(error)
    for _ in range(3):
        with pytest.raises(type(error)) as raised:
            once("a", 1, made)
        assert str(raised.value) == str(error)
    assert made.times == 1
    assert once("a", 2, Made()) == "made 1"  # and another question is asked all the same
    with pytest.raises(type(error)):
        once("a", 1, made)
    assert made.times == 2


def test_a_kept_problem_holds_nothing_of_where_it_was_raised(session: dict[str, Any]) -> None:
    with pytest.raises(TextProblem):
        once("a", 1, Made(TextProblem("No.")))
    lengths = []
    for _ in range(3):
        with pytest.raises(TextProblem) as raised:
            once("a", 1, Made())
        lengths.append(len(raised.traceback))
    assert lengths[0] == lengths[-1], "the kept error grows with each time it is raised"


def test_what_nobody_foresaw_is_not_kept(session: dict[str, Any]) -> None:
    made = Made(ZeroDivisionError())
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            once("a", 1, made)
    assert made.times == 2
    assert session == {}


def test_what_is_forgotten_is_made_anew(session: dict[str, Any]) -> None:
    made = Made()
    once("a", 1, made)
    once("b", 1, made)
    forget("a", "never there")
    assert {*session} == {"b"}
    assert once("a", 1, made) == "made 3"
    assert once("b", 1, made) == "made 2"


def test_visitors_do_not_share_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import streamlit

    monkeypatch.setattr(module, "st", streamlit)

    def page() -> None:
        import streamlit as st

        from embedcore.ui.once import once

        st.text(once("mine", 1, lambda: st.session_state["who"]))

    shown = []
    for who in ("one", "two"):
        at = AppTest.from_function(page)
        at.session_state["who"] = who
        at.run()
        at.session_state["who"] = "somebody else"
        at.run()
        shown.append(at.text[0].value)
    assert shown == ["one", "two"]
