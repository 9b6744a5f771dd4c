"""Two sets held against each other: shared words, overlapping neighbors, second-order similarity."""

from __future__ import annotations

import numpy as np
import pytest
from gensim.models import KeyedVectors

from embedcore.errors import BadVectors, UnknownWord
from embedcore.questions import overlap
from embedcore.samples import SAMPLES
from embedcore.text import tokenize
from embedcore.training import TrainConfig, train
from embedcore.training.trainer import Trainer
from embedcore.vectors import WordVectors


def made(tokens: list[str], seed: int = 0, **details: object) -> WordVectors:
    matrix = np.random.default_rng(seed).standard_normal((len(tokens), 8)).astype(np.float32)
    return WordVectors(tokens, matrix, **details)  # type: ignore[arg-type]


def pairs(first: WordVectors, second: WordVectors, shared: overlap.Shared) -> list[tuple[str, str]]:
    rows = zip(shared.first.tolist(), shared.second.tolist(), strict=True)
    return [(first.tokens[one], second.tokens[other]) for one, other in rows]


@pytest.fixture(scope="module")
def trained() -> WordVectors:
    """A set trained from nothing on the English sample."""
    return train(sentences(), TrainConfig(dim=24, min_count=1, epochs=8, seed=3))


@pytest.fixture(scope="module")
def tuned(glove: WordVectors) -> WordVectors:
    """GloVe's words of the English sample, tuned on it."""
    config = TrainConfig(dim=50, min_count=1, epochs=8, pretrained="glove.6B.50d")
    trainer = Trainer(sentences(), config, start_from=glove)
    trainer.run()
    return trainer.word_vectors()


def sentences() -> list[list[str]]:
    return list(tokenize(SAMPLES["English"].text, "words"))


# Which words both have


def test_shared_words_are_those_of_both_whichever_set_is_larger(glove: WordVectors, trained: WordVectors) -> None:
    here = set(trained.tokens) & set(glove.tokens)
    lacking = [word for word in trained.tokens if word not in here]
    for first, second, side in ((glove, trained, 1), (trained, glove, 0)):
        shared = overlap.shared_words(first, second)
        named = pairs(first, second, shared)
        assert all(one == other for one, other in named)
        assert len(named) == len(here)
        assert {one for one, _ in named} == here
        own, others = shared.alone[side], shared.alone[1 - side]
        assert own.count == len(lacking)
        assert [trained.tokens[row] for row in own.rows.tolist()] == lacking[:100]
        assert others.count == 400_000 - len(here)
        assert len(others.rows) == 100
        assert not shared.folded


def test_shared_words_come_by_the_product_of_their_places() -> None:
    first, second = made(["a", "b", "c", "d", "only"]), made(["c", "x", "y", "z", "a", "d", "b"])
    shared = overlap.shared_words(first, second)
    places = {"a": 1 * 5, "b": 2 * 7, "c": 3 * 1, "d": 4 * 6}
    assert [one for one, _ in pairs(first, second, shared)] == sorted(places, key=places.__getitem__)
    assert shared.alone[0].rows.tolist() == [4]
    assert shared.alone[1].rows.tolist() == [1, 2, 3]


def test_case_is_let_go_where_one_set_is_lower_cased() -> None:
    cased = made(["the", "Korea", "us", "KOREA", "korea", "US", "한국", "Ärger", "Lone", "LONE", "lone"])
    lower = made(["korea", "the", "us", "ärger", "한국", "other"])
    for first, second, side in ((cased, lower, 0), (lower, cased, 1)):
        shared = overlap.shared_words(first, second)
        assert shared.folded
        found = {pair[1 - side]: pair[side] for pair in pairs(first, second, shared)}
        assert found == {"korea": "Korea", "the": "the", "us": "us", "ärger": "Ärger", "한국": "한국"}
        assert [shared.alone[side].count, shared.alone[1 - side].count] == [1, 1]
        assert shared.alone[side].rows.tolist() == [8]
    both_cased = overlap.shared_words(cased, made(["korea", "Korea"]))
    assert not both_cased.folded
    assert sorted(pairs(cased, made(["korea", "Korea"]), both_cased)) == [("Korea", "Korea"), ("korea", "korea")]


def test_a_repeated_word_is_its_first_row() -> None:
    first, second = made(["a", "b", "a", "c", "c"]), made(["x", "a", "a"])
    for one, other, ours, theirs in ((first, second, 0, 1), (second, first, 1, 0)):
        shared = overlap.shared_words(one, other)
        assert (shared.first.tolist(), shared.second.tolist()) == ([ours], [theirs])
        assert sorted(alone.count for alone in shared.alone) == [1, 3]  # x; b and both rows of c


def test_sets_without_a_word_in_common() -> None:
    first, second = made(["a", "b"]), made(["한", "글"])
    shared = overlap.shared_words(first, second)
    assert len(shared) == 0
    assert shared.by_chance(10) == 0
    assert overlap.compare(first, second, []) == []
    with pytest.raises(UnknownWord, match="“a” is not in this set"):
        overlap.compare(first, second, ["a"])
    [alone] = overlap.compare(first, second, [("a", "한")])
    assert (alone.near, alone.common) == (([], []), 0)
    assert np.isnan([alone.jaccard, alone.second_order]).all()


# Whether neighbors are the right ones


