"""The main paths, clicked through in Chromium as a stranger would."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from embedcore.library import open_vectors
from embedcore.runs import RunFolder
from embedcore.samples import SAMPLES

from .conftest import ROOT, Server, Visitor, press_stop

pytestmark = pytest.mark.browser
Visitors = Callable[[], Visitor]

INAUGURAL = ROOT.parent / "shared" / "data" / "en" / "inaugural.txt"
# What Streamlit's own elements break, whatever we do.
STREAMLITS_OWN = {"empty-table-header", "presentation-role-conflict"}


def paste(visitor: Visitor, text: str) -> None:
    """Paste a text into the Train page."""
    page = visitor.open("/train?source=Paste")
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("text => navigator.clipboard.writeText(text)", text)
    page.locator(".st-key-pasted_text textarea").click()
    page.keyboard.press("Control+V")
    page.keyboard.press("Control+Enter")
    page.get_by_role("heading", name="5 Training").wait_for(timeout=60_000)
    visitor.settle()


def set_passes(visitor: Visitor, passes: int) -> None:
    field = visitor.page.locator(".st-key-epochs input")
    field.fill(str(passes))
    field.press("Enter")
    visitor.page.get_by_text(f"{passes:,} passes over").wait_for()
    visitor.settle()


def start(visitor: Visitor) -> str:
    """Press Start; the run's id, from the address."""
    visitor.page.locator(".st-key-start_training button").click()
    visitor.page.wait_for_url(re.compile(r"run=\w+"))
    return re.search(r"run=(\w+)", visitor.page.url).group(1)  # type: ignore[union-attr]


def wait_for_loss(visitor: Visitor) -> float:
    value = visitor.page.locator("[data-testid=stMetricValue]").first
    expect(value).to_have_text(re.compile(r"\d"), timeout=60_000)
    return float(value.inner_text())


def keep(visitor: Visitor, name: str) -> None:
    visitor.page.get_by_role("textbox", name="Name of the vector set", exact=True).fill(name)
    visitor.page.get_by_role("button", name="Keep as a vector set").click()
    visitor.page.get_by_text("Kept as").wait_for()


def test_paste_train_keep_and_compare_with_glove(visitor: Visitors, server: Server) -> None:
    if not INAUGURAL.exists():
        pytest.skip("needs ../shared/data/en/inaugural.txt, which is not here")
    one = visitor()
    paste(one, INAUGURAL.read_text(encoding="utf-8"))
    set_passes(one, 3)
    run_id = start(one)
    first = wait_for_loss(one)
    one.page.get_by_text("All done").wait_for(timeout=120_000)
    one.settle()
    assert float(one.text_of_metric("Loss per pair")) < first
    keep(one, "inaugural addresses")
    words = "words=liberty&words=war&words=money"
    for name in ("inaugural addresses", "glove.6B.50d"):
        page = one.open(f"/compare?vectors={name.replace(' ', '+')}&{words}")
        page.get_by_text("The closest pair here is").wait_for()
        vectors = open_vectors(name, server.settings)
        cosines = {
            (a, b): vectors.similarity(a, b) for a, b in (("liberty", "war"), ("liberty", "money"), ("war", "money"))
        }
        (a, b), best = max(cosines.items(), key=lambda item: item[1])
        page.get_by_text(f"The closest pair here is {a} and {b}, at {best:.3f}").wait_for()
        page = one.open(f"/compare?vectors={name.replace(' ', '+')}&ask=Word&word=liberty")
        page.get_by_role("heading", name="liberty").wait_for()
        assert one.text_of_metric("Integer (row)") == f"{vectors.row('liberty'):,}"
    assert RunFolder(server.settings.runs_dir, run_id).run.state == "finished"


