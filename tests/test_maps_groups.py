"""Asking for groups: their bounds, what makes two askings the same, and what groups are called."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from embedcore.errors import BadSetting
from embedcore.maps import groups, layouts
from embedcore.maps.groups import HDBSCAN, KMEANS
from embedcore.maps.request import MapRequest, SetAsked, WordsAsked
from embedcore.vectors import WordVectors

REQUEST = MapRequest(sets=(SetAsked("내 것", "a" * 64),), words=WordsAsked(count=150))


def key(request: MapRequest, how: str = KMEANS, number: int = 10) -> str:
    return groups.grouping_key(request, how, number)


def test_k_means_is_the_same_for_all_layouts_of_the_same_words() -> None:
    as_umap = replace(REQUEST, method=layouts.UMAP, dims=3, seed=7)
    renamed = replace(REQUEST, sets=(SetAsked("another name", "a" * 64),))
    assert key(REQUEST) == key(as_umap) == key(renamed)
    others = [
        replace(REQUEST, words=WordsAsked(count=151)),
        replace(REQUEST, words=WordsAsked(how="list", words=("왕",))),
        replace(REQUEST, sets=(SetAsked("내 것", "b" * 64),)),
        replace(REQUEST, sets=(SetAsked("내 것", "a" * 64), SetAsked("b", "b" * 64))),
    ]
    keys = {key(REQUEST), key(REQUEST, KMEANS, 11), *map(key, others)}
    assert len(keys) == 6
    assert all(len(one) == 64 for one in keys)


def test_hdbscan_is_of_one_layout() -> None:
    requests = [REQUEST, replace(REQUEST, dims=3), replace(REQUEST, method=layouts.UMAP)]
    requests.append(replace(requests[-1], seed=7))
    keys = {key(request, HDBSCAN, 15) for request in requests}
    assert len(keys) == 4
    assert key(REQUEST, HDBSCAN, 15) != key(REQUEST, HDBSCAN, 16)
    assert key(REQUEST, HDBSCAN, 10) != key(REQUEST, KMEANS, 10)


@pytest.mark.parametrize(
    ("how", "number", "says"),
    [
        ("by eye", 3, "Groups are found by one of k-means, HDBSCAN, not 'by eye'."),
        (KMEANS, 0, "The number of groups should be a whole number from 1 to 100, but is 0."),
        (KMEANS, 101, "The number of groups should be a whole number from 1 to 100, but is 101."),
        (KMEANS, True, "The number of groups should be a whole number from 1 to 100, but is True."),
        (HDBSCAN, 1, "The fewest words of a group should be a whole number from 2 to 1,000,000, but is 1."),
        (HDBSCAN, 2.5, "The fewest words of a group should be a whole number from 2 to 1,000,000, but is 2.5."),
    ],
)
def test_what_cannot_be_asked_for(how: str, number: int, says: str) -> None:
    with pytest.raises(BadSetting) as caught:
        groups.grouping_key(REQUEST, how, number)
    assert str(caught.value) == says


def test_a_group_is_called_after_the_words_at_its_centre() -> None:
    # Two fans of directions: those in the middle of each are nearest to its mean.
    angles = np.radians([0, 30, 15, 14, 17, 90, 120, 105, 106, 103, 200])
    tokens = ["a", "b", "middle", "beside", "near", "가", "나", "가운데", "곁", "옆", "alone"]
    lengths = np.linspace(0.1, 50, len(angles))[:, None]  # which do not matter
    vectors = WordVectors(tokens, lengths * np.stack([np.cos(angles), np.sin(angles)], axis=1))
    labels = np.array([0] * 5 + [1] * 5 + [-1])
    rows = np.arange(len(tokens))[None]
    assert groups.names([vectors], tokens, rows, labels, 12) == ["middle, beside, near", "가운데, 곁, 옆"]
    assert groups.names([vectors], tokens, rows, labels, 1) == ["middle, beside, near"]
    assert groups.names([vectors], tokens, rows, np.full(11, -1), 12) == []


def test_only_frequent_words_name_a_group() -> None:
    count = 300
    rng = np.random.default_rng(3)
    around = rng.normal(size=(count, 4)) * 0.5 + 1
    around[250] = around.mean(axis=0)  # nearer to the centre than any other, but rare
    vectors = WordVectors([f"w{n}" for n in range(count)], around)
    (name,) = groups.names([vectors], list(vectors.tokens), np.arange(count)[None], np.zeros(count, dtype=int), 12)
    units = around / np.linalg.norm(around, axis=1, keepdims=True)
    order = np.argsort(-(units @ units.mean(axis=0)))
    assert order[0] == 250
    assert name == ", ".join(f"w{n}" for n in order[order < 200][:3])


def test_of_two_sets_the_side_with_more_of_a_group_names_it() -> None:
    first = WordVectors(["cat", "dog", "cow", "sun"], np.array([[1, 0.2], [1, 0], [1, -0.2], [0, 1]]))
    second = WordVectors(["sun", "dog", "cat", "cow"], np.array([[0, 1.0], [0.05, 1], [-0.1, 1], [1, 0]]))
    words = ["cat", "dog", "cow", "sun"]
    rows = np.array([[0, 1, 2, 3], [2, 1, 3, 0]])
    # Group 0: the animals of the first set and the cow of the second; group 1: what is left.
    labels = np.array([0, 0, 0, 1, 1, 1, 0, 1])
    assert groups.names([first, second], words, rows, labels, 12) == ["dog, cat, cow", "sun, dog, cat"]
