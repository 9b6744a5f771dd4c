"""The map that the browser draws by itself, in Chromium, under the headers that the dashboard sends."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from embedcore import figures_scatter
from tests.test_runs import until

from .conftest import IDLE, ROOT, free_port

pytestmark = pytest.mark.browser

COUNT = 6_000
TWO_FRAMES = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
SERVER = """
import streamlit as st
from starlette.middleware import Middleware
from embedcore.ui.headers import SecurityHeaders
app = st.App("page.py", middleware=[Middleware(SecurityHeaders)])
"""
PAGE = """
import json
import numpy as np, streamlit as st
from embedcore import figures_scatter
from embedcore.ui import map_view
dims, word = int(st.query_params.get("dims", 2)), st.number_input("Row", value=None, min_value=0, step=1)
places = np.random.default_rng(3).normal(size=(6_000, dims))
places[:20] *= 0.01  # the first words lie together in the middle
words = [f"word{number}" for number in range(len(places))]
words[7] = "<img src=x onerror=alert(1)>"
colors = figures_scatter.by_cluster(np.arange(len(places)) % 4)
near = [] if word is None else [word + 1, word + 2]
told = map_view.show(figures_scatter.pack(words, places, colors, word=word, neighbors=near), key="map", alt="All words")
if told.clicked is not None:
    st.session_state["clicks"] = [*st.session_state.get("clicks", []), told.clicked]
