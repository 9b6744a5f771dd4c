"""Neighbours on the Compare page: the tables hold what numpy finds, on GloVe and beside a trained set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from embedcore.library import save_vectors
from embedcore.settings import Settings
from embedcore.training import TrainConfig, train
from embedcore.ui import keys
from embedcore.ui.asking.controls import Controls
from embedcore.ui.compare import page
from embedcore.vectors import WordVectors

from .conftest import by_key, texts

OpenPage = Callable[..., AppTest]
LINES = ["the king met the queen", "the cat saw the dog", "왕 은 왕비 를 만났다", "the queen saw the cat"]


@pytest.fixture
def trained(home: Settings) -> WordVectors:
    """A set trained on a few lines, in the library as “my text”."""
    vectors = train([line.split() for line in LINES] * 30, TrainConfig(dim=10, epochs=3, min_count=1, seed=3))
    save_vectors("my text", vectors, source="a test", settings=home)
    return vectors


@pytest.fixture
def embedded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page as it is in a frame of another page, which AppTest has no word for."""

    def alone(*, embedded: bool) -> Controls:
        return Controls(embedded=True)

    monkeypatch.setattr(page, "Controls", alone)


def asked(open_page: OpenPage, *words: str, **link: Any) -> AppTest:
    return open_page("compare", ask="Neighbours", words=list(words) or [""], **link)


def tables(at: AppTest) -> dict[str, pd.DataFrame]:
    """All tables, by what they are to who cannot see them."""
    return {element.proto.alt: element.value for element in at.dataframe}


def near(at: AppTest, word: str, name: str = "glove.6B.50d") -> pd.DataFrame:
    """The table of a word's neighbours in a set."""
    return tables(at)[f"The nearest words of {word} in {name}"]


def agrees(shown: pd.DataFrame, vectors: WordVectors, word: str, topn: int, rows: np.ndarray | None = None) -> None:  # type: ignore[type-arg]
    """The table holds what the definition of the cosine gives, computed by plain numpy."""
    rows = np.arange(len(vectors)) if rows is None else rows
    wide = vectors.matrix[rows].astype(np.float64)
    question = vectors[word].astype(np.float64)
    cosines = wide @ question / np.linalg.norm(wide, axis=1) / np.linalg.norm(question)
    order = np.argsort(-cosines, kind="stable")
    best = order[rows[order] != vectors.row(word)][:topn]
    assert shown["word"].tolist() == [vectors.tokens[int(rows[place])] for place in best]
    assert shown["cosine"].tolist() == pytest.approx(cosines[best].tolist(), abs=1e-6)
    assert shown["rank"].tolist() == [int(rows[place]) + 1 for place in best]


def test_each_word_has_its_table(open_page: OpenPage, glove: WordVectors) -> None:
    at = asked(open_page, "king", "queen", "apple", vectors="glove.6B.50d")
    for word in ("king", "queen", "apple"):
        agrees(near(at, word), glove, word, 10)
    assert len(tables(at)) == len(at.dataframe) == 4  # the last: of what is near several


def test_the_shared_ones_are_marked_and_listed(open_page: OpenPage, glove: WordVectors) -> None:
    at = asked(open_page, "king", "queen", "prince", "apple")
    lists = {word: {n.word for n in glove.most_similar(word)} for word in ("king", "queen", "prince", "apple")}
    shown = near(at, "king")
    for word, mark in zip(shown["word"], shown["also"], strict=True):
        expected = ["asked about"] if word in lists else []
        others = [other for other in lists if other != "king" and word in lists[other]]
        assert mark == "; ".join([*expected, *(["near " + ", ".join(others)] if others else [])])
    assert {"asked about; near prince", "near prince", ""} <= set(shown["also"])
    listed = tables(at)["Words near several of the 4 words asked about in glove.6B.50d"]
    several = {w for one in lists.values() for w in one if sum(w in other for other in lists.values()) > 1}
    assert set(listed["word"]) == several
    row = listed.set_index("word").loc["throne"]
    assert row["near"] == "king, prince"
    assert row["of them"] == 2
    assert row["cosine"] == pytest.approx(np.mean([glove.similarity("throne", w) for w in ("king", "prince")]))


def test_a_cut_by_frequency_and_a_number(open_page: OpenPage, glove: WordVectors) -> None:
    at = asked(open_page, "seoul", among="1000", top="7")
    agrees(near(at, "seoul"), glove, "seoul", 7, np.arange(1_000))
    by_key(at, "number_input", keys.AMONG).set_value(20_000).run()
    agrees(near(at, "seoul"), glove, "seoul", 7, np.arange(20_000))
    by_key(at, "number_input", keys.TOP).set_value(3).run()
    agrees(near(at, "seoul"), glove, "seoul", 3, np.arange(20_000))


def test_only_among_a_list(open_page: OpenPage, glove: WordVectors) -> None:
    at = asked(open_page, "king", only="queen, Duke\nthrone, qqzz1, **x**\nking")
    rows = np.sort(glove.rows(["queen", "duke", "throne", "king"]))
    agrees(near(at, "king"), glove, "king", 10, rows)
    assert len(near(at, "king")) == 3  # itself is no neighbour
    assert r"2 of 6 words to look among are not in glove\.6B\.50d: “qqzz1”, “\*\*x\*\*”." in texts(at)
    by_key(at, "text_area", keys.ONLY).set_value("qqzz1").run()
    assert not tables(at)
    assert "None of the words to look among is left" in texts(at)
    by_key(at, "text_area", keys.ONLY).set_value(" \n").run()
    agrees(near(at, "king"), glove, "king", 10)


