"""The frame of the Compare page, on real GloVe and on a kept set: its links, its sets, its questions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from embedcore.library import open_vectors, save_vectors
from embedcore.settings import Settings
from embedcore.ui import keys
from embedcore.ui.compare.page import VIEWS
from embedcore.vectors import WordVectors

from .conftest import by_key, echarts_table, texts

OpenPage = Callable[..., AppTest]


def cosines(at: AppTest) -> dict[tuple[str, str], float]:
    """What the matrix shows of each pair."""
    cells = echarts_table(at, "similarity_0")
    return {(str(a), str(b)): float(c) for a, b, c in cells[["word", "other word", "cosine"]].itertuples(index=False)}


def keep(home: Settings, name: str, words: list[str]) -> None:
    matrix = np.random.default_rng(6).normal(size=(len(words), 3)).astype(np.float32)
    save_vectors(name, WordVectors(words, matrix), source="a test", settings=home)


def test_a_link_from_before_there_were_questions_shows_the_matrix_of_its_words(
    open_page: OpenPage, home: Settings
) -> None:  # fmt: skip
    at = open_page("compare", vectors="glove.6B.50d", words=["king", "queen", "apple"])
    assert by_key(at, "multiselect", keys.WORDS).value == ["king", "queen", "apple"]
    assert by_key(at, "radio", keys.ASK).value == "Similarity"
    glove = open_vectors("glove.6B.50d", home)
    king, queen = glove["king"].astype(float), glove["queen"].astype(float)
    cosine = king @ queen / np.linalg.norm(king) / np.linalg.norm(queen)
    assert cosines(at)["king", "queen"] == pytest.approx(cosine, abs=1e-3)
    shown = texts(at)
    assert "400,000 words, 50 dimensions" in shown
    assert "PDDL" in shown


def test_every_question_is_asked_by_its_name_in_the_link(open_page: OpenPage) -> None:
    for view in ("Neighbours", "Odd one out"):
        at = open_page("compare", ask=view)
        assert by_key(at, "radio", keys.ASK).value == view
        assert list(by_key(at, "radio", keys.ASK).options) == list(VIEWS)
    assert list(VIEWS) == [
        "Similarity", "Texts", "Neighbours", "Arithmetic", "Odd one out", "Axes", "Word", "Two sets"
    ]  # fmt: skip


def test_a_question_that_nobody_knows_is_told(open_page: OpenPage) -> None:
    at = open_page("compare", ask="Sorcery", words=["king", "queen"])
    assert "ask=Sorcery" in at.warning[0].value
    assert by_key(at, "radio", keys.ASK).value == "Similarity"


def test_a_set_that_is_not_there_is_answered_by_a_sentence(open_page: OpenPage) -> None:
    at = open_page("compare", vectors="nobody has it", words=["king", "queen"])
    assert "There is no vector set “nobody has it” here" in at.warning[0].value
    assert by_key(at, "selectbox", keys.VECTORS).value == "glove.6B.50d"
    assert ("king", "queen") in cosines(at)


def test_words_and_set_change(open_page: OpenPage, home: Settings) -> None:
    keep(home, "내 벡터", ["고양이", "강아지", "liberty"])
    at = open_page("compare")
    by_key(at, "selectbox", keys.VECTORS).set_value("내 벡터").run()
    # Nobody had chosen words, so those of the new set are shown.
    assert by_key(at, "multiselect", keys.WORDS).value == ["고양이", "강아지", "liberty"]
    assert ("고양이", "강아지") in cosines(at)
    by_key(at, "multiselect", keys.WORDS).set_value(["liberty", "고양이"]).run()
    by_key(at, "selectbox", keys.VECTORS).set_value("glove.6B.50d").run()
    # But these were chosen, and stay.
    assert by_key(at, "multiselect", keys.WORDS).value == ["liberty", "고양이"]
    assert "“고양이” is not in glove" in at.warning[0].value.replace("\\", "")


def test_the_words_stay_when_the_question_changes(open_page: OpenPage) -> None:
    at = open_page("compare")
    by_key(at, "multiselect", keys.WORDS).set_value(["liberty", "war", "money"]).run()
    for view in ("Neighbours", "Texts", "Similarity"):
        by_key(at, "radio", keys.ASK).set_value(view).run()
    assert by_key(at, "multiselect", keys.WORDS).value == ["liberty", "war", "money"]


def test_two_sets_are_asked_side_by_side(open_page: OpenPage, home: Settings) -> None:
    keep(home, "mine", ["king", "queen", "서울"])
    at = open_page("compare", vectors="glove.6B.50d", other="mine", words=["King", "queen", "서울", "apple"])
    shown = texts(at).replace("\\", "")
    assert shown.count("looked up “King” as “king”.") == 1  # what is true of both sets is said once
    assert "Both sets spell words in their own way: looked up" in shown
    warnings = [warning.value.replace("\\", "") for warning in at.warning]
    assert warnings == ["“서울” is not in glove.6B.50d.", "“apple” is not in mine."]
    assert len(at.get("echarts_chart")) == 2
