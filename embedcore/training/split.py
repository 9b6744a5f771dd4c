"""A piece of text as words and integers of its own, without a step of Python for each word.

`split` gives what `text.tokenize` gives, token for token: the characters become classes by a
table that is made from the very patterns of `text`, words are the runs between separators, and
Arrow's dictionary encoding numbers them. A tokenizer that is more than a table of characters
goes line by line. Here belongs one piece; how pieces become a corpus is in `encode`.
"""

from __future__ import annotations

import unicodedata
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache
from itertools import count
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from embedcore.text import EMOJI, PICTOGRAPH, WORD_PART, tokenize, words_in

PIECE = 1 << 20  # characters: some tens of MB of arrays, whatever the size of the text
SHORT = 1 << 16  # below, tables and Arrow take longer to get ready than lines take to read
PIECE_BY_LINE = 1 << 15  # for a slow tokenizer, so that it can be stopped within a second

# Classes of UTF-16 code units. Where there is an _EMOJI, patterns decide; a _PICTOGRAPH alone is no emoji.
_SEPARATOR, _WORD, _APOSTROPHE, _EMOJI, _PICTOGRAPH = range(5)
_UNITS = 1 << 16


class Split(NamedTuple):
    """A piece of text.

    Attributes:
        tokens: the different tokens, by first appearance.
        ids: (T,) int32, all tokens in order, as rows of `tokens`.
        ends: (S,) int64, where each sentence ends in `ids`; no sentence is empty.
    """

    tokens: list[str]
    ids: NDArray[np.int32]
    ends: NDArray[np.int64]


def split(text: str, tokenizer: str) -> Split:
    """The tokens of a text. Raises TextProblem for a tokenizer that does not exist."""
    prepare = _PREPARE.get(tokenizer)
    if prepare is None or len(text) < SHORT:
        return _by_line(text, tokenizer)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    units, words = prepare(f"\n{text}\n")  # (N,) code units, (N,) whether each is of a word
    edges = np.flatnonzero(words[1:] != words[:-1])  # (2T,) before each word's first and last but one unit
    starts, stops = edges[0::2] + 1, edges[1::2] + 1  # (T,) stops are those of the separators after the words
    breaks = np.searchsorted(starts, np.flatnonzero(units == ord("\n")))  # tokens before each line feed
    ends = breaks[np.flatnonzero(np.diff(breaks)) + 1].astype(np.int64, copy=False)  # (S,)
    return Split(*_number(units, words, starts, stops), ends)


def pieces(text: str, tokenizer: str) -> Iterator[str]:
    """A text in pieces of whole lines, as large as suits the tokenizer."""
    start, size = 0, PIECE if tokenizer in BY_TABLE else PIECE_BY_LINE
    while start + size + size // 2 < len(text):  # rather one longer piece than a very short one
        stop = text.rfind("\n", start, start + size) + 1 or text.find("\n", start + size) + 1 or len(text)
        yield text[start:stop]
        start = stop
    if start < len(text):
        yield text[start:]


def _number(
    units: NDArray[Any], words: NDArray[np.bool_], starts: NDArray[np.int64], stops: NDArray[np.int64]
) -> tuple[list[str], NDArray[np.int32]]:
    """The different words by first appearance, and each word as a row of them, (T,)."""
    import pyarrow as pa

    if not len(starts):
        return [], np.empty(0, np.int32)
    words[stops] = True  # each word with one line feed after it, to tell them apart by afterwards
    data = units[words]
    offsets = np.zeros(len(starts) + 1, np.int32)  # (T + 1,)
    np.cumsum(stops - starts + 1, out=offsets[1:])
    data[offsets[1:] - 1] = ord("\n")
    offsets *= units.itemsize
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    encoded = pa.BinaryArray.from_buffers(pa.binary(), len(starts), buffers).dictionary_encode()
    _, places, values = encoded.dictionary.buffers()
    last = int(np.frombuffer(places, np.int32)[len(encoded.dictionary)])
    raw = memoryview(values)[:last].tobytes()
    different = raw.decode("latin-1") if units.itemsize == 1 else raw.decode("utf-16-le", "surrogatepass")
    return different.split("\n")[:-1], encoded.indices.to_numpy()


