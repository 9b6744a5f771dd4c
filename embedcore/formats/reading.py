"""Reading a file of word vectors of any format: finding out what it is, and handing it to its reader.

Here belongs recognising, by content first and by name where content leaves it open, and the
sentences for files that are something else. Never a pickle.
"""

from __future__ import annotations

import re
import struct
import zipfile
from pathlib import Path
from typing import BinaryIO

from embedcore.errors import BadVectors
from embedcore.formats import streams
from embedcore.formats.base import Progress, Read
from embedcore.formats.binary import read_word2vec_binary
from embedcore.formats.projector import beside, is_projector, read_projector
from embedcore.formats.safetensors_file import read_safetensors
from embedcore.formats.text_parse import NUMBER
from embedcore.formats.text_read import BOM, header_of, read_text, shape_of, without_words
from embedcore.formats.torch_file import read_torch
from embedcore.storage import os_errors, printable
from embedcore.vectors import WordVectors

_FASTTEXT = struct.pack("<i", 793712314)  # the magic number of fastText models
_OLD_TORCH = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"  # PyTorch before 1.6
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1f]")  # bytes that no text has
_ENDINGS = {"glove": ".glove.txt", "word2vec": ".w2v.txt", "word2vec-binary": ".w2v.bin"}  # of files that we write
_OTHERS = (  # how files begin that cannot be read, and what to say
    (b"\x93NUMPY", "is a NumPy array: numbers without the words of its rows"),
    (b"PAR1", "is a Parquet table"),
    (b"\x89HDF", "is an HDF5 file"),
    (b"ARROW1", "is an Arrow table"),
    (b"\xff\xfe", "is UTF-16 text; save it as UTF-8"),
    (b"\xfe\xff", "is UTF-16 text; save it as UTF-8"),
    (b"BZh", "is packed with bzip2; unpack it first"),
    (b"7z\xbc\xaf", "is packed with 7-Zip; unpack it first"),
    (b"\xfd7zXZ", "is packed with xz; unpack it first"),
)


def read(path: Path, format: str | None, on_progress: Progress | None) -> tuple[WordVectors, Read]:
    """The vectors of a file in a format, or in the one that it is found to be in.

    Raises BadVectors if it is no such file, StorageProblem if it cannot be read.
    """
    name = printable(path.name)
    with os_errors(f"read {printable(str(path), 200)}"), streams.unpacking(path):
        with path.open("rb") as file:
            head = file.read(streams.HEAD)
        if not head:
            raise BadVectors(f"“{name}” is empty.")
        kind = format or _whole_file(path, head)
        if kind == "safetensors":
            return read_safetensors(path, name)
        if kind == "torch":
            return _torch(path, head, name)
        if kind == "projector":
            return read_projector(path, name, on_progress)
        with streams.opened(path, on_progress) as stream:
            return _stream(stream, path, kind)


def _whole_file(path: Path, head: bytes) -> str | None:
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
    if head.startswith(_OLD_TORCH):
        return "torch"
    if re.match(rb"\x80[\x02-\x05]", head) and head[2:3] in b"cX}](\x95\x8a\x8c":
        raise BadVectors(f"“{name}” is a Python pickle, which could run code when it is opened, so it was not opened.")
    if head[8:9] == b"{" and struct.unpack("<Q", head[:8])[0] < 100_000_000:
        return "safetensors"
    if path.name.endswith(".tsv") and beside(path):
        return "projector"
    return None


def _torch(path: Path, head: bytes, name: str) -> tuple[WordVectors, Read]:
    """A PyTorch file; torch itself would read others too, and not always say what is wrong with them."""
    if not head.startswith((streams.ZIP, _OLD_TORCH)):
        raise BadVectors(f"“{name}” is no PyTorch file.")
    return read_torch(path, name)


def _stream(file: BinaryIO, path: Path, kind: str | None) -> tuple[WordVectors, Read]:
    """The vectors of a stream in one of the formats that are read from one end to the other."""
    name = printable(path.name)
    head = file.read(streams.HEAD)
    file.seek(0)
    if not head:
        raise BadVectors(f"“{name}” is empty.")
    _refuse_others(head, name)
    named = next((key for key, ending in _ENDINGS.items() if ending in path.name), None)
    if (kind or named) == "word2vec-binary" or (not kind and not named and _is_binary(head)):
        return read_word2vec_binary(file, name)
    sure = kind or named
    shape = shape_of(head, name, header={"glove": False, "word2vec": True}.get(kind or named or ""))
    if not sure and without_words(head, shape.separator):
        # Lines of numbers alone would lose their first to the word.
        if shape.separator == b"\t":
            return read_projector(path, name)
        raise BadVectors(f"“{name}” holds numbers but no words: each line should begin with its word.")
    return read_text(file, name, shape, sure=bool(sure))


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


def _refuse_others(head: bytes, name: str) -> None:
    """Raises BadVectors for what is known to be something else."""
    for magic, what in _OTHERS:
        if head.startswith(magic):
            raise BadVectors(f"“{name}” {what}. It cannot be imported as it is.")
    numbers = struct.unpack("<12i", head[:48]) if len(head) >= 56 else (0,)
    # Models of fastText's first year have no magic number but begin with their settings: dim, ws, epoch, …
    old = all(0 < number < 5_000 for number in numbers[:8]) and 0 <= numbers[-1] < 1_000_000
    if head.startswith(_FASTTEXT) or (old and b"\x00\x00" in head[:8]):
        raise BadVectors(
            f"“{name}” is a fastText model. Import the .vec file that fastText writes beside it: it holds the vectors."
        )
