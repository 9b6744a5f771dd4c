"""Spellings that a set has: case variants held against a loop over all tokens."""

from __future__ import annotations

import pytest

from embedcore.questions import spellings
from embedcore.tokens import Tokens
from embedcore.vectors import WordVectors

CASED = Tokens.of(
    ["the", "US", "us", "The", "iPhone", "IPHONE", "Us", "한국", "uS", "us", "Straße", "straße", "é", "É", "1,000",
     "iphone", "uss", "Σίγμα", "σίγμα", "ΣΊΓΜΑ", "THE", "É", "u.s."]
)  # fmt: skip


def by_hand(tokens: Tokens, word: str) -> list[tuple[str, int]]:
    """Every token that is the word once both are lower-cased, by first row."""
    found: dict[str, int] = {}
    for row, token in enumerate(tokens):
        if token.lower() == word.lower() and token != word:
            found.setdefault(token, row)
    return list(found.items())


@pytest.mark.parametrize(
    "word", ["us", "US", "the", "iphone", "iPhone", "한국", "straße", "é", "É", "1,000", "Σίγμα", "none", "", "😀", "Ǆ"]
)
def test_case_variants_are_those_of_a_loop(word: str) -> None:
    assert [tuple(found) for found in spellings.case_variants(CASED, word)] == by_hand(CASED, word)


def test_a_lower_cased_set_has_none_and_an_empty_one_neither(glove: WordVectors) -> None:
    assert spellings.case_variants(glove.tokens, "king") == []
    assert spellings.case_variants(Tokens.of([]), "king") == []


def test_all_variants_among_many_words() -> None:
    words = [form for number in range(3_000) for form in (f"word{number}", f"Word{number}", f"WORD{number}")]
    found = spellings.case_variants(Tokens.of(words), "word2999")
    assert found == [("Word2999", 8_998), ("WORD2999", 8_999)]


def test_near_spellings_come_with_their_rows(glove: WordVectors) -> None:
    found = spellings.near(glove.tokens, "goverment", limit=6)
    assert found[0].token == "government"
    assert all(glove.tokens[one.row] == one.token for one in found)
    assert len(found) <= 6
    left = spellings.near(glove.tokens, "goverment", limit=6, without=("government",))
    assert "government" not in [one.token for one in left]


@pytest.mark.parametrize("word", ["", "😀" * 50, "x" * 10_000])
def test_what_nothing_is_spelt_like(glove: WordVectors, word: str) -> None:
    assert len(spellings.near(glove.tokens, word)) <= 8
    assert spellings.case_variants(glove.tokens, word) == []
