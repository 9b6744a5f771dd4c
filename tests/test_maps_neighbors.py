"""Exact nearest neighbors of all points: against brute force in float64, and against the search of a single word."""

from __future__ import annotations

import tracemalloc

import numpy as np
import numpy.typing as npt
import pytest

from embedcore import search
from embedcore.errors import BadVectors
from embedcore.maps import neighbors
from embedcore.maps.neighbors import nearest
from embedcore.vectors import WordVectors


def random_units(count: int, dim: int, seed: int = 0) -> npt.NDArray[np.float64]:
    return search.unit(np.random.default_rng(seed).standard_normal((count, dim)))


def brute_force(units: npt.NDArray[np.floating], k: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """By the whole matrix of cosines, sorted."""
    wide = units.astype(np.float64)
    distances = 1 - np.round(np.einsum("nd,md->nm", wide, wide), 12)  # (n, n)
    np.fill_diagonal(distances, np.inf)
    rows = np.argsort(distances, axis=1, kind="stable")[:, :k]
    return rows, np.take_along_axis(distances, rows, axis=1)


@pytest.mark.parametrize(("count", "dim", "k"), [(2, 1, 1), (3, 2, 2), (50, 3, 49), (700, 20, 15), (1_500, 8, 200)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_neighbors_are_those_of_brute_force(count: int, dim: int, k: int, dtype: type) -> None:
    units = random_units(count, dim, seed=count).astype(dtype)
    found, (rows, distances) = nearest(units, k), brute_force(units, k)
    assert found.rows.dtype == np.int32
    assert found.distances.dtype == np.float32
    np.testing.assert_array_equal(found.rows, rows)
    np.testing.assert_allclose(found.distances, np.maximum(distances, 0), atol=1e-7)


def test_glove_has_the_neighbors_that_a_search_finds(glove: WordVectors) -> None:
    units = search.unit(glove.matrix[:3_000])
    found = nearest(units, 15)
    asked = [0, 1, 691, 2_999]
    expected = search.most_similar_many(
        glove.matrix, glove.norms, glove.matrix[asked], 15, exclude=[[row] for row in asked], within=3_000
    )
    for row, (rows, similarities) in zip(asked, expected, strict=True):
        assert found.rows[row].tolist() == rows.tolist()
        np.testing.assert_allclose(1 - found.distances[row], similarities, atol=1e-6)


def test_equal_points_come_by_their_row_and_a_point_is_not_its_own_neighbor() -> None:
    units = np.repeat(random_units(5, 4), 8, axis=0)  # rows 0 to 7 are the same, and so on
    found = nearest(units, 7)
    for row in range(len(units)):
        first = row // 8 * 8
        assert found.rows[row].tolist() == [other for other in range(first, first + 8) if other != row]
    assert (found.distances == 0).all()


def test_what_float32_cannot_tell_apart_is_told_apart() -> None:
    rng = np.random.default_rng(8)
    units = search.unit(np.ones(30) + 1e-4 * rng.standard_normal((600, 30)))  # cosines of 0.99999998 or so
    found, (rows, _) = nearest(units, 10), brute_force(units, 10)
    np.testing.assert_array_equal(found.rows, rows)


def test_multiples_of_a_vector_are_equally_near() -> None:
    vector = np.random.default_rng(9).standard_normal(50)
    units = search.unit(np.outer(np.arange(1, 41) / 7, vector))  # the same but for the sixteenth decimal
    assert len(np.unique(units, axis=0)) > 1
    found = nearest(units, 39)
    for row in range(40):
        assert found.rows[row].tolist() == [other for other in range(40) if other != row]


def test_no_more_neighbors_than_there_are_others() -> None:
    found = nearest(random_units(4, 3), 100)
    assert [sorted([row, *others.tolist()]) for row, others in enumerate(found.rows)] == [[0, 1, 2, 3]] * 4


def test_blocks_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    units = random_units(301, 10)
    whole = nearest(units, 9)
    monkeypatch.setattr(neighbors, "_MOST_SCORES", 2_000)
    monkeypatch.setattr(neighbors, "_PRECISE_NUMBERS", 64)
    told: list[float] = []
    parts = nearest(units, 9, on_progress=told.append)
    np.testing.assert_array_equal(parts.rows, whole.rows)
    np.testing.assert_array_equal(parts.distances, whole.distances)
    assert told == sorted(told)
    assert told[-1] == 1
    assert len(told) == -(-301 // 6)


def test_memory_stays_far_below_all_cosines() -> None:
    units = random_units(12_000, 16).astype(np.float32)
    tracemalloc.start()
    try:
        nearest(units, 10)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 150e6 < 4 * 12_000**2 / 2


def test_it_stops_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbors, "_MOST_SCORES", 1_000)
    told: list[float] = []
    assert nearest(random_units(500, 5), 3, on_progress=told.append, should_stop=lambda: len(told) > 2) is None
    assert 3 <= len(told) < 20


def test_what_is_no_set_of_directions_is_refused() -> None:
    units = random_units(5, 3)
    with pytest.raises(BadVectors, match="At least 1 neighbour has to be looked for, not 0"):
        nearest(units, 0)
    with pytest.raises(BadVectors, match="Neighbours take at least two words"):
        nearest(units[:1], 3)
    for odd in (np.nan, 0.0, 7.0):
        wrong = units.copy()
        wrong[3] = odd
        with pytest.raises(BadVectors, match="Point 3 of a map has no direction of length 1"):
            nearest(wrong, 2)
    with pytest.raises(BadVectors, match=r"a matrix of shape \(points, dimensions\), not \(3,\)"):
        nearest(units[0], 2)
