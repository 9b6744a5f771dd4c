"""Cosine similarity, nearest rows, analogies and the odd one out, on plain arrays.

Here belongs arithmetic on vectors; words, names and files belong elsewhere. A vector of
zeros, or with a number that is not finite, has no direction: its similarity is NaN, and no
search returns it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from embedcore import parallel

Floats = npt.NDArray[np.floating[Any]]
Rows = npt.NDArray[np.int64]
Found = tuple[Rows, npt.NDArray[np.float64]]  # rows and their similarities, best first

_CHUNK_ROWS = 65_536
_SCORE_CHUNK = 256  # scores whose maximum is taken together when looking for a threshold
_QUERIES_AT_ONCE = 256
_WORTH_THREADS = 1 << 24  # products, from so many on; below, waiting for each other costs more than it brings
_MOST_NUMBERS = 1 << 24  # of a matrix that a thread takes at a time: 64 MB
_MOST_SCORES = 1 << 21  # that it computes from them: 8 MB
_ROWS_AT_ONCE = 4_096
_PRECISE_AT_ONCE = 4_096  # rows held in float64
_SMALL_PRODUCT, _LONG_ROW, _FEW_COLUMNS = 1 << 18, 128, 16  # see `_multiply`; where it was measured to be quicker
_NONE: Rows = np.empty(0, dtype=np.int64)
_SHORT, _LONG = 1e-25, 1e30  # lengths between which products in float32 stay in range
_CANCELLED = 1e-6  # a mean of unit vectors below it is the rounding of float32


def norms(matrix: Floats) -> npt.NDArray[np.float32]:
    """The lengths of the rows of a (V, D) matrix: (V,) float32, computed in float64."""
    lengths = np.empty(len(matrix), dtype=np.float32)
    for start in range(0, len(matrix), _CHUNK_ROWS):
        part = matrix[start : start + _CHUNK_ROWS].astype(np.float64)  # (n, D)
        with np.errstate(over="ignore", invalid="ignore"):
            lengths[start : start + _CHUNK_ROWS] = np.sqrt(np.einsum("nd,nd->n", part, part))  # (n,)
    return lengths


def unit(vectors: Floats) -> npt.NDArray[np.float64]:
    """Vectors of length 1 in the same directions: (D,) or (N, D) float64, NaN where there is none."""
    wide = np.asarray(vectors, dtype=np.float64)
    with np.errstate(all="ignore"):
        # Divided by the largest number first, so that squares of very small or large ones stay in range.
        wide = wide / np.max(np.abs(wide), axis=-1, keepdims=True, initial=0.0)
        return np.asarray(wide / np.sqrt(np.sum(wide * wide, axis=-1, keepdims=True)))


def cosine(a: Floats, b: Floats) -> float:
    """The cosine similarity of two (D,) vectors, from -1 to 1; NaN if one has no direction."""
    return float(np.clip(unit(a) @ unit(b), -1.0, 1.0))


def cosine_matrix(vectors: Floats) -> npt.NDArray[np.float64]:
    """The cosine similarities of N vectors (N, D) with each other: (N, N), symmetric, diagonal 1."""
    directions = unit(vectors)  # (N, D)
    products = np.einsum("nd,md->nm", directions, directions)  # (N, N)
    similarities: npt.NDArray[np.float64] = np.clip(products, -1.0, 1.0)
    has_direction = ~np.isnan(np.diagonal(similarities))
    np.fill_diagonal(similarities, np.where(has_direction, 1.0, np.nan))
    return similarities


def most_similar(
    matrix: Floats,
    lengths: Floats,
    query: Floats,
    topn: int = 10,
    *,
    exclude: Iterable[int] = (),
    within: int | Sequence[int] | Rows | None = None,
) -> Found:
    """The rows of a (V, D) matrix nearest to `query` (D,) by cosine, and their similarities.

    As `most_similar_many`, for one query.
    """
    return most_similar_many(matrix, lengths, np.asarray(query)[None], topn, exclude=[exclude], within=within)[0]


def most_similar_many(
    matrix: Floats,
    lengths: Floats,
    queries: Floats,
    topn: int = 10,
    *,
    exclude: Sequence[Iterable[int]] | None = None,
    within: int | Sequence[int] | Rows | None = None,
) -> list[Found]:
    """For each of the queries (Q, D) the rows of a (V, D) matrix nearest by cosine, and their similarities.

    Exact: compared in float64, to the twelfth decimal, ties by lower row; the answer to a query
    does not depend on what else is asked. At most `topn` rows a query, best first, without
    those in its `exclude` and those without a direction; none for a query without a direction.
    `lengths` (V,) comes from `norms`. `within` looks among the first so many rows only, or
    among the rows it lists. Raises IndexError for a listed row that there is not.

    The matrix is read once for every 256 queries, in pieces whose scores are looked through
    while they are in the processor's cache; all scores are never there at the same time.
    """
    count, rows = searched(within, len(matrix))
    directions = unit(queries)  # (Q, D)
    left_out = [np.unique(np.fromiter(some, dtype=np.int64)) for some in exclude or [()] * len(directions)]
    # Those left out are sought like all others, so that a pass need not look at them.
    wanted = np.array([max(topn, 0) + len(some) for some in left_out], dtype=np.int64)  # (Q,)
    found: list[Found] = [(_NONE, np.empty(0))] * len(directions)
    asked = np.flatnonzero(np.isfinite(directions).all(axis=1)) if topn > 0 else _NONE
    for start in range(0, len(asked), _QUERIES_AT_ONCE):
        these = asked[start : start + _QUERIES_AT_ONCE]
        best = Pass(matrix, lengths, rows, directions[these], wanted[these]).run(count)
        for query, (places, similarities) in zip(these, best, strict=True):
            kept = np.flatnonzero(~np.isin(places, left_out[query]))[:topn]
            found[query] = places[kept], similarities[kept]
    return found


def searched(within: int | Sequence[int] | Rows | None, rows: int) -> tuple[int, Rows | None]:
    """How many of a matrix's rows are searched, and which, rising, if they are not the first ones."""
    if within is None:
        return rows, None
    if isinstance(within, (int, np.integer)):
        return max(0, min(int(within), rows)), None
    listed = _listed(within, rows)
    return len(listed), listed


