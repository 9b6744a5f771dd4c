"""Arithmetic with words as people type it: what is read, and what is said where it cannot be."""

from __future__ import annotations

import random
import time
import unicodedata

import pytest

from embedcore.errors import BadExpression
from embedcore.questions.expression_pieces import pieces_of
from embedcore.questions.expressions import (
    MOST_CHARACTERS,
    MOST_WORDS,
    parse,
    parse_pairs,
    pointed_at,
    quoted,
    replaced,
    spaced,
    written,
)

KING = ((1.0, "king"), (-1.0, "man"), (1.0, "woman"))


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("king - man + woman", KING),
        ("  king   -\tman\n+ woman ", KING),
        ("king − man ＋ woman", KING),  # as word processors and Korean keyboards write the signs
        ("king – man + woman", KING),
        ("king -man +woman", KING),
        ("king - (man - woman)", KING),
        ("king-(man - woman)", None),
        ("king - man + woman = ?", KING),
        ("king", ((1.0, "king"),)),
        ("-man + king", ((-1.0, "man"), (1.0, "king"))),
        ("- - king", ((1.0, "king"),)),
        ("2*king - queen", ((2.0, "king"), (-1.0, "queen"))),
        ("2 * king − 0.5×queen", ((2.0, "king"), (-0.5, "queen"))),
        ("king*2 + .5*queen", ((2.0, "king"), (0.5, "queen"))),
        ("3*2*king", ((6.0, "king"),)),
        ("(he + she)/2", ((0.5, "he"), (0.5, "she"))),
        ("(he + she) / 4 * 2", ((0.5, "he"), (0.5, "she"))),
        ("(king - man)+woman", KING),
        ("2*(king - (man - woman)*3)", ((2.0, "king"), (-6.0, "man"), (6.0, "woman"))),
        ("king + king - man", ((2.0, "king"), (-1.0, "man"))),
        ("king - king + man", ((0.0, "king"), (1.0, "man"))),
        ("왕 - 남자 + 여자", ((1.0, "왕"), (-1.0, "남자"), (1.0, "여자"))),
        ("e-mail - letter + new_york", ((1.0, "e-mail"), (-1.0, "letter"), (1.0, "new_york"))),
        ("-lrb- + -- + '90s", ((1.0, "-lrb-"), (1.0, "--"), (1.0, "'90s"))),
        ('"new york" - usa + "south korea"', ((1.0, "new york"), (-1.0, "usa"), (1.0, "south korea"))),
        ("“new york” - „a b“ + «c d»", ((1.0, "new york"), (-1.0, "a b"), (1.0, "c d"))),
        ('2*"a b"+"-"', ((2.0, "a b"), (1.0, "-"))),
        ("24/7 - 9/11", ((1.0, "24/7"), (-1.0, "9/11"))),
        ("12:30 + 10", ((1.0, "12:30"), (1.0, "10"))),
        ("f(x) + smile(d)", ((1.0, "f(x)"), (1.0, "smile(d)"))),
        ("😀 - ❤️ + <b>", ((1.0, "😀"), (-1.0, "❤️"), (1.0, "<b>"))),
        ("ملك - رجل + امرأة", ((1.0, "ملك"), (-1.0, "رجل"), (1.0, "امرأة"))),
    ],
)
def test_sums(text: str, terms: tuple[tuple[float, str], ...] | None) -> None:
    if terms is None:  # what touches a word is part of it, so this is not the sum that it looks like
        with pytest.raises(BadExpression):
            parse(text)
        return
    assert parse(text).terms == terms
    assert parse(text).analogy is None


@pytest.mark.parametrize(
    "text",
    ["man : king :: woman : ?", "man:king::woman:?", "man: king :: woman: ?", "man：king∷woman：？",
     "man : king :: woman", "man : king :: woman :", '"man" : king :: woman : ?'],
)  # fmt: skip
def test_an_analogy(text: str) -> None:
    read = parse(text)
    assert sorted(read.terms) == [(-1.0, "man"), (1.0, "king"), (1.0, "woman")]
    assert read.analogy == ("man", "king", "woman", None)


def test_the_question_mark_may_stand_at_any_place() -> None:
    """The corner that is asked for lies between its two neighbours and opposite the third: all four are one figure."""
    whole = ["man", "king", "woman", "queen"]
    places = {"man": 0, "king": 3, "woman": 5, "queen": 8}  # king - man == queen - woman
    for asked in range(4):
        text = "{} : {} :: {} : {}".format(*("?" if place == asked else word for place, word in enumerate(whole)))
        terms = parse(text).terms
        assert sum(weight * places[word] for weight, word in terms) == places[whole[asked]]
        assert len(terms) == 3


def test_times_of_the_day_stay_words_in_an_analogy() -> None:
    assert parse("12:30 : 13:30 :: 1:15 : ?").words == ["12:30", "13:30", "1:15"]


