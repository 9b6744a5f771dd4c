"""The Map page in Chromium: PCA at once, a layout followed to its end or stopped, and what a click on the map does."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import Locator, Page, expect

from embedcore.runs.folder import FINISHED, STOPPED, list_runs
from embedcore.runs.record import MAP

from .conftest import Server, Visitor, press_stop

pytestmark = pytest.mark.browser

WHOLE = "/map?vectors=glove.6B.50d"  # 2,000 words
LONG = "/map?vectors=glove.6B.50d&count=1500&layout=t-SNE&tsne_max_iter=5000&color=one+colour"


def map_of(page: Page) -> Locator:
    """The map, once it is drawn."""
    canvas = page.locator(".map canvas").first
    expect(canvas).to_have_attribute("data-zoom", "1.000", timeout=15_000)
    return canvas


def said_by(url: str, name: str) -> str:
    """What an address says."""
    return parse_qs(urlparse(url).query).get(name, [""])[0]


def test_a_layout_is_asked_for_followed_and_there_at_once_for_the_next(visitor: Callable[[], Visitor]) -> None:
    ours = visitor()
    page = ours.open(WHOLE)
    canvas = map_of(page)
    canvas.evaluate("canvas => (canvas.dataset.itself = 'yes')")
    page.get_by_text("UMAP", exact=True).first.click()
    page.get_by_role("button", name="Lay out by UMAP").click()
    bar = page.get_by_role("progressbar")
    bar.wait_for(timeout=30_000)
    page.get_by_text("Laid out in").wait_for(timeout=300_000)  # where nothing was ever compiled, that comes first
    expect(bar).to_have_count(0)
    expect(canvas).to_have_attribute("data-itself", "yes")  # through PCA, the run, its pictures, and the map
    theirs = visitor().open(f"{WHOLE}&layout=UMAP")
    map_of(theirs)
    expect(theirs.get_by_text("Laid out in")).to_be_visible()
    expect(theirs.get_by_role("button", name="Lay out by UMAP")).to_have_count(0)
    comes_into_sight(theirs)
    click_a_point(ours, canvas)
    draw_around_all(ours, canvas)


def comes_into_sight(page: Page) -> None:
    """A map that is chosen from the list below, on a phone, is in sight then."""
    page.set_viewport_size({"width": 390, "height": 600})
    page.get_by_text("PCA", exact=True).first.click()
    expect(page.get_by_text("PCA in 2-D of")).to_be_visible()
    canvas = page.locator(".map canvas")
    page.get_by_role("link", name="UMAP in 2-D of the 2,000 most frequent words").click()
    expect(page.get_by_text("Laid out in")).to_be_attached()
    expect(canvas).to_be_in_viewport(ratio=0.5)


def click_a_point(ours: Visitor, canvas: Locator) -> None:
    """A click on the map types its word, which the address then says."""
    page, box = ours.page, canvas.bounding_box()
    assert box is not None
    places = [(x, y) for y in range(30, 71, 4) for x in range(30, 71, 4)]  # in hundredths of the map
    tip = page.locator(".map .tip")
    for x, y in places:
        page.mouse.move(box["x"] + box["width"] * x / 100, box["y"] + box["height"] * y / 100)
        if tip.is_visible():
            break
    word = tip.inner_text()
    page.mouse.down()
    page.mouse.up()
    page.wait_for_url(lambda url: said_by(url, "word") == word)
    ours.settle()
    expect(page.get_by_role("textbox", name="Find a word")).to_have_value(word)
    expect(canvas).to_have_attribute("data-itself", "yes")


def draw_around_all(ours: Visitor, canvas: Locator) -> None:
    """A box around the whole map: the page tells of its words, and the map stays as it is."""
    page, box = ours.page, canvas.bounding_box()
    assert box is not None
    page.get_by_role("button", name="Whole map").click()
    expect(canvas).to_have_attribute("data-zoom", "1.000")
    page.get_by_role("button", name="Box", exact=True).click()
    page.mouse.move(box["x"] + 2, box["y"] + 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(box["x"] + box["width"] - 2, box["y"] + box["height"] - 2)
    page.mouse.up()
    expect(page.get_by_role("heading", name="Drawn around")).to_be_visible()
    expect(page.get_by_text("2,000 words of 2,000")).to_be_visible()
    expect(canvas).to_have_attribute("data-zoom", "1.000")


def test_a_layout_is_stopped_half_way_and_whoever_looks_on_sees_it(
    visitor: Callable[[], Visitor], server: Server
) -> None:
    page = visitor().open(LONG)
    page.get_by_role("button", name="Lay out by t-SNE").or_(
        page.get_by_role("button", name="Start all the same")
    ).click()
    page.get_by_text("t-SNE: step").wait_for(timeout=60_000)
    page.get_by_text("on the way").wait_for(timeout=30_000)
    run = next(run for run in list_runs(server.settings.runs_dir) if run.kind == MAP and run.state != FINISHED)
    other = visitor().open(f"/map?run={run.id}&color=one+colour")
    other.get_by_text("t-SNE: step").wait_for()
    assert said_by(other.url, "count") == "1500"
    press_stop(page)
    for each in (page, other):
        each.get_by_text("The layout was stopped before it was done").wait_for(timeout=30_000)
        expect(each.get_by_role("button", name="Try again")).to_be_visible()
        expect(each.get_by_text("PCA in 2-D of the 1,500 most frequent words")).to_be_visible()
    assert next(each for each in list_runs(server.settings.runs_dir) if each.id == run.id).state == STOPPED
