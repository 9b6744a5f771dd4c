"""Files and morphemes in Chromium: a real uploader, and the process that finds morphemes."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.test_runs import until

from .conftest import Server, Visitor, start_server

pytestmark = pytest.mark.browser
Visitors = Callable[[], Visitor]
TABLE = "id,title,review\n" + "".join(f"{i},짧은 제목,이 영화는 정말 재미있었습니다\n" for i in range(30))


# Streamlit itself trips these, in tables and the uploader.
STREAMLITS_OWN = {"empty-table-header", "presentation-role-conflict"}


def upload(visitor: Visitor, *files: tuple[str, bytes]) -> None:
    visitor.page.locator(".st-key-uploaded_text input[type=file]").set_input_files(
        [{"name": name, "mimeType": "application/octet-stream", "buffer": data} for name, data in files]
    )


def test_a_table_is_uploaded_and_read_in_another_way(visitor: Visitors) -> None:
    one = visitor()
    page = one.open("/train?source=File")
    upload(one, ("reviews.csv.gz", gzip.compress(TABLE.encode("cp949"))))
    expect(page.get_by_text("Read as CP949 (Korean), a guess")).to_be_visible()
    expect(page.get_by_text("이 영화는 정말 재미있었습니다").first).to_be_visible()
    one.settle()
    broken = {v["id"]: v["nodes"][0]["target"] for v in Axe().run(page).response["violations"]}
    assert {rule: where for rule, where in broken.items() if rule not in STREAMLITS_OWN} == {}
    page.locator(".st-key-upload_column").get_by_role("combobox").click()
    page.get_by_role("option", name="title").click()
    expect(page.get_by_text("짧은 제목").first).to_be_visible()
    one.settle()
    expect(page.get_by_role("button", name="Start")).to_be_enabled()


def test_twelve_megabytes_stay_usable(visitor: Visitors) -> None:
    one = visitor()
    received = 0

    def count(payload: str | bytes) -> None:
        nonlocal received
        received += len(payload)

    one.page.on("websocket", lambda socket: socket.on("framereceived", count))
    page = one.open("/train?source=File")
    received = 0
    upload(one, ("long.txt", b"some words of a rather long line that says nothing new\n" * 220_000))
    page.get_by_text("in the first 17% of the text").wait_for(timeout=60_000)
    one.settle()
    assert 0 < received < 500_000


def test_the_morphemes_process_ends_with_the_server(tmp_path: Path, chromium: Browser) -> None:
    server: Server = start_server(tmp_path / "home", tmp_path / "log")
    try:
        one = Visitor(chromium, server.url)
        one.open("/train?sample=Korean&tokenizer=morphemes")
        one.page.get_by_text("Kiwi finds the morphemes").wait_for()
        one.page.get_by_role("button", name="Start").wait_for(timeout=60_000)
        found = [
            child for child in psutil.Process(server.process.pid).children() if "embedcore.morphemes" in child.cmdline()
        ]
        assert len(found) == 1
        assert one.complaints == []
        one.context.close()
    finally:
        server.stop()
    until(lambda: not found[0].is_running(), what="the end of the process")
