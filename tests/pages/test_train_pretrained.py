"""The Train page: starting from a vector set, and which words a run moved most."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from embedcore.formats import export
from embedcore.library import delete_vectors, open_vectors, save_vectors
from embedcore.runs import RunFolder, first
from embedcore.runs.folder import FINISHED
from embedcore.runs.service import Draft
from embedcore.runs.worker import execute
from embedcore.samples import SAMPLES, TUTORIAL_SENTENCE
from embedcore.settings import Settings
from embedcore.training import OBJECTIVES, initial_weight
from embedcore.ui import keys, pasting, resources, start_choice
from embedcore.vectors import WordVectors
from tests.test_runs import short_config
from tests.test_runs_manage import make

from .conftest import by_key, echarts_table, texts
from .test_train import train

OpenPage = Callable[..., AppTest]
GLOVE = "glove.6B.50d"
EPOCHS = keys.SETTING["epochs"]


def a_set(home: Settings, words: list[str], name: str = "start") -> WordVectors:
    """A set of three numbers a word, in the library."""
    matrix = np.random.default_rng(0).standard_normal((len(words), 3)).astype(np.float32)
    vectors = WordVectors(words, matrix)
    save_vectors(name, vectors, source="test", settings=home)
    return vectors


def trained(home: Settings, text: str = TUTORIAL_SENTENCE, **config: object) -> RunFolder:
    """A run that is done, without workers."""
    folder = make(home, text, config=short_config(**config))
    assert execute(home, home.runs_dir, folder.id) == FINISHED
    return folder


def tables(at: AppTest) -> list[pd.DataFrame]:
    return [table.value for table in at.dataframe]


# The form


def test_random_numbers_are_the_start_unless_a_set_is_chosen(open_page: OpenPage) -> None:
    at = open_page("train")
    assert by_key(at, "selectbox", keys.PRETRAINED).value is None
    assert not [radio for radio in at.radio if radio.key == keys.FREEZE]
    assert by_key(at, "number_input", keys.SETTING["dim"]).value is None


def test_a_set_gives_its_dimensions_and_says_what_it_has(open_page: OpenPage) -> None:
    at = open_page("train", source="Paste")
    by_key(at, "text_area", keys.PASTED).set_value("the zzqx king\nthe qqzv Queen and the king").run()
    by_key(at, "selectbox", keys.PRETRAINED).set_value(GLOVE).run()
    shown = texts(at).replace("\\", "")
    assert "**4 of the 6 words, 78% of the tokens, are in glove.6B.50d**" in shown
    assert "Not in it: zzqx, qqzv." in shown
    assert "**50 dimensions**, as glove.6B.50d has." in shown
    assert not [field for field in at.number_input if field.key == keys.SETTING["dim"]]
    assert "Tuning them needs `freeze=False`" in shown
    assert by_key(at, "radio", keys.FREEZE).value == "False"
    by_key(at, "selectbox", keys.PRETRAINED).set_value(None).run()
    assert "words, 78%" not in texts(at)


def test_the_table_shown_is_what_the_run_starts_from(open_page: OpenPage, home: Settings) -> None:
    start = a_set(home, ["to", "daily", "code", "you", "need", "know"])
    at = open_page("train", pretrained="start", freeze="True", seed="7", epochs="2")
    assert by_key(at, "radio", keys.FREEZE).value == "True"
    drawn = initial_weight(8, 3, 7)
    expected = np.stack(
        [drawn[0], drawn[1], *(start[word] for word in ("to", "you", "need", "know")), drawn[6], start["code"]]
    )
    table = echarts_table(at, keys.TABLE_CHART)
    plotted = np.zeros((8, 3), np.float32)
    for _, cell in table.iterrows():
        plotted[int(cell["integer"]), int(cell["dimension"])] = cell["value"]
    assert plotted == pytest.approx(expected, abs=1e-6)
    run_id = train(at)
    folder = RunFolder(home.runs_dir, run_id)
    began = first.load(folder)
    assert began is not None
    assert began.weight.tobytes() == expected.tobytes()
    assert began.from_set.tolist() == [False, False, True, True, True, True, False, True]
    assert (folder.run.config["pretrained"], folder.run.config["freeze"], folder.run.config["dim"]) == (
        "start",
        True,
        3,
    )
    checkpoint = folder.checkpoint("weight")
    assert checkpoint is not None
    same = (np.array(checkpoint["weight"]) == expected).all(axis=1)
    assert same.tolist() == [True, True, True, True, True, True, False, True]
    shown = texts(at)
    assert "**5 of 6 words** started from their row in start, the other 1 at random." in shown
    assert "those rows have stayed as they were, bit for bit" in shown


@pytest.mark.parametrize("freeze", ["True", "False"])
def test_the_lines_beside_the_steps_give_the_same_bits(
    open_page: OpenPage, home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, freeze: str
) -> None:
    monkeypatch.chdir(tmp_path)
    a_set(home, ["to", "daily", "code", "you", "know"])
    export(open_vectors("start", home), "glove", tmp_path / "start.txt")
    at = open_page("train", pretrained="start", freeze=freeze)
    space: dict[str, object] = {}
    lines = [block.value for block in at.code if block.language == "python"]
    assert len(lines) == 4
    for block in lines[:3]:
        exec(block, space)
    vectors, drawn = open_vectors("start", home), initial_weight(8, 3, 1)
    words = ["<unk>", "<pad>", "to", "you", "need", "know", "how", "code"]
    expected = np.stack([vectors[word] if word in vectors else drawn[row] for row, word in enumerate(words)])
    layer = space["embedding"]
    assert layer.weight.detach().numpy().tobytes() == expected.tobytes()  # type: ignore[attr-defined]
    assert f"freeze={freeze}, padding_idx=1)" in lines[1]
    exec(lines[3], space)


@pytest.mark.parametrize("objective", sorted(OBJECTIVES))
def test_every_objective_takes_a_start(open_page: OpenPage, objective: str) -> None:
    at = open_page("train", sample="English", objective=objective)
    usual = by_key(at, "number_input", keys.SETTING["lr"]).placeholder
    by_key(at, "selectbox", keys.PRETRAINED).set_value(GLOVE).run()
    tuned = by_key(at, "number_input", keys.SETTING["lr"]).placeholder
    smaller = 1 if objective == "next-word" else 10
    assert float(tuned.split()[0]) == pytest.approx(float(usual.split()[0]) / smaller)
    assert "from_pretrained(weight, freeze=False, padding_idx=1)" in texts(at)
    assert not by_key(at, "button", keys.START).disabled
    by_key(at, "radio", keys.FREEZE).set_value("True").run()
    assert by_key(at, "number_input", keys.SETTING["lr"]).placeholder == tuned


def test_a_cased_text_and_a_lower_cased_set(open_page: OpenPage) -> None:
    at = open_page("train", source="Paste", tokenizer="whitespace", pretrained=GLOVE)
    by_key(at, "text_area", keys.PASTED).set_value("You know Zzqx\nyou know code").run()
    assert "so “You” starts from the row of “you”" in texts(at)
    at = open_page("train", pretrained=GLOVE)
    assert "only lower-case words" not in texts(at)


def test_all_words_frozen_is_told(open_page: OpenPage) -> None:
    at = open_page("train", pretrained=GLOVE, freeze="True")
    assert "no vector will change" in at.info[0].value
    assert not by_key(at, "button", keys.START).disabled


def test_a_set_with_none_of_the_words_is_told_before_start(open_page: OpenPage, home: Settings) -> None:
    a_set(home, ["nothing", "here"])
    at = open_page("train", pretrained="start")
    assert "None of the text’s words is in “start”" in at.warning[0].value
    assert by_key(at, "button", keys.START).disabled


@pytest.mark.parametrize(
    "link", [{"pretrained": "nope"}, {"pretrained": "../x"}, {"pretrained": GLOVE, "freeze": "yes"}]
)
def test_a_link_to_what_is_not_there_is_answered_by_a_sentence(open_page: OpenPage, link: dict[str, str]) -> None:
    at = open_page("train", **link)
    name, value = [*link.items()][-1]
    said = at.warning[0].value.replace("\\", "")
    assert f"This link says {name}={value}, but it should be one of " in said
    assert not by_key(at, "button", keys.START).disabled


def test_run_again_fills_the_choice_and_a_set_that_is_gone_is_told(open_page: OpenPage, home: Settings) -> None:
    a_set(home, ["to", "know", "code"])
    run = make(home, config=short_config(dim=3, pretrained="start", freeze=True)).run
    draft = resources.runs().again(run.id)
    assert (draft.config["pretrained"], draft.config["freeze"]) == ("start", True)
    at = open_page("train", run=run.id)
    again(at, draft)
    assert by_key(at, "selectbox", keys.PRETRAINED).value == "start"
    assert by_key(at, "radio", keys.FREEZE).value == "True"
    delete_vectors("start", home)
    at.run()
    assert not at.exception
    assert "The vector set start is no longer in the library" in at.warning[0].value
    assert by_key(at, "selectbox", keys.PRETRAINED).value is None
    assert by_key(at, "button", keys.START)


def again(at: AppTest, draft: Draft) -> None:
    """What “Run again” does, which AppTest cannot press."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(start_choice.st, "session_state", at.session_state)
        start_choice.take(draft.config)
    del at.query_params[keys.RUN]
    at.run()
    assert not at.exception


