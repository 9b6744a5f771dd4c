"""Two sets held against each other, remembered: the same answers, and nothing is looked for twice."""

from __future__ import annotations

import numpy as np
import pytest

from embedcore.questions import overlap
from embedcore.ui.compare import pairs_of_sets
from embedcore.ui.compare.pairs_of_sets import Pair
from embedcore.vectors import WordVectors

WORDS = [f"w{number}" for number in range(40)]
SPELT = [(word, word) for word in WORDS]


def made(seed: int) -> WordVectors:
    return WordVectors(WORDS, np.random.default_rng(seed).standard_normal((len(WORDS), 6)))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The words of every look into the sets from now on."""
    seen: list[list[str]] = []
    compare = overlap.compare

    def noted(
        first: WordVectors, second: WordVectors, words: list[tuple[str, str]], *rest: int, **more: object
    ) -> object:
        seen.append([word for word, _ in words])
        return compare(first, second, words, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(overlap, "compare", noted)
    return seen


def test_one_word_more_asks_about_that_word_alone(asked: list[list[str]]) -> None:
    first, second = made(0), made(1)
    pair = Pair(first, second)
    assert pair.compare(SPELT[:3], 5) == overlap.compare(first, second, SPELT[:3], 5)
    asked.clear()
    found = pair.compare([SPELT[7], *SPELT[:3], SPELT[7]], 5)
    assert asked == [["w7"]]
    assert [one.words[0] for one in found] == ["w7", "w0", "w1", "w2", "w7"]
    pair.compare(SPELT[:1], 6)
    pair.compare(SPELT[:1], 5, among=20)
    pair.compare(SPELT[:1], 5)
    assert asked == [["w7"], ["w0"], ["w0"]]


def test_among_the_most_frequent_words_of_both() -> None:
    [one] = Pair(made(0), made(1)).compare(SPELT[30:31], 5, among=10)
    assert {neighbor.word for near in one.near for neighbor in near} <= set(WORDS[:10])


def test_many_words_are_looked_for_in_parts_and_progress_is_told(
    monkeypatch: pytest.MonkeyPatch, asked: list[list[str]]
) -> None:
    monkeypatch.setattr(pairs_of_sets, "_AT_ONCE", 15)
    first, second = made(0), made(1)
    told: list[float] = []
    found = Pair(first, second).compare(SPELT, 4, on_progress=told.append)
    assert told == [0, 15 / 40, 30 / 40]
    assert list(map(len, asked)) == [15, 15, 10]
    assert found == overlap.compare(first, second, SPELT, 4)


def test_what_was_asked_long_ago_is_forgotten(asked: list[list[str]]) -> None:
    pair = Pair(made(0), made(1), most=2 * 5 * 10)  # ten words
    pair.compare(SPELT[:10], 5)
    pair.compare(SPELT[10:12], 5)
    asked.clear()
    pair.compare(SPELT[2:12], 5)
    assert asked == []
    pair.compare(SPELT[:1], 5)
    assert asked == [["w0"]]
