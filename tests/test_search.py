"""Cosine search on arrays, against plain loops in float64."""

from __future__ import annotations

import math
import tracemalloc

import numpy as np
import pytest

from embedcore import search

RNG = np.random.default_rng(5)


def plain_cosine(a, b) -> float:  # type: ignore[no-untyped-def]
    dot = sum(float(x) * float(y) for x, y in zip(a, b, strict=True))
    return dot / math.sqrt(sum(float(x) ** 2 for x in a)) / math.sqrt(sum(float(y) ** 2 for y in b))


def test_cosine_against_a_loop() -> None:
    for _ in range(20):
        a, b = RNG.standard_normal((2, 7), dtype=np.float32)
        assert search.cosine(a, b) == pytest.approx(plain_cosine(a, b), abs=1e-14)


def test_cosine_stays_within_one_and_knows_no_scale() -> None:
    a = RNG.standard_normal(50, dtype=np.float32)
    assert search.cosine(a, a) == pytest.approx(1, abs=1e-15)
    assert search.cosine(a, -a) >= -1
    for scale in (1e-38, 1e37):
        tiny = np.array([scale, scale], dtype=np.float32)
        assert search.cosine(tiny, np.array([1, 1], np.float32)) == pytest.approx(1)


def test_a_vector_without_a_direction_is_nan() -> None:
    one = np.ones(3, np.float32)
    for bad in ([0, 0, 0], [np.nan, 1, 1], [np.inf, 1, 1]):
        assert math.isnan(search.cosine(one, np.array(bad, np.float32)))


def test_cosine_matrix() -> None:
    rows = RNG.standard_normal((6, 9), dtype=np.float32)
    rows[4] = 0
    matrix = search.cosine_matrix(rows)
    assert matrix.shape == (6, 6)
    for i in range(6):
        for j in range(6):
            if 4 in (i, j):
                assert math.isnan(matrix[i, j])
            elif i == j:
                assert matrix[i, j] == 1
            else:
                assert matrix[i, j] == pytest.approx(plain_cosine(rows[i], rows[j]), abs=1e-14)
                assert matrix[i, j] == matrix[j, i]


def test_norms() -> None:
    matrix = RNG.standard_normal((70_000, 3), dtype=np.float32) * np.float32(1e25)  # squares leave float32
    matrix[7], matrix[8, 1] = 0, np.nan
    expected = np.sqrt(np.sum(matrix.astype(np.float64) ** 2, axis=1))
    np.testing.assert_allclose(search.norms(matrix), expected, rtol=1e-7)
    np.testing.assert_array_equal(search.norms(np.asfortranarray(matrix)), search.norms(matrix))
    assert search.norms(matrix)[7] == 0
    assert np.isnan(search.norms(matrix)[8])
    assert search.norms(np.empty((0, 3), np.float32)).shape == (0,)


def brute(matrix, query, topn, exclude=(), rows=None):  # type: ignore[no-untyped-def]
    """Rows and cosines by a sort of everything in float64, numbers scaled so that squares stay in range."""
    with np.errstate(all="ignore"):
        wide = matrix.astype(np.float64)
        wide = wide / np.abs(wide).max(axis=1, keepdims=True, initial=0)
        target = query.astype(np.float64) / np.abs(query.astype(np.float64)).max(initial=0)
        cosines = (wide * target).sum(axis=1) / np.sqrt((wide**2).sum(axis=1)) / np.sqrt((target**2).sum())
    listed = sorted({*range(len(matrix))} if rows is None else {*np.asarray(rows).tolist()})
    allowed = [row for row in listed if row not in exclude and np.isfinite(cosines[row])]
    best = sorted(allowed, key=lambda row: (-round(cosines[row], 12), row))[:topn]
    return best, cosines[best]


