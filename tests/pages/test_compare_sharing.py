"""What the Compare page gives to take away: links, frames, lines of Python; and its answers standing alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from embedcore.library import save_vectors
from embedcore.settings import Settings
from embedcore.ui import keys
from embedcore.ui.asking import words
from embedcore.ui.asking.controls import Controls
from embedcore.ui.compare.page import VIEWS
from embedcore.vectors import WordVectors

from ..test_snippets import run
from .conftest import texts

OpenPage = Callable[..., AppTest]

INPUTS = ("radio", "selectbox", "multiselect", "text_input", "text_area", "number_input", "toggle", "button", "popover")
# For each question what a link says besides the set and the question, as it stands when nobody has chosen anything.
SAID = {
    "Similarity": {keys.WORDS, keys.ORDER, keys.PAIRS},
    "Texts": {keys.TEXT, keys.OTHER_TEXT, keys.SPLIT},
    "Neighbours": {keys.WORDS, keys.TOP, keys.AMONG, keys.ONLY},
    "Arithmetic": {keys.EXPRESSION, keys.METHOD, keys.TOP, keys.AMONG},
    "Odd one out": {keys.WORDS},
    "Axes": {keys.WORDS, keys.AXIS, keys.OTHER_AXIS},
    "Word": {keys.WORD},
    "Two sets": {keys.OTHER_SET, keys.OVER, keys.TOP, keys.NEAR, keys.SORT},
}


@pytest.fixture
def small(home: Settings, glove: WordVectors) -> Settings:
    """A home with a small set, some of whose vectors are those of GloVe turned round."""
    part = glove.matrix[:3_000].copy()
    part[::3, ::2] *= -1
    save_vectors("small", WordVectors(glove.tokens[:3_000], part), source="a test", settings=home)
    return home


@pytest.fixture
def framed(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From the call on, pages are opened with `embed=true`, which AppTest does not hear of."""
    return lambda: monkeypatch.setattr(type(st.context), "is_embedded", True)


def asked(ask: str) -> dict[str, Any]:
    """A link that says only what question it is."""
    return {keys.ASK: ask, **({keys.OTHER_SET: "small"} if ask == "Two sets" else {})}


def link(at: AppTest) -> dict[str, list[str]]:
    """The parameters of the link to copy."""
    (text,) = [code.value for code in at.code if code.value.startswith("/compare?")]
    return parse_qs(urlsplit(text).query, keep_blank_values=True)


def lines(at: AppTest) -> list[str]:
    """The lines of Python to copy: those with the package, those with PyTorch."""
    return [code.value for code in at.code if "open_vectors(" in code.value or "torch.load(" in code.value]


def answer(at: AppTest, columns: list[list[str]]) -> list[Any]:
    """The pictures, tables and numbers of a page; of each table its `columns`."""
    charts = [chart.proto.spec for chart in at.get("echarts_chart")]
    tables = [table.value[its].to_csv() for table, its in zip(at.dataframe, columns, strict=True)]
    return [charts, tables, [metric.value for metric in at.metric]]


def have_other_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on, every input begins with another value than before."""
    choice, text, number = Controls.choice, Controls.text, Controls.number

    def last(self: Controls, key: str, label: str, options: Any, *, default: Any = None, **details: Any) -> str:
        other = options[0] if default == options[-1] else options[-1]
        return choice(self, key, label, options, default=other, **details)

    def unlike(self: Controls, key: str, label: str, *, default: str = "", **details: Any) -> str:
        return text(self, key, label, default="of - the" if default != "of - the" else "in - to", **details)

    def lower(self: Controls, key: str, label: str, *, default: int | None, lowest: int, **details: Any) -> int | None:
        # A number that may be left out begins with none: Streamlit cannot empty one that has a default.
        return number(self, key, label, default=None if default is None else lowest, lowest=lowest, **details)

    for name, method in (("choice", last), ("text", unlike), ("number", lower)):
        monkeypatch.setattr(Controls, name, method)
    monkeypatch.setattr(words, "_FIRST_WORDS", ["of", "and", "the", "in", "to"])


def test_every_question_is_asked_of_here() -> None:
    assert set(SAID) == set(VIEWS)


@pytest.mark.parametrize("ask", SAID)
def test_a_question_is_a_link_a_frame_and_lines_of_python(
    ask: str, open_page: OpenPage, small: Settings, framed: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    at = open_page("compare", **asked(ask))
    said = link(at)
    assert set(said) >= {keys.VECTORS, keys.ASK} | SAID[ask]  # also what nobody chose
    assert said[keys.VECTORS] == ["glove.6B.50d"]
    with_package, with_torch = lines(at)
    assert run(with_package)["printed"]
    compile(with_torch, "lines", "exec")

    have_other_defaults(monkeypatch)
    opened = open_page("compare", **said)
    framed()
    alone = open_page("compare", **said)
    columns = [list(table.value.columns) for table in alone.dataframe]  # there, nothing can be opened from a table
    shown = answer(at, columns)
    assert any(shown)
    assert answer(opened, columns) == shown
    assert answer(alone, columns) == shown
    assert {kind: len(alone.get(kind)) for kind in INPUTS if alone.get(kind)} == {}
    assert not alone.title
    assert not lines(alone)
    (signed,) = re.findall(r"glove\\\.6B\\\.50d \(400,000 words, 50 dimensions\).*\[Open in the dashboard\]\((.*)\)",
                           texts(alone))  # fmt: skip
    assert parse_qs(urlsplit(signed).query, keep_blank_values=True) == said


def test_the_frame_is_html_that_leads_to_the_answer_alone(open_page: OpenPage) -> None:
    typed = ['"><script>alert(1)</script>', "a&b=c", "king", "한국어"]
    at = open_page("compare", ask="Similarity", words=typed)
    (code,) = [code.value for code in at.code if code.value.startswith("<iframe")]
    found: list[tuple[str, dict[str, str | None]]] = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attrs: found.append((tag, dict(attrs)))  # type: ignore[method-assign]
    parser.feed(code)
    ((tag, attributes),) = found
    assert (tag, attributes["width"]) == ("iframe", "700")
    assert 300 <= int(attributes["height"] or 0) <= 1_600
    source = parse_qs(urlsplit(attributes["src"] or "").query)
    assert source == {**link(at), "embed": ["true"]}
    assert source[keys.WORDS] == typed


def test_without_an_answer_the_way_to_the_dashboard_stays(open_page: OpenPage, framed: Callable[[], None]) -> None:
    framed()
    for parameters in ({"words": [""]}, {"ask": "Word", "word": "zzqqxx"}, {"ask": "nonsense"}, {"vectors": "gone"},
                       {"ask": "Arithmetic", "expression": "king - - ("}, {"ask": "Two sets"}):  # fmt: skip
        at = open_page("compare", **parameters)
        assert "Open in the dashboard" in texts(at), parameters


def test_lines_are_there_only_where_there_is_something_to_ask(open_page: OpenPage) -> None:
    assert lines(open_page("compare", words=["zzqqxx"])) == []
    assert len(lines(open_page("compare", words=["king"]))) == 2
