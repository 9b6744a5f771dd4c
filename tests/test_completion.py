"""Completion finds what a search through all words finds, quickly, and knows which word is being typed."""

from __future__ import annotations

import random
import time

import numpy as np
import pytest

from embedcore.questions.completion import completed, suggest, typing
from embedcore.questions.expressions import quoted
from embedcore.tokens import Tokens
from embedcore.vectors import WordVectors


def of(*words: str) -> WordVectors:
    """A set of those words."""
    return WordVectors(list(words), np.ones((len(words), 2), dtype=np.float32))


CASED = of(
    "us", "Korea", "korean", "US", "Korean", "KOREA", "Us", "kor-eda", "New_York", "new", "New-Jersey", "new age"
)
KOREAN = of("한국", "하나", "한국어", "학교", "ㅋㅋㅋ", "카드", "코", "하늘", "하", "호수", "한국인")


def test_beginnings_are_those_of_a_search_through_all_words(glove: WordVectors) -> None:
    words = list(glove.tokens)
    for prefix in ("s", "embed", "korea", "zur", "1,0", "new-", "é", "日", "'", "행", "x-"):
        every = [word for word in words if word.startswith(prefix)]
        expected = sorted(every[:8], key=lambda word: word != prefix)  # the word itself comes first
        if prefix in every and prefix not in expected:
            expected = [prefix, *expected[:7]]
        assert suggest(glove, prefix)[: len(expected)] == expected, prefix


def test_spans_are_those_of_a_search_through_all_words() -> None:
    chance = random.Random(6)
    words = ["".join(chance.choices("abcd하한힣é", k=chance.randint(1, 4))) for _ in range(3_000)]  # many twice
    tokens = Tokens.of(words)
    for first, last in (("a", "c"), ("하", "힣"), ("ab", "ad"), ("d", "a"), ("x", "y"), ("é", "é")):
        begins = [word for word in dict.fromkeys(words) if first <= word[: len(first)] <= last]
        assert tokens.starting_between([(first, last)], 25) == begins[:25]
    both = [word for word in dict.fromkeys(words) if word[0] in "bé"]
    assert tokens.starting_between([("b", "b"), ("é", "é")], 1_000) == both
    assert tokens.starting_between([], 5) == []
    assert tokens.starting_between([("a", "c")], 0) == []


def test_a_lower_cased_set_is_asked_in_lower_case(glove: WordVectors) -> None:
    assert suggest(glove, "Korea")[:2] == ["korea", "korean"]
    assert suggest(glove, "KOREAN") == suggest(glove, "korean")


def test_small_letters_stand_for_large_ones() -> None:
    assert suggest(CASED, "kor") == ["Korea", "korean", "Korean", "KOREA", "kor-eda"]
    assert suggest(CASED, "us")[:3] == ["us", "US", "Us"]


def test_large_letters_come_first_where_they_were_typed() -> None:
    assert suggest(CASED, "Kor") == ["Korea", "Korean", "korean", "KOREA", "kor-eda"]
    assert suggest(CASED, "US")[0] == "US"
    assert suggest(CASED, "US", limit=1) == ["US"]


def test_phrases_are_found_whatever_joins_them() -> None:
    assert suggest(CASED, "new y")[0] == "New_York"
    assert suggest(CASED, "new j")[0] == "New-Jersey"
    assert suggest(CASED, "new ")[:3] == ["New_York", "new age", "new"]
    assert suggest(CASED, "new a")[0] == "new age"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("ㅎ", ["한국", "하나", "한국어", "학교", "하늘", "하", "호수", "한국인"]),
        ("하", ["하", "한국", "하나", "한국어", "학교", "하늘", "한국인"]),
        ("한", ["한국", "한국어", "한국인"]),
        ("한ㄱ", ["한국", "한국어", "한국인"]),
        ("한구", ["한국", "한국어", "한국인"]),
        ("한국", ["한국", "한국어", "한국인"]),
        ("ㅋ", ["ㅋㅋㅋ", "카드", "코"]),
        ("\u1112\u1161\u11ab", ["한국", "한국어", "한국인"]),  # decomposed, as some keyboards send it
    ],
)
def test_korean_is_found_at_every_key_that_is_pressed(typed: str, words: list[str]) -> None:
    found = suggest(KOREAN, typed, limit=8)
    assert found[: len(words)] == words


