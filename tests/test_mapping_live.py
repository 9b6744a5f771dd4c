"""Maps by real workers: two at once, one for two who ask, stopped half-way, killed, and deaf."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import psutil
import pytest

from embedcore import search
from embedcore.library import open_vectors
from embedcore.maps import layouts, neighbors, store
from embedcore.maps.identity import identity_of
from embedcore.maps.request import MapRequest, SetAsked, WordsAsked
from embedcore.runs import Run, RunFolder, Runs, deaf, jobs, mapping
from embedcore.runs.folder import FINISHED, INTERRUPTED, RUNNING, STOPPED
from embedcore.runs.jobs import MapConfig
from embedcore.runs.progress import progress_of
from embedcore.runs.record import MAP
from embedcore.settings import Settings
from embedcore.vectors import WordVectors
from tests.live_runs import PATIENCE, two_workers
from tests.test_runs import until
from tests.test_runs_manage import StillRuns

COUNT, DIM = 400, 12
NAME = "지도"


def a_set() -> WordVectors:
    return WordVectors([f"낱말{n}" for n in range(COUNT)], np.random.default_rng(0).normal(size=(COUNT, DIM)))


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    """Runs with two real workers, and a set to lay out."""
    with two_workers(tmp_path_factory.mktemp("maps"), NAME, a_set()) as runs:
        yield runs


def asked(home: Settings, method: str, count: int = 150, **more: Any) -> MapRequest:
    made_of = SetAsked(NAME, identity_of(open_vectors(NAME, home)))
    return MapRequest(sets=(made_of,), words=WordsAsked(count=count), method=method, **more)


def by_hand(request: MapRequest) -> npt.NDArray[np.float32]:
    units = search.unit(a_set().matrix[: request.words.count]).astype(np.float32)
    knn = neighbors.nearest(units, 14) if request.method == layouts.UMAP else None
    return layouts.lay_out(units, request.method, request.dims, request.params, request.seed, knn=knn)


def submitted(service: Runs, request: MapRequest) -> RunFolder:
    return service.folder(jobs.submit(service, MapConfig.of(request)).id)


def over(service: Runs, run_id: str) -> Run:
    return service.wait(run_id, PATIENCE)


def layout_began(folder: RunFolder) -> bool:
    progress = progress_of(folder)
    return progress is not None and progress.phase == mapping.LAYING_OUT


def worker_of(folder: RunFolder) -> int:
    return int(folder.run.owner["worker"])


def test_two_who_ask_for_different_maps_at_the_same_moment_both_get_theirs(service: Runs) -> None:
    home = service.settings
    requests = [asked(home, layouts.UMAP, seed=seed, params={"n_epochs": 1_000}) for seed in (1, 2)]
    folders = [submitted(service, request) for request in requests]
    first, second = (over(service, folder.id) for folder in folders)
    assert (first.state, second.state) == (FINISHED, FINISHED), (first.error, second.error)
    assert first.owner["worker"] != second.owner["worker"]
    assert first.started is not None
    assert second.started is not None
    assert first.ended is not None
    assert second.ended is not None
    assert max(first.started, second.started) < min(first.ended, second.ended)  # both at once
    for request in requests:
        assert np.array_equal(store.open_map(request.key, home).coordinates, by_hand(request))


def test_two_who_ask_for_the_same_map_at_the_same_moment_get_it_from_one_run(service: Runs) -> None:
    home, ids = service.settings, []
    config = MapConfig.of(asked(home, layouts.UMAP, seed=5))
    begin = threading.Barrier(2)

    def ask(runs: Runs) -> None:
        begin.wait()
        ids.append(jobs.submit(runs, config).id)

    threads = [threading.Thread(target=ask, args=(runs,)) for runs in (service, StillRuns(home))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ids[0] == ids[1]
    assert over(service, ids[0]).state == FINISHED
    assert len([run for run in service.all((MAP,)) if run.config == config.to_json()]) == 1
    assert jobs.running(service, MAP, config.key) is None


@pytest.mark.parametrize(
    ("method", "params"), [(layouts.UMAP, {"n_epochs": 5_000}), (layouts.TSNE, {"max_iter": 5_000})]
)
def test_a_map_is_stopped_half_way_and_its_worker_goes_on(
    method: str, params: dict[str, int], service: Runs
) -> None:  # fmt: skip
    request = asked(service.settings, method, COUNT, params=params)
    folder = submitted(service, request)
    until(lambda: len(mapping.pictures(folder)) > 1, PATIENCE, "pictures on the way")
    worker, began = worker_of(folder), time.monotonic()
    service.ask_to_stop(folder.id)
    ended = over(service, folder.id)
    assert time.monotonic() - began < deaf.PATIENCE_SECONDS
    assert (ended.state, ended.result, ended.error) == (STOPPED, {"stopped": True}, None)
    assert not store.has_map(request.key, service.settings)
    assert psutil.pid_exists(worker)
    progress = progress_of(folder)
    assert progress is not None
    assert 0 < progress.share < 1


def test_a_killed_worker_is_told_and_trying_again_works(service: Runs) -> None:
    request = asked(service.settings, layouts.TSNE, COUNT, seed=3, params={"max_iter": 300})
    folder = submitted(service, request)
    until(lambda: layout_began(folder), PATIENCE, "the layout")
    os.kill(worker_of(folder), signal.SIGKILL)
    ended = over(service, folder.id)
    assert (ended.state, ended.error) == (
        INTERRUPTED,
        "The worker process of this run ended before the run did. Nothing of it is kept; resume begins anew.",
    )
    assert not store.has_map(request.key, service.settings)
    assert service.resume(folder.id).id == folder.id
    again = over(service, folder.id)
    assert again.state == FINISHED, again.error
    assert np.array_equal(store.open_map(request.key, service.settings).coordinates, by_hand(request))


def test_one_that_does_not_listen_is_stopped_all_the_same_and_the_next_map_is_made(service: Runs) -> None:
    home = service.settings
    request = asked(home, layouts.UMAP, seed=7)
    meta = home.vectors_dir / NAME / "meta.json"
    kept = meta.read_bytes()
    meta.unlink()
    os.mkfifo(meta)  # whoever opens it waits for somebody who writes, as on a disk that does not answer
    try:
        folder = submitted(service, request)
        until(
            lambda: service.folder(folder.id).run.state == RUNNING and folder.last_metric() is not None,
            PATIENCE,
            "the run",
        )
        worker, began = worker_of(folder), time.monotonic()
        service.ask_to_stop(folder.id)
        ended = over(service, folder.id)
        assert time.monotonic() - began > deaf.PATIENCE_SECONDS - 1
        assert (ended.state, ended.result, ended.error) == (STOPPED, {"stopped": True}, None)
        until(lambda: not psutil.pid_exists(worker), PATIENCE, "the end of its worker")
    finally:
        meta.unlink()
        meta.write_bytes(kept)
    assert service.folder(folder.id).run.state == STOPPED  # nobody took the dead worker for an accident
    service.resume(folder.id)
    assert over(service, folder.id).state == FINISHED
    assert store.has_map(request.key, home)
    until(lambda: service.workers == 2, PATIENCE, "other workers in the place of those that died")
