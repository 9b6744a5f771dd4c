"""How far a map can be trusted: against scikit-learn's measures, and against maps of known worth."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness
from sklearn.neighbors import NearestNeighbors

from embedcore import search
from embedcore.errors import BadVectors
from embedcore.maps import honesty
from embedcore.vectors import WordVectors


def random_units(count: int, dim: int, seed: int = 0) -> npt.NDArray[np.float64]:
    return search.unit(np.random.default_rng(seed).standard_normal((count, dim)))


def flat(units: npt.NDArray[np.float64], dims: int = 2) -> npt.NDArray[np.float64]:
    return np.asarray(PCA(dims).fit_transform(units))


def preserved(units: npt.NDArray[np.float64], coordinates: npt.NDArray[np.float64], k: int) -> float:
    """The share of neighbors kept, by two of scikit-learn's searches."""
    full = NearestNeighbors(n_neighbors=k, metric="cosine").fit(units).kneighbors(return_distance=False)
    there = NearestNeighbors(n_neighbors=k).fit(coordinates).kneighbors(return_distance=False)
    return float(np.mean([len(set(one) & set(other)) / k for one, other in zip(full, there, strict=True)]))


@pytest.mark.parametrize(("count", "dim", "dims", "k"), [(40, 5, 2, 19), (300, 30, 3, 15), (1_200, 10, 2, 5)])
def test_measures_are_scikit_learns(count: int, dim: int, dims: int, k: int) -> None:
    units = random_units(count, dim, seed=dim)
    coordinates = flat(units, dims)
    measured = honesty.measure(units, coordinates, k)
    assert measured is not None
    assert (measured.k, measured.measured, measured.points, measured.sampled) == (k, count, count, False)
    expected = trustworthiness(units, coordinates, n_neighbors=k, metric="cosine")
    assert measured.trustworthiness == pytest.approx(expected, abs=1e-12)
    assert measured.preservation == pytest.approx(preserved(units, coordinates, k), abs=1e-12)


def test_glove_measures_are_scikit_learns(glove: WordVectors) -> None:
    units = search.unit(glove.matrix[:1_500])
    coordinates = flat(units).astype(np.float32)
    measured = honesty.measure(units, coordinates)
    assert measured is not None
    expected = trustworthiness(units, coordinates, n_neighbors=15, metric="cosine")
    assert measured.trustworthiness == pytest.approx(expected, abs=1e-9)
    assert 0.6 < measured.trustworthiness < 0.8


def test_a_true_map_is_trusted_and_a_shuffled_one_is_not() -> None:
    angles = np.random.default_rng(3).uniform(0, 2 * np.pi, 400)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)  # distances on it go as cosines do
    true = honesty.measure(circle, 7 * circle)
    shuffled = honesty.measure(circle, circle[np.random.default_rng(4).permutation(400)])
    assert true is not None
    assert shuffled is not None
    assert (true.trustworthiness, true.preservation) == (1.0, 1.0)
    assert shuffled.trustworthiness == pytest.approx(0.5, abs=0.03)
    assert shuffled.preservation == pytest.approx(shuffled.by_chance, abs=0.02)
    assert shuffled.by_chance == 15 / 399
    assert "nearly always belong together" in true.sentences()[0]
    assert "read broad regions, not neighbours" in shuffled.sentences()[0]


def test_the_worst_map_has_trustworthiness_0() -> None:
    """Neighbors on the map are the farthest of all, whose ranks are the highest there can be."""
    angles = np.repeat([0.0, np.pi], 5) + np.tile(np.linspace(0, 0.04, 5), 2)
    units = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    # Each pair of opposite points lies on its own, far from the other pairs.
    coordinates = np.stack([np.tile(100.0 * np.arange(5), 2), np.repeat([0.0, 1.0], 5)], axis=1)
    measured = honesty.measure(units, coordinates, 1)
    assert measured is not None
    assert measured.trustworthiness == pytest.approx(
        trustworthiness(units, coordinates, n_neighbors=1, metric="cosine")
    )
    assert measured.trustworthiness < 0.25
    assert measured.preservation == 0


