"""The Train page: the form, and a run from Start to a kept set."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from embedcore.library import open_vectors
from embedcore.runs import Run, RunFolder, new_run_id
from embedcore.settings import Settings
from embedcore.ui import keys, resources

from .conftest import by_key, echarts, texts

OpenPage = Callable[..., AppTest]
EPOCHS = keys.SETTING["epochs"]


def start_button(at: AppTest) -> object:
    return by_key(at, "button", keys.START)


def train(at: AppTest) -> str:
    """Press Start and wait for the run to be over; its id."""
    by_key(at, "button", keys.START).click().run()
    run_id = at.query_params[keys.RUN]
    run_id = run_id[0] if isinstance(run_id, list) else run_id
    resources.runs().wait(run_id)
    at.run()
    assert not at.exception
    return str(run_id)


def test_the_tutorials_sentence_gives_the_tutorials_table(open_page: OpenPage) -> None:
    at = open_page("train")
    table = at.dataframe[0].value
    assert table["token"].tolist() == ["<unk>", "<pad>", "to", "you", "need", "know", "how", "code"]
    assert table["integer"].tolist() == list(range(8))
    assert table["times"].tolist() == [0, 0, 2, 1, 1, 1, 1, 1]
    shown = texts(at)
    assert "**7 tokens** in 1 line, 28 characters" in shown
    assert "**8 entries**" in shown


def test_min_count_says_what_it_leaves_out(open_page: OpenPage) -> None:
    at = open_page("train")
    by_key(at, "number_input", keys.SETTING["min_count"]).set_value(2).run()
    assert at.dataframe[0].value["token"].tolist() == ["<unk>", "<pad>", "to"]
    assert at.dataframe[0].value["times"].tolist() == [5, 0, 2]
    assert "Left out: 5 words seen fewer than 2 times (5 tokens, 71.4% of the text)" in texts(at)


def test_a_min_count_that_leaves_nothing_is_told_before_start(open_page: OpenPage) -> None:
    at = open_page("train")
    by_key(at, "number_input", keys.SETTING["min_count"]).set_value(9).run()
    assert "No word is left" in at.warning[0].value
    assert by_key(at, "button", keys.START).disabled


@pytest.mark.parametrize("sample", ["English", "Korean"])
def test_a_link_opens_a_sample(open_page: OpenPage, sample: str) -> None:
    at = open_page("train", sample=sample)
    assert by_key(at, "radio", keys.SAMPLE).value == sample
    assert len(at.dataframe[0].value) > 100


@pytest.mark.parametrize("text", ["", "   \n\t ", "!!! ... ???"])
def test_a_text_without_a_word_gets_a_sentence_and_no_start(open_page: OpenPage, text: str) -> None:
    at = open_page("train", source="Paste")
    by_key(at, "text_area", keys.PASTED).set_value(text).run()
    assert not at.exception
    assert not [button for button in at.button if button.key == keys.START]
    assert "no text yet" in texts(at) or "There is no word in this text" in texts(at)


def test_a_text_too_long_to_paste_is_told(open_page: OpenPage) -> None:
    at = open_page("train", source="Paste")
    by_key(at, "text_area", keys.PASTED).set_value("word " * 400_001).run()
    assert "2,000,005 characters; at most 2,000,000 can be pasted" in at.error[0].value


@pytest.mark.parametrize(
    "text", ["hello", "hello " * 1000, "a b", "😀 😀 👍🏽", "nul\x00byte here", "x" * 100_000, "**bold** <b>x</b> $y$"]
)
def test_ugly_texts_get_a_vocabulary_or_a_sentence(open_page: OpenPage, text: str) -> None:
    at = open_page("train", source="Paste")
    by_key(at, "text_area", keys.PASTED).set_value(text).run()
    assert not at.exception
    assert len(at.dataframe[0].value) >= 3


def test_from_start_to_a_kept_set_that_compares(open_page: OpenPage, home: Settings) -> None:
    at = open_page("train", sample="English")
    by_key(at, "number_input", EPOCHS).set_value(3).run()
    run_id = train(at)
    shown = texts(at)
    assert "English sample" in shown
    assert "Finished" in shown
    assert echarts(at, keys.LOSS_CHART)["xAxis"]["max"] == 3
    by_key(at, "text_input", keys.NEIGHBORS_OF).set_value("Soup").run()
    neighbours = at.dataframe[0].value["word"].tolist()
    assert len(neighbours) == 10
    by_key(at, "text_input", keys.KEEP_NAME).set_value("mine")
    by_key(at, "button", keys.KEEP).click().run()
    assert "Kept as mine" in at.success[0].value
    kept = open_vectors("mine", home)
    checkpoint = RunFolder(home.runs_dir, run_id).checkpoint("weight")
    assert checkpoint is not None
    assert np.array_equal(kept.matrix, checkpoint["weight"][2:])
    assert [n.word for n in kept.most_similar("soup")] == neighbours
    assert kept.meta["run"] == run_id
    assert "<unk>" not in kept
    assert "<pad>" not in kept
    at = open_page("compare", vectors="mine", words=["soup"])
    assert at.dataframe[0].value["word"].tolist() == neighbours


@pytest.mark.parametrize(
    ("name", "sentence"), [("", "cannot be empty"), ("../x", "does not fit"), ("glove.6B.50d", "")]
)
def test_a_name_that_cannot_be_kept_is_told(open_page: OpenPage, home: Settings, name: str, sentence: str) -> None:
    at = open_page("train")
    by_key(at, "number_input", EPOCHS).set_value(1).run()
    train(at)
    by_key(at, "text_input", keys.KEEP_NAME).set_value(name)
    by_key(at, "button", keys.KEEP).click().run()
    assert sentence in at.error[0].value.replace("\\", "")
    assert not home.vectors_dir.exists()


def test_an_unknown_neighbour_is_told(open_page: OpenPage) -> None:
    at = open_page("train")
    by_key(at, "number_input", EPOCHS).set_value(1).run()
    train(at)
    by_key(at, "text_input", keys.NEIGHBORS_OF).set_value("banana").run()
    assert "“banana” is not in this text" in at.error[0].value


def test_one_word_ends_with_a_sentence(open_page: OpenPage) -> None:
    at = open_page("train", source="Paste")
    by_key(at, "text_area", keys.PASTED).set_value("hello").run()
    train(at)
    assert "Failed" in texts(at)
    assert len(at.error) == 1


def test_a_link_to_a_run_that_is_gone_is_answered_by_a_sentence(open_page: OpenPage) -> None:
    for run_id in ("0123456789abcdef", "../../etc/passwd", "<b>"):
        at = open_page("train", run=run_id)
        assert "There is no run" in at.error[0].value


def test_a_waiting_run_can_be_seen_by_anybody(open_page: OpenPage, home: Settings) -> None:
    run = Run(new_run_id(), "train", "somebody’s text", {"epochs": 5, "tokenizer": "words"}, created=time.time())
    folder = RunFolder.create(home.runs_dir, run, "a text")
    at = open_page("train", run=run.id)
    assert "Waiting" in texts(at)
    folder.update(state="interrupted", error="The server was stopped **here**.")
    at = open_page("train", run=run.id)
    assert r"stopped \*\*here\*\*" in at.error[0].value


def test_start_twice_before_the_page_answers_is_one_run(open_page: OpenPage, home: Settings) -> None:
    at = open_page("train")
    by_key(at, "button", keys.START).click().run()
    first = at.query_params[keys.RUN]
    del at.query_params[keys.RUN]  # as if the second click had been on the way already
    at.run()
    by_key(at, "button", keys.START).click().run()
    assert at.query_params[keys.RUN] == first
    assert len(resources.runs().recent()) == 1


def test_new_run_is_a_new_run(open_page: OpenPage) -> None:
    at = open_page("train")
    train(at)
    by_key(at, "button", keys.NEW_RUN).click().run()
    assert keys.RUN not in at.query_params
    train(at)
    assert len(resources.runs().recent()) == 2


def test_a_long_text_is_previewed_and_says_so(
    open_page: OpenPage, home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from embedcore.ui import training_form

    monkeypatch.setattr(training_form, "_PREVIEWED_CHARACTERS", 100)
    at = open_page("train", sample="English")
    assert "in the first" in texts(at)
    assert replace(home) == home
