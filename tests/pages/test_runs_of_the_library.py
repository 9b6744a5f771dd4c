"""Runs that train nothing, where a visitor meets them on the other pages."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from embedcore.runs import Run, RunFolder, new_run_id
from embedcore.runs.record import DOWNLOAD, EXPORT, IMPORT
from embedcore.settings import Settings

from .conftest import texts


def a_run(home: Settings, kind: str, name: str) -> Run:
    run = Run(new_run_id(), kind, name, {}, state="finished", created=time.time())
    return RunFolder.create(home.runs_dir, run, "text" if kind == "train" else None).run


def links(at: AppTest) -> list[str]:
    return [link.proto.label for link in at.get("page_link")]


@pytest.mark.parametrize("page", ["home", "train"])
def test_lists_of_trainings_hold_no_other_runs(open_page: Callable[..., AppTest], home: Settings, page: str) -> None:
    a_run(home, "train", "a training")
    for number in range(12):  # more than a list shows
        a_run(home, (IMPORT, DOWNLOAD, EXPORT)[number % 3], f"another {number}")
    at = open_page(page)
    assert [link for link in links(at) if "a training" in link or "another" in link] == ["a training"]


@pytest.mark.parametrize(
    ("kind", "does"),
    [(IMPORT, "makes a vector set of a file"), (DOWNLOAD, "fetches a file"), (EXPORT, "writes a vector set to a file")],
)
def test_a_link_to_such_a_run_leads_on_to_the_library(
    open_page: Callable[..., AppTest], home: Settings, kind: str, does: str
) -> None:
    run = a_run(home, kind, "Import *it* as 벡터")
    at = open_page("train", run=run.id)
    assert does in texts(at)
    assert r"Import \*it\* as 벡터" in texts(at)
    assert "To this run in the Library" in links(at)
    assert not at.error
