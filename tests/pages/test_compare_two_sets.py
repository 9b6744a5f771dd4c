"""The Compare page on two sets: how far they agree, and every other question asked of both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pandas as pd
import pytest
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest

from embedcore.library import open_vectors, save_vectors
from embedcore.questions import overlap
from embedcore.samples import SAMPLES
from embedcore.settings import Settings
from embedcore.text import tokenize
from embedcore.training import TrainConfig, train
from embedcore.ui import keys
from embedcore.ui.compare.page import VIEWS
from embedcore.vectors import WordVectors

from .conftest import by_key, echarts_table, texts

OpenPage = Callable[..., AppTest]
GLOVE, MINE = "glove.6B.50d", "내 글"
YOURS = "your words"


@pytest.fixture(scope="module")
def trained() -> WordVectors:
    sentences = list(tokenize(SAMPLES["English"].text, "words"))
    return train(sentences, TrainConfig(dim=16, min_count=1, epochs=5))


@pytest.fixture
def library(home: Settings, trained: WordVectors) -> Settings:
    """A home with GloVe and a set trained on the English sample."""
    save_vectors(MINE, trained, source="a test", settings=home)
    return home


@pytest.fixture
def standing_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages are opened as in a wiki's frame."""
    monkeypatch.setattr(ContextProxy, "is_embedded", True)


def table(at: AppTest, alt: str) -> pd.DataFrame:
    """The table whose description begins so."""
    return next(one.value for one in at.dataframe if one.proto.alt.startswith(alt))


def metrics(at: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in at.metric}


def nearest(vectors: WordVectors, word: str, among: list[str], topn: int) -> list[str]:
    """By numpy, over words that are in the set."""
    matrix = np.stack([vectors[other] for other in among if other != word]).astype(np.float64)
    cosines = matrix @ vectors[word] / np.linalg.norm(matrix, axis=1)
    return [[other for other in among if other != word][place] for place in np.argsort(-cosines)[:topn]]


# How far two sets agree


def test_your_words_have_their_neighbors_in_both_sets(
    open_page: OpenPage, library: Settings, trained: WordVectors
) -> None:
    glove = open_vectors(GLOVE, library)
    both = [word for word in trained.tokens if word in glove]
    words = [both[20], both[3].upper(), both[40]]
    at = open_page(
        "compare", vectors=GLOVE, other=MINE, ask="Two sets", over=YOURS, words=[*words, "korea"], top="7",
        sort="as listed",
    )  # fmt: skip
    asked = [both[20], both[3], both[40]]
    found = table(at, "The 3 words compared")
    assert found["word"].tolist() == asked
    for place, word in enumerate(asked):
        ours, theirs = nearest(glove, word, both, 7), nearest(trained, word, both, 7)
        row = found.iloc[place]
        assert row["same"] == len(set(ours) & set(theirs))
        assert row["near in both"] == ", ".join(near for near in ours if near in theirs)
        assert row[f"only in {GLOVE}"] == ", ".join(near for near in ours if near not in theirs)
        assert row[f"only in {MINE}"] == ", ".join(near for near in theirs if near not in ours)
        detail = table(at, f"The neighbours of {word} in {MINE}")
        assert detail["word"].tolist() == theirs
        assert detail["there"].tolist() == [f"{ours.index(near) + 1}" if near in ours else "" for near in theirs]
    assert echarts_table(at, "overlap")["common"].tolist() == found["same"].tolist()
    shown = texts(at).replace("\\", "")
    assert "“korea”" in at.warning[0].value
    assert MINE in at.warning[0].value
    link = parse_qs(urlsplit(at.code[0].value).query)
    assert link == {
        "vectors": [GLOVE], "other": [MINE], "ask": ["Two sets"], "over": [YOURS], "words": [*words, "korea"],
        "top": ["7"], "near": ["100000"], "sort": ["as listed"],
    }  # fmt: skip
    assert f"Both sets have {len(both):,} words. {400_000 - len(both):,} are in {GLOVE} alone, such as" in shown
    assert metrics(at)["Same neighbours, on average"] == f"{found['same'].mean():.1f} of 7"
    assert not at.error


def test_the_most_frequent_words_come_in_the_order_asked_for(open_page: OpenPage, library: Settings) -> None:
    parameters = {"vectors": GLOVE, "other": MINE, "ask": "Two sets", "over": "100 most frequent"}
    at = open_page("compare", **parameters)
    glove, mine = open_vectors(GLOVE, library), open_vectors(MINE, library)
    shared = overlap.shared_words(glove, mine)
    frequent = [glove.tokens[row] for row in shared.first[:100].tolist()]
    expected = overlap.compare(glove, mine, frequent, 10, shared=shared)
    differ = [frequent[place] for place in overlap.most_different_first(expected)]
    assert table(at, "The 100 words compared")["word"].tolist() == differ
    counts = echarts_table(at, "overlap")
    assert counts["words"].tolist() == np.bincount([one.common for one in expected], minlength=11).tolist()
    assert metrics(at)["By chance"] == f"{100 / (len(shared) - 1):.2g}"
    for order, words in (("agree most", differ[::-1]), ("as listed", frequent)):
        by_key(at, "radio", keys.SORT).set_value(order).run()
        assert table(at, "The 100 words compared")["word"].tolist() == words
    by_key(at, "number_input", keys.NEAR).set_value(30).run()
    few = set(frequent[:30])
    detail = table(at, f"The neighbours of {frequent[0]} in {GLOVE}")
    assert set(detail["word"]) <= few - {frequent[0]}


