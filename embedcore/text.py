"""Splitting text into sentences and tokens, in English, Korean and other scripts.

Here belongs what turns a string into lists of tokens, and counting characters as people
see them. Reading the text out of files belongs in `documents`, Korean grammar in `morphemes`,
turning tokens into integers in `vocab`. Texts are composed (NFC) when they are read.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from itertools import islice

import regex

from embedcore import morphemes
from embedcore.errors import TextProblem

# A word: letters, digits and their combining marks, with apostrophes inside it. An emoji is
# a word of its own, with what modifies it. Everything else separates.
_WORD = regex.compile(
    r"\w[\w\p{M}]*(?:'\w[\w\p{M}]*)*"
    r"|\p{Regional_Indicator}{2}"
    r"|(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}\uFE0F)[\p{M}\p{Emoji_Modifier}]*"
    r"(?:\u200D\p{Extended_Pictographic}[\p{M}\p{Emoji_Modifier}]*)*"
)
# What decides, a character at a time, whether `_WORD` has to be asked: what is of a word wherever it
# stands, what may begin an emoji, and what begins one only if an emoji selector, U+FE0F, follows.
WORD_PART = regex.compile(r"\w")
EMOJI = regex.compile(r"[\p{Emoji_Presentation}\p{Regional_Indicator}\uFE0F]")
PICTOGRAPH = regex.compile(r"\p{Extended_Pictographic}")
_GRAPHEME = regex.compile(r"\X")


def tokenize_whitespace(sentence: str) -> list[str]:
    """`sentence.split()`, exactly as the tutorial does: case and punctuation stay."""
    return sentence.split()


def tokenize_words(sentence: str) -> list[str]:
    """The words of a sentence, lower-cased, without punctuation; emoji count as words.

    Composed to NFC first, so that one word typed in two ways is one token; a curly
    apostrophe is read as a straight one.
    """
    return words_in(unicodedata.normalize("NFC", sentence.replace("\u2019", "'").lower()))


def words_in(text: str) -> list[str]:
    """The words of a text that is lower-cased and composed already."""
    words: list[str] = _WORD.findall(text)
    return words


def tokenize_morphemes(sentence: str) -> list[str]:
    """The dictionary words of a Korean sentence, without particles and endings; see `morphemes.rules`.

    Raises TextProblem if kiwipiepy, which finds them, is missing or cannot be loaded.
    """
    return morphemes.tokenize(sentence)


TOKENIZERS: dict[str, Callable[[str], list[str]]] = {
    "words": tokenize_words,
    "whitespace": tokenize_whitespace,
    "morphemes": tokenize_morphemes,
}


def split_sentences(text: str) -> list[str]:
    """The lines of a text: a sentence is one line, in every tokenizer.

    Only line feeds and carriage returns end a line. `str.splitlines` would also cut at
    characters such as U+0085 that occur inside words of real files.
    """
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def tokenize(text: str, tokenizer: str = "words") -> Iterator[list[str]]:
    """The sentences of a text as lists of tokens; lines without a token are left out.

    Raises TextProblem for a tokenizer that does not exist.
    """
    try:
        split = TOKENIZERS[tokenizer]
    except KeyError:
        raise TextProblem(f"There is no tokenizer “{tokenizer}”. There are: {', '.join(TOKENIZERS)}.") from None
    if tokenizer == "morphemes":  # many lines at a time
        return (tokens for tokens in morphemes.tokens(split_sentences(text)) if tokens)
    return (tokens for line in split_sentences(text) if (tokens := split(line)))


def first_characters(text: str, count: int) -> str:
    """The beginning of a text, as many characters as a person sees (Unicode's extended grapheme clusters, UAX #29)."""
    return "".join(islice((match[0] for match in _GRAPHEME.finditer(text)), count))


def count_characters(text: str) -> int:
    """How many characters a person sees: grapheme clusters of Unicode's UAX #29."""
    if text.isascii():
        return len(text) - text.count("\r\n")
    return sum(1 for _ in _GRAPHEME.finditer(text))
