"""The job "grouping": groups found by a worker, kept under their key, found again, and never half-written."""

from __future__ import annotations

import os
import threading
import time
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.cluster import HDBSCAN as OWN_HDBSCAN
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from embedcore.errors import BadSetting, StorageProblem
from embedcore.library import open_vectors, save_vectors
from embedcore.maps import clusters, groupings, layouts, selection, store
from embedcore.maps.groups import HDBSCAN, KMEANS
from embedcore.maps.identity import identity_of
from embedcore.maps.overview import pca_of
from embedcore.maps.request import MapRequest, SetAsked, WordsAsked
from embedcore.runs import RunFolder, Runs, grouping, jobs
from embedcore.runs.dispatcher import Dispatcher
from embedcore.runs.folder import FAILED, FINISHED, STOPPED
from embedcore.runs.jobs import GroupingConfig
from embedcore.runs.record import GROUPING, MAP, PICTURES
from embedcore.runs.worker import DELETED
from embedcore.settings import Settings
from embedcore.vectors import WordVectors
from tests.test_imports import modules_after
from tests.test_runs import a_run
from tests.test_runs_manage import HERE, FakeClient, StillRuns
from tests.test_runs_vectors import done, nothing_is_left, submitted

COUNT, DIM, HEAPS = 180, 8, 4
NAME = "무리"


def a_set(seed: int = 0) -> WordVectors:
    """Words in heaps of 90, 45, 30 and 15, mixed."""
    rng = np.random.default_rng(seed)
    heap = rng.permutation(np.repeat(np.arange(HEAPS), [90, 45, 30, 15]))
    rows = 6 * np.eye(DIM)[heap] + rng.normal(size=(COUNT, DIM)) * 0.4
    return WordVectors([f"낱말{n}" for n in range(COUNT)], rows * rng.uniform(0.1, 9, size=(COUNT, 1)))


@pytest.fixture
def runs(home: Settings) -> Runs:
    save_vectors(NAME, a_set(), source="a test", settings=home)
    return StillRuns(home)


def asked(home: Settings, method: str = layouts.PCA, **more: Any) -> MapRequest:
    made_of = SetAsked(NAME, identity_of(open_vectors(NAME, home)))
    return MapRequest(sets=(made_of,), words=WordsAsked(count=COUNT), method=method, **more)


def directions(vectors: WordVectors) -> npt.NDArray[np.float64]:
    wide = vectors.matrix.astype(np.float64)
    return np.asarray(wide / np.linalg.norm(wide, axis=1, keepdims=True))


def test_kmeans_groups_by_direction_and_is_kept_for_every_layout_of_the_words(runs: Runs) -> None:
    home, request = runs.settings, asked(runs.settings)
    assert groupings.find_grouping(request, KMEANS, HEAPS, home) is None
    folder = submitted(runs, GroupingConfig.of(request, KMEANS, HEAPS))
    assert folder.run.name == f"Groups by k-means of 180 words of {NAME}"
    assert done(home, folder) == FINISHED, folder.run.error
    labels = groupings.find_grouping(request, KMEANS, HEAPS, home, points=COUNT)
    assert labels is not None
    expected = KMeans(HEAPS, n_init=3, random_state=1).fit(directions(a_set())).labels_
    assert adjusted_rand_score(labels, expected) == 1
    assert np.bincount(labels).tolist() == [90, 45, 30, 15]
    assert folder.run.result == {"key": GroupingConfig.of(request, KMEANS, HEAPS).key, "points": COUNT, "groups": 4}
    on_umap = groupings.find_grouping(asked(home, layouts.UMAP, dims=3), KMEANS, HEAPS, home)
    assert on_umap is not None
    assert np.array_equal(on_umap, labels)
    assert groupings.find_grouping(request, KMEANS, HEAPS + 1, home) is None
    assert groupings.find_grouping(request, HDBSCAN, HEAPS, home) is None
    assert nothing_is_left(home)


