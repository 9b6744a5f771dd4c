"""Vector sets in the files that other programs read and write.

Here belongs the table of formats, and the two ways in: `export` and `read`. What each format
looks like is in a file of its own; how sets are kept here is in `library`.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from embedcore import storage
from embedcore.errors import BadSetting
from embedcore.formats import looking, reading
from embedcore.formats.base import Format, Progress, Read, Written, untold
from embedcore.formats.binary import write_word2vec_binary
from embedcore.formats.looking import Look
from embedcore.formats.opening import opening
from embedcore.formats.projector import write_projector
from embedcore.formats.safetensors_file import write_safetensors
from embedcore.formats.text_write import write_glove_text, write_word2vec_text
from embedcore.formats.torch_file import write_torch, write_torch_apart
from embedcore.vectors import WordVectors

__all__ = [
    "FORMATS",
    "READABLE",
    "Format",
    "Look",
    "Progress",
    "Read",
    "Written",
    "content",
    "disk_needed",
    "export",
    "look",
    "members",
    "opening",
    "read",
]

FORMATS: dict[str, Format] = {
    "word2vec": Format(
        "word2vec text", ".w2v.txt", "text/plain",
        "One word a line after a line of counts; gensim, spaCy, fastText and most other tools read it.",
        write_word2vec_text,
    ),
    "word2vec-binary": Format(
        "word2vec binary", ".w2v.bin", "application/octet-stream",
        "The same as bytes, smaller and faster to open; gensim and the original word2vec tools read it.",
        write_word2vec_binary,
    ),
    "glove": Format(
        "GloVe text", ".glove.txt", "text/plain",
        "One word a line and no line of counts, as Stanford publishes GloVe; what tutorials read line by line.",
        write_glove_text,
    ),
    "safetensors": Format(
        "safetensors", ".safetensors", "application/octet-stream",
        "The matrix and the words as plain tensors, which run no code when opened; any safetensors library reads them.",
        write_safetensors,
    ),
    "torch": Format(
        "PyTorch state dict", ".pt", "application/octet-stream",
        "What nn.Embedding loads, with the words beside the weight; for going on in PyTorch.",
        write_torch, write_torch_apart,
    ),
    "projector": Format(
        "Embedding Projector", ".projector.zip", "application/zip",
        "vectors.tsv and metadata.tsv: unpack them, and give them to “Load” in TensorBoard’s Embedding Projector.",
        write_projector,
    ),
}  # fmt: skip
# What can be read, and what people call it.
READABLE: dict[str, str] = {
    **{key: format.label for key, format in FORMATS.items()},
    "fasttext": "fastText model (.bin)",
}


def export(vectors: WordVectors, format: str, path: Path, *, on_progress: Progress = untold) -> Written:
    """Write a set to a file in one of FORMATS, whole or not at all; a file that is there is replaced.

    `on_progress` is told the share that is written, now and then; if it raises, writing ends.
    Raises BadSetting for an unknown format, StorageProblem if the file cannot be written.
    """
    chosen = _format(format)
    doing = f"write {path}"
    with storage.os_errors(doing):
        path = path.resolve()  # so that a link keeps pointing at what is written
        if path.exists() and not path.is_file():  # a pipe or a device has no place to be renamed into
            with path.open("wb") as file, tempfile.TemporaryDirectory(prefix="embedcore-") as folder:
                written = chosen.writer(vectors, Path(folder) / "file", on_progress)
                with (Path(folder) / "file").open("rb") as made:
                    shutil.copyfileobj(made, file)
                return _noted(written, vectors)
    with storage.file_in_place(path, doing) as temporary:
        return _noted(chosen.writer(vectors, temporary, on_progress), vectors)


def content(vectors: WordVectors, format: str) -> tuple[bytes, Written]:
    """A set as the bytes of a file in one of FORMATS, made without importing torch into this process.

    Raises BadSetting for an unknown format, StorageProblem if the file cannot be made.
    """
    chosen = _format(format)
    with storage.os_errors("make the file"), tempfile.TemporaryDirectory(prefix="embedcore-") as folder:
        path = Path(folder) / "file"
        written = chosen.apart(vectors, path) if chosen.apart else chosen.writer(vectors, path, untold)
        return path.read_bytes(), _noted(written, vectors)


def _noted(written: Written, vectors: WordVectors) -> Written:
    """What an export did, and what no format has a place for."""
    if vectors.subwords:
        written.notes.append("Words alone were written: the parts that build others have no place in this format.")
    return written


def read(
    path: Path | str,
    format: str | None = None,
    *,
    on_progress: Progress | None = None,
    into: Path | None = None,
    member: str | None = None,
) -> tuple[WordVectors, Read]:
    """The vectors of a file, and what was found in it; streams of rows may be packed as .gz or .zip.

    Without a `format`, a key of READABLE, it is recognised. `member` says which file of a
    .zip of several is meant. `on_progress` is told the share that is read, now and then; if
    it raises, reading ends. With `into`, a folder, the matrix is kept in its file
    `matrix.npy`, and mapped from there, so that a file larger than memory can be read; where
    reading fails, that file is removed. Rows that cannot be used are skipped and counted.

    Raises BadSetting for an unknown format, BadVectors if it is no such file, StorageProblem
    if it cannot be read or `into` cannot be written.
    """
    _check_readable(format)
    return reading.read(Path(path), format, on_progress, into, member)


def look(path: Path | str, format: str | None = None, *, member: str | None = None, rows: int = 5) -> Look:
    """What a file seems to hold, and its first `rows` vectors, from its beginning alone.

    `format` and `member` are as for `read`; of a .zip of several files, the first is looked at
    where no `member` is given. Raises as `read` does, with the same sentences.
    """
    _check_readable(format)
    return looking.look(Path(path), format, member, rows)


def members(path: Path | str) -> list[str]:
    """The files of a .zip that could hold vectors, for `read` and `look` to choose from; none of any other file."""
    return looking.members(Path(path))


def disk_needed(path: Path | str, format: str | None = None, *, member: str | None = None) -> int | None:
    """The bytes that the set in a file will take in the library, about; None if its beginning does not tell.

    `format` and `member` are as for `look`. Raises BadSetting for an unknown format,
    StorageProblem if the file cannot be read.
    """
    _check_readable(format)
    return looking.disk_needed(Path(path), format, member)


def _check_readable(format: str | None) -> None:
    if format is not None and format not in READABLE:
        raise BadSetting(f"There is no format “{format}”. There are: {', '.join(READABLE)}.")


def _format(name: str) -> Format:
    if name not in FORMATS:
        raise BadSetting(f"There is no format “{name}”. There are: {', '.join(FORMATS)}.")
    return FORMATS[name]
