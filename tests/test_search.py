"""Cosine search on arrays, against plain loops in float64."""

from __future__ import annotations

import math

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


@pytest.mark.parametrize("size", [0, 1, 9, 256, 300, 5_000, 5_121, 100_000])
@pytest.mark.parametrize("k", [0, 1, 10, 400, 200_000])
@pytest.mark.parametrize("kind", ["all different", "many ties", "some missing"])
def test_top_k_is_a_stable_sort(size: int, k: int, kind: str) -> None:
    scores = RNG.standard_normal(size, dtype=np.float32)
    if kind == "many ties":
        scores = np.round(scores)
    if kind == "some missing":
        scores[RNG.random(size) < 0.3] = -np.inf
        scores[RNG.random(size) < 0.3] = np.nan
    there = [place for place in range(size) if scores[place] > -np.inf]
    expected = sorted(there, key=lambda place: (-scores[place], place))[:k]
    assert search.top_k(scores, k).tolist() == expected


def brute(matrix, query, topn, exclude=(), rows=None):  # type: ignore[no-untyped-def]
    """Rows and cosines by a sort of everything in float64."""
    wide, target = matrix.astype(np.float64), query.astype(np.float64)
    with np.errstate(invalid="ignore"):
        cosines = (wide * target).sum(axis=1) / np.sqrt((wide**2).sum(axis=1)) / np.sqrt((target**2).sum())
    allowed = [
        row
        for row in (range(len(matrix)) if rows is None else rows)
        if row not in exclude and np.isfinite(cosines[row])
    ]
    best = sorted(allowed, key=lambda row: (-round(cosines[row], 12), row))[:topn]
    return best, cosines[best]


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("size", [1, 12, 3_000, 8_000])
def test_most_similar_against_a_sort_of_everything(size: int, order: str) -> None:
    matrix = np.asarray(RNG.standard_normal((size, 8)), dtype=np.float32, order=order)  # type: ignore[call-overload]
    matrix[size // 2] = 0
    matrix[size // 3, 0] = np.nan
    query = RNG.standard_normal(8, dtype=np.float32)
    for topn in (1, 10, 50):
        for exclude in ((), (0, 5), brute(matrix, query, 3)[0]):
            rows, cosines = search.most_similar(matrix, search.norms(matrix), query, topn, exclude=exclude)
            expected, values = brute(matrix, query, topn, exclude)
            assert rows.tolist() == expected
            np.testing.assert_allclose(cosines, values, atol=1e-12)


def test_ties_go_to_the_lower_row() -> None:
    matrix = np.tile(RNG.standard_normal((1, 50), dtype=np.float32), (10_000, 1))
    matrix[::3] *= RNG.uniform(0.1, 10, (len(matrix[::3]), 1)).astype(np.float32)  # same direction, nearly
    matrix[1::3] = matrix[1]
    rows, cosines = search.most_similar(matrix[1::3], search.norms(matrix[1::3]), matrix[1], 10)
    assert rows.tolist() == list(range(10))
    np.testing.assert_allclose(cosines, 1)


def test_thousands_of_equal_rows_cost_little() -> None:
    matrix = np.ones((300_000, 4), np.float32)
    rows, cosines = search.most_similar(matrix, search.norms(matrix), matrix[0], 5, exclude=[2])
    assert rows.tolist() == [0, 1, 3, 4, 5]
    np.testing.assert_allclose(cosines, 1)


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
    np.testing.assert_allclose(search.combined(plus, minus), expected / 3, atol=1e-15)


def test_odd_one_out() -> None:
    assert search.odd_one_out(np.array([[1, 0], [-1, 0.1], [1, 0.1], [9, 1]])) == 1
    assert search.odd_one_out(np.ones((3, 2))) == 0
