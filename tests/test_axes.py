"""Axes that pairs span, against gensim and against numpy done by hand, on GloVe and on a set trained here."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

import embedcore
from embedcore.errors import BadVectors, UnknownWord
from embedcore.questions.axes import Axis, angle, problem
from embedcore.text import tokenize
from embedcore.training import TrainConfig, train
from embedcore.vectors import WordVectors
from tests.gensim_sets import keyed_vectors

SAMPLES = Path(embedcore.__file__).parent / "samples"
PAIRS = [("he", "she"), ("man", "woman"), ("king", "queen"), ("his", "her")]
JOBS = ["nurse", "engineer", "teacher", "pilot", "librarian", "korea", "the", ","]


@pytest.fixture(scope="module")
def trained() -> WordVectors:
    """A small Korean set, trained on the sample."""
    text = list(tokenize((SAMPLES / "korean.txt").read_text(encoding="utf-8")))
    return train(text, TrainConfig(dim=20, epochs=5, min_count=1, seed=3))


def cases(glove: WordVectors, trained: WordVectors) -> list[tuple[WordVectors, list[tuple[str, str]], list[str]]]:
    tokens = list(trained.tokens)
    return [
        (glove, PAIRS[:1], JOBS),
        (glove, PAIRS, JOBS),
        (trained, [(tokens[0], tokens[5])], tokens),
        (trained, [(tokens[0], tokens[5]), (tokens[7], tokens[2])], tokens),
    ]


def test_positions_equal_gensims_cosines(glove: WordVectors, trained: WordVectors) -> None:
    for vectors, pairs, words in cases(glove, trained):
        keyed = keyed_vectors(vectors)
        direction = np.mean([keyed.get_vector(a, norm=True) - keyed.get_vector(b, norm=True) for a, b in pairs], axis=0)
        expected = keyed.cosine_similarities(direction, np.stack([keyed[word] for word in words]))
        axis = Axis.of(vectors, pairs)
        np.testing.assert_allclose(axis.positions(vectors, words), expected, atol=1e-6)
        np.testing.assert_allclose(axis.direction, direction / np.linalg.norm(direction), atol=1e-6)
        assert np.linalg.norm(axis.direction) == pytest.approx(1, abs=1e-14)


def test_how_pairs_agree_by_hand(glove: WordVectors, trained: WordVectors) -> None:
    for vectors, pairs, _ in cases(glove, trained):
        differences = []
        for a, b in pairs:
            first, second = vectors[a].astype(np.float64), vectors[b].astype(np.float64)
            differences.append(first / math.hypot(*first) - second / math.hypot(*second))
        axis = Axis.of(vectors, pairs)
        for number, difference in enumerate(differences):
            whole = sum(differences)
            expected = difference @ whole / math.hypot(*difference) / math.hypot(*whole)
            assert axis.agreement[number] == pytest.approx(expected, abs=1e-12)
            others = whole - difference
            if len(pairs) == 1:
                assert math.isnan(axis.with_others[number])
            else:
                expected = difference @ others / math.hypot(*difference) / math.hypot(*others)
                assert axis.with_others[number] == pytest.approx(expected, abs=1e-12)


def test_pairs_about_the_same_agree_and_others_do_not(glove: WordVectors) -> None:
    axis = Axis.of(glove, [*PAIRS, ("tuesday", "potato")])
    assert axis.with_others[:4].min() > 0.3 > abs(axis.with_others[4])
    assert (axis.agreement > axis.with_others).all()  # each pair is part of what it is held against
    turned = Axis.of(glove, [*PAIRS[:3], ("her", "his")])
    assert turned.with_others[3] < 0 < turned.with_others[:3].min()
    assert turned.turned == (("her", "his"),)
    assert axis.turned == ()
    # Among three, one that is turned spoils the mean for all; it is still told which one it is.
    spoilt = Axis.of(glove, [PAIRS[0], ("her", "his"), PAIRS[1]])
    assert spoilt.with_others.max() < 0
    assert spoilt.turned == (("her", "his"),)
    assert Axis.of(glove, [PAIRS[0], ("her", "his")]).turned == ()  # of two, it could be either


def test_the_first_words_lie_at_the_positive_end(glove: WordVectors) -> None:
    axis = Axis.of(glove, PAIRS)
    he, she = axis.positions(glove, ["he", "she"])
    assert he > 0 > she
    back = Axis.of(glove, [(b, a) for a, b in PAIRS])
    np.testing.assert_allclose(back.positions(glove, JOBS), -axis.positions(glove, JOBS), atol=1e-12)


def test_the_length_of_vectors_plays_no_part() -> None:
    rows = np.random.default_rng(2).standard_normal((4, 6)).astype(np.float32)
    plain, scaled = (WordVectors("abcd", matrix) for matrix in (rows, rows * [[1], [8], [0.25], [64]]))
    for pairs in ([("a", "b")], [("a", "b"), ("c", "d")]):
        expected = Axis.of(plain, pairs).positions(plain, ["a", "b", "c", "d"])
        np.testing.assert_allclose(Axis.of(scaled, pairs).positions(scaled, ["a", "b", "c", "d"]), expected, atol=1e-7)


def test_angles(glove: WordVectors) -> None:
    flat = WordVectors("oxyd", [[0.001, 0.001], [1, 0], [0, 1], [-1, -1]])
    across, up = Axis.of(flat, [("x", "y")]), Axis.of(flat, [("o", "d")])
    assert angle(across, up) == pytest.approx(90)
    he_she, man_woman, year = (Axis.of(glove, [pair]) for pair in (PAIRS[0], PAIRS[1], ("2007", "1907")))
    expected = math.degrees(math.acos(float(he_she.direction @ man_woman.direction)))
    assert angle(he_she, man_woman) == angle(man_woman, he_she) == pytest.approx(expected, abs=1e-9)
    assert angle(he_she, man_woman) < angle(he_she, year)
    assert angle(he_she, he_she) == 0
    assert angle(he_she, Axis.of(glove, [("she", "he")])) == 180


def test_what_is_usual_is_where_two_thirds_of_the_frequent_words_lie(glove: WordVectors) -> None:
    axis = Axis.of(glove, PAIRS)
    low, high = axis.usual(glove)
    positions = np.sort(axis.positions(glove, glove.tokens[:2_000]))
    assert np.mean((positions >= low) & (positions <= high)) == pytest.approx(2 / 3, abs=0.002)
    assert np.mean(positions < low) == pytest.approx(1 / 6, abs=0.001)
    little = WordVectors("abz", [[1, 0], [0, 1], [0, 0]])
    low, high = Axis.of(little, [("a", "b")]).usual(little)  # the word without a direction does not count
    assert (low, high) == pytest.approx((-math.sqrt(0.5) + math.sqrt(2) / 6, math.sqrt(0.5) - math.sqrt(2) / 6))


def test_what_spans_no_axis_is_said() -> None:
    vectors = WordVectors(["a", "b", "double", "zero", "nan"], [[1, 2], [2, 1], [0.3, 0.6], [0, 0], [np.nan, 1]])
    with pytest.raises(BadVectors, match="An axis takes at least one pair of words"):
        Axis.of(vectors, [])
    for pair in [("a", "a"), ("a", "double")]:
        with pytest.raises(BadVectors, match=f"^“a” and “{pair[1]}” point the same way, so they span no axis"):
            Axis.of(vectors, [("a", "b"), pair])
    for word in ("zero", "nan"):
        assert problem(vectors, ("b", word)) == f"“{word}” has no direction in this set, so it spans no axis."
    with pytest.raises(BadVectors, match="cancel each other out"):
        Axis.of(vectors, [("a", "b"), ("b", "a")])
    with pytest.raises(UnknownWord, match="“c” is not in this set"):
        Axis.of(vectors, [("a", "c")])
    assert problem(vectors, ("a", "b")) is None
    positions = Axis.of(vectors, [("a", "b")]).positions(vectors, ["zero", "a", "nan"])
    assert np.isnan(positions).tolist() == [True, False, True]
    assert Axis.of(vectors, [("a", "b")]).positions(vectors, []).shape == (0,)


def test_two_pairs_of_which_one_has_no_others() -> None:
    """Without the third pair, the first two cancel each other out: nothing to hold it against."""
    vectors = WordVectors("abcd", [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]])
    axis = Axis.of(vectors, [("a", "b"), ("b", "a"), ("c", "d")])
    assert math.isnan(axis.with_others[2])
    assert axis.agreement[2] == pytest.approx(1)


def test_the_odd_one_out_and_how_odd_equal_gensims(glove: WordVectors, trained: WordVectors) -> None:
    tokens = list(trained.tokens)
    for vectors, questions in (
        (glove, [["breakfast", "cereal", "dinner", "lunch"], JOBS, ["king", "queen", "apple"]]),
        (trained, [tokens[:3], tokens[3:15], tokens]),
    ):
        keyed = keyed_vectors(vectors)
        for words in questions:
            cosines = dict(zip(words, vectors.mean_similarities(words), strict=True))
            expected = {word: cosine for cosine, word in keyed.rank_by_centrality(words)}
            assert cosines.keys() == expected.keys()
            for word, cosine in cosines.items():
                assert cosine == pytest.approx(expected[word], abs=1e-6)
            assert vectors.doesnt_match(words) == keyed.doesnt_match(words) == min(cosines, key=cosines.__getitem__)


def test_words_that_cancel_each_other_out_have_no_odd_one() -> None:
    vectors = WordVectors("abcdz", [[1, 0], [-2, 0], [0, 1], [0, -1], [0, 0]])
    with pytest.raises(BadVectors, match="cancel each other out, so none of them is the odd one"):
        vectors.doesnt_match(["a", "b", "c", "d"])
    assert np.isnan(vectors.mean_similarities(["a", "b"])).all()
    with_zero = vectors.mean_similarities(["a", "z", "c"])
    assert with_zero[[0, 2]] == pytest.approx(math.sqrt(0.5))
    assert math.isnan(with_zero[1])
