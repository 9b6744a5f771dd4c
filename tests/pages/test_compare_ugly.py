"""Whatever is typed into any question of the Compare page is shown as typed, and breaks nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from embedcore.library import save_vectors
from embedcore.questions.expressions import quoted
from embedcore.settings import Settings
from embedcore.ui import keys
from embedcore.ui.compare.page import VIEWS
from embedcore.vectors import WordVectors

from .conftest import by_key

OpenPage = Callable[..., AppTest]

LONG = "x" * 10_000
UGLY = {
    "Markdown": "**UGLY**[here](http://ugly.example)![pic](x.png)`code`~~out~~",
    "a heading": "# UGLY",
    "a list": "- UGLY",
    "a table": "|UGLY|b|",
    "HTML": "<b>UGLY</b><img src=x onerror=alert(1)>",
    "a script": "<script>window.UGLY=1</script>",
    "LaTeX": "$\\frac{UGLY}{2}$",
    "a directive": ":red[UGLY] :material/home: :smile:",
    "an address": "https://ugly.example/UGLY?a=b&c=d",
    "emoji": "👩‍👩‍👧🇰🇷🏽",
    "right to left": "שלום \u202eעולם",
    "decomposed Korean": "\u1112\u1161\u11ab국 사람",
    "white space": "\u00a0a\u2028b\tc\u00a0",
    "a control character": "a\x00\x07b",
    "a formatter's place": "{b} {@1} %s {0}",
    "a formula of a spreadsheet": "=1+1",
    "quotation marks": "\"'“”«`",
    "no space": LONG,
}
# What of these Streamlit would make something else of, unless a backslash keeps it from that.
ALIVE = re.compile(
    r"(?<!\\)(\*\*UGLY|\[here\]|`code`|<b>UGLY|<img|<script|\$\\+frac|:red\[|:material/home|:smile:|\|UGLY)"
    r"|^# UGLY|^- UGLY",
    re.MULTILINE,
)
MARKDOWN = ("title", "header", "subheader", "markdown", "caption", "warning", "error", "success", "info")
LABELLED = ("button", "expander", "radio", "selectbox", "text_input", "metric", "tab")


def written(at: AppTest) -> Iterator[str]:
    """All that the page hands to Streamlit's Markdown."""
    for kind in MARKDOWN:
        yield from (str(element.value) for element in getattr(at, kind))
    for kind in LABELLED:
        for element in at.get(kind):
            yield str(getattr(element, "label", ""))
            yield str(getattr(element.proto, "help", ""))


def ask(at: AppTest, view: str) -> None:
    """Choose a question, and check that its answer is whole and says nothing but text."""
    by_key(at, "radio", keys.ASK).set_value(view).run()
    assert not at.exception, f"{view}: {at.exception}"
    assert not [error.value for error in at.error if "went wrong" in error.value], view
    for text in written(at):
        assert not (alive := ALIVE.search(text)), f"{view}: {alive[0]} in {text}"
    assert not at.get("html")
    assert not [element for element in at.markdown if element.proto.allow_html]


def everywhere(typed: str, written: Callable[[str], str] = str) -> dict[str, str]:
    """A link's parameters with a text in each place that takes one; `written` is how arithmetic has it."""
    return {
        keys.TEXT: typed, keys.OTHER_TEXT: f"king {typed}", keys.EXPRESSION: f"king - man + {written(typed)}",
        keys.WORD: typed, keys.AXIS: f"{written(typed)} - she", keys.OTHER_AXIS: f"{written(typed)} - man",
        keys.ONLY: f"king, {typed}",
    }  # fmt: skip


@pytest.fixture
def ugly_set(home: Settings) -> WordVectors:
    """A set, in the library as "ugly", that has all those words, and so shows them wherever words stand."""
    words = [*(word for word in UGLY.values() if word != LONG), LONG, "king", "she", "man"]
    matrix = np.random.default_rng(6).normal(size=(len(words), 4)).astype(np.float32)
    vectors = WordVectors(words, matrix)
    save_vectors("ugly", vectors, source="a test", settings=home)
    return vectors


@pytest.mark.parametrize("name", ["Markdown", "a script", "right to left", "no space"])
def test_what_no_set_has_is_shown_as_typed_in_every_question(open_page: OpenPage, name: str) -> None:
    at = open_page("compare", words=["king", UGLY[name], "queen"], **everywhere(UGLY[name][:2_000]))
    for view in VIEWS:
        ask(at, view)


def test_a_set_of_nothing_but_such_words_answers_every_question(open_page: OpenPage, ugly_set: WordVectors) -> None:
    parameters = everywhere(UGLY["a script"], quoted)
    at = open_page("compare", vectors="ugly", words=list(UGLY.values()), **parameters)
    for view in VIEWS:
        ask(at, view)
        assert not at.error, view
        if view not in ("Texts", "Two sets"):  # a text is cut into words, and there is one set
            assert at.get("echarts_chart") or at.dataframe, view
            assert not at.warning, view
    for name in ("Markdown", "HTML", "a directive", "white space", "quotation marks"):
        by_key(at, "radio", keys.ASK).set_value("Word").run()
        by_key(at, "text_input", keys.WORD).set_value(UGLY[name])
        ask(at, "Word")
        assert at.get("echarts_chart"), name


def test_two_sets_of_such_words(open_page: OpenPage, ugly_set: WordVectors) -> None:
    parameters = everywhere(UGLY["HTML"], quoted)
    at = open_page("compare", vectors="glove.6B.50d", other="ugly", words=["king", *UGLY.values()], **parameters)
    for view in VIEWS:
        ask(at, view)
        assert not at.error, view


@pytest.mark.parametrize("words", [[*UGLY.values()], ["king"], ["king", "KING", " king "], [""]])
def test_only_unknown_words_one_word_or_none_are_no_error(open_page: OpenPage, words: list[str]) -> None:
    at = open_page("compare", words=words, **everywhere(""))
    for view in VIEWS:
        ask(at, view)
        assert not at.error, view


def test_500_words_are_answered_without_500_widgets(open_page: OpenPage, glove: WordVectors) -> None:
    words = glove.tokens[:250] + [f"{word}zz" for word in glove.tokens[1_000:1_250]]
    at = open_page("compare", words=words)
    assert by_key(at, "multiselect", keys.WORDS).value == words
    for view in VIEWS:
        ask(at, view)
        assert not at.error, view
        assert sum(len(at.get(kind)) for kind in LABELLED) < 150, view
        assert len(at.dataframe) <= 24, view
        assert len(at.warning) + len(at.info) < 20, view


def test_more_words_than_that_are_cut_and_told(open_page: OpenPage, glove: WordVectors) -> None:
    at = open_page("compare", words=glove.tokens[:501])
    assert len(by_key(at, "multiselect", keys.WORDS).value) == 500
    assert "at most 500; the first are shown" in at.warning[0].value


def test_a_text_that_is_too_long_for_its_box_is_told(open_page: OpenPage) -> None:
    at = open_page("compare", ask="Arithmetic", expression=LONG)
    assert "a text of at most" in at.warning[0].value
    assert LONG not in "".join(written(at))