# A run's page


def test_the_words_that_moved_most(open_page: OpenPage, home: Settings) -> None:
    folder = trained(home, SAMPLES["English"].text, dim=50, epochs=30, pretrained=GLOVE)
    at = open_page("train", run=folder.id)
    began, vocab = first.load(folder), folder.vocab()
    assert began is not None
    assert vocab is not None
    shown = texts(at)
    count, known = len(vocab[0]) - 2, int(began.from_set.sum())
    assert f"**{known:,} of {count:,} words** started from their row in glove" in shown.replace("\\", "")
    moved = next(table for table in tables(at) if "near at the start" in table)
    assert len(moved) == 15
    assert moved["unusual"].is_monotonic_decreasing
    least = int(re.search(r"seen at least (\d+) time", shown)[1])  # type: ignore[index]
    assert (moved["times"] >= least).all()
    word = moved["word"][0]
    before = WordVectors(vocab[0][2:], began.weight[2:])
    among = np.flatnonzero(began.from_set[2:])
    assert moved["near at the start"][0].split(", ") == [
        n.word for n in before.most_similar(word, topn=5, within=among)
    ]
    by_key(at, "radio", keys.MOVED_ORDER).set_value("By the angle").run()
    turned = next(table for table in tables(at) if "near at the start" in table)
    angles = [int(angle[:-1]) for angle in turned["turned by"]]
    assert angles == sorted(angles, reverse=True)
    assert angles[0] > 5
    at.run()
    links = [link.proto for link in at.get("page_link") if "before this run" in link.proto.label]
    assert len(links) == 1
    assert links[0].query_string.startswith("vectors=glove.6B.50d&words=")


