"""The PCA that a page waits for: the same as that of a worker, and small whatever the set."""

from __future__ import annotations

import tracemalloc

import numpy as np
import numpy.typing as npt
import pytest

from embedcore.maps import layouts, selection
from embedcore.maps.layouts import pca
from embedcore.maps.overview import pca_of
from embedcore.maps.request import WordsAsked
from embedcore.vectors import WordVectors
from tests.test_imports import modules_after

COUNT, DIM = 600, 24


def a_set(count: int = COUNT, dim: int = DIM, seed: int = 0, lengths: npt.ArrayLike = 1.0) -> WordVectors:
    rows = np.random.default_rng(seed).normal(size=(count, dim)) * np.geomspace(3, 0.3, dim) + 0.5
    return WordVectors([f"낱말{n}" for n in range(count)], rows * np.asarray(lengths))


def by_hand(points: npt.NDArray[np.float64], dims: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Coordinates (n, dims) and shares of the variance, by the singular values of the centred points."""
    centred = points - points.mean(axis=0)
    left, values, _ = np.linalg.svd(centred, full_matrices=False)
    return left[:, :dims] * values[:dims], (values**2 / (values**2).sum())[:dims]


def apart(ours: npt.NDArray[np.floating], theirs: npt.NDArray[np.floating]) -> float:
    """How far coordinates are from others at most, whatever the signs of their axes."""
    return float(np.abs(ours - theirs * np.sign((ours * theirs).sum(axis=0))).max())


def units(vectors: WordVectors) -> npt.NDArray[np.float64]:
    wide = vectors.matrix.astype(np.float64)
    return np.asarray(wide / np.linalg.norm(wide, axis=1, keepdims=True))


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("block", [64, 8_192])
def test_it_is_the_pca_of_the_unit_vectors(dims: int, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pca, "_BLOCK", block)
    vectors = a_set()
    chosen = selection.select([vectors], WordsAsked(count=500))
    coordinates, variance = pca_of([vectors], chosen, dims)
    expected, shares = by_hand(units(vectors)[:500], dims)
    assert coordinates.dtype == np.float32
    assert apart(coordinates, expected) < 1e-5
    assert variance == pytest.approx(shares, abs=1e-6)


@pytest.mark.parametrize("block", [50, 8_192])
def test_of_two_sets_the_second_is_turned(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pca, "_BLOCK", block)
    sets = [a_set(), a_set(dim=17, seed=1)]
    chosen = selection.select(sets, WordsAsked(count=333))
    coordinates, variance = pca_of(sets, chosen, 2)
    expected, shares = by_hand(chosen.units(sets).astype(np.float64), 2)
    assert coordinates.shape == (666, 2)
    assert apart(coordinates, expected) < 1e-5
    assert variance == pytest.approx(shares, abs=1e-6)


def test_it_is_the_layout_that_a_worker_makes() -> None:
    vectors = a_set()
    chosen = selection.select(
        [vectors], WordsAsked(how="list", words=tuple(vectors.tokens[n] for n in range(7, 99, 3)))
    )
    laid_out = layouts.lay_out(chosen.units([vectors]), layouts.PCA, 3, {}, 1)
    assert np.abs(pca_of([vectors], chosen, 3).coordinates - laid_out).max() < 1e-6


def test_vectors_whose_length_float32_cannot_hold_have_their_place() -> None:
    lengths = np.ones((COUNT, 1))
    lengths[[3, 4, 5, 6]] = [[1e-30], [1e30], [1e-22], [6.5e37]]
    assert np.isfinite(a_set(lengths=lengths).matrix).all()
    assert np.isinf(a_set(lengths=lengths).norms[6])
    vectors, usual = a_set(lengths=lengths), a_set()
    chosen = selection.select([vectors], WordsAsked(count=COUNT))
    assert len(chosen.words) == COUNT
    expected = pca_of([usual], chosen, 2).coordinates
    assert np.abs(pca_of([vectors], chosen, 2).coordinates - expected).max() < 1e-5


@pytest.mark.parametrize(("count", "varied"), [(1, 0), (2, 1), (3, 2)])
def test_of_very_few_words_the_axes_that_there_are_not_are_zero(count: int, varied: int) -> None:
    vectors = a_set(count)
    chosen = selection.select([vectors], WordsAsked(how="list", words=tuple(vectors.tokens[:count])))
    coordinates, variance = pca_of([vectors], chosen, 3)
    assert coordinates.any(axis=0).sum() == varied
    assert sum(variance) == pytest.approx(1.0 if varied else 0.0)


@pytest.mark.parametrize("block", [64, 8_192])
def test_words_that_all_point_the_same_way_lie_on_one_spot(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pca, "_BLOCK", block)
    rng = np.random.default_rng(5)
    words, lengths = [f"낱말{n}" for n in range(300)], rng.uniform(0.01, 90, (300, 1))
    vectors = WordVectors(words, rng.normal(size=7) * lengths)
    for sets in ([vectors], [vectors, WordVectors(words, rng.normal(size=9) * lengths)]):
        chosen = selection.select(sets, WordsAsked(count=300))
        assert (
            np.ptp(chosen.units(sets), axis=0).max() > 0
        )  # they differ by rounding, which is no reason to show them apart
        coordinates, variance = pca_of(sets, chosen, 2)
        assert not coordinates.any()
        assert variance == [0, 0]


def test_the_second_set_has_its_words_where_they_are_whatever_their_order() -> None:
    words = [f"낱말{n}" for n in range(120)]
    order = [0, *np.random.default_rng(6).permutation(np.arange(1, 119)).tolist(), 119]  # as long as it would be sorted
    first = a_set(120)
    sets = [first, WordVectors([words[row] for row in order], first.matrix[order] * 3)]
    chosen = selection.select(sets, WordsAsked(count=120))
    chosen = selection.Selection((np.arange(120), np.argsort(order)), words, turn=chosen.turn)
    coordinates = pca_of(sets, chosen, 3).coordinates
    assert np.abs(coordinates[:120] - coordinates[120:]).max() < 1e-5
    assert np.ptp(coordinates[:120], axis=0).min() > 0.1


def test_words_that_are_nearly_the_same_are_told_apart_in_blocks_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pca, "_BLOCK", 64)
    rng = np.random.default_rng(2)
    rows = np.ones((500, 8)) + 1e-3 * rng.normal(size=(500, 8)) * np.geomspace(4, 0.2, 8)
    vectors = WordVectors([f"w{n}" for n in range(500)], rows)
    chosen = selection.select([vectors], WordsAsked(count=500))
    coordinates, variance = pca_of([vectors], chosen, 2)
    expected, shares = by_hand(units(vectors), 2)
    assert apart(coordinates, expected) < 1e-3 * np.abs(expected).max()
    assert variance == pytest.approx(shares, abs=1e-4)


def test_what_it_holds_does_not_grow_with_the_dimensions_of_all_points() -> None:
    vectors = a_set(60_000, 64)
    chosen = selection.select([vectors], WordsAsked(count=60_000))
    assert vectors.norms.shape == (60_000,)
    tracemalloc.start()
    try:
        pca_of([vectors], chosen, 2)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < vectors.matrix.nbytes  # 15 MB, of which a copy alone would be all


def test_a_page_can_have_it_without_any_of_the_libraries() -> None:
    assert not modules_after("import embedcore.maps.overview") & {"umap", "numba", "sklearn", "scipy", "torch", "dask"}
