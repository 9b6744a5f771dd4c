"""Two runs compared on the Train page, and passes added from a run's menu."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from embedcore.runs import Run, RunFolder, new_run_id
from embedcore.runs import first as start
from embedcore.runs.folder import FAILED, FINISHED, QUEUED
from embedcore.runs.worker import execute
from embedcore.samples import SAMPLES
from embedcore.settings import Settings
from embedcore.training import TrainConfig
from embedcore.training.initial import FirstWeight
from embedcore.ui import keys, resources, run_actions, run_words

from .conftest import by_key, echarts, texts

OpenPage = Callable[..., AppTest]
ENGLISH, KOREAN = SAMPLES["English"], SAMPLES["Korean"]


def put(home: Settings, text: str = ENGLISH.text, *, name: str = "English sample", **changes: Any) -> RunFolder:
    config = TrainConfig(**{"dim": 12, "min_count": 1, "epochs": 4, "batch": 64, "sample": 0.0, **changes})
    return RunFolder.create(home.runs_dir, Run(new_run_id(), "train", name, config.to_json(), created=1.0), text)


def trained(home: Settings, text: str = ENGLISH.text, **changes: Any) -> RunFolder:
    folder = put(home, text, **changes)
    assert execute(home, home.runs_dir, folder.id) == FINISHED
    return folder


def compare(open_page: OpenPage, one: str, other: str, *watch: str) -> AppTest:
    return open_page("train", run=one, **{"with": other}, **({"watch": list(watch)} if watch else {}))


def tables(at: AppTest) -> list[pd.DataFrame]:
    return [element.value for element in at.dataframe]


def word_tables(at: AppTest) -> list[pd.DataFrame]:
    return [table for table in tables(at) if {"A", "B"} & set(table) and not {"so far", "setting"} & set(table)]


def links(at: AppTest) -> list[str]:
    return [element.proto.label for element in at.get("page_link")]


def choose(at: AppTest, folder: RunFolder, action: str) -> AppTest:
    """Choose from a run's menu, and press what was pressed; before every run, which closes dialogs in AppTest."""
    at.session_state[run_actions._WANTED] = (folder.id, action)  # AppTest cannot press a menu button
    at.run()
    assert not at.exception
    return at


def test_both_curves_the_settings_that_differ_and_what_came_of_it(open_page: OpenPage, home: Settings) -> None:
    one, other = trained(home), trained(home, dim=6, epochs=7, negative=2)
    at = compare(open_page, one.id, other.id)
    options = echarts(at, keys.CURVES_CHART)
    assert [series["name"] for series in options["series"]] == ["A · English sample", "B · English sample"]
    assert options["xAxis"]["max"] == 7
    facts, differ = tables(at)[:2]
    last = [folder.last_metric() or {} for folder in (one, other)]
    assert dict(zip(facts["so far"], facts["A"], strict=True)) == {
        "passes": "4 of 4", "words in the table": "209", "tokens read": f"{last[0]['tokens']:,}", "time": facts["A"][3],
        "words per second": f"{last[0]['tokens'] / last[0]['seconds']:,.0f}",
        "loss per pair": f"{last[0]['loss']:.4f}",
    }  # fmt: skip
    assert facts["B"].tolist()[-1] == f"{last[1]['loss']:.4f}"
    assert facts["B"].tolist()[0] == "7 of 7"
    assert differ.to_dict("list") == {
        "setting": ["dim", "negative", "epochs"], "A": ["12", "5", "4"], "B": ["6", "2", "7"],
    }  # fmt: skip
    shown = texts(at)
    assert "a loss sums over 5 random words in one and 2 in the other" in shown
    assert "The text is the same." in shown
    assert "window 5" in shown
    assert links(at) == ["A · English sample", "B · English sample"]


