"""The rules of `rules` as lines of Python to copy: the same tokens from kiwipiepy itself."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from embedcore.morphemes.rules import LONGEST, MAKE_PREDICATES, PREDICATES, WEB, WORDS

_PIECES = rf"""
# Kiwi's time grows with the square of a line, so a long one goes to it in pieces.
PIECE = re.compile(r"\S(?:.{{0,{LONGEST - 2}}}\S)?(?!\S)|\S{{{LONGEST}}}", re.DOTALL)


def pieces(line):
    return [line] if len(line) <= {LONGEST} else PIECE.findall(line)

"""


def code(text: str) -> tuple[list[str], str, str]:
    """Imports, definitions, and an expression for the tokens of `line`: on `text`, the same as `morphemes.tokenize`."""
    composed = unicodedata.is_normalized("NFC", text)
    imports = ["import re", *([] if composed else ["import unicodedata"])]
    long = any(line.end() - line.start() > LONGEST for line in re.finditer("[^\r\n]+", text))
    line = 're.sub(r"[\\ud800-\\udfff]", " ", line)' if re.search("[\ud800-\udfff]", text) else "line"
    line = line if composed else f'unicodedata.normalize("NFC", {line})'
    define = f"""
kiwi = Kiwi()
PREDICATES = {_listed(PREDICATES)}  # verbs, adjectives: in their dictionary form
WORDS = {_listed(WORDS)}
# Not kept: particles (J…), endings (E…), suffixes, punctuation.


def tokenize(line):
    words = []
    for morpheme in kiwi.tokenize(line):
        tag = morpheme.tag.split("-")[0]
        if tag in {_listed(MAKE_PREDICATES)} and words:
            words[-1] += morpheme.form + "다"
        elif tag in PREDICATES:
            words.append(morpheme.lemma)
        elif tag in WORDS or tag.startswith("{WEB}"):  # addresses, hashtags, emoji
            words.append(morpheme.form.lower())
        elif re.fullmatch("[ㄱ-ㅣ]+", morpheme.form):
            words.append(morpheme.form[:2])
    return words

"""
    tokens = f"[token for piece in pieces({line}) for token in tokenize(piece)]" if long else f"tokenize({line})"
    return [*imports, "from kiwipiepy import Kiwi  # pip install kiwipiepy"], define + _PIECES * long, tokens


def _listed(tags: Sequence[str]) -> str:
    return "(" + ", ".join(f'"{tag}"' for tag in tags) + ")"
