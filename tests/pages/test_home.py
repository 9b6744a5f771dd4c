"""The Home page."""

from __future__ import annotations

import time
from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from embedcore.runs import Run, RunFolder
from embedcore.settings import Settings

from .conftest import texts


def links(at: AppTest) -> list[str]:
    return [link.proto.label for link in at.get("page_link")]


def test_a_fresh_install_has_two_doors_and_glove(open_page: Callable[..., AppTest]) -> None:
    at = open_page("home")
    assert links(at) == [
        "Train on a text", "Compare words", r"glove\.6B\.50d", "The library: get, import and export sets"
    ]  # fmt: skip
    assert "None yet" in texts(at)
    assert "400,000 words" in texts(at)


def test_recent_runs_are_links_newest_first(open_page: Callable[..., AppTest], home: Settings) -> None:
    for number, name in enumerate(("older **run**", "newer")):
        run = Run(f"{number:023x}", "train", name, {}, state="finished", created=time.time())
        RunFolder.create(home.runs_dir, run, "text")
    at = open_page("home")
    assert links(at)[2:4] == ["newer", r"older \*\*run\*\*"]
