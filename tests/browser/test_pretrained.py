"""Starting a training from a vector set, clicked through in Chromium."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from embedcore.runs import RunFolder

from .conftest import Server, Visitor
from .test_dashboard import STREAMLITS_OWN, set_passes, start
from .test_runs import finish

pytestmark = pytest.mark.browser
Visitors = Callable[[], Visitor]


def broken_rules(page: Page) -> dict[str, object]:
    """What the accessibility rules say against a page, Streamlit's own faults left out."""
    found = {violation["id"]: violation["nodes"][0]["target"] for violation in Axe().run(page).response["violations"]}
    return {rule: target for rule, target in found.items() if rule not in STREAMLITS_OWN}


def test_from_choosing_a_set_to_the_words_that_moved(visitor: Visitors, server: Server) -> None:
    one = visitor()
    page = one.open("/train?sample=English")
    box = page.locator(".st-key-pretrained input")
    box.scroll_into_view_if_needed()
    one.settle()  # a list that opens while the page still scrolls closes again
    box.click()
    page.get_by_role("option", name="glove.6B.50d").click()
    expect(page.get_by_text("start from its rows, each found by its token")).to_be_visible()
    one.settle()
    assert "pretrained=glove.6B.50d" in page.url
    page.locator(".st-key-freeze label", has_text="True").click()
    page.wait_for_url(re.compile("freeze=True"))
    page.locator(".st-key-freeze label", has_text="False").click()
    one.settle()
    assert broken_rules(page) == {}
    set_passes(one, 20)
    run_id = start(one)
    finish(one)
    expect(page.get_by_role("heading", name="Which words moved most")).to_be_visible()
    config = RunFolder(server.settings.runs_dir, run_id).run.config
    assert (config["pretrained"], config["freeze"], config["dim"]) == ("glove.6B.50d", False, 50)
    page.locator(".st-key-moved_order label", has_text="By the angle").click()
    expect(page.get_by_text("words such as “of” lead this list")).to_be_visible()
    one.settle()
    assert broken_rules(page) == {}
    page.get_by_role("link", name="before this run").click()
    page.wait_for_url(re.compile(r"/compare\?.*words="), wait_until="commit")  # this set is the page's own first one
    one.settle()


def test_a_link_to_a_start_opens_it_in_the_dark_too(visitor: Visitors) -> None:
    one = visitor()
    one.page.emulate_media(color_scheme="dark")
    page = one.open("/train?sample=English&pretrained=glove.6B.50d&freeze=True")
    expect(page.get_by_text("50 dimensions", exact=True)).to_be_visible()
    expect(page.locator(".st-key-freeze input[value='1']")).to_be_checked()
    assert broken_rules(page) == {}
