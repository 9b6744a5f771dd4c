"""Two runs side by side, and passes added to one of them, in Chromium."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from embedcore.runs import RunFolder
from embedcore.runs.folder import FINISHED
from embedcore.samples import SAMPLES
from embedcore.training import TrainConfig
from tests.test_runs_manage import StillRuns

from .conftest import Server, Visitor
from .test_dashboard import STREAMLITS_OWN
from .test_runs import choose, finish

pytestmark = pytest.mark.browser
Visitors = Callable[[], Visitor]


def train(server: Server, **changes: object) -> str:
    """A quick run on the English sample, done."""
    config = TrainConfig(**{"dim": 24, "min_count": 1, "epochs": 6, "batch": 64, "sample": 0.0, **changes})  # type: ignore[arg-type]
    runs = StillRuns(server.settings)  # the server's own workers do it
    run = runs.submit("train", config.to_json(), name="English sample", text=SAMPLES["English"].text)
    assert runs.wait(run.id).state == FINISHED
    return run.id


def test_two_runs_are_compared_and_one_is_given_more_passes(visitor: Visitors, server: Server) -> None:
    one = visitor()
    first, second = train(server), train(server, epochs=9, negative=3)
    page = one.open(f"/train?run={second}")
    # From the page of the second to both, and the same in another browser by the link alone.
    choose(one, "Compare with another run")
    page.get_by_role("dialog").get_by_role("button", name="Compare").click()
    page.get_by_role("heading", name="Two runs compared").wait_for()
    one.settle()
    assert f"run={second}" in page.url
    assert f"with={first}" in page.url
    box = page.get_by_label("Words to watch")
    box.click()
    box.fill("violin")
    box.press("Enter")
    box.press("Escape")
    page.wait_for_url(re.compile("watch=violin"))
    other = visitor()
    other.open(page.url.removeprefix(one.url))
    for each in (one, other):
        each.page.locator(".st-key-two_loss_curves canvas").first.wait_for()
        card = each.page.get_by_text(re.compile(r"^violin · \d+ of the 10 nearest are in both|^violin · none of"))
        card.wait_for()
        expect(each.page.get_by_role("link", name="A · English sample")).to_be_visible()
        each.settle()
    broken = {v["id"]: v["nodes"][0]["target"] for v in Axe().run(other.page).response["violations"]}
    assert {rule: target for rule, target in broken.items() if rule not in STREAMLITS_OWN} == {}
    # Back to the first, and more passes, which whoever has the link to both sees too.
    page.get_by_role("link", name="B · English sample").click()
    page.wait_for_url(re.compile(rf"run={first}$"))
    finish(one)
    choose(one, "Add passes")
    dialog = page.get_by_role("dialog")
    number = dialog.locator(".st-key-passes_to_add input")
    expect(number).to_have_value("6")
    number.fill("60")
    number.press("Enter")
    dialog.get_by_text("until it has made 66 passes").wait_for()
    dialog.get_by_role("button", name="Add passes").click()
    dialog.wait_for(state="hidden")
    other.page.reload()
    page.get_by_text("66 of 66").wait_for(timeout=60_000)
    finish(one)
    folder = RunFolder(server.settings.runs_dir, first)
    assert (folder.run.state, folder.run.config["epochs"], folder.run.earlier_epochs) == ("finished", 66, [6])
    passes = [metric["share"] * 66 for metric in folder.metrics()]
    assert passes == sorted(set(passes))
    assert min(abs(number - 6) for number in passes) < 1e-6  # what had been the end is still there
    expect(other.page.get_by_text("Finished", exact=True)).to_have_count(2, timeout=20_000)  # by itself
    # A link from the list of runs changes the address too, though it leads to the same page.
    one.open("/train?dim=9")
    page.locator(f"a[href*='run={first}']").first.click()
    page.wait_for_url(re.compile(rf"run={first}$"))
