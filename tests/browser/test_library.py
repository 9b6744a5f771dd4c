"""The Library page in Chromium: a file's way in and out, and a set that is fetched, stopped and resumed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from embedcore.library import list_vectors, open_vectors
from embedcore.runs.folder import list_runs
from tests.loopback import Host, running

from .conftest import Server, Visitor, press_stop, serving
from .test_dashboard import STREAMLITS_OWN

pytestmark = pytest.mark.browser
Visitors = Callable[[], Visitor]
NUMBERS = np.random.default_rng(5).normal(size=(300, 12)).astype(np.float32)
WORDS = [f"낱말{row}" for row in range(297)] + ["king", "queen", "**bold** <b>"]
GLOVE = "".join(
    f"{word} {' '.join(str(number) for number in row)}\n" for word, row in zip(WORDS, NUMBERS, strict=True)
).replace("**bold** <b>", "**bold**\u00a0<b>")  # fmt: skip


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with running() as one:
        yield one


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, host: Host) -> Iterator[Server]:
    """A server with a set of this house in its catalog."""
    place = tmp_path_factory.mktemp("library")
    data = GLOVE.encode()
    url = host.serve("/house.glove.txt", data, stops_at=len(data) // 2)
    about = {"about": "Served from loopback.", "family": "In-house", "language": "Korean", "rows": 300, "dim": 12}
    catalog = {"sets": [{"name": "우리 집", "title": "Our house", "urls": [url], **about}]}
    (place / "catalog.json").write_text(json.dumps(catalog), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMBEDCORE_CATALOG", str(place / "catalog.json"))
        with serving(place) as one:
            yield one


def breaks_no_rule(page: Page) -> None:
    broken = {v["id"]: v["nodes"][0]["target"] for v in Axe().run(page).response["violations"]}
    assert {rule: where for rule, where in broken.items() if rule not in STREAMLITS_OWN} == {}


def choose(visitor: Visitor, action: str) -> None:
    """Choose from the menu of the only set that has one."""
    visitor.page.get_by_role("button", name="More", exact=True).click()
    visitor.page.get_by_text(action, exact=True).click()
    visitor.page.get_by_role("dialog").wait_for()


def test_a_file_comes_in_is_used_and_goes_out_again(visitor: Visitors, server: Server, tmp_path: Path) -> None:
    one = visitor()
    page = one.open("/library")
    page.locator("[class*=st-key-uploaded_vectors] input[type=file]").set_input_files(
        [{"name": "우리 <b>.glove.txt", "mimeType": "text/plain", "buffer": GLOVE.encode()}]
    )
    page.get_by_text("Read as GloVe text: rows of 12 numbers.").wait_for()
    one.settle()
    breaks_no_rule(page)
    name = page.get_by_role("textbox", name="Name of the vector set")
    expect(name).to_have_value("우리-b")
    name.fill("우리 벡터")
    name.press("Enter")
    one.settle()
    page.get_by_role("button", name="Import", exact=True).dblclick()
    page.get_by_text("“우리 벡터” is here: 300 words × 12.").first.wait_for(timeout=30_000)
    one.settle()
    assert len([run for run in list_runs(server.settings.runs_dir) if run.kind == "import"]) == 1
    np.testing.assert_array_equal(open_vectors("우리 벡터", server.settings).matrix, NUMBERS)

    page.get_by_role("link", name="우리 벡터", exact=True).click()
    page.wait_for_url(re.compile("/compare"))
    one.settle()
    expect(page.get_by_text("300 words, 12 dimensions")).to_be_visible()
    page.get_by_role("link", name="Get more sets").click()
    page.wait_for_url(re.compile("/library"))
    one.settle()

    choose(one, "Rename")
    page.get_by_role("dialog").get_by_role("textbox").fill("새 이름")
    page.get_by_role("dialog").get_by_role("button", name="Rename").click()
    page.get_by_role("link", name="새 이름", exact=True).wait_for()
    one.settle()

    page.get_by_role("button", name="Details").last.click()
    page.get_by_role("button", name="Download", exact=True).wait_for()
    one.settle()
    assert "set=%EC%83%88+%EC%9D%B4%EB%A6%84" in page.url
    breaks_no_rule(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download", exact=True).click()
    assert download.value.suggested_filename == "새 이름.w2v.txt"
    download.value.save_as(tmp_path / "out.txt")
    assert (tmp_path / "out.txt").read_text(encoding="utf-8").startswith("300 12\n낱말0 ")

    choose(one, "Delete")
    page.get_by_text("runs that started from it keep what they took").wait_for()
    page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("link", name="새 이름", exact=True).wait_for(state="detached")
    one.settle()
    assert "set=" not in page.url
    assert [info.name for info in list_vectors(server.settings)] == ["glove.6B.50d"]


def test_fetching_is_watched_by_two_stopped_and_resumed(visitor: Visitors, server: Server, host: Host) -> None:
    served = host.files["/house.glove.txt"]
    one, other = visitor(), visitor()
    page = one.open("/library")
    page.get_by_role("button", name="Fetch").first.click()
    assert served.reached.wait(20)
    page.get_by_text(re.compile(r"Fetching · .* of \d")).wait_for()
    [run] = [run for run in list_runs(server.settings.runs_dir) if run.kind == "download"]
    watching = other.open(f"/library?run={run.id}")
    watching.get_by_text("this page’s address is its link").wait_for()
    bar = watching.locator(f"[class*=st-key-job_{run.id}]").get_by_role("progressbar")
    assert 0 < int(bar.get_attribute("aria-valuenow") or 0) < 80
    breaks_no_rule(watching)
    press_stop(watching)
    page.get_by_text("Stopped", exact=True).wait_for(timeout=20_000)
    one.settle()
    assert not (server.settings.vectors_dir / "우리 집").exists()
    served.stops_at = None
    page.get_by_role("button", name="Resume").click()
    for each in (one, other):  # who asked for it, and who follows the link again
        if each is other:
            other.page.reload()
        each.page.get_by_text("“우리 집” is here: 300 words × 12.").first.wait_for(timeout=30_000)
        each.settle()
        expect(each.page.get_by_role("link", name="우리 집", exact=True)).to_be_visible()
    assert [bool(part) for part in host.ranges()] == [False, True]  # it went on behind what was there
    np.testing.assert_array_equal(open_vectors("우리 집", server.settings).matrix, NUMBERS)


def test_a_large_set_is_written_in_the_background_and_taken(visitor: Visitors, tmp_path: Path) -> None:
    one = visitor()
    page = one.open("/library?set=glove.6B.50d")
    page.locator(".st-key-export_format").get_by_role("combobox").click()
    page.get_by_role("option", name="word2vec binary").click()
    one.settle()
    page.get_by_role("button", name="Write the file").click()
    link = page.get_by_role("link", name="Take the file")
    link.wait_for(timeout=60_000)
    one.settle()
    with page.expect_download() as download:
        link.click()
    assert download.value.suggested_filename == "glove.6B.50d.w2v.bin"
    with Path(download.value.path()).open("rb") as file:
        assert file.readline() == b"400000 50\n"
        assert file.read(4) == b"the "


def test_in_a_frame_the_page_is_usable_and_its_link_says_what_is_looked_for(visitor: Visitors) -> None:
    one = visitor()
    page = one.open("/library?embed=true")
    expect(page.get_by_text("browsers keep files back")).to_be_visible()
    expect(page.get_by_role("link", name="Open this page by itself")).to_have_attribute("href", "library?from=Upload")
    page.get_by_role("textbox", name="Search the catalog").fill("korean")
    page.get_by_role("textbox", name="Search the catalog").press("Enter")
    page.get_by_text("fastText Korean, 300 dimensions").wait_for()
    one.settle()
    assert "find=korean" in page.url
    page.reload()
    expect(page.get_by_text("fastText Korean, 300 dimensions")).to_be_visible()
    expect(page.get_by_text("GloVe 6B, 50 dimensions")).to_be_hidden()
    one.settle()
    breaks_no_rule(page)