def _listed(within: Sequence[int] | Rows, rows: int) -> Rows:
    """The rows listed, rising, each once."""
    listed = np.unique(np.asarray(within, dtype=np.int64))
    if len(listed) and not 0 <= listed[0] <= listed[-1] < rows:
        wrong = listed[0] if listed[0] < 0 else listed[-1]
        raise IndexError(f"row {wrong} of a matrix of {rows} rows")
    return listed


class _Best:
    """The best rows found so far for each of Q queries; several threads may offer rows."""

    def __init__(self, wanted: npt.NDArray[np.int64]) -> None:
        """`wanted` (Q,): how many rows each query keeps."""
        self.wanted = wanted
        self.floors = np.full(len(wanted), -np.inf)  # (Q,) the lowest similarity that can still be among the best
        self._queries, self._rows, self._similarities = _NONE, _NONE, np.empty(0)  # sorted as far as pruned
        self._room = 2 * int(wanted.sum())
        self._lock = threading.Lock()

    def offer(self, queries: Rows, rows: Rows, similarities: npt.NDArray[np.float64]) -> None:
        """Take n rows more, each for a query, none of which that query was offered before."""
        with self._lock:
            self._queries = np.concatenate([self._queries, queries])
            self._rows = np.concatenate([self._rows, rows])
            self._similarities = np.concatenate([self._similarities, similarities])
            if len(self._rows) > self._room or (self.floors == -np.inf).any():
                self._prune()

    def found(self) -> list[Found]:
        """The best rows of each query, best first, ties by lower row."""
        self._prune()
        ends = np.cumsum(np.bincount(self._queries, minlength=len(self.wanted)))[:-1]
        return list(zip(np.split(self._rows, ends), np.split(self._similarities, ends), strict=True))

    def _prune(self) -> None:
        order = np.lexsort((self._rows, -self._similarities, self._queries))
        queries = self._queries[order]
        place = np.arange(len(queries)) - np.searchsorted(queries, queries)  # among those of the query
        order = order[place < self.wanted[queries]]
        self._queries, self._rows = self._queries[order], self._rows[order]
        self._similarities = self._similarities[order]
        last = place == self.wanted[queries] - 1
        self.floors[queries[last]] = self._similarities[last[place < self.wanted[queries]]]