def test_neighbours_are_those_of_each_run_and_the_shared_ones_are_counted(open_page: OpenPage, home: Settings) -> None:
    one, other = trained(home, epochs=40), trained(home, epochs=40, seed=2)
    at = compare(open_page, one.id, other.id, "Soup", "violin", "zzzz")
    vectors = [run_words.vectors_of(folder) for folder in (one, other)]
    shown = texts(at)
    for word, table in zip(("soup", "violin"), word_tables(at), strict=True):
        near = [own.most_similar(word, topn=10) for own in vectors if own is not None]
        assert table["A"].tolist() == [n.word for n in near[0]]
        assert table["B"].tolist() == [n.word for n in near[1]]
        assert table["cosine B"].tolist() == pytest.approx([n.similarity for n in near[1]])
        same = {n.word for n in near[0]} & {n.word for n in near[1]}
        assert len(same) >= 3
        assert f"{len(same)} of the 10 nearest are in both" in shown
    assert "Looked up as soup." in shown
    assert "“zzzz” is not in either text" in shown
    assert "All settings" not in shown
    assert tables(at)[1].to_dict("list") == {"setting": ["seed"], "A": ["1"], "B": ["2"]}
    assert "cannot be compared" not in shown


def test_a_word_of_one_text_alone_is_said_to_be(open_page: OpenPage, home: Settings) -> None:
    one, other = trained(home), trained(home, KOREAN.text, name="한국어 **sample**")
    at = compare(open_page, one.id, other.id, "soup", "피아노를")
    shown = texts(at)
    assert "**soup** · only in A: the table of B does not have it" in shown
    assert "**피아노를** · only in B: the table of A does not have it" in shown
    assert [sorted(table) for table in word_tables(at)] == [["A", "cosine A"], ["B", "cosine B"]]
    assert "they read different texts" in shown
    assert "The texts differ." in shown
    assert "All settings are equal." in shown
    assert echarts(at, keys.CURVES_CHART)["series"][1]["name"] == "B · 한국어 **sample**"
    assert links(at)[1] == r"B · 한국어 \*\*sample\*\*"


def test_a_word_can_be_typed_and_stands_in_the_link(open_page: OpenPage, home: Settings) -> None:
    one, other = trained(home), trained(home)
    at = compare(open_page, one.id, other.id)
    box = next(box for box in at.multiselect if str(box.key).startswith(keys.WATCH))
    assert len(word_tables(at)) == len(box.value) == 4
    box.set_value(["piano"]).run()
    assert not at.exception
    assert at.query_params[keys.WATCH] == "piano"
    assert "10 of the 10 nearest are in both" in texts(at)  # the very same run twice over


@pytest.mark.usefixtures("no_worker_starts")
def test_a_run_that_has_not_begun_is_waited_for(open_page: OpenPage, home: Settings) -> None:
    one, other = trained(home), put(home)
    at = compare(open_page, one.id, other.id)
    shown = texts(at)
    assert "It has not begun to learn." in shown
    assert "Once B has begun to learn, the nearest words show here." in shown
    assert tables(at)[0]["B"].tolist() == ["0 of 4", "–", "–", "–", "–", "–"]
    assert len(echarts(at, keys.CURVES_CHART)["series"]) == 2


def test_links_that_name_no_two_runs_get_a_sentence(open_page: OpenPage, home: Settings) -> None:
    one, other = trained(home), trained(home, name="other")
    gone = new_run_id()
    at = compare(open_page, one.id, gone)
    assert [error.value for error in at.error] == [f"There is no run “{gone}” here\\. It may have been deleted\\."]
    assert links(at) == ["English sample"]
    at = compare(open_page, "../x", other.id)
    assert "There is no run" in at.error[0].value
    assert links(at) == ["other"]
    at = compare(open_page, one.id, one.id)
    assert "compares a run with itself" in texts(at)
    assert links(at) == ["English sample"]
    other.update(kind="map")
    assert "trained no vectors" in compare(open_page, one.id, other.id).error[0].value
    other.update(kind="train", state=FAILED, error="It **broke**.")
    assert r"It \*\*broke\*\*" in texts(compare(open_page, one.id, other.id))


