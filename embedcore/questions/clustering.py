"""Putting alike words next to each other: an order of rows for a matrix of similarities.

Here belongs finding the order. How similarities come about is in `search`, drawing them in
`figures_heat`. scipy, which builds the tree, is imported by what needs it, not with this module.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Float64s = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]


def order_alike(cosines: npt.NDArray[np.floating[Any]]) -> Rows:
    """The places of N words in an order that puts alike ones together: (N,), from their cosines (N, N).

    Hierarchical clustering by mean distance, 1 - cosine (UPGMA; Sokal and Michener, 1958), and
    of the orders that its tree allows the one in which neighbours are most alike in sum
    (Bar-Joseph, Gifford and Jaakkola, 2001, "Fast optimal leaf ordering for hierarchical
    clustering"). Of an order and its reverse, which are equally good, it is the one that begins
    nearer to the first word. Words without a direction, whose cosines are NaN, come last.
    """
    directed = ~np.isnan(np.diagonal(cosines))
    asked, rest = np.flatnonzero(directed), np.flatnonzero(~directed)  # (n,), (N - n,)
    if len(asked) > 2:
        order = _best_order(1.0 - np.asarray(cosines, dtype=np.float64)[np.ix_(asked, asked)])
        place_of_first = int(np.flatnonzero(order == 0)[0])
        asked = asked[order if place_of_first <= (len(order) - 1) / 2 else order[::-1]]
    return np.concatenate([asked, rest])


@dataclass(frozen=True, eq=False)
class _Node:
    """A part of the tree: a leaf, or two parts that lie next to each other in every order.

    `leaves` (n,) are those of `left` before those of `right`. `costs` (l, r) say of each leaf of
    `left` and each of `right` how little all neighbours differ in sum if these two are the ends. Since
    the ends always lie on different sides, that is all there is to know of a part.
    """

    leaves: Rows
    left: _Node | None = None
    right: _Node | None = None
    costs: Float64s | None = None


def _best_order(distances: Float64s) -> Rows:
    """The best order of n > 1 things with these distances (n, n). scipy's own misses it (its issue 11227)."""
    from scipy.cluster.hierarchy import linkage

    pairs = np.maximum(distances[np.triu_indices(len(distances), k=1)], 0.0)  # (n * (n - 1) / 2,), as scipy has them
    nodes = [_Node(np.array([leaf])) for leaf in range(len(distances))]
    for one, other in linkage(pairs, method="average")[:, :2].astype(int).tolist():
        nodes.append(_joined(nodes[one], nodes[other], distances))
    root = nodes[-1]
    assert root.left is not None  # there are two things or more
    assert root.right is not None
    assert root.costs is not None
    first, last = np.unravel_index(int(root.costs.argmin()), root.costs.shape)
    order: list[int] = []
    todo = [(root, int(root.left.leaves[first]), int(root.right.leaves[last]))]
    while todo:  # a loop, since a tree of hundreds of words may be one long chain
        node, begin, end = todo.pop()
        if node.left is None or node.right is None:
            order.append(begin)
            continue
        left, right = (node.left, node.right) if begin in node.left.leaves else (node.right, node.left)
        inner_left, to_left = _far_ends(left, begin)
        inner_right, to_right = _far_ends(right, end)
        costs = to_left[:, None] + distances[np.ix_(inner_left, inner_right)] + to_right
        a, b = np.unravel_index(int(costs.argmin()), costs.shape)
        todo += [(right, int(inner_right[b]), end), (left, begin, int(inner_left[a]))]
    return np.array(order)


def _joined(left: _Node, right: _Node, distances: Float64s) -> _Node:
    """Two parts next to each other."""
    between = distances[np.ix_(left.leaves, right.leaves)]  # (l, r)
    costs = _carried(right, _carried(left, between).T).T  # (l, r)
    return _Node(np.concatenate([left.leaves, right.leaves]), left, right, costs)


def _carried(node: _Node, costs: Float64s) -> Float64s:
    """From costs (n, m) at one end of a part with n leaves to those at its other end: (n, m)."""
    if node.costs is None:
        return costs
    split = len(node.costs)
    return np.concatenate([_least_sums(node.costs, costs[split:]), _least_sums(node.costs.T, costs[:split])])


def _least_sums(a: Float64s, b: Float64s) -> Float64s:
    """The matrix product of (n, k) and (k, m) with sums for products and minima for sums: (n, m)."""
    (n, k), m = a.shape, b.shape[1]
    if k <= min(n, m):  # steps along the shortest side
        least = np.full((n, m), np.inf)
        for step in range(k):
            np.minimum(least, a[:, step, None] + b[step], out=least)
        return least
    if n <= m:
        return np.stack([(row[:, None] + b).min(axis=0) for row in a])
    return np.stack([(a + column).min(axis=1) for column in b.T], axis=1)


def _far_ends(node: _Node, end: int) -> tuple[Rows, Float64s]:
    """The leaves that can be the other end of a part that begins with `end`, and the costs of each: (k,), (k,)."""
    if node.costs is None or node.left is None or node.right is None:
        return node.leaves, np.zeros(1)
    place = np.flatnonzero(node.leaves == end)[0]
    split = len(node.costs)
    if place < split:
        return node.right.leaves, node.costs[place]
    return node.left.leaves, node.costs[:, place - split]
