"""Pairs by cosine, held to a plain sort of all of them, and to gensim."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from embedcore.questions.pairs import ranked
from embedcore.samples import SAMPLES
from embedcore.search import cosine_matrix
from embedcore.text import tokenize
from embedcore.training import TrainConfig, train
from embedcore.vectors import WordVectors
from tests.gensim_sets import keyed_vectors


@pytest.fixture(scope="module")
def trained() -> WordVectors:
    return train(list(tokenize(SAMPLES["Korean"].text)), TrainConfig(dim=12, min_count=1, epochs=2))


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


@pytest.mark.parametrize("name", ["glove", "trained"])
def test_pairs_of_words_are_those_of_gensim(request: pytest.FixtureRequest, name: str) -> None:
    vectors: WordVectors = request.getfixturevalue(name)
    keyed, words = keyed_vectors(vectors), vectors.tokens[5:120:7]
    pairs = ranked(vectors.similarity_matrix(words))
    theirs = [float(keyed.similarity(words[first], words[second])) for first, second in listed(pairs)]
    np.testing.assert_allclose(pairs.cosines, theirs, atol=1e-6)
    assert sorted(listed(pairs)) == [*itertools.combinations(range(len(words)), 2)]
    assert (np.diff(pairs.cosines) <= 0).all()


def test_ties_go_by_place_in_both_directions() -> None:
    pairs = ranked(np.array([[1, 0.5, 0.5], [0.5, 1, 0.5 + 1e-15], [0.5, 0.5 + 1e-15, 1]]))
    assert listed(pairs) == listed(pairs.farthest_first()) == [(0, 1), (0, 2), (1, 2)]


def test_a_word_without_a_direction_is_in_no_pair() -> None:
    vectors = np.array([[1, 0], [0, 0], [0, 1], [np.inf, 1]])
    assert listed(ranked(cosine_matrix(vectors))) == [(0, 2)]