@pytest.mark.parametrize(
    ("text", "sentence", "place"),
    [
        ("king queen", "Between “king” and “queen” a + or −", "king queen"),
        ("king+ man", "spaces around it is missing", "king+ man"),
        ("king ^ man", "Between “king” and “^”", "king ^"),
        ("king)", "never opened", ")"),
        ("( )", "Before this “)” a word is missing", ")"),
        ("king - * 2", "Before this “*” a word is missing", "*"),
        ('"" + king', "no word between these quotation marks", '""'),
        ("king * queen", "by a number only", "queen"),
        ("king / 0", "by a number only", "0"),
        ("king * ", "by a number only", "*"),
        ("? - king", "“?” stands for the word that an analogy asks for", "?"),
        ("king : queen", "“:” has no place in a sum", ":"),
        ("king = man", "“=” has no place", "="),
        ("a : b :: c : d", "One of the four words should be a “?”", "d"),
        ("a : ? :: c : ?", "Only one of the four", "::"),
        ("a b : c :: d : ?", "One word should stand here", "a b"),
        ("a : b : c :: d : ?", "more than two words", None),
        ("a : b :: c : d :: e", "more than one “::”", None),
        ("a : + :: c : ?", "A word should stand here", "+"),
        ("king - king", "cancel out", "king - king"),
        ("9999999*king", "at most 1,000,000 times", None),
        ("0.1*king + 0.2*king - 0.3*king", "cancel out", None),
    ],
)
def test_what_is_not_understood_is_said_with_its_place(text: str, sentence: str, place: str | None) -> None:
    with pytest.raises(BadExpression) as caught:
        parse(text)
    error = caught.value
    assert sentence in str(error)
    assert not error.unfinished
    if place is not None:
        assert text[error.start : error.end] == place
    line, marks = pointed_at(error).split("\n")
    assert line == text
    if place is not None:
        assert line[marks.index("^") : marks.rindex("^") + 1] == place


@pytest.mark.parametrize("text", ["king -", "king - (man", 'king - "new yo', "", "  ", "2*", "(", "king + ("])
def test_what_may_become_right_is_not_called_wrong(text: str) -> None:
    if text == "2*":  # until a word follows, this is taken for a product of the word 2
        with pytest.raises(BadExpression):
            parse(text)
        return
    with pytest.raises(BadExpression) as caught:
        parse(text)
    assert caught.value.unfinished


def test_bounds() -> None:
    with pytest.raises(BadExpression, match=r"has 2,001 characters; at most 2,000"):
        parse("a" * (MOST_CHARACTERS + 1))
    with pytest.raises(BadExpression, match=r"at most 2,000"):
        parse_pairs("a" * (MOST_CHARACTERS + 1))
    assert len(parse(" + ".join(f"w{n}" for n in range(MOST_WORDS))).terms) == MOST_WORDS
    with pytest.raises(BadExpression, match="At most 50 different words are read, not 51"):
        parse(" + ".join(f"w{n}" for n in range(MOST_WORDS + 1)))
    assert parse("(" * 20 + "a" + ")" * 20).words == ["a"]
    with pytest.raises(BadExpression, match="at most 20 deep"):
        parse("(" * 21 + "a" + ")" * 21)
    with pytest.raises(BadExpression, match="At most 50 pairs"):
        parse_pairs(", ".join("a - b" for _ in range(51)))


NASTY = ["king", "new york", "-", "--", "-man", "-lrb-", 'a"b', "2", "2*king", "king*2", "a:b", "a::b", "a,b", "1,000",
         "(s)", ":)", "?", "=", "왕", "«x»", "“", "f(x)", "a+b", "+", "*", "/", "24/7", "a/2", ")", "a)", "(a",
         "\u200f", "x\ty", ".5", "−", "a − b", "__import__('os')", "<script>alert(1)</script>", "$x^2$", "**b**",
         "😀"]  # fmt: skip


@pytest.mark.parametrize("word", NASTY)
def test_any_word_can_be_written(word: str) -> None:
    assert parse(quoted(word)).terms == ((1.0, word),)
    terms = ((2.5, word), (-1.0, "a"), (-1 / 3, "b c"))
    assert parse(written(terms)).terms == terms
    read = parse(f"{quoted(word)} : a :: {quoted('b c')} : ?")
    assert read.analogy == (word, "a", "b c", None)
    assert parse_pairs(f"{quoted(word)} - a, b - {quoted(word)}") == [(word, "a"), ("b", word)]
    assert parse(replaced("x - 2*(y + x) - z", "x", quoted(word))).terms == ((-1.0, word), (-2.0, "y"), (-1.0, "z"))


def test_a_plain_word_is_written_without_quotation_marks() -> None:
    assert [quoted(word) for word in ("king", "왕", "e-mail", "-lrb-", "'s", "2")] == [
        "king", "왕", "e-mail", "-lrb-", "'s", "2"
    ]  # fmt: skip
    assert quoted("new york") == '"new york"'
    assert written(((1.0, "king"), (-2.0, "new york"))) == 'king - 2*"new york"'


