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
from embedcore.formats import reading
from embedcore.formats.base import Format, Progress, Read, Written
from embedcore.formats.binary import write_word2vec_binary
from embedcore.formats.opening import opening
from embedcore.formats.projector import write_projector
from embedcore.formats.safetensors_file import write_safetensors
from embedcore.formats.text_write import write_glove_text, write_word2vec_text
from embedcore.formats.torch_file import write_torch, write_torch_apart
from embedcore.vectors import WordVectors

__all__ = ["FORMATS", "Format", "Progress", "Read", "Written", "content", "export", "opening", "read"]

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


def export(vectors: WordVectors, format: str, path: Path) -> Written:
    """Write a set to a file in one of FORMATS, whole or not at all; a file that is there is replaced.

    Raises BadSetting for an unknown format, StorageProblem if the file cannot be written.
    """
    chosen = _format(format)
    doing = f"write {path}"
    with storage.os_errors(doing):
        path = path.resolve()  # so that a link keeps pointing at what is written
        if path.exists() and not path.is_file():  # a pipe or a device has no place to be renamed into
            with path.open("wb") as file, tempfile.TemporaryDirectory(prefix="embedcore-") as folder:
                written = chosen.writer(vectors, Path(folder) / "file")
                with (Path(folder) / "file").open("rb") as made:
                    shutil.copyfileobj(made, file)
                return written
    with storage.file_in_place(path, doing) as temporary:
        return chosen.writer(vectors, temporary)


def content(vectors: WordVectors, format: str) -> tuple[bytes, Written]:
    """A set as the bytes of a file in one of FORMATS, made without importing torch into this process.

    Raises BadSetting for an unknown format, StorageProblem if the file cannot be made.
    """
    chosen = _format(format)
    with storage.os_errors("make the file"), tempfile.TemporaryDirectory(prefix="embedcore-") as folder:
        path = Path(folder) / "file"
        written = (chosen.apart or chosen.writer)(vectors, path)
        return path.read_bytes(), written


def read(
    path: Path | str, format: str | None = None, *, on_progress: Progress | None = None
) -> tuple[WordVectors, Read]:
    """The vectors of a file, and what was found in it; text and binary word2vec may be packed as .gz or .zip.

    Without a `format` it is recognised. `on_progress` is told the share that is read, now
    and then. Rows that cannot be used are skipped and counted. Raises BadSetting for an
    unknown format, BadVectors if it is no such file, StorageProblem if it cannot be read.
    """
    if format is not None:
        _format(format)
    return reading.read(Path(path), format, on_progress)


def _format(name: str) -> Format:
    if name not in FORMATS:
        raise BadSetting(f"There is no format “{name}”. There are: {', '.join(FORMATS)}.")
    return FORMATS[name]
