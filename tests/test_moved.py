"""Which words moved most: angles, company, and how they are ranked."""

from __future__ import annotations

import numpy as np
import pytest

from embedcore import moved


def turned(matrix: np.ndarray, angle: float) -> np.ndarray:
    """Rows of two numbers, turned by an angle in degrees."""
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    return (matrix @ np.array([[c, s], [-s, c]])).astype(np.float32)


def test_angles_are_the_angles() -> None:
    first = np.random.default_rng(0).standard_normal((50, 2)).astype(np.float32)
    for angle in (0.5, 30, 90, 179):
        assert moved.degrees(first, 7 * turned(first, angle)) == pytest.approx(np.full(50, angle), abs=2e-2)
    assert moved.degrees(first, np.zeros_like(first)).tolist() == [90] * 50


def test_angles_of_many_rows_are_those_of_each(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    first, now = (rng.standard_normal((100, 7)).astype(np.float32) for _ in range(2))
    whole = moved.degrees(first, now)
    monkeypatch.setattr(moved, "_CHUNK_NUMBERS", 70)
    assert np.array_equal(moved.degrees(first, now), whole)


def test_company_is_one_minus_the_correlation_of_cosines() -> None:
    rng = np.random.default_rng(2)
    first, now = (rng.standard_normal((30, 5)).astype(np.float32) for _ in range(2))
    rows, anchors = np.arange(3, 30), np.arange(3, 20)
    found = moved.changed_company(first, now, rows, anchors)

    def cosines(weight: np.ndarray, row: int) -> list[float]:
        others = [anchor for anchor in anchors.tolist() if anchor != row]
        return [
            float(weight[row] @ weight[a] / np.linalg.norm(weight[row]) / np.linalg.norm(weight[a])) for a in others
        ]

    expected = [1 - np.corrcoef(cosines(first, row), cosines(now, row))[0, 1] for row in rows.tolist()]
    assert found == pytest.approx(np.array(expected), abs=1e-6)


def test_turning_everything_together_changes_no_company() -> None:
    rng = np.random.default_rng(3)
    first = rng.standard_normal((40, 6)).astype(np.float32)
    rotation, _ = np.linalg.qr(rng.standard_normal((6, 6)))
    now = (first @ rotation).astype(np.float32)
    rows = np.arange(40)
    assert moved.degrees(first, now).max() > 30
    assert np.abs(moved.changed_company(first, now, rows, rows)).max() < 1e-5


def test_a_word_that_changed_sides_is_found() -> None:
    rng = np.random.default_rng(4)
    topics = np.repeat(np.eye(2, 8), 30, axis=0) * 3  # (60, 8), two subjects
    first = (topics + 0.5 * rng.standard_normal((60, 8))).astype(np.float32)
    now = first + 0.1 * rng.standard_normal((60, 8)).astype(np.float32)
    now[17] = first[45] + 0.1
    counts, known = np.arange(100, 40, -1), np.ones(60, bool)
    found = moved.moves(first, now, counts, known)
    assert found.most(known, found.company, 1) == [17]
    assert found.most(known, found.degrees, 1) == [17]
    assert 17 not in found.most(known, found.company, 30, fewest=True)


def test_what_is_unusual_for_how_often_a_word_is_seen() -> None:
    counts = np.array([1000, 500, 200, 100, 50, 20, 10, 5])
    changed = 0.02 * counts**0.4  # a law of its own, which a straight line in logarithms finds
    assert moved.beyond_usual(changed, counts) == pytest.approx(np.ones(8))
    changed[4] *= 3
    found = moved.beyond_usual(changed, counts)
    slope, shift = np.polyfit(np.log(counts), np.log(changed), 1)
    assert found == pytest.approx(changed / np.exp(shift) / counts**slope)
    assert found.argmax() == 4
    assert moved.beyond_usual(np.array([0.0, 0.2, 0.4]), np.array([3, 3, 3])) == pytest.approx([0, 0.5**0.5, 2**0.5])
    assert moved.beyond_usual(np.zeros(2), np.array([1, 2])).tolist() == [0, 0]
    assert moved.beyond_usual(np.zeros(0), np.zeros(0, np.int64)).tolist() == []


def test_what_is_rare_or_began_at_random_is_not_ranked() -> None:
    rng = np.random.default_rng(5)
    first, now = (rng.standard_normal((300, 4)).astype(np.float32) for _ in range(2))
    now[:10] = first[:10]
    counts, known = np.repeat([30, 12, 3], 100), np.ones(300, bool)
    known[50:] &= rng.random(250) < 0.7
    found = moved.moves(first, now, counts, known)
    assert found.least == 10
    assert np.isnan(found.company).tolist() == (~known | (counts < 10)).tolist()
    assert found.still.tolist() == [True] * 10 + [False] * 290
    assert (found.degrees[:10] == 0).all()
    assert found.most(known, found.company, 1000) == sorted(
        np.flatnonzero(~np.isnan(found.company)).tolist(), key=lambda row: (-found.company[row], row)
    )


@pytest.mark.parametrize(
    ("counts", "least"), [([50] * 100, 20), ([50] * 99 + [19], 10), ([6] * 100, 5), ([1] * 1000, 1), ([], 1), ([9], 1)]
)
def test_how_often_a_word_should_be_seen(counts: list[int], least: int) -> None:
    assert moved.least_count(np.array(counts, dtype=np.int64)) == least


@pytest.mark.parametrize("size", [0, 1, 2, 3])
def test_few_words_and_vectors_of_zeros(size: int) -> None:
    first = np.zeros((size, 3), np.float32)
    now = np.ones((size, 3), np.float32)
    found = moved.moves(first, now, np.ones(size, np.int64), np.ones(size, bool))
    assert np.isfinite(found.degrees).all()
    assert np.isfinite(found.company).all()
    assert np.isfinite(found.unusual).all()
    assert not found.still.any()


def test_nan_is_no_measure_and_bits_are_bits() -> None:
    first = np.array([[0.0, 1], [np.nan, 1], [1, 2], [3, 4]], np.float32)
    now = np.array([[-0.0, 1], [np.nan, 1], [1, 2], [3, np.inf]], np.float32)
    found = moved.moves(first, now, np.ones(4, np.int64), np.ones(4, bool))
    assert found.still.tolist() == [False, True, True, False]
    assert np.isfinite(found.degrees).all()