def test_words_that_the_set_does_not_have_are_told_apart(open_page: OpenPage, home: Settings) -> None:
    a_set(home, ["to", "know", "code", "need"])
    at = open_page("train", run=trained(home, dim=3, pretrained="start").id)
    strangers = next(table for table in tables(at) if list(table.columns) == ["word", "times", "near now"])
    assert strangers["word"].tolist() == ["you", "how"]
    moved = next(table for table in tables(at) if "near at the start" in table)
    assert set(moved["word"]) == {"to", "need", "know", "code"}
    assert not any({"you", "how"} & set(near.split(", ")) for near in moved["near at the start"])


def test_what_was_kept_is_on_a_map_with_where_it_started(open_page: OpenPage, home: Settings) -> None:
    a_set(home, ["to", "know", "code", "need"])
    at = open_page("train", run=trained(home, dim=3, pretrained="start").id)
    by_key(at, "text_input", keys.KEEP_NAME).input("after")
    by_key(at, "button", keys.KEEP).click().run()
    links = [link.proto.query_string for link in at.get("page_link") if link.proto.label == "See it on the map"]
    assert links == ["vectors=after&other=start"]
    delete_vectors("start", home)
    links = [link.proto.query_string for link in at.run().get("page_link") if "on the map" in link.proto.label]
    assert links == ["vectors=after"]


def test_a_run_from_random_numbers_has_no_such_list(open_page: OpenPage, home: Settings) -> None:
    at = open_page("train", run=trained(home).id)
    assert "Watched words" in texts(at)
    assert "Which words moved most" not in texts(at)


def test_a_vocabulary_of_many_words_is_looked_up_once(
    open_page: OpenPage, glove: WordVectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = [*glove.tokens[::9], *(f"zz{number}" for number in range(20_000))]
    text = "\n".join(" ".join(words[start : start + 20]) for start in range(0, len(words), 20))
    asked: list[int] = []
    rows = WordVectors.rows
    monkeypatch.setattr(WordVectors, "rows", lambda self, words: (asked.append(len(words)), rows(self, words))[1])
    monkeypatch.setattr(pasting, "_LONG_CHARACTERS", 1_000_000)  # or AppTest would lose what was pasted
    at = open_page("train", source="Paste", pretrained=GLOVE, min_count="1")
    by_key(at, "text_area", keys.PASTED).set_value(text).run()
    assert not at.exception
    assert re.search(r"\*\*[\d,]+ of the [\d,]+ words, \d+% of the tokens, are in", texts(at))
    assert sum(size > 20_000 for size in asked) == 1
    by_key(at, "number_input", EPOCHS).set_value(2).run()
    assert sum(size > 20_000 for size in asked) == 1
