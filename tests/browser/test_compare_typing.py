"""Words are typed on the Compare page in Chromium: completed, replaced, and never run as code."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlencode

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, WebSocket, expect

from embedcore.library import save_vectors
from embedcore.ui.compare.page import VIEWS
from embedcore.vectors import WordVectors

from .conftest import Server, Visitor

pytestmark = pytest.mark.browser
Visitors = Callable[[], Visitor]

UGLY = [
    "<script>window.UGLY=1</script>", "<img src=x onerror=window.UGLY=1>", "<b>bold</b>",
    "**bold**[a](javascript:UGLY=1)", "$\\frac{1}{2}$", "שלום \u202eעולם", "👩‍👩‍👧🇰🇷", "x" * 10_000,
]  # fmt: skip


# Scrolls to a chart, and says where it is then.
MIDDLE = """number => {
    const chart = document.querySelectorAll('[data-testid=stEChartsChart]')[number];
    if (!chart) return null;
    chart.scrollIntoView({block: 'center'});
    return chart.getBoundingClientRect().toJSON();
}"""


def button(page: Page, word: str) -> Locator:
    """The button that proposes a word."""
    return page.get_by_role("button", name=re.compile(rf"^{re.escape(word)} · [\d,]+(st|nd|rd|th)$"))


class Received:
    """How much the server sent."""

    def __init__(self, page: Page) -> None:
        self.bytes = 0
        self.text = b""
        page.on("websocket", self._listen)

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framereceived", self._note)

    def _note(self, frame: str | bytes) -> None:
        data = frame.encode() if isinstance(frame, str) else frame
        self.bytes += len(data)
        self.text += data


def test_a_word_is_completed_while_it_is_typed_out_of_words_that_the_browser_never_gets(visitor: Visitors) -> None:
    one = visitor()
    received = Received(one.page)
    page = one.open("/compare")
    before = received.bytes
    assert before < 300_000  # the words of the set alone are 3.3 MB
    field = page.get_by_label("Add a word", exact=True)
    field.click()
    page.keyboard.type("Embeddin", delay=30)
    expect(button(page, "embedding")).to_be_visible()
    one.settle()
    assert received.bytes - before < 30_000
    assert b"embeddings" in received.text
    assert b"embeddable" not in received.text  # it begins otherwise
    expect(field).to_be_focused()  # nothing took the typing away
    # By keyboard alone: to the button, and press it.
    button(page, "embedding").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("words=embedding$"))
    one.settle()
    expect(field).to_have_value("")
    expect(button(page, "embedding")).to_have_count(0)
    page.get_by_label(re.compile("^Cosine similarities of 7 words")).wait_for()


def test_an_unknown_word_is_replaced_and_a_list_pasted(visitor: Visitors) -> None:
    one = visitor()
    page = one.open("/compare?words=kign&words=queen")
    page.get_by_text("“kign” is not in glove.6B.50d.").wait_for()
    button(page, "king").click()
    page.wait_for_url(re.compile(r"\?words=king&words=queen$"))
    page.get_by_role("button", name="Paste a list").click()
    page.get_by_label("Words, one a line").wait_for()
    one.settle()  # the page hears that the box is open, or else cannot close it
    page.get_by_label("Words, one a line or with commas between them").fill("paris, 서울\nlondon\nking")
    page.get_by_role("button", name="Add them").click()
    page.get_by_text("3 words taken from the list; 1 were there already.").wait_for()
    one.settle()
    expect(page.get_by_role("button", name="Add them")).to_be_hidden()  # the box closed itself
    assert page.url.endswith("?words=king&words=queen&words=paris&words=%EC%84%9C%EC%9A%B8&words=london")


def test_a_text_is_completed_at_its_last_word(visitor: Visitors) -> None:
    one = visitor()
    page = one.open("/compare?ask=Arithmetic")
    field = page.locator(".st-key-expression input")
    field.fill("")
    one.settle()
    field.click()
    page.keyboard.type("paris - france + ital", delay=30)
    button(page, "italy").click()
    expect(field).to_have_value("paris - france + italy")
    page.get_by_text("rome").first.wait_for()


def test_nothing_that_is_typed_is_ever_run(visitor: Visitors, server: Server) -> None:
    matrix = np.random.default_rng(6).normal(size=(len(UGLY), 5)).astype(np.float32)
    save_vectors("ugly words", WordVectors(UGLY, matrix), source="<script>UGLY=1</script>", settings=server.settings)
    one = visitor()
    one.page.on("dialog", lambda dialog: one.complaints.append(f"a dialog: {dialog.message}"))
    page = one.open("/compare?vectors=ugly+words&other=glove.6B.50d")
    # Typed, not linked: as a visitor would.
    page.get_by_role("button", name="Paste a list").click()
    page.get_by_label("Words, one a line").wait_for()
    one.settle()  # the page hears that the box is open, or else cannot close it
    page.get_by_label("Words, one a line or with commas between them").fill("\n".join([*UGLY, "king"]))
    page.get_by_role("button", name="Take these alone").click()
    page.get_by_text("9 words taken from the list.").wait_for()
    expect(page.locator(".st-key-words")).to_contain_text(UGLY[0])
    expect(page.locator(".st-key-words")).to_contain_text(UGLY[3])
    words = [("words", word) for word in [*UGLY, "king"]]
    for view in VIEWS:
        one.open("/compare?" + urlencode([("vectors", "ugly words"), ("other", "glove.6B.50d"), ("ask", view), *words]))
        for field in page.locator("[data-testid=stTextInput] input:visible").all():
            field.fill(UGLY[1])
            field.press("Enter")
            one.settle()
        for number in range(page.locator("[data-testid=stEChartsChart]").count()):
            box = page.evaluate(MIDDLE, number)
            for share in (0.3, 0.5, 0.7) if box else ():  # what is said of a point is HTML
                page.mouse.move(box["x"] + share * box["width"], box["y"] + share * box["height"])
                page.wait_for_timeout(50)
        found = page.evaluate(
            "() => ({ran: window.UGLY, made: document.querySelectorAll('img[src=x], a[href^=javascript]').length,"
            " bold: [...document.querySelectorAll('b, strong')].filter(e => e.textContent === 'bold').length,"
            " wide: [document.documentElement, document.querySelector('[data-testid=stMain]')]"
            ".map(e => e.scrollWidth - e.clientWidth)})"
        )
        assert found == {"ran": None, "made": 0, "bold": 0, "wide": [0, 0]}, view
        assert page.get_by_text("Something went wrong").count() == 0, view
