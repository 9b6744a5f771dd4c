"""The order that puts alike words together, held to a clustering done by hand and to a search of all orders."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from embedcore.questions.clustering import order_alike
from embedcore.search import cosine_matrix
from embedcore.vectors import WordVectors

Tree = int | tuple["Tree", "Tree"]


def mean_linkage(distances: np.ndarray) -> Tree:
    """The tree of hierarchical clustering by the mean distance of all pairs, by trying every merger."""
    clusters: list[tuple[Tree, list[int]]] = [(row, [row]) for row in range(len(distances))]
    while len(clusters) > 1:
        a, b = min(
            itertools.combinations(range(len(clusters)), 2),
            key=lambda pair: distances[np.ix_(clusters[pair[0]][1], clusters[pair[1]][1])].mean(),
        )
        merged = ((clusters[a][0], clusters[b][0]), clusters[a][1] + clusters[b][1])
        clusters = [cluster for place, cluster in enumerate(clusters) if place not in (a, b)] + [merged]
    return clusters[0][0]


def orders(tree: Tree) -> list[list[int]]:
    """Every order of leaves that a tree allows."""
    if isinstance(tree, int):
        return [[tree]]
    lefts, rights = orders(tree[0]), orders(tree[1])
    return [part for left in lefts for right in rights for part in (left + right, right + left)]


def jumps(order: list[int], distances: np.ndarray) -> float:
    return float(sum(distances[a, b] for a, b in itertools.pairwise(order)))


@pytest.mark.parametrize("seed", range(5))
def test_it_is_the_best_of_all_orders_that_the_tree_allows(seed: int) -> None:
    cosines = cosine_matrix(np.random.default_rng(seed).normal(size=(8, 4)))
    distances = 1 - cosines
    allowed = orders(mean_linkage(distances))
    found = order_alike(cosines).tolist()
    assert found in allowed
    assert jumps(found, distances) == pytest.approx(min(jumps(order, distances) for order in allowed))
    assert max(jumps(order, distances) for order in allowed) > jumps(found, distances) + 0.1
    assert found.index(0) <= 3  # of the two directions, the one that begins nearer to the first word


@pytest.mark.parametrize("count", [60, 300])
def test_it_is_never_worse_than_scipys(count: int) -> None:
    from scipy.cluster.hierarchy import leaves_list, linkage

    cosines = cosine_matrix(np.random.default_rng(count).normal(size=(count, 8)))
    distances = 1 - cosines
    tree = linkage(distances[np.triu_indices(count, k=1)], method="average", optimal_ordering=True)
    assert jumps(order_alike(cosines).tolist(), distances) <= jumps(leaves_list(tree).tolist(), distances) + 1e-9


def test_a_tree_that_is_one_long_chain() -> None:
    angles = np.linspace(0, 1, 400) ** 4  # each next one farther away than all before
    order = order_alike(cosine_matrix(np.stack([np.cos(angles), np.sin(angles)], axis=1)))
    assert order[-1] == 399
    assert np.abs(np.diff(order)).mean() < 1.1


def test_words_of_one_kind_come_together(glove: WordVectors) -> None:
    words = ["king", "apple", "paris", "queen", "pear", "london", "prince", "banana", "berlin"]
    order = order_alike(glove.similarity_matrix(words))
    kinds = ["royal", "fruit", "city"]
    assert len([*itertools.groupby(kinds[place % 3] for place in order)]) == 3
    assert sorted(order) == list(range(9))


def test_words_without_a_direction_come_last_in_their_order() -> None:
    vectors = np.random.default_rng(1).normal(size=(7, 3))
    vectors[1], vectors[4] = 0, np.nan
    order = order_alike(cosine_matrix(vectors)).tolist()
    assert order[-2:] == [1, 4]
    others = [0, 2, 3, 5, 6]
    alone = order_alike(cosine_matrix(vectors[others]))
    assert order[:-2] == [others[place] for place in alone]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_words_stay_as_they_are(count: int) -> None:
    assert order_alike(cosine_matrix(np.eye(3)[:count])).tolist() == list(range(count))


def test_equal_words_are_neighbours() -> None:
    vectors = np.array([[1, 0], [0, 1], [1, 0], [0, 1], [2, 0]], dtype=np.float64)
    order = order_alike(cosine_matrix(vectors)).tolist()
    assert len([*itertools.groupby(place % 2 for place in order)]) == 2
