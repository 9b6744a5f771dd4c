"""The Compare page in Chromium: a question, its link in another browser, and its answer in another site's frame."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Browser, Frame, Page, expect

from embedcore.library import delete_vectors, save_vectors
from embedcore.vectors import WordVectors
from tests.loopback import running
from tests.test_runs import until

from .conftest import IDLE, Server, Visitor
from .test_dashboard import is_too_wide
from .test_pretrained import broken_rules

pytestmark = pytest.mark.browser
Visitors = Callable[[], Visitor]

WORDS = "words=king&words=queen&words=man&words=woman&words=apple&words=orange"
QUESTIONS = {
    "Similarity": WORDS,
    "Texts": "text=The+king+eats+an+apple&text2=The+queen+drank+orange+juice",
    "Neighbours": WORDS,
    "Arithmetic": "expression=king+-+man+%2B+woman",
    "Odd one out": WORDS,
    "Axes": f"axis=he+-+she&axis2=good+-+bad&{WORDS}",
    "Word": "word=king",
    "Two sets": "",
}


def path(ask: str) -> str:
    """The link to a question."""
    return f"/compare?vectors=glove.6B.50d&ask={ask.replace(' ', '+')}&{QUESTIONS[ask]}"


def copied(visitor: Visitor, button: str) -> str:
    """What lies in the clipboard when the first code behind a button was copied by its own button."""
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visitor.page.get_by_role("button", name=button).click()
    code = visitor.page.locator("[data-testid=stPopoverBody] [data-testid=stCode]").first
    expect(code).to_contain_text(re.compile(r"\S"))
    code.hover()
    code.get_by_role("button", name="Copy to clipboard").click()
    text = str(visitor.page.evaluate("navigator.clipboard.readText()"))
    visitor.page.keyboard.press("Escape")
    return text


def picture(page: Page | Frame) -> list[str]:
    """The pixels of all charts, once they stay the same."""
    before: list[str] = []
    for _ in range(50):
        page.wait_for_timeout(150)
        now: list[str] = page.evaluate(
            "[...document.querySelectorAll('[data-testid=stEChartsChart] canvas')].map(each => each.toDataURL())"
        )
        if now and now == before:
            return now
        before = now
    raise AssertionError("the charts do not come to rest")


def test_a_question_is_built_its_link_copied_and_the_same_picture_seen_elsewhere(visitor: Visitors) -> None:
    one = visitor()
    page = one.open("/compare")
    for word in ("Seoul", "tokyo"):
        one.ask_about(word)
        one.settle()
    page.keyboard.press("Escape")
    page.locator(".st-key-order label", has_text="alike together").click()
    page.wait_for_url(re.compile("order=alike"))
    one.settle()
    link = copied(one, "Copy link")
    assert link.startswith(f"{one.url}/compare?vectors=glove.6B.50d&ask=Similarity&words=king&words=queen&")
    assert "words=Seoul&words=tokyo&order=alike+together" in link
    colleague = visitor()
    colleague.open(link.removeprefix(one.url))
    until(lambda: picture(page) == picture(colleague.page), what="the same picture")  # which still moves, when busy
    expect(colleague.page.get_by_text("“Seoul” as “seoul”")).to_be_visible()
    lines = copied(one, "Copy as Python")
    assert lines.startswith("from embedcore import open_vectors\n")
    assert "'seoul'" in lines


def test_an_answer_stands_alone_in_a_frame_of_another_site(
    visitor: Visitors, chromium: Browser, server: Server
) -> None:
    one = visitor()
    one.open(path("Odd one out"))
    html = copied(one, "Embed")
    one.page.set_viewport_size({"width": 700, "height": 1_000})
    shown = picture(one.open(f"{path('Odd one out')}&embed=true"))
    with running() as host:
        host.serve("/wiki", f"<!doctype html><h1>Our wiki</h1>{html}".encode(), headers={"Content-Type": "text/html"})
        context = chromium.new_context(viewport={"width": 1_000, "height": 900})
        wiki = context.new_page()
        errors: list[str] = []
        wiki.on("pageerror", lambda error: errors.append(str(error)))
        wiki.goto(f"http://localhost:{host.port}/wiki")  # another site than 127.0.0.1, as a browser sees it
        frame = wiki.frame_locator("iframe")
        frame.locator(IDLE).wait_for(timeout=60_000)
        expect(frame.get_by_text("apple is the odd one out")).to_be_visible()
        (inside,) = [each for each in wiki.frames if each.url.startswith(server.url)]
        assert picture(inside) == shown
        block = frame.locator("[data-testid=stMainBlockContainer]")
        assert 0.7 < block.evaluate("block => block.scrollHeight / window.innerHeight") <= 1  # the frame fits
        assert frame.locator("input, textarea, h1").count() == 0
        with context.expect_page() as opened:
            frame.get_by_role("link", name="Open in the dashboard").click()
        opened.value.get_by_role("heading", name="Compare words").wait_for()
        assert "embed" not in opened.value.url
        context.close()
    assert errors == []


def test_the_way_back_keeps_the_words(visitor: Visitors) -> None:
    one = visitor()
    page = one.open("/compare")
    one.ask_about("Seoul")
    one.settle()
    # Streamlit itself leaves such an entry when one goes to another question and comes back.
    page.evaluate("history.pushState({}, '', '/compare'); history.pushState({}, '', '/compare?ask=Word')")
    page.go_back()  # to an address that names no words
    page.wait_for_url(re.compile("words=Seoul"), wait_until="commit")
    one.settle()
    expect(page.locator(".st-key-words")).to_contain_text("Seoul")


def test_two_sets_keep_the_accessibility_rules(visitor: Visitors, server: Server) -> None:
    words = ["king", "queen", "man", "woman", "he", "she", "moon", "sun"]
    matrix = np.random.default_rng(2).normal(size=(len(words), 4)).astype(np.float32)
    save_vectors("of a few words", WordVectors(words, matrix), source="a test", settings=server.settings)
    one = visitor()
    try:
        for ask in ("Two sets", "Neighbours"):
            page = one.open(f"{path(ask)}&other=of+a+few+words")
            expect(page.get_by_text("of a few words: 8 words, 4 dimensions")).to_be_visible()
            assert broken_rules(page) == {}, ask
            page.set_viewport_size({"width": 390, "height": 900})
            assert not is_too_wide(page), ask
            page.set_viewport_size({"width": 1280, "height": 1000})
    finally:
        delete_vectors("of a few words", server.settings)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_question_keeps_the_accessibility_rules_and_fits_phones_and_frames(visitor: Visitors, theme: str) -> None:
    one = visitor()
    one.page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    for ask in QUESTIONS if theme == "light" else ("Similarity", "Axes", "Word"):
        page = one.open(path(ask))
        expect(page.locator(".st-key-ask label", has_text=ask).locator("input")).to_be_checked()
        assert broken_rules(page) == {}, ask
        page.set_viewport_size({"width": 390, "height": 900})
        assert not is_too_wide(page), ask
        page.set_viewport_size({"width": 700, "height": 900})
        page = one.open(f"{path(ask)}&embed=true")
        assert not is_too_wide(page), ask
        if ask in ("Texts", "Word"):
            assert broken_rules(page) == {}, ask
        page.set_viewport_size({"width": 1280, "height": 1000})
