"""Choosing words on the Compare page: completed, pasted, put in the place of others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from embedcore.library import save_vectors
from embedcore.settings import Settings
from embedcore.ui import keys
from embedcore.vectors import WordVectors

from .conftest import by_key, texts

OpenPage = Callable[..., AppTest]


def chosen(at: AppTest) -> list[str]:
    words: list[str] = by_key(at, "multiselect", keys.WORDS).value
    return words


def proposed(at: AppTest) -> list[str]:
    """What the buttons of words say."""
    return [button.label.replace("\\", "") for button in at.button if "·" in button.label]


def button(at: AppTest, label: str) -> Any:
    """The button that begins so."""
    return next(each for each in at.button if each.label.replace("\\", "").startswith(label))


def find(at: AppTest, typed: str) -> AppTest:
    return by_key(at, "text_input", keys.FIND_WORD).set_value(typed).run()


def paste(at: AppTest, text: str, key: str = keys.ADD_PASTED) -> AppTest:
    by_key(at, "text_area", keys.PASTED_WORDS).set_value(text)
    return by_key(at, "button", key).click().run()


def test_a_word_is_completed_and_added(open_page: OpenPage, glove: WordVectors) -> None:
    at = find(open_page("compare", words=["king", "queen"]), "Kore")
    assert proposed(at)[0].startswith("kore · ")  # a word of the set, and a rare one
    assert proposed(at)[1:3] == ["korea · 575th", "korean · 1,092nd"]
    assert [glove.row("korea"), glove.row("korean")] == [574, 1_091]
    button(at, "korean ·").click().run()
    assert chosen(at) == ["king", "queen", "korean"]
    assert by_key(at, "text_input", keys.FIND_WORD).value == ""
    assert not proposed(at)


def test_only_what_is_proposed_is_sent(open_page: OpenPage) -> None:
    at = find(open_page("compare", words=["king"]), "emb")
    assert len(proposed(at)) == 8
    assert not by_key(at, "multiselect", keys.WORDS).proto.options


def test_a_word_that_is_there_cannot_be_added_twice(open_page: OpenPage) -> None:
    at = find(open_page("compare", words=["king", "queen"]), "queen")
    assert button(at, "queen ·").disabled
    assert not button(at, "queens ·").disabled


def test_a_misspelt_beginning_finds_near_words(open_page: OpenPage) -> None:
    assert proposed(find(open_page("compare", words=["queen"]), "kign"))[0] == "king · 692nd"


def test_a_beginning_that_nothing_has_is_told(open_page: OpenPage) -> None:
    at = find(open_page("compare", words=["king"]), "$$👩‍🔬**")
    assert not proposed(at)
    assert r"No word of glove\.6B\.50d begins like “\$\$👩‍🔬\*\*”" in texts(at)


def test_words_of_both_sets_are_proposed(open_page: OpenPage, home: Settings) -> None:
    save_vectors("도시", WordVectors(["Seoul", "seoulite", "서울"], np.eye(3)), source="a test", settings=home)
    at = find(open_page("compare", words=["king"], other="도시"), "서")
    assert proposed(at)[-1] == "서울 · 3rd in 도시"
    find(at, "seoul")
    assert proposed(at)[0].startswith("seoul · ")
    assert not proposed(at)[0].endswith("in 도시")
    assert "Seoul · 1st in 도시" in proposed(at)


def test_a_near_spelling_takes_the_place_of_an_unknown_word(open_page: OpenPage) -> None:
    at = open_page("compare", words=["kign", "queen", "영화zz", "queen's"])
    assert at.warning[0].value.replace("\\", "") == "3 words are not in glove.6B.50d: “kign”, “영화zz”, “queen's”."
    assert "Instead of “kign”:" in texts(at)
    button(at, "king ·").click().run()
    assert chosen(at) == ["king", "queen", "영화zz", "queen's"]
    button(at, "queen ·").click().run()  # which is there already
    assert chosen(at) == ["king", "queen", "영화zz"]
    assert at.warning[0].value.replace("\\", "") == "“영화zz” is not in glove.6B.50d."


def test_of_many_unknown_words_a_few_get_buttons(open_page: OpenPage) -> None:
    words = [f"kingzz{number}" for number in range(60)]
    at = open_page("compare", words=["king", "queen", *words])
    said = at.warning[0].value.replace("\\", "")
    assert said.startswith("60 words are not in glove.6B.50d: “kingzz0”, “kingzz1”, ")
    assert said.endswith("“kingzz11” and 48 more.")
    assert len(at.warning) == 1
    assert texts(at).count("Instead of") == 5


def test_other_spellings_and_words_that_are_the_same_are_told(open_page: OpenPage) -> None:
    at = open_page("compare", words=["Korea", "japan", "king", "KING", " King "])
    shown = texts(at).replace("\\", "")
    assert "This set spells words in its own way: looked up “Korea” as “korea”." in shown
    assert "asked about once: “KING” for “king”, “ King ” for “king”." in shown


def test_a_pasted_list_is_added(open_page: OpenPage) -> None:
    at = paste(open_page("compare", words=["king"]), "서울, 부산\nparis\tlondon\r\nking\n1,000, paris\n\n")
    assert chosen(at) == ["king", "서울", "부산", "paris", "london", "1,000"]
    assert "5 words taken from the list; 1 were there already." in texts(at)
    assert by_key(at, "text_area", keys.PASTED_WORDS).value == ""


def test_a_pasted_list_takes_the_place_of_the_words(open_page: OpenPage) -> None:
    at = paste(open_page("compare", words=["king"]), "paris london tokyo", keys.TAKE_PASTED)
    assert chosen(at) == ["paris", "london", "tokyo"]  # spaces alone: no phrase of this set


def test_a_phrase_that_the_set_has_is_one_word_of_a_list(open_page: OpenPage, home: Settings) -> None:
    save_vectors("cities", WordVectors(["new york", "paris"], np.eye(2)), source="a test", settings=home)
    at = paste(open_page("compare", vectors="cities", words=["paris"]), "new york")
    assert chosen(at) == ["paris", "new york"]


@pytest.mark.parametrize("text", ["", " \n , ,\n"])
def test_a_list_without_a_word_changes_nothing(open_page: OpenPage, text: str) -> None:
    at = paste(open_page("compare", words=["king", "queen"]), text, keys.TAKE_PASTED)
    assert chosen(at) == ["king", "queen"]
    assert "There was no word in the list." in texts(at)


def test_a_list_that_is_too_long_is_cut_and_told(open_page: OpenPage, glove: WordVectors) -> None:
    at = paste(open_page("compare", words=["zyzzyva"]), "\n".join(glove.tokens[100:700]))
    assert chosen(at) == ["zyzzyva", *glove.tokens[100:599]]
    assert "499 words taken from the list; 101 left out: a question has at most 500 words." in texts(at)
    find(at, "kore")
    assert not proposed(at)
    assert "There are 500 words already. Take one out to add another." in texts(at)


def test_a_text_is_completed_word_by_word(open_page: OpenPage) -> None:
    at = open_page("compare", ask="Arithmetic", expression="king - man + wom")
    button(at, "woman ·").click().run()
    assert by_key(at, "text_input", keys.EXPRESSION).value == "king - man + woman"
    assert not [label for label in proposed(at) if label.startswith("woman")]  # it is complete now
    by_key(at, "text_input", keys.EXPRESSION).set_value("king - ").run()
    assert not proposed(at)
    at = open_page("compare", ask="Axes", axis="he - she, ma")
    button(at, "man ·").click().run()
    assert by_key(at, "text_input", keys.AXIS).value == "he - she, man"


def test_below_a_complete_word_stand_only_more_frequent_ones_that_begin_so(open_page: OpenPage) -> None:
    at = open_page("compare", ask="Axes", axis="남자 - 여자", vectors="glove.6B.50d")
    assert not proposed(at)
    at = open_page("compare", ask="Arithmetic", expression="good - bud")
    assert not [label for label in proposed(at) if not label.startswith("bud")]  # nor bad, which is spelt alike
    by_key(at, "text_input", keys.EXPRESSION).set_value("good - bu").run()
    assert any(label.startswith("but ·") for label in proposed(at))


def test_words_taken_out_stay_out_and_words_of_another_question_stay_in(open_page: OpenPage) -> None:
    at = open_page("compare")
    first = chosen(at)
    by_key(at, "multiselect", keys.WORDS).set_value([]).run()
    by_key(at, "radio", keys.ASK).set_value("Odd one out").run()
    assert chosen(at) == []
    by_key(at, "multiselect", keys.WORDS).set_value(["moon"]).run()
    for ask in ("Word", "Neighbours"):
        by_key(at, "radio", keys.ASK).set_value(ask).run()
    assert chosen(at) == ["moon"] != first


def test_a_question_of_one_word_is_completed(open_page: OpenPage) -> None:
    at = open_page("compare", ask="Word", word="embeddin")
    button(at, "embedding ·").click().run()
    assert by_key(at, "text_input", keys.WORD).value == "embedding"
