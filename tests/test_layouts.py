"""Layouts: the same coordinates as the libraries give by themselves, told of on the way, and stopped at any moment."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import threading
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from embedcore import search
from embedcore.errors import BadVectors
from embedcore.maps import layouts, neighbors
from embedcore.maps.layouts import METHODS, PACMAP, PCA, TSNE, UMAP, LayoutStopped, lay_out, pca, warm
from embedcore.maps.layouts.umap import with_themselves
from embedcore.maps.layouts.watching import Watch
from embedcore.maps.neighbors import Neighbors
from embedcore.maps.request import library_version
from embedcore.vectors import WordVectors

POINTS, DIM, SEED = 160, 12, 7
SHORT: dict[str, dict[str, Any]] = {UMAP: {"n_epochs": 60}, TSNE: {"max_iter": 330}, PACMAP: {}, PCA: {}}

LONGER = {UMAP: {"n_epochs": 100}, TSNE: {"max_iter": 500}}

needs_pacmap = pytest.mark.skipif(library_version("pacmap") is None, reason="pacmap is not installed")
ITERATED = [UMAP, TSNE, pytest.param(PACMAP, marks=needs_pacmap)]
ALL = [PCA, *ITERATED]


def clustered(count: int = POINTS, dim: int = DIM, seed: int = 3) -> npt.NDArray[np.float32]:
    """Points of length 1 about four centres."""
    generator = np.random.default_rng(seed)
    centres = generator.normal(size=(4, dim)) * 2
    return search.unit(centres[np.arange(count) % 4] + generator.normal(size=(count, dim))).astype(np.float32)


def near(units: npt.NDArray[np.float32], k: int = 14) -> Neighbors:
    found = neighbors.nearest(units, k)
    assert found is not None
    return found


UNITS = clustered()
KNN = near(UNITS)


def laid_out(
    method: str, dims: int = 2, units: npt.NDArray[np.float32] = UNITS, **more: Any
) -> npt.NDArray[np.float32]:
    knn = KNN if units is UNITS else near(units) if layouts.neighbors_needed(method, {}, len(units)) else None
    return lay_out(units, method, dims, more.pop("params", SHORT[method]), more.pop("seed", SEED), knn=knn, **more)


# Equal to the libraries


@pytest.mark.parametrize("dims", [2, 3])
def test_umap_is_umap_learns_own_bit_for_bit(dims: int) -> None:
    import umap

    placed = laid_out(UMAP, dims, on_progress=lambda *_: None)
    own = np.hstack([np.arange(POINTS)[:, None], KNN.rows])
    far = np.hstack([np.zeros((POINTS, 1)), KNN.distances]).astype(np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = umap.UMAP(
            n_neighbors=15, n_components=dims, min_dist=0.1, metric="cosine", random_state=SEED, n_epochs=60,
            precomputed_knn=(own, far),
        )  # fmt: skip
        expected = model.fit_transform(UNITS)
    assert np.array_equal(placed, expected)


@pytest.mark.parametrize("dims", [2, 3])
def test_tsne_is_scikit_learns_own_bit_for_bit(dims: int) -> None:
    from sklearn.manifold import TSNE as Own

    with threadpool_limits(1, user_api="openmp"):
        expected = Own(dims, perplexity=30, max_iter=330, random_state=SEED).fit_transform(UNITS)
    before = [library["num_threads"] for library in threadpool_info()]
    assert np.array_equal(laid_out(TSNE, dims, on_progress=lambda *_: None), expected)
    assert [library["num_threads"] for library in threadpool_info()] == before


@needs_pacmap
@pytest.mark.parametrize("dims", [2, 3])
def test_pacmap_is_its_packages_own_bit_for_bit(dims: int) -> None:
    import numba
    from pacmap import PaCMAP as Own

    before = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        expected = Own(n_components=dims, random_state=SEED).fit_transform(UNITS, init="pca")
    finally:
        numba.set_num_threads(before)
    assert np.array_equal(laid_out(PACMAP, dims, on_progress=lambda *_: None), expected)
    assert numba.get_num_threads() == before


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("count", [60, 20_000])
def test_pca_is_scikit_learns_but_for_signs(dims: int, count: int) -> None:
    from sklearn.decomposition import PCA as Own

    units = clustered(count, 40)
    with threadpool_limits(1):
        own = Own(dims, svd_solver="full").fit(units.astype(np.float64))
    expected = own.transform(units.astype(np.float64))  # (n, dims)
    placed = laid_out(PCA, dims, units)
    assert np.abs(placed - expected * np.sign((placed * expected).sum(axis=0))).max() < 1e-5
    assert pca.fit(units, dims).explained == pytest.approx(own.explained_variance_ratio_, abs=1e-6)


def test_pca_in_blocks_is_the_one_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    units = clustered(1_000)
    at_once = laid_out(PCA, 3, units)
    monkeypatch.setattr(pca, "_BLOCK", 64)
    assert np.abs(laid_out(PCA, 3, units) - at_once).max() < 1e-5


def test_pca_of_points_that_fill_fewer_directions_than_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    line = np.zeros((500, 6), dtype=np.float32)
    line[:, 1] = np.where(np.arange(500) % 2, 1, -1)
    monkeypatch.setattr(pca, "_BLOCK", 64)
    placed = lay_out(line, PCA, 3, {}, SEED)
    assert np.abs(placed[:, 1:]).max() == 0
    assert np.allclose(np.abs(placed[:, 0]), 1, atol=1e-6)
    assert np.abs(lay_out(np.ones((500, 6), dtype=np.float32), PCA, 2, {}, SEED)).max() < 1e-6
    rng = np.random.default_rng(0)  # the same aslant, in numbers that are rounded
    rows = np.outer(rng.normal(size=500), rng.normal(size=6)).astype(np.float32)
    slanting = search.unit(rows).astype(np.float32)
    placed = lay_out(slanting, PCA, 3, {}, SEED)
    assert np.abs(placed[:, 1:]).max() < 1e-6
    assert np.ptp(placed[:, 0]) > 0.1
    assert pca.fit(slanting, 3).explained == pytest.approx([1, 0, 0], abs=1e-6)


@pytest.mark.parametrize("method", ALL)
def test_the_seed_decides(method: str) -> None:
    first = laid_out(method)
    assert first.shape == (POINTS, 2)
    assert first.dtype == np.float32
    assert np.array_equal(laid_out(method), first)
    if method in (UMAP, PACMAP):  # the others draw nothing at random that matters here
        assert not np.allclose(laid_out(method, seed=SEED + 1), first)


@pytest.mark.parametrize("method", ITERATED)
def test_groups_stay_together(method: str) -> None:
    placed = laid_out(method)
    centres = np.stack([placed[group::4].mean(axis=0) for group in range(4)])  # (4, 2)
    closest = np.linalg.norm(placed[:, None] - centres, axis=2).argmin(axis=1)  # (n,)
    assert (closest == np.arange(POINTS) % 4).mean() > 0.9


@pytest.mark.parametrize("method", ITERATED)
def test_as_few_points_as_it_says(method: str) -> None:
    few = clustered(METHODS[method].fewest)
    for dims in (2, 3):
        assert np.isfinite(laid_out(method, dims, few)).all()
    with pytest.raises(BadVectors, match=r"needs at least 10 words, but there are 9. Take PCA"):
        laid_out(method, units=few[:9])


@pytest.mark.parametrize("method", ITERATED)
def test_words_with_the_same_vector_lie_together_and_nothing_breaks(method: str) -> None:
    twice = np.repeat(clustered(60), 2, axis=0)
    placed = laid_out(method, units=twice)
    apart = np.linalg.norm(placed[::2] - placed[1::2], axis=1)
    assert np.median(apart) < 0.5 * np.median(np.linalg.norm(placed - placed.mean(axis=0), axis=1))


# On the way


@pytest.mark.parametrize("method", ITERATED)
def test_pictures_on_the_way_come_in_order_and_end_near_the_result(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embedcore.maps.layouts.watching.LOOK_SECONDS", 0.0)
    seen: list[tuple[int, int, npt.NDArray[np.float32]]] = []

    def look(done: int, of: int, coordinates: npt.NDArray[np.float32] | None) -> None:
        assert coordinates is not None
        seen.append((done, of, coordinates))

    placed = laid_out(method, on_progress=look)
    steps = [done for done, _, _ in seen]
    total = {UMAP: 60, TSNE: 330, PACMAP: 450}[method]
    assert {of for _, of, _ in seen} == {total}
    assert steps == sorted(steps)
    assert len(set(steps)) > total * 0.95
    assert all(picture.shape == (POINTS, 2) and picture.dtype == np.float32 for _, _, picture in seen)
    size = np.abs(placed).max()
    assert np.abs(seen[-1][2] - placed).mean() < 0.05 * size  # of the last step, or the one before
    assert not np.allclose(seen[0][2], seen[-1][2], atol=0.1 * size)  # a picture is a copy


def test_the_first_and_the_last_iteration_are_told_however_quick_they_are() -> None:
    told: list[int] = []
    watch = Watch(lambda done, of, _: told.append(done))
    for done in range(1_001):
        watch.at(done, 1_000)
    assert (told[0], told[-1]) == (0, 1_000)
    assert len(told) < 500


@pytest.mark.parametrize("method", ITERATED)
def test_it_ends_soon_after_it_is_asked_to(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("embedcore.maps.layouts.watching.LOOK_SECONDS", 0.0)
    steps: list[int] = []
    with pytest.raises(LayoutStopped):
        laid_out(method, on_progress=lambda done, of, _: steps.append(done), should_stop=lambda: len(steps) >= 20)
    assert len(steps) == 20
    assert laid_out(method).shape == (POINTS, 2)  # nothing of it is left in the library


@pytest.mark.parametrize("method", ITERATED)
def test_what_the_listener_raises_comes_out_and_the_library_is_as_before(method: str) -> None:
    before = laid_out(method)
    for _ in range(2):
        with pytest.raises(OSError, match="no space"):
            laid_out(method, on_progress=_full_disk)
    assert np.array_equal(laid_out(method), before)


def _full_disk(done: int, of: int, coordinates: object) -> None:
    raise OSError("no space left")


@pytest.mark.parametrize("method", ALL)
def test_nothing_begins_that_is_stopped_before(method: str) -> None:
    with pytest.raises(LayoutStopped):
        laid_out(method, should_stop=lambda: True)


def test_two_at_once_in_a_process_are_done_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("embedcore.maps.layouts.watching.LOOK_SECONDS", 0.0)
    alone = {dims: laid_out(UMAP, dims) for dims in (2, 3)}
    told: list[int] = []
    found: dict[int, npt.NDArray[np.float32]] = {}

    other_began = threading.Event()

    def other() -> None:
        found[3] = laid_out(UMAP, 3, on_progress=lambda *_: (told.append(3), other_began.set())[0])

    thread = threading.Thread(target=other)

    def on_progress(done: int, of: int, _: object) -> None:
        if not told:  # half-way, the other begins, and would come as far in this time
            thread.start()
            other_began.wait(0.5)
        told.append(2)

    found[2] = laid_out(UMAP, 2, on_progress=on_progress)
    thread.join(60)
    assert all(np.array_equal(found[dims], alone[dims]) for dims in (2, 3))
    assert told == sorted(told)
    assert set(told) == {2, 3}


# What cannot be laid out


@pytest.mark.parametrize("method", ITERATED)
def test_words_that_all_point_the_same_way_are_refused_but_by_pca(method: str) -> None:
    lengths = np.random.default_rng(0).uniform(0.1, 9, (60, 1))
    units = search.unit((np.arange(1.0, 9) * lengths).astype(np.float32)).astype(np.float32)
    assert np.ptp(units, axis=0).max() > 0  # they differ by rounding
    with pytest.raises(BadVectors, match="All of these words point the same way"):
        lay_out(units, method, 2, {}, SEED, knn=near(units))
    assert not lay_out(units, PCA, 2, {}, SEED).any()


@pytest.mark.parametrize("method", ITERATED)
def test_a_layout_without_a_place_for_a_word_is_told(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    places = np.zeros((POINTS, 2), dtype=np.float32)
    places[3, 1] = np.nan
    monkeypatch.setattr(layouts, "_of_method", lambda *_: places)
    with pytest.raises(BadVectors, match=f"^{METHODS[method].label} found no place for some words. Try other"):
        laid_out(method)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("method", ALL)
def test_vectors_that_are_not_finite_are_refused(method: str, bad: float) -> None:
    units = UNITS.copy()
    units[5, 3] = bad
    with pytest.raises(BadVectors, match="not finite"):
        lay_out(units, method, 2, {}, SEED, knn=KNN)


def test_vectors_with_nothing_to_reduce_are_refused_but_by_pca() -> None:
    flat = search.unit(np.random.default_rng(0).normal(size=(50, 2))).astype(np.float32)
    with pytest.raises(BadVectors, match=r"These vectors have 2 dimensions: there is nothing to reduce. Take PCA."):
        lay_out(flat, UMAP, 2, {}, SEED, knn=near(flat))
    assert laid_out(PCA, 3, flat).shape == (50, 3)
    with pytest.raises(BadVectors, match="are a table"):
        lay_out(np.zeros(5, dtype=np.float32), PCA, 2, {}, SEED)


def test_umap_without_its_neighbours_is_a_mistake_of_ours() -> None:
    for knn in (None, Neighbors(KNN.rows[:, :5], KNN.distances[:, :5]), Neighbors(KNN.rows[1:], KNN.distances[1:])):
        with pytest.raises(ValueError, match="needs the 14 nearest others"):
            lay_out(UNITS, UMAP, 2, {}, SEED, knn=knn)


# Compiling


def test_the_cache_is_the_users_own_unless_it_is_set_or_cannot_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("NUMBA_CACHE_DIR", "")
    warm.choose_cache(tmp_path / "other")
    assert warm.stamp() is not None
    chosen = warm.stamp().parent  # type: ignore[union-attr]
    assert chosen == tmp_path / "cache" / "embedcore" / "numba"
    assert chosen.stat().st_mode & 0o77 == 0
    warm.choose_cache(tmp_path / "set already")
    assert warm.stamp().parent == chosen  # type: ignore[union-attr]
    monkeypatch.setenv("NUMBA_CACHE_DIR", "")
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    warm.choose_cache(tmp_path / "other")
    assert warm.stamp().parent == tmp_path / "other"  # type: ignore[union-attr]


def test_all_is_compiled_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[list[str]] = []

    def run(command: list[str], **options: Any) -> None:
        assert options["check"]
        calls.append(command)

    monkeypatch.setattr("subprocess.run", run)
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    warm.warm_once()
    warm.warm_once()
    assert [command[1:] for command in calls] == [["-m", "embedcore.maps.layouts.warm"]]
    monkeypatch.setattr("embedcore.maps.layouts.warm.library_version", lambda name: "another")
    warm.warm_once()
    assert len(calls) == 2


def test_what_was_compiled_before_is_not_compiled_again() -> None:
    """With numba's cache warm, a first fit in a new process compiles none of the three functions of UMAP's."""
    laid_out(UMAP)  # the cache of this process is on disk by now
    script = (
        "import numba.core.event as event; compiled = []\n"
        "class Listener(event.Listener):\n"
        "    def on_start(self, e): compiled.append(e.data['dispatcher'].py_func.__name__)\n"
        "    def on_end(self, e): pass\n"
        "from tests.test_layouts import laid_out\n"
        "with event.install_listener('numba:compile', Listener()): laid_out('umap')\n"
        "print(compiled)"
    )
    root = Path(layouts.__file__).parents[3]
    run = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True)
    assert not {"smooth_knn_dist", "compute_membership_strengths", "_optimize_layout_euclidean_single_epoch"} & set(
        eval(run.stdout.strip().splitlines()[-1])
    )


# Real vectors


def test_the_graph_of_real_words_is_the_one_that_umap_learn_finds_by_itself(glove: WordVectors) -> None:
    from umap import UMAP as Own
    from umap.umap_ import fuzzy_simplicial_set

    units = search.unit(np.asarray(glove.matrix[:400])).astype(np.float32)
    rows, distances = with_themselves(near(units))
    graph, _, _ = fuzzy_simplicial_set(units, 15, np.random.RandomState(SEED), "cosine", {}, rows, distances)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        own = Own(metric="cosine", random_state=SEED, transform_mode="graph").fit(units).graph_
    assert graph.nnz == own.nnz
    assert np.abs(graph - own).max() < 1e-3  # the neighbours are the same; their distances are rounded otherwise


@pytest.mark.parametrize(("method", "least"), [(UMAP, 0.8), (TSNE, 0.8), pytest.param(PACMAP, 0.8, marks=needs_pacmap)])
def test_neighbours_of_real_words_are_kept_better_than_by_pca(method: str, least: float, glove: WordVectors) -> None:
    from sklearn.manifold import trustworthiness

    units = search.unit(np.asarray(glove.matrix[:400])).astype(np.float32)
    trust = [
        trustworthiness(
            units, laid_out(chosen, units=units, params=LONGER.get(chosen, {})), n_neighbors=15, metric="cosine"
        )
        for chosen in (method, PCA)
    ]
    assert trust[0] > max(least, trust[1] + 0.05)


def test_libraries_are_imported_ahead_also_where_one_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def imported(name: str) -> None:
        asked.append(name)
        if name == "umap":
            raise ImportError(name)

    monkeypatch.setattr("importlib.import_module", imported)
    warm.import_libraries()
    assert set(asked) == {"umap", "pacmap", "sklearn.manifold", "sklearn.cluster"}
    monkeypatch.undo()
    assert all(importlib.util.find_spec(name) for name in asked)  # there are such modules
