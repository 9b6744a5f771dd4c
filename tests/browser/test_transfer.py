"""An experiment that goes on, in Chromium: it is watched, stopped, resumed, and read on a phone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

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
from .test_runs import choose, stop

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
    choose(one, "Resume")
    page.get_by_text(f"All {9 * SEEDS} fits").wait_for(timeout=60_000)
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
