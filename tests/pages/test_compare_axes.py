"""Words on axes that the visitor spans: on GloVe, on a kept set, and on both."""

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
JOBS = ["nurse", "engineer", "teacher", "pilot"]
RNG = np.random.default_rng(4)


@pytest.fixture
def mine(home: Settings) -> WordVectors:
    """A small Korean set with a few English words, one of them without a direction."""
    words = ["왕", "여왕", "남자", "여자", "nurse", "engineer", "he", "she", "same as he", "zero"]
    matrix = RNG.standard_normal((10, 6)).astype(np.float32)
    matrix[8], matrix[9] = 2 * matrix[6], 0
    save_vectors("mine", WordVectors(words, matrix), source="a test", settings=home)
    return open_vectors("mine", home)


def positions(vectors: WordVectors, pairs: list[tuple[str, str]], words: list[str]) -> dict[str, float]:
    def unit(word: str) -> np.ndarray:  # type: ignore[type-arg]
        wide = vectors[word].astype(np.float64)
        return wide / np.linalg.norm(wide)

    axis = np.mean([unit(a) - unit(b) for a, b in pairs], axis=0)
    return {word: pytest.approx(unit(word) @ axis / np.linalg.norm(axis), abs=6e-5) for word in words}


def drawn(at: AppTest, key: str, column: str) -> dict[str, float]:
    return dict(echarts_table(at, key).set_index("word")[column].to_dict())


def test_one_axis_is_a_sorted_bar(open_page: OpenPage, home: Settings) -> None:
    glove = open_vectors("glove.6B.50d", home)
    at = open_page("compare", ask="Axes", words=JOBS)
    assert by_key(at, "text_input", keys.AXIS).value == "he - she"
    expected = positions(glove, [("he", "she")], [*JOBS, "he", "she"])
    assert drawn(at, "axis_0", "position") == expected
    names = echarts(at, "axis_0")["yAxis"]["data"]
    assert names.index("engineer") < names.index("teacher") < names.index("nurse")
    assert echarts(at, "axis_0")["xAxis"]["name"] == "← she · he →"
    table = at.dataframe[0].value
    assert dict(zip(table["word"], table["position"], strict=True)) == expected
    assert set(table["word"][table["spans the axis"]]) == {"he", "she"}
    assert "two thirds of the 2,000 most frequent words" in texts(at)
    assert "Gonen and Goldberg 2019" in texts(at)


def test_two_axes_are_a_scatter(open_page: OpenPage, home: Settings) -> None:
    glove = open_vectors("glove.6B.50d", home)
    pairs = [("he", "she"), ("man", "woman")]
    at = open_page("compare", ask="Axes", words=JOBS, axis="he - she, man - woman", axis2="good - bad")
    words = [*JOBS, "he", "she", "man", "woman", "good", "bad"]
    assert drawn(at, "axes_0", "x") == positions(glove, pairs, words)
    assert drawn(at, "axes_0", "y") == positions(glove, [("good", "bad")], words)
    shown = texts(at)
    assert "The axes are 8" in shown  # eighty-odd degrees
    assert "nearly a right angle" in shown
    assert "How well each pair agrees with the others" in shown
    assert "Against most of the others" not in shown
    by_key(at, "text_input", keys.OTHER_AXIS).set_value("").run()
    assert drawn(at, "axis_0", "position") == positions(glove, pairs, [*JOBS, "he", "she", "man", "woman"])


def test_a_pair_that_is_the_wrong_way_round_is_told(open_page: OpenPage) -> None:
    at = open_page("compare", ask="Axes", words=JOBS, axis="he - she, man - woman, her - his")
    assert r"Against most of the others: her \- his." in texts(at)


def test_the_second_axis_alone_is_one_axis(open_page: OpenPage, home: Settings) -> None:
    at = open_page("compare", ask="Axes", words=JOBS, axis="", axis2="good - bad")
    glove = open_vectors("glove.6B.50d", home)
    assert drawn(at, "axis_0", "position") == positions(glove, [("good", "bad")], [*JOBS, "good", "bad"])


def test_two_sets_have_the_same_scale(open_page: OpenPage, home: Settings, mine: WordVectors) -> None:
    at = open_page("compare", ask="Axes", words=["nurse", "engineer"], other="mine")
    words = ["nurse", "engineer", "he", "she"]
    assert drawn(at, "axis_0", "position") == positions(open_vectors("glove.6B.50d", home), [("he", "she")], words)
    assert drawn(at, "axis_1", "position") == positions(mine, [("he", "she")], words)
    first, second = (echarts(at, f"axis_{number}")["xAxis"] for number in (0, 1))
    assert (first["min"], first["max"]) == (second["min"], second["max"])


def test_two_sets_of_which_one_has_half_of_the_words(open_page: OpenPage, mine: WordVectors) -> None:
    """The pairs that a set has span its axis; where it has none, that is said and the other set answers."""
    at = open_page("compare", ask="Axes", words=JOBS, other="mine", axis="he - she, man - woman", axis2="good - bad")
    assert len(drawn(at, "axes_0", "x")) == 10
    assert drawn(at, "axis_1", "position") == positions(mine, [("he", "she")], ["nurse", "engineer", "he", "she"])
    at = open_page("compare", ask="Axes", words=JOBS, other="mine", axis="good - bad")
    assert len(drawn(at, "axis_0", "position")) == 6
    assert "No pair of words spans an axis in this set." in texts(at)
    assert not at.error