def test_a_run_goes_on_when_its_tab_is_closed_and_two_browsers_train_at_once(visitor: Visitors, server: Server) -> None:
    text = SAMPLES["English"].text
    one, two = visitor(), visitor()
    for each in (one, two):
        paste(each, text)
        set_passes(each, 9_999)
    runs = [start(one), start(two)]
    assert runs[0] != runs[1]
    for each in (one, two):
        wait_for_loss(each)
    link = one.page.url.removeprefix(server.url)
    one.page.close()
    colleague = visitor()
    colleague.open(link)
    colleague.page.get_by_text("Training", exact=True).wait_for()
    chart = colleague.page.locator("[data-testid=stEChartsChart], .stEChartsChart").first
    node = chart.element_handle()
    before = colleague.text_of_metric("Pass")
    expect(colleague.page.locator("[data-testid=stMetricValue]").nth(3)).not_to_have_text(before, timeout=20_000)
    assert node is not None
    assert node.evaluate("element => element.isConnected")  # the chart stayed the same element
    press_stop(colleague.page)
    colleague.page.get_by_text("Stopped", exact=True).wait_for(timeout=20_000)
    colleague.page.get_by_text("Somebody pressed Stop").wait_for()
    keep(colleague, "half way")
    folder = RunFolder(server.settings.runs_dir, runs[0])
    arrays = folder.checkpoint("weight")
    assert arrays is not None
    assert (open_vectors("half way", server.settings).matrix == arrays["weight"][2:]).all()
    assert RunFolder(server.settings.runs_dir, runs[1]).run.state == "running"
    press_stop(two.page)
    two.page.get_by_text("Stopped", exact=True).wait_for(timeout=20_000)


def test_what_is_chosen_stands_in_the_address_and_opens_elsewhere(visitor: Visitors) -> None:
    one = visitor()
    page = one.open("/compare")
    one.ask_about("Seoul")
    page.get_by_text("“Seoul” as “seoul”").wait_for()
    other = visitor()
    other.open(page.url.removeprefix(one.url))
    other.page.get_by_text("“Seoul” as “seoul”").wait_for()
    other.page.locator("[data-testid=stMultiSelectTagsContainer]", has_text="Seoul").wait_for()


def test_words_typed_in_korean_are_answered(visitor: Visitors) -> None:
    one = visitor()
    page = one.open("/compare?words=king")
    one.ask_about("고양이")
    page.get_by_text("“고양이” is not in glove.6B.50d").wait_for()


def test_from_home_through_both_doors(visitor: Visitors) -> None:
    one = visitor()
    page = one.open("/")
    page.get_by_role("link", name="Train on a text").click()
    page.get_by_role("heading", name="Train vectors on a text").wait_for()
    page.go_back()
    page.get_by_role("link", name="Compare words").click()
    page.get_by_role("heading", name="Compare words").wait_for()
    one.settle()


@pytest.mark.parametrize(
    ("link", "sentence"),
    [
        ("/train?run=nobody", "There is no run “nobody” here"),
        ("/compare?vectors=nothing&words=king", "There is no vector set “nothing” here"),
        ("/compare?words=%3Cimg+src%3Dx%3E", "is not in glove.6B.50d"),
    ],
)
def test_a_link_that_leads_nowhere_is_answered_by_a_sentence(visitor: Visitors, link: str, sentence: str) -> None:
    visitor().open(link).get_by_text(sentence).wait_for()


def test_a_page_can_be_framed(visitor: Visitors) -> None:
    page = visitor().open("/compare?words=king&words=queen&embed=true")
    page.get_by_text("The closest pair here is").wait_for()
    assert page.get_by_role("link", name="Train").count() == 0  # no navigation in a frame


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/", "/train?sample=Korean", "/compare", "/transfer?labelled=Korean"])
def test_pages_keep_the_accessibility_rules(visitor: Visitors, path: str, theme: str) -> None:
    one = visitor()
    one.page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    page = one.open(path)
    broken = {v["id"]: v["nodes"][0]["target"] for v in Axe().run(page).response["violations"]}
    assert {rule: target for rule, target in broken.items() if rule not in STREAMLITS_OWN} == {}


def test_no_page_is_wider_than_a_phone(visitor: Visitors) -> None:
    one = visitor()
    one.page.set_viewport_size({"width": 390, "height": 900})
    for path in ("/", "/train", "/compare"):
        assert not is_too_wide(one.open(path)), path


def is_too_wide(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > window.innerWidth + 1"))


def test_the_download_is_the_file_that_gensim_reads(visitor: Visitors, tmp_path: Path) -> None:
    from gensim.models import KeyedVectors

    one = visitor()
    one.open("/train")
    start(one)
    one.page.get_by_text("All done").wait_for(timeout=60_000)
    one.settle()
    with one.page.expect_download() as download:
        one.page.get_by_role("button", name="Download", exact=True).click()
    download.value.save_as(tmp_path / "vectors.txt")
    words = KeyedVectors.load_word2vec_format(str(tmp_path / "vectors.txt"), binary=False)
    assert words.index_to_key == ["to", "you", "need", "know", "how", "code"]
