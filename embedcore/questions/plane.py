"""A sum of words laid flat: the words, what they make together, and the answers, in one plane.

Here belongs the arithmetic that turns their vectors into places; `figures_plane` draws them. All
vectors have length 1 first, since it is their directions that a search compares.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from embedcore import search
from embedcore.projection import Projection, pca

Floats = npt.NDArray[np.floating[Any]]
Float64s = npt.NDArray[np.float64]

_FLAT = 1e-6  # of a unit vector; what is shorter is the rounding of float32


@dataclass(frozen=True, eq=False)
class Laid:
    """T words, the sum that they make and N answers in a plane.

    Attributes:
        asked: (T, 2) the words.
        made: (2,) the sum; for a parallelogram its fourth corner, else scaled to length 1,
            unless the words cancel each other out.
        found: (N, 2) the answers, each where its shadow falls.
        asked_off: (T,) how far the words are from the plane; 0 for the corners of a parallelogram.
        found_off: (N,) how far the answers are from it.
        corners: which words are a, b and c of b - a + c; None where the sum is another one.
        shown: how much of what sets the points apart by which the plane was chosen it shows, 0 to 1.
    """

    asked: Float64s
    made: Float64s
    found: Float64s
    asked_off: Float64s
    found_off: Float64s
    corners: tuple[int, int, int] | None
    shown: float


def lay_flat(vectors: Floats, weights: Sequence[float], answers: Floats) -> Laid:
    """The picture of a sum of T `vectors` (T, D), all with a direction, and of its `answers` (N, D).

    For b - a + c the plane is that of a, b and c, which holds the fourth corner too, with a at its
    origin and b to the right. For another sum, or where these lie on one line, it is the plane that
    shows most of the words and their sum (principal component analysis), with the answers if
    the words and their sum fill no plane.
    """
    words, others = search.unit(vectors), search.unit(answers)  # (T, D), (N, D)
    made = np.asarray(weights, dtype=np.float64) @ words  # (D,)
    corners = _corners(weights)
    flat = None if corners is None else parallelogram(*words[[*corners]])
    if flat is None:
        corners = None
        made = search.unit(made) if np.linalg.norm(made) >= _FLAT else np.zeros_like(made)
        points = np.concatenate([words, made[None]])  # (T + 1, D)
        if np.linalg.matrix_rank(points - points[0], tol=_FLAT) < 2:
            points = np.concatenate([points, others])
        flat = pca(points)
    return Laid(
        flat.apply(words), flat.apply(made), flat.apply(others), off(flat, words), off(flat, others), corners,
        float(flat.explained.sum()),
    )  # fmt: skip


def parallelogram(a: Floats, b: Floats, c: Floats) -> Projection | None:
    """The plane of three points (D,): a is its origin, b lies to the right of it, and c above; None for a line."""
    right = np.asarray(b, dtype=np.float64) - a  # (D,)
    side = np.asarray(c, dtype=np.float64) - a  # (D,)
    length = np.linalg.norm(right)
    if length < _FLAT:
        return None
    right /= length
    up = side - (side @ right) * right  # (D,)
    up -= (up @ right) * right  # once more, for what rounding left
    height = np.linalg.norm(up)
    if height < _FLAT:
        return None
    return Projection(np.asarray(a, dtype=np.float64), np.stack([right, up / height], axis=1), np.array([1.0, 0.0]))


def off(flat: Projection, points: Floats) -> Float64s:
    """How far points (N, D) are from a plane: (N,)."""
    rest = np.asarray(points, dtype=np.float64) - flat.mean - flat.apply(points) @ flat.basis.T  # (N, D)
    return np.asarray(np.linalg.norm(rest, axis=1))


def _corners(weights: Sequence[float]) -> tuple[int, int, int] | None:
    """Which of three words are a, b and c of b - a + c."""
    if sorted(weights) != [-1, 1, 1]:
        return None
    a = list(weights).index(-1)
    b, c = (place for place in range(3) if place != a)
    return a, b, c
