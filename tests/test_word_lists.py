"""Lists of words as people paste them."""

from __future__ import annotations

import pytest

from embedcore.questions.word_lists import split_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        (" , ,\n,", []),
        ("king", ["king"]),
        ("king, queen,man", ["king", "queen", "man"]),
        ("king\nqueen\r\n\r\nman\tapple", ["king", "queen", "man", "apple"]),
        ("king, king\nking", ["king"]),
        ("New York, new_york, e-mail", ["New York", "new_york", "e-mail"]),
        ("왕、왕비，여왕\n고양이, 강아지", ["왕", "왕비", "여왕", "고양이", "강아지"]),
        ("1,000 and 12,345,678", ["1,000 and 12,345,678"]),
        ("1990,1991,1,2,3", ["1990", "1991", "1", "2", "3"]),
        ("3,14", ["3", "14"]),
        ("a,100", ["a", "100"]),
        ("<b>x</b>; $y$", ["<b>x</b>; $y$"]),
        ("king\u2028queen", ["king", "queen"]),
    ],
)
def test_what_parts_words_and_what_does_not(text: str, words: list[str]) -> None:
    assert split_words(text) == words
