"""The map that the browser draws by itself, in Chromium, under the headers that the dashboard sends."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.test_runs import until

from .conftest import IDLE, ROOT, start_streamlit

pytestmark = pytest.mark.browser

COUNT = 6_000
# Pictures drawn, counted where they are put into the canvas.
COUNTING = """
window.drawn = 0
const put = CanvasRenderingContext2D.prototype.putImageData
CanvasRenderingContext2D.prototype.putImageData = function (...what) { window.drawn++; return put.apply(this, what) }
"""
SERVER = """
import streamlit as st
from starlette.middleware import Middleware
from embedcore.ui import map_points
from embedcore.ui.headers import SecurityHeaders
app = st.App("page.py", routes=map_points.routes, middleware=[Middleware(SecurityHeaders)])
"""
PAGE = """
import json
import numpy as np, streamlit as st
from embedcore import figures_scatter
from embedcore.ui import map_view
dims, word = int(st.query_params.get("dims", 2)), st.number_input("Row", value=None, min_value=0, step=1)
colored = st.checkbox("Colours", value=True)
turned = st.checkbox("Another layout")
places = np.random.default_rng(3).normal(size=(6_000, dims))
places[:20] *= 0.01  # the first words lie together in the middle
if turned:
    places = places[:, ::-1]
words = [f"word{number}" for number in range(len(places))]
words[7] = "<img src=x onerror=alert(1)>"
colors = figures_scatter.by_cluster(np.arange(len(places)) % 4) if colored else figures_scatter.plain(len(places))
near, pairs = ([], []) if word is None else ([word + 1, word + 2], [(word, 5_000)])
packed = figures_scatter.pack(words, places, colors, word=word, neighbors=near, pairs=pairs)
told = map_view.show(packed, key="map", alt="All words", file="all words")
if told.clicked is not None:
    st.session_state["clicks"] = [*st.session_state.get("clicks", []), told.clicked]
st.session_state["run"] = st.session_state.get("run", 0) + 1
with st.container(key="told"):
    st.text(json.dumps({"run": st.session_state["run"],
                        "clicks": st.session_state.get("clicks", []), "picked": told.drawn_around}))
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A small app of its own, with a map and what it tells."""
    place = tmp_path_factory.mktemp("map")
    (place / "app.py").write_text(SERVER)
    (place / "page.py").write_text(PAGE)
    server, url = start_streamlit(
        place, place / "log", {"PYTHONPATH": str(ROOT)}, "--server.headless=true", "--server.address=127.0.0.1",
        "--browser.gatherUsageStats=false",
    )  # fmt: skip
    yield url
    server.terminate()
    server.wait(20)
    assert "Traceback" not in (place / "log").read_text()


@pytest.fixture
def visit(chromium: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """Opens maps, each in a browser of its own; in the end none may have complained."""
    contexts, complaints = [], []

    def visit(query: str = "", refusals: int = 0, **about: Any) -> Page:
        about = {"viewport": {"width": 1280, "height": 1000}, "reduced_motion": "reduce", **about}
        contexts.append(chromium.new_context(**about))
        page = contexts[-1].new_page()
        page.set_default_timeout(15_000)
        page.add_init_script(COUNTING)
        page.on("console", lambda each: note(each.text) if each.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))

        def note(text: str) -> None:
            if not (refusals and "404" in text):
                complaints.append(text)

        def refuse(route: Any) -> None:
            refused.append(route.request.url)
            route.fulfill(status=404) if refused.count(refused[-1]) <= refusals else route.continue_()

        refused: list[str] = []
        if refusals:
            page.add_init_script("const later = setTimeout; window.setTimeout = (act, wait) => later(act, wait / 20)")
            page.route("**/maps/points/*", refuse)
        page.goto(address + query)
        page.wait_for_selector(IDLE)
        if refusals > 1:
            return page
        expect(canvas(page)).to_have_attribute("data-zoom", "1.000")
        settle(page)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert complaints == []


def canvas(page: Page) -> Any:
    return page.locator(".map canvas")


def settle(page: Page) -> None:
    """Wait until nothing moves any more."""
    page.wait_for_selector(IDLE)
    expect(canvas(page)).to_have_attribute("data-still", "true")


def picture(page: Page) -> str:
    settle(page)
    return str(canvas(page).evaluate("canvas => canvas.toDataURL()"))


def middle_of(page: Page) -> tuple[float, float]:
    box = canvas(page).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def told(page: Page, pattern: str) -> dict[str, list[int]]:
    """What the page was told, once it reads like that."""
    code = page.locator(".st-key-told")
    expect(code).to_contain_text(re.compile(pattern))
    answer: dict[str, list[int]] = json.loads(code.inner_text())
    return answer


def ask_about(page: Page, row: int) -> None:
    page.get_by_label("Row").fill(str(row))
    page.get_by_label("Row").press("Enter")


def check(page: Page, name: str) -> None:
    page.locator("[data-testid=stCheckbox]").get_by_text(name, exact=True).click()


def draw_box(page: Page, begin: tuple[float, float], end: tuple[float, float]) -> None:
    page.get_by_role("button", name="Box", exact=True).click()
    page.mouse.move(*begin)
    page.mouse.down()
    page.mouse.move(*end, steps=4)
    page.mouse.up()


def places_seen(page: Page) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Where each word is on the screen when nothing was moved, worked out from the places that went in: (N, 2)."""
    places = np.random.default_rng(3).normal(size=(COUNT, 2))
    places[:20] *= 0.01
    middle = (places.min(axis=0) + places.max(axis=0)) / 2
    even = (places - middle) / (np.ptp(places, axis=0).max() / 2)
    size = canvas(page).evaluate("canvas => [canvas.clientWidth, canvas.clientHeight]")
    return np.asarray(np.array(middle_of(page)) + even * [1, -1] * min(size) * 0.47)


