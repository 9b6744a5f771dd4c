"""The parts of words, as fastText cuts them: character n-grams, their places in its table, and vectors built of them.

Here belongs what is true of any subword model of fastText, in a file or in the library. The
model's file is read in `formats.fasttext_file`; whether a word is known belongs to `vectors`.

Source: Bojanowski et al., 2017, "Enriching Word Vectors with Subword Information", section
3.2, and fastText's dictionary.cc. A word stands between `<` and `>`; its parts are the runs
of `minn` to `maxn` characters, without a lone `<` or `>`; a part's row is its FNV-1a hash,
modulo the number of rows.

The hash is written out here because no library fits a server that only looks words up:
gensim's takes 0.57 s and 84 MB to import (scipy with it), the fasttext package hashes only
for a model that it holds whole in memory, and the FNV libraries of PyPI hash bytes as
unsigned, whereas fastText takes each as a signed number, so that all but ASCII would differ.
The tests hold it to gensim's and fastText's for thousands of words in many scripts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from embedcore import storage
from embedcore.errors import BadVectors, StorageProblem

NGRAMS_FILE, SUBWORDS_FILE = "ngrams.npy", "subwords.json"
LONGEST = 255  # characters of a part, at most; published models have 5 or 6
_FORMAT_VERSION = 1
_NO_PARTS = "</s>"  # fastText's end of a sentence is no word, and has none
_FNV_BASIS, _FNV_PRIME = np.uint32(2166136261), np.uint32(16777619)
_ROWS = 512  # words whose rows are summed at a time, so that they stay in the processor's cache
_PARTS = 1 << 22  # parts that are in memory at a time, about; a damaged model may have words of any length

Float32s = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]


class Subwords:
    """The n-grams of a model: B rows of D numbers, which the parts of words share by their hashes. Immutable.

    Attributes:
        matrix: (B, D) float32, read-only, perhaps mapped from a file.
        minn, maxn: the fewest and the most characters of a part.
    """

    def __init__(self, matrix: Float32s, *, minn: int, maxn: int, kept_in: Path | None = None) -> None:
        """`kept_in`: the folder whose NGRAMS_FILE is `matrix`. Raises BadVectors if no word could have parts."""
        if matrix.ndim != 2 or not len(matrix) or len(matrix) >= 1 << 31:
            raise BadVectors(f"Parts of words need a matrix with rows, but it is {matrix.shape}.")
        if not max(minn, 1) <= maxn <= LONGEST:
            raise BadVectors(f"Parts of words should have 1 to {LONGEST} characters, but have {minn} to {maxn}.")
        self.matrix: Float32s = matrix.view()
        self.matrix.flags.writeable = False
        self.minn, self.maxn = minn, maxn
        self._kept_in = kept_in

    @classmethod
    def open(cls, folder: Path) -> Subwords | None:
        """What `save` wrote into a folder, memory-mapped; None if it is not there. Raises StorageProblem."""
        if not (folder / SUBWORDS_FILE).exists():
            return None
        said = storage.read_json(folder / SUBWORDS_FILE)
        matrix = storage.open_array(folder / NGRAMS_FILE)  # (B, D)
        try:
            if matrix.dtype != np.float32 or len(matrix) != said["bucket"]:
                raise StorageProblem(f"{NGRAMS_FILE} does not fit {SUBWORDS_FILE}.")
            return cls(matrix, minn=int(said["minn"]), maxn=int(said["maxn"]), kept_in=folder)
        except (BadVectors, KeyError, TypeError, ValueError) as error:
            raise StorageProblem(f"{SUBWORDS_FILE} is damaged.") from error

    def save(self, folder: Path) -> None:
        """Write into a folder; the matrix stays as it is if it is mapped from there. Raises OSError, StorageProblem."""
        if self._kept_in is None or self._kept_in.resolve() != folder.resolve():
            storage.write_array(folder / NGRAMS_FILE, self.matrix)
        said = {"format": _FORMAT_VERSION, "minn": self.minn, "maxn": self.maxn, "bucket": len(self.matrix)}
        storage.write_json(folder / SUBWORDS_FILE, said)

    def parts(self, word: str) -> list[str]:
        """The parts of a word, in fastText's order; none of an empty word."""
        cut = self._cut([word])
        return [part.decode("utf-8", "replace") for part in cut.parts()]

    def vector(self, word: str) -> Float32s | None:
        """The mean of the rows of a word's parts: (D,); None for a word without any."""
        ids = self._cut([word]).rows(len(self.matrix))  # (P,)
        if not len(ids):
            return None
        with np.errstate(all="ignore"):  # a file may hold any numbers
            return np.asarray(self.matrix[ids].mean(axis=0), dtype=np.float32)

    def with_parts(self, words: Sequence[bytes], rows: Float32s) -> Float32s:
        """The vectors of n words of the model: the means of their own `rows` (n, D) and their parts': (n, D).

        `words` are UTF-8. Summed in fastText's order.
        """
        vectors = np.empty_like(rows)
        for here in _pieces(words, _PARTS // self.maxn):
            cut = cut_words(words[here], self.minn, self.maxn)
            with np.errstate(all="ignore"):
                vectors[here] = _means(rows[here], cut.rows(len(self.matrix)), cut.counts, self.matrix)
        return vectors

    def _cut(self, words: Sequence[str]) -> Cut:
        encoded = [word.encode("utf-8", "surrogatepass") for word in words]
        return cut_words(encoded, self.minn, self.maxn)


def _pieces(words: Sequence[bytes], most: int) -> Iterator[slice]:
    """Pieces of n words, of `_ROWS` words and so many bytes at most, but a word at least."""
    start = size = 0
    for place, word in enumerate(words):
        if place - start == _ROWS or (size + len(word) > most and place > start):
            yield slice(start, place)
            start, size = place, 0
        size += len(word)
    yield slice(start, len(words))


class Cut(NamedTuple):
    """n words between `<` and `>`, and their M parts, word by word."""

    text: npt.NDArray[np.uint8]  # the bytes of all words
    starts: Integers  # (M,) where each part begins in `text`
    ends: Integers  # (M,)
    hashes: npt.NDArray[np.uint32]  # (M,)
    counts: Integers  # (n,) how many parts each word has

    def rows(self, bucket: int) -> Integers:
        """The row of each part in a matrix of so many: (M,)."""
        return (self.hashes % np.uint32(bucket)).astype(np.int64)

    def parts(self) -> list[bytes]:
        """The bytes of each part."""
        text = self.text.tobytes()
        return [text[start:end] for start, end in zip(self.starts.tolist(), self.ends.tolist(), strict=True)]


def cut_words(words: Sequence[bytes], minn: int, maxn: int) -> Cut:
    """The parts of `minn` to `maxn` characters of n words in UTF-8, in fastText's order: by beginning, then by length.

    All words at once: one step of the hash is one step for each character of each word.
    """
    wrapped = [b"<%b>" % word for word in words]
    text = np.frombuffer(b"".join(wrapped), np.uint8)  # (T,)
    # A character begins at each byte that continues none, as fastText has it whatever the bytes are.
    begins = np.append(np.flatnonzero((text & 0xC0) != 0x80), len(text))  # (C + 1,)
    lengths = np.fromiter(map(len, wrapped), np.int64, count=len(wrapped))  # (n,)
    ends = np.cumsum(lengths)  # (n,)
    firsts = np.searchsorted(begins, ends - lengths)  # (n,) the character that is each word's `<`
    lasts = np.searchsorted(begins, ends)  # (n,) the one behind its `>`
    first, stop = np.repeat(firsts, lasts - firsts), np.repeat(lasts, lasts - firsts)  # (C,)
    partless = [place for place, word in enumerate(words) if not word or word == _NO_PARTS.encode()]
    widest = min(maxn, int((lasts - firsts).max(initial=0)))
    characters = np.arange(len(first))  # (C,)
    stop[np.isin(first, firsts[partless])] = 0
    hashes = np.empty((len(first), max(0, widest - max(minn, 1) + 1)), np.uint32)  # (C, lengths)
    is_part = np.zeros(hashes.shape, dtype=bool)  # (C, lengths)
    running = np.full(len(first), _FNV_BASIS)  # (C,)
    for length in range(1, widest + 1):
        going = characters[characters + length <= stop]
        running[going] = _hashed(running[going], text, begins[going + length - 1], begins[going + length])
        if length >= minn:
            hashes[going, length - max(minn, 1)] = running[going]
            if length == 1:  # a lone `<` or `>` is no part
                going = going[(going != first[going]) & (going + 1 != stop[going])]
            is_part[going, length - max(minn, 1)] = True
    at, column = np.nonzero(is_part)  # (M,) each
    per_character = np.concatenate([[0], np.cumsum(is_part.sum(axis=1))])  # (C + 1,)
    counts = per_character[lasts] - per_character[firsts]
    return Cut(text, begins[at], begins[at + column + max(minn, 1)], hashes[is_part], counts.astype(np.int64))


def _hashed(
    hashes: npt.NDArray[np.uint32], text: npt.NDArray[np.uint8], starts: Integers, ends: Integers
) -> npt.NDArray[np.uint32]:
    """N hashes (N,), each gone on with the bytes from its start to its end: 32-bit FNV-1a of signed bytes."""
    signed = text.view(np.int8)
    for step in range(int((ends - starts).max(initial=0))):
        here = starts + step < ends  # (N,)
        byte = signed[starts[here] + step].astype(np.int32).view(np.uint32)  # a negative one fills the upper bits
        hashes[here] = (hashes[here] ^ byte) * _FNV_PRIME
    return hashes


def _means(rows: Float32s, ids: Integers, counts: Integers, matrix: Float32s) -> Float32s:
    """The means of each of n rows (n, D) with `counts` (n,) rows of `matrix`, all listed in `ids`: (n, D)."""
    order = np.argsort(-counts, kind="stable")  # the words that still have parts are always the first
    starts, left = (np.cumsum(counts) - counts)[order], counts[order]
    sums = rows[order]  # (n, D)
    for step in range(int(counts.max(initial=0))):
        several = int(np.searchsorted(-left, -step))
        sums[:several] += matrix[ids[starts[:several] + step]]
    sums /= (left + 1).astype(np.float32)[:, None]
    means = np.empty_like(sums)
    means[order] = sums
    return means
