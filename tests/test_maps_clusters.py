"""Groups of points: scikit-learn's, numbered by falling size."""

from __future__ import annotations

import tracemalloc

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.cluster import HDBSCAN, KMeans
from sklearn.metrics import adjusted_rand_score

from embedcore.errors import BadSetting, BadVectors
from embedcore.maps import clusters


def heaps() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Heaps of 20, 60 and 40 points, far from each other, and which heap each point is in."""
    rng = np.random.default_rng(0)
    truth = np.repeat([0, 1, 2], [20, 60, 40])
    points = np.array([[0.0, 0], [30, 0], [0, 30]])[truth] + rng.standard_normal((120, 2))
    mixed = rng.permutation(120)
    return points[mixed], truth[mixed]


def test_kmeans_finds_the_heaps_the_largest_first() -> None:
    points, truth = heaps()
    found = clusters.kmeans(points, 3)
    assert found.labels.dtype == np.int32
    np.testing.assert_array_equal(found.labels, np.array([2, 0, 1])[truth])
    assert (found.sizes, found.noise) == ([60, 40, 20], 0)


def test_kmeans_is_scikit_learns_for_the_same_seed() -> None:
    points = np.random.default_rng(5).standard_normal((400, 6))
    found = clusters.kmeans(points, 7, seed=11)
    expected = KMeans(7, n_init=3, random_state=11).fit(points).labels_
    assert adjusted_rand_score(found.labels, expected) == 1
    assert sorted(np.bincount(expected).tolist(), reverse=True) == found.sizes == np.bincount(found.labels).tolist()


def test_kmeans_of_very_many_finds_its_centres_by_some_and_groups_all(monkeypatch: pytest.MonkeyPatch) -> None:
    points, truth = heaps()
    monkeypatch.setattr(clusters, "_MOST_FITTED", 30)
    found = clusters.kmeans(points, 3)
    np.testing.assert_array_equal(found.labels, np.array([2, 0, 1])[truth])
    mixed = np.random.default_rng(5).standard_normal((400, 6))
    labels = clusters.kmeans(mixed, 5, seed=2).labels
    drawn = np.sort(np.random.default_rng(2).choice(400, 30, replace=False))
    centres = KMeans(5, n_init=3, random_state=2).fit(mixed[drawn]).cluster_centers_
    nearest = np.linalg.norm(mixed[:, None] - centres, axis=2).argmin(axis=1)
    assert adjusted_rand_score(labels, nearest) == 1


def test_hdbscan_finds_the_heaps_and_the_noise() -> None:
    points, truth = heaps()
    far = np.array([[500.0, 500], [-400, 90]])
    found = clusters.hdbscan(np.concatenate([points, far]), 10)
    assert found.labels[-2:].tolist() == [-1, -1]
    inside = found.labels[:-2] >= 0
    np.testing.assert_array_equal(found.labels[:-2][inside], np.array([2, 0, 1])[truth][inside])
    assert found.noise == 2 + int((~inside).sum())
    assert sum(found.sizes) + found.noise == 122
    expected = HDBSCAN(min_cluster_size=10, copy=True).fit(np.concatenate([points, far])).labels_
    assert adjusted_rand_score(found.labels, expected) == 1


def test_hdbscan_of_large_groups_does_not_hold_as_many_neighbors_of_every_point() -> None:
    points = np.random.default_rng(1).standard_normal((3_000, 2)) + 9 * (np.arange(3_000) % 2)[:, None]
    clusters.hdbscan(points[:200], 5)  # imported
    tracemalloc.start()
    try:
        found = clusters.hdbscan(points, 1_200)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(found.sizes) == 2
    expected = HDBSCAN(min_cluster_size=1_200, min_samples=100, copy=True).fit(points).labels_
    assert adjusted_rand_score(found.labels, expected) == 1
    assert peak < 3_000 * 1_200 * 8  # the distances alone; 50,000 points by 50,000 would be 20 GB


def test_numbers_go_by_size_then_by_who_comes_first() -> None:
    labels = np.array([7, 3, -1, 3, 9, 7, 5, 5, 5, -2])
    found = clusters.by_size(labels)
    assert found.labels.tolist() == [1, 2, -1, 2, 3, 1, 0, 0, 0, -1]
    assert (found.sizes, found.noise) == ([3, 2, 2, 1], 2)


def test_few_and_equal_points() -> None:
    assert clusters.kmeans(np.zeros((0, 2)), 3) == (pytest.approx(np.empty(0)), [], 0)
    assert clusters.kmeans(np.ones((1, 2)), 3).labels.tolist() == [0]
    assert clusters.kmeans(np.ones((9, 2)), 3).sizes == [9]
    assert clusters.hdbscan(np.ones((3, 2)), 5).labels.tolist() == [-1, -1, -1]
    assert clusters.hdbscan(np.zeros((0, 2)), 5).sizes == []
    assert clusters.by_size(np.array([-1, -1])).sizes == []


def test_nonsense_is_refused() -> None:
    points = np.zeros((5, 2))
    with pytest.raises(BadSetting, match="The number of groups should be a whole number from 1 to 100, but is 0"):
        clusters.kmeans(points, 0)
    with pytest.raises(BadSetting, match=r"fewest words of a group should be a whole number from 2 .*, but is 1"):
        clusters.hdbscan(points, 1)
    for call in (clusters.kmeans, clusters.hdbscan):
        with pytest.raises(BadVectors, match="A point is not finite"):
            call(np.array([[0.0, np.inf]] * 20))
        with pytest.raises(BadVectors, match=r"not \(5,\)"):
            call(np.zeros(5))