def test_korean_pairs_and_phrases(open_page: OpenPage, mine: WordVectors) -> None:
    at = open_page("compare", ask="Axes", vectors="mine", words=["nurse", "왕"], axis="왕 - 여왕, 남자 - 여자")
    words = ["nurse", "왕", "여왕", "남자", "여자"]
    assert drawn(at, "axis_0", "position") == positions(mine, [("왕", "여왕"), ("남자", "여자")], words)
    by_key(at, "text_input", keys.AXIS).set_value('"same as he" - she').run()
    assert drawn(at, "axis_0", "position") == positions(
        mine, [("same as he", "she")], ["nurse", "왕", "same as he", "she"]
    )
    assert "all words of the set" in texts(at)


@pytest.mark.parametrize(
    ("axis", "said"),
    [("he - he", "point the same way, so they span no axis"),
     ('he - "same as he"', "point the same way, so they span no axis"),
     ("he - zero", "“zero” has no direction in this set"),
     ("he - she, she - he", "cancel each other out, so they span no axis"),
     ("he - zzzzqqq", "“zzzzqqq” is not in mine"),
     ("he -", "This is not a pair of words"),
     ("king queen prince", "This is not a pair of words")],
)  # fmt: skip
def test_what_spans_no_axis_is_said_where_it_is_typed(
    open_page: OpenPage, mine: WordVectors, axis: str, said: str
) -> None:
    at = open_page("compare", ask="Axes", vectors="mine", words=["nurse", "engineer"], axis=axis)
    shown = texts(at).replace("\\", "")
    assert said in shown
    assert not at.error
    assert not at.get("echarts_chart")
    by_key(at, "text_input", keys.AXIS).set_value("he - she").run()
    assert len(drawn(at, "axis_0", "position")) == 4


def test_a_bad_pair_leaves_the_good_ones(open_page: OpenPage, mine: WordVectors) -> None:
    at = open_page(
        "compare", ask="Axes", vectors="mine", words=["nurse", "zero"], axis="he - she, he - he, king - zero"
    )
    assert drawn(at, "axis_0", "position") == positions(mine, [("he", "she")], ["nurse", "he", "she"])
    shown = texts(at)
    assert "they point nowhere: “zero”." in shown
    assert "“he” and “he” point the same way" in shown


def test_case_is_that_of_the_set(open_page: OpenPage, home: Settings) -> None:
    at = open_page("compare", ask="Axes", words=JOBS, axis="He - SHE, he - she")
    assert drawn(at, "axis_0", "position") == positions(
        open_vectors("glove.6B.50d", home), [("he", "she")], [*JOBS, "he", "she"]
    )
    assert "“SHE” as “she”" in texts(at)


def test_without_an_axis_or_words_a_sentence_says_what_to_do(open_page: OpenPage) -> None:
    at = open_page("compare", ask="Axes", words=JOBS, axis="")
    assert r"Type a pair of words with a minus between, such as he - she" in texts(at)
    assert not at.get("echarts_chart")
    at = open_page("compare", ask="Axes", words=[""])
    assert sorted(drawn(at, "axis_0", "position")) == ["he", "she"]
    assert not at.error


def test_an_axis_that_nobody_chose_follows_the_set(open_page: OpenPage, mine: WordVectors, home: Settings) -> None:
    korean = ["남자", "여자", "사람"]
    save_vectors("korean", WordVectors(korean, np.eye(3)), source="a test", settings=home)
    at = open_page("compare", ask="Axes")
    by_key(at, "selectbox", keys.VECTORS).set_value("korean").run()
    assert by_key(at, "text_input", keys.AXIS).value == "남자 - 여자"
    assert drawn(at, "axis_0", "position") == {
        "남자": pytest.approx(0.7071), "여자": pytest.approx(-0.7071), "사람": 0
    }  # fmt: skip
    by_key(at, "text_input", keys.AXIS).set_value("사람 - 남자").run()
    by_key(at, "selectbox", keys.VECTORS).set_value("mine").run()
    assert by_key(at, "text_input", keys.AXIS).value == "사람 - 남자"  # this one was chosen


def test_a_near_spelling_takes_the_place_of_a_word(open_page: OpenPage) -> None:
    at = open_page("compare", ask="Axes", words=JOBS, axis="he - she, man - womann", axis2="womann - good")
    button = next(b for b in at.button if b.key.startswith("instead_axes") and b.key.endswith("_woman"))
    button.click().run()
    assert by_key(at, "text_input", keys.AXIS).value == "he - she, man - woman"
    assert by_key(at, "text_input", keys.OTHER_AXIS).value == "woman - good"
    assert len(drawn(at, "axes_0", "x")) == 9


def test_a_word_is_completed_while_it_is_typed(open_page: OpenPage) -> None:
    at = open_page("compare", ask="Axes", words=JOBS)
    by_key(at, "text_input", keys.AXIS).set_value("he - she, king - quee").run()
    button = next(b for b in at.button if b.key.startswith("axis_complete") and "queen" in b.label)
    button.click().run()
    assert by_key(at, "text_input", keys.AXIS).value == "he - she, king - queen"


def test_500_words(open_page: OpenPage, home: Settings) -> None:
    words = open_vectors("glove.6B.50d", home).tokens[1_000:1_500]
    at = open_page("compare", ask="Axes", words=words)
    shown = drawn(at, "axis_0", "position")
    assert 60 <= len(shown) <= 62
    assert {"he", "she"} <= set(shown)
    assert "words those at both ends are drawn, and the axis’ own" in texts(at)
    assert len(at.dataframe[0].value) >= 500
    by_key(at, "text_input", keys.OTHER_AXIS).set_value("good - bad").run()
    assert len(drawn(at, "axes_0", "x")) >= 500


def test_embedded_there_is_the_answer_alone(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(st.context), "is_embedded", property(lambda _: True))  # AppTest has no browser to say so
    at = open_page("compare", ask="Axes", words=JOBS, axis="he - she", axis2="good - bad")
    assert len(drawn(at, "axes_0", "x")) == 8
    assert not at.text_input
    assert not at.multiselect