def test_words_that_one_set_alone_has_are_told_and_the_rest_answered(open_page: OpenPage, library: Settings) -> None:
    at = open_page(
        "compare", vectors=GLOVE, other=MINE, ask="Two sets", over=YOURS, words=["seoul", "**x**", "zzzzq"]
    )  # fmt: skip
    assert "Give words that both sets have." in texts(at)
    assert not at.error
    assert not at.get("echarts_chart")


def test_sets_of_other_case_are_compared(open_page: OpenPage, home: Settings) -> None:
    words = ["Korea", "Japan", "China", "Seoul", "KOREA", "tea"]
    matrix = np.random.default_rng(0).standard_normal((6, 4)).astype(np.float32)
    save_vectors("cased", WordVectors(words, matrix), source="a test", settings=home)
    at = open_page("compare", vectors="cased", other=GLOVE, ask="Two sets", over="100 most frequent", sort="as listed")
    assert "words that differ in case alone count as one" in texts(at)
    spelt = set(table(at, "The 5 words compared")["word"])
    assert spelt == {"Korea / korea", "Japan / japan", "China / china", "Seoul / seoul", "tea"}
    assert "There are so few words to look among" in texts(at)


def test_a_word_without_a_direction_is_told(open_page: OpenPage, home: Settings) -> None:
    matrix = np.random.default_rng(0).standard_normal((5, 4)).astype(np.float32)
    matrix[2] = 0
    save_vectors("small", WordVectors(["king", "queen", "man", "woman", "apple"], matrix), source="", settings=home)
    at = open_page("compare", vectors=GLOVE, other="small", ask="Two sets")
    assert "No neighbours to compare for “man”" in at.warning[0].value
    assert len(table(at, "The 4 words compared")) == 4


def test_sets_without_a_word_in_common(open_page: OpenPage, home: Settings) -> None:
    save_vectors("other", WordVectors(["일이삼", "사오육"], np.eye(2)), source="", settings=home)
    at = open_page("compare", vectors=GLOVE, other="other", ask="Two sets")
    assert "Both sets have 0 words" in texts(at)
    assert "There is no word to compare." in texts(at)
    assert not at.error


# Which two sets


def test_without_a_second_set_the_page_asks_for_one(open_page: OpenPage, library: Settings) -> None:
    at = open_page("compare", vectors=GLOVE, ask="Two sets")
    assert "choose the second one above" in texts(at)
    by_key(at, "selectbox", keys.OTHER_SET).set_value(MINE).run()
    assert len(table(at, "The ")) > 100


def test_a_second_set_that_is_not_there_is_answered_by_a_sentence(open_page: OpenPage, library: Settings) -> None:
    at = open_page("compare", vectors=GLOVE, other="nobody has it", ask="Two sets")
    assert "There is no vector set “nobody has it” here" in at.warning[0].value
    at = open_page("compare", vectors=GLOVE, other=GLOVE)
    assert "names the same set twice" in at.warning[0].value
    assert by_key(at, "selectbox", keys.OTHER_SET).value is None


def test_sets_change_places(open_page: OpenPage, library: Settings) -> None:
    at = open_page("compare", vectors=GLOVE, other=MINE, ask="Two sets")

    def chosen() -> list[str]:
        return [by_key(at, "selectbox", key).value for key in (keys.VECTORS, keys.OTHER_SET)]

    by_key(at, "button", keys.SWAP_SETS).click().run()
    assert chosen() == [MINE, GLOVE]
    assert any(f"only in {MINE}" in one.value.columns for one in at.dataframe)
    by_key(at, "selectbox", keys.VECTORS).set_value(GLOVE).run()  # the one that is second now
    assert chosen() == [GLOVE, MINE]


# Every question, of both


@pytest.mark.parametrize("view", VIEWS)
def test_every_question_is_answered_for_both_sets(open_page: OpenPage, library: Settings, view: str) -> None:
    alone = open_page("compare", vectors=GLOVE, ask=view, **inputs())
    at = open_page("compare", vectors=GLOVE, other=MINE, ask=view, **inputs())
    assert not at.error
    assert by_key(at, "radio", keys.ASK).value == view
    assert answers(at) > answers(alone)
    alts = [one.proto.alt for kind in ("arrow_data_frame", "echarts_chart") for one in at.get(kind)]
    assert len(set(alts)) == len(alts)
    assert MINE in texts(at)


@pytest.mark.parametrize("view", VIEWS)
def test_every_answer_stands_alone_too(open_page: OpenPage, library: Settings, standing_alone: None, view: str) -> None:
    at = open_page("compare", vectors=GLOVE, other=MINE, ask=view, **inputs())
    assert not at.error
    assert answers(at) > 1
    for kind in ("radio", "selectbox", "multiselect", "text_input", "text_area", "number_input", "toggle", "button"):
        assert not at.get(kind)


@pytest.mark.parametrize("view", VIEWS)
def test_a_set_that_knows_none_of_the_words_harms_no_answer(open_page: OpenPage, home: Settings, view: str) -> None:
    matrix = np.array([[0, 0], [np.nan, 1], [1, 2]], dtype=np.float32)
    save_vectors("odd", WordVectors(["", "영", "**굵게**"], matrix), source="", settings=home)
    at = open_page("compare", vectors=GLOVE, other="odd", ask=view, **inputs())
    assert not at.exception
    if view != "Two sets":
        assert answers(at) >= 1


def inputs() -> dict[str, Any]:
    """Something for every question, in words that both sets have."""
    return {
        "words": ["rain", "snow", "piano", "doctor"], "word": "rain", "text": "rain and snow on the deck",
        "text2": "a song for the piano", "expression": "rain - snow + piano", "axis": "doctor - nurse",
    }  # fmt: skip


def answers(at: AppTest) -> int:
    """How many pictures and tables there are."""
    return len(at.get("echarts_chart")) + len(at.dataframe)
