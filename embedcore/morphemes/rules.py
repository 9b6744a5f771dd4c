"""Which of the morphemes that Kiwi finds are tokens, and how they are written.

Tags are those of the Sejong corpus, as Kiwi uses them.

- Nouns, pronouns, numerals, adverbs, determiners, interjections and roots stand as they are: 영화.
- Predicates stand in their dictionary form: 봤다, 보고, 볼 are all 보다. One made of a noun or root
  is one word: 지루했어요 is 지루하다.
- Particles, endings, the copula 이다, noun suffixes (들, 님) and punctuation are dropped: they say
  how a word is used, not which it is, and stand beside every other word.
- ㅋㅋㅋㅋ and ㅠㅠㅠ are one token each, of two letters: ㅋㅋ, ㅠㅠ.
- Latin letters are lower-cased; numbers, Chinese characters, emoji, addresses and hashtags stay.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Protocol

PREDICATES = ("VV", "VA", "VX", "VCN")
MAKE_PREDICATES = ("XSV", "XSA")  # 하다, 되다, 스럽다 behind a noun or root
WORDS = ("NNG", "NNP", "NNB", "NR", "NP", "MM", "MAG", "MAJ", "IC", "XR", "XPN", "SL", "SH", "SN", "UN")
WEB = "W_"  # begins Kiwi's own tags, of addresses, hashtags, emoji
LONGEST = 2_000  # characters that Kiwi gets at a time: its time grows with their square
_JAMO = re.compile("[ㄱ-ㅣ]+")
_PIECE = re.compile(rf"\S(?:.{{0,{LONGEST - 2}}}\S)?(?!\S)|\S{{{LONGEST}}}", re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")


class Morpheme(Protocol):
    """What is used of Kiwi's tokens."""

    form: str
    lemma: str
    tag: str


def pieces(line: str) -> Sequence[str]:
    """A line as Kiwi can take it: composed (NFC), without lone surrogates, in pieces where it is very long."""
    line = unicodedata.normalize("NFC", _SURROGATE.sub(" ", line))
    return [line] if len(line) <= LONGEST else _PIECE.findall(line)


def tokens(morphemes: Iterable[Morpheme]) -> list[str]:
    """The tokens among the morphemes of a piece."""
    found: list[str] = []
    for morpheme in morphemes:
        tag = morpheme.tag.split("-")[0]  # VV-I and VV-R tell how a verb is inflected
        if tag in MAKE_PREDICATES and found:
            found[-1] += morpheme.form + "다"
        elif tag in PREDICATES:
            found.append(morpheme.lemma)
        elif tag in WORDS or tag.startswith(WEB):
            found.append(morpheme.form.lower())
        elif _JAMO.fullmatch(morpheme.form):
            found.append(morpheme.form[:2])
    return found
