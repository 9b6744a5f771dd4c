"""From text to a `Corpus`, fast, and in bounded memory: only the vocabulary is ever held whole.

Text comes in blocks and is cut into pieces; each piece becomes words and integers of its own
(`split`), in threads or processes where more than one is asked for. In the order of the text
these become provisional integers, by first appearance, which are streamed to disk; once every
word is counted, they are renumbered, a part at a time. The result is that of
`Corpus.read(text.tokenize(text))`, bit for bit, however many worked on it.

Here too belong keeping a corpus in a folder and opening it again. How a piece is split is in
`split`, and how many pieces are worked on at a time in `ahead`.
"""

from __future__ import annotations

import io
import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from embedcore.errors import StorageProblem
from embedcore.storage import directory_in_place, open_array, read_json, write_json
from embedcore.text import tokenize
from embedcore.training.ahead import in_order
from embedcore.training.corpus import Corpus, make_vocab, renumbering
from embedcore.training.split import BY_TABLE, Split, pieces, split
from embedcore.vocab import SPECIALS, Vocab

_IDS, _ENDS, _REST = "ids.npy", "ends.npy", "corpus.json"
_PART = 1 << 20  # integers renumbered in one go


def encode(
    blocks: Iterable[str],
    folder: Path | None = None,
    *,
    tokenizer: str = "words",
    min_count: int = 1,
    vocab: Vocab | None = None,
    processes: int = 1,
    should_stop: Callable[[], bool] | None = None,
) -> Corpus | None:
    """The corpus of a text that comes in `blocks` of whole lines, which are read once, in order.

    Its arrays are memory-mapped files in `folder`, which must not be there yet and is there
    whole or not at all; or in memory, without one. `processes` is how many pieces of text may be
    worked on at a time. `should_stop` is asked before each piece; once it says yes, None is
    returned and nothing is kept. Raises StorageProblem, and TextProblem for a tokenizer that
    does not exist.
    """
    tokenize("", tokenizer)  # raises now, if there is none of that name
    cut = _until(should_stop, (piece for block in blocks for piece in pieces(block, tokenizer)))
    work = partial(split, tokenizer=tokenizer)
    with closing(in_order(work, cut, processes, in_threads=tokenizer in BY_TABLE)) as splits:
        try:
            if folder is None:
                return _encode(splits, None, min_count, vocab)
            with directory_in_place(folder, doing="keep the text as integers") as temporary:
                made = _encode(splits, temporary, min_count, vocab)
                counts = {"words": made.vocab.words, "counts": made.vocab.counts}
                write_json(temporary / _REST, {**counts, "tokens": made.tokens, "min_count": made.min_count})
        except _Stopped:
            return None
    return _open(folder, made.vocab, made.tokens, made.min_count)


def open_corpus(folder: Path) -> Corpus:
    """A corpus that `encode` left in a folder, memory-mapped. Raises StorageProblem if it is damaged."""
    rest = read_json(folder / _REST)
    try:
        counts = rest["counts"]
        vocab = Vocab(rest["words"], counts[len(SPECIALS) :], specials=counts[: len(SPECIALS)])
        return _open(folder, vocab, int(rest["tokens"]), int(rest["min_count"]))
    except (KeyError, TypeError, ValueError) as error:
        raise StorageProblem(f"{_REST} is damaged. Delete it and make it again.") from error


def _open(folder: Path, vocab: Vocab, tokens: int, min_count: int) -> Corpus:
    return Corpus(vocab, open_array(folder / _IDS), open_array(folder / _ENDS), tokens, min_count)


class _Stopped(Exception):
    """Somebody asked to stop."""


def _until(should_stop: Callable[[], bool] | None, cut: Iterable[str]) -> Iterator[str]:
    for piece in cut:
        if should_stop is not None and should_stop():
            raise _Stopped
        yield piece


