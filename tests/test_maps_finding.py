"""A word on a map: its neighbours in the full space, and those on the map; colours by numbers of the full space."""

from __future__ import annotations

import tracemalloc

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.neighbors import NearestNeighbors

from embedcore.errors import BadVectors, UnknownWord
from embedcore.maps import alignment, finding, honesty, honesty_sampled, shading
from embedcore.questions.overlap import shared_words
from embedcore.vectors import WordVectors

RNG = np.random.default_rng(8)
COUNT, DIM = 400, 12
SET = WordVectors([f"낱말{n}" for n in range(COUNT)], RNG.normal(size=(COUNT, DIM)) * RNG.uniform(0.1, 9, (COUNT, 1)))
UNITS = SET.matrix.astype(np.float64) / np.linalg.norm(SET.matrix.astype(np.float64), axis=1, keepdims=True)


def flat(rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    return np.asarray(UNITS[rows, :2], dtype=np.float32)


@pytest.mark.parametrize("rows", [np.arange(COUNT), np.arange(3, COUNT, 4), RNG.permutation(COUNT)[:150]])
def test_neighbors_of_a_word_among_those_of_the_map(rows: npt.NDArray[np.int64]) -> None:
    places, row = flat(rows), int(rows[7])
    found = finding.find(SET, rows, places, SET.tokens[row], 15)
    cosines = UNITS[rows] @ UNITS[row]
    expected = np.argsort(-cosines)[1:16]
    assert (found.token, found.row, found.place) == (SET.tokens[row], row, 7)
    assert found.places == expected.tolist()
    assert [near.word for near in found.near] == [SET.tokens[rows[place]] for place in expected]
    assert [near.similarity for near in found.near] == pytest.approx(cosines[expected].tolist(), abs=1e-6)
    on_map = NearestNeighbors(n_neighbors=16).fit(places).kneighbors(places[7:8], return_distance=False)[0]
    assert found.kept == [place in on_map for place in expected]
    assert 0 < sum(found.kept) < 15


def test_a_word_that_is_not_on_the_map() -> None:
    rows = np.arange(0, COUNT, 2)
    found = finding.find(SET, rows, flat(rows), "낱말7", 5)
    assert (found.row, found.place, found.kept) == (7, None, [])
    assert found.places == np.argsort(-(UNITS[rows] @ UNITS[7]))[:5].tolist()
    with pytest.raises(UnknownWord):
        finding.find(SET, rows, flat(rows), "없는말", 5)


def test_a_map_of_one_word_and_a_word_without_a_direction() -> None:
    alone = np.array([7])
    assert finding.find(SET, alone, flat(alone), "낱말7", 5) == ("낱말7", 7, 0, [], [], [])
    zero = WordVectors(["a", "zero"], [[1, 0], [0, 0]])
    with pytest.raises(BadVectors, match="zero"):
        finding.find(zero, np.array([0]), np.zeros((1, 2), dtype=np.float32), "zero", 5)


def test_points_that_lie_equally_far_away_are_all_near() -> None:
    square = np.array([[0, 0], [1, 0], [0, 1], [-1, 0], [0, -1], [9, 9]], dtype=np.float32)
    assert honesty.kept_neighbors(square, 0, np.array([4, 2])).tolist() == [True, True]
    assert honesty.kept_neighbors(square, 0, np.array([5, 2])).tolist() == [False, True]


def test_words_are_looked_for_among_the_first_so_many_where_that_is_the_same() -> None:
    assert finding.searched(np.arange(50)) == 50
    assert finding.searched(RNG.permutation(50)) == 50
    assert np.array_equal(finding.searched(np.arange(1, 50)), np.arange(1, 50))


# numbers for colours


@pytest.mark.parametrize("rows", [np.arange(50, 90), np.array([399, 5, 5, 17])])
def test_cosines_with_a_direction(rows: npt.NDArray[np.int64], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shading, "_AT_ONCE", 16)
    direction = RNG.normal(size=DIM) * 40
    expected = UNITS[rows] @ direction / np.linalg.norm(direction)
    assert shading.cosines(SET, rows, direction).tolist() == pytest.approx(expected.tolist(), abs=1e-6)
    assert np.isnan(shading.cosines(SET, rows, np.zeros(DIM))).all()


def test_cosines_of_rows_that_float32_cannot_hold() -> None:
    odd = WordVectors(["tiny", "huge", "zero", "nan"], [[1e-30, 1e-30], [3e38, -3e38], [0.0, 0.0], [np.nan, 1.0]])
    found = shading.cosines(odd, np.arange(4), np.array([1.0, 0.0]))
    assert found[:2].tolist() == pytest.approx([np.sqrt(0.5), np.sqrt(0.5)])
    assert np.isnan(found[2:]).all()


def test_how_near_the_two_vectors_of_a_word_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shading, "_AT_ONCE", 16)
    turned, _ = np.linalg.qr(RNG.normal(size=(DIM, DIM)))
    noise = RNG.normal(size=(COUNT, DIM)) * RNG.uniform(0, 0.4, (COUNT, 1))
    order = RNG.permutation(COUNT)
    other = WordVectors([SET.tokens[row] for row in order], ((UNITS + noise) @ turned)[order] * 3)
    turn = alignment.turn(SET, other, shared_words(SET, other))
    rows = np.stack([order, np.arange(COUNT)])[:, 20:90]
    back = turned @ turn.rotation  # nearly the identity
    moved = (UNITS + noise) @ back
    cosines = (UNITS * moved).sum(axis=1) / np.linalg.norm(moved, axis=1)
    assert shading.together(SET, other, rows, turn).tolist() == pytest.approx(cosines[rows[0]].tolist(), abs=1e-6)
    assert cosines.min() < 0.8 < 0.99 < cosines.max()


