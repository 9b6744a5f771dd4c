"""The Home page."""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import parse_qs

from streamlit.testing.v1 import AppTest

from embedcore.runs import Run, RunFolder
from embedcore.settings import Settings
from embedcore.ui import keys

from .conftest import by_key, texts


def links(at: AppTest) -> list[str]:
    return [link.proto.label for link in at.get("page_link")]


def test_a_fresh_install_has_its_doors_and_glove(open_page: Callable[..., AppTest]) -> None:
    at = open_page("home")
    assert links(at) == [
        "Train on a text", "Compare words", "king − man + woman", "Which one is odd?", "See a whole set on a map",
        "Do I need pre-trained vectors?", r"glove\.6B\.50d", "Map", "The library: get, import and export sets",
    ]  # fmt: skip
    assert "None yet" in texts(at)
    assert "400,000 words" in texts(at)


def test_the_questions_to_begin_with_are_answered(open_page: Callable[..., AppTest]) -> None:
    at = open_page("home")
    queries = [parse_qs(link.proto.query_string) for link in at.get("page_link")]
    asked = [query for query in queries if keys.ASK in query]
    assert len(asked) == 2
    for query in asked:
        opened = open_page("compare", **query)
        assert not opened.error
        assert not opened.warning  # the link says what the page understands, and GloVe has all words
        assert by_key(opened, "radio", keys.ASK).value == query[keys.ASK][0]
    assert "queen" in open_page("compare", **asked[0]).dataframe[0].value.iloc[0].tolist()
    assert "car is the odd one out" in texts(open_page("compare", **asked[1])).replace("*", "")


def test_recent_runs_are_links_newest_first(open_page: Callable[..., AppTest], home: Settings) -> None:
    for number, name in enumerate(("older **run**", "newer")):
        run = Run(f"{number:023x}", "train", name, {}, state="finished", created=time.time())
        RunFolder.create(home.runs_dir, run, "text")
    at = open_page("home")
    assert links(at)[6:8] == ["newer", r"older \*\*run\*\*"]
