"""Words drawn around on the Map page in Chromium: kept as a set, mapped alone, and the ways to Compare and back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import pyarrow.parquet
import pytest
from playwright.sync_api import Page, expect

from embedcore.library import open_vectors
from embedcore.library.listing import list_vectors

from .conftest import Server, Visitor
from .test_map import map_of

pytestmark = pytest.mark.browser


def said(page: Page) -> dict[str, list[str]]:
    """What the address says."""
    return parse_qs(urlparse(page.url).query)


def arrived(page: Page, path: str) -> None:
    """Wait until the address is that of a page, and what a packed link said has become its own."""
    page.wait_for_url(lambda url: urlparse(url).path == path and "link=" not in url)


def draw_a_box(page: Page) -> list[str]:
    """Draw a box around the middle of the map; the words that the page lists."""
    box = map_of(page).bounding_box()
    assert box is not None
    page.get_by_role("button", name="Box", exact=True).click()
    x, y = box["x"] + 0.45 * box["width"], box["y"] + 0.45 * box["height"]
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 20, y + 20)
    page.mouse.move(x + 90, y + 70)
    page.mouse.up()
    words = page.get_by_test_id("stCode").first
    expect(words).to_be_visible()
    return words.inner_text().split()


def test_words_drawn_around_are_kept_and_asked_about(visitor: Callable[[], Visitor], server: Server) -> None:
    ours = visitor()
    page = ours.open("/map?vectors=glove.6B.50d&count=400&color=one+colour")
    words = draw_a_box(page)
    assert len(words) > 3
    page.get_by_role("button", name="Keep as a vector set").click()
    page.get_by_role("textbox", name="Name of the vector set").fill("골라 낸 것")
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.get_by_text("Kept as 골라 낸 것")).to_be_visible()
    kept = open_vectors("골라 낸 것", server.settings)
    assert list(kept.tokens) == words
    (info,) = [info for info in list_vectors(server.settings) if info.name == "골라 낸 것"]
    assert info.licence == "PDDL 1.0"
    # Both pages have inputs of the same names: nothing of the link may be lost on the way.
    page.get_by_role("link", name="Compare words on it").click()
    arrived(page, "/compare")
    ours.settle()
    assert said(page)["vectors"] == ["골라 낸 것"]
    page.get_by_role("link", name="See it on a map").click()
    arrived(page, "/map")
    expect(page.get_by_text(f"{len(words)} most frequent words")).to_be_visible()
    assert said(page)["vectors"] == ["골라 낸 것"]


def test_a_map_of_them_alone_and_its_coordinates(visitor: Callable[[], Visitor], tmp_path: Path) -> None:
    ours = visitor()
    page = ours.open("/map?vectors=glove.6B.50d&count=400&color=one+colour")
    words = draw_a_box(page)
    page.get_by_role("button", name="Map them alone").click()
    expect(page.get_by_text(f"PCA in 2-D of {len(words)} words of a list")).to_be_visible()
    page.wait_for_url(lambda url: parse_qs(urlparse(url).query).get("words") == words)
    ours.settle()  # until then, the row above the map is there as it was, too
    page.get_by_role("button", name="Coordinates").click()
    with page.expect_download() as made:
        page.get_by_role("button", name="Parquet").click()
    made.value.save_as(tmp_path / "map.parquet")
    table = pyarrow.parquet.read_table(tmp_path / "map.parquet")
    assert table["word"].to_pylist() == words
    assert b"embedcore.map" in (table.schema.metadata or {})
    page.reload()
    ours.settle()
    expect(page.get_by_text(f"PCA in 2-D of {len(words)} words of a list")).to_be_visible()