def test_many_points_are_measured_by_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    units = random_units(3_000, 6)
    coordinates = flat(units)
    whole = honesty.measure(units, coordinates)
    monkeypatch.setattr(honesty, "MOST_EXACT", 1_000)
    monkeypatch.setattr(honesty, "SAMPLE", 600)
    some = honesty.measure(units, coordinates)
    assert whole is not None
    assert some is not None
    assert (some.measured, some.points, some.sampled) == (600, 3_000, True)
    assert some == honesty.measure(units, coordinates)  # the sample is the same each time
    assert some != honesty.measure(units, coordinates, seed=1)
    assert some.trustworthiness == pytest.approx(whole.trustworthiness, abs=0.01)
    assert some.preservation == pytest.approx(whole.preservation, abs=0.02)
    assert some.sentences()[-1] == "Measured on 600 of 3,000 points, drawn at random."
    assert len(whole.sentences()) == 2


def test_blocks_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    units = random_units(200, 7)
    coordinates = flat(units)
    whole = honesty.measure(units, coordinates)
    monkeypatch.setattr(honesty, "_MOST_SCORES", 700)
    assert honesty.measure(units, coordinates) == whole


def test_points_on_one_spot_are_no_reason_to_fail() -> None:
    units = np.concatenate([np.repeat(random_units(1, 5), 30, axis=0), random_units(30, 5, seed=2)])
    measured = honesty.measure(units, np.zeros((60, 2)), 4)
    assert measured is not None
    assert 0 <= measured.trustworthiness <= 1
    near = honesty.near_on_map(np.zeros((60, 2)), np.arange(60), 4)
    assert near.shape == (60, 4)
    assert not (near == np.arange(60)[:, None]).any()


def test_few_points() -> None:
    for count in (0, 1, 3):
        assert honesty.measure(random_units(count, 3), np.zeros((count, 2))) is None
    for count, k in ((4, 1), (5, 2), (6, 2)):
        units = random_units(count, 3)
        measured = honesty.measure(units, flat(units))
        assert measured is not None
        assert measured.k == k
        expected = trustworthiness(units, flat(units), n_neighbors=k, metric="cosine")
        assert measured.trustworthiness == pytest.approx(expected)


def test_what_does_not_fit_is_refused() -> None:
    units = random_units(6, 3)
    with pytest.raises(BadVectors, match=r"6 points need as many coordinates, but their shape is \(5, 2\)"):
        honesty.measure(units, np.zeros((5, 2)))
    with pytest.raises(BadVectors, match="A coordinate of this map is not finite"):
        honesty.measure(units, np.full((6, 2), np.nan))
    with pytest.raises(BadVectors, match="Point 0 of a map has no direction"):
        honesty.measure(np.zeros((6, 3)), np.zeros((6, 2)))


def test_which_neighbors_of_a_word_are_neighbors_on_the_map() -> None:
    line = np.array([[0.0, 0], [1, 0], [2.5, 0], [4.5, 0], [100, 0]])
    assert honesty.kept_neighbors(line, 0, np.array([1, 4, 2])).tolist() == [True, False, True]
    assert honesty.kept_neighbors(line, 4, np.array([3])).tolist() == [True]
    assert honesty.kept_neighbors(line[:1], 0, np.array([], dtype=np.int64)).tolist() == []


@pytest.mark.parametrize("count", [30, 500])
def test_variance_kept_is_scikit_learns(count: int) -> None:
    units = random_units(count, 40, seed=9)
    shares = honesty.variance_kept(units, 3)
    np.testing.assert_allclose(shares, PCA(3).fit(units).explained_variance_ratio_, atol=1e-6)
    assert honesty.variance_kept(np.repeat(units[:1], 9, axis=0), 2).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("share", "written"), [(0.0, "0%"), (0.0003, "0.03%"), (0.0767, "7.7%"), (0.0999, "10%"), (1.0, "100%")]
)
def test_shares_are_written_with_the_digits_that_matter(share: float, written: str) -> None:
    measured = honesty.Honesty(0.9, share, 0.001, 15, 100, 100)
    assert f"nearest in the full space, {written} are among" in measured.sentences()[1]
    assert "check a pair" in measured.sentences()[0]
    assert ("The others lie elsewhere" in measured.sentences()[1]) is (share < 1)


def test_the_sentence_about_one_nearest_word() -> None:
    said = honesty.Honesty(1.0, 0.5, 1 / 3, 1, 4, 4).sentences()[1]
    assert said == "The word nearest in the full space is the nearest here for 50% of the words (by chance 33%)."
