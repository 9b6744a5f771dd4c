"""Arithmetic and analogies on the Compare page: on GloVe, on a small set of ours, and on both at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from embedcore.library import open_vectors, save_vectors
from embedcore.settings import Settings
from embedcore.ui import keys
from embedcore.ui.asking.controls import Controls
from embedcore.ui.compare import page
from embedcore.vectors import WordVectors

from .conftest import by_key, echarts, echarts_table, texts

OpenPage = Callable[..., AppTest]
WORDS = ["왕", "여왕", "남자", "여자", "korea", "man", "new york", "-", "*b* <i>$x$", "zero", "seoul", "japan"]


@pytest.fixture
def mine(home: Settings) -> WordVectors:
    """A small set with Korean words, a phrase, Markdown, and a word without a direction."""
    matrix = np.random.default_rng(8).standard_normal((len(WORDS), 6)).astype(np.float32)
    matrix[1] = matrix[0] - matrix[2] + matrix[3] + 0.1 * matrix[1]
    matrix[9] = 0
    save_vectors("mine", WordVectors(WORDS, matrix), source="a test", settings=home)
    return open_vectors("mine", home)


def asked(open_page: OpenPage, expression: str | None = None, **link: Any) -> AppTest:
    given = {} if expression is None else {"expression": expression}
    return open_page("compare", ask="Arithmetic", **given, **link)


def answers(at: AppTest, method: str = "3CosAdd", name: str = "glove.6B.50d") -> pd.DataFrame:
    """The table of answers by a method in a set."""
    tables = {element.proto.alt: element.value for element in at.dataframe}
    return tables[f"The answers by {method} in {name}"]


def sums(vectors: WordVectors, terms: dict[str, float], topn: int = 10) -> dict[str, float]:
    """The nearest words to a sum of unit vectors, by numpy alone."""
    wide = vectors.matrix.astype(np.float64)
    with np.errstate(invalid="ignore"):
        units = wide / np.linalg.norm(wide, axis=1, keepdims=True)
    question = sum(weight * units[vectors.row(word)] for word, weight in terms.items())
    cosines = np.nan_to_num(units @ question / np.linalg.norm(question), nan=-2)
    cosines[[vectors.row(word) for word in terms]] = -2
    order = [row for row in np.argsort(-cosines, kind="stable")[:topn] if cosines[row] > -2]
    return {vectors.tokens[row]: pytest.approx(cosines[row], abs=1e-6) for row in order}


def test_the_page_begins_with_a_sum_that_everybody_knows(open_page: OpenPage, home: Settings) -> None:
    at = asked(open_page)
    assert by_key(at, "text_input", keys.EXPRESSION).value == "king - man + woman"
    shown = answers(at)
    expected = sums(open_vectors("glove.6B.50d", home), {"king": 1, "man": -1, "woman": 1})
    assert dict(zip(shown["word"], shown["cosine"], strict=True)) == expected
    assert list(shown["word"]) == list(expected)
    assert answers(at, "3CosMul")["word"].tolist()[:3] == ["queen", "throne", "elizabeth"]
    assert answers(at, "3CosMul")["score"][0] == pytest.approx(0.928940, abs=1e-4)
    assert "king \\- man \\+ woman ≈ **queen**" in texts(at)
    assert "If they were, king would come first" in texts(at)
    assert not at.warning
    assert not at.error


def test_the_picture_holds_the_words_and_their_answers(open_page: OpenPage) -> None:
    at = asked(open_page, "man : king :: woman : ?", method="3CosAdd")
    assert "man is to king as woman is to **queen**" in texts(at)
    places = echarts_table(at, "plane_0").set_index("word")
    assert {"man", "king", "woman", "the sum", "queen"} <= set(places.index)
    step = places.loc["king", ["x", "y"]] - places.loc["man", ["x", "y"]]
    np.testing.assert_allclose(
        (places.loc["woman", ["x", "y"]] + step).astype(float),
        places.loc["the sum", ["x", "y"]].astype(float),
        atol=3e-4,
    )
    assert len(echarts(at, "plane_0")["series"][0]["markLine"]["data"]) == 2
    tables = [element.proto.alt for element in at.dataframe]
    assert tables == ["The answers by 3CosAdd in glove.6B.50d"]


def test_the_fourth_word_may_be_known_and_another_asked_for(open_page: OpenPage, home: Settings) -> None:
    at = asked(open_page, "? : king :: woman : queen", method="3CosAdd")
    expected = sums(open_vectors("glove.6B.50d", home), {"king": 1, "woman": 1, "queen": -1})
    assert answers(at)["word"].tolist() == list(expected)
    assert f"**{next(iter(expected))}** is to king as woman is to queen" in texts(at)


def test_weights_and_where_to_look(open_page: OpenPage, home: Settings) -> None:
    glove = open_vectors("glove.6B.50d", home)
    at = asked(open_page, "2*king - 0.5*(man - woman)", top=3, among=5_000)
    among = [word for word in sums(glove, {"king": 2, "man": -0.5, "woman": 0.5}, 400) if glove.row(word) < 5_000]
    assert answers(at)["word"].tolist() == among[:3]
    code = "\n".join(element.value for element in at.code)
    assert "within=5000" in code
    by_key(at, "radio", keys.METHOD).set_value("3CosMul").run()
    assert [element.proto.alt for element in at.dataframe] == ["The answers by 3CosMul in glove.6B.50d"]


def test_a_set_of_its_own_words(open_page: OpenPage, mine: WordVectors) -> None:
    at = asked(open_page, vectors="mine")
    assert by_key(at, "text_input", keys.EXPRESSION).value == "왕 - 남자 + 여자"
    shown = answers(at, name="mine")
    expected = sums(mine, {"왕": 1, "남자": -1, "여자": 1})
    assert dict(zip(shown["word"], shown["cosine"], strict=True)) == expected
    assert shown["word"][0] == "여왕"
    assert "zero" not in shown["word"].tolist()
    assert "왕 \\- 남자 \\+ 여자 ≈ **여왕**" in texts(at)


def test_phrases_signs_and_markdown_are_words(open_page: OpenPage, mine: WordVectors) -> None:
    at = asked(open_page, '"new york" - "-" + "*b* <i>$x$"', vectors="mine", method="3CosAdd")
    assert not at.warning
    assert answers(at, name="mine")["word"].tolist() == list(sums(mine, {"new york": 1, "-": -1, "*b* <i>$x$": 1}))
    headline = next(element.value for element in at.markdown if "≈" in element.value)
    assert "\\*b\\* \\<i\\>\\$x\\$" in headline


def test_another_set_brings_another_example(open_page: OpenPage, mine: WordVectors) -> None:
    at = asked(open_page)
    by_key(at, "selectbox", keys.VECTORS).select("mine").run()
    assert by_key(at, "text_input", keys.EXPRESSION).value == "왕 - 남자 + 여자"
    by_key(at, "text_input", keys.EXPRESSION).set_value("korea + man").run()
    by_key(at, "selectbox", keys.VECTORS).select("glove.6B.50d").run()
    assert by_key(at, "text_input", keys.EXPRESSION).value == "korea + man"
    assert not at.exception


def test_an_example_is_one_click(open_page: OpenPage) -> None:
    at = asked(open_page)
    button = next(button for button in at.button if button.label.startswith("paris"))
    button.click().run()
    assert by_key(at, "text_input", keys.EXPRESSION).value == "paris - france + korea"
    assert answers(at)["word"][0] == "seoul"


def test_an_unknown_word_is_told_and_the_rest_is_answered(open_page: OpenPage, home: Settings) -> None:
    at = asked(open_page, "kign - man + Woman")
    assert "“kign” is not in glove" in at.warning[0].value
    glove = open_vectors("glove.6B.50d", home)
    assert answers(at)["word"].tolist() == list(sums(glove, {"man": -1, "woman": 1}))
    assert "looked up “Woman” as “woman”" in texts(at)
    assert "Worked out without what this set does not have" in texts(at)
    next(button for button in at.button if button.label.startswith("king ·")).click().run()
    assert by_key(at, "text_input", keys.EXPRESSION).value == "king - man + Woman"
    assert answers(at)["word"][0] == "queen"


def test_a_sum_without_spaces_is_offered_with_them(open_page: OpenPage) -> None:
    at = asked(open_page, "king-man+woman")
    next(button for button in at.button if button.label.startswith("Read it as")).click().run()
    assert by_key(at, "text_input", keys.EXPRESSION).value == "king - man + woman"
    assert answers(at)["word"][0] == "queen"
    at = asked(open_page, "king-man + woman")
    next(button for button in at.button if button.label.startswith("Read it as")).click().run()
    assert by_key(at, "text_input", keys.EXPRESSION).value == "(king - man) + woman"
    assert answers(at)["word"][0] == "queen"


def test_a_sum_without_spaces_in_two_sets(open_page: OpenPage, mine: WordVectors) -> None:
    at = asked(open_page, "korea-seoul", vectors="glove.6B.50d", other="mine")
    buttons = [button for button in at.button if button.label.startswith("Read it as")]
    assert len(buttons) == 2
    buttons[1].click().run()
    assert not at.exception
    assert answers(at, name="mine")["word"].tolist() == list(sums(mine, {"korea": 1, "seoul": -1}))


def test_what_is_not_understood_is_shown_at_its_place(open_page: OpenPage) -> None:
    at = asked(open_page, "king queen + man")
    assert "Between “king” and “queen”" in at.warning[0].value
    assert any(element.value == "king queen + man\n^^^^^^^^^^" for element in at.code)
    assert not at.dataframe
    at = asked(open_page, "king - ")  # still being typed
    assert not at.warning
    assert "a word is missing" in texts(at)


@pytest.mark.parametrize(
    ("expression", "said"),
    [("", "Type words with"), ("   ", "Type words with"), ("zero", "point nowhere"), ("zero - man", "point nowhere"),
     ("nobody + knows", "2 words are not in"), ("왕 - 왕", "cancel out"), (" 왕 - \"왕\"", "cancel out"),
     ("- man", "at least one word with a plus"), ("99*왕 + 99*man", "at most 100 together")],
)  # fmt: skip
def test_what_has_no_answer_is_no_trouble(open_page: OpenPage, mine: WordVectors, expression: str, said: str) -> None:
    at = asked(open_page, expression, vectors="mine")
    assert said in texts(at)
    assert not at.error
    assert not at.exception


def test_one_word_and_very_many(open_page: OpenPage, home: Settings) -> None:
    glove = open_vectors("glove.6B.50d", home)
    at = asked(open_page, "king")
    assert answers(at)["word"].tolist() == [n.word for n in glove.most_similar("king")]
    assert len(echarts_table(at, "plane_0")) == 12  # the word, the sum, and ten answers
    words = glove.tokens[1_000:1_050]
    at = asked(open_page, " + ".join(f'"{word}"' for word in words))
    assert answers(at)["word"].tolist() == list(sums(glove, dict.fromkeys(words, 1)))
    assert not at.error


def test_two_sets_side_by_side(open_page: OpenPage, home: Settings, mine: WordVectors) -> None:
    at = asked(open_page, "korea : seoul :: japan : ?", vectors="glove.6B.50d", other="mine")
    terms = {"seoul": 1.0, "korea": -1.0, "japan": 1.0}
    assert answers(at)["word"].tolist() == list(sums(open_vectors("glove.6B.50d", home), terms))
    assert answers(at, name="mine")["word"].tolist() == list(sums(mine, terms))
    assert {"korea", "the sum"} <= set(echarts_table(at, "plane_0")["word"])
    assert {"korea", "the sum"} <= set(echarts_table(at, "plane_1")["word"])
    alts = [chart.proto.alt for chart in at.get("echarts_chart")] + [table.proto.alt for table in at.dataframe]
    assert len(set(alts)) == len(alts) == 6
    at = asked(open_page, "king - man + woman", vectors="glove.6B.50d", other="mine")
    assert answers(at)["word"][0] == "queen"
    assert "2 words are not in mine" in texts(at).replace("\\", "")
    assert not at.error


def test_alone_in_a_frame_there_is_the_answer_and_no_input(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def alone(*, embedded: bool) -> Controls:
        return Controls(embedded=True)

    monkeypatch.setattr(page, "Controls", alone)
    at = asked(open_page, "man : king :: womman : ?", method="3CosAdd", top="4")
    assert not at.text_input
    assert not at.button
    assert len(answers(at)) == 4
    assert "“womman” is not in glove" in at.warning[0].value
    at = asked(open_page, "man : king :: woman : ?", method="by magic", top="4")
    assert answers(at)["word"][0] == "queen"
    assert "method" in at.warning[0].value
