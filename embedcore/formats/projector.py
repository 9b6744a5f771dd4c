"""The two files of the TensorBoard Embedding Projector, in one .zip or side by side.

`vectors.tsv` has a line of numbers a row, with tabs between; `metadata.tsv` has the words, a
line each; both without a header (one column has none, several columns do). Source: the
Projector's own reader, tensorboard/plugins/projector/vz_projector/data-provider.ts: lines end
at a newline alone, and a line of white space is no line, so no word may be one.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import IO

from embedcore.errors import BadVectors
from embedcore.formats import streams
from embedcore.formats.base import Progress, Read, Written, parts, plan, untold
from embedcore.formats.gather import Gathering
from embedcore.formats.text_parse import parse
from embedcore.formats.text_read import BOM
from embedcore.formats.text_write import lines
from embedcore.storage import printable
from embedcore.vectors import WordVectors

VECTORS, METADATA = "vectors.tsv", "metadata.tsv"
# What JavaScript's trim() takes for white space; a word of nothing else would be no line.
_BLANK = "\\t\\n\\v\\f\\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_FORBIDDEN = re.compile(rf"[\t\n\v\f\r]|\A[{_BLANK}]+\Z|\A\ufeff")
_WORD_COLUMNS = ("word", "token", "label", "name")  # of several columns, the first of these holds the words
_LINES = 5_000  # read at a time
_LOOKED_AT = 1 << 16


def write_projector(vectors: WordVectors, path: Path, on_progress: Progress = untold) -> Written:
    """Write both files into one .zip. A word can be neither white space alone nor hold a tab or a line end."""
    written, changes = plan(vectors, _FORBIDDEN)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open(VECTORS, "w", force_zip64=True) as file:
            for _, matrix in parts(vectors, changes, on_progress):
                file.write(lines(matrix, "\t"))
        with archive.open(METADATA, "w", force_zip64=True) as file:
            for tokens, _ in parts(vectors, changes):
                file.write("".join(f"{token}\n" for token in tokens).encode())
    return written


def is_projector(archive: zipfile.ZipFile) -> bool:
    """Whether an archive holds the two files."""
    return None not in _members(archive)


def beside(path: Path) -> tuple[Path, Path] | None:
    """The files of vectors and of words, if `path` is one of them and the other lies beside it; else None."""
    for this, other in ((VECTORS, METADATA), (METADATA, VECTORS)):
        stem = this.removesuffix(".tsv")
        if stem in path.name:
            partner = path.with_name(path.name.replace(stem, other.removesuffix(".tsv")))
            if partner.is_file():
                return (path, partner) if this == VECTORS else (partner, path)
    return None


def read_projector(
    path: Path, name: str, on_progress: Progress | None = None, *, into: Path | None = None
) -> tuple[WordVectors, Read]:
    """The vectors of a .zip with both files, or of one of the files beside the other.

    What `Gathering` skips is skipped. `name` is the file's, for sentences; `into` is as for
    `Gathering`. Raises BadVectors, OSError, and what `streams.unpacking` catches.
    """
    with ExitStack() as stack:
        vectors, metadata, size = _files(path, name, stack)
        return _read(vectors, metadata, name, size, on_progress, into)


def first_lines(path: Path, name: str, count: int) -> list[tuple[bytes, bytes]]:
    """At most `count` words and lines of numbers from the beginning of the two files. Raises as `read_projector`."""
    with ExitStack() as stack:
        vectors, metadata, _ = _files(path, name, stack)
        return list(islice(zip(_words(metadata, name), _rows(vectors), strict=False), count))


def size_of_vectors(path: Path, name: str) -> int:
    """The bytes of the file of vectors, unpacked. Raises as `read_projector`."""
    with ExitStack() as stack:
        return _files(path, name, stack)[2]


def _files(path: Path, name: str, stack: ExitStack) -> tuple[IO[bytes], IO[bytes], int]:
    """The files of vectors and of words, opened, and the size of the first."""
    if pair := beside(path):
        vectors: IO[bytes] = stack.enter_context(pair[0].open("rb"))
        metadata: IO[bytes] = stack.enter_context(pair[1].open("rb"))
        size = pair[0].stat().st_size
    elif zipfile.is_zipfile(path):
        archive = stack.enter_context(streams.archive(path))
        first, second = _members(archive)
        if first is None or second is None:
            raise BadVectors(f"“{name}” should hold {VECTORS} and {METADATA}.")
        size = first.file_size
        vectors = stack.enter_context(streams.member(archive, first))
        metadata = stack.enter_context(streams.member(archive, second))
    else:
        raise BadVectors(f"“{name}” holds numbers but no words. Put {METADATA}, a word a line, beside {VECTORS}.")
    return vectors, metadata, size


def _members(archive: zipfile.ZipFile) -> tuple[zipfile.ZipInfo | None, zipfile.ZipInfo | None]:
    def called(stem: str) -> zipfile.ZipInfo | None:
        tables = [info for info in archive.infolist() if info.filename.endswith(".tsv")]
        return next((info for info in tables if stem in Path(info.filename).name), None)

    return called(VECTORS.removesuffix(".tsv")), called(METADATA.removesuffix(".tsv"))


def _read(
    vectors: IO[bytes], metadata: IO[bytes], name: str, size: int, on_progress: Progress | None, into: Path | None
) -> tuple[WordVectors, Read]:
    rows, words = _rows(vectors), _words(metadata, name)
    gathering: Gathering | None = None
    done = count = 0
    while numbers := list(islice(rows, _LINES)):
        tokens = list(islice(words, len(numbers)))
        count += len(tokens)
        if len(tokens) < len(numbers):
            raise BadVectors(f"In “{name}”, {METADATA} has only {count:,} words, fewer than {VECTORS} has rows.")
        gathering = gathering or Gathering("projector", name, numbers[0].count(b"\t") + 1, into=into)
        # Put together they are lines as any other text of vectors has them.
        block = b"\n".join(b"%b\t%b" % pair for pair in zip(tokens, numbers, strict=True))
        found = parse(block, gathering.dim, b"\t")
        for reason, skipped in found.skipped.items():
            gathering.skip(reason, skipped)
        gathering.add(found.tokens, found.matrix)
        done += sum(map(len, numbers)) + len(numbers)
        if on_progress:
            on_progress(min(1.0, done / max(size, 1)))
    if gathering is None:
        raise BadVectors(f"“{name}” holds no vectors.")
    if next(words, None) is not None:
        raise BadVectors(
            f"In “{name}”, {METADATA} has more lines than the {count:,} rows of {VECTORS}. "
            "With one column it should have no header line."
        )
    return gathering.finish()


def _rows(file: IO[bytes]) -> Iterator[bytes]:
    """The lines of numbers, without empty ones."""
    for number, line in enumerate(file):
        stripped = (line.removeprefix(BOM) if number == 0 else line).strip(b"\r\n\t ")
        if stripped:
            yield stripped


def _words(file: IO[bytes], name: str) -> Iterator[bytes]:
    """The words, from the one column, or from the one that is named so."""
    column: int | None = None
    for number, line in enumerate(file):
        text = (line.removeprefix(BOM) if number == 0 else line).rstrip(b"\n").removesuffix(b"\r")
        if number == 0 and b"\t" in text:
            names = [field.decode("utf-8", "replace").strip().lower() for field in text.split(b"\t")]
            column = next((names.index(wanted) for wanted in _WORD_COLUMNS if wanted in names), 0)
        elif text.strip():
            fields = text.split(b"\t")
            if column is not None and column >= len(fields):
                raise BadVectors(f"Line {number + 1:,} of {METADATA} in “{printable(name)}” has too few columns.")
            yield text if column is None else fields[column]
