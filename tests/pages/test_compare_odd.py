"""The odd one out: on GloVe, on a kept set, and on both."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from embedcore.library import open_vectors, save_vectors
from embedcore.settings import Settings
from embedcore.ui import keys
from embedcore.vectors import WordVectors

from .conftest import by_key, echarts, echarts_table, texts

OpenPage = Callable[..., AppTest]
MEALS = ["breakfast", "cereal", "dinner", "lunch"]


@pytest.fixture
def mine(home: Settings) -> WordVectors:
    """A small set with words of GloVe and one without a direction."""
    words = [*MEALS, "수박", "zero"]
    matrix = np.array([[1, 0], [0.9, 0.1], [0.8, 0.3], [-0.5, 1], [1, 0.2], [0, 0]], dtype=np.float32)
    save_vectors("mine", WordVectors(words, matrix), source="a test", settings=home)
    return open_vectors("mine", home)


def cosines_with_mean(vectors: WordVectors, words: list[str]) -> dict[str, float]:
    rows = np.stack([vectors[word] for word in words]).astype(np.float64)
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    mean = unit.mean(axis=0) / np.linalg.norm(unit.mean(axis=0))
    return dict(zip(words, (unit @ mean).tolist(), strict=True))


def test_the_odd_one_out_of_a_link(open_page: OpenPage, home: Settings) -> None:
    at = open_page("compare", ask="Odd one out", words=MEALS)
    expected = cosines_with_mean(open_vectors("glove.6B.50d", home), MEALS)
    drawn = echarts_table(at, "odd_0").set_index("word")["position"].to_dict()
    assert drawn == {word: pytest.approx(cosine, abs=6e-5) for word, cosine in expected.items()}
    assert echarts(at, "odd_0")["yAxis"]["data"] == sorted(MEALS, key=expected.__getitem__)
    said = f"**cereal** is the odd one out: its cosine with the mean of all is {expected['cereal']:.3f}."
    assert said in texts(at)
    table = at.dataframe[0].value
    assert table["word"].iloc[0] == "cereal"
    np.testing.assert_allclose(table["all"], sorted(expected.values()), atol=1e-6)
    assert (table["others"] < table["all"]).all()  # each word is part of the mean of all


def test_another_word_makes_another_odd_one(open_page: OpenPage) -> None:
    at = open_page("compare", ask="Odd one out", words=MEALS)
    by_key(at, "multiselect", keys.WORDS).set_value(["king", "queen", "prince", "potato"]).run()
    assert "**potato** is the odd one out" in texts(at)


def test_two_sets_may_disagree(open_page: OpenPage, mine: WordVectors) -> None:
    at = open_page("compare", ask="Odd one out", words=MEALS, other="mine")
    assert echarts(at, "odd_0")["yAxis"]["data"][0] == "cereal"
    assert echarts(at, "odd_1")["yAxis"]["data"][0] == mine.doesnt_match(MEALS) == "lunch"
    shown = texts(at)
    assert "**cereal** is the odd one out" in shown
    assert "**lunch** is the odd one out" in shown


@pytest.mark.parametrize(
    ("words", "said"),
    [([""], "Choose three words or more"), (["king"], "Choose 2 more that this set has"),
     (["king", "queen", "zzzzqqq"], "Choose 1 more that this set has")],
)  # fmt: skip
def test_fewer_than_three_words_are_told_what_is_missing(open_page: OpenPage, words: list[str], said: str) -> None:
    at = open_page("compare", ask="Odd one out", words=words)
    assert said in texts(at)
    assert not at.error
    assert not at.get("echarts_chart")


def test_a_word_without_a_direction_is_told_and_the_rest_answered(open_page: OpenPage, mine: WordVectors) -> None:
    at = open_page("compare", ask="Odd one out", vectors="mine", words=[*MEALS, "zero", "수박"])
    assert "they point nowhere: “zero”." in texts(at)
    assert sorted(echarts(at, "odd_0")["yAxis"]["data"]) == sorted([*MEALS, "수박"])


def test_words_that_cancel_each_other_out(open_page: OpenPage, home: Settings) -> None:
    matrix = np.array([[1, 0], [-3, 0], [0, 1], [0, -2]], dtype=np.float32)
    save_vectors("crossed", WordVectors([*"abcd"], matrix), source="a test", settings=home)
    at = open_page("compare", ask="Odd one out", vectors="crossed", words=[*"abcd"])
    assert "cancel each other out, so none of them is the odd one" in texts(at)
    assert not at.error


def test_a_close_call_is_called_one(open_page: OpenPage, home: Settings) -> None:
    matrix = np.array([[1, 0.1], [1, -0.1001], [1, 0]], dtype=np.float32)
    save_vectors("close", WordVectors([*"abc"], matrix), source="a test", settings=home)
    assert "**b** is the odd one out, but only just" in texts(
        open_page("compare", ask="Odd one out", vectors="close", words=[*"abc"])
    )


def test_500_words_are_drawn_in_part_and_listed_in_full(open_page: OpenPage, home: Settings) -> None:
    words = open_vectors("glove.6B.50d", home).tokens[1_000:1_500]
    at = open_page("compare", ask="Odd one out", words=words)
    assert len(echarts(at, "odd_0")["yAxis"]["data"]) == 60
    assert "The 60 lowest of 500 words are drawn" in texts(at)
    assert len(at.dataframe[0].value) == 500


def test_embedded_there_is_the_answer_alone(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(st.context), "is_embedded", property(lambda _: True))  # AppTest has no browser to say so
    at = open_page("compare", ask="Odd one out", words=MEALS)
    assert "**cereal** is the odd one out" in texts(at)
    assert not at.multiselect
    assert not at.title