st.code(json.dumps({"clicks": st.session_state.get("clicks", []), "picked": told.drawn_around}))
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A small app of its own, with a map and what it tells."""
    place = tmp_path_factory.mktemp("map")
    (place / "app.py").write_text(SERVER)
    (place / "page.py").write_text(PAGE)
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port), "--server.headless=true",
               "--server.address=127.0.0.1", "--browser.gatherUsageStats=false"]  # fmt: skip
    with (place / "log").open("wb") as log:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        server = subprocess.Popen(command, cwd=place, env=environment, stdout=log, stderr=subprocess.STDOUT)
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        assert server.poll() is None, (place / "log").read_text()
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=1) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    until(answers, 60, "an answer from the server")
    yield url
    server.terminate()
    server.wait(20)
    assert "Traceback" not in (place / "log").read_text()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A visitor's page; in the end the browser may not have complained."""
    context = chromium.new_context(viewport={"width": 1280, "height": 1000}, reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(15_000)
    complaints: list[str] = []
    page.on("console", lambda each: complaints.append(each.text) if each.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


def open_map(page: Page, address: str) -> tuple[float, float]:
    """Open a page and wait until its map is drawn; the middle of the map."""
    page.goto(address)
    page.wait_for_selector(IDLE)
    expect(page.locator(".map canvas")).to_have_attribute("data-zoom", "1.000")
    box = page.locator(".map canvas").bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def told(page: Page, pattern: str) -> dict[str, list[int]]:
    """What the page was told, once it reads like that."""
    code = page.locator("[data-testid=stCode]")
    expect(code).to_contain_text(re.compile(pattern))
    answer: dict[str, list[int]] = json.loads(code.inner_text())
    return answer


def places_seen(
    page: Page, middle: tuple[float, float], dims: int = 2
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Where each word is on the screen when nothing was moved, worked out from how a map is packed: (N, 2)."""
    places = np.random.default_rng(3).normal(size=(COUNT, dims))
    places[:20] *= 0.01
    packed = figures_scatter.pack(["w"] * COUNT, places, figures_scatter.plain(COUNT))
    even = np.frombuffer(packed.data[-COUNT * (4 * dims + 1) : -COUNT], dtype="<f4").reshape(COUNT, dims)[:, :2]
    size = page.locator(".map canvas").evaluate("canvas => [canvas.clientWidth, canvas.clientHeight]")
    return np.asarray(np.array(middle) + even * [1, -1] * min(size) * 0.47)


def test_a_box_around_words_names_them_and_a_click_names_one(page: Page, address: str) -> None:
    x, y = middle = open_map(page, address)
    seen = places_seen(page, middle)
    page.get_by_role("button", name="Box", exact=True).click()
    page.mouse.move(x - 70, y - 50)
    page.mouse.down()
    page.mouse.move(x + 90, y + 40, steps=4)
    page.mouse.up()
    picked = told(page, r'"picked": \[\d')["picked"]
    inside = np.all((seen > [x - 70, y - 50]) & (seen < [x + 90, y + 40]), axis=1)
    edge = np.abs(np.r_["1", seen - [x - 70, y - 50], seen - [x + 90, y + 40]]).min(axis=1) < 1  # half pixels
    assert inside.sum() > 200
    assert set(np.flatnonzero(inside & ~edge)) <= set(picked) <= set(np.flatnonzero(inside | edge))

    alone = int(np.argmax(np.hypot(*(seen - [x, y]).T)))  # the outermost word, away from all others
    page.mouse.click(*seen[alone].tolist())
    assert told(page, r'"clicks": \[\d')["clicks"] == [alone]


def test_a_search_flies_there_in_the_same_canvas_and_the_zoom_stays_when_colors_change(
    page: Page, address: str
) -> None:
    x, y = open_map(page, address)
    canvas = page.locator(".map canvas")
    canvas.evaluate("canvas => { canvas.mark = 'same' }")
    page.mouse.move(x, y)
    page.mouse.wheel(0, -400)
    expect(canvas).to_have_attribute("data-zoom", "2.718")
    before = canvas.evaluate("canvas => canvas.toDataURL()")
    page.get_by_role("checkbox", name="cluster 2").uncheck()
    page.evaluate(TWO_FRAMES)
    assert canvas.evaluate("canvas => canvas.toDataURL()") != before
    expect(canvas).to_have_attribute("data-zoom", "2.718")
    page.get_by_label("Row").fill("30")
    page.get_by_label("Row").press("Enter")
    expect(canvas).not_to_have_attribute("data-zoom", "2.718")
    assert canvas.evaluate("canvas => canvas.mark") == "same"
    page.get_by_role("button", name="Whole map").click()
    expect(canvas).to_have_attribute("data-zoom", "1.000")


def test_a_map_in_space_turns_by_mouse_and_by_keys(page: Page, address: str) -> None:
    x, y = open_map(page, f"{address}/?dims=3")
    canvas = page.locator(".map canvas")
    pictures = [canvas.evaluate("canvas => canvas.toDataURL()")]
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 150, y + 30, steps=5)
    page.mouse.up()
    canvas.focus()
    for _ in range(2):
        page.evaluate(TWO_FRAMES)
        pictures.append(canvas.evaluate("canvas => canvas.toDataURL()"))
        page.keyboard.press("ArrowLeft")
    assert len(set(pictures)) == 3
    expect(canvas).to_have_attribute("data-zoom", "1.000")


def test_the_picture_goes_away_as_png_and_as_svg(page: Page, address: str, tmp_path: Path) -> None:
    open_map(page, address)
    page.get_by_label("Row").fill("7")
    page.get_by_label("Row").press("Enter")
    page.wait_for_selector(IDLE)
    expect(page.locator(".map canvas")).not_to_have_attribute("data-zoom", "1.000")
    page.get_by_role("button", name="Whole map").click()
    expect(page.locator(".map canvas")).to_have_attribute("data-zoom", "1.000")
    for kind in ("png", "svg"):
        with page.expect_download() as download:
            page.get_by_role("button", name=kind.upper(), exact=True).click()
        download.value.save_as(tmp_path / f"map.{kind}")
    assert (tmp_path / "map.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    svg = (tmp_path / "map.svg").read_text()
    assert svg.count("M") >= COUNT
    assert "<img" not in svg  # a word is text there too
    assert "&#60;img src=x" in svg