def _encode(splits: Iterable[Split], folder: Path | None, min_count: int, vocab: Vocab | None) -> Corpus:
    """The corpus of split pieces, its arrays in `folder` or in memory."""
    with ExitStack() as stack:

        def column(name: str, dtype: DTypeLike) -> _Column:
            return stack.enter_context(closing(_Column(None if folder is None else folder / name, dtype)))

        provisional, breaks = column("provisional.npy", np.int32), column("breaks.npy", np.int64)
        seen, counts = _number(splits, provisional, breaks)
        vocab, min_count = (make_vocab(seen, counts, min_count), min_count) if vocab is None else (vocab, 1)
        ids, ends = column(_IDS, np.int32), column(_ENDS, np.int64)
        text = provisional.array()
        _renumber(text, breaks.array(), renumbering(seen, vocab), ids, ends)
        provisional.remove()
        breaks.remove()
        return Corpus(vocab, ids.array(), ends.array(), len(text), min_count)


def _number(splits: Iterable[Split], ids: _Column, breaks: _Column) -> tuple[list[str], NDArray[np.int64]]:
    """Write provisional integers, and where sentences end in them; the words seen, and their counts."""
    number: defaultdict[str, int] = defaultdict(itertools.count().__next__)
    counts = np.zeros(1 << 16, np.int64)  # (more than the words seen,)
    total = 0
    for part in splits:
        rows = np.fromiter(map(number.__getitem__, part.tokens), np.int32, len(part.tokens))
        if len(number) > len(counts):
            counts = np.pad(counts, (0, len(number)))
        counts[rows] += np.bincount(part.ids, minlength=len(rows))
        ids.append(rows[part.ids])
        breaks.append(part.ends + total)
        total += len(part.ids)
    return list(number), counts[: len(number)]


def _renumber(
    text: NDArray[np.int32], breaks: NDArray[np.int64], final: NDArray[np.int32], ids: _Column, ends: _Column
) -> None:
    """Write a text (T,) in its final integers, without those that are -1, and where sentences end then."""
    written = last = done = 0  # integers; where the last sentence ended; sentences
    for start in range(0, len(text), _PART):
        part = final[text[start : start + _PART]]
        kept = part >= 0
        left = np.cumsum(kept)  # (P,) kept up to each
        upto = done + int(np.searchsorted(breaks[done:], start + len(part), side="right"))
        new = written + left[breaks[done:upto] - start - 1]  # (S,)
        new = new[np.flatnonzero(np.diff(new, prepend=last))]  # without sentences of which nothing is left
        ids.append(part[kept])
        ends.append(new)
        last = int(new[-1]) if len(new) else last
        written, done = written + int(left[-1]), upto


class _Column:
    """A flat array, written from front to back: a .npy file, or in memory without a `path`."""

    def __init__(self, path: Path | None, dtype: DTypeLike) -> None:
        self._path, self._dtype, self._length = path, np.dtype(dtype), 0
        self._file: IO[bytes] | io.BytesIO = io.BytesIO() if path is None else path.open("wb")
        self._write_header()
        self._header = self._file.tell()

    def append(self, part: NDArray[Any]) -> None:
        """Write more."""
        self._file.write(np.ascontiguousarray(part, self._dtype).data)
        self._length += len(part)

    def array(self) -> NDArray[Any]:
        """All that was written, for reading; nothing can be added then."""
        if isinstance(self._file, io.BytesIO):
            return np.frombuffer(self._file.getbuffer()[self._header :], self._dtype)
        self._file.seek(0)
        self._write_header()
        self._file.close()
        assert self._path is not None
        return open_array(self._path)

    def remove(self) -> None:
        """Drop the file."""
        if self._path is not None:
            self._path.unlink()

    def close(self) -> None:
        """No more is written."""
        if self._path is not None:
            self._file.close()

    def _write_header(self) -> None:
        # The format leaves room in a header for the first dimension to grow, so that it can be written again.
        about = {"descr": np.lib.format.dtype_to_descr(self._dtype), "fortran_order": False, "shape": (self._length,)}
        np.lib.format.write_array_header_1_0(self._file, about)