def test_another_run_is_chosen_from_the_menu(open_page: OpenPage, home: Settings) -> None:
    one, two, twin = trained(home), put(home, name="other", epochs=9), put(home, name="other", epochs=9)
    RunFolder.create(home.runs_dir, replace(two.run, id=new_run_id(), kind="map", name="a map"))
    at = choose(open_page("train", run=one.id), one, run_actions.COMPARE)
    box = by_key(at, "selectbox", keys.OTHER_RUN)
    newest = "other · skipgram, 12 dimensions, 9 passes · "
    assert len(box.options) == len(set(box.options)) == 2
    assert all(option.startswith(newest) and "waiting" in option for option in box.options)
    assert box.options[1].endswith(two.id[-6:])  # two that read the same are told apart
    by_key(at, "button", keys.COMPARE_RUNS).click()
    choose(at, one, run_actions.COMPARE)
    assert (at.query_params[keys.RUN], at.query_params[keys.WITH]) == (one.id, twin.id)
    assert "Two runs compared" in texts(at)


def test_without_another_run_there_is_nothing_to_choose(open_page: OpenPage, home: Settings) -> None:
    one = trained(home)
    at = choose(open_page("train", run=one.id), one, run_actions.COMPARE)
    assert "There is no other run yet." in texts(at)


# Passes


def menu_of(at: AppTest, folder: RunFolder) -> list[str]:
    menu = next(element for element in at.get("menu_button") if folder.id in element.proto.id)
    return list(menu.proto.options)


@pytest.mark.usefixtures("no_worker_starts")
def test_passes_are_added_to_a_finished_run(open_page: OpenPage, home: Settings) -> None:
    one = trained(home)
    at = open_page("train", run=one.id)
    assert run_actions.ADD in menu_of(at, one)
    choose(at, one, run_actions.ADD)
    number = by_key(at, "number_input", keys.PASSES)
    assert (number.value, number.min, number.max) == (4, 1, 9_996)
    assert "until it has made 8 passes" in texts(at)
    number.set_value(12)
    choose(at, one, run_actions.ADD)
    assert "falls in a straight line over all 16, so it goes on at 75% of its first value" in texts(at)
    by_key(at, "button", keys.ADD_PASSES).click()
    choose(at, one, run_actions.ADD)
    assert (one.run.state, one.run.config["epochs"]) == (QUEUED, 16)
    assert at.query_params[keys.RUN] == one.id
    at = open_page("train", run=one.id)
    shown = texts(at)
    assert "Waiting" in shown
    assert "first for 4 passes and then for 12 more" in shown
    options = echarts(at, keys.LOSS_CHART)
    assert options["xAxis"]["max"] == 16
    assert [line["xAxis"] for line in options["series"][0]["markLine"]["data"]] == [4]
    assert run_actions.ADD not in menu_of(at, one)
    assert execute(home, home.runs_dir, one.id) == FINISHED
    other = trained(home)
    facts = tables(compare(open_page, one.id, other.id))[0]
    assert facts["so far"].tolist()[:2] == ["passes", "passes added"]
    assert facts["A"].tolist()[:2] == ["16 of 16", "12"]
    assert facts["B"].tolist()[:2] == ["4 of 4", "–"]


@pytest.mark.usefixtures("no_worker_starts")
def test_who_comes_second_is_told(open_page: OpenPage, home: Settings) -> None:
    one = trained(home)
    at = choose(open_page("train", run=one.id), one, run_actions.ADD)
    resources.runs().add_passes(one.id, 5)
    by_key(at, "button", keys.ADD_PASSES).click()
    choose(at, one, run_actions.ADD)
    assert "already waiting in the line" in at.error[0].value
    assert one.run.config["epochs"] == 9


def test_a_run_at_the_limit_takes_no_more(open_page: OpenPage, home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    one = trained(home)
    monkeypatch.setattr(resources, "settings", lambda: replace(home, max_epochs=4))
    at = choose(open_page("train", run=one.id), one, run_actions.ADD)
    assert "has made 4 passes, and here a run can make no more" in texts(at)


def test_the_first_weight_that_a_run_kept_is_where_it_started(open_page: OpenPage, home: Settings) -> None:
    import numpy as np

    one = trained(home)
    vocab = one.vocab()
    assert vocab is not None
    weight = np.random.default_rng(5).normal(size=(len(vocab[0]), 12)).astype(np.float32)
    weight[vocab[0].index("soup")] = 2 * weight[vocab[0].index("fog")]
    start.keep(one, FirstWeight(weight, np.zeros(len(weight), dtype=bool)))
    at = open_page("train", run=one.id, watch=["soup"])
    assert next(table for table in tables(at) if "at the start" in table)["at the start"][0] == "fog"