class Pass:
    """One pass over a matrix for up to `_QUERIES_AT_ONCE` queries.

    Scores are cosines in float32. A row whose score shows that it may be among the best is
    compared again in float64, and only that decides.
    """

    def __init__(
        self,
        matrix: Floats,
        lengths: Floats,
        rows: Rows | None,
        directions: npt.NDArray[np.float64],
        wanted: npt.NDArray[np.int64],
    ) -> None:
        self.matrix, self.lengths, self.rows, self.directions = matrix, lengths, rows, directions
        self.narrow = np.ascontiguousarray(directions.astype(np.result_type(matrix.dtype, np.float32)).T)  # (D, Q)
        self.best = _Best(wanted)
        # A sum of D float32 products errs by D roundings at most (Higham, 2002, "Accuracy and Stability of
        # Numerical Algorithms", equation 3.5), of a sum that Cauchy and Schwarz keep below 1; the rest rounds
        # query, length, quotient and threshold. Twice, since the lowest of the best errs as well.
        self.slack = 2 * (matrix.shape[1] + 8) * 2.0**-24

    def run(self, count: int) -> list[Found]:
        """The best of the first `count` rows, or of the rows listed."""
        width, queries = max(1, self.matrix.shape[1]), len(self.directions)
        size = min(count, _MOST_SCORES // queries)
        if count * width * queries > _WORTH_THREADS:
            size = min(size, _MOST_NUMBERS // width, -(-count // 4))
        size = max(1, size)
        parallel.for_each(self._look_at, [(start, min(start + size, count)) for start in range(0, count, size)])
        return self.best.found()

    def _look_at(self, piece: tuple[int, int]) -> None:
        """Keep the rows of a piece that are among the best so far."""
        places = slice(*piece) if self.rows is None else self.rows[slice(*piece)]
        part = self.matrix[places]  # (n, D)
        queries, hits = self._hits(self._scores(part, self.lengths[places]))
        similarities = np.empty(len(hits))
        for start in range(0, len(hits), _PRECISE_AT_ONCE):
            some = slice(start, start + _PRECISE_AT_ONCE)
            similarities[some] = _precise(part[hits[some]], self.directions[queries[some]])
        self.best.offer(queries, hits + piece[0] if self.rows is None else self.rows[piece[0] + hits], similarities)

    def _scores(self, part: Floats, lengths: Floats) -> Floats:
        """Cosines: (n, Q); NaN or minus infinity for a row without a direction."""
        scores: Floats = np.empty((len(part), len(self.directions)), dtype=self.narrow.dtype)
        # A product with one query reads few rows at a time faster, as long as no other thread waits to run Python.
        few = len(self.directions) == 1 and self.matrix.size <= _WORTH_THREADS
        step = _ROWS_AT_ONCE if few else max(1, len(part))
        if part.itemsize not in part.strides:
            part = np.ascontiguousarray(part)  # as BLAS wants one, by rows or by columns
        with np.errstate(all="ignore"):
            for start in range(0, len(part), step):
                rows = slice(start, start + step)
                if len(self.directions) == 1:
                    np.matmul(part[rows], self.narrow[:, 0], out=scores[rows, 0])
                else:
                    _multiply(part[rows], self.narrow, scores[rows])
            scores /= lengths[:, None]
        if len(lengths) and not (lengths.min() > _SHORT and lengths.max() < _LONG):  # also if one is NaN
            odd = np.flatnonzero(~((lengths > _SHORT) & (lengths < _LONG)))
            scores[odd] = -np.inf
            odd = odd[lengths[odd] > 0]  # in these, float32 runs out of range, or a number is not finite
            for start in range(0, len(odd), _PRECISE_AT_ONCE):
                some = odd[start : start + _PRECISE_AT_ONCE]
                scores[some] = unit(part[some]) @ self.directions.T  # (m, Q)
        return scores

    def _hits(self, scores: Floats) -> tuple[Rows, Rows]:
        """Which scores (n, Q) may be among the best: queries, rising, and places, rising for each query."""
        floors = self.best.floors.copy()  # (Q,)
        if (floors == -np.inf).any():
            floors = np.maximum(floors, kth_of_maxima(scores, int(self.best.wanted.max())))
        least = np.maximum(floors - self.slack, np.finfo(scores.dtype).min)  # so that minus infinity is no hit
        places, queries = np.divmod(np.flatnonzero(scores >= least.astype(scores.dtype)), len(floors))
        by_query = np.argsort(queries, kind="stable")
        places, queries = places[by_query], queries[by_query]
        crowded = np.flatnonzero(np.bincount(queries, minlength=len(floors)) > 4 * self.best.wanted)
        if len(crowded):
            needed = np.ones(len(queries), dtype=bool)
            for query in crowded:
                its = np.flatnonzero(queries == query)
                kth = np.partition(scores[places[its], query], -self.best.wanted[query])[-self.best.wanted[query]]
                needed[its] = scores[places[its], query] >= kth - self.slack
            places, queries = places[needed], queries[needed]
        return queries, places


def _multiply(rows: Floats, columns: Floats, out: Floats) -> None:
    """Write the products of rows (n, D) with some columns (D, Q) to `out` (n, Q).

    Before a large product, BLAS copies its rows into an order of its own. With long rows and few
    columns, that costs more than the product; small products it computes from the rows as they
    are. One call for all of these: between calls, a thread could have to wait for others.
    """
    width, count = columns.shape
    size = max(1, _SMALL_PRODUCT // max(1, columns.size))
    small = width >= _LONG_ROW and count <= _FEW_COLUMNS and rows.flags.c_contiguous
    whole = len(rows) // size * size if small else 0
    if whole:
        np.matmul(rows[:whole].reshape(-1, size, width), columns, out=out[:whole].reshape(-1, size, count))
    np.matmul(rows[whole:], columns, out=out[whole:])  # (n, Q)


def kth_of_maxima(scores: Floats, k: int) -> Floats:
    """A bound (Q,) that at least k of the scores (n, Q) of each query reach; minus infinity if there is none.

    Much cheaper than `partition` of all: among the maxima of chunks, the k-th highest cannot be
    above the k-th highest score, and few scores reach it.
    """
    chunk = min(_SCORE_CHUNK, len(scores) // (2 * k))
    if not chunk:
        return np.full(scores.shape[1], -np.inf)
    whole = len(scores) // chunk * chunk
    maxima = np.fmax.reduce(scores[:whole].reshape(-1, chunk, scores.shape[1]), axis=1)  # fmax passes over NaN
    bounds: Floats = np.partition(np.where(np.isnan(maxima), -np.inf, maxima), -k, axis=0)[-k]
    return bounds


def _precise(vectors: Floats, directions: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Cosines (n,) of rows (n, D), each of which has a direction, with directions (n, D), as they are compared.

    Rounded to the twelfth decimal, which float64 is sure of: rows that are multiples of each
    other would differ in the sixteenth.
    """
    products = np.sum(np.ascontiguousarray(unit(vectors)) * directions, axis=1)  # (n,), each row for itself
    rounded: npt.NDArray[np.float64] = np.clip(np.round(products, 12), -1.0, 1.0) + 0.0  # minus zero is zero
    return rounded


def combined(vectors: Floats, weights: Sequence[float]) -> npt.NDArray[np.float64]:
    """The 3CosAdd question, as gensim asks it: the mean of the unit vectors of N words, weighted: (D,).

    `vectors` is (N, D), `weights` (N,), those of words to be far from negative. All NaN where the words
    cancel each other out. Levy and Goldberg, 2014, "Linguistic Regularities in Sparse and Explicit
    Word Representations", equation 3.
    """
    sizes = np.asarray(weights, dtype=np.float64)  # (N,)
    with np.errstate(invalid="ignore"):
        mean = np.asarray(sizes @ unit(vectors) / np.abs(sizes).sum())  # (D,)
    return mean if np.sqrt(mean @ mean) >= _CANCELLED else np.full_like(mean, np.nan)


def mean_cosines(vectors: Floats, *, others: bool = False) -> npt.NDArray[np.float64]:
    """The cosine of each of N vectors (N, D) with the mean of the directions of all: (N,).

    What gensim's `doesnt_match` ranks by: each is part of the mean that it is held against. With
    `others`, with the mean of the others' directions instead. NaN for a vector without a
    direction, which has no part in a mean, and where the directions of a mean cancel each other out.
    """
    directions = unit(vectors)  # (N, D)
    directed = directions[np.isfinite(directions).all(axis=1)]  # (n, D)
    total = directed.sum(axis=0)[None]  # (1, D)
    sums = total - directions if others else total  # (N, D) or (1, D)
    nothing = np.sqrt(np.sum(sums * sums, axis=1)) < _CANCELLED * max(len(directed), 1)
    sums = np.where(nothing[:, None], np.nan, sums)
    # einsum, since a matrix product may give equal rows different last digits.
    cosines = np.einsum("nd,nd->n", directions, np.broadcast_to(unit(sums), directions.shape))  # (N,)
    return np.asarray(np.clip(cosines, -1.0, 1.0))
