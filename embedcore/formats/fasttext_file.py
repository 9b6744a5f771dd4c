"""fastText's models, as its program writes them: .bin.

Settings, the dictionary, and the input matrix: a row for each word, then one for each
n-gram's hash. What the model predicts with stands behind and is not read. A word's vector is
the mean of its own row and those of its parts, which `subwords` cuts; so the n-grams are read
first, and kept as they are for words that the model does not know.

The layout is read here, and not by a library, because the fasttext package and gensim hold
the whole model in memory, 7 GB of the published ones, and gensim a second time while it
reads; and a file that is cut short makes the package end Python, or never come back. The
tests hold every number to theirs.

Source: fastText's fasttext.cc, args.cc, dictionary.cc and densematrix.cc, version 0.9.2; for
models of its first year, without a magic number, gensim's _fasttext_bin.py.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from embedcore.errors import BadVectors
from embedcore.formats import streams
from embedcore.formats.base import Progress, Read
from embedcore.formats.binary import MAX_DIM
from embedcore.formats.gather import Gathering
from embedcore.formats.matrix_file import MatrixFile
from embedcore.subwords import LONGEST, NGRAMS_FILE, Subwords
from embedcore.vectors import Float32s, WordVectors

_MAGIC = struct.pack("<i", 793712314)
_NEWEST = 12  # the version of the layout that is known
_ARGS = struct.Struct("<12id")  # dim, ws, epoch, minCount, neg, wordNgrams, loss, model, bucket, minn, maxn, …
_SUPERVISED = 3
_MOST_ENTRIES = 30_000_000  # as in fastText's dictionary.h
_LONGEST_WORD = 1 << 16  # bytes
_BLOCK = 1 << 23  # bytes read at a time
_STRIDE = 1 << 26  # bytes passed over between two reports
_WORDS_AT_ONCE = 100_000
_PARTS_COST = 3  # what a row of a word with parts takes, in rows that are copied


class Model(NamedTuple):
    """What a model says of itself at its beginning."""

    dim: int
    bucket: int  # rows of n-grams
    minn: int
    maxn: int
    supervised: bool
    entries: int  # of its dictionary: words, then labels
    words: int
    new: bool  # not of the first year

    @property
    def parts(self) -> bool:
        """Whether it builds words from their parts."""
        return self.bucket > 0 and max(self.minn, 1) <= self.maxn

    @property
    def rows(self) -> int:
        """The rows of its input matrix."""
        return self.words + self.bucket

    @property
    def bytes(self) -> int:
        """What its vectors take in the library, without the words themselves."""
        return 4 * self.dim * (self.rows if self.parts else self.words)


def is_fasttext(head: bytes) -> bool:
    """Whether a file that begins so is a model; those of the first year begin with their settings."""
    if head.startswith(_MAGIC):
        return True
    if len(head) < _ARGS.size:
        return False
    *settings, loss, model, bucket, minn, maxn, _ = _ARGS.unpack_from(head)[:12]
    likely = all(0 < setting < 5_000 for setting in settings) and 1 <= loss <= 4 and 1 <= model <= _SUPERVISED
    return likely and bucket >= 0 and 0 <= minn <= LONGEST and 0 <= maxn <= LONGEST


def read_fasttext(
    path: Path, name: str, into: Path | None = None, on_progress: Progress | None = None, *, wanted: str | None = None
) -> tuple[WordVectors, Read]:
    """The words of a model and, if it has parts of words, the `Subwords` for all others.

    With `into`, matrices go to files of that folder as they are read; `wanted` is as for
    `streams.opened`. `name` is the file's, for sentences. A word that `Gathering` skips is
    skipped. Raises BadVectors, OSError, and what `streams.unpacking` catches.
    """
    try:
        with streams.opened(path, None, wanted) as file:
            return _read(_Source(file, name, on_progress or (lambda share: None)), name, into)
    except BaseException:
        if into:
            (into / NGRAMS_FILE).unlink(missing_ok=True)
        raise


def look_into_fasttext(begin: bytes, name: str) -> tuple[Model, list[bytes]]:
    """What the beginning of a model tells, and the words that are in it. Raises BadVectors."""
    source = _Source(_Nothing(begin), name, lambda share: None)
    model = read_model(source, name)
    words: list[bytes] = []
    try:
        while len(words) < model.words:
            words.append(source.entry()[0])
    except BadVectors:  # the beginning ends here, not the file
        pass
    return model, words


def read_model(source: _Source, name: str) -> Model:
    """The settings, and the counts of the dictionary. Raises BadVectors for a model that cannot be read."""
    new = source.starts_with(_MAGIC)
    version = struct.unpack("<2i", source.take(8))[1] if new else 0
    if version > _NEWEST:
        raise BadVectors(f"“{name}” is a fastText model of a later version ({version}) than is known here.")
    dim, _, _, _, _, _, _, model, bucket, minn, maxn, _, _ = _ARGS.unpack(source.take(_ARGS.size))
    entries, words, labels, _ = struct.unpack("<3iq", source.take(20))
    if new and struct.unpack("<q", source.take(8))[0] >= 0:
        _refuse_quantised(name)  # only such are pruned
    sound = 1 <= dim <= MAX_DIM and bucket >= 0 and min(words, labels) >= 0 and maxn <= LONGEST
    if not sound or words + labels != entries or entries > _MOST_ENTRIES:
        _refuse_damaged(name)
    supervised = model == _SUPERVISED
    # Classifiers of version 11 say 6 but had no parts, as fastText itself corrects when it loads them.
    maxn = 0 if version == 11 and supervised else maxn
    return Model(dim, bucket, minn, maxn, supervised, entries, words, new)


def _read(source: _Source, name: str, into: Path | None) -> tuple[WordVectors, Read]:
    model = read_model(source, name)
    words = _dictionary(source, model, name)  # (V,) of Arrow
    if model.new and source.take(1) != b"\0":
        _refuse_quantised(name)
    if struct.unpack("<2q", source.take(16)) != (model.rows, model.dim):
        _refuse_damaged(name)
    source.expect(model.bucket * model.parts + model.words * (_PARTS_COST if model.parts else 1))
    begin = source.position
    subwords = None
    if model.parts:
        source.go_to(begin + 4 * model.dim * model.words)
        subwords = Subwords(_ngrams(source, model, into), minn=model.minn, maxn=model.maxn, kept_in=into)
        source.go_to(begin)
    gathering = Gathering("fasttext", name, model.dim, into=into)
    for start, rows in source.rows(model.words, model.dim, cost=_PARTS_COST if subwords else 1):
        here = words[start : start + len(rows)]
        gathering.add(here, subwords.with_parts(here.to_pylist(), rows) if subwords else rows)
    vectors, read = gathering.finish()
    if model.supervised:
        read.notes.append("It is a classifier: words lie by the labels that they speak for. Its labels were left out.")
    if subwords:
        read.notes.append(f"It builds other words from their parts, of {model.minn} to {model.maxn} characters.")
        vectors = WordVectors(vectors.tokens, vectors.matrix, norms=vectors.norms, subwords=subwords)
    return vectors, read


def _dictionary(source: _Source, model: Model, name: str) -> Any:
    """The words: (V,), an Arrow array of large_binary; `source` stands behind the labels then."""
    import pyarrow as pa

    parts = [pa.array([], pa.large_binary())]
    for start in range(0, model.entries, _WORDS_AT_ONCE):
        some = [source.entry() for _ in range(min(_WORDS_AT_ONCE, model.entries - start))]
        words = some[: max(0, model.words - start)]
        if any(label for _, label in words):
            _refuse_damaged(name)
        parts.append(pa.array([word for word, _ in words], pa.large_binary()))
        source.tell()
    return pa.concat_arrays(parts)


def _ngrams(source: _Source, model: Model, into: Path | None) -> Float32s:
    """The matrix of the n-grams: (B, D), in memory, or mapped from a file in `into`."""
    if into is None:
        return np.concatenate([rows for _, rows in source.rows(model.bucket, model.dim)])
    file = MatrixFile(into / NGRAMS_FILE, model.dim)
    for _, rows in source.rows(model.bucket, model.dim):
        file.append(rows)
    return file.finish()


class _Source:
    """The bytes of a model, as they are asked for, and how far the work is."""

    def __init__(self, file: BinaryIO | _Nothing, name: str, on_progress: Progress) -> None:
        self._file, self._name, self._on_progress = file, name, on_progress
        self._block, self._at, self._begin = b"", 0, 0  # read ahead; how much is used; where it began in the file
        self._done, self._all = 0, 1

    @property
    def position(self) -> int:
        """How many bytes lie behind."""
        return self._begin + self._at

    def expect(self, rows: int) -> None:
        """Count the work in so many rows from here on."""
        self._done, self._all = 0, max(rows, 1)

    def tell(self) -> None:
        """Report how far the work is."""
        self._on_progress(min(1.0, self._done / self._all))

    def starts_with(self, magic: bytes) -> bool:
        """Whether the next bytes are these."""
        self._fill(len(magic))
        return self._block.startswith(magic, self._at)

    def take(self, size: int) -> bytes:
        """The next bytes. Raises BadVectors if there are not so many."""
        self._fill(size)
        self._at += size
        return self._block[self._at - size : self._at]

    def entry(self) -> tuple[bytes, bool]:
        """The next entry of the dictionary, and whether it is a label: bytes, a zero, its count, its kind."""
        end = self._block.find(b"\0", self._at)
        while end < 0:
            if len(self._block) - self._at > _LONGEST_WORD:
                _refuse_damaged(self._name)
            self._fill(len(self._block) - self._at + 1)
            end = self._block.find(b"\0", self._at)
        self._fill(end - self._at + 10)
        word = self._block[self._at : (end := self._block.index(b"\0", self._at))]
        self._at = end + 10
        return word, self._block[end + 9] != 0

    def rows(self, count: int, dim: int, cost: int = 1) -> Iterator[tuple[int, Float32s]]:
        """Blocks of the next rows, each with the number of its first: (n, D) float32. Raises BadVectors."""
        size = max(1, _BLOCK // (4 * dim))
        for start in range(0, count, size):
            some = min(size, count - start)
            rows = np.frombuffer(self.take(4 * dim * some), "<f4").reshape(some, dim)  # (n, D)
            yield start, rows.astype(np.float32, copy=False)
            self._done += cost * some
            self.tell()

    def go_to(self, place: int) -> None:
        """Go on reading at another place; what is packed has to be unpacked up to there, perhaps from its beginning."""
        here = 0 if place < self._begin else self._begin
        while here < place:
            here = min(place, here + _STRIDE)
            self._file.seek(here)
            self.tell()
        self._block, self._at, self._begin = b"", 0, place

    def _fill(self, size: int) -> None:
        """See that the next bytes are there. Raises BadVectors if the file ends before."""
        missing = size - (len(self._block) - self._at)
        if missing <= 0:
            return
        parts = [self._block[self._at :]]
        while missing > 0:
            parts.append(self._file.read(max(missing, _BLOCK)))
            if not parts[-1]:
                raise BadVectors(f"“{self._name}” is a fastText model, but it is cut short. Get it again.")
            missing -= len(parts[-1])
        self._begin += self._at
        self._block, self._at = b"".join(parts), 0


class _Nothing:
    """A beginning of a file, behind which nothing is read."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def read(self, size: int) -> bytes:
        data, self._data = self._data[:size], self._data[size:]
        return data

    def seek(self, offset: int) -> int:
        raise NotImplementedError


def _refuse_quantised(name: str) -> None:
    raise BadVectors(
        f"“{name}” is a quantised fastText model (.ftz), whose vectors are only kept roughly. "
        "Import the .bin that it was made of."
    )


def _refuse_damaged(name: str) -> None:
    raise BadVectors(f"“{name}” is a fastText model, but it is damaged: its parts do not fit each other. Get it again.")
