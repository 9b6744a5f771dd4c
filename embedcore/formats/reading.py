"""Reading a file of word vectors of any format, whole: handing it to the reader of its format.

Here belongs nothing of any one format. What a file is, is found out in `recognising`; its
beginning alone is read in `looking`.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from embedcore.formats import streams
from embedcore.formats.base import Progress, Read
from embedcore.formats.binary import read_word2vec_binary
from embedcore.formats.fasttext_file import read_fasttext
from embedcore.formats.matrix_file import MATRIX_FILE
from embedcore.formats.projector import read_projector
from embedcore.formats.recognising import Stream, beginning, stream_of
from embedcore.formats.safetensors_file import read_safetensors
from embedcore.formats.text_read import read_text
from embedcore.formats.torch_file import read_torch
from embedcore.storage import os_errors, printable
from embedcore.vectors import WordVectors


def read(
    path: Path, format: str | None, on_progress: Progress | None, into: Path | None, member: str | None
) -> tuple[WordVectors, Read]:
    """The vectors of a file in a format, or in the one that it is found to be in.

    `into` and `member` are as for `formats.read`. Raises BadVectors if it is no such file,
    StorageProblem if it cannot be read.
    """
    try:
        with os_errors(f"read “{printable(path.name)}”"), streams.unpacking(path):
            return _read(path, format, on_progress, into, member)
    except BaseException:
        if into:
            (into / MATRIX_FILE).unlink(missing_ok=True)
        raise


def _read(
    path: Path, format: str | None, on_progress: Progress | None, into: Path | None, wanted: str | None
) -> tuple[WordVectors, Read]:
    name = printable(path.name)
    _, kind = beginning(path, format)
    if kind == "safetensors":
        return read_safetensors(path, name, into=into, on_progress=on_progress)
    if kind == "torch":
        return read_torch(path, name, into=into, on_progress=on_progress)
    if kind == "projector":
        return read_projector(path, name, on_progress, into=into)
    with streams.opened(path, wanted=wanted) as stream:
        found = stream_of(stream.read(streams.HEAD), path, kind)
    if found.format == "fasttext":
        return read_fasttext(path, name, into, on_progress, wanted=wanted)
    with streams.opened(path, on_progress, wanted) as stream:
        return _from_stream(stream, path, found, into)


def _from_stream(file: BinaryIO, path: Path, found: Stream, into: Path | None) -> tuple[WordVectors, Read]:
    """The vectors of a stream in one of the formats that are read from one end to the other."""
    name = printable(path.name)
    if found.format == "projector":
        return read_projector(path, name, into=into)
    if found.shape is None:
        return read_word2vec_binary(file, name, into=into)
    return read_text(file, name, found.shape, sure=found.sure, into=into)
