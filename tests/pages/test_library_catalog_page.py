"""The Library page's catalog and web addresses: finding, fetching, and the files that fetching leaves."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from embedcore import downloads
from embedcore.catalog import CATALOG
from embedcore.library import list_vectors, open_vectors, save_vectors
from embedcore.runs.jobs import DOWNLOAD, KINDS
from embedcore.settings import Settings
from embedcore.ui import keys, library_catalog, resources
from embedcore.vectors import WordVectors
from tests.loopback import Host

from .conftest import by_key
from .test_library_import_page import GLOVE, HEADER, begin, finish, first_rows, widget
from .test_library_page import UGLY, has, keep, links, shown, work_off

OpenPage = Callable[..., AppTest]
pytestmark = pytest.mark.usefixtures("no_worker_starts")


@pytest.fixture
def house(host: Host, tmp_path: Path, home: Settings, monkeypatch: pytest.MonkeyPatch) -> Host:
    """Two sets of this house in the catalog, one file on loopback."""
    url = host.serve("/house.glove.txt", GLOVE)
    about = {"about": UGLY, "language": "Korean", "family": "In-house", "licence": "internal", "rows": 3, "dim": 7}
    sets = [{"name": name, "title": f"House {name}", "urls": [url], **about} for name in ("우리", "둘째")]
    (tmp_path / "catalog.json").write_text(json.dumps({"sets": sets}), encoding="utf-8")
    monkeypatch.setenv("EMBEDCORE_CATALOG", str(tmp_path / "catalog.json"))
    return host


def offered(at: AppTest) -> list[str]:
    """The titles of the sets on this page of the catalog."""
    return [box.value.split("**")[1].replace("\\", "") for box in at.markdown if box.value.startswith("**")]


# Finding


def test_the_catalog_says_what_each_set_is_and_costs(open_page: OpenPage) -> None:
    at = open_page("library")
    assert offered(at) == [entry.title for entry in CATALOG.values()][: library_catalog._ON_A_PAGE]
    assert "400,000 words × 100 · English · learned from 6 billion tokens · lower case · 862 MB to fetch" in shown(at)
    assert "checked hash" in shown(at)
    assert r"[PDDL 1\.0](https://opendatacommons.org/licenses/pddl/1-0/)" in at.markdown[0].value
    assert "Here: compare words" in links(at)  # glove.6B.50d came with the installation
    assert not has(at, "button", f"{keys.FETCH}_glove.6B.50d")
    at = open_page("library", find="korean web")
    assert offered(at) == ["fastText Korean, 300 dimensions"]
    assert "unverified: no hash is published" in shown(at)


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({"family": "Numberbatch"}, ["numberbatch-en-19.08"]),
        ({"family": "GloVe", "dims": "25"}, ["glove.twitter.27B.25d"]),
        ({"language": "Korean"}, ["cc.ko.300"]),
        ({"find": "TWITTER slang", "dims": "200"}, ["glove.twitter.27B.200d"]),
    ],
)
def test_a_link_says_what_is_looked_for(open_page: OpenPage, asked: dict[str, str], names: list[str]) -> None:
    at = open_page("library", **asked)
    assert offered(at) == [CATALOG[name].title for name in names]


def test_a_link_that_asks_for_what_there_is_not_is_answered(open_page: OpenPage) -> None:
    at = open_page("library", family="<b>None</b>")
    assert "This link says family=<b>None</b>, but it should be one of All, GloVe, fastText, Numberbatch." in shown(at)
    assert len(offered(at)) == library_catalog._ON_A_PAGE


def test_what_cannot_be_offered_says_why(open_page: OpenPage) -> None:
    at = open_page("library", find="googlenews")
    assert offered(at) == []
    assert "Google published its word2vec vectors of Google News without a licence" in shown(at)
    assert "Nothing in the catalog fits." in shown(open_page("library", find="klingon"))


@pytest.mark.usefixtures("house")
def test_sets_of_this_house_come_first_and_are_shown_as_typed(open_page: OpenPage) -> None:
    at = open_page("library")
    assert offered(at)[:2] == ["House 우리", "House 둘째"]
    assert UGLY in shown(at)
    assert by_key(at, "selectbox", keys.FAMILY).options == ["All", "In-house", "GloVe", "fastText", "Numberbatch"]


# Fetching


def test_a_set_is_fetched_and_its_sibling_needs_no_download(open_page: OpenPage, house: Host, home: Settings) -> None:
    at = open_page("library")
    for name in ("우리", "둘째"):
        by_key(at, "button", f"{keys.FETCH}_{name}").click().run()
        run = resources.runs().recent(1, kinds=KINDS)[0]
        assert (run.kind, run.config["catalog"], run.config["name"]) == (DOWNLOAD, name, name)
        finish(at, run)
        assert f"“{name}” is here: 3 words × 7. 1 row was skipped: a repeated word (1)." in shown(at)
        assert open_vectors(name, home).tokens[:] == ["the", "낱말", "**bold**"]
        assert not has(at, "button", f"{keys.FETCH}_{name}")
        if name == "우리":
            assert "its file is here already: nothing to fetch" in shown(at)
    assert len(house.asked) == 1
    assert {info.licence for info in list_vectors(home) if not info.bundled} == {"internal"}
    [file] = downloads.kept(home)
    assert at.expander[0].label == f"Fetched files kept on disk: 1, {file.bytes} bytes"
    by_key(at, "button", f"{keys.FETCHED_REMOVE}_{file.key}").click().run()
    assert not downloads.kept(home)
    assert {"우리", "둘째"} < {info.name for info in list_vectors(home)}


def test_a_set_that_was_renamed_is_still_known(open_page: OpenPage, home: Settings) -> None:
    about = {"catalog": "glove.6B.100d"}
    save_vectors("ours", WordVectors(["a"], np.ones((1, 2))), source="a test", meta=about, settings=home)
    at = open_page("library")
    assert not has(at, "button", f"{keys.FETCH}_glove.6B.100d")
    assert has(at, "button", f"{keys.FETCH}_glove.6B.200d")
    assert "vectors=ours" in [link.proto.query_string for link in at.get("page_link")]


@pytest.mark.usefixtures("house")
def test_two_who_press_fetch_begin_one_run(open_page: OpenPage) -> None:
    one, other = open_page("library"), open_page("library")
    for at in (one, other):
        by_key(at, "button", f"{keys.FETCH}_우리").click().run()
        assert not at.exception
        assert not at.error
    assert resources.runs().count() == 1
    assert "On the way" in links(other)
    assert not has(other, "button", f"{keys.FETCH}_우리")


@pytest.mark.usefixtures("house")
def test_one_that_came_meanwhile_is_said(open_page: OpenPage, home: Settings) -> None:
    at = open_page("library")
    keep(home, "우리")
    by_key(at, "button", f"{keys.FETCH}_우리").click().run()
    assert "There is already a vector set “우리”." in at.error[0].value.replace("\\", "")
    assert resources.runs().count() == 0


def test_a_host_that_fails_is_said_and_resumed(open_page: OpenPage, house: Host, home: Settings) -> None:
    house.files["/house.glove.txt"].statuses += [404]
    at = open_page("library")
    by_key(at, "button", f"{keys.FETCH}_우리").click().run()
    run = resources.runs().recent(1)[0]
    assert work_off(run) == "failed"
    at.run()
    assert any("127.0.0.1" in text.value for text in at.text)
    assert "answered 404 Not Found" in at.warning[0].value  # where Fetch was pressed, too
    assert not [info for info in list_vectors(home) if not info.bundled]
    by_key(at, "button", f"{keys.JOB_RESUME}_{run.id}").click().run()
    assert not at.warning
    finish(at, run)
    assert open_vectors("우리", home).dim == 7


# A web address


def test_an_address_is_fetched_looked_at_and_imported(
    open_page: OpenPage, host: Host, home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMBEDCORE_PRIVATE_URLS", "1")
    url = host.serve("/sub/%EB%B2%A1%ED%84%B0.vec", HEADER)
    at = open_page("library", **{keys.IMPORT_FROM: "URL"})
    widget(at, "text_input", keys.IMPORT_URL).set_value(f"{url}?key=secret")
    host.files["/sub/%EB%B2%A1%ED%84%B0.vec?key=secret"] = host.files["/sub/%EB%B2%A1%ED%84%B0.vec"]
    widget(at, "button", keys.FETCH_URL).click().run()
    run = resources.runs().recent(1)[0]
    assert (run.kind, run.config["name"]) == (DOWNLOAD, None)
    finish(at, run)
    run = resources.runs().folder(run.id).run
    assert by_key(at, "radio", keys.IMPORT_FROM).value == "Server"  # offered by itself
    assert first_rows(at)["word"].tolist() == ["king", "queen"]
    assert widget(at, "text_input", keys.IMPORT_NAME).value == "벡터"
    assert widget(at, "text_input", keys.IMPORT_SOURCE).value == url
    finish(at, begin(at))
    assert open_vectors("벡터", home).tokens[:] == ["king", "queen"]
    assert "Look at it and import it" in links(at)
    by_key(at, "button", f"{keys.FETCHED_REMOVE}_{run.result['key']}").click().run()
    assert "Look at it and import it" not in links(at)  # what is gone is not offered


def test_an_address_of_this_machine_is_refused(open_page: OpenPage, host: Host) -> None:
    at = open_page("library", **{keys.IMPORT_FROM: "URL"})
    widget(at, "text_input", keys.IMPORT_URL).set_value(host.serve("/x.vec", HEADER))
    widget(at, "button", keys.FETCH_URL).click().run()
    assert "“127.0.0.1” is this machine or a private network" in at.error[0].value.replace("\\", "")
    assert (host.asked, resources.runs().count()) == ([], 0)
