"""Splitting text into sentences and tokens, in several scripts."""

from __future__ import annotations

import pytest

from embedcore.errors import TextProblem
from embedcore.text import count_characters, split_sentences, tokenize, tokenize_whitespace, tokenize_words


@pytest.mark.parametrize("text", ["you need to know how to code", "  A b,\tC!  ", "a\u00a0b\u0085c", "", "한국어 단어"])
def test_whitespace_is_exactly_split(text: str) -> None:
    assert tokenize_whitespace(text) == text.split()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hello, World!", ["hello", "world"]),
        ("don't stop", ["don't", "stop"]),
        ("don’t ’quoted’", ["don't", "quoted"]),
        ("rock 'n' roll", ["rock", "n", "roll"]),
        ("3.5 kg of U.S. beef", ["3", "5", "kg", "of", "u", "s", "beef"]),
        ("나는 학교에 갔다.", ["나는", "학교에", "갔다"]),
        ("Ich LIEBE Straßen", ["ich", "liebe", "straßen"]),
        ("well-known e_mail", ["well", "known", "e_mail"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("good 👍🏽 day", ["good", "👍🏽", "day"]),
        ("👩‍👩‍👧 🇰🇷", ["👩‍👩‍👧", "🇰🇷"]),
        ("... --- !!!", []),
        ("", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert tokenize_words(text) == words


def test_one_word_typed_in_two_ways_is_one_token() -> None:
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    assert tokenize_words(composed) == tokenize_words(decomposed) == ["café"]
    assert tokenize_words("\u1112\u1161\u11ab\u1100\u1173\u11af") == ["한글"]


def test_a_sentence_is_a_line_and_nothing_else() -> None:
    assert split_sentences("a b\nc\r\nd\re") == ["a b", "c", "d", "e"]
    assert split_sentences("a\u0085b\u2028c\x0bd") == ["a\u0085b\u2028c\x0bd"]


def test_lines_without_a_token_are_left_out() -> None:
    assert list(tokenize("a b\n\n ! \nc")) == [["a", "b"], ["c"]]


def test_unknown_tokenizer_names_those_there_are() -> None:
    with pytest.raises(TextProblem) as caught:
        tokenize("a", "bpe")
    assert str(caught.value) == "There is no tokenizer “bpe”. There are: words, whitespace, morphemes."


@pytest.mark.parametrize(
    ("text", "count"), [("", 0), ("abc", 3), ("a\r\nb", 3), ("한글", 2), ("e\u0301", 1), ("👩‍👩‍👧", 1), ("🇰🇷!", 2)]
)
def test_characters_are_counted_as_people_see_them(text: str, count: int) -> None:
    assert count_characters(text) == count
