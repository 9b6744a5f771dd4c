"""Prose whose lines were broken at a fixed width: noticing it, and joining the lines again.

A line that was broken by width is one that the next word no longer fitted into. Sentences,
verses, code or rows that have a line each are not: their lines end anywhere, and mostly
between sentences. Joined are the lines of one paragraph; what ends a line on purpose stays.
"""

from __future__ import annotations

import re
import statistics
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

_JUDGED = 600_000  # characters of the beginning
_NARROWEST, _WIDEST = 40, 130  # columns
_FEWEST = 6  # line breaks inside paragraphs, to judge by
_FULL = 0.75  # of the width is reached with the next word
_MOSTLY = 0.85  # of the lines are full
_ENDS = 0.3  # of the lines at most end where a sentence ends
_STARTS = 0.6  # of the lines at least begin as inside a sentence
_WORDS = 5  # in a line, at least, half of the time
_LETTERS = 0.6  # of the characters, at least: no numbers, no code
_DIFFERENT = 0.2  # of the lines, at least: prose does not say the same again and again
_SHORT = 0.6  # of the width is not reached even with the next word: the line was ended on purpose
_MOST_PARAGRAPH = 100_000  # characters; beyond, there are no paragraphs

_WIDE = re.compile("[\u1100-\u115f\u2e80-\ua4cf\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]")
_SENTENCE_END = re.compile(r"""[.!?。！？…:;]["'”’」』)\]]*$""")
_OWN_LINE = re.compile(r"(?:[-*+•·]|\d{1,3}[.)])\s|#|>|\||```|\s*[-=*_]{3,}\s*$")  # lists, headings, quotes, rules
_HYPHEN = re.compile(r"[^\W\d_]-$")


@dataclass(frozen=True)
class Wrapping:
    """The width, in columns, that the lines of a text were broken at."""

    width: int


def notice(text: str) -> Wrapping | None:
    """The wrapping of the text that begins like this; None unless it is hard-wrapped prose."""
    lines = [line.rstrip() for line in text[:_JUDGED].split("\n")]
    if len(text) > _JUDGED:
        lines.pop()  # cut by us
    pairs = [(a, b.strip()) for a, b in pairwise(lines) if a and b.strip() and _indent(b) <= _indent(a)]
    pairs = [(a, b) for a, b in pairs if not _OWN_LINE.match(a.lstrip()) and not _OWN_LINE.match(b)]
    if len(pairs) < _FEWEST:
        return None
    width = sorted(_columns(a) for a, _ in pairs)[int(len(pairs) * 0.95)]
    if not _NARROWEST <= width <= _WIDEST or statistics.median(len(a.split()) for a, _ in pairs) < _WORDS:
        return None
    if len({a for a, _ in pairs}) < _DIFFERENT * len(pairs):
        return None
    if sum(sum(map(str.isalpha, a)) for a, _ in pairs) < _LETTERS * sum(len(a) for a, _ in pairs):
        return None
    full = sum(_reach(a, b) >= _FULL * width for a, b in pairs)
    ends = sum(bool(_SENTENCE_END.search(a)) for a, _ in pairs)
    starts = sum(_begins_inside(b) for _, b in pairs)
    prose = full >= _MOSTLY * len(pairs) and ends <= _ENDS * len(pairs) and starts >= _STARTS * len(pairs)
    return Wrapping(width) if prose else None


def joined(lines: Iterable[str], wrapping: Wrapping | None) -> Iterator[str]:
    """The lines of each paragraph as one line, empty lines in between kept as they are.

    Without a `wrapping`, everything between two empty lines is a paragraph.
    """
    paragraph: list[str] = []
    size = 0
    for line in lines:
        if paragraph and (size > _MOST_PARAGRAPH or not _goes_on(paragraph[-1], line, wrapping)):
            yield _glued(paragraph)
            paragraph, size = [], 0
        if line.strip():
            paragraph.append(line)
            size += len(line)
        else:
            yield ""
    if paragraph:
        yield _glued(paragraph)


def _goes_on(line: str, following: str, wrapping: Wrapping | None) -> bool:
    """Whether the paragraph of `line` goes on in the line after it."""
    begin = following.strip()
    if not begin or _OWN_LINE.match(begin) or line.lstrip().startswith(("#", "|", "```")):
        return False
    if _indent(following) > _indent(line) and not _OWN_LINE.match(line.lstrip()):
        return False  # the first line of the next paragraph; under a list's sign, its own second line
    return wrapping is None or _reach(line.rstrip(), begin) >= _SHORT * wrapping.width


def _glued(paragraph: Sequence[str]) -> str:
    """One line of several; a word divided at a hyphen keeps it and gets no space."""
    parts = [paragraph[0].rstrip()]
    for line in paragraph[1:]:
        begin = line.strip()
        parts.append(begin if _HYPHEN.search(parts[-1]) and begin[0].islower() else f" {begin}")
    return "".join(parts)


def _columns(line: str) -> int:
    """How wide a line is; Hangul and other wide characters take two columns."""
    return len(line) if line.isascii() else len(line) + len(_WIDE.findall(line))


def _reach(line: str, following: str) -> int:
    """How wide a line would be with the first word of the next one."""
    return _columns(line) + 1 + _columns(following.split(None, 1)[0])


def _begins_inside(line: str) -> bool:
    """Whether a line begins as lines inside a sentence do: not with a capital, digit or sign."""
    return unicodedata.category(line[0]) in ("Ll", "Lo")


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
