"""Remembered neighbours: the same as found anew, asked for once, and no more of them than allowed."""

from __future__ import annotations

import gc
import threading
from collections.abc import Sequence
from typing import Any
from weakref import ref

import numpy as np
import pytest

from embedcore.errors import UnknownWord
from embedcore.ui.asking.remembered import Remembered
from embedcore.vectors import Neighbor, WordVectors


class Counting(WordVectors):
    """A set that notes which words it was asked about."""

    asked: list[str]

    def most_similar_each(self, words: Sequence[str], topn: int = 10, **more: Any) -> list[list[Neighbor]]:
        self.asked = [*getattr(self, "asked", []), *words]
        return super().most_similar_each(words, topn, **more)


@pytest.fixture
def vectors() -> Counting:
    return Counting([f"w{row}" for row in range(60)], np.random.default_rng(2).normal(size=(60, 5)))


def test_what_is_remembered_is_what_would_be_found(vectors: Counting) -> None:
    remembered = Remembered()
    some = np.array([3, 5, 8, 13])
    other = np.array([3, 5, 8, 14])
    for topn, within in [(3, None), (4, None), (3, 20), (3, some), (3, other), (3, np.array([], dtype=np.int64))]:
        for words in (["w1", "w2"], ["w2", "w3", "w1"], [], ["w1", "w1"]):
            found = remembered.each(vectors, words, topn, within)
            assert found == WordVectors.most_similar_each(vectors, words, topn, within=within)


def test_only_the_new_word_is_looked_for(vectors: Counting) -> None:
    remembered = Remembered()
    remembered.each(vectors, ["w1", "w2", "w3"], 5)
    remembered.each(vectors, ["w1", "w2", "w4"], 5)
    assert vectors.asked == ["w1", "w2", "w3", "w4"]
    remembered.each(vectors, ["w1"], 6)
    assert vectors.asked[4:] == ["w1"]


def test_another_set_with_the_same_words_is_another(vectors: Counting) -> None:
    remembered = Remembered()
    turned = WordVectors(vectors.tokens, vectors.matrix[::-1].copy())
    assert remembered.each(vectors, ["w1"], 5) != remembered.each(turned, ["w1"], 5)


def test_the_oldest_are_forgotten(vectors: Counting) -> None:
    remembered = Remembered(most=23)  # two answers of ten, and a little
    remembered.each(vectors, ["w1"], 10)
    remembered.each(vectors, ["w2"], 10)
    remembered.each(vectors, ["w1"], 10)
    remembered.each(vectors, ["w3"], 10)
    assert vectors.asked == ["w1", "w2", "w3"]
    remembered.each(vectors, ["w1"], 10)  # asked for after the second, so it stayed
    remembered.each(vectors, ["w2"], 10)
    assert vectors.asked == ["w1", "w2", "w3", "w2"]
    many = [f"w{row}" for row in range(60)]
    assert remembered.each(vectors, many, 10) == WordVectors.most_similar_each(vectors, many, 10)


def test_a_set_that_is_gone_is_not_kept(vectors: Counting) -> None:
    remembered = Remembered()
    short_lived = WordVectors(vectors.tokens, vectors.matrix)
    remembered.each(short_lived, ["w1"], 5)
    watched = ref(short_lived)
    del short_lived
    gc.collect()
    assert watched() is None


def test_an_unknown_word_spoils_nothing(vectors: Counting) -> None:
    remembered = Remembered()
    with pytest.raises(UnknownWord):
        remembered.each(vectors, ["w1", "nobody"], 5)
    assert remembered.each(vectors, ["w1"], 5) == WordVectors.most_similar_each(vectors, ["w1"], 5)


def test_several_at_once(vectors: Counting) -> None:
    remembered = Remembered(most=60)
    expected = WordVectors.most_similar_each(vectors, list(vectors.tokens), 5)
    wrong: list[int] = []

    def ask(seed: int) -> None:
        for rows in np.random.default_rng(seed).integers(0, 60, size=(100, 4)).tolist():
            if remembered.each(vectors, [f"w{row}" for row in rows], 5) != [expected[row] for row in rows]:
                wrong.append(seed)

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
