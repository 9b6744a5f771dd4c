"""Which points a map has: rows, and the words left out and why; two sets turned towards each other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy.linalg import orthogonal_procrustes

from embedcore import search
from embedcore.errors import BadSetting, BadVectors
from embedcore.maps import alignment
from embedcore.maps.request import WordsAsked
from embedcore.maps.selection import MISSING, NO_DIRECTION, REPEATED, LeftOut, Selection, select
from embedcore.questions.overlap import shared_words
from embedcore.vectors import WordVectors


def numbers(rows: int, dim: int = 6, seed: int = 0) -> npt.NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal((rows, dim)).astype(np.float32)


def listed(*words: str) -> WordsAsked:
    return WordsAsked(how="list", words=words)


def near(*words: str, count: int) -> WordsAsked:
    return WordsAsked(how="near", words=words, count=count)


def told(selection: Selection) -> list[tuple[str, int, tuple[str, ...], str | None]]:
    return [(one.reason, one.count, one.words, one.set_name) for one in selection.left_out]


# One set


def test_the_most_frequent_words_are_the_first_rows(glove: WordVectors) -> None:
    chosen = select([glove], WordsAsked(count=2_000))
    assert chosen.rows[0].tolist() == list(range(2_000))
    assert chosen.words == glove.tokens[:2_000]
    assert (chosen.left_out, chosen.seeds, chosen.turn) == ([], [], None)
    units = chosen.units([glove])
    assert units.dtype == np.float32
    wide = glove.matrix[:2_000].astype(np.float64)
    np.testing.assert_allclose(units, wide / np.linalg.norm(wide, axis=1, keepdims=True), atol=1e-7)
    assert not chosen.sides.any()


def test_words_that_cannot_be_shown_are_passed_over_and_told() -> None:
    tokens = ["the", "zero", "a", "the", "nan", "b", "inf", "c", "tiny", "huge", "d", "zero"]
    matrix = numbers(12)
    matrix[1], matrix[4, 2], matrix[6, 0] = 0, np.nan, -np.inf
    matrix[8], matrix[9] = 1e-40, 3e38  # each has a direction, if not a length in float32
    vectors = WordVectors(tokens, matrix)
    chosen = select([vectors], WordsAsked(count=6))
    assert chosen.words == ["the", "a", "b", "c", "tiny", "huge"]
    assert sorted(told(chosen)) == [
        (NO_DIRECTION, 3, ("zero", "nan", "inf"), None),
        (REPEATED, 1, ("the",), None),
    ]
    np.testing.assert_allclose(np.linalg.norm(chosen.units([vectors]), axis=1), 1, atol=1e-6)
    everything = select([vectors], WordsAsked(count=100))
    assert everything.words == ["the", "a", "b", "c", "tiny", "huge", "d"]
    assert {one.reason: one.count for one in everything.left_out} == {NO_DIRECTION: 3, REPEATED: 2}


def test_a_repeated_word_is_told_also_where_more_words_had_to_be_looked_at() -> None:
    matrix = numbers(4)
    matrix[1] = 0
    chosen = select([WordVectors(["a", "zero", "a", "b"], matrix)], WordsAsked(count=2))
    assert chosen.words == ["a", "b"]
    assert {one.reason: one.words for one in chosen.left_out} == {REPEATED: ("a",), NO_DIRECTION: ("zero",)}


def test_only_what_comes_before_the_last_word_shown_is_left_out() -> None:
    matrix = numbers(5)
    matrix[4] = 0
    chosen = select([WordVectors(list("abcde"), matrix)], WordsAsked(count=4))
    assert chosen.words == list("abcd")
    assert chosen.left_out == []


def test_a_list_comes_by_frequency_each_word_once(glove: WordVectors) -> None:
    chosen = select([glove], listed("queen", "Korea", "한글없음", "the", "korea", " king ", "", "kign", "queen"))
    assert chosen.words == sorted(["the", "king", "korea", "queen"], key=glove.row)
    assert chosen.rows[0].tolist() == [glove.row(word) for word in chosen.words]
    assert told(chosen) == [(MISSING, 2, ("한글없음", "kign"), None), (REPEATED, 2, ("korea", "queen"), None)]
    assert chosen.seeds == []


def test_a_listed_word_without_a_direction_is_told() -> None:
    matrix = numbers(3)
    matrix[1] = 0
    chosen = select([WordVectors(["왕", "여왕", "나라"], matrix)], listed("여왕", "나라", "여왕"))
    assert chosen.words == ["나라"]
    assert sorted(told(chosen)) == [(NO_DIRECTION, 1, ("여왕",), None), (REPEATED, 1, ("여왕",), None)]


def test_a_neighborhood_is_the_words_and_the_nearest_of_each(glove: WordVectors) -> None:
    chosen = select([glove], near("queen", "seoul", "kign", count=12))
    expected = {"queen", "seoul"}
    for word in ("queen", "seoul"):
        expected |= {neighbor.word for neighbor in glove.most_similar(word, topn=12)}
    assert set(chosen.words) == expected
    assert len(chosen.words) == len(expected)
    assert [chosen.words[place] for place in chosen.seeds] == ["queen", "seoul"]
    assert chosen.rows[0].tolist() == sorted(chosen.rows[0].tolist())
    assert told(chosen) == [(MISSING, 1, ("kign",), None)]


def test_a_repeated_word_is_in_a_neighborhood_once() -> None:
    matrix = numbers(6)
    matrix[[1, 3, 5]] = matrix[0] + [[0.01] * 6, [0.02] * 6, [0.03] * 6]
    chosen = select([WordVectors(["a", "b", "x", "b", "y", "c"], matrix)], near("a", "c", count=2))
    assert sorted(chosen.words) == ["a", "b", "c"]


def test_a_repeated_word_without_a_direction_is_left_out_once() -> None:
    matrix = numbers(3)
    matrix[2] = 0
    chosen = select([WordVectors(["a", "b", "a"], matrix)], WordsAsked(count=100))
    assert told(chosen) == [(REPEATED, 1, ("a",), None)]


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (listed("x"), "No word is left for this map: 1 not in the set."),
        (listed("zero"), "No word is left for this map: 1 no direction: a vector of zeros"),
        (near("x", "zero", count=3), "No word is left for this map: 1 not in the set; 1 no direction"),
        (WordsAsked(count=1), ""),
    ],
)
def test_a_map_of_nothing_is_refused(asked: WordsAsked, sentence: str) -> None:
    vectors = WordVectors(["zero", "one"], np.array([[0, 0], [1, 0]], dtype=np.float32))
    if not sentence:
        assert select([vectors], asked).words == ["one"]
        return
    with pytest.raises(BadVectors) as raised:
        select([vectors], asked)
    assert sentence in str(raised.value)


def test_an_empty_set_and_too_many_sets() -> None:
    empty = WordVectors([], np.zeros((0, 3), np.float32))
    with pytest.raises(BadVectors, match="No word is left for this map: the set is empty"):
        select([empty], WordsAsked(count=100))
    with pytest.raises(BadSetting, match="A map shows one vector set or two, not 3"):
        select([empty] * 3, WordsAsked())


def test_many_left_out_words_are_counted_and_the_first_named() -> None:
    chosen = select([WordVectors(["a"], numbers(1))], listed("a", *(f"w{number}" for number in range(250))))
    [left_out] = chosen.left_out
    assert (left_out.count, len(left_out.words), left_out.words[0]) == (250, 100, "w0")
    assert left_out.why == "not in the set"
    assert LeftOut(REPEATED, 1, ("a",), "mine").why == "repeated: the word is on the map already (in mine)"


# Two sets


def turned(vectors: WordVectors, seed: int = 1, noise: float = 0.0) -> npt.NDArray[np.float32]:
    """The same vectors, rotated and mirrored, each of another length."""
    rng = np.random.default_rng(seed)
    rotation, _ = np.linalg.qr(rng.standard_normal((vectors.dim, vectors.dim)))
    moved = vectors.matrix @ rotation + noise * rng.standard_normal(vectors.matrix.shape)
    return (moved * rng.uniform(0.5, 4, (len(vectors), 1))).astype(np.float32)


def test_a_set_and_its_rotation_fall_together() -> None:
    words = [f"w{number}" for number in range(200)]
    first = WordVectors(words, numbers(200, 8), name="here")
    order = np.random.default_rng(2).permutation(200)
    second = WordVectors([words[place] for place in order], turned(first)[order], name="there")
    chosen = select([first, second], WordsAsked(count=120))
    assert len(chosen.words) == 120
    assert chosen.words == [second.tokens[row] for row in chosen.rows[1].tolist()]
    assert chosen.sides.tolist() == [0] * 120 + [1] * 120
    units = chosen.units([first, second])
    np.testing.assert_allclose(units[:120], units[120:], atol=1e-5)
    np.testing.assert_allclose(units[:120], search.unit(first.matrix[chosen.rows[0]]), atol=1e-6)
    assert chosen.turn is not None
    assert chosen.turn.agreement == pytest.approx(1, abs=1e-6)
    assert chosen.turn.fitted == 200


def test_the_turn_is_scipys() -> None:
    words = [f"w{number}" for number in range(300)]
    first = WordVectors(words, numbers(300, 10))
    second = WordVectors(words, turned(first, noise=0.8))
    shared = shared_words(first, second)
    turn = alignment.turn(first, second, shared)
    moving, still = search.unit(second.matrix[shared.second]), search.unit(first.matrix[shared.first])
    expected, _ = orthogonal_procrustes(moving, still)
    np.testing.assert_allclose(turn.rotation, expected, atol=1e-9)
    np.testing.assert_allclose(turn.rotation @ turn.rotation.T, np.eye(10), atol=1e-12)
    cosines = np.sum((moving @ expected) * still, axis=1)
    assert turn.agreement == pytest.approx(cosines.mean(), abs=1e-12)
    assert 0.3 < turn.agreement < 0.99
    # Who is near whom within the second set stays as it was.
    after = turn.second(second.matrix)
    np.testing.assert_allclose(after @ after.T, search.cosine_matrix(second.matrix), atol=1e-9)


def test_sets_of_different_dimensions_fit_into_one_map() -> None:
    words = [f"w{number}" for number in range(100)]
    first = WordVectors(words, numbers(100, 4))
    rotation, _ = np.linalg.qr(np.random.default_rng(3).standard_normal((9, 9)))
    second = WordVectors(words, np.pad(first.matrix, ((0, 0), (0, 5))) @ rotation.astype(np.float32))
    for sets in ([first, second], [second, first]):
        chosen = select(sets, WordsAsked(count=100))
        units = chosen.units(sets)
        assert units.shape == (200, 9)
        np.testing.assert_allclose(units[:100], units[100:], atol=1e-5)


def test_the_turn_does_not_depend_on_the_words_shown() -> None:
    """Few words of many dimensions could be brought together whatever their vectors are."""
    words = [f"w{number}" for number in range(500)]
    first, second = WordVectors(words, numbers(500, 40, seed=4)), WordVectors(words, numbers(500, 40, seed=5))
    few = select([first, second], listed("w3", "w8", "w20"))
    units = few.units([first, second]).astype(np.float64)
    assert few.turn is not None
    assert few.turn.fitted == 500
    assert np.abs(np.sum(units[:3] * units[3:], axis=1)).max() < 0.9
    assert few.turn.agreement < 0.5


def test_words_that_only_one_set_has_are_left_out_and_told() -> None:
    first = WordVectors(["a", "b", "c", "zero", "d", "rare"], numbers(6), name="one")
    matrix = numbers(5, seed=1)
    matrix[1] = 0
    second = WordVectors(["c", "zero", "x", "a", "d"], matrix, name="other")
    chosen = select([first, second], WordsAsked(count=100))
    assert set(chosen.words) == {"a", "c", "d"}
    assert told(chosen) == [
        (MISSING, 2, ("b", "rare"), "other"),
        (MISSING, 1, ("x",), "one"),
        (NO_DIRECTION, 1, ("zero",), "other"),
    ]
    assert told(select([first, second], WordsAsked(count=1))) == []  # all lie behind it
    chosen = select([first, second], listed("a", "b", "x", "zero", "a", "nowhere"))
    assert chosen.words == ["a"]
    assert told(chosen) == [
        (MISSING, 2, ("x", "nowhere"), "one"),
        (MISSING, 1, ("b",), "other"),
        (REPEATED, 1, ("a",), None),
        (NO_DIRECTION, 1, ("zero",), None),
    ]


def test_a_neighborhood_in_two_sets_is_that_in_either() -> None:
    words = [f"w{number}" for number in range(60)]
    matrix = numbers(61, 12, seed=6)
    matrix[60] = matrix[30]  # nearest of all, but not in the second set
    first = WordVectors([*words, "only"], matrix)
    second = WordVectors(words, numbers(60, 12, seed=7))
    chosen = select([first, second], near("w30", count=5))
    expected = {"w30"}
    expected |= {found.word for found in first.most_similar("w30", topn=5, within=60)}
    expected |= {found.word for found in second.most_similar("w30", topn=5)}
    assert set(chosen.words) == expected
    assert [chosen.words[place] for place in chosen.seeds] == ["w30"]


def test_a_neighbor_without_a_direction_in_the_other_set_is_not_shown() -> None:
    words = [f"w{number}" for number in range(40)]
    matrix, other = numbers(40, 5, seed=8), numbers(40, 5, seed=9)
    matrix[7] = matrix[3]  # nearest of all
    other[7] = 0
    sets = [WordVectors(words, matrix), WordVectors(words, other)]
    chosen = select(sets, near("w3", count=4))
    assert "w7" not in chosen.words
    assert np.isfinite(chosen.units(sets)).all()


def test_the_turn_is_found_by_the_most_frequent_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alignment, "MOST_FITTED", 30)
    words = [f"w{number}" for number in range(200)]
    first, second = WordVectors(words, numbers(200, 4)), WordVectors(words, numbers(200, 4, seed=1))
    turn = alignment.turn(first, second, shared_words(first, second))
    few = alignment.turn(
        *(sets := [WordVectors(words[:30], one.matrix[:30]) for one in (first, second)]), shared_words(*sets)
    )
    assert turn.fitted == 30
    np.testing.assert_allclose(turn.rotation, few.rotation, atol=1e-9)


def test_case_is_let_go_where_one_set_is_lower_cased() -> None:
    cased = WordVectors(["The", "Korea", "tea", "dog"], numbers(4), name="cased")
    lower = WordVectors(["korea", "the", "tea"], numbers(3, seed=1), name="lower")
    chosen = select([cased, lower], listed("Korea", "tea", "dog"))
    assert sorted(chosen.words) == ["Korea", "tea"]
    assert [lower.tokens[row] for row in chosen.rows[1].tolist()] == [word.lower() for word in chosen.words]
    assert told(chosen) == [(MISSING, 1, ("dog",), "lower")]


def test_sets_that_share_nothing_cannot_be_aligned() -> None:
    first, second = WordVectors(["a", "b"], numbers(2)), WordVectors(["한", "글"], numbers(2))
    with pytest.raises(BadVectors, match="These sets share no word that has a direction in both"):
        select([first, second], WordsAsked(count=100))