def test_a_box_around_words_names_them_shift_adds_to_them_and_a_click_names_one(visit: Callable[..., Page]) -> None:
    page = visit()
    x, y = middle_of(page)
    seen = places_seen(page)
    before = picture(page)

    def within(left: float, top: float, right: float, bottom: float) -> tuple[set[int], set[int]]:
        inside = np.all((seen > [left, top]) & (seen < [right, bottom]), axis=1)
        edge = np.abs(np.c_[seen - [left, top], seen - [right, bottom]]).min(axis=1) < 1  # half pixels
        return set(np.flatnonzero(inside & ~edge)), set(np.flatnonzero(inside | edge))

    draw_box(page, (x - 70, y - 50), (x + 90, y + 40))
    picked = set(told(page, r'"picked": \[\d')["picked"])
    sure, maybe = within(x - 70, y - 50, x + 90, y + 40)
    assert len(sure) > 200
    assert sure <= picked <= maybe
    faded = picture(page)
    assert faded != before

    page.keyboard.down("Shift")
    draw_box(page, (x + 100, y), (x + 130, y + 40))
    page.keyboard.up("Shift")
    more_sure, more = within(x + 100, y, x + 130, y + 40)
    assert len(more_sure) > 20
    until(lambda: len(told(page, "picked")["picked"]) > len(picked), 10, "a longer list")
    both = set(told(page, "picked")["picked"])
    assert sure | more_sure <= both <= maybe | more
    assert picked < both

    # The words stay in the list when they move; they are dropped by a button.
    check(page, "Another layout")
    settle(page)
    assert set(told(page, "picked")["picked"]) == both
    check(page, "Another layout")
    page.get_by_role("button", name="Drop the list").click()
    told(page, r'"picked": \[\]')
    page.get_by_role("button", name="Move", exact=True).click()
    page.mouse.move(0, 0)
    assert picture(page) == before

    alone = int(np.argmax(np.hypot(*(seen - [x, y]).T)))  # the outermost word, away from all others
    page.mouse.click(*seen[alone].tolist())
    assert told(page, r'"clicks": \[\d')["clicks"] == [alone]


def test_a_search_flies_there_in_the_same_canvas_and_the_zoom_stays_when_colors_change(
    visit: Callable[..., Page],
) -> None:
    page = visit()
    canvas(page).evaluate("canvas => { canvas.mark = 'same' }")
    page.mouse.move(*middle_of(page))
    page.mouse.wheel(0, -400)
    expect(canvas(page)).to_have_attribute("data-zoom", "2.718")
    before = picture(page)
    page.get_by_role("checkbox", name="cluster 2").uncheck()
    assert picture(page) != before
    page.get_by_role("button", name="None", exact=True).click()
    empty = picture(page)
    page.get_by_role("button", name="All", exact=True).click()
    page.mouse.move(0, 0)
    assert empty != picture(page) == before
    check(page, "Colours")
    expect(page.get_by_role("checkbox", name="cluster 2")).to_have_count(0)
    assert picture(page) != before
    expect(canvas(page)).to_have_attribute("data-zoom", "2.718")
    ask_about(page, 30)
    expect(canvas(page)).not_to_have_attribute("data-zoom", "2.718")
    assert canvas(page).evaluate("canvas => canvas.mark") == "same"
    page.get_by_role("button", name="Whole map").click()
    expect(canvas(page)).to_have_attribute("data-zoom", "1.000")


def test_at_the_whole_map_the_wheel_scrolls_the_page(visit: Callable[..., Page]) -> None:
    page = visit(viewport={"width": 1280, "height": 500})
    page.mouse.move(640, 480)
    page.mouse.wheel(0, 120)
    until(lambda: page.locator("[data-testid=stMain]").evaluate("main => main.scrollTop") > 0, 10, "a page scrolled")
    expect(canvas(page)).to_have_attribute("data-zoom", "1.000")


def test_lighting_a_word_fetches_nothing_and_other_colors_only_themselves(visit: Callable[..., Page]) -> None:
    page = visit()
    assert told(page, "run")["run"] == 1
    asked: list[str] = []
    page.on("request", lambda each: asked.append(each.url) if "/maps/points/" in each.url else None)
    ask_about(page, 30)
    expect(canvas(page)).not_to_have_attribute("data-zoom", "1.000")
    assert asked == []
    with page.expect_response(lambda each: "/maps/points/" in each.url) as answer:
        check(page, "Colours")
    assert len(answer.value.body()) == COUNT
    expect(page.get_by_role("checkbox", name="cluster 2")).to_have_count(0)
    settle(page)
    assert len(asked) == 1


