"""Reading word2vec text (fastText's .vec too) and GloVe text.

Here belongs finding out how many numbers a row has and whether the first line is a header.
The parsing is in `text_parse`, what rows must be in `gather`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from embedcore.errors import BadVectors
from embedcore.formats.base import Read
from embedcore.formats.binary import HEADER, MAX_DIM
from embedcore.formats.gather import Gathering, header_note
from embedcore.formats.pipeline import in_order
from embedcore.formats.streams import HEAD, whole_lines
from embedcore.formats.text_parse import FRACTION, NUMBER, Rows, parse
from embedcore.parallel import cores
from embedcore.vectors import WordVectors

BOM = b"\xef\xbb\xbf"
_BLOCK = 1 << 22  # bytes parsed at a time
_MOST_THREADS = 4  # that parse; more would wait for what is read and for what is gathered
_LOOKED_AT = 200  # lines that tell how many numbers a row has


@dataclass(frozen=True)
class Shape:
    """How a text of vectors is laid out."""

    dim: int  # numbers in a row
    separator: bytes
    header: tuple[int, int] | None  # rows and dimensions, as the first line says them

    @property
    def format(self) -> str:
        """The key of FORMATS that it is."""
        return "glove" if self.header is None else "word2vec"


def header_of(line: bytes) -> tuple[int, int] | None:
    """Rows and dimensions, if a first line holds exactly two whole numbers."""
    found = HEADER.match(line.removeprefix(BOM).rstrip(b"\r\n "))
    return (int(found[1]), int(found[2])) if found else None


def shape_of(head: bytes, name: str, *, header: bool | None = None) -> Shape:
    """The layout of a text, from its beginning; `header`: whether the first line is one, None to find out.

    Raises BadVectors, with a sentence on what it seems to be, if it is no such text.
    """
    lines = head.removeprefix(BOM).split(b"\n")
    if len(head) >= HEAD and len(lines) > 1:
        lines.pop()  # cut by us
    said = header_of(lines[0]) if header is not False else None
    if header and said is None:
        raise BadVectors(
            f"The first line of “{name}” should be how many words and how many numbers each, such as “400000 50”."
        )
    rows = [line for line in lines[1 if said else 0 :] if line.strip(b"\r \t")][:_LOOKED_AT]
    if said and not rows:
        raise BadVectors(f"“{name}” holds no vectors.")
    separator = max((b" ", b"\t"), key=lambda candidate: _usual(rows, candidate))
    dim = _usual(rows, separator)
    if said and not header and dim == 1 != said[1]:
        said = None  # a first word that is a number
    if said and dim and said[1] != dim:
        if said[1] not in (_numbers(row, separator) for row in rows):
            raise BadVectors(f"The first line of “{name}” says {said[1]:,} numbers a word, but its rows have {dim:,}.")
        dim = said[1]
    if not 1 <= dim <= MAX_DIM:
        raise BadVectors(
            f"“{name}” does not look like word vectors: each line should hold a word and then its numbers, "
            "with spaces between."
        )
    if sum(_number_in_word(row, separator, dim) for row in rows) > len(rows) / 2:
        raise BadVectors(f"The numbers in “{name}” should have one space between, all of them, and so should the word.")
    return Shape(dim, separator, said)


def without_words(head: bytes, separator: bytes) -> bool:
    """Whether a text seems to be numbers alone, with no words before them."""
    rows = [line.split(separator)[0] for line in head.removeprefix(BOM).split(b"\n")[:_LOOKED_AT] if line.strip()]
    return sum(FRACTION.fullmatch(first) is not None for first in rows) > len(rows) / 2


def read_text(
    file: BinaryIO, name: str, shape: Shape, *, sure: bool = True, into: Path | None = None
) -> tuple[WordVectors, Read]:
    """The vectors of a stream that is laid out so; what cannot be used is skipped and counted.

    Unless it is `sure` that the first line is a header, the count of lines decides where
    nothing else can: “5 1” may be the word 5. `name` is the file's, for sentences; `into` is as
    for `Gathering`. Raises BadVectors, OSError.
    """
    header = shape.header
    if header and header[1] == shape.dim == 1 and not sure:
        lines = sum(block.count(b"\n") + (not block.endswith(b"\n")) for block in whole_lines(file, _BLOCK, name))
        header = header if lines - 1 == header[0] else None
        file.seek(0)
    blocks = whole_lines(file, _BLOCK, name)
    first = next(blocks, b"").removeprefix(BOM)
    if header:
        first = first.partition(b"\n")[2]
    gathering = Gathering("glove" if header is None else "word2vec", name, shape.dim, into=into)
    gather_text(chain([first], blocks), shape, gathering)
    vectors, read = gathering.finish()
    if header:
        read.notes += header_note(header[0], gathering.seen)
    return vectors, read


def gather_text(blocks: Iterable[bytes], shape: Shape, gathering: Gathering) -> None:
    """Parse blocks of whole lines, several at a time."""

    def work(block: bytes) -> Rows:
        return parse(block, shape.dim, shape.separator)

    with closing(in_order(work, blocks, min(cores(), _MOST_THREADS))) as parsed:
        for rows in parsed:
            for reason, count in rows.skipped.items():
                gathering.skip(reason, count)
            gathering.add(rows.tokens, rows.matrix)


def _number_in_word(row: bytes, separator: bytes, dim: int) -> bool:
    """Whether the word of a row ends in a number that seems to be one of the vector's, set apart in another way."""
    word = separator.join(row.rstrip(b"\r \t").split(separator)[:-dim])
    before, _, last = word.replace(b"\t", b" ").rstrip(b" ").rpartition(b" ")
    alike = word == before + separator + last  # set apart as all others are: a row of another length
    return bool(before) and not alike and FRACTION.fullmatch(last) is not None


def _usual(rows: list[bytes], separator: bytes) -> int:
    """How many numbers most rows end in."""
    counts = Counter(_numbers(row, separator) for row in rows)
    return counts.most_common(1)[0][0] if counts else 0


def _numbers(row: bytes, separator: bytes) -> int:
    """How many numbers a row ends in, after at least one field that is the word."""
    fields = row.rstrip(b"\r \t").split(separator)
    count = 0
    while count < len(fields) - 1 and NUMBER.fullmatch(fields[-1 - count]):
        count += 1
    return count
