"""Experiments in Chromium: asked for, watched, stopped, resumed, read on a phone, and used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from embedcore.library import open_vectors
from embedcore.runs import RunFolder, Runs
from embedcore.runs.experiments import ExperimentConfig, SplitAsked, fits_of, submit_experiment
from embedcore.runs.folder import FINISHED
from embedcore.settings import Settings
from embedcore.transfer.samples import LABELLED_SAMPLES
from embedcore.ui import keys
from tests import transfer_runs
from tests.test_runs import until

from .conftest import Server, Visitor
from .test_dashboard import STREAMLITS_OWN
from .test_runs import stop

pytestmark = pytest.mark.browser
Visitors = Callable[[], Visitor]
SEEDS = 4


class _Submitting(Runs):
    """Puts runs in the line of a server, whose workers make them."""

    def start(self) -> None:
        pass


def begin(home: Settings) -> RunFolder:
    """An experiment of some seconds."""
    settings = replace(transfer_runs.SMALL, seeds=SEEDS)
    vectors = open_vectors(str(settings.pretrained), home)
    config = ExperimentConfig.of(settings, SplitAsked(validation=0.15, test=0.3), vectors)
    run = submit_experiment(_Submitting(home), LABELLED_SAMPLES["English"].texts(), config)
    return RunFolder(home.runs_dir, run.id)


def test_an_experiment_is_watched_stopped_and_resumed(visitor: Visitors, server: Server) -> None:
    folder, one = begin(server.settings), visitor()
    page = one.open(f"/transfer?run={folder.id}")
    page.get_by_text("So far:").wait_for(timeout=60_000)
    page.get_by_role("radiogroup").get_by_text("Macro-F1", exact=True).click()
    page.wait_for_url(lambda url: "measure=Macro-F1" in url)
    chart = page.locator(f".st-key-{keys.TRANSFER_CHART}")
    node = chart.locator("canvas").first.element_handle()
    assert node is not None
    seen = len(fits_of(folder))
    until(lambda: len(fits_of(folder)) > seen + 3, what="some more fits")
    assert node.evaluate("element => element.isConnected")  # it grows, and is not made anew
    stop(one)
    page.get_by_text("Resume makes the others").wait_for()
    kept = len(fits_of(folder))
    assert 0 < kept < 9 * SEEDS
    page.locator(f".st-key-{keys.RESUME} button").click()
    page.get_by_text(f"All {9 * SEEDS} fits").wait_for(timeout=180_000)
    assert folder.run.state == FINISHED
    one.settle()
    assert not page.locator(f".st-key-{keys.STOP} button").count()
    expect(page.get_by_role("radio", name="Macro-F1")).to_be_checked()
    broken = {v["id"]: v["nodes"][0]["target"] for v in Axe().run(page).response["violations"]}
    assert {rule: target for rule, target in broken.items() if rule not in STREAMLITS_OWN} == {}
    page.set_viewport_size({"width": 390, "height": 844})
    one.settle()
    wide = page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth")
    assert wide <= 390  # nothing is reached only by scrolling to the side
    page.get_by_role("button", name="New experiment").click()
    page.wait_for_url(lambda url: url.endswith("/transfer"))
    page.get_by_role("heading", name="Experiments").wait_for()


def ask_own_text(visitor: Visitor, text: str) -> None:
    box = visitor.page.get_by_role("textbox", name="A text of your own")
    box.fill(text)
    box.press("Enter")
    visitor.page.get_by_text(f"“{text}”", exact=True).wait_for()


def test_from_the_form_to_three_answers_and_a_kept_set(visitor: Visitors, server: Server) -> None:
    one = visitor()
    page = one.open("/transfer?sizes=20&sizes=50&seeds=2")
    page.get_by_text("Start makes 18 fits").wait_for()
    page.locator(f".st-key-{keys.START_EXPERIMENT} button").click()
    page.wait_for_url(lambda url: "run=" in url)
    address = page.url.removeprefix(one.url)
    page.get_by_text("All 18 fits").wait_for(timeout=180_000)
    one.settle()
    answer = page.get_by_role("heading", name="examples,").inner_text()
    assert "ahead by" in answer
    page.get_by_role("radiogroup").get_by_text("Macro-F1", exact=True).click()
    page.wait_for_url(lambda url: "measure=Macro-F1" in url)
    one.settle()
    page.get_by_role("button", name="Embed").click()
    page.get_by_text("&amp;measure=Macro-F1&amp;embed=true").wait_for()  # what is chosen now, not when the page came
    page.keyboard.press("Escape")
    sizes = page.get_by_role("combobox", name="Training texts (largest: 165)")
    expect(sizes).to_have_count(5)
    for box in sizes.all():  # nobody chose one, though the smallest was there first
        expect(box).to_have_value("largest")
    model = page.locator(f".st-key-{keys.PULL_START}")
    expect(model.get_by_role("radio", name="tuned")).to_be_checked()
    model.get_by_text("frozen", exact=True).click()
    page.wait_for_url(lambda url: "pulls_of=frozen" in url)
    one.settle()
    assert not page.get_by_text("Something went wrong").count()
    ask_own_text(one, "The bus was late and the driver rude.")
    for start in ("From scratch", "Frozen", "Tuned"):
        page.get_by_text(f"{start}: transport").wait_for()
    page.wait_for_url(lambda url: "try=The+bus" in url)
    page.get_by_role("textbox", name="Name of the vector set", exact=True).fill("letters-tuned")
    page.get_by_role("button", name="Keep as a vector set").click()
    page.get_by_text("Kept as letters").first.wait_for()
    kept, glove = (open_vectors(name, server.settings) for name in ("letters-tuned", "glove.6B.50d"))
    moved = np.linalg.norm(kept["bus"] - glove["bus"])
    assert 0 < moved < np.linalg.norm(glove["bus"]) / 2
    other = visitor()
    other.open(f"{address}&pulls_of=frozen")
    other.page.get_by_role("heading", name=answer).wait_for()
    expect(other.page.locator(f".st-key-{keys.PULL_START}").get_by_role("radio", name="frozen")).to_be_checked()


def test_labelled_texts_are_pasted_and_sent_as_files(visitor: Visitors) -> None:
    one = visitor()
    page = one.open("/transfer?texts=Paste")
    rows = "".join(f"{('좋다', '나쁘다')[number % 2]}\t영화 {number} 편을 보았다\n" for number in range(40))
    page.get_by_role("textbox", name="Your labelled texts").fill(rows)
    page.get_by_role("textbox", name="Your labelled texts").blur()
    page.get_by_text("40 texts of 2 labels: “나쁘다” 20, “좋다” 20.").wait_for()
    one.settle()
    page.get_by_text("Start makes").wait_for()
    page.get_by_role("radiogroup").get_by_text("File", exact=True).click()
    files = page.locator("input[type=file]")
    files.first.set_input_files(
        {
            "name": "train.csv",
            "mimeType": "text/csv",
            "buffer": ("text,label\n" + "a fine day,good\nrain,bad\n" * 9).encode(),
        }
    )
    page.get_by_text("18 texts of 2 labels").wait_for()
    files.nth(1).set_input_files(
        {"name": "test.tsv", "mimeType": "text/plain", "buffer": b"good\tsunny\nbad\tcold\n" * 4}
    )
    page.get_by_text("26 texts of 2 labels").wait_for()
    page.get_by_text("As the texts say").wait_for()
    one.settle()
    broken = {v["id"]: v["nodes"][0]["target"] for v in Axe().run(page).response["violations"]}
    assert {rule: target for rule, target in broken.items() if rule not in STREAMLITS_OWN} == {}


def test_what_cannot_be_is_said_where_it_is_typed_and_columns_follow_the_text(visitor: Visitors) -> None:
    one = visitor()
    page = one.open("/transfer?texts=Paste")
    box = page.get_by_role("textbox", name="Your labelled texts")
    rows = [f'{{"txt": "it was {word} {number}", "cls": "{word}"}}' for number in range(10) for word in ("good", "bad")]
    box.fill("\n".join(rows))
    box.blur()
    labels = page.get_by_role("combobox", name="Labels")
    expect(labels).to_have_value("cls")
    box.fill(
        "label,text\n" + "".join(f"{word},it was {word} {number}\n" for number in range(10) for word in ("a", "b"))
    )
    box.blur()
    expect(labels).to_have_value("label")
    one.settle()
    sizes = page.get_by_role("combobox", name="Numbers of training texts to try")
    sizes.click()
    sizes.press_sequentially("abc")
    page.get_by_role("option").filter(has_text="abc").wait_for()
    sizes.press("Enter")
    page.get_by_text("Training texts to try are whole numbers from 2 on, at most 20 of them: not “abc”.").wait_for()
    assert not page.get_by_text("Something went wrong").count()
    assert not page.get_by_text("This link says").count()
    expect(labels).to_have_value("label")
