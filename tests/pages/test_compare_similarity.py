"""The question of similarity on the Compare page: the matrix, its order, the pairs, the CSV; one set and two."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from embedcore import TrainConfig, train
from embedcore.library import open_vectors, save_vectors
from embedcore.questions.clustering import order_alike
from embedcore.settings import Settings
from embedcore.ui import keys
from embedcore.vectors import WordVectors

from .conftest import by_key, echarts, echarts_table, texts

OpenPage = Callable[..., AppTest]

GLOVE = "glove.6B.50d"
WORDS = ["king", "apple", "queen", "pear"]


def matrix(at: AppTest, number: int = 0) -> pd.DataFrame:
    """The cells of a heat map as a table with words on both sides, in the order of the picture."""
    names = echarts(at, f"similarity_{number}")["yAxis"]["data"]
    cells = echarts_table(at, f"similarity_{number}").astype({"word": str, "other word": str})
    return cells.pivot_table(index="word", columns="other word", values="cosine").reindex(index=names, columns=names)


def by_hand(vectors: WordVectors, words: list[str]) -> np.ndarray:
    rows = np.stack([vectors[word].astype(float) for word in words])
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows @ rows.T


@pytest.fixture
def mine(home: Settings) -> WordVectors:
    """A set trained here, with the name “mine”."""
    sentences = [
        line.split() for line in ["king queen rule land", "apple pear grow tree", "king likes apple tree"] * 30
    ]
    vectors = train(sentences, TrainConfig(dim=8, min_count=1, epochs=4))
    save_vectors("mine", vectors, source="a test", settings=home)
    return open_vectors("mine", home)


def test_the_matrix_and_the_pairs_are_numpys(open_page: OpenPage, home: Settings) -> None:
    at = open_page("compare", vectors=GLOVE, words=WORDS)
    glove = open_vectors(GLOVE, home)
    shown = matrix(at)
    assert list(shown.index) == WORDS
    np.testing.assert_allclose(shown.to_numpy(), by_hand(glove, WORDS), atol=5e-5)  # as rounded for the picture
    pairs = at.dataframe[0].value
    expected = sorted(itertools.combinations(WORDS, 2), key=lambda pair: -glove.similarity(*pair))
    assert [*zip(pairs["word"], pairs["other word"], strict=True)] == expected
    np.testing.assert_allclose(pairs["cosine"], [glove.similarity(*pair) for pair in expected], atol=1e-12)
    assert f"The closest pair here is king and queen, at {glove.similarity('king', 'queen'):.3f}" in texts(at)


def test_a_set_trained_here(open_page: OpenPage, mine: WordVectors) -> None:
    at = open_page("compare", vectors="mine", words=WORDS)
    np.testing.assert_allclose(matrix(at).to_numpy(), by_hand(mine, WORDS), atol=5e-5)


def test_a_link_says_the_order(open_page: OpenPage, home: Settings) -> None:
    at = open_page("compare", words=WORDS, order="alike together", pairs="farthest first")
    glove = open_vectors(GLOVE, home)
    expected = [WORDS[place] for place in order_alike(by_hand(glove, WORDS))]
    assert list(matrix(at).index) == expected
    assert set(expected[:2]) in ({"king", "queen"}, {"apple", "pear"})
    cosines = at.dataframe[0].value["cosine"]
    assert cosines.is_monotonic_increasing
    assert len(cosines) == 6
    by_key(at, "radio", keys.ORDER).set_value("as typed").run()
    assert list(matrix(at).index) == WORDS


def test_the_csv_has_the_matrix_in_the_order_shown(open_page: OpenPage, home: Settings) -> None:
    at = open_page("compare", words=WORDS, order="alike together")
    text = next(code.value for code in at.code if code.value.startswith(","))
    table = pd.read_csv(io.StringIO(text), index_col=0)
    assert list(table.index) == list(table.columns) == list(matrix(at).index)
    np.testing.assert_allclose(table, by_hand(open_vectors(GLOVE, home), list(table.index)), atol=1e-6)
    labels = [button.label for button in at.get("download_button")]
    assert {"Download the matrix", "Download the pairs"} <= set(labels)


def test_two_sets_stand_side_by_side_in_one_order(open_page: OpenPage, mine: WordVectors, home: Settings) -> None:
    at = open_page("compare", vectors=GLOVE, other="mine", words=[*WORDS, "paris", "KING"], order="alike together")
    first, second = matrix(at, 0), matrix(at, 1)
    assert list(second.index) == [word for word in first.index if word != "paris"]
    np.testing.assert_allclose(first.to_numpy(), by_hand(open_vectors(GLOVE, home), list(first.index)), atol=5e-5)
    np.testing.assert_allclose(second.to_numpy(), by_hand(mine, list(second.index)), atol=5e-5)
    assert "paris" in first.index
    alts = [chart.proto.alt for chart in at.get("echarts_chart")]
    assert len(set(alts)) == 2
    assert GLOVE in alts[0]
    assert "mine" in alts[1]


def test_the_other_set_may_have_none_of_the_words(open_page: OpenPage, mine: WordVectors) -> None:
    at = open_page("compare", vectors=GLOVE, other="mine", words=["paris", "london"])
    assert len(at.get("echarts_chart")) == 1
    assert "Of these words, this set has none." in texts(at)
    assert not at.error


def test_words_without_a_direction_are_told_and_the_rest_is_answered(open_page: OpenPage, home: Settings) -> None:
    rows = np.array([[1, 0], [0, 0], [1, 1], [np.nan, 1]], dtype=np.float32)
    save_vectors("odd", WordVectors(["a", "zero", "b", "nan"], rows), source="a test", settings=home)
    at = open_page("compare", vectors="odd", words=["a", "zero", "b", "nan"], order="alike together")
    assert "The vectors of “zero”, “nan” are zeros or have a number that is not finite" in texts(at)
    cells = echarts_table(at, "similarity_0")
    assert set(cells["word"]) == {"a", "b"}
    assert at.dataframe[0].value["cosine"].tolist() == pytest.approx([2**-0.5])
    alone = open_page("compare", vectors="odd", words=["zero", "nan"])
    assert not alone.error
    assert not alone.dataframe
    assert "none of them can be compared" in alone.get("echarts_chart")[0].proto.alt


@pytest.mark.parametrize("order", ["as typed", "alike together"])
def test_five_hundred_words_are_a_picture_without_labels(open_page: OpenPage, home: Settings, order: str) -> None:
    words = open_vectors(GLOVE, home).tokens[2_000:2_500]
    at = open_page("compare", words=words, order=order)
    options = echarts(at, "similarity_0")
    assert not options["xAxis"]["axisLabel"]["show"]
    assert len(echarts_table(at, "similarity_0")) == 250_000
    assert len(at.dataframe[0].value) == 100
    assert "The 100 closest of 124,750 pairs." in texts(at)
    assert not any(code.value.startswith(",") for code in at.code)
    assert "A matrix of 500 words is too large to be shown as text." in texts(at)


@pytest.mark.parametrize("words", [[], ["king"], ["zzzzqqq"], ["king", "KING"]])
def test_too_few_words_are_told_what_to_do(open_page: OpenPage, words: list[str]) -> None:
    at = open_page("compare", words=words or [""])
    assert not at.get("echarts_chart")
    assert not at.error
    told = ("Choose two words or more", "Choose one word more", "Of these words, this set has only “king”")
    assert any(sentence in texts(at) for sentence in told)


def test_an_order_that_there_is_not_is_told(open_page: OpenPage) -> None:
    at = open_page("compare", words=WORDS, order="by magic")
    assert "it should be one of as typed, alike together" in texts(at)
    assert list(matrix(at).index) == WORDS
