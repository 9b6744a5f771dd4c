"""The pieces of arithmetic with words: words, signs, parentheses, the colons of an analogy, and where they stand.

Here belongs cutting a typed text into pieces; what they mean together is the business of `expressions`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from embedcore.errors import BadExpression

QUOTES = {'"': '"', "“": "”", "«": "»", "„": "“"}  # how a quoted word begins and ends

# Ways to type an operator that keyboards, phones and word processors have.
_SIGNS = {
    **dict.fromkeys("+＋﹢", "+"), **dict.fromkeys("-−–—－﹣‐‑", "-"), **dict.fromkeys("*×·⋅＊", "*"),
    **dict.fromkeys("/÷／", "/"), ":": ":", "：": ":", "::": "::", "∷": "::", "：：": "::",
    "?": "?", "？": "?", "=": "=", "≈": "=", "(": "(", ")": ")", "（": "(", "）": ")",
}  # fmt: skip
_DOUBLE_COLON = re.compile("::|：：|∷")
NUMBER = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_TIMES_BEFORE = re.compile(rf"({NUMBER.pattern})[*×·⋅＊]")
_TIMES_AFTER = re.compile(rf"[*×·⋅＊/÷]{NUMBER.pattern}$")
_COMMAS = frozenset(",;，；、،؛\n\r\v\f\x85\u2028\u2029")
_CHUNK = re.compile(r"\S+")


class Piece(NamedTuple):
    """A piece of a text: `word`, or the operator that it is; `text` is the word without its quotation marks."""

    kind: str
    text: str
    start: int
    end: int
    quoted: bool = False


def pieces_of(text: str, first: int = 0, last: int | None = None, *, pairs: bool = False) -> list[Piece]:
    """The pieces of `text[first:last]`, or of a pair of words. Raises BadExpression for an open quotation."""
    return list(_Cutter(text, len(text) if last is None else last, pairs).cut(first))


def parts_between_commas(text: str) -> Iterator[tuple[int, int]]:
    """Where the parts of a list begin and end, set apart by commas, semicolons or lines.

    A comma in quotation marks, or between digits as in 1,000, is part of a word.
    """
    first, at = 0, 0
    while at < len(text):
        opens = text[at] in QUOTES and not text[at - 1 : at].isalnum()  # as in `a"b` none does
        if opens and (end := text.find(QUOTES[text[at]], at + 1)) > 0:
            at = end
        elif text[at] in _COMMAS and not (text[at - 1 : at].isdigit() and text[at + 1 : at + 2].isdigit()):
            yield first, at
            first = at + 1
        at += 1
    yield first, len(text)


class _Cutter:
    """Cuts one text, from the left to the right."""

    def __init__(self, text: str, last: int, pairs: bool) -> None:
        self.text, self.last = text, last
        chunks = {match[0] for match in _CHUNK.finditer(text)}
        self.analogy = any(_DOUBLE_COLON.search(chunk) for chunk in chunks)
        self.colons = pairs or self.analogy  # whether a colon that touches a word is none of its letters
        self.inner_colons = self.colons and not chunks & {":", "："}

    def cut(self, at: int) -> Iterator[Piece]:
        """The pieces from a place on."""
        before: Piece | None = None
        while at < self.last:
            if self.text[at].isspace():
                at += 1
                continue
            touched = before if before and before.end == at else None
            piece = self._quoted(at) if self.text[at] in QUOTES else self._operator(at, touched) or self._word(at)
            yield piece
            before, at = piece, piece.end

    def _quoted(self, at: int) -> Piece:
        end = self.text.find(QUOTES[self.text[at]], at + 1, self.last)
        if end < 0:
            raise BadExpression("This quotation mark is not closed yet.", self.text, at, at + 1, unfinished=True)
        return Piece("word", self.text[at + 1 : end], at, end + 1, quoted=True)

    def _operator(self, at: int, touched: Piece | None) -> Piece | None:
        """The operator that stands here, alone or where it may touch a word; None if a word begins here.

        `touched` is the piece before it, if no space is between them.
        """
        chunk = self._chunk(at)
        if chunk in _SIGNS:
            length = len(chunk)
        elif _SIGNS.get(chunk[0]) in ("(", ")"):
            length = 1
        elif self.colons and _SIGNS.get(chunk[0]) in (":", "::"):
            length = 2 if _SIGNS.get(chunk[:2]) == "::" and len(chunk[0]) == 1 and chunk[0] != "∷" else 1
        elif touched and touched.kind == ")" and _SIGNS.get(chunk[0]) in ("+", "-", "*", "/"):
            length = 1
        elif _SIGNS.get(chunk[0]) in ("+", "-"):
            # `-man` takes man away; `-lrb-` and `--` are words.
            touches = chunk[1].isalnum() or chunk[1] in "(（." or chunk[1] in QUOTES
            length = 1 if touches and _SIGNS.get(self._word(at).text[-1]) not in ("+", "-") else 0
        else:  # `*2`, `/2`, and the `*` of `2*king`
            after_number = touched and not touched.quoted and NUMBER.fullmatch(touched.text)
            length = 1 if _TIMES_AFTER.fullmatch(chunk) or (_SIGNS.get(chunk[0]) == "*" and after_number) else 0
        return Piece(_SIGNS[self.text[at : at + length]], chunk[:length], at, at + length) if length else None

    def _word(self, at: int) -> Piece:
        """The word that begins here, without what touches its end and belongs to the arithmetic."""
        chunk = self._chunk(at)
        if number := _TIMES_BEFORE.match(chunk):
            chunk = number[1]
        elif (times := _TIMES_AFTER.search(chunk)) and times.start() and times[0][0] not in "/÷":  # 24/7 is a word
            chunk = chunk[: times.start()]
        if self.colons and (colon := _DOUBLE_COLON.search(chunk)):
            chunk = chunk[: colon.start()]
        if self.colons and chunk[-1] in ":：":
            chunk = chunk[:-1]
        elif self.inner_colons and len(places := [n for n, c in enumerate(chunk) if c in ":："]) == 1:
            chunk = chunk[: places[0]]
        end = _closed_from_outside(chunk)
        return Piece("word", chunk[:end], at, at + end)

    def _chunk(self, at: int) -> str:
        """What stands from here to the next white space."""
        match = _CHUNK.match(self.text, at, self.last)
        return match[0] if match else ""


def _closed_from_outside(chunk: str) -> int:
    """Where in a chunk stands a parenthesis that closes one before it: `smile(d)` has none, `king)*2` has."""
    depth = 0
    for place, character in enumerate(chunk):
        depth += (character in "(（") - (character in ")）")
        if depth < 0 and place:
            return place
    return len(chunk)