@pytest.mark.parametrize("order", ["C", "F", "every other"])
@pytest.mark.parametrize("size", [1, 12, 3_000, 8_000])
def test_most_similar_against_a_sort_of_everything(size: int, order: str) -> None:
    matrix = RNG.standard_normal((size, 16), dtype=np.float32)[:, ::2]
    if order != "every other":
        matrix = np.asarray(matrix, order=order)  # type: ignore[call-overload]
    matrix[size // 2] = 0
    matrix[size // 3, 0] = np.nan
    query = RNG.standard_normal(8, dtype=np.float32)
    for topn in (1, 10, 50):
        for exclude in ((), (0, 5), brute(matrix, query, 3)[0]):
            rows, cosines = search.most_similar(matrix, search.norms(matrix), query, topn, exclude=exclude)
            expected, values = brute(matrix, query, topn, exclude)
            assert rows.tolist() == expected
            np.testing.assert_allclose(cosines, values, atol=1e-12)


def nasty(size: int, dim: int, seed: int):  # type: ignore[no-untyped-def]
    """A matrix with rows of every awkward kind, in a random order."""
    generator = np.random.default_rng(seed)
    matrix = generator.standard_normal((size, dim), dtype=np.float32)
    kinds = generator.integers(0, 12, size)
    with np.errstate(all="ignore"):
        matrix[kinds == 0] = 0
        matrix[kinds == 1, generator.integers(dim)] = np.nan
        matrix[kinds == 2, generator.integers(dim)] = np.inf
        matrix[kinds == 3] = matrix[generator.integers(size)]
        matrix[kinds == 4] = np.round(matrix[kinds == 4])  # small whole numbers: many equal cosines
        matrix[kinds == 5] *= np.float32(1e-42)  # below what float32 holds with all its digits
        matrix[kinds == 6] *= np.float32(1e38)  # their squares and lengths leave float32
        matrix[kinds == 7] = matrix[generator.integers(size)] * np.float32(2) ** generator.integers(-20, 20)
        matrix[kinds == 8] = -matrix[generator.integers(size)]
    return matrix


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search of many pieces in three threads, also of a small matrix."""
    monkeypatch.setattr(search, "_WORTH_THREADS", 0)
    monkeypatch.setattr(search, "_MOST_NUMBERS", 700)
    monkeypatch.setattr(search, "_MOST_SCORES", 500)
    monkeypatch.setattr(search, "_QUERIES_AT_ONCE", 5)
    monkeypatch.setattr(search, "_PRECISE_AT_ONCE", 30)
    monkeypatch.setattr(search.parallel, "cores", lambda: 3)


def same(found, expected) -> None:  # type: ignore[no-untyped-def]
    """Two answers are equal to the last bit."""
    assert found[0].tolist() == expected[0].tolist()
    assert found[1].tolist() == expected[1].tolist()


@pytest.mark.parametrize("seed", range(30))
def test_nasty_matrices_one_and_many_queries_whole_and_in_pieces(
    seed: int, small_pieces: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = np.random.default_rng(1_000 + seed)
    size, dim = int(generator.choice([1, 5, 60, 700])), int(generator.choice([1, 2, 5, 33]))
    matrix = nasty(size, dim, seed)
    lengths = search.norms(matrix)
    queries = np.concatenate([matrix[generator.integers(0, size, 4)], nasty(8, dim, seed + 500)])
    exclude = [generator.integers(0, size, generator.integers(0, 4)).tolist() for _ in queries]
    exclude[0] = [*range(size)][: size - 1]  # nearly all
    within: object = [None, size // 2, generator.integers(0, size, size), [0, size - 1]][seed % 4]
    rows = range(within) if isinstance(within, int) else within
    for topn in (0, 1, 7, size, size + 5):
        many = search.most_similar_many(matrix, lengths, queries, topn, exclude=exclude, within=within)
        with monkeypatch.context() as whole:
            for name, number in (("_MOST_SCORES", 1 << 21), ("_WORTH_THREADS", 1 << 25), ("_QUERIES_AT_ONCE", 256)):
                whole.setattr(search, name, number)
            at_once = search.most_similar_many(matrix, lengths, queries, topn, exclude=exclude, within=within)
        for query, own, found, other in zip(queries, exclude, many, at_once, strict=True):
            same(found, other)
            same(found, search.most_similar(matrix, lengths, query, topn, exclude=own, within=within))
            if not np.isfinite(search.unit(query)).all():
                assert len(found[0]) == 0
                continue
            expected, cosines = brute(matrix, query, topn, own, rows)
            assert found[0].tolist() == expected
            np.testing.assert_allclose(found[1], cosines, atol=1e-12)


@pytest.mark.parametrize("order", ["C", "F", "every other"])
@pytest.mark.parametrize("count", [2, 7, 17])
def test_few_questions_of_long_rows(count: int, order: str) -> None:
    matrix = nasty(2_000, 300, count)[:, ::2]
    if order != "every other":
        matrix = np.asarray(matrix, order=order)  # type: ignore[call-overload]
    queries = RNG.standard_normal((count, 150), dtype=np.float32)
    found = search.most_similar_many(matrix, search.norms(matrix), queries, 12, within=1_990)
    for query, (rows, cosines) in zip(queries, found, strict=True):
        expected, values = brute(matrix, query, 12, rows=range(1_990))
        assert rows.tolist() == expected
        np.testing.assert_allclose(cosines, values, atol=1e-12)


def test_products_of_any_shape_are_numpys() -> None:
    for rows, width, count in ((5_000, 128, 2), (1_999, 300, 16), (3, 20_000, 16), (4, 0, 3), (0, 200, 2), (50, 9, 4)):
        left = RNG.standard_normal((rows, width), dtype=np.float32)
        right = RNG.standard_normal((width, count), dtype=np.float32)
        out = np.full((rows, count), np.nan, np.float32)
        search._multiply(left, right, out)
        np.testing.assert_allclose(out, left.astype(float) @ right.astype(float), atol=1e-3)


@pytest.mark.parametrize("dim", [1, 7, 50, 300])
@pytest.mark.parametrize("count", [1, 3, 12])
def test_ties_go_to_the_lower_row_wherever_they_lie(dim: int, count: int, small_pieces: None) -> None:
    row = RNG.standard_normal(dim, dtype=np.float32)
    matrix = np.tile(row, (2_000, 1))
    others = RNG.random(2_000) < 0.5
    matrix[others] = RNG.standard_normal((int(others.sum()), dim), dtype=np.float32)
    matrix[others, 0] = -10 * np.sign(row[0])  # far away
    equal = np.flatnonzero(~others)
    matrix[equal[::3]] *= np.float32(4)  # the same direction exactly
    matrix[equal[1::3]] *= np.float32(2.0**-70)
    found = search.most_similar_many(matrix, search.norms(matrix), np.tile(row, (count, 1)), 12)
    for rows, similarities in found:
        assert rows.tolist() == equal[:12].tolist()
        assert similarities.tolist() == [1] * 12


def test_multiples_that_float64_tells_apart_are_equal_all_the_same() -> None:
    base = RNG.integers(-9, 10, (40, 9)).astype(np.float32)
    base[:, 0] = 1
    matrix = np.concatenate([base * np.float32(factor) for factor in (7, 1, 3, 11)])
    query = RNG.standard_normal(9, dtype=np.float32)
    rows, similarities = search.most_similar(matrix, search.norms(matrix), query, 160)
    for four, same_four in zip(rows.reshape(40, 4), similarities.reshape(40, 4), strict=True):
        assert len({*(four % 40).tolist()}) == 1
        assert four.tolist() == sorted(four)
        assert len({*same_four.tolist()}) == 1


def test_thousands_of_equal_rows_cost_little() -> None:
    matrix = np.ones((300_000, 4), np.float32)
    rows, cosines = search.most_similar(matrix, search.norms(matrix), matrix[0], 5, exclude=[2])
    assert rows.tolist() == [0, 1, 3, 4, 5]
    np.testing.assert_allclose(cosines, 1)


def test_many_queries_never_hold_all_their_scores() -> None:
    matrix = RNG.standard_normal((100_000, 8), dtype=np.float32)
    lengths, queries = search.norms(matrix), RNG.standard_normal((300, 8), dtype=np.float32)
    search.most_similar(matrix, lengths, queries[0])  # what is loaded once is loaded
    tracemalloc.start()
    found = search.most_similar_many(matrix, lengths, queries, 10)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100_000 * 300 * 4 / 3
    assert found[299][0].tolist() == brute(matrix, queries[299], 10)[0]


def test_no_queries_no_rows_and_no_dimension() -> None:
    matrix = RNG.standard_normal((9, 3), dtype=np.float32)
    assert search.most_similar_many(matrix, search.norms(matrix), np.empty((0, 3)), 5) == []
    none = search.most_similar_many(matrix[:0], np.empty(0, np.float32), matrix[:2], 5)
    assert [len(rows) for rows, _ in none] == [0, 0]
    none = search.most_similar_many(matrix, search.norms(matrix), matrix[:2], 5, within=[])
    assert [len(rows) for rows, _ in none] == [0, 0]


@pytest.mark.parametrize(("listed", "row"), [([3, 9], 9), ([-1, 2], -1)])
def test_a_listed_row_that_there_is_not(listed: list[int], row: int) -> None:
    matrix = RNG.standard_normal((9, 3), dtype=np.float32)
    with pytest.raises(IndexError, match=f"^row {row} of a matrix of 9 rows$"):
        search.most_similar(matrix, search.norms(matrix), matrix[0], within=listed)


def test_half_and_double_precision() -> None:
    wide = RNG.standard_normal((500, 6))
    for dtype in (np.float16, np.float64):
        matrix = wide.astype(dtype)
        rows, cosines = search.most_similar(matrix, search.norms(matrix), wide[3], 20)
        expected, values = brute(matrix, wide[3], 20)
        assert rows.tolist() == expected
        np.testing.assert_allclose(cosines, values, atol=1e-12)


def test_equals_faiss_and_gensim() -> None:
    faiss = pytest.importorskip("faiss")
    from gensim.models import KeyedVectors

    matrix = RNG.standard_normal((5_000, 40), dtype=np.float32)
    queries = RNG.standard_normal((20, 40), dtype=np.float32)
    index = faiss.IndexFlatIP(40)
    index.add(matrix / np.linalg.norm(matrix, axis=1, keepdims=True))
    values, places = index.search(queries / np.linalg.norm(queries, axis=1, keepdims=True), 10)
    keyed = KeyedVectors(40)
    keyed.add_vectors([f"w{row}" for row in range(5_000)], matrix)
    found = search.most_similar_many(matrix, search.norms(matrix), queries, 10)
    for query, (rows, cosines) in enumerate(found):
        assert rows.tolist() == places[query].tolist()
        np.testing.assert_allclose(cosines, values[query], atol=1e-6)
        assert [f"w{row}" for row in rows] == [word for word, _ in keyed.similar_by_vector(queries[query], topn=10)]


def test_within() -> None:
    matrix = RNG.standard_normal((3_000, 8), dtype=np.float32)
    lengths, query = search.norms(matrix), matrix[77]
    rows, _ = search.most_similar(matrix, lengths, query, 10, exclude=[77], within=500)
    assert rows.tolist() == brute(matrix, query, 10, [77], range(500))[0]
    some = RNG.integers(0, 3_000, 400)
    rows, _ = search.most_similar(matrix, lengths, query, 10, exclude=[77, int(some[0])], within=some)
    assert rows.tolist() == brute(matrix, query, 10, [77, some[0]], np.unique(some))[0]
    assert len(search.most_similar(matrix, lengths, query, 10, within=0)[0]) == 0
    assert len(search.most_similar(matrix, lengths, query, 10, within=9_999)[0]) == 10
    assert len(search.most_similar(matrix, lengths, query, 10, within=4, exclude=[3_000 - 1])[0]) == 4


def test_a_query_without_a_direction_finds_nothing() -> None:
    matrix = RNG.standard_normal((9, 3), dtype=np.float32)
    rows, cosines = search.most_similar(matrix, search.norms(matrix), np.zeros(3, np.float32))
    assert len(rows) == len(cosines) == 0


def test_combined_is_the_mean_of_signed_units() -> None:
    plus, minus = RNG.standard_normal((2, 5)), RNG.standard_normal((1, 5))
    expected = plus[0] / np.linalg.norm(plus[0]) + plus[1] / np.linalg.norm(plus[1]) - minus[0] / np.linalg.norm(minus)
    rows = np.concatenate([plus, minus])
    np.testing.assert_allclose(search.combined(rows, [1, 1, -1]), expected / 3, atol=1e-15)
    one, _, three = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    np.testing.assert_allclose(search.combined(rows, [2, 0, -0.5]), (2 * one - three / 2) / 2.5, atol=1e-15)


def test_words_that_cancel_each_other_out_ask_for_nothing() -> None:
    rows = RNG.standard_normal((2, 5))
    assert np.isnan(search.combined(rows[[0, 0]], [1, -1])).all()
    assert np.isnan(search.combined(rows, [0, 0])).all()
    assert np.isnan(search.combined(np.zeros((1, 5)), [1])).all()


def test_mean_cosines_are_those_with_the_mean_of_the_directions() -> None:
    rows = np.array([[1, 0], [-1, 0.1], [1, 0.1], [9, 1]])
    mean = sum(row / np.linalg.norm(row) for row in rows)
    found = search.mean_cosines(rows)
    np.testing.assert_allclose(found, [plain_cosine(row, mean) for row in rows], atol=1e-14)
    assert found.argmin() == 1
    for number, cosine in enumerate(search.mean_cosines(rows, others=True)):
        others = sum(row / np.linalg.norm(row) for row in np.delete(rows, number, axis=0))
        assert cosine == pytest.approx(plain_cosine(rows[number], others), abs=1e-14)
    same = search.mean_cosines(np.ones((5, 3)))
    assert same.tolist() == [same[0]] * 5  # to the last bit, so that no word of several alike is the odd one by chance


def test_a_vector_without_a_direction_has_no_part_in_the_mean() -> None:
    rows = RNG.standard_normal((4, 5))
    among_others = search.mean_cosines(np.concatenate([rows[:2], np.zeros((1, 5)), rows[2:]]))
    assert math.isnan(among_others[2])
    np.testing.assert_array_equal(np.delete(among_others, 2), search.mean_cosines(rows))
    of_others = search.mean_cosines(np.concatenate([rows, np.zeros((1, 5))]), others=True)
    np.testing.assert_array_equal(of_others[:4], search.mean_cosines(rows, others=True))
    assert math.isnan(of_others[4])
    assert np.isnan(search.mean_cosines(np.zeros((3, 5)))).all()
    assert search.mean_cosines(np.empty((0, 5))).shape == (0,)


def test_directions_that_cancel_each_other_out_have_no_mean() -> None:
    rows = RNG.standard_normal((3, 5)).astype(np.float32)
    cancelling = np.concatenate([rows, -2 * rows])
    assert np.isnan(search.mean_cosines(cancelling)).all()
    np.testing.assert_allclose(search.mean_cosines(cancelling, others=True), -1, atol=1e-6)  # each has its opposite
    assert np.isnan(search.mean_cosines(rows[:1], others=True)).all()  # there are none
