"""Reading arithmetic with words, as people type it: `king - man + woman`, `man : king :: woman : ?`.

Here belongs turning such a text into words and weights, and a list into pairs of words; what the
words mean is the business of `vectors`. A parser written by hand, by recursive descent: nothing
typed is ever run. What it cannot read it says, and where, in a BadExpression.

Operators stand alone, since words may hold them: `e-mail - letter` has two words. Only where nothing
else makes sense may they touch a word: `2*king`, `(king - man)`, `king -man`, `man:king::woman:?`.
A word that holds a space, or would be read as something else, goes in quotation marks.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

import numpy as np

from embedcore.errors import BadExpression
from embedcore.questions.expression_pieces import NUMBER, QUOTES, Piece, parts_between_commas, pieces_of

MOST_CHARACTERS, MOST_WORDS = 2_000, 50
_DEEPEST = 20  # parentheses in parentheses
_HEAVIEST = 1e6
_ROUNDING = 1e-12  # of the weights of a word, which may be all that is left of their sum
_INNER_SIGN = re.compile(r"(?<=\w)([-+−])(?=\w)")
_ANALOGY = "An analogy is written man : king :: woman : ?"
_PAIRS = "Pairs are written he - she, man - woman"

Term = tuple[float, str]  # a weight, and the word as it was typed


@dataclass(frozen=True)
class Expression:
    """What was asked: words with their weights, each word once, in the order in which they came.

    Attributes:
        terms: weight and word. A weight of 0 is that of a word that cancels out.
        analogy: the four places of an analogy, None where the “?” stands; None for a sum.
    """

    terms: tuple[Term, ...]
    analogy: tuple[str | None, ...] | None = None

    @property
    def words(self) -> list[str]:
        """The words, as they were typed."""
        return [word for _, word in self.terms]


def parse(text: str) -> Expression:
    """The words and weights of an expression or an analogy.

    An analogy asks for the corner that makes its four words a parallelogram: the two beside that
    corner are added, the one opposite is subtracted, wherever the “?” stands.
    Raises BadExpression, which says where it does not understand.
    """
    _check_length(text)
    parser = _Parser(text, pieces_of(text))
    return parser.analogy() if any(piece.kind == "::" for piece in parser.pieces) else parser.expression()


def parse_pairs(text: str) -> list[tuple[str, str]]:
    """The pairs of a list such as `he - she, man - woman` or `왕 - 여왕`; none of an empty text.

    Pairs are set apart by commas, semicolons or lines, and the two words of one by a minus or a
    colon. Raises BadExpression, which says where it does not understand.
    """
    _check_length(text)
    pairs = []
    for start, end in parts_between_commas(text):
        if pieces := pieces_of(text, start, end, pairs=True):
            pairs.append(_pair(text, pieces))
        if len(pairs) > MOST_WORDS:
            raise BadExpression(f"At most {MOST_WORDS} pairs are read.", text, start, end)
    return pairs


def merged(terms: Sequence[Term]) -> list[Term]:
    """Each word once, with the sum of its weights, which may be 0."""
    weights: dict[str, list[float]] = {}
    for weight, word in terms:
        weights.setdefault(word, []).append(weight)
    return [(_added(each), word) for word, each in weights.items()]


def written(terms: Sequence[Term]) -> str:
    """Terms as a text that `parse` reads as these terms again."""
    signed = []
    for weight, word in terms:
        size = "" if abs(weight) == 1 else np.format_float_positional(abs(weight), trim="-") + "*"
        signed.append(f"{'-' if weight < 0 else '+'} {size}{quoted(word)}")
    return " ".join(signed).removeprefix("+ ")


def quoted(word: str) -> str:
    """A word as it is written in an expression: in quotation marks where it would be read as something else."""
    if not QUOTES.keys() & set(word):
        read = [piece.text for piece in pieces_of(f"{word} :: {word}") if piece.kind == "word"]
        if read == [word, word] and len([*parts_between_commas(word)]) == 1:
            return word
    ends = [(opening, closing) for opening, closing in QUOTES.items() if closing not in word]
    opening, closing = ends[0] if ends else ('"', '"')
    return f"{opening}{word}{closing}"


def replaced(text: str, old: str, new: str) -> str:
    """A text in which `new`, as it is written, stands wherever the word `old` did."""
    parts, at = [], 0
    for piece in pieces_of(text):
        if piece.kind == "word" and piece.text == old:
            parts += [text[at : piece.start], new]
            at = piece.end
    return "".join([*parts, text[at:]])


def spaced(word: str) -> str | None:
    """What looks like a sum without spaces, as `king-man+woman`, with them; None for any other word."""
    parts = _INNER_SIGN.split(word)
    return " ".join("-" if part == "−" else part for part in parts) if len(parts) > 1 else None


def pointed_at(error: BadExpression, around: int = 30) -> str:
    """Two lines for a font in which all characters are equally wide: the text, and marks under the place.

    Of a long text only what is around the place. Under wide characters, as those of Korean, go wide ones.
    """
    first, last = max(error.start - around, 0), min(error.end + around, len(error.text))
    length = min(max(error.end - error.start, 1), 2 * around)
    last = min(last, error.start + length + around)
    line = "".join(c if c.isprintable() else " " for c in error.text[first:last])
    left, right = "… " if first else "", " …" if last < len(error.text) else ""
    wide = [unicodedata.east_asian_width(c) in "WF" for c in line.ljust(error.start - first + length)]
    below = "".join("\u3000" if is_wide else " " for is_wide in wide[: error.start - first])
    marks = "".join("\uff3e" if is_wide else "^" for is_wide in wide[error.start - first :][:length])
    return f"{left}{line}{right}\n{' ' * len(left)}{below}{marks}"


class _Parser:
    """Reads pieces from the left to the right; each method reads what it is called."""

    def __init__(self, text: str, pieces: list[Piece]) -> None:
        self.text, self.pieces, self.at = text, pieces, 0

    def expression(self) -> Expression:
        """A whole text that is a sum."""
        if not self.pieces:
            raise BadExpression("There is nothing to work out yet.", self.text, unfinished=True)
        terms = self._sum(0)
        if [piece.kind for piece in self.pieces[self.at :]] in (["="], ["=", "?"]):
            return Expression(self._merged(terms))  # `king - man + woman = ?` asks for what is asked for anyway
        if self.at < len(self.pieces):
            self._unexpected()
        return Expression(self._merged(terms))

    def analogy(self) -> Expression:
        """A whole text that is an analogy."""
        middles = [place for place, piece in enumerate(self.pieces) if piece.kind == "::"]
        if len(middles) > 1:
            self._fail(f"There is more than one “::”. {_ANALOGY}.", self.pieces[middles[1]])
        sides = self.pieces[: middles[0]], self.pieces[middles[0] + 1 :]
        places = [place for side in sides for place in self._side(side)]
        asked = [place for place, word in enumerate(places) if word is None]
        if len(asked) != 1:
            what = (
                "One of the four words should be a “?”" if not asked else "Only one of the four words can be asked for"
            )
            self._fail(f"{what}. {_ANALOGY}.", self.pieces[-1] if not asked else self.pieces[middles[0]])
        opposite = {0: 3, 3: 0, 1: 2, 2: 1}[asked[0]]
        terms = [(-1.0 if place == opposite else 1.0, word) for place, word in enumerate(places) if word is not None]
        return Expression(self._merged(terms), tuple(places))

    def _side(self, side: list[Piece]) -> list[str | None]:
        """The two words on one side of the “::”; None for the one asked for, which may be left out at the end."""
        at_colon = [place for place, piece in enumerate(side) if piece.kind == ":"]
        if len(at_colon) > 1:
            self._fail(f"This side has more than two words. {_ANALOGY}.", side[at_colon[1]])
        first, second = (side[: at_colon[0]], side[at_colon[0] + 1 :]) if at_colon else (side, [])
        return [self._place(first), self._place(second)]

    def _place(self, pieces: list[Piece]) -> str | None:
        if len(pieces) > 1:
            self._fail(f"One word should stand here, or one in quotation marks. {_ANALOGY}.", pieces[0], pieces[-1])
        if not pieces or pieces[0].kind == "?":
            return None
        if pieces[0].kind != "word" or not pieces[0].text.strip():
            self._fail(f"A word should stand here. {_ANALOGY}.", pieces[0])
        return pieces[0].text

    def _sum(self, depth: int) -> list[Term]:
        terms: list[Term] = []
        while True:
            sign = 1.0
            while self._kind() in ("+", "-"):
                sign = -sign if self._kind() == "-" else sign
                self.at += 1
            terms += _times(sign, self._product(depth))
            if self._kind() not in ("+", "-"):
                return terms

    def _product(self, depth: int) -> list[Term]:
        factor = 1.0
        while self._kind() == "word" and self._number() is not None and self._kind(1) == "*":
            factor *= self._number() or 0.0
            self.at += 2
        terms = self._single(depth)
        while (kind := self._kind()) in ("*", "/"):
            self.at += 1
            number = self._number()
            if number is None or (kind == "/" and not number):
                here = self.pieces[min(self.at, len(self.pieces) - 1)]
                self._fail("Words can be multiplied and divided by a number only: 2*king, (he + she)/2.", here)
            factor = factor * number if kind == "*" else factor / number
            self.at += 1
        return _times(factor, terms)

    def _single(self, depth: int) -> list[Term]:
        """A word, or a sum in parentheses."""
        kind = self._kind()
        if kind == "word" and self.pieces[self.at].text.strip():
            self.at += 1
            return [(1.0, self.pieces[self.at - 1].text)]
        if kind != "(":
            self._missing_word()
        opened = self.pieces[self.at]
        if depth == _DEEPEST:
            self._fail(f"Parentheses are read at most {_DEEPEST} deep.", opened)
        self.at += 1
        terms = self._sum(depth + 1)
        if self._kind() is None:
            self._unfinished("This parenthesis is not closed yet.", opened)
        if self._kind() != ")":
            self._unexpected()
        self.at += 1
        return terms

    def _kind(self, ahead: int = 0) -> str | None:
        place = self.at + ahead
        return self.pieces[place].kind if place < len(self.pieces) else None

    def _number(self) -> float | None:
        """The number that stands here; None if there is none."""
        if self._kind() != "word" or self.pieces[self.at].quoted or not NUMBER.fullmatch(self.pieces[self.at].text):
            return None
        return float(self.pieces[self.at].text)

    def _merged(self, terms: list[Term]) -> tuple[Term, ...]:
        """Each word once, with the sum of its weights."""
        once = merged(terms)
        if len(once) > MOST_WORDS:
            raise BadExpression(f"At most {MOST_WORDS} different words are read, not {len(once)}.", self.text)
        if not all(abs(weight) <= _HEAVIEST for weight, _ in once):  # also what is no number, as infinity times 0
            raise BadExpression(f"A word can count at most {_HEAVIEST:,.0f} times.", self.text)
        if not any(weight for weight, _ in once):
            raise BadExpression("All words cancel out, so nothing is left to look for.", self.text)
        return tuple(once)

    def _missing_word(self) -> NoReturn:
        """Say that a word should stand where none does."""
        if self.at < len(self.pieces):
            piece = self.pieces[self.at]
            if piece.kind == "?":
                self._fail(f"“?” stands for the word that an analogy asks for. {_ANALOGY}.", piece)
            if piece.kind == "word":
                self._fail("There is no word between these quotation marks.", piece)
            self._fail(f"Before this “{piece.text}” a word is missing. If it is one itself, put it in quotes.", piece)
        self._unfinished(f"After this “{self.pieces[-1].text}” a word is missing.", self.pieces[-1])

    def _unexpected(self) -> NoReturn:
        """Say what is wrong with a piece that should be a + or − and is not."""
        piece, before = self.pieces[self.at], self.pieces[self.at - 1]
        if piece.kind == ")":
            self._fail("This parenthesis was never opened. A word that holds one goes in quotation marks.", piece)
        if piece.kind in (":", "?", "="):
            self._fail(f"“{piece.text}” has no place in a sum. {_ANALOGY}.", piece)
        self._fail(
            f'Between “{_short(before.text)}” and “{_short(piece.text)}” a + or − with spaces around it is missing. '
            'If they are one word, put it in quotation marks: "new york".', before, piece,
        )  # fmt: skip

    def _unfinished(self, sentence: str, piece: Piece) -> NoReturn:
        raise BadExpression(sentence, self.text, piece.start, piece.end, unfinished=True)

    def _fail(self, sentence: str, first: Piece, last: Piece | None = None) -> NoReturn:
        raise BadExpression(sentence, self.text, first.start, (last or first).end)


def _pair(text: str, pieces: list[Piece]) -> tuple[str, str]:
    """The two words of a pair."""
    kinds = [piece.kind for piece in pieces]
    if kinds in (["word", "-", "word"], ["word", ":", "word"]) and pieces[0].text.strip() and pieces[2].text.strip():
        return pieces[0].text, pieces[2].text
    if kinds == ["word"] and not pieces[0].quoted and len(parts := _INNER_SIGN.split(pieces[0].text)) == 3:
        return parts[0], parts[2]  # a pair needs a minus, so that of `he-she` can be no letter
    raise BadExpression(
        f"This is not a pair of words. {_PAIRS}; a word with a space in it goes in quotation marks.",
        text, pieces[0].start, pieces[-1].end,
    )  # fmt: skip


def _added(weights: Sequence[float]) -> float:
    """The sum of some weights; 0 where no more of it is left than rounding, as of 0.1 + 0.2 - 0.3."""
    total = sum(weights)
    return 0.0 if abs(total) < _ROUNDING * sum(map(abs, weights)) else total


def _times(factor: float, terms: Sequence[Term]) -> list[Term]:
    return [(factor * weight, word) for weight, word in terms]


def _short(word: str) -> str:
    return word if len(word) <= 40 else word[:39] + "…"


def _check_length(text: str) -> None:
    if len(text) > MOST_CHARACTERS:
        raise BadExpression(
            f"This has {len(text):,} characters; at most {MOST_CHARACTERS:,} are read.", text, MOST_CHARACTERS
        )
