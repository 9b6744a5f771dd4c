"""Words of a set that somebody may be about to write: completion of what is typed so far.

Here belongs which words are proposed, out of all of a set, and which part of a text is the word
being typed. Finding tokens by their beginning is in `tokens`; drawing proposals is for pages.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import NamedTuple

from embedcore.questions.expression_pieces import QUOTES
from embedcore.vectors import WordVectors

_FIRST_SYLLABLE, _LAST_SYLLABLE = 0xAC00, 0xD7A3
_ENDINGS = 28  # of a Hangul syllable: none, or one of 27 consonants
_SYLLABLES = 21 * _ENDINGS  # that begin with the same consonant
_INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"  # in the order of the syllables
_BETWEEN = re.compile(r"[\s,，、;:()*×·]")  # what stands between words of a list or of arithmetic
_SIGNS = tuple("+-−–—")
_FEW = 4  # words: where there are no more, those that are spelt nearly so are proposed too


class Typing(NamedTuple):
    """A text, cut into what stands and the word that is being typed."""

    before: str
    word: str
    quoted: bool = False  # whether the word has an opening quotation mark, which `before` ends with


def suggest(vectors: WordVectors, typed: str, limit: int = 8) -> list[str]:
    """At most `limit` words of a set that may be meant by the beginning `typed`.

    First `typed` itself, if it is a word, then words that begin so, the most frequent first, and if
    those are few, words spelt nearly so. A lower-cased set is asked in lower case. In another, small letters stand
    for large ones too, and large ones for small ones only when there is room. A space finds also the
    `_` and the `-` that join phrases, and a Korean syllable without an ending, or its first
    consonant alone, those syllables that it may become while it is typed.
    """
    typed = unicodedata.normalize("NFC", typed).lstrip()
    whole = typed.rstrip()
    if not whole or limit < 1:
        return []
    tokens, found = vectors.tokens, dict[str, None]()
    for beginning in dict.fromkeys([typed, whole]):
        for forms in _ways(beginning, lowercased=vectors.lowercased):
            if forms[0] == forms[0].rstrip() and forms[0] in tokens:
                found[forms[0]] = None
            spans = [span for form in forms for span in _spans(form)]
            found.update(dict.fromkeys(tokens.starting_between(spans, limit)))
            if len(found) >= limit:
                return list(found)[:limit]
    if len(found) < _FEW:
        found.update(dict.fromkeys(tokens.near(whole, limit)))
    return list(found)[:limit]


def typing(text: str) -> Typing:
    """The last word of a text, which is the one being typed: empty after a space or another mark between words.

    A word in quotation marks may hold spaces; until they are closed, all after them is being typed.
    """
    at = closed = 0
    while at < len(text):
        if text[at] in QUOTES and (at == 0 or _BETWEEN.match(text[at - 1])):
            end = text.find(QUOTES[text[at]], at + 1)
            if end < 0:
                return Typing(text[: at + 1], text[at + 1 :], quoted=True)
            at, closed = end, end + 1
        at += 1
    start = len(text)
    while start > closed and not _BETWEEN.match(text[start - 1]):
        start -= 1
    if text[start : start + 1] in _SIGNS and start + 1 < len(text):  # `-man` takes man away
        start += 1
    return Typing(text[:start], text[start:])


def completed(text: str, word: str, quote: Callable[[str], str] = str) -> str:
    """A text with `word` in the place of the one being typed; `quote` writes a word as the text needs it.

    In quotation marks that were opened already, the word is closed by their kind.
    """
    now = typing(text)
    return now.before + (word + QUOTES[now.before[-1]] if now.quoted else quote(word))


def _ways(typed: str, *, lowercased: bool) -> Iterator[list[str]]:
    """Beginnings to look for, in groups, as typed first: those of the next only where there is room left."""
    small = typed.lower()
    if lowercased:
        groups = [[small]]
    else:
        forms = [typed, small, _capitalized(typed), typed.title(), typed.upper()]
        groups = [forms] if typed == small else [[typed], forms[1:]]
    for group in groups:
        spelt = [form.replace(" ", joint) for form in group for joint in " _"]
        spelt += [form.replace(" ", "-") for form in group if not form.endswith(" ")]
        yield list(dict.fromkeys(spelt))


def _capitalized(word: str) -> str:
    return word[:1].upper() + word[1:]  # leaves the rest, unlike str.capitalize


def _spans(prefix: str) -> Iterator[tuple[str, str]]:
    """What a beginning stands for: itself and, where it ends within a Korean syllable, all that may become of that."""
    stem, last = prefix[:-1], prefix[-1]
    code = ord(last)
    if _FIRST_SYLLABLE <= code <= _LAST_SYLLABLE and (code - _FIRST_SYLLABLE) % _ENDINGS == 0:
        yield prefix, stem + chr(code + _ENDINGS - 1)
        return
    yield prefix, prefix
    if last in _INITIALS:
        first = _FIRST_SYLLABLE + _INITIALS.index(last) * _SYLLABLES
        yield stem + chr(first), stem + chr(first + _SYLLABLES - 1)
