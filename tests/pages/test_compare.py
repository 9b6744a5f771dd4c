"""The Compare page on real GloVe and on a kept set."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from embedcore.library import open_vectors, save_vectors
from embedcore.settings import Settings
from embedcore.ui import keys
from embedcore.vectors import WordVectors

from .conftest import by_key, echarts, texts

OpenPage = Callable[..., AppTest]


def tables(at: AppTest) -> list[list[str]]:
    return [list(table.value["word"]) for table in at.dataframe]


def test_a_link_shows_its_words(open_page: OpenPage, home: Settings) -> None:
    at = open_page("compare", vectors="glove.6B.50d", words=["king", "queen", "apple"])
    assert by_key(at, "multiselect", keys.WORDS).value == ["king", "queen", "apple"]
    glove = open_vectors("glove.6B.50d", home)
    assert tables(at) == [[n.word for n in glove.most_similar(word)] for word in ("king", "queen", "apple")]
    shown = texts(at)
    assert "400,000 words, 50 dimensions" in shown
    assert "PDDL" in shown
    king, queen = glove["king"].astype(float), glove["queen"].astype(float)
    cosine = king @ queen / np.linalg.norm(king) / np.linalg.norm(queen)
    assert f"The closest pair here is king and queen, at {cosine:.3f}" in shown


def test_what_the_tutorial_prints_of_a_word(open_page: OpenPage, home: Settings) -> None:
    at = open_page("compare", words=["king"])
    code = at.code[0].value
    assert ">>> stoi['king']\n691\n" in code
    assert "(400000, 50)" in code
    first = open_vectors("glove.6B.50d", home)["king"][0]
    assert f"{first:.4f}" in code
    assert at.expander[0].label == "king: row 691, the 692nd of 400,000 words"


def test_a_capital_finds_the_lower_cased_word_and_says_so(open_page: OpenPage) -> None:
    at = open_page("compare", words=["Korea", "japan"])
    assert "“Korea” as “korea”" in texts(at)
    assert len(tables(at)) == 2


def test_an_unknown_word_gets_near_spellings_and_the_rest_works(open_page: OpenPage) -> None:
    at = open_page("compare", words=["kign", "queen", "king", "영화zz"])
    warnings = [warning.value for warning in at.warning]
    assert len(warnings) == 2
    assert "“kign” is not in glove" in warnings[0]
    assert "king" in warnings[0]
    assert len(tables(at)) == 2


def test_markdown_in_a_word_stays_text(open_page: OpenPage) -> None:
    at = open_page("compare", words=["**x**![a](b)", "king"])
    assert r"\*\*x\*\*\!\[a\]\(b\)" in at.warning[0].value


def test_a_set_that_is_not_there_is_answered_by_a_sentence(open_page: OpenPage) -> None:
    at = open_page("compare", vectors="nobody has it", words=["king"])
    assert "There is no vector set “nobody has it” here" in at.warning[0].value
    assert by_key(at, "selectbox", keys.VECTORS).value == "glove.6B.50d"


@pytest.mark.parametrize("words", [[], ["king"], ["zzzzqqq"]])
def test_few_words_are_no_trouble(open_page: OpenPage, words: list[str]) -> None:
    at = open_page("compare", words=words or [""])
    assert not at.error


def test_the_same_word_twice_is_shown_once(open_page: OpenPage) -> None:
    at = open_page("compare", words=["king", "KING", "queen"])
    assert len(tables(at)) == 2


def test_words_and_set_change(open_page: OpenPage, home: Settings) -> None:
    matrix = np.array([[1, 0], [0.9, 0.1], [0, 1]], dtype=np.float32)
    save_vectors("내 벡터", WordVectors(["고양이", "강아지", "liberty"], matrix), source="a test", settings=home)
    at = open_page("compare")
    by_key(at, "selectbox", keys.VECTORS).set_value("내 벡터").run()
    # Nobody had chosen words, so those of the new set are shown.
    assert by_key(at, "multiselect", keys.WORDS).value == ["고양이", "강아지", "liberty"]
    assert tables(at)[0] == ["강아지", "liberty"]
    by_key(at, "multiselect", keys.WORDS).set_value(["liberty"]).run()
    by_key(at, "selectbox", keys.VECTORS).set_value("glove.6B.50d").run()
    # But these were chosen, and stay.
    assert by_key(at, "multiselect", keys.WORDS).value == ["liberty"]
    assert tables(at)[0][0] == "freedom"


def test_the_strip_has_a_cell_a_dimension(open_page: OpenPage) -> None:
    at = open_page("compare", words=["king"])
    assert len(echarts(at, "strips")["xAxis"]["data"]) == 50