def by_gensim(vectors: WordVectors, words: list[str]) -> KeyedVectors:
    keyed = KeyedVectors(vectors.dim)
    keyed.add_vectors(words, np.stack([vectors[word] for word in words]))
    return keyed


@pytest.mark.parametrize("name", ["trained", "tuned"])
def test_neighbors_overlap_as_gensims_do(glove: WordVectors, name: str, request: pytest.FixtureRequest) -> None:
    other: WordVectors = request.getfixturevalue(name)
    shared = overlap.shared_words(glove, other)
    both = [one for one, _ in pairs(glove, other, shared)]
    keyed = [by_gensim(glove, both), by_gensim(other, both)]
    asked = both[:40] + both[-10:]
    compared = overlap.compare(glove, other, asked, 12, shared=shared)
    for word, found in zip(asked, compared, strict=True):
        expected = [dict(one.most_similar(word, topn=12)) for one in keyed]
        for near, by_word in zip(found.near, expected, strict=True):
            assert {neighbor.word for neighbor in near} == set(by_word)
            assert [neighbor.similarity for neighbor in near] == pytest.approx(list(by_word.values()), abs=1e-6)
        common, union = set(expected[0]) & set(expected[1]), sorted(set(expected[0]) | set(expected[1]))
        assert {found.near[0][here].word for here, _ in found.same} == common
        assert all(found.near[0][here].word == found.near[1][there].word for here, there in found.same)
        assert found.jaccard == pytest.approx(len(common) / len(union))
        profiles = [np.array([one.similarity(word, near) for near in union], dtype=float) for one in keyed]
        lengths = [np.linalg.norm(profile) for profile in profiles]
        assert found.second_order == pytest.approx(profiles[0] @ profiles[1] / lengths[0] / lengths[1], abs=1e-6)


def test_tuning_keeps_more_neighbors_than_training_anew(
    glove: WordVectors, trained: WordVectors, tuned: WordVectors
) -> None:
    def mean(other: WordVectors) -> float:
        shared = overlap.shared_words(glove, other)
        words = pairs(glove, other, shared)[:100]
        return float(np.mean([one.common for one in overlap.compare(glove, other, words, shared=shared)]))

    chance = overlap.shared_words(glove, trained).by_chance(10)
    assert chance < 1
    assert mean(tuned) > mean(trained) > chance


def test_a_set_agrees_wholly_with_itself_also_turned(glove: WordVectors) -> None:
    rotation, _ = np.linalg.qr(np.random.default_rng(1).standard_normal((50, 50)))
    small = WordVectors(glove.tokens[:5_000], glove.matrix[:5_000])
    turned = WordVectors(small.tokens, 3 * small.matrix @ rotation)
    for one in overlap.compare(small, turned, ["king", "of", "korea"], 10):
        assert one.jaccard == 1
        assert one.second_order == pytest.approx(1, abs=1e-6)
        assert all(abs(here - there) <= 1 for here, there in one.same)


def test_neighbors_among_fewer_words_or_all_of_each_set(glove: WordVectors, trained: WordVectors) -> None:
    shared = overlap.shared_words(trained, glove)
    frequent = {one for one, _ in pairs(trained, glove, shared)[:50]}
    word = pairs(trained, glove, shared)[60][0]
    [few] = overlap.compare(trained, glove, [word], 8, within=shared.rows(50))
    assert all({neighbor.word for neighbor in near} <= frequent for near in few.near)
    [everywhere] = overlap.compare(trained, glove, [word], 8, within=(None, None))
    assert everywhere.near[1] == glove.most_similar(word, topn=8)
    assert any(neighbor.word not in trained for neighbor in everywhere.near[1])
    assert 0 < everywhere.second_order <= 1


def test_a_word_can_be_spelt_otherwise_in_each_set() -> None:
    cased, lower = made(["Korea", "Seoul", "Japan", "tea"]), made(["korea", "seoul", "japan", "tea"])
    assert overlap.compare(cased, lower, [("Korea", "korea")])[0].jaccard == 1
    with pytest.raises(UnknownWord, match="“korea” is not in this set"):
        overlap.compare(cased, lower, ["korea"])


def test_words_without_a_direction_have_no_measure_and_come_last() -> None:
    words = ["a", "b", "c", "d", "e"]
    first, matrix = made(words, 1), made(words, 1).matrix.copy()
    matrix[1], matrix[2] = 0, -matrix[2]
    compared = overlap.compare(first, WordVectors(words, matrix), words, 2)
    assert np.isnan([compared[1].jaccard, compared[1].second_order]).all()
    order = overlap.most_different_first(compared)
    assert order[-1] == 1
    measured = [compared[place].jaccard for place in order[:-1]]
    assert measured == sorted(measured)


def test_nonsense_is_refused() -> None:
    first = made(["a", "b"])
    with pytest.raises(BadVectors, match="At least 1 neighbour has to be compared, not 0"):
        overlap.compare(first, first, ["a"], 0)


def test_chance_is_what_unrelated_sets_share() -> None:
    words = [f"w{number}" for number in range(400)]
    first, second = made(words, 5), made(words, 6)
    shared = overlap.shared_words(first, second)
    mean = np.mean([one.common for one in overlap.compare(first, second, words, 20, shared=shared)])
    assert shared.by_chance(20) == pytest.approx(400 / 399)
    assert mean == pytest.approx(shared.by_chance(20), abs=0.25)
    assert shared.by_chance(20, among=41) == 10
