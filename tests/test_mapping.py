"""The job "map": made by a worker, kept under its key, watched on the way, and stopped."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from embedcore import search
from embedcore.errors import BadSetting
from embedcore.library import open_vectors, save_vectors
from embedcore.maps import layouts, neighbors, selection, store
from embedcore.maps.identity import identity_of
from embedcore.maps.request import MapRequest, SetAsked, WordsAsked
from embedcore.runs import Runs, jobs, mapping
from embedcore.runs.folder import FAILED, FINISHED, STOPPED
from embedcore.runs.jobs import MapConfig
from embedcore.runs.progress import progress_of
from embedcore.runs.worker import DELETED
from embedcore.settings import Settings
from embedcore.vectors import WordVectors
from tests.test_imports import modules_after
from tests.test_runs_manage import StillRuns
from tests.test_runs_vectors import done, nothing_is_left, submitted

COUNT, DIM = 150, 10


def a_set(seed: int = 0) -> WordVectors:
    return WordVectors([f"낱말{n}" for n in range(COUNT)], np.random.default_rng(seed).normal(size=(COUNT, DIM)))


@pytest.fixture
def runs(home: Settings) -> Runs:
    save_vectors("내 것", a_set(), source="a test", settings=home)
    return StillRuns(home)


def asked(home: Settings, method: str = layouts.UMAP, **more: Any) -> MapRequest:
    made_of = SetAsked("내 것", identity_of(open_vectors("내 것", home)))
    return MapRequest(sets=(made_of,), words=WordsAsked(count=COUNT), method=method, **{"seed": 3, **more})


def test_a_map_is_made_kept_and_found_again(runs: Runs) -> None:
    home = runs.settings
    request = asked(home, params={"n_epochs": 40})
    folder = submitted(runs, MapConfig.of(request))
    assert folder.run.name == "UMAP in 2-D of 150 words of 내 것"
    assert done(home, folder) == FINISHED, folder.run.error
    kept = store.open_map(request.key, home)
    units = search.unit(np.asarray(open_vectors("내 것", home).matrix)).astype(np.float32)
    knn = neighbors.nearest(units, 14)
    expected = layouts.lay_out(units, layouts.UMAP, 2, {"n_epochs": 40}, 3, knn=knn)
    assert np.array_equal(kept.coordinates, expected)
    assert [*kept.words][:2] == ["낱말0", "낱말1"]
    assert kept.honesty is not None
    assert folder.run.result == {"key": request.key, "points": COUNT, "seconds": kept.facts["seconds"]}
    again = submitted(runs, MapConfig.of(request))
    before = time.monotonic()
    assert done(home, again) == FINISHED
    assert again.run.result["key"] == request.key
    assert not mapping.pictures(again), f"laid out anew in {time.monotonic() - before:.1f} s"
    assert nothing_is_left(home)


def test_two_who_ask_for_the_same_map_share_a_run_and_others_do_not(runs: Runs) -> None:
    home = runs.settings
    first = jobs.submit(runs, MapConfig.of(asked(home)))
    same = MapConfig.of(asked(home, params={"n_neighbors": 15}))  # what it is anyway
    assert jobs.submit(runs, same).id == first.id
    assert jobs.submit(runs, MapConfig.of(asked(home, seed=4))).id != first.id
    assert jobs.submit(runs, MapConfig.of(asked(home, dims=3))).id != first.id


def test_what_cannot_be_laid_out_is_told_before_anything_is_put_in_the_line(runs: Runs) -> None:
    config = MapConfig.of(asked(runs.settings))
    for change in ({"method": "mds"}, {"dims": 5}, {"params": {"n_neighbors": 1}}, {"seed": -1}):
        with pytest.raises(BadSetting):
            jobs.submit(runs, MapConfig({**config.request, **change}))
    assert not list(runs.all())


def test_progress_and_pictures_on_the_way(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mapping, "_EVERY_SECONDS", 0.0)
    monkeypatch.setattr("embedcore.maps.layouts.watching.LOOK_SECONDS", 0.0)
    monkeypatch.setattr("embedcore.runs.progress._EVERY_SECONDS", 0.0)
    folder = submitted(runs, MapConfig.of(asked(runs.settings, dims=3, params={"n_epochs": 120})))
    assert done(runs.settings, folder) == FINISHED, folder.run.error
    lines = folder.metrics()
    assert [line["share"] for line in lines] == sorted(line["share"] for line in lines)
    assert list(dict.fromkeys(line["phase"] for line in lines)) == [*mapping.SHARES]
    steps = [step for line in lines if (step := mapping.steps_of(line))]
    assert steps == sorted(steps)
    assert steps[-1] == (120, 120)
    assert len(steps) > 30
    progress = progress_of(folder)
    assert progress is not None
    assert progress.share == 1.0
    shown = mapping.pictures(folder)
    assert 20 < len(shown) <= mapping.MOST_PICTURES + 1
    assert [picture.done for picture in shown] == sorted({picture.done for picture in shown})
    assert all(picture.open().shape == (COUNT, 3) for picture in shown)
    assert np.array_equal(mapping.picture_rows(folder), [np.arange(COUNT)])


def test_pictures_of_an_earlier_attempt_go_and_what_is_not_finite_or_too_much_is_none(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mapping, "_EVERY_SECONDS", 0.0)
    folder, vectors = submitted(runs, MapConfig.of(asked(runs.settings))), a_set()
    chosen, places = selection.select([vectors], WordsAsked(count=COUNT)), np.ones((COUNT, 2), np.float32)
    writer = mapping.PictureWriter(folder, chosen)
    writer.add(10, 100, np.where(np.arange(COUNT)[:, None] == 3, np.nan, places).astype(np.float32))
    assert mapping.pictures(folder) == []
    for step in range(101):
        writer.add(step, 100, places)
    assert len(mapping.pictures(folder)) == mapping.MOST_PICTURES + 1
    monkeypatch.setattr(mapping, "MOST_BYTES", 5 * places.nbytes + 1)
    writer = mapping.PictureWriter(folder, chosen)
    assert mapping.pictures(folder) == []
    for step in range(101):
        writer.add(step, 100, places)
    assert [picture.done for picture in mapping.pictures(folder)] == [0, 20, 40, 60, 80, 100]
    assert {picture.of for picture in mapping.pictures(folder)} == {100}


def stopping(monkeypatch: pytest.MonkeyPatch, act: Callable[[], None], step: int = 10) -> None:
    """Have something done once the layout has come to a step."""
    monkeypatch.setattr("embedcore.maps.layouts.watching.LOOK_SECONDS", 0.0)
    monkeypatch.setattr("embedcore.runs.progress._LOOK_SECONDS", 0.0)
    told = mapping.Reporter.at

    def at(self: mapping.Reporter, phase: str, share: float, **more: int) -> None:
        if more.get("step") == step:
            act()
        told(self, phase, share, **more)

    monkeypatch.setattr(mapping.Reporter, "at", at)


@pytest.mark.parametrize("method", [layouts.UMAP, layouts.TSNE])
def test_a_map_is_stopped_half_way_and_nothing_is_kept_under_its_key(
    method: str, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = asked(runs.settings, method)
    folder = submitted(runs, MapConfig.of(request))
    told = mapping.Reporter.at
    stopping(monkeypatch, folder.ask_to_stop)
    assert done(runs.settings, folder) == STOPPED
    assert not store.has_map(request.key, runs.settings)
    last = folder.last_metric()
    assert last is not None
    assert mapping.steps_of(last) == (10, {layouts.UMAP: 500, layouts.TSNE: 1_000}[method])
    folder.forget_stop()
    monkeypatch.setattr(mapping.Reporter, "at", told)
    again = submitted(runs, MapConfig.of(asked(runs.settings)))
    assert done(runs.settings, again) == FINISHED, again.run.error  # nothing is left in the library


def test_a_map_is_stopped_while_its_neighbours_are_found(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    request, found = asked(runs.settings), neighbors.nearest
    folder = submitted(runs, MapConfig.of(request))

    def nearest(*arguments: Any, **more: Any) -> Any:
        folder.ask_to_stop()
        return found(*arguments, **more)

    monkeypatch.setattr(neighbors, "nearest", nearest)
    assert done(runs.settings, folder) == STOPPED
    assert folder.run.error is None
    assert not store.has_map(request.key, runs.settings)


def test_a_run_that_is_deleted_while_it_is_laid_out_leaves_nothing(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = submitted(runs, MapConfig.of(asked(runs.settings)))
    stopping(monkeypatch, folder.remove)
    assert done(runs.settings, folder) == DELETED
    assert not folder.path.exists()
    assert store.list_maps(runs.settings) == []


def test_a_set_that_was_replaced_meanwhile_is_not_laid_out_under_the_old_key(runs: Runs) -> None:
    folder = submitted(runs, MapConfig.of(asked(runs.settings)))
    save_vectors("내 것", a_set(1), source="a test", settings=runs.settings, overwrite=True)
    assert done(runs.settings, folder) == FAILED
    assert folder.run.error == "“내 것” was replaced after this map was asked for. Ask for the map again."


def test_pca_says_how_much_of_the_variance_it_keeps(runs: Runs) -> None:
    request = asked(runs.settings, layouts.PCA)
    assert done(runs.settings, submitted(runs, MapConfig.of(request))) == FINISHED
    variance = store.open_map(request.key, runs.settings).facts["variance"]
    units = a_set().matrix / np.linalg.norm(a_set().matrix, axis=1, keepdims=True)
    values = np.linalg.svd(units - units.mean(axis=0), compute_uv=False) ** 2
    assert variance == pytest.approx(values[:2] / values.sum(), abs=1e-5)


def test_asking_for_maps_needs_none_of_the_libraries() -> None:
    assert not modules_after("import embedcore.runs.jobs") & {"umap", "numba", "sklearn", "scipy", "torch", "dask"}