def test_words_of_both_sets_come_first_so_that_their_tables_stand_side_by_side(
    open_page: OpenPage, trained: WordVectors
) -> None:  # fmt: skip
    at = asked(open_page, "apple", "king", "왕비", "cat", vectors="glove.6B.50d", other="my text")
    assert "apple" not in trained
    asked_in = [button.label.strip("*") for button in at.button if button.label.startswith("**")]
    assert asked_in == ["king", "cat", "apple", "king", "cat", "왕비"]


def test_two_sets_side_by_side(open_page: OpenPage, glove: WordVectors, trained: WordVectors) -> None:
    at = asked(open_page, "king", "cat", "왕비", vectors="glove.6B.50d", other="my text", top="100")
    agrees(near(at, "king"), glove, "king", 100)
    for word in ("king", "cat", "왕비"):
        agrees(near(at, word, "my text"), trained, word, 100)
    both = {n.word for n in glove.most_similar("king", topn=100)} & set(trained.tokens)
    for name in ("glove.6B.50d", "my text"):
        shown = near(at, "king", name)
        marked = shown[shown["also"].str.contains("in both sets")]["word"]
        assert set(marked) == both
    assert "queen" in both
    assert len(tables(at)) == len(at.dataframe)


def test_many_words_have_one_table(open_page: OpenPage, glove: WordVectors) -> None:
    words = glove.tokens[1_000:1_013]
    shown = near(asked(open_page, *words), "13 words")
    assert len(shown) == 130
    for word in (words[0], words[12]):
        agrees(shown[shown["asked"] == word], glove, word, 10)
    assert shown["asked"].drop_duplicates().tolist() == words


def test_five_hundred_words_are_cut_with_a_sentence(open_page: OpenPage, glove: WordVectors) -> None:
    at = asked(open_page, *glove.tokens[2_000:2_500], top="20", among="5000")
    assert [len(frame) for frame in tables(at).values()] == [5_000, 200]
    assert "The first 5,000 of 10,000 neighbours are shown" in texts(at)
    assert len(at.button) < 12


@pytest.mark.parametrize("words", [[], ["qqzzq"], ["", " "], ["qqzzq", "😀😀😀"]])
def test_nothing_to_ask_about_is_no_error(open_page: OpenPage, words: list[str]) -> None:
    at = asked(open_page, *words)
    assert not at.error
    assert not tables(at)


def test_a_word_without_a_direction_is_told_and_the_rest_answered(open_page: OpenPage, home: Settings) -> None:
    matrix = [[1, 0], [0.9, 0.1], [0, 0], [np.nan, 1]]
    save_vectors("odd", WordVectors(["a", "b", "zero", "nan"], matrix), source="a test", settings=home)
    at = asked(open_page, "a", "zero", "nan", vectors="odd")
    assert not at.error
    assert [frame["word"].tolist() for frame in tables(at).values()] == [["b"]]
    assert "“zero”, “nan”" in texts(at)


@pytest.mark.parametrize(("key", "value"), [("top", "0"), ("top", "many"), ("among", "-3"), ("only", "x" * 2_001)])
def test_what_a_link_cannot_mean_is_told(open_page: OpenPage, glove: WordVectors, key: str, value: str) -> None:
    at = asked(open_page, "king", **{key: value})
    assert f"This link says {key}=" in texts(at).replace("\\", "")
    agrees(near(at, "king"), glove, "king", 10)


def test_all_that_a_link_cannot_mean_is_told_at_once(open_page: OpenPage, glove: WordVectors) -> None:
    at = asked(open_page, "king", top="nan", among="abc")
    said = texts(at).replace("\\", "")
    assert "This link says top=nan, but it should be a whole number from 1 to 100." in said
    assert "This link says among=abc, but it should be a whole number from 1 to 100,000,000." in said
    agrees(near(at, "king"), glove, "king", 10)
    at.run()
    assert "This link says" not in texts(at)


def test_a_words_page_is_one_click_away(open_page: OpenPage) -> None:
    at = asked(open_page, "king", "queen")
    by_key(at, "button", f"{keys.OPEN_WORD}_0_queen").click().run()
    assert by_key(at, "radio", keys.ASK).value == "Word"
    assert by_key(at, "text_input", keys.WORD).value == "queen"
    assert "queen" in [header.value for header in at.header]


def test_alone_in_a_frame(open_page: OpenPage, glove: WordVectors, embedded: None) -> None:
    at = asked(open_page, "king", "queen", "nowordlikeit", top="4", only="prince, throne, lady, apple, duke")
    rows = np.sort(glove.rows(["prince", "throne", "lady", "apple", "duke"]))
    agrees(near(at, "king"), glove, "king", 4, rows)
    for kind in ("button", "text_input", "text_area", "number_input", "multiselect", "selectbox", "radio", "expander"):
        assert not at.get(kind)
    assert "**king**" in texts(at)
