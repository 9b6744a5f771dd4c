"""Finding out what a file of word vectors is: by content first, by name where content leaves it open.

Here belongs what the first bytes tell, and the sentences for files that are something else
or not what they are said to be. Reading them is in `reading`. Never a pickle.
"""

from __future__ import annotations

import re
import struct
import zipfile
from pathlib import Path
from typing import NamedTuple

from embedcore.errors import BadVectors
from embedcore.formats import streams
from embedcore.formats.fasttext_file import is_fasttext
from embedcore.formats.projector import beside, is_projector
from embedcore.formats.text_parse import NUMBER
from embedcore.formats.text_read import BOM, Shape, header_of, shape_of, without_words
from embedcore.formats.torch_file import OLD_TORCH
from embedcore.storage import printable

_WEB_PAGE = re.compile(rb"\s*(<!doctype html|<html|<\?xml|<head)", re.IGNORECASE)
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1f]")  # bytes that no text has
_ENDINGS = {"glove": ".glove.txt", "word2vec": ".w2v.txt", "word2vec-binary": ".w2v.bin"}  # of files that we write
_OTHERS = (  # how files begin that cannot be read, and what they are
    (b"\x93NUMPY", "is a NumPy array: numbers without the words of its rows"),
    (b"PAR1", "is a Parquet table"),
    (b"\x89HDF", "is an HDF5 file"),
    (b"ARROW1", "is an Arrow table"),
    (b"\xff\xfe", "is UTF-16 text; save it as UTF-8"),
    (b"\xfe\xff", "is UTF-16 text; save it as UTF-8"),
    (b"BZh", "is packed with bzip2; unpack it first"),
    (b"7z\xbc\xaf", "is packed with 7-Zip; unpack it first"),
    (b"\xfd7zXZ", "is packed with xz; unpack it first"),
    (b"\x28\xb5\x2f\xfd", "is packed with Zstandard; unpack it first"),
    (b"Rar!", "is packed with RAR; unpack it first"),
    (streams.GZIP, "is packed twice; unpack it first"),
    (streams.ZIP, "is packed twice; unpack it first"),
    (b"\x89PNG", "is a picture"),
    (b"\xff\xd8\xff", "is a picture"),
    (b"GIF8", "is a picture"),
    (b"%PDF", "is a PDF document"),
    (b"SQLite format 3", "is an SQLite database"),
)


class Stream(NamedTuple):
    """What a stream holds."""

    format: str  # a key of FORMATS
    shape: Shape | None = None  # how it is laid out, if it is text
    sure: bool = True  # whether its format is said, by the user or by its name


def beginning(path: Path, format: str | None) -> tuple[bytes, str | None]:
    """The first bytes of a file, and its format: the one given, or else that of a file that is not read as a stream.

    Raises BadVectors if it is empty or known to be something else, OSError.
    """
    with path.open("rb") as file:
        head = file.read(streams.HEAD)
    if not head:
        raise BadVectors(f"“{printable(path.name)}” is empty.")
    return head, format or whole_file(path, head)


def whole_file(path: Path, head: bytes) -> str | None:
    """The format of a file that is not read as a stream; None for one that is. Raises BadVectors."""
    name = printable(path.name)
    if head.startswith(streams.ZIP) and zipfile.is_zipfile(path):
        with streams.archive(path) as archive:
            members = archive.namelist()
            if any(member.endswith("data.pkl") for member in members):
                return "torch"
            if is_projector(archive):
                return "projector"
            if any(member.endswith(".npy") for member in members):
                raise BadVectors(f"“{name}” holds NumPy arrays: numbers without the words of their rows.")
    if head.startswith(OLD_TORCH):
        return "torch"
    if re.match(rb"\x80[\x02-\x05]", head) and head[2:3] in b"cX}](\x95\x8a\x8c":
        raise BadVectors(f"“{name}” is a Python pickle, which could run code when it is opened, so it was not opened.")
    if head[8:9] == b"{" and struct.unpack("<Q", head[:8])[0] < 100_000_000:
        return "safetensors"
    if path.name.endswith(".tsv") and beside(path):
        return "projector"
    return None