def test_words_drift_to_their_next_places_unless_motion_is_unwanted(visit: Callable[..., Page]) -> None:
    page, drawn = visit(), []
    for motion in ("no-preference", "reduce"):
        page.emulate_media(reduced_motion=motion)
        first = canvas(page).get_attribute("data-points")
        page.evaluate("window.drawn = 0")
        check(page, "Another layout")
        expect(canvas(page)).not_to_have_attribute("data-points", str(first))
        settle(page)
        drawn.append(page.evaluate("window.drawn"))
    assert drawn[0] >= 4
    assert drawn[1] <= 2


def test_a_map_in_space_turns_by_mouse_by_keys_and_by_itself(visit: Callable[..., Page]) -> None:
    page = visit("/?dims=3")
    x, y = middle_of(page)
    pictures = [picture(page)]
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 150, y + 30, steps=5)
    page.mouse.up()
    canvas(page).focus()
    pictures.append(picture(page))
    page.keyboard.press("ArrowLeft")
    pictures.append(picture(page))
    page.get_by_role("button", name="Turn", exact=True).click()
    page.evaluate("window.drawn = 0")
    until(lambda: page.evaluate("window.drawn") > 3, 10, "a map that turns")
    expect(canvas(page)).to_have_attribute("data-still", "false")
    page.mouse.move(x - 300, y)
    page.mouse.down()
    page.mouse.up()
    pictures.append(picture(page))
    assert len(set(pictures)) == 4
    expect(canvas(page)).to_have_attribute("data-zoom", "1.000")


def test_two_fingers_come_closer_and_one_moves(visit: Callable[..., Page]) -> None:
    page = visit(has_touch=True, viewport={"width": 390, "height": 844})
    canvas(page).scroll_into_view_if_needed()
    x, y = middle_of(page)
    session = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        fingers = [{"x": at[0], "y": at[1], "id": number} for number, at in enumerate(points)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})

    touch("touchStart", (x - 40, y), (x + 40, y))
    for step in range(1, 5):
        touch("touchMove", (x - 40 - 10 * step, y), (x + 40 + 10 * step, y))
    touch("touchEnd")
    expect(canvas(page)).to_have_attribute("data-zoom", "2.000")
    before = picture(page)
    touch("touchStart", (x, y))
    touch("touchMove", (x + 60, y + 20))
    touch("touchEnd")
    assert picture(page) != before
    expect(canvas(page)).to_have_attribute("data-zoom", "2.000")
    assert told(page, "clicks")["clicks"] == []


def test_what_the_server_forgot_it_is_asked_for_again_by_a_run_of_the_page(visit: Callable[..., Page]) -> None:
    page = visit(refusals=1)  # each part once
    assert 2 <= told(page, r'"run": [2-9]')["run"] <= 3
    assert page.evaluate("window.drawn") > 0


def test_what_never_comes_is_said(visit: Callable[..., Page]) -> None:
    page = visit(refusals=1_000)
    expect(page.get_by_role("status").filter(has_text="did not arrive")).to_be_visible()
    assert page.evaluate("window.drawn") == 0


def test_the_picture_follows_the_page_from_light_to_dark(visit: Callable[..., Page]) -> None:
    page = visit()
    color = "canvas => [...canvas.getRootNode().querySelectorAll('.legend i')].map(dot => dot.style.background)"
    light = canvas(page).evaluate(color)
    before = picture(page)
    page.emulate_media(color_scheme="dark")
    until(lambda: canvas(page).evaluate(color) != light, 10, "colours for a dark page")
    assert picture(page) != before
    assert len(light) == len(canvas(page).evaluate(color)) == 4


def test_the_picture_goes_away_as_png_and_as_svg(visit: Callable[..., Page], tmp_path: Path) -> None:
    page = visit(device_scale_factor=2)
    ask_about(page, 7)
    expect(canvas(page)).not_to_have_attribute("data-zoom", "1.000")
    page.get_by_role("button", name="Whole map").click()
    expect(canvas(page)).to_have_attribute("data-zoom", "1.000")
    settle(page)
    for kind in ("png", "svg"):
        with page.expect_download() as download:
            page.get_by_role("button", name=kind.upper(), exact=True).click()
        assert download.value.suggested_filename == f"all words.{kind}"
        download.value.save_as(tmp_path / f"map.{kind}")
    png = (tmp_path / "map.png").read_bytes()
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    wide, high = canvas(page).evaluate("canvas => [canvas.clientWidth, canvas.clientHeight]")
    assert struct.unpack(">II", png[16:24]) == (2 * wide, 2 * high)
    svg = (tmp_path / "map.svg").read_text()
    assert svg.count("h0") == COUNT
    assert "<img" not in svg  # a word is text there too
    assert "&#60;img src=x" in svg
    for name in ("word8", "cluster 1", "cluster 4"):
        assert f">{name}</text>" in svg
    assert svg.count("<circle") == 3 + 4  # the word and its neighbours, and what the colours mean
