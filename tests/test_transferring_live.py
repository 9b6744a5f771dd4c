"""Experiments by real workers: points as they come, stopped and resumed, a killed worker, one run for two who ask."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import psutil
import pytest

from embedcore.library import open_vectors
from embedcore.runs import Run, RunFolder, Runs, experiments, new_run_id
from embedcore.runs.experiments import ExperimentConfig, SplitAsked
from embedcore.runs.folder import FINISHED, INTERRUPTED, STOPPED
from embedcore.runs.record import TRANSFER
from embedcore.transfer.config import CONVOLUTION, STARTS, TransferConfig
from embedcore.transfer.experiment import Experiment
from embedcore.transfer.labelled import LabelledTexts
from embedcore.transfer.results import Fitted, Task
from tests.live_runs import PATIENCE, two_workers
from tests.test_runs import until
from tests.test_runs_manage import StillRuns
from tests.transfer_texts import labelled, vectors

NAME = "구름"
SMALL = TransferConfig(pretrained=NAME, hidden=8, epochs=20, patience=20, sizes=(20,), seeds=2)
LARGE = replace(SMALL, model=CONVOLUTION, hidden=400, sizes=(), seeds=1)  # one fit of it takes some seconds
SPLIT = SplitAsked(validation=0.2, test=0.3)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    """Runs with two real workers, and a set to start from."""
    with two_workers(tmp_path_factory.mktemp("experiments"), NAME, vectors()) as runs:
        yield runs


def test_workers_keep_the_memory_that_each_step_needs_again(service: Runs) -> None:
    """Dask has glibc give it back at once, unless told otherwise; one thread is what it is to go on saying."""
    workers = []
    for process in psutil.Process(service._process.pid).children(recursive=True):
        with suppress(psutil.Error):  # one that has ended
            if "spawn_main" in str(process.cmdline()):
                workers.append(process.environ())
    assert len(workers) >= 2
    assert all(worker["OMP_NUM_THREADS"] == "1" and "MALLOC_TRIM_THRESHOLD_" not in worker for worker in workers)


def config_of(service: Runs, settings: TransferConfig) -> ExperimentConfig:
    return ExperimentConfig.of(settings, SPLIT, open_vectors(NAME, service.settings))


def submitted(service: Runs, settings: TransferConfig = SMALL, data: LabelledTexts | None = None) -> RunFolder:
    run = experiments.submit_experiment(service, data or labelled(), config_of(service, settings))
    return service.folder(run.id)


def over(service: Runs, folder: RunFolder) -> Run:
    return service.wait(folder.id, PATIENCE)


def plain(fits: list[Fitted]) -> list[dict[str, Any]]:
    """What was found, but for the time it took."""
    return [{**fitted.to_json(), "seconds": 0} for fitted in fits]


@pytest.fixture(scope="module")
def expected() -> list[dict[str, Any]]:
    """The fits of `SMALL`, made in this process."""
    data = labelled()
    made = Experiment(data, SPLIT.split(data), SMALL, vectors())
    assert made.run() == "finished"
    return plain([*made.finished.values()])


def test_points_come_as_they_are_found_and_stay_as_they_are(service: Runs, expected: list[dict[str, Any]]) -> None:
    folder = submitted(service)
    until(lambda: len(experiments.fits_of(folder)) >= 3, PATIENCE, "the first fits")
    first = plain(experiments.fits_of(folder))
    assert experiments.about_of(folder) is not None
    assert experiments.models_of(folder)
    ended = over(service, folder)
    assert (ended.state, ended.error, ended.result) == (FINISHED, None, {"fits": 12, "of": 12})
    found = plain(experiments.fits_of(folder))
    assert found[: len(first)] == first == expected[: len(first)]
    assert found == expected


def test_stopped_it_keeps_its_fits_and_resumed_it_ends_the_same(
    service: Runs, expected: list[dict[str, Any]]
) -> None:  # fmt: skip
    folder = submitted(service)
    until(lambda: len(experiments.fits_of(folder)) >= 2, PATIENCE, "the first fits")
    service.ask_to_stop(folder.id)
    ended = over(service, folder)
    assert (ended.state, ended.error) == (STOPPED, None)
    kept = plain(experiments.fits_of(folder))
    assert 2 <= len(kept) < len(expected)
    assert kept == expected[: len(kept)]
    service.resume(folder.id)
    assert over(service, folder).state == FINISHED
    assert plain(experiments.fits_of(folder)) == expected
    assert experiments.models_of(folder) == [(start, size) for size in (20, 120) for start in STARTS]


def test_a_killed_worker_is_told_and_its_fits_stay(service: Runs, expected: list[dict[str, Any]]) -> None:
    folder = submitted(service)
    until(lambda: len(experiments.fits_of(folder)) >= 2, PATIENCE, "the first fits")
    os.kill(int(folder.run.owner["worker"]), signal.SIGKILL)
    ended = over(service, folder)
    assert (ended.state, ended.error) == (
        INTERRUPTED,
        "The worker process of this run ended before the run did. "
        "The fits that were finished are kept, and resume goes on from there.",
    )
    assert 2 <= len(experiments.fits_of(folder)) < len(expected)
    service.resume(folder.id)
    assert over(service, folder).state == FINISHED
    assert plain(experiments.fits_of(folder)) == expected


def test_a_long_fit_of_the_convolution_is_stopped_at_once_and_its_worker_goes_on(service: Runs) -> None:
    folder = submitted(service, LARGE, labelled(600))
    until(lambda: (folder.last_metric() or {}).get("phase") == "fitting", PATIENCE, "the first fit")
    worker, began = int(folder.run.owner["worker"]), time.monotonic()
    service.ask_to_stop(folder.id)
    ended = over(service, folder)
    took = time.monotonic() - began
    assert (ended.state, ended.result) == (STOPPED, {"fits": 0, "of": 3, "stopped": True})
    assert took < 5  # a step and a look take much less than a second where nothing else is at work
    assert psutil.pid_exists(worker)


def test_two_who_press_start_at_the_same_moment_make_one_run(service: Runs) -> None:
    config, run_id, data = config_of(service, replace(SMALL, epochs=2)), new_run_id(), labelled()
    begin, found = threading.Barrier(2), []

    def ask(runs: Runs) -> None:
        begin.wait()
        found.append(experiments.submit_experiment(runs, data, config, run_id=run_id).id)

    threads = [threading.Thread(target=ask, args=(runs,)) for runs in (service, StillRuns(service.settings))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [run_id, run_id]
    folder = service.folder(run_id)
    assert over(service, folder).state == FINISHED
    tasks = [fitted.task for fitted in experiments.fits_of(folder)]
    assert len(tasks) == len(set(tasks)) == 12
    assert tasks[0] == Task("scratch", 20, 1)
    assert [run.id for run in service.all((TRANSFER,))].count(run_id) == 1