def test_a_misspelt_beginning_is_answered_by_near_spellings(glove: WordVectors) -> None:
    assert suggest(glove, "kign")[0] == "king"
    assert suggest(glove, "recieve")[:2] == ["recieve", "recieved"]  # which the set has
    assert "receive" in suggest(glove, "recieve")


@pytest.mark.parametrize(
    "typed", ["", "   ", "\n", "👩‍🔬🇰🇷", "\udcff", "x" * 10_000, "\u202eמלך", "<script>alert(1)</script>"]
)
def test_what_nobody_can_complete_gets_nothing(glove: WordVectors, typed: str) -> None:
    assert suggest(glove, typed) == []


def test_an_empty_set_completes_nothing() -> None:
    assert suggest(WordVectors([], np.empty((0, 2), np.float32)), "a") == []


def test_a_word_that_repeats_is_proposed_once() -> None:
    assert suggest(of("ab", "ab", "ac", "ab"), "a") == ["ab", "ac"]


def test_of_two_million_words_it_is_as_quick_as_typing_needs() -> None:
    chance = np.random.default_rng(6)
    letters = chance.integers(97, 123, size=(2_200_000, 7), dtype=np.uint8)
    tokens = Tokens.of([*np.char.decode(letters.view("S7")[:, 0], "ascii"), "한국"])
    vectors = WordVectors(tokens, np.ones((len(tokens), 1), np.float32), lowercased=False)
    suggest(vectors, "xqk")  # the order of words in memory, and the pool of near spellings, are made once
    for typed in ("a", "ab", "abcd", "한", "qqqqqqqq", "Abc", "new york"):
        times = []
        for _ in range(3):
            start = time.process_time()
            found = suggest(vectors, typed)
            times.append(time.process_time() - start)
        assert min(times) < 0.1, f"{typed}: {times}"
        assert found or typed in ("qqqqqqqq", "new york")


@pytest.mark.parametrize(
    ("text", "before", "word"),
    [
        ("king - man + wom", "king - man + ", "wom"),
        ("king - man + ", "king - man + ", ""),
        ("king -ma", "king -", "ma"),
        ("e-mai", "", "e-mai"),
        ("(ki", "(", "ki"),
        ("2*ki", "2*", "ki"),
        ("he - she, ma", "he - she, ", "ma"),
        ("man:king::wo", "man:king::", "wo"),
        ('"new yo', '"', "new yo"),
        ('"new york" - lon', '"new york" - ', "lon"),
        ('"new york"', '"new york"', ""),
        ("“서울 특별", "“", "서울 특별"),
        ("왕 - 남", "왕 - ", "남"),
        ("don't", "", "don't"),
        ('5"', "", '5"'),
        ("", "", ""),
        ("-", "", "-"),
    ],
)
def test_the_word_being_typed(text: str, before: str, word: str) -> None:
    now = typing(text)
    assert (now.before, now.word) == (before, word)


@pytest.mark.parametrize(
    ("text", "word", "whole"),
    [
        ("king - man + wom", "woman", "king - man + woman"),
        ("king - new", "new york", 'king - "new york"'),
        ('king - "new yo', "new york", 'king - "new york"'),
        ("“서울 특", "서울 특별시", "“서울 특별시”"),
        ("(ki", "king", "(king"),
    ],
)
def test_a_completed_text(text: str, word: str, whole: str) -> None:
    assert completed(text, word, quoted) == whole