def test_sums_without_spaces_are_recognised() -> None:
    assert spaced("king-man+woman") == "king - man + woman"
    assert spaced("왕−남자") == "왕 - 남자"
    assert spaced("king") is None
    assert spaced("-lrb-") is None


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("he - she", [("he", "she")]),
        ("he - she, man - woman", [("he", "she"), ("man", "woman")]),
        (
            "he-she;man:woman\n왕 - 여왕、 남자 – 여자",
            [("he", "she"), ("man", "woman"), ("왕", "여왕"), ("남자", "여자")],
        ),
        ("he: she", [("he", "she")]),
        ("1,000 - 2,000, a - b", [("1,000", "2,000"), ("a", "b")]),
        ('"a, b" - c,', [("a, b", "c")]),
        ("e-mail - letter", [("e-mail", "letter")]),
        ("", []),
        (" , ,\n", []),
    ],
)
def test_pairs(text: str, pairs: list[tuple[str, str]]) -> None:
    assert parse_pairs(text) == pairs


@pytest.mark.parametrize(
    ("text", "place"),
    [("he - she, man", "man"), ("he - she - it", "he - she - it"), ("a - b, he she", "he she"), ("a - , b - c", "a -"),
     ("a + b", "a + b"), ("a-b-c", "a-b-c")],
)  # fmt: skip
def test_what_is_no_pair(text: str, place: str) -> None:
    with pytest.raises(BadExpression, match="Pairs are written he - she, man - woman") as caught:
        parse_pairs(text)
    assert text[caught.value.start : caught.value.end] == place


def test_the_marks_stand_below_korean_too() -> None:
    with pytest.raises(BadExpression) as caught:
        parse("왕 - 남자 여자")
    line, marks = pointed_at(caught.value).split("\n")

    def wide(text: str) -> int:
        return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)

    assert line == "왕 - 남자 여자"
    spaces = len(marks) - len(marks.lstrip())
    assert wide(marks[:spaces]) == wide("왕 - ")
    assert wide(marks[spaces:]) == wide("남자 여자")


def test_of_a_long_text_what_is_around_the_place() -> None:
    text = " + ".join(["word"] * 100) + " ) " + "more " * 50
    with pytest.raises(BadExpression) as caught:
        parse(text)
    line, marks = pointed_at(caught.value).split("\n")
    assert len(line) < 80
    assert line[marks.index("^")] == ")"
    assert line.startswith("… ")
    assert line.endswith(" …")


def test_whatever_is_typed_is_read_or_answered_quickly() -> None:
    """Random texts of all that means something here, and hostile ones: an Expression or a BadExpression."""
    some = random.Random(3)
    pieces = ["king", "왕", " ", "+", "-", "*", "/", "(", ")", ":", "::", "?", '"', "“", "2", ".5", "=", ",", "\n", "−"]
    texts = ["".join(some.choices(pieces, k=some.randrange(1, 25))) for _ in range(1_500)]
    texts += [(piece * 2_000)[:2_000] for piece in ["(", "*1", "1", "-", "::", "a)", "2*", "a*2", ")*2", "(a + ", "1:"]]
    problems = []
    for text in texts:
        start = time.process_time()
        for reading in (parse, parse_pairs):
            try:
                reading(text)
            except BadExpression as error:
                problems.append((text, error))
        assert time.process_time() - start < 1
    assert 100 < len(problems) < 2 * len(texts) - 100
    for text, error in problems:
        assert 0 <= error.start <= error.end <= len(text)
        assert pointed_at(error).count("\n") == 1


@pytest.mark.parametrize("text", ["{0}*0*king + man", "{0}*king - {0}*king + man", "{0}*king"])
def test_a_weight_that_is_no_number_is_too_large(text: str) -> None:
    with pytest.raises(BadExpression, match="at most 1,000,000 times"):
        parse(text.format("9" * 400))  # infinity, which times 0 is none


def test_signs_of_other_keyboards() -> None:
    assert parse("（왕 － 남자）＊2 ＋ 여자").terms == ((2.0, "왕"), (-2.0, "남자"), (1.0, "여자"))
    assert parse("king ‐ man").terms == parse("king ‑ man").terms == ((1.0, "king"), (-1.0, "man"))
    assert parse("king ／ 2").terms == ((0.5, "king"),)
    assert parse("smile（d） - smile(d)").words == ["smile（d）", "smile(d)"]


@pytest.mark.parametrize("word", ['+"', '-»+"', '5"', "b“”", "（", "a）", "‐", "1,000", "a : b", "::", "(x", "2*"])
def test_a_word_is_quoted_so_that_it_is_read_again(word: str) -> None:
    assert parse(f"{quoted(word)} - x").terms == ((1.0, word), (-1.0, "x"))
    assert parse_pairs(f"x - {quoted(word)}, {quoted(word)} - y") == [("x", word), (word, "y")]


def test_a_long_text_is_cut_in_a_time_that_grows_as_it_does() -> None:
    """As a ratio, since computers differ. It is cut also to write a word in quotation marks, however long that is."""

    def seconds(count: int) -> float:
        tries = []
        for _ in range(3):
            before = time.process_time()
            pieces_of("1* a " * count)
            tries.append(time.process_time() - before)
        return min(tries)

    assert seconds(4_000) < 8 * seconds(1_000)  # 4 if it grows as the text does, 16 as its square
