"""PCA against scikit-learn's, Procrustes against known rotations, and maps of ugly shapes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from sklearn.decomposition import PCA

from embedcore.projection import SteadyMap, axis_range, drift, pca, procrustes, steady_maps, unit_or_zero

RNG = np.random.default_rng(3)


@pytest.mark.parametrize("shape", [(40, 7), (7, 40), (9, 9), (3, 2), (500, 50)])
def test_pca_is_that_of_scikit_learn_up_to_sign(shape: tuple[int, int]) -> None:
    rows = RNG.normal(size=shape) * np.linspace(3, 1, shape[1])
    ours, theirs = pca(rows), PCA(2, svd_solver="full").fit(rows)
    signs = np.sign(np.einsum("dk,kd->k", ours.basis, theirs.components_))
    assert np.allclose(ours.basis * signs, theirs.components_.T, atol=1e-8)
    assert np.allclose(ours.explained, theirs.explained_variance_ratio_, atol=1e-10)
    assert np.allclose(ours.apply(rows) * signs, theirs.transform(rows), atol=1e-8)


def test_pca_has_the_same_signs_whichever_way_the_rows_point() -> None:
    rows = RNG.normal(size=(30, 5)) * [5, 4, 3, 2, 1]
    assert np.allclose(pca(rows).basis, pca(-rows).basis)
    assert (pca(rows).basis[np.abs(pca(rows).basis).argmax(axis=0), [0, 1]] > 0).all()


def test_three_dimensions_too() -> None:
    rows = RNG.normal(size=(30, 5))
    assert pca(rows, 3).apply(rows).shape == (30, 3)


def test_rows_on_a_line_have_one_direction_and_no_second() -> None:
    rows = np.outer(np.arange(6.0), [3.0, 4.0, 0.0])
    found = pca(rows)
    assert np.allclose(found.basis[:, 0], [0.6, 0.8, 0.0])
    assert found.explained.tolist() == pytest.approx([1.0, 0.0])
    assert (found.basis[:, 1] == 0).all()


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_turned_copy_of_a_frame_maps_onto_the_frame(mirrored: bool) -> None:
    turn = Rotation.from_rotvec([0.3, -2.0, 1.1]).as_matrix()
    if mirrored:
        turn = turn @ np.diag([1.0, 1.0, -1.0])
    frame = RNG.normal(size=(40, 3)) * [3, 2, 1]
    first, second = steady_maps([frame, frame @ turn], fit=40)
    assert np.allclose(first, second, atol=1e-6)


@pytest.mark.parametrize("turn", [[[0.6, -0.8], [0.8, 0.6]], [[0.6, 0.8], [0.8, -0.6]]])
def test_procrustes_finds_the_very_rotation_or_reflection(turn: list[list[float]]) -> None:
    points = RNG.normal(size=(20, 2))
    assert np.allclose(procrustes(points, points @ np.array(turn)), turn)


def test_alignment_turns_and_never_scales() -> None:
    frames = [RNG.normal(size=(30, 8)) for _ in range(2)]
    alone = SteadyMap(30).add(frames[1])
    aligned = steady_maps(frames, fit=30)[1]
    distances = [np.linalg.norm(xy[:, None] - xy[None], axis=-1) for xy in (alone, aligned)]
    assert np.allclose(*distances, atol=1e-6)


def test_aligned_maps_are_nearer_to_the_frame_before_than_plain_ones() -> None:
    frames = [RNG.normal(size=(60, 10))]
    for _ in range(20):
        frames.append(frames[-1] + 0.05 * RNG.normal(size=(60, 10)))
    steady = steady_maps(frames, fit=60)
    plain = np.stack([SteadyMap(60).add(frame) for frame in frames])
    assert np.abs(np.diff(steady, axis=0)).max() < np.abs(np.diff(plain, axis=0)).max()


@pytest.mark.parametrize("fit", [25, np.array([0, 3, 5, 7, 11])])
def test_one_by_one_gives_the_very_numbers_of_all_at_once(fit: int | np.ndarray) -> None:
    frames = [RNG.normal(size=(40, 12)).astype(np.float32) for _ in range(5)]
    steady = SteadyMap(fit)
    assert np.stack([steady.add(frame) for frame in frames]).tobytes() == steady_maps(frames, fit).tobytes()


def test_only_the_fitted_rows_decide_the_plane() -> None:
    rows = RNG.normal(size=(40, 6))
    other = np.concatenate([rows[:30], RNG.normal(size=(10, 6))])
    assert np.array_equal(SteadyMap(30).add(rows)[:30], SteadyMap(30).add(other)[:30])
    chosen = np.arange(30)
    assert np.array_equal(SteadyMap(chosen).add(rows), SteadyMap(30).add(rows))


def test_the_length_of_a_vector_does_not_matter() -> None:
    rows = RNG.normal(size=(20, 6))
    assert np.allclose(SteadyMap(20).add(rows), SteadyMap(20).add(rows * RNG.uniform(0.1, 9, (20, 1))), atol=1e-6)


UGLY = {
    "one word": np.ones((1, 5)),
    "two words": np.eye(2, 5),
    "one dimension": np.array([[1.0], [-2.0], [3.0]]),
    "one word, one dimension": np.ones((1, 1)),
    "two dimensions": np.array([[1.0, 2.0], [3.0, -1.0], [0.0, 1.0]]),
    "zeros": np.zeros((4, 3)),
    "one of zeros": np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]),
    "all the same": np.full((5, 4), 0.3),
    "not a number": np.array([[np.nan, 1.0], [1.0, 0.0], [0.0, np.inf], [0.0, 1.0]]),
    "huge and tiny": np.array([[3e38, 3e38], [1e-44, 0.0], [1e-30, -1e-30]], np.float32),
    "no words": np.zeros((0, 3)),
}


@pytest.mark.parametrize("rows", UGLY.values(), ids=UGLY.keys())
@pytest.mark.parametrize("fit", [0, 1, 60])
@pytest.mark.filterwarnings("error")
def test_ugly_frames_give_finite_maps(rows: np.ndarray, fit: int) -> None:
    maps = steady_maps([rows, rows[::-1], rows * 0.5], fit)
    assert maps.shape == (3, len(rows), 2)
    assert maps.dtype == np.float32
    assert np.isfinite(maps).all()
    assert 0 < axis_range(maps) <= 2.25
    assert all(np.isfinite(numbers).all() and numbers.shape == (len(rows),) for numbers in drift(rows, rows[::-1]))


def test_no_frames_at_all() -> None:
    assert steady_maps([], 10).shape == (0, 0, 2)
    assert axis_range([]) > 0


def test_the_axes_hold_every_map_and_rarely_move() -> None:
    maps = np.array([[[0.1, -0.4]], [[0.3, 0.2]]])
    assert axis_range(maps) == 0.5
    assert axis_range(maps * 1.1) == 0.5
    assert axis_range(list(maps)) == axis_range(maps)
    assert axis_range(maps * 1.4) == 0.75


def test_directions_have_length_one_or_none() -> None:
    rows = unit_or_zero(np.array([[3.0, 4.0], [0.0, 0.0], [1e-320, 0.0], [np.nan, 1.0]]))
    assert np.allclose(rows, [[0.6, 0.8], [0, 0], [1, 0], [0, 0]])


def test_drift_tells_turning_from_growing() -> None:
    first = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 0.0], [0.0, 0.0]])
    last = np.array([[5.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, 0.0], [0.0, 2.0]])
    turned, distance = drift(first, last)
    assert turned.tolist() == [0.0, 1.0, 2.0, 0.0, 1.0]
    assert distance.tolist() == pytest.approx([4.0, 2**0.5, 2.0, 0.0, 2.0])
