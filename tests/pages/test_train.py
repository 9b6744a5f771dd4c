"""The Train page: the form, and a run from Start to a kept set."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from embedcore.library import open_vectors
from embedcore.runs import Run, RunFolder, Runs, new_run_id
from embedcore.runs.frames import Frames
from embedcore.settings import Settings
from embedcore.training import initial_weight
from embedcore.ui import keys, resources
from embedcore.vectors import WordVectors
from tests.test_runs_manage import a_dispatcher

from .conftest import PAGES, by_key, echarts, echarts_table, texts

OpenPage = Callable[..., AppTest]
EPOCHS = keys.SETTING["epochs"]


def start_button(at: AppTest) -> object:
    return by_key(at, "button", keys.START)


def train(at: AppTest, *, by_workers: bool = False) -> str:
    """Press Start, have the run done, and open its page; its id.

    It is done in this process, as a worker does it, or else `by_workers`: by real ones, which have to start first.
    """
    with pytest.MonkeyPatch.context() as patch:
        if not by_workers:
            patch.setattr(Runs, "start", lambda runs: None)
        by_key(at, "button", keys.START).click().run()
    assert not at.exception
    run_id: str = resources.runs().recent(1)[0].id
    if by_workers:
        resources.runs().wait(run_id, 60)
    else:
        dispatcher, client = a_dispatcher(resources.settings())
        dispatcher.look()
        (task,) = client.tasks
        task.work()
    # The way there, by another page, is tried in the browser: AppTest follows only one change of page.
    at.query_params[keys.RUN] = run_id
    at.switch_page(str(PAGES / "train.py")).run()
    assert not at.exception
    return run_id


def watch_box(at: AppTest) -> Any:
    return next(box for box in at.multiselect if str(box.key).startswith(keys.WATCH))


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
    run_id = train(at, by_workers=True)
    shown = texts(at)
    assert "English sample" in shown
    assert "Finished" in shown
    assert echarts(at, keys.LOSS_CHART)["xAxis"]["max"] == 3
    watch_box(at).set_value(["Soup"]).run()
    neighbours = at.dataframe[0].value["now"].tolist()
    assert len(neighbours) == 8
    at.run()  # AppTest shows only the fragment that was drawn last
    by_key(at, "text_input", keys.KEEP_NAME).set_value("mine")
    by_key(at, "button", keys.KEEP).click().run()
    assert "Kept as mine" in at.success[0].value
    kept = open_vectors("mine", home)
    checkpoint = RunFolder(home.runs_dir, run_id).checkpoint("weight")
    assert checkpoint is not None
    assert np.array_equal(kept.matrix, checkpoint["weight"][2:])
    assert [n.word for n in kept.most_similar("soup", topn=8)] == neighbours
    assert kept.meta["run"] == run_id
    assert "<unk>" not in kept
    assert "<pad>" not in kept
    at = open_page("compare", vectors="mine", ask="Neighbours", words=["soup"])
    assert at.dataframe[0].value["word"].tolist()[:8] == neighbours
    at = open_page("train", run=run_id)
    assert "Kept: mine" in [link.proto.label for link in at.get("page_link")]


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
    watch_box(at).set_value(["banana", "code"]).run()
    assert "“banana” is not in this text" in at.warning[0].value
    assert len(at.dataframe[0].value) == 5  # and the other word is shown all the same


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


def test_another_start_in_the_same_tab_is_another_run(open_page: OpenPage) -> None:
    at = open_page("train")
    first = train(at)
    del at.query_params[keys.RUN]  # as the browser's Back does
    at.run()
    by_key(at, "radio", keys.SAMPLE).set_value("Korean").run()
    by_key(at, "number_input", EPOCHS).set_value(1).run()
    second = train(at)
    assert first != second
    assert "Korean sample" in texts(at)


def test_new_run_is_a_new_run(open_page: OpenPage) -> None:
    at = open_page("train")
    train(at)
    by_key(at, "button", keys.NEW_RUN).click().run()
    assert keys.RUN not in at.query_params
    train(at)
    assert len(resources.runs().recent()) == 2


def test_a_long_text_is_previewed_and_says_so(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    from embedcore.ui import training_form

    monkeypatch.setattr(training_form, "_PREVIEWED_CHARACTERS", 100)
    at = open_page("train", sample="English")
    assert "in the first" in texts(at)


# The steps


def frames(at: AppTest) -> list[pd.DataFrame]:
    return [table.value for table in at.dataframe]


def test_a_sentence_becomes_integers_and_two_a_padded_batch(open_page: OpenPage) -> None:
    at = open_page("train", sentence="you need to code daily", sentence2="know how")
    one, two, batch = frames(at)[1:4]
    assert one.loc["token"].tolist() == ["you", "need", "to", "code", "daily"]
    assert one.loc["integer"].tolist() == ["3", "4", "2", "7", "0"]
    assert two.loc["integer"].tolist() == ["5", "6"]
    assert batch.loc["integer 2"].tolist() == ["5", "6", "1", "1", "1"]
    assert batch.loc["token 2"].tolist() == ["know", "how", "<pad>", "<pad>", "<pad>"]
    shown = texts(at)
    assert "shape **(2, 5)**" in shown
    assert "so 0: daily" in shown


def test_the_tutorials_table_of_three_dimensions(open_page: OpenPage) -> None:
    at = open_page("train")
    by_key(at, "number_input", keys.SETTING["dim"]).set_value(3).run()
    shown = texts(at)
    assert "shape **(8, 3)**" in shown
    assert "dense vectors of shape **(7, 3)**" in shown
    weight = initial_weight(8, 3, 1)
    table = pd.DataFrame(echarts_table(at, keys.TABLE_CHART))
    plotted = {(int(row["integer"]), int(row["dimension"])): row["value"] for _, row in table.iterrows()}
    assert len(plotted) == 24
    for (row, column), value in plotted.items():
        assert value == pytest.approx(weight[row, column], abs=1e-6)
    import torch

    printed = [block.value for block in at.code if block.value.startswith(("tensor", "Parameter"))]
    ids = [3, 4, 2, 5, 6, 2, 7]
    assert printed[0] == str(torch.from_numpy(weight[ids]))
    assert printed[1] == "Parameter containing:\n" + str(torch.from_numpy(weight).requires_grad_())
    assert "the largest difference, computed just now, is 0." in shown
    assert "its largest number is 0" in shown


def test_the_run_starts_from_the_very_bits_that_were_shown(open_page: OpenPage, home: Settings) -> None:
    at = open_page("train", sample="English")
    by_key(at, "number_input", keys.SETTING["seed"]).set_value(11)
    by_key(at, "selectbox", keys.SETTING["init"]).set_value("normal")
    by_key(at, "number_input", EPOCHS).set_value(1).run()
    run_id = train(at)
    kept = Frames(RunFolder(home.runs_dir, run_id))
    shown = resources.first_weight(211, 50, 11, "normal")
    assert kept.load(0).tobytes() == shown[kept.rows].tobytes()


def test_the_lines_beside_the_steps_run_one_after_the_other(open_page: OpenPage) -> None:
    at = open_page("train", sentence="you need to code", sentence2="how daily")
    space: dict[str, object] = {}
    lines = [block.value for block in at.code if block.language == "python"]
    assert len(lines) == 4  # vocabulary, layer, look-up, a step
    for block in lines:
        exec(block, space)
    assert space["stoi"] == {"<unk>": 0, "<pad>": 1, "to": 2, "you": 3, "need": 4, "know": 5, "how": 6, "code": 7}
    assert space["batch"].tolist() == [[3, 4, 2, 7], [6, 0, 1, 1]]  # type: ignore[attr-defined]


def test_settings_out_of_bounds_are_told_before_start(open_page: OpenPage) -> None:
    at = open_page("train", sample="English")
    by_key(at, "number_input", keys.SETTING["dim"]).set_value(2000).run()
    assert not by_key(at, "button", keys.START).disabled


@pytest.mark.parametrize(
    "link",
    [{"dim": "10000"}, {"epochs": "1e400"}, {"lr": "100"}, {"dim": "-5"}, {"lr": "nan"}, {"dim": "abc"}, {"dim": "2.5"},
     {"tokenizer": "x"}, {"source": "Upload"}, {"init": "zeros"}, {"sample": "Nope"}],
)  # fmt: skip
def test_a_link_with_a_value_that_cannot_be_is_answered_by_a_sentence(
    open_page: OpenPage, link: dict[str, str]
) -> None:
    at = open_page("train", **link)
    ((name, value),) = link.items()
    said = at.warning[0].value.replace("\\", "")
    assert f"This link says {name}={value}, but it should be " in said
    assert not by_key(at, "button", keys.START).disabled


def test_what_takes_long_says_how_long(open_page: OpenPage) -> None:
    at = open_page("train", sample="English")
    assert "a few seconds at most" in texts(at) or "about" in texts(at)
    by_key(at, "number_input", EPOCHS).set_value(10_000).run()
    assert re.search(r"10,000 passes over 2,974 tokens: about \d+ (min|s)", texts(at))


def test_each_setting_has_its_reason(open_page: OpenPage) -> None:
    shown = texts(open_page("train", sample="English"))
    for beginning in ("The text is short (2,974 tokens)", "The shorter the text", "Small steps", "Each step learns"):
        assert beginning in shown


# A run that is over


def test_the_page_of_a_run_has_a_replay_and_its_words_then_and_now(open_page: OpenPage, home: Settings) -> None:
    at = open_page("train", sample="English")
    run_id = train(at)
    film = echarts(at, keys.MAP)
    count = len(Frames(RunFolder(home.runs_dir, run_id)))
    assert 40 <= count <= 80
    assert len(film["options"]) == count
    assert film["baseOption"]["timeline"]["autoPlay"] is True
    watch_box(at).set_value(["storm"]).run()
    words = at.dataframe[0].value
    assert list(words.columns) == ["now", "cosine", "at the start"]
    first = WordVectors(every_word(home, run_id), initial_weight(211, 50, 1)[2:])
    assert words["at the start"].tolist() == [n.word for n in first.most_similar("storm", topn=8)]
    assert re.search(r"\*\*storm\*\* has turned by \d+°", texts(at))
    cosine = [block.value for block in at.code if "cosine_similarity" in block.value]
    assert cosine == []  # one word has nothing to be compared with
    watch_box(at).set_value(["storm", "rain"]).run()
    assert "vectors['storm'], vectors['rain']" in at.code[0].value


def every_word(home: Settings, run_id: str) -> list[str]:
    vocab = RunFolder(home.runs_dir, run_id).vocab()
    assert vocab is not None
    return vocab[0][2:]


# What can be done with runs


def test_the_list_shows_every_run(open_page: OpenPage) -> None:
    at = open_page("train")
    by_key(at, "number_input", EPOCHS).set_value(2).run()
    train(at)
    at = open_page("train")
    labels = [link.proto.label for link in at.get("page_link")]
    assert labels == ["The tutorial’s sentence"]
    assert "10 dimensions, 2 passes" in texts(at)
    assert "you need to know how to code" in texts(at)


def test_a_text_that_cannot_be_used_does_not_hide_the_runs(open_page: OpenPage) -> None:
    at = open_page("train")
    train(at)
    at = open_page("train", source="Paste")
    by_key(at, "text_area", keys.PASTED).set_value("!!!").run()
    assert "There is no word" in at.error[0].value
    assert [link.proto.label for link in at.get("page_link")] == ["The tutorial’s sentence"]
