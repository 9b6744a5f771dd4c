"""The Train page: each objective chosen, explained, shown in PyTorch and trained."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from embedcore.training import OBJECTIVES, suggest
from embedcore.ui import keys, resources

from .conftest import by_key, echarts, texts
from .test_train import train

OpenPage = Callable[..., AppTest]


def placeholder(at: AppTest, name: str) -> str:
    return str(by_key(at, "number_input", keys.SETTING[name]).placeholder)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_each_objective_trains_from_the_page(open_page: OpenPage, objective: str) -> None:
    told = OBJECTIVES[objective]
    at = open_page("train")
    assert by_key(at, "radio", keys.OBJECTIVE).value == "skipgram"
    by_key(at, "radio", keys.OBJECTIVE).set_value(objective).run()
    assert not at.exception
    assert at.query_params.get(keys.OBJECTIVE) == (None if objective == "skipgram" else objective)
    assert told.formula in "\n".join(element.value for element in at.latex)
    assert told.source in texts(at)
    code = "\n".join(element.value for element in at.code)
    assert f"def {objective.replace('-', '_')}_loss():" in code
    suggested = suggest(7, 6, 1, objective).config
    assert placeholder(at, "epochs") == f"{suggested.epochs} (suggested)"
    assert by_key(at, "number_input", keys.SETTING["window"]).label == told.window
    shown = {widget.key for widget in at.number_input}
    for setting, key in (("negative", "negative"), ("sample", "sample_rate")):
        assert (keys.SETTING[key] in shown) == (setting in told.settings)

    by_key(at, "number_input", keys.SETTING["epochs"]).set_value(4).run()
    run_id = train(at)
    run = resources.runs().folder(run_id).run
    assert (run.state, run.config["objective"]) == ("finished", objective)
    assert told.label in texts(at)
    assert f"Loss per {told.unit}" in [metric.label for metric in at.metric]
    assert echarts(at, keys.LOSS_CHART)["yAxis"]["name"] == f"loss per {told.unit}"
    losses = [metric["loss"] for metric in resources.runs().folder(run_id).metrics()]
    assert np.isfinite(losses).all()


def test_a_link_opens_an_objective(open_page: OpenPage) -> None:
    at = open_page("train", objective="next-word", sample="English")
    assert by_key(at, "radio", keys.OBJECTIVE).value == "next-word"
    assert placeholder(at, "window") == "8 (suggested)"
    assert "None" not in placeholder(at, "lr")


def test_an_objective_that_does_not_exist_is_said(open_page: OpenPage) -> None:
    at = open_page("train", objective="glove")
    assert by_key(at, "radio", keys.OBJECTIVE).value == "skipgram"
    assert "objective=glove, but it should be one of skipgram, cbow, next-word" in at.warning[0].value.replace("\\", "")
