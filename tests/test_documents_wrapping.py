"""Hard-wrapped prose is noticed and joined; what has a line of its own for a reason is left alone."""

from __future__ import annotations

import lzma
import re
import textwrap
from pathlib import Path

import pytest

from embedcore.documents import Choices, paragraphs, read_document
from embedcore.samples import SAMPLES

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the sample corpora are not here")

PROSE = [
    "It was a bright cold day, and the clocks of the town were striking one after another while the wind, which had "
    "come up from the river in the night, went through the streets as if it were looking for somebody it had lost.",
    "Nobody minded. The shops had opened at their usual hour, the market women had put up their stalls beside the "
    "church, and a boy with a basket of apples stood where he always stood and called out what an apple would cost.",
]
KOREAN = [
    "옛날 어느 마을에 마음씨 착한 나무꾼이 홀어머니를 모시고 살고 있었는데 날마다 산에 올라가 나무를 해다가 장에 내다 "
    "팔아서 두 식구가 겨우겨우 먹고 살았지만 한 번도 남을 원망하거나 게으름을 피운 적이 없었다고 사람들은 말하였다.",
    "그러던 어느 날 나무꾼은 깊은 산속에서 사냥꾼에게 쫓기던 사슴을 나뭇단 속에 숨겨 주었고 사슴은 고맙다는 인사를 "
    "하면서 산 너머 연못에 선녀들이 내려와 목욕을 하는 날을 가르쳐 주었는데 나무꾼은 며칠 동안 잠을 이루지 못하였다.",
]
POEM = """The woods were dark, the road was long,
The moon had hidden in a cloud,
And no one sang the traveller's song,
And no one called his name aloud.

He walked until the night was gone,
He walked until the stars were few,
And all that he had counted on
Was lying somewhere in the dew."""
CODE = (
    """def main(argv):
    parser = make_parser()
    args = parser.parse_args(argv)
    for name in args.names:
        print(name, len(name))
    if not args.names:
        parser.error("no names were given, and at least one is needed")
    return 0
"""
    * 5
)


def wrapped(paragraphs: list[str], width: int) -> str:
    return "\n\n".join("\n".join(textwrap.wrap(each, width, break_on_hyphens=False)) for each in paragraphs) + "\n"


@pytest.mark.parametrize("width", [45, 60, 72, 80, 100])
def test_wrapped_prose_becomes_its_paragraphs_again(width: int) -> None:
    text = wrapped(PROSE * 3, width)
    document = read_document("a.txt", text.encode())
    assert (document.wrapped, document.joined) == (True, True)
    assert document.text == "\n\n".join(PROSE * 3) + "\n"
    assert re.fullmatch(
        r"Its lines are broken at about \d+ columns; they are joined into paragraphs\.", document.notes[0]
    )
    kept = read_document("a.txt", text.encode(), Choices(join_lines=False))
    assert (kept.text, kept.wrapped, kept.joined) == (text, True, False)


@pytest.mark.parametrize("width", [25, 35, 40])
def test_korean_prose(width: int) -> None:
    text = wrapped(KOREAN * 3, width)
    assert read_document("a.txt", text.encode("cp949")).text == "\n\n".join(KOREAN * 3) + "\n"
    assert paragraphs(text) == ("\n\n".join(KOREAN * 3) + "\n", True)


NOT_WRAPPED = {
    "a poem": POEM,
    "code": CODE,
    "a list": "milk\nbread\nbutter and eggs\na pound of apples\ntwo lemons\nsome sugar\nflour\ntea\n",
    "a sentence a line": "\n".join(PROSE[0].split(", ") * 4),
    "sentences of one length": "The cat sat on the mat all day long.\nThe dog ran in the park for an hour.\n" * 20,
    "numbers": "0.123 0.456 0.789 0.123 0.456 0.789 0.123 0.456 0.789\n" * 20,
    "logs": "2024-01-02 10:11:12 INFO worker started with 4 threads\n" * 30,
    "one line again and again": "the quick brown fox jumps over the lazy dog and\n" * 50,
    "one line": PROSE[0],
    "a few lines": "to whom it may concern\nthis is a letter\nwith three lines",
    "English sample": SAMPLES["English"].text,
    "Korean sample": SAMPLES["Korean"].text,
}


@pytest.mark.parametrize("name", NOT_WRAPPED)
def test_what_is_not_wrapped_is_left_alone(name: str) -> None:
    text = NOT_WRAPPED[name]
    assert paragraphs(text) == (text, False)
    assert not read_document("a.txt", text.encode()).wrapped


def test_what_ends_its_line_on_purpose_keeps_it() -> None:
    text = (
        "CHAPTER ONE\nThe Beginning\n\n"
        + wrapped(PROSE * 2, 60)
        + "\n- the first of the points that were made here, which is so long that it\n  goes on below\n- the second\n\n"
        + "Yours,\nthe author of all this\n"
    )
    joined = read_document("a.txt", text.encode()).text.split("\n")
    assert joined[:2] == ["CHAPTER ONE", "The Beginning"]
    assert PROSE[0] in joined
    assert joined[-6:] == [
        "- the first of the points that were made here, which is so long that it goes on below",
        "- the second",
        "",
        "Yours,",
        "the author of all this",
        "",
    ]


def test_indented_paragraphs_without_empty_lines() -> None:
    text = "".join("   " + "\n".join(textwrap.wrap(each, 66)) + "\n" for each in PROSE * 3)
    assert read_document("a.txt", text.encode()).text.split("\n")[:2] == ["   " + PROSE[0], "   " + PROSE[1]]


def test_a_hyphen_at_the_end_gets_no_space() -> None:
    text = paragraphs("a well-\nknown man--\nand so on", join=True)[0]
    assert text == "a well-known man-- and so on"


def test_joining_can_be_asked_for() -> None:
    assert paragraphs("one\ntwo\n\nthree", join=True) == ("one two\n\nthree", False)
    assert paragraphs("one\r\ntwo", join=None) == ("one\r\ntwo", False)
    assert paragraphs(wrapped(PROSE, 60), join=False)[0] == wrapped(PROSE, 60)


@needs_data
def test_austen() -> None:
    data = (DATA / "en/austen.txt").read_bytes()
    document = read_document("austen.txt", data)
    assert document.notes == ("Its lines are broken at about 72 columns; they are joined into paragraphs.",)
    expected = re.sub(r"([^\W\d_]-)\n(?=[a-z])", r"\1", data.decode())  # nothing else is lost
    assert document.text.split() == expected.split()
    lines = document.text.split("\n")
    assert "CHAPTER 1" in lines
    first = next(line for line in lines if line.startswith("No one who had ever seen Catherine Morland"))
    assert "would have supposed her born to be an heroine. Her situation in life, the character of her" in first
    assert read_document("austen.txt", data, Choices(join_lines=False)).text == data.decode()


@needs_data
@pytest.mark.parametrize("file", ["ko/nsmc_reviews60k.txt.xz", "en/reviews_12M_words.txt.xz"])
def test_reviews_are_not_wrapped(file: str) -> None:
    with lzma.open(DATA / file, "rt", encoding="utf-8", newline="\n") as lines:
        assert not paragraphs(lines.read(1_000_000))[1]
