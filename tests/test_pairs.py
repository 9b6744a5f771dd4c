"""Pairs by cosine, held to a plain sort of all of them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from embedcore.questions.pairs import ranked
from embedcore.search import cosine_matrix


def listed(pairs: object) -> list[tuple[int, int]]:
    return [*zip(pairs.firsts.tolist(), pairs.seconds.tolist(), strict=True)]  # type: ignore[attr-defined]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 40])
def test_all_pairs_each_once_the_closest_first(count: int) -> None:
    cosines = cosine_matrix(np.random.default_rng(count).normal(size=(count, 5)))
    pairs = ranked(cosines)
    by_hand = sorted(itertools.combinations(range(count), 2), key=lambda pair: -cosines[pair])
    assert listed(pairs) == by_hand
    assert pairs.cosines.tolist() == [cosines[pair] for pair in by_hand]
    assert listed(pairs.farthest_first()) == by_hand[::-1]


def test_ties_go_by_place_in_both_directions() -> None:
    pairs = ranked(np.array([[1, 0.5, 0.5], [0.5, 1, 0.5 + 1e-15], [0.5, 0.5 + 1e-15, 1]]))
    assert listed(pairs) == listed(pairs.farthest_first()) == [(0, 1), (0, 2), (1, 2)]


def test_a_word_without_a_direction_is_in_no_pair() -> None:
    vectors = np.array([[1, 0], [0, 0], [0, 1], [np.inf, 1]])
    assert listed(ranked(cosine_matrix(vectors))) == [(0, 2)]
