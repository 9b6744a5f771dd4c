"""Pieces of text as words and integers: token for token what `text.tokenize` gives."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pytest

from embedcore.errors import TextProblem
from embedcore.text import TOKENIZERS, tokenize
from embedcore.training import split as split_module
from embedcore.training.split import Split, pieces, split

# What goes wrong if anything does: apostrophes, line ends and spaces of all kinds, letters that
# change with their neighbours or in number when lower-cased or composed, emoji and their parts,
# characters beyond 16 bits, half of such a one, and signs that look like letters or digits.
NASTY = [
    *"abAB019_-.,!?'’ \t\n\r\v\f\x00\x1c\x1f\u0085\xa0\u2028\u3000\ufeff",
    *"ééİIıßẞΣςσǅﬁÅÅ가각힣ㅋㅠ가하한من्क",
    *"️‍👍🏽🇰🇷❤©®㊗ℹⓂ™²½Ⅷ#⃣👩‍🚀",
    *"𝐀𐐀𠀀\ud800",
    "''", "’'", "\r\n", " \n", "'s", "n't", "<unk>", "<pad>",
]  # fmt: skip


def sentences(found: Split) -> list[list[str]]:
    """The tokens that a Split stands for, sentence by sentence."""
    bounds = [0, *found.ends.tolist()]
    assert bounds[-1] == len(found.ids)
    words = [found.tokens[index] for index in found.ids.tolist()]
    return [words[start:end] for start, end in pairwise(bounds)]


def check(text: str, tokenizer: str) -> None:
    found, expected = split(text, tokenizer), list(tokenize(text, tokenizer))
    assert sentences(found) == expected, repr(text)
    assert found.tokens == list(dict.fromkeys(token for sentence in expected for token in sentence))
    assert [found.ids.dtype, found.ends.dtype] == [np.dtype(np.int32), np.dtype(np.int64)]


@pytest.fixture
def by_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short texts go by the table too, as only long ones would."""
    monkeypatch.setattr(split_module, "SHORT", 0)


@pytest.mark.parametrize("tokenizer", ["words", "whitespace"])
@pytest.mark.parametrize("seed", range(4))
def test_random_nasty_texts(seed: int, tokenizer: str, by_table: None) -> None:
    draw = random.Random(seed)
    for _ in range(600):
        # Most texts of few different characters, so that those meet that change each other.
        alphabet = draw.sample(NASTY, draw.choice([2, 4, 8, len(NASTY)]))
        check("".join(draw.choices(alphabet, k=draw.randrange(30))), tokenizer)


@pytest.mark.parametrize("tokenizer", ["words", "whitespace"])
def test_every_character_alone_and_among_letters(tokenizer: str, by_table: None) -> None:
    """Among others a sentence each, so that no character decides for another; and in one block of all."""
    every = [chr(code) for code in range(0x20000) if not 0xD800 <= code < 0xE000]
    for start in range(0, len(every), 4096):
        check("\n".join(f"{each} x{each}y '{each}'{each}" for each in every[start : start + 4096]), tokenizer)


@pytest.mark.parametrize("tokenizer", ["words", "whitespace"])
@pytest.mark.parametrize("text", ["", "\n", " ' ’ \n\n", "...", "a", "\na\n\n\nb", "don't ’tis rock'n'roll o''b '90s'"])
def test_short_texts(text: str, tokenizer: str, by_table: None) -> None:
    check(text, tokenizer)


def test_known_words(by_table: None) -> None:
    text = "Don’t STOP\r\n한국어 İstanbul 👍🏽👍🏽 ❤️ © 2\n\n"
    expected = [["don't", "stop"], ["한국어", "i̇stanbul", "👍🏽", "👍🏽", "❤️", "2"]]
    assert sentences(split(text, "words")) == expected


def test_short_texts_need_no_arrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)  # importing it now raises
    assert sentences(split("a b\na", "words")) == [["a", "b"], ["a"]]
    with pytest.raises(ImportError):
        split("a b\n" * split_module.SHORT, "words")


def test_another_tokenizer_goes_by_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TOKENIZERS, "letters", lambda line: [*line.strip()])
    check("ab\n\nba c\r\nd", "letters")
    with pytest.raises(TextProblem, match="There is no tokenizer “nothing”"):
        split("a", "nothing")


@pytest.mark.parametrize("size", [1, 2, 7, 100])
def test_pieces_are_whole_lines_and_together_the_text(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(split_module, "PIECE", size)
    draw = random.Random(size)
    for _ in range(200):
        text = "".join(draw.choices("ab \n", k=draw.randrange(60)))
        cut = list(pieces(text, "words"))
        assert "".join(cut) == text
        assert all(cut)
        assert all(piece.endswith("\n") for piece in cut[:-1])
        longest = max(map(len, text.split("\n")))
        assert all(len(piece) <= 1.5 * size + longest + 1 for piece in cut)
