"""The tokens of a vector set: a sequence of strings that opens from disk without being read.

Here belongs finding the row of a token and tokens like it. The tokens lie one after the
other in one stretch of bytes, as Arrow keeps strings; beside them lies the order that
sorts them, so that a token is found by binary search. Both are mapped from files, so
opening three million tokens costs next to nothing. What the rows mean belongs to `vectors`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from embedcore import storage
from embedcore.errors import BadVectors, StorageProblem

TOKENS_FILE, ORDER_FILE = "tokens.arrow", "order.npy"
_LONGEST_ASKED = 100  # characters of a word for which near spellings are looked for
_NEAR_POOL = 60_000  # near spellings are sought among so many of the most frequent tokens
_CHUNK = 8_192  # tokens decoded at a time
_BULK, _BULK_SHARE = 100, 500  # from so many questions on, and one for so many tokens, a pass over all tokens pays
_BULK_CHUNK = 1 << 20  # tokens looked at in one go of such a pass


class Tokens(Sequence[str]):
    """V tokens, by row. Immutable; a token may repeat, and may be any Unicode text.

    Made by `Tokens.of` from strings, or by `Tokens.open` from a folder.
    """

    def __init__(self, data: memoryview, offsets: npt.NDArray[Any], order: npt.NDArray[Any] | None = None) -> None:
        """`data`: UTF-8 bytes; `offsets`: (V + 1,) where each token begins; `order`: (V,) rows sorted by bytes."""
        self._data = data.cast("B")  # as unsigned bytes, or comparing it with bytes goes wrong
        self._offsets = offsets
        self._given_order = order

    @classmethod
    def of(cls, tokens: Sequence[str]) -> Tokens:
        """Tokens of strings, in their order. Raises BadVectors for one that is no Unicode text."""
        if isinstance(tokens, Tokens):
            return tokens
        try:
            encoded = [token.encode("utf-8") for token in tokens]
        except UnicodeEncodeError as error:
            shown = storage.printable(error.object)
            raise BadVectors(f"The token “{shown}” is no valid Unicode text and cannot be kept.") from None
        return cls._of_bytes(encoded)

    @classmethod
    def _of_bytes(cls, encoded: list[bytes]) -> Tokens:
        offsets = np.zeros(len(encoded) + 1, dtype=np.int64)
        np.cumsum(np.fromiter(map(len, encoded), dtype=np.int64, count=len(encoded)), out=offsets[1:])
        if offsets[-1] < 2**31:  # as Arrow's `string` has them
            offsets = offsets.astype(np.int32)
        return cls(memoryview(b"".join(encoded)), offsets)

    @classmethod
    def open(cls, folder: Path) -> Tokens:
        """Tokens saved in `folder`, memory-mapped. Raises StorageProblem if missing or damaged."""
        import pyarrow as pa

        path = folder / TOKENS_FILE
        try:
            with storage.os_errors(f"open {TOKENS_FILE}"):
                column = pa.ipc.open_file(pa.memory_map(str(path))).read_all().column(0)
        except pa.ArrowException as error:
            raise StorageProblem(f"{TOKENS_FILE} is damaged.") from error
        order = storage.open_array(folder / ORDER_FILE)
        if order.shape != (len(column),):
            raise StorageProblem(f"{ORDER_FILE} is damaged: it does not fit the {len(column):,} tokens.")
        return cls.of_arrow(column, order)

    @classmethod
    def of_arrow(cls, column: Any, order: npt.NDArray[Any] | None = None) -> Tokens:
        """Tokens of an Arrow array or chunked array of strings; one chunk is not copied."""
        import pyarrow as pa

        if isinstance(column, pa.ChunkedArray):
            column = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
        wide = pa.types.is_large_string(column.type)
        if column.null_count or not (wide or pa.types.is_string(column.type)):
            raise StorageProblem(f"A column of tokens should hold strings and nothing else, not {column.type}.")
        if not len(column):
            return cls.of([])
        _, offsets, data = column.buffers()
        starts = np.frombuffer(offsets, dtype=np.int64 if wide else np.int32)
        starts = starts[column.offset : column.offset + len(column) + 1]
        return cls(memoryview(data if data is not None else b""), starts, order)

    def arrow(self) -> Any:
        """The tokens as an Arrow array of `large_string`; their bytes are not copied."""
        import pyarrow as pa

        return self._arrow(pa.large_string())

    def save(self, folder: Path) -> None:
        """Write the tokens and their order into `folder`. Raises OSError."""
        import pyarrow as pa

        array = self._arrow(pa.large_string() if self._offsets.dtype == np.int64 else pa.string())
        batch = pa.record_batch([array], names=["token"])
        with (folder / TOKENS_FILE).open("wb") as file, pa.ipc.new_file(file, batch.schema) as writer:
            writer.write_batch(batch)
        storage.write_array(folder / ORDER_FILE, self._order)

    def __len__(self) -> int:
        return len(self._offsets) - 1

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            return self._decoded(start, stop) if step == 1 else [self[row] for row in range(start, stop, step)]
        row = index + len(self) if index < 0 else index
        if not 0 <= row < len(self):
            raise IndexError(f"row {index} of {len(self)} tokens")
        return str(self._bytes(row), "utf-8")

    def __iter__(self) -> Iterator[str]:
        for start in range(0, len(self), _CHUNK):
            yield from self._decoded(start, min(start + _CHUNK, len(self)))

    def __contains__(self, token: object) -> bool:
        return isinstance(token, str) and self.row(token) is not None

    def __repr__(self) -> str:
        return f"Tokens of {len(self):,} rows: {', '.join(self[:8])}{', …' if len(self) > 8 else ''}"

    def row(self, token: str) -> int | None:
        """The row of a token, the first one if it repeats; None if it is not here."""
        wanted = token.encode("utf-8", "surrogatepass")  # never equal to a token if it has a surrogate
        place = self._place(wanted)
        if place == len(self):
            return None
        row = int(self._order[place])  # equal tokens are sorted by row
        return row if self._bytes(row) == wanted else None

    def rows(self, tokens: Sequence[str]) -> npt.NDArray[np.int64]:
        """The rows of N tokens: (N,), -1 for one that is not here."""
        if len(tokens) < _BULK + len(self) // _BULK_SHARE:
            one_by_one = (self.row(token) for token in tokens)
            return np.fromiter((-1 if row is None else row for row in one_by_one), dtype=np.int64, count=len(tokens))
        return self._rows_in_bulk(tokens)

    def _rows_in_bulk(self, tokens: Sequence[str]) -> npt.NDArray[np.int64]:
        """As `rows`, by one pass over all tokens of this set, each looked for in a hash table of those asked for.

        The other way round the table would be as large as this set.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        questions = Tokens._of_bytes([token.encode("utf-8", "surrogatepass") for token in tokens])
        wide = np.int64 in (questions._offsets.dtype, self._offsets.dtype)
        kind = pa.large_binary() if wide else pa.binary()
        asked = questions._arrow(kind).dictionary_encode()  # each once
        here = self._arrow(kind)
        rows = np.full(len(asked.dictionary), -1, dtype=np.int64)
        for start in range(0, len(self), _BULK_CHUNK):
            places = pc.index_in(here.slice(start, _BULK_CHUNK), value_set=asked.dictionary)
            hits = np.flatnonzero(_numbers(places.is_valid().cast(pa.uint8()), np.uint8))
            found = _numbers(places, np.int32)[hits]
            new = rows[found] < 0
            rows[found[new][::-1]] = hits[new][::-1] + start  # backwards, so that the first of equal tokens stays
        found_rows: npt.NDArray[np.int64] = rows[_numbers(asked.indices, np.int32)]
        return found_rows

    def starting_with(self, prefix: str, limit: int = 10) -> list[str]:
        """At most `limit` tokens that begin with `prefix`, lowest row (most frequent) first."""
        if prefix:
            return self.starting_between([(prefix, prefix)], limit)
        words: dict[str, None] = {}  # all do, so their order need not be read from the disk
        for token in self if limit > 0 else ():
            words[token] = None
            if len(words) == limit:
                break
        return list(words)

    def starting_between(self, beginnings: Sequence[tuple[str, str]], limit: int = 10) -> list[str]:
        """At most `limit` tokens whose beginning lies within one of some spans, most frequent first.

        A span has a first and a last beginning, neither empty: `("a", "c")` takes all that
        begins with a, b or c. They go by code point.
        """
        parts = []
        for first, last in beginnings:
            start = self._place(first.encode("utf-8", "surrogatepass"))
            stop = self._place(last.encode("utf-8", "surrogatepass") + b"\xff")  # no UTF-8 text has the byte 0xFF
            parts.append(self._order[start : max(start, stop)])
        rows = np.concatenate(parts) if len(parts) > 1 else parts[0] if parts else np.empty(0, np.int64)
        wanted = 2 * limit  # more than needed, since a token may repeat
        while limit > 0:
            first_rows = np.partition(rows, wanted)[:wanted] if len(rows) > wanted else rows
            found = list(dict.fromkeys(self[row] for row in np.sort(first_rows).tolist()))
            if len(found) >= limit or len(first_rows) == len(rows):
                return found[:limit]
            wanted *= 8
        return []

    def near(self, word: str, limit: int = 5) -> list[str]:
        """At most `limit` tokens spelt like `word`, the likeliest first; `word` itself is none.

        First other ways to write it (case, hyphen for space), then words one or two slips of
        the keyboard away, then beginnings of it, which finds a Korean word without its particle.
        """
        word = unicodedata.normalize("NFC", word.strip())
        if not any(map(str.isalnum, word)) or len(word) > _LONGEST_ASKED or limit < 1:
            return []  # nothing is spelt like an emoji, or like a page of text
        spellings = [word, word.lower(), word.capitalize(), word.title(), word.upper()]
        spellings += [spelling.replace(" ", joint) for spelling in spellings[:4] for joint in "-_" if " " in word]
        spellings += [word.replace(" ", ""), word.lower().replace(" ", "")]
        found = dict.fromkeys(spelling for spelling in spellings if spelling in self)
        found.update(dict.fromkeys(self._misspelt(word.lower())))
        found.pop(word, None)
        shortest = 1 if word[0] >= "\u1100" else max(2, len(word) // 2)  # a Korean or Chinese stem can be one letter
        beginnings = (word[:end] for end in range(len(word) - 1, shortest - 1, -1))
        if len(found) < limit:
            found.update(dict.fromkeys(beginning for beginning in beginnings if beginning in self))
        return list(found)[:limit]

    def repeated(self) -> npt.NDArray[np.int64]:
        """The rows, rising, whose token is also that of an earlier row."""
        import pyarrow as pa
        import pyarrow.compute as pc

        order = np.ascontiguousarray(self._order, dtype=np.int32)
        rows = pa.Array.from_buffers(pa.int32(), len(self), [None, pa.py_buffer(order)])
        ordered = self._arrow(pa.large_binary()).take(rows)
        again = _numbers(pc.equal(ordered[1:], ordered[:-1]).cast(pa.uint8()), np.uint8).astype(bool)
        return np.sort(order[1:][again]).astype(np.int64)

    def lowercased(self) -> bool:
        """Whether no token differs from its lower-case form."""
        for start in range(0, len(self), 1 << 20):
            stop = min(start + (1 << 20), len(self))
            text = str(self._data[int(self._offsets[start]) : int(self._offsets[stop])], "utf-8")
            if text != text.lower():
                return False
        return True

    def _misspelt(self, word: str) -> list[str]:
        """Tokens among the frequent ones that few slips of the keyboard make of `word`, likeliest first."""
        from rapidfuzz import process
        from rapidfuzz.distance import OSA  # edit distance that counts swapped neighbours as one slip

        if len(word) < 2:
            return []  # any other letter is one slip away
        slips = 1 if len(word) < 6 else 2
        hits = process.extract(word, self._pool, scorer=OSA.distance, score_cutoff=slips, limit=None)
        # Few slips first; a slip in the first letter is rare; then the more frequent word.
        hits.sort(key=lambda hit: (hit[1], hit[0][:1] != word[:1], hit[2]))
        return [self[row] for _, _, row in hits[:50]]

    @cached_property
    def _pool(self) -> list[str]:
        return [token.lower() for token in self[:_NEAR_POOL]]

    @cached_property
    def _order(self) -> npt.NDArray[Any]:
        """(V,) rows sorted by the bytes of their tokens, equal ones by row."""
        if self._given_order is not None:
            return self._given_order
        import pyarrow as pa
        import pyarrow.compute as pc

        return _numbers(pc.array_sort_indices(self._arrow(pa.large_binary())), np.uint64).astype(np.int32)

    def _arrow(self, kind: Any) -> Any:
        """The tokens as an Arrow array of a string or binary type; the bytes are not copied."""
        import pyarrow as pa

        wide = kind in (pa.large_string(), pa.large_binary())
        offsets = np.ascontiguousarray(self._offsets, dtype=np.int64 if wide else np.int32)
        return pa.Array.from_buffers(kind, len(self), [None, pa.py_buffer(offsets), pa.py_buffer(self._data)])

    def _bytes(self, row: int) -> memoryview:
        return self._data[int(self._offsets[row]) : int(self._offsets[row + 1])]

    def _place(self, wanted: bytes) -> int:
        """How many tokens sort before `wanted`."""
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            if bytes(self._bytes(int(self._order[middle]))) < wanted:
                low = middle + 1
            else:
                high = middle
        return low

    def _decoded(self, start: int, stop: int) -> list[str]:
        if stop <= start:
            return []
        ends = self._offsets[start : stop + 1].tolist()
        first = ends[0]
        blob = bytes(self._data[first : ends[-1]])
        return [blob[a - first : b - first].decode("utf-8") for a, b in pairwise(ends)]


def _numbers(array: Any, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """An Arrow array of numbers as numpy's. Arrow's own conversion would import pandas."""
    if not len(array):
        return np.empty(0, dtype)
    return np.frombuffer(array.buffers()[1], dtype=dtype)[array.offset : array.offset + len(array)]