def stream_of(head: bytes, path: Path, format: str | None) -> Stream:
    """What a stream is that begins with `head`; `format` is what it is said to be, if it is.

    Raises BadVectors if it is nothing that is read, or not what it is said to be.
    """
    name = printable(path.name)
    if not head:
        raise BadVectors(f"“{name}” is empty.")
    if is_fasttext(head) and format in (None, "fasttext"):
        return Stream("fasttext")
    _refuse_others(head, name)
    said = format or next((key for key, ending in _ENDINGS.items() if ending in path.name), None)
    if said == "fasttext":
        raise BadVectors(f"“{name}” is no fastText model.")
    if said == "word2vec-binary" or (not said and _is_binary(head)):
        if said:
            _refuse_text(head, name)
        return Stream("word2vec-binary")
    try:
        shape = shape_of(head, name, header={"glove": False, "word2vec": True}.get(said or ""))
    except BadVectors as error:
        raise BadVectors(" ".join([str(error), *_guess(head)])) from error
    if not said and without_words(head, shape.separator):
        # Lines of numbers alone would lose their first to the word.
        if shape.separator == b"\t":
            return Stream("projector")
        raise BadVectors(f"“{name}” holds numbers but no words: each line should begin with its word.")
    return Stream(shape.format, shape, bool(said))


def _is_binary(head: bytes) -> bool:
    """Whether what begins with a header goes on with numbers as bytes."""
    first, newline, rest = head.partition(b"\n")
    said = header_of(first)
    if not newline or said is None or first.startswith(BOM):
        return False
    if _one_line_fits(rest, said[1]):  # “a 0.5 1.25” would do for a word and the bytes of two numbers
        return False
    record = rest[: 100 + 4 * said[1]]  # about one word and its numbers
    if _BINARY.search(record) or _is_exactly(rest, *said):
        return True
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start < len(head) - 4  # else a letter is cut in two by where the head ends
    return False


def _is_exactly(rest: bytes, rows: int, dim: int) -> bool:
    """Whether so many records, each a word and the bytes of its numbers, end where a small file ends."""
    at = 0
    for _ in range(min(rows, len(rest)) if dim else 0):
        space = rest.find(b" ", at)
        if space < 0:
            return False
        at = space + 1 + 4 * dim
        at += rest[at : at + 1] == b"\n"
    return at == len(rest) > 0


def _one_line_fits(rest: bytes, dim: int) -> bool:
    """Whether one of the first lines is a word and numbers, as text."""
    for line in rest.split(b"\n", 20)[:20]:
        fields = line.rstrip(b" \r").split(b" ")
        if len(fields) > dim and all(map(NUMBER.fullmatch, fields[-dim:])):
            return True
    return False


def _refuse_text(head: bytes, name: str) -> None:
    """Raises BadVectors if what should be word2vec binary is its text."""
    first, _, rest = head.partition(b"\n")
    said = header_of(first)
    if said and said[1] and _one_line_fits(rest, said[1]) and not _is_exactly(rest, *said):
        raise BadVectors(f"“{name}” is no word2vec binary: its numbers are written as text.")


def _guess(head: bytes) -> list[str]:
    """A sentence on what a file that is no text of vectors may be."""
    lines = [line for line in head.split(b"\n", 20)[:20] if line.strip()]
    if _is_binary(head):
        return ["It seems to be word2vec binary."]
    if head.lstrip()[:1] in (b"{", b"[") and b'"' in head:
        return ["It seems to be JSON."]
    if lines and all(b"," in line for line in lines):
        return ["It seems to be a table with commas."]
    return []


def _refuse_others(head: bytes, name: str) -> None:
    """Raises BadVectors for what is known to be something else."""
    for magic, what in _OTHERS:
        if head.startswith(magic):
            raise BadVectors(f"“{name}” {what}. It cannot be imported as it is.")
    if _WEB_PAGE.match(head):
        raise BadVectors(
            f"“{name}” is a web page, as servers send one instead of a file that has moved or asks for a login."
        )
    if is_fasttext(head):
        raise BadVectors(f"“{name}” is a fastText model. Import it as one.")
