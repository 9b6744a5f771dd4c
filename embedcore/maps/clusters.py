"""Groups of points, to colour a map by.

Here belongs finding groups and numbering them; which points are given, those of the full space or
those on the map, is for whoever asks. scikit-learn is imported by what needs it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from embedcore import parallel
from embedcore.errors import BadVectors
from embedcore.maps.groups import BOUNDS, HDBSCAN, KMEANS, check

Floats = npt.NDArray[np.floating[Any]]
Labels = npt.NDArray[np.int32]

NOISE = -1  # the label of a point in no group
_STARTS = 3  # of which k-means keeps the best
_MOST_FITTED = 50_000  # points by which k-means finds its centres
_MOST_SAMPLES = 100  # neighbours by which HDBSCAN tells how densely a point lies: it holds as many for every point


class Clusters(NamedTuple):
    """Which group each point is in.

    Attributes:
        labels: (n,) int32, 0 for the largest group, then 1, and so on; -1 for a point in none.
        sizes: how many points each group has, falling.
        noise: how many points are in none.
    """

    labels: Labels
    sizes: list[int]
    noise: int


def kmeans(points: Floats, groups: int = 10, *, seed: int = 1) -> Clusters:
    """Points (n, d) in so many groups, each point with the nearest centre; fewer groups if points coincide.

    Lloyd's algorithm from k-means++, the best of three starts, as scikit-learn has them. Of points of length
    1 it groups by cosine, since their squared distance is 2 - 2 cosine. Of more than 50,000 points, so many
    drawn at random decide where the centres are. Raises BadSetting for a number of groups outside 1 to 100,
    BadVectors for points that are not finite.
    """
    _check(points)
    check(KMEANS, groups)
    few = len(points) <= BOUNDS[KMEANS][1]
    groups = min(groups, len(np.unique(points, axis=0)) if few else groups)
    if not len(points):
        return by_size(np.empty(0, dtype=np.int64))
    from sklearn.cluster import KMeans  # type: ignore[import-untyped]

    model = KMeans(n_clusters=groups, n_init=_STARTS, random_state=seed)
    with parallel.one_openmp_thread():
        if len(points) <= _MOST_FITTED:
            return by_size(model.fit(points).labels_)
        drawn = np.sort(np.random.default_rng(seed).choice(len(points), _MOST_FITTED, replace=False))
        return by_size(model.fit(points[drawn]).predict(points))


def hdbscan(points: Floats, least: int = 15) -> Clusters:
    """Points (n, d) in as many groups as lie densely, of at least so many points each; the rest in none.

    Campello, Moulavi and Sander, 2013, "Density-Based Clustering Based on Hierarchical Density
    Estimates", as scikit-learn has it; how densely a point lies is told by its `least` nearest, at most by 100.
    Meant for the two or three dimensions of a map; in many, nearly all is noise. Raises BadSetting for fewer
    than two points a group, BadVectors for points that are not finite.
    """
    _check(points)
    check(HDBSCAN, least)
    if len(points) < least:  # not even one group fits
        return by_size(np.full(len(points), NOISE))
    from sklearn import cluster

    with parallel.one_openmp_thread():
        model = cluster.HDBSCAN(min_cluster_size=least, min_samples=min(least, _MOST_SAMPLES), copy=True)
        return by_size(model.fit(points).labels_)


def by_size(labels: npt.NDArray[np.integer[Any]]) -> Clusters:
    """Groups numbered anew by falling size, of equal ones first the one that begins earlier; below 0 is noise."""
    inside = labels >= 0
    old, firsts, sizes = np.unique(labels[inside], return_index=True, return_counts=True)
    order = np.lexsort((firsts, -sizes))
    new = np.empty(len(old), dtype=np.int32)
    new[order] = np.arange(len(old))
    renamed = np.full(len(labels), NOISE, dtype=np.int32)
    renamed[inside] = new[np.searchsorted(old, labels[inside])] if len(old) else NOISE
    return Clusters(renamed, sizes[order].tolist(), int((~inside).sum()))


def _check(points: Floats) -> None:
    if points.ndim != 2:
        raise BadVectors(f"Points come as a matrix of shape (points, dimensions), not {points.shape}.")
    if not np.isfinite(points).all():
        raise BadVectors("A point is not finite, so it cannot be grouped.")
