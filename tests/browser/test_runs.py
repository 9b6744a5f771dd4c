"""Watching a run and managing runs, in Chromium."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from embedcore.runs import RunFolder
from tests.test_runs import until

from .conftest import Server, Visitor, press_stop
from .test_dashboard import set_passes, start, wait_for_loss

pytestmark = pytest.mark.browser
Visitors = Callable[[], Visitor]


def word_map(visitor: Visitor) -> Locator:
    return visitor.page.locator(".st-key-word_map")


def finish(visitor: Visitor) -> None:
    visitor.page.get_by_text("All done").wait_for(timeout=60_000)
    visitor.settle()


def choose(visitor: Visitor, action: str) -> None:
    """Choose from the run's menu."""
    visitor.page.get_by_role("button", name="More", exact=True).first.click()
    visitor.page.get_by_text(action, exact=True).click()


def stop(visitor: Visitor) -> None:
    press_stop(visitor.page)
    visitor.page.get_by_text("Stopped", exact=True).wait_for(timeout=20_000)


def test_the_map_is_one_element_all_the_while_and_its_zoom_stays(visitor: Visitors, server: Server) -> None:
    one = visitor()
    one.open("/train?sample=English")
    set_passes(one, 9_999)
    run_id = start(one)
    wait_for_loss(one)
    word_map(one).locator("canvas").first.wait_for()
    node = word_map(one).locator("canvas").first.element_handle()
    assert node is not None
    slider = one.page.locator(".st-key-zoom").get_by_role("slider")
    slider.focus()
    for _ in range(4):
        slider.press("ArrowRight")
    expect(slider).to_have_value("3")
    folder = RunFolder(server.settings.runs_dir, run_id)
    seen = len(folder.metrics())
    until(lambda: len(folder.metrics()) > seen + 12, what="some seconds of training")
    expect(slider).to_have_value("3")
    assert node.evaluate("element => element.isConnected")
    stop(one)
    one.settle()
    assert node.evaluate("element => element.isConnected")  # also when the map becomes a replay


TIMELINE = 54  # pixels from the lower edge of the chart to the line of the replay


def drag_back(visitor: Visitor, canvas: Locator) -> None:
    """Drag the dot of a replay that is at its end to about the middle."""
    box = canvas.bounding_box()
    assert box is not None
    line = box["y"] + box["height"] - TIMELINE
    mouse = visitor.page.mouse
    mouse.move(box["x"] + box["width"] - 39, line)
    mouse.down()
    mouse.move(box["x"] + box["width"] / 2, line, steps=8)
    mouse.up()
    mouse.move(box["x"] + 5, box["y"] + 5)
    visitor.page.wait_for_timeout(900)


def when_still(visitor: Visitor, canvas: Locator) -> bytes:
    """The picture, once it no longer changes."""
    pictures = [canvas.screenshot()]

    def still() -> bool:
        visitor.page.wait_for_timeout(700)  # longer than a frame of the replay
        pictures.append(canvas.screenshot())
        return pictures[-1] == pictures[-2]

    until(still, 60, "the end of the replay")
    return pictures[-1]


def test_a_run_too_short_to_watch_plays_itself_back_everywhere(visitor: Visitors) -> None:
    one = visitor()
    one.open("/train?sample=English")
    set_passes(one, 10)  # over in time on a slow machine too
    start(one)
    finish(one)
    canvas = word_map(one).locator("canvas").first
    canvas.wait_for()
    early = canvas.screenshot()
    until(lambda: canvas.screenshot() != early, what="moving by itself")
    other = visitor()
    other.open(one.page.url.removeprefix(one.url))  # at once, so that nobody waits for two replays
    last = when_still(one, canvas)
    same = word_map(other).locator("canvas").first
    same.wait_for()
    until(lambda: same.screenshot() == last, 60, "the same last frame in another browser")
    drag_back(other, same)
    assert when_still(other, same) != last  # it stays where it was put
    one.page.get_by_role("button", name="Play again").click()
    until(lambda: canvas.screenshot() != last, what="playing again")
    box = canvas.bounding_box()
    assert box is not None
    one.page.mouse.click(box["x"] + 34, box["y"] + box["height"] - TIMELINE)  # pause
    assert when_still(one, canvas) != last


def test_a_stopped_run_resumes_and_a_reload_does_not_lose_it(visitor: Visitors, server: Server) -> None:
    one = visitor()
    one.open("/train?sample=Korean")
    set_passes(one, 9_999)
    run_id = start(one)
    wait_for_loss(one)
    one.page.reload()
    one.settle()
    one.page.get_by_text("Training", exact=True).wait_for()
    stop(one)
    one.settle()
    share = RunFolder(server.settings.runs_dir, run_id).run.result["share"]
    choose(one, "Resume")
    one.page.get_by_text("Training", exact=True).wait_for(timeout=20_000)
    folder = RunFolder(server.settings.runs_dir, run_id)
    until(lambda: (folder.last_metric() or {"share": 0.0})["share"] > share, what="going on from there")
    stop(one)
    assert folder.run.resumed == 1
    assert [m["share"] for m in folder.metrics()] == sorted(m["share"] for m in folder.metrics())


def test_a_run_is_renamed_run_again_and_deleted(visitor: Visitors, server: Server) -> None:
    one = visitor()
    page = one.open("/train")
    set_passes(one, 7)
    run_id = start(one)
    finish(one)
    choose(one, "Rename")
    page.get_by_role("dialog").get_by_role("textbox").fill("첫 번째 **run**")
    page.get_by_role("dialog").get_by_role("button", name="Rename").click()
    page.get_by_role("heading", name="첫 번째 **run**").wait_for()
    choose(one, "Run again with other settings")
    page.locator(".st-key-start_training button").wait_for()
    assert "run=" not in page.url
    expect(page.locator(".st-key-epochs input")).to_have_value("7")
    expect(page.locator(".st-key-pasted_text textarea")).to_have_value("you need to know how to code")
    again = start(one)
    assert again != run_id
    finish(one)
    one.open(f"/train?run={run_id}")
    choose(one, "Delete")
    page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
    page.locator(".st-key-start_training button").wait_for()
    assert not RunFolder(server.settings.runs_dir, run_id).exists()
    one.open(f"/train?run={run_id}").get_by_text(re.compile("There is no run")).wait_for()


def test_pressing_start_twice_in_a_row_starts_one_run(visitor: Visitors, server: Server) -> None:
    one = visitor()
    one.open("/train")
    before = set(server.settings.runs_dir.iterdir())
    one.page.locator(".st-key-start_training button").dblclick()
    one.page.wait_for_url(re.compile(r"run=\w+"))
    finish(one)
    made = [path for path in set(server.settings.runs_dir.iterdir()) - before if not path.name.startswith(".")]
    assert len(made) == 1


def test_the_page_of_a_run_keeps_the_accessibility_rules(visitor: Visitors) -> None:
    from axe_playwright_python.sync_playwright import Axe

    from .test_dashboard import STREAMLITS_OWN

    one = visitor()
    one.open("/train")
    start(one)
    finish(one)
    broken = {v["id"]: v["nodes"][0]["target"] for v in Axe().run(one.page).response["violations"]}
    assert {rule: target for rule, target in broken.items() if rule not in STREAMLITS_OWN} == {}