def _units(text: str) -> NDArray[Any]:
    """The text's UTF-16 code units, in one byte each where they fit."""
    try:
        return np.frombuffer(text.encode("latin-1"), np.uint8)
    except UnicodeEncodeError:
        return _wide(text)


def _wide(text: str) -> NDArray[np.uint16]:
    return np.frombuffer(text.encode("utf-16-le", "surrogatepass"), np.uint16)


def _prepare_words(text: str) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """The code units that `tokenize_words` would see, and which of them are of words."""
    text = unicodedata.normalize("NFC", text.replace("\u2019", "'").lower())
    units, table = _units(text), _classes_of_words()
    classes = table.take(units)
    if (classes == _EMOJI).any():
        units = _spelled_out(units, classes)
        classes = table.take(units)
        classes[classes >= _EMOJI] = _WORD
    words = classes == _WORD
    inner = np.flatnonzero(classes == _APOSTROPHE)
    words[inner[words[inner - 1] & words[inner + 1]]] = True  # the line feeds around the text are no words
    return units, words


def _spelled_out(units: NDArray[np.uint16], classes: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """The text with spaces between the words, and nothing else, in the lines that hold emoji or rare scripts.

    What is found there by the patterns of `text` is then no more than runs of what is no space.
    In all other lines, what might be a part of an emoji is none, and becomes a space.
    """
    feeds = np.flatnonzero(units == ord("\n"))
    found = np.unique(np.searchsorted(feeds, np.flatnonzero(classes == _EMOJI)))  # by the line feed that ends a line
    plain = np.where(classes == _PICTOGRAPH, np.uint16(ord(" ")), units)
    parts, start = [], 0
    for begin, end in zip((feeds[found - 1] + 1).tolist(), feeds[found].tolist(), strict=True):
        line = units[begin:end].tobytes().decode("utf-16-le", "surrogatepass")
        parts += [plain[start:begin], _wide(" ".join(words_in(line)))]
        start = end
    return np.concatenate([*parts, plain[start:]])


def _prepare_whitespace(text: str) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """The same for `str.split`."""
    units = _units(text)
    return units, _not_space().take(units)


_PREPARE: dict[str, Callable[[str], tuple[NDArray[Any], NDArray[np.bool_]]]] = {
    "words": _prepare_words,
    "whitespace": _prepare_whitespace,
}
BY_TABLE = frozenset(_PREPARE)  # the tokenizers that need no step of Python for each line


@cache
def _classes_of_words() -> NDArray[np.uint8]:
    """The class of each UTF-16 code unit, (65536,)."""
    classes = np.full(_UNITS, _SEPARATOR, np.uint8)
    characters = "".join(map(chr, range(_UNITS)))
    for pattern, name in ((PICTOGRAPH, _PICTOGRAPH), (WORD_PART, _WORD), (EMOJI, _EMOJI)):
        classes[[found.start() for found in pattern.finditer(characters)]] = name
    classes[0xD800:0xE000] = _EMOJI  # halves of characters beyond: most emoji, and rare scripts
    classes[ord("'")] = _APOSTROPHE
    return classes


@cache
def _not_space() -> NDArray[np.bool_]:
    """Whether each UTF-16 code unit is of a word for `str.split`, (65536,)."""
    return np.array([not chr(unit).isspace() for unit in range(_UNITS)])


def _by_line(text: str, tokenizer: str) -> Split:
    """The same by the tokenizer itself."""
    number: defaultdict[str, int] = defaultdict(count().__next__)
    flat, ends = array("i"), array("q")
    for sentence in tokenize(text, tokenizer):
        flat.extend(map(number.__getitem__, sentence))
        ends.append(len(flat))
    return Split(list(number), np.array(flat, dtype=np.int32), np.array(ends, dtype=np.int64))