def test_groups_that_are_there_by_now_are_not_looked_for_again(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    config = GroupingConfig.of(asked(runs.settings), KMEANS, HEAPS)
    first = submitted(runs, config)
    assert done(runs.settings, first) == FINISHED, first.run.error
    monkeypatch.delitem(grouping.FIND, KMEANS)
    second = submitted(runs, config)
    assert done(runs.settings, second) == FINISHED, second.run.error
    assert second.run.result == first.run.result


def test_hdbscan_groups_by_the_places_on_a_pca(runs: Runs) -> None:
    home, request = runs.settings, asked(runs.settings, dims=3)
    folder = submitted(runs, GroupingConfig.of(request, HDBSCAN, 8))
    assert done(home, folder) == FINISHED, folder.run.error
    labels = groupings.find_grouping(request, HDBSCAN, 8, home, points=COUNT)
    assert labels is not None
    vectors = a_set()
    places = pca_of([vectors], selection.select([vectors], request.words), 3).coordinates
    expected = OWN_HDBSCAN(min_cluster_size=8, copy=True).fit(places).labels_
    assert adjusted_rand_score(labels, expected) == 1
    assert folder.run.result["groups"] == expected.max() + 1 > 1


def test_hdbscan_groups_by_the_places_of_a_map_that_is_kept(runs: Runs) -> None:
    home, request = runs.settings, asked(runs.settings, layouts.TSNE, dims=2)
    gone = submitted(runs, GroupingConfig.of(request, HDBSCAN, 5))
    assert done(home, gone) == FAILED
    assert gone.run.error == (
        "This map is not kept any more, so its words cannot be grouped by their places. Make it again."
    )
    places = np.random.default_rng(3).normal(size=(COUNT, 2)) + 50 * (np.arange(COUNT) % 3 == 0)[:, None]
    vectors = open_vectors(NAME, home)
    store.save_map(request, selection.select([vectors], request.words), places, settings=home)
    again = submitted(runs, GroupingConfig.of(request, HDBSCAN, 20))
    assert done(home, again) == FINISHED, again.run.error
    labels = groupings.find_grouping(request, HDBSCAN, 20, home, points=COUNT)
    assert labels is not None
    assert adjusted_rand_score(labels, clusters.hdbscan(places.astype(np.float32), 20).labels) == 1
    assert groupings.find_grouping(asked(home, layouts.TSNE, dims=2, seed=2), HDBSCAN, 20, home) is None


def test_of_two_sets_every_point_has_a_group(runs: Runs) -> None:
    home = runs.settings
    save_vectors("둘째", a_set(), source="a test", settings=home)
    both = (*asked(home).sets, SetAsked("둘째", identity_of(open_vectors("둘째", home))))
    request = MapRequest(sets=both, words=WordsAsked(count=100))
    folder = submitted(runs, GroupingConfig.of(request, KMEANS, HEAPS))
    assert done(home, folder) == FINISHED, folder.run.error
    labels = groupings.find_grouping(request, KMEANS, HEAPS, home, points=200)
    assert labels is not None
    assert np.array_equal(labels[:100], labels[100:])  # it is the same set twice


# Asking


def test_of_many_who_ask_at_once_one_run_is_made(home: Settings) -> None:
    save_vectors(NAME, a_set(), source="a test", settings=home)
    config, ids = GroupingConfig.of(asked(home), KMEANS, 3), []
    begin = threading.Barrier(6)

    def ask() -> None:
        own = StillRuns(home)  # as another server process has it
        begin.wait()
        ids.append(jobs.submit(own, config).id)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 6
    assert len(set(ids)) == 1
    runs = StillRuns(home)
    assert jobs.running(runs, GROUPING, config.key) is not None
    assert jobs.running(runs, GROUPING, GroupingConfig.of(asked(home), KMEANS, 4).key) is None
    assert jobs.running(runs, MAP, config.key) is None


def test_what_cannot_be_grouped_is_told_before_anything_is_put_in_the_line(runs: Runs) -> None:
    request = asked(runs.settings)
    for how, number in (("spectral", 3), (KMEANS, 0), (KMEANS, 101), (HDBSCAN, 1), (KMEANS, True), (HDBSCAN, 2.5)):
        with pytest.raises(BadSetting):
            jobs.submit(runs, GroupingConfig.of(request, how, number))  # type: ignore[arg-type]
    assert not list(runs.all())


def test_more_points_than_hdbscan_can_group_in_time_are_refused(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groupings, "MOST_DENSE", COUNT - 1)
    folder = submitted(runs, GroupingConfig.of(asked(runs.settings), HDBSCAN, 5))
    assert done(runs.settings, folder) == FAILED
    assert folder.run.error == "HDBSCAN groups at most 179 points here, but there are 180. Take k-means for so many."


# What goes wrong


def test_a_set_that_was_replaced_meanwhile_is_told(runs: Runs) -> None:
    folder = submitted(runs, GroupingConfig.of(asked(runs.settings), KMEANS, 3))
    save_vectors(NAME, a_set(1), source="a test", settings=runs.settings, overwrite=True)
    assert done(runs.settings, folder) == FAILED
    assert folder.run.error == f"“{NAME}” was replaced after this map was asked for. Ask for the map again."


@pytest.mark.parametrize("damage", ["cut", "junk", "empty", "short"])
def test_what_is_damaged_is_found_again(damage: str, runs: Runs) -> None:
    home, request = runs.settings, asked(runs.settings)
    assert done(home, submitted(runs, GroupingConfig.of(request, KMEANS, 3))) == FINISHED
    (path,) = groupings.groupings_dir(home).iterdir()
    whole = path.read_bytes()
    if damage == "short":
        groupings.save_grouping(request, KMEANS, 3, np.zeros(COUNT - 1, np.int32), home)
    else:
        path.write_bytes({"cut": whole[:-9], "junk": b"\0" * len(whole), "empty": b""}[damage])
    assert groupings.find_grouping(request, KMEANS, 3, home, points=COUNT) is None
    again = submitted(runs, GroupingConfig.of(request, KMEANS, 3))
    assert done(home, again) == FINISHED, again.run.error
    assert path.read_bytes() == whole


def test_a_full_disk_is_told_and_leaves_nothing_half_written(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> str:
        raise OSError(28, "No space left on device")

    folder = submitted(runs, GroupingConfig.of(asked(runs.settings), KMEANS, 3))
    monkeypatch.setattr("embedcore.maps.groupings.storage.write_array", full)
    assert done(runs.settings, folder) == FAILED
    assert folder.run.error == "Could not keep these groups. The disk is full. Free some space and try again."
    assert list(groupings.groupings_dir(runs.settings).iterdir()) == []
    with pytest.raises(StorageProblem, match="The disk is full"):
        groupings.save_grouping(asked(runs.settings), KMEANS, 3, np.zeros(3, np.int32), runs.settings)


@pytest.mark.parametrize(("act", "state"), [("ask_to_stop", STOPPED), ("remove", DELETED)])
def test_stopped_or_deleted_it_keeps_nothing(
    act: str, state: str, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setattr("embedcore.runs.progress._LOOK_SECONDS", 0.0)
    folder = submitted(runs, GroupingConfig.of(asked(runs.settings), KMEANS, 3))
    found = clusters.kmeans

    def slow(points: npt.NDArray[np.float32], number: int) -> clusters.Clusters:
        getattr(folder, act)()
        return found(points, number)

    monkeypatch.setitem(grouping.FIND, KMEANS, slow)
    assert done(runs.settings, folder) == state
    assert not groupings.groupings_dir(runs.settings).exists()


# Room


def test_those_that_nobody_opened_for_longest_make_room(runs: Runs) -> None:
    home, request = runs.settings, asked(runs.settings)
    for number in (2, 3, 4):
        groupings.save_grouping(request, KMEANS, number, np.zeros(COUNT, np.int32), home)
    folder = groupings.groupings_dir(home)
    for place, path in enumerate(sorted(folder.iterdir())):
        os.utime(path, (1_000 + place, 1_000 + place))
    one = groupings._file(request, KMEANS, 3, home)
    os.utime(one, (500, 500))  # the oldest, until it is opened
    (folder / ".tmp-of-somebody").write_bytes(b"being written")
    assert groupings.find_grouping(request, KMEANS, 3, home) is not None  # opened last
    groupings.make_room(home, most=0)
    assert groupings.find_grouping(request, KMEANS, 3, home) is not None
    assert groupings.find_grouping(request, KMEANS, 2, home) is None
    assert groupings.find_grouping(request, KMEANS, 4, home) is None
    assert (folder / ".tmp-of-somebody").exists()


def test_keeping_groups_makes_room_and_clears_what_killed_writers_left(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, request = runs.settings, asked(runs.settings)
    monkeypatch.setattr(groupings, "MOST_BYTES", 1)
    folder = groupings.groupings_dir(home)
    folder.mkdir(parents=True)
    for name, age in ((".tmp-old", 25 * 3_600), (".tmp-young", 3_600)):
        (folder / name).write_bytes(b"half")
        os.utime(folder / name, (time.time() - age,) * 2)
    for number in (2, 3, 4):
        groupings.save_grouping(request, KMEANS, number, np.zeros(COUNT, np.int32), home)
        assert groupings.find_grouping(request, KMEANS, number, home) is not None
    assert len([path for path in folder.iterdir() if path.suffix == ".npy"]) == 1
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == [".tmp-young"]


def test_runs_that_found_groups_and_pictures_of_maps_go_after_an_hour(home: Settings) -> None:
    now, folders = time.time(), {}
    for kind in (GROUPING, MAP):
        for ended in (now - 4_000, now - 3_000):
            run = a_run(kind=kind, state=FINISHED, created=now - 5_000, ended=ended)
            folder = folders[kind, ended] = RunFolder.create(home.runs_dir, run)
            (folder.path / PICTURES).mkdir()
    Dispatcher(home, FakeClient(), HERE).tidy()  # type: ignore[arg-type]
    there = {which: folder.exists() for which, folder in folders.items()}
    pictures = {which: (folder.path / PICTURES).exists() for which, folder in folders.items()}
    assert list(there.values()) == [False, True, True, True]
    assert list(pictures.values()) == [False, True, False, True]


def test_looking_for_groups_needs_none_of_the_libraries() -> None:
    assert not modules_after("import embedcore.maps.groupings") & {"umap", "numba", "sklearn", "scipy", "torch", "dask"}