# honesty, a block at a time


@pytest.mark.parametrize("count", [6, 60, COUNT])
def test_measured_a_block_at_a_time_it_is_the_same(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(honesty_sampled, "_BLOCK", 64)
    units, places = UNITS[:count].astype(np.float32), flat(np.arange(count))
    whole = honesty.measure(units, places)
    parts = honesty_sampled.measure_blocks(lambda start, stop: units[start:stop], count, places)
    assert whole is not None
    assert parts is not None
    assert parts.trustworthiness == pytest.approx(whole.trustworthiness, abs=1e-5)
    assert parts[1:] == pytest.approx(whole[1:])


def test_of_many_points_a_sample_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(honesty, "SAMPLE", 50)
    monkeypatch.setattr(honesty, "MOST_EXACT", 100)
    units, places = UNITS.astype(np.float32), flat(np.arange(COUNT))
    whole = honesty.measure(units, places)
    parts = honesty_sampled.measure_blocks(lambda start, stop: units[start:stop], COUNT, places)
    assert whole is not None
    assert parts is not None
    assert (parts.measured, parts.points, parts.sampled) == (50, COUNT, True)
    assert tuple(parts) == pytest.approx(tuple(whole), abs=1e-5)


def test_measuring_many_holds_few_similarities_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(honesty_sampled, "_MOST_SCORES", 1 << 17)
    monkeypatch.setattr(honesty, "SAMPLE", 600)
    monkeypatch.setattr("embedcore.parallel.cores", lambda: 2)
    points = RNG.normal(size=(8_000, 4))
    units = (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)
    tracemalloc.start()
    try:
        measured = honesty_sampled.measure_blocks(lambda start, stop: units[start:stop], 8_000, units[:, :2])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert measured is not None
    assert peak < 600 * 8_000 * 4 / 4  # a quarter of all similarities
    monkeypatch.setattr(honesty, "MOST_EXACT", 1_000)
    assert tuple(measured) == pytest.approx(tuple(honesty.measure(units, units[:, :2]) or ()), abs=1e-5)


def test_what_cannot_be_measured() -> None:
    assert honesty_sampled.measure_blocks(lambda start, stop: UNITS[start:stop], 3, np.zeros((3, 2))) is None
    with pytest.raises(BadVectors, match=r"400 points need as many finite coordinates, but their shape is \(5, 2\)"):
        honesty_sampled.measure_blocks(lambda start, stop: UNITS[start:stop], COUNT, np.zeros((5, 2)))
