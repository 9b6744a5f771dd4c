"""The question of texts on the Compare page: two sentences by their mean vectors, on one set and on two."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from embedcore import TrainConfig, train
from embedcore.library import open_vectors, save_vectors
from embedcore.settings import Settings
from embedcore.ui import keys
from embedcore.vectors import WordVectors

from .conftest import by_key, echarts, echarts_table, texts

OpenPage = Callable[..., AppTest]

GLOVE = "glove.6B.50d"
ONE, OTHER = "The king, the KING!", "a queen of Korea"


@pytest.fixture
def korean(home: Settings) -> WordVectors:
    """A set trained here, with the name “한국어”."""
    sentences = [line.split() for line in ["고양이 밥 먹다", "강아지 밥 먹다", "배 바다 가다"] * 30]
    vectors = train(sentences, TrainConfig(dim=8, min_count=1, epochs=4))
    save_vectors("한국어", vectors, source="a test", settings=home)
    return open_vectors("한국어", home)


def by_hand(vectors: WordVectors, one: list[str], other: list[str]) -> float:
    first, second = (np.mean([vectors[word].astype(float) for word in words], axis=0) for words in (one, other))
    return float(first @ second / np.linalg.norm(first) / np.linalg.norm(second))


def ask(open_page: OpenPage, one: str, another: str, **parameters: str) -> AppTest:
    return open_page("compare", ask="Texts", text=one, text2=another, **parameters)


def test_two_texts_are_as_alike_as_their_means(open_page: OpenPage, home: Settings) -> None:
    at = ask(open_page, ONE, OTHER)
    glove = open_vectors(GLOVE, home)
    cosine = by_hand(glove, ["the", "king", "the", "king"], ["a", "queen", "of", "korea"])
    assert at.metric[0].value == f"{cosine:.3f}"
    first, second = (table.value for table in at.dataframe)
    assert set(first["word"]) == {"the", "king"}
    assert first["times"].tolist() == [2, 2]
    assert set(second["word"]) == {"a", "queen", "of", "korea"}
    assert first["adds"].sum() == pytest.approx(cosine, abs=1e-9)
    assert second["adds"].sum() == pytest.approx(cosine, abs=1e-9)
    assert first["adds"].is_monotonic_decreasing
    cells = echarts_table(at, "texts_0").astype({"word": str, "other word": str})
    assert len(cells) == 8
    assert cells.set_index(["word", "other word"])["cosine"]["king", "queen"] == pytest.approx(
        glove.similarity("king", "queen"), abs=5e-5
    )
    assert "“Korea” as “korea”" in texts(at)


def test_what_is_left_out_is_told_with_how_often_and_near_spellings(open_page: OpenPage, home: Settings) -> None:
    at = ask(open_page, "the kigndom of zzqx zzqx", "a kingdom")
    warning = at.warning[0].value
    assert "left out: “kigndom” (near: kingdom" in warning
    assert "“zzqx” (2 times)" in warning
    assert "2 of 5 words of the one" in texts(at)
    assert at.metric[0].value == f"{by_hand(open_vectors(GLOVE, home), ['the', 'of'], ['a', 'kingdom']):.3f}"


def test_a_change_of_a_text_changes_the_answer(open_page: OpenPage, home: Settings) -> None:
    at = ask(open_page, ONE, OTHER)
    by_key(at, "text_area", keys.TEXT).set_value("apple pear").run()
    cosine = by_hand(open_vectors(GLOVE, home), ["apple", "pear"], ["a", "queen", "of", "korea"])
    assert at.metric[0].value == f"{cosine:.3f}"


def test_white_space_keeps_words_as_they_are(open_page: OpenPage, home: Settings) -> None:
    at = ask(open_page, "king, queen", "apple", split="whitespace")
    assert "“king,”" in at.warning[0].value
    assert at.metric[0].value == f"{by_hand(open_vectors(GLOVE, home), ['queen'], ['apple']):.3f}"


def test_korean_by_words_and_by_morphemes(open_page: OpenPage, korean: WordVectors) -> None:
    one, other = "고양이가 밥을 먹었다", "강아지 밥"
    at = ask(open_page, one, other, vectors="한국어")
    assert "“고양이가” (near: 고양이)" in at.warning[0].value
    assert not at.metric
    at = ask(open_page, one, other, vectors="한국어", split="morphemes")
    assert not at.warning
    assert at.metric[0].value == f"{by_hand(korean, ['고양이', '밥', '먹다'], ['강아지', '밥']):.3f}"


def test_two_sets_each_with_its_own_words(open_page: OpenPage, korean: WordVectors, home: Settings) -> None:
    at = ask(open_page, "king 고양이 밥", "queen 강아지", vectors=GLOVE, other="한국어")
    expected = [
        by_hand(open_vectors(GLOVE, home), ["king"], ["queen"]), by_hand(korean, ["고양이", "밥"], ["강아지"])
    ]  # fmt: skip
    assert [metric.value for metric in at.metric] == [f"{cosine:.3f}" for cosine in expected]
    assert echarts(at, "texts_1")["yAxis"]["data"] == ["고양이", "밥"]
    alts = [element.proto.alt for element in [*at.get("echarts_chart"), *at.get("arrow_data_frame")]]
    assert len(set(alts)) == len(alts) >= 2


def test_the_first_texts_follow_the_set_until_somebody_writes(open_page: OpenPage, korean: WordVectors) -> None:
    at = open_page("compare", ask="Texts")
    assert not at.warning
    assert at.metric
    by_key(at, "selectbox", keys.VECTORS).set_value("한국어").run()
    assert set(by_key(at, "text_area", keys.TEXT).value.split()) <= set(korean.tokens)
    by_key(at, "text_area", keys.TEXT).set_value("고양이").run()
    by_key(at, "selectbox", keys.VECTORS).set_value(GLOVE).run()
    assert by_key(at, "text_area", keys.TEXT).value == "고양이"


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        ("", "king", "Write a text into each of the two boxes."),
        ("... !!", "king", "Write a text into each of the two boxes."),
        ("zzqxq", "king", "One of the texts has no word that this set has"),
        ("zzqxq", "qqxxz", "Neither text has a word that this set has"),
    ],
)
def test_texts_with_nothing_to_compare(open_page: OpenPage, one: str, other: str, told: str) -> None:
    at = ask(open_page, one, other)
    assert told in texts(at)
    assert not at.metric
    assert not at.error


def test_texts_that_point_nowhere(open_page: OpenPage, home: Settings) -> None:
    rows = np.array([[1, 0], [-1, 0], [0, 1], [np.nan, 1]], dtype=np.float32)
    save_vectors("odd", WordVectors(["left", "right", "up", "nan"], rows), source="a test", settings=home)
    at = ask(open_page, "left right", "up", vectors="odd")
    assert "add up to zeros" in at.error[0].value
    at = ask(open_page, "left nan nan", "up left", vectors="odd")
    assert "“nan” (2 times)" in at.warning[0].value
    assert at.metric[0].value == f"{2**-0.5:.3f}"


def test_what_a_text_holds_is_shown_as_typed(open_page: OpenPage) -> None:
    at = ask(open_page, "<script>alert(1)</script> **zzqx** $x^2$ king", "![a](http://zzqx.zz) שלום queen")
    shown = texts(at)
    assert "<script>" not in shown
    assert "**" not in shown
    assert at.metric


def test_a_thousand_characters_each_and_no_more(open_page: OpenPage) -> None:
    at = ask(open_page, "x" * 10_000, "king")
    assert "a text of at most 1,000 characters" in texts(at).replace("\\", "")
    at = ask(open_page, " ".join(f"{n} king" for n in range(120)), "queen " * 100)
    assert not at.exception
    assert at.metric
