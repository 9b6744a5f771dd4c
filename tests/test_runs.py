"""Runs: their folder, the waiting line, and real workers that train, are stopped, and are killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from unittest import mock

import numpy as np
import psutil
import pytest

from embedcore import settings as settings_module
from embedcore.errors import StorageProblem, UnknownRun
from embedcore.runs import Run, RunFolder, Runs, new_run_id, queue
from embedcore.runs.dispatcher import SERVER_STOPPED
from embedcore.runs.folder import FAILED, FINISHED, INTERRUPTED, QUEUED, RUNNING, STOPPED, list_runs
from embedcore.runs.worker import WORKER_DIED, execute
from embedcore.settings import Settings
from embedcore.text import tokenize
from embedcore.training import TrainConfig, Trainer

SENTENCE = "you need to know how to code"
LONG_TEXT = "\n".join(f"the {a} sees a {b} near the {c}" for a in "abcdefgh" for b in "ijklmnop" for c in "qrstuvwx")


def short_config(**changes: object) -> dict[str, object]:
    return TrainConfig(**{"dim": 8, "min_count": 1, "epochs": 5, **changes}).to_json()  # type: ignore[arg-type]


def long_config() -> dict[str, object]:
    """Minutes of work, if nobody stops it."""
    return short_config(epochs=10_000, dim=100)


def until(condition: Callable[[], bool], seconds: float = 30.0, what: str = "it") -> None:
    """Wait for a state, not for a time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds:g} s"
        time.sleep(0.02)


def a_run(**changes: object) -> Run:
    return replace(Run(new_run_id(), "train", "a name", {}, created=time.time()), **changes)  # type: ignore[arg-type]


# The folder


def test_a_folder_reads_back_what_was_written(home: Settings) -> None:
    run = a_run(config={"dim": 3}, name="고양이 🐈")
    folder = RunFolder.create(home.runs_dir, run, "첫 줄\n둘째 줄")
    assert folder.run == run
    assert folder.text() == "첫 줄\n둘째 줄"
    assert folder.update(state=RUNNING, started=2.0).state == RUNNING
    assert folder.run.started == 2.0


@pytest.mark.parametrize("run_id", ["../vectors", "", "a/b", "A" * 8, "x" * 41, "..", ".queue", "aaaa\n"])
def test_an_id_that_cannot_be_one_never_touches_the_disk(home: Settings, run_id: str) -> None:
    with pytest.raises(UnknownRun, match="There is no run"):
        RunFolder(home.runs_dir, run_id)


def test_a_run_that_is_not_there_is_told_in_a_sentence(home: Settings) -> None:
    with pytest.raises(UnknownRun, match="There is no run “abcd1234” here"):
        Runs(home).folder("abcd1234")


def test_the_same_id_makes_one_run(home: Settings) -> None:
    first = a_run(name="first")
    RunFolder.create(home.runs_dir, first, "one")
    again = RunFolder.create(home.runs_dir, replace(first, name="second"), "two")
    assert (again.run.name, again.text()) == ("first", "one")


def test_metrics_leave_out_a_line_that_was_cut_short(home: Settings) -> None:
    folder = RunFolder.create(home.runs_dir, a_run())
    assert folder.metrics() == []
    for loss in (4.0, 3.0):
        folder.append_metric({"loss": loss})
    with (folder.path / "metrics.jsonl").open("ab") as file:
        file.write(b'{"loss": 2.')
    assert [metric["loss"] for metric in folder.metrics()] == [4.0, 3.0]


def test_nan_is_never_written(home: Settings) -> None:
    folder = RunFolder.create(home.runs_dir, a_run())
    with pytest.raises(ValueError, match="JSON"):
        folder.append_metric({"loss": float("nan")})


def test_the_newest_checkpoint_is_read_and_older_ones_go(home: Settings) -> None:
    folder = RunFolder.create(home.runs_dir, a_run())
    assert folder.checkpoint() is None
    for value in range(3):
        folder.save_checkpoint({"weight": np.full((2, 2), value, np.float32), "place": np.array([value])})
    assert os.listdir(folder.path / "checkpoints") == ["000003"]
    arrays = folder.checkpoint()
    assert arrays is not None
    assert arrays["weight"].tolist() == [[2, 2], [2, 2]]
    assert set(arrays) == {"weight", "place"}


def test_readers_always_find_a_whole_checkpoint_while_new_ones_are_written(home: Settings) -> None:
    folder = RunFolder.create(home.runs_dir, a_run())
    folder.save_checkpoint({"a": np.zeros(1000), "b": np.zeros(1000)})
    done = threading.Event()

    def write() -> None:
        for value in range(60):
            folder.save_checkpoint({"a": np.full(1000, value), "b": np.full(1000, value)})
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not done.is_set():
        arrays = folder.checkpoint("a", "b")
        assert arrays is not None
        assert set(arrays["a"]) == set(arrays["b"])
    writer.join()


def test_a_damaged_checkpoint_is_told(home: Settings) -> None:
    folder = RunFolder.create(home.runs_dir, a_run())
    folder.save_checkpoint({"weight": np.zeros((2, 2))})
    (folder.path / "checkpoints" / "000001" / "weight.npy").write_bytes(b"junk")
    with pytest.raises(StorageProblem, match="damaged"):
        folder.checkpoint("weight")


def test_one_unreadable_run_hides_no_other(home: Settings) -> None:
    kept = [RunFolder.create(home.runs_dir, a_run(name=str(number))) for number in range(3)]
    (kept[1].path / "run.json").write_bytes(b"\x00junk")
    (home.runs_dir / "not a run").mkdir()
    assert {run.name for run in list_runs(home.runs_dir)} == {"0", "2"}


def test_a_full_disk_leaves_no_half_run(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(StorageProblem, match=r"Could not save this run\. The disk is full"):
        RunFolder.create(home.runs_dir, a_run(), "text")
    assert list(list_runs(home.runs_dir)) == []
    assert [name for name in os.listdir(home.runs_dir) if not name.startswith(".")] == []


# The waiting line


def test_the_line_goes_by_time_and_each_place_is_taken_once(home: Settings) -> None:
    runs = [a_run(created=float(number)) for number in (2, 1, 3)]
    for run in runs:
        queue.add(home.runs_dir, run)
    assert queue.waiting(home.runs_dir) == [runs[1].id, runs[0].id, runs[2].id]
    taken: list[bool] = []
    takers = [threading.Thread(target=lambda: taken.append(queue.take(home.runs_dir, runs[1].id))) for _ in range(8)]
    for taker in takers:
        taker.start()
    for taker in takers:
        taker.join()
    assert sorted(taken) == [False] * 7 + [True]
    assert queue.waiting(home.runs_dir) == [runs[0].id, runs[2].id]


# What a worker does, in this process


def test_a_job_writes_what_the_trainer_makes_bit_for_bit(home: Settings) -> None:
    run = a_run(config=short_config(seed=7))
    folder = RunFolder.create(home.runs_dir, run, SENTENCE)
    assert execute(home, home.runs_dir, run.id) == FINISHED
    trainer = Trainer(tokenize(SENTENCE), TrainConfig.from_json(short_config(seed=7)))
    trainer.run()
    arrays = folder.checkpoint("weight")
    assert arrays is not None
    assert arrays["weight"].tobytes() == trainer.weight().tobytes()
    result = folder.run.result
    assert (result["vocab_size"], result["dim"], result["tokens"]) == (8, 8, 35)
    metrics = folder.metrics()
    assert metrics[-1]["share"] == 1.0
    assert [m["share"] for m in metrics] == sorted(m["share"] for m in metrics)
    vocab = folder.vocab()
    assert vocab is not None
    assert vocab[0] == ["<unk>", "<pad>", "to", "you", "need", "know", "how", "code"]


@pytest.mark.parametrize(
    ("text", "changes", "sentence"),
    [
        ("", {}, "."),
        ("hello", {}, "."),
        (SENTENCE, {"dim": 100_000}, "dim should be from 1 to 2,000, but is 100,000"),
        (SENTENCE, {"min_count": 50}, "min_count|seen"),
    ],
)
def test_a_job_that_cannot_be_done_ends_with_a_sentence(
    home: Settings, text: str, changes: dict[str, object], sentence: str
) -> None:
    run = a_run(config=short_config(**changes))
    folder = RunFolder.create(home.runs_dir, run, text)
    assert execute(home, home.runs_dir, run.id) == FAILED
    error = folder.run.error
    assert error is not None
    assert "Traceback" not in error
    assert not (folder.path / "error.log").exists()  # it was foreseen
    import re

    assert re.search(sentence, error)


def test_what_nobody_foresaw_is_logged_and_not_shown(home: Settings) -> None:
    run = a_run(kind="no such job")
    folder = RunFolder.create(home.runs_dir, run, SENTENCE)
    assert execute(home, home.runs_dir, run.id) == FAILED
    assert folder.run.error == "Something went wrong that should not have. The server keeps the details."
    assert "KeyError" in (folder.path / "error.log").read_text()


def test_a_run_begun_before_is_not_silently_begun_again(home: Settings) -> None:
    run = a_run(state=RUNNING, config=short_config())
    folder = RunFolder.create(home.runs_dir, run, SENTENCE)
    assert execute(home, home.runs_dir, run.id) == INTERRUPTED
    assert folder.run.error == WORKER_DIED
    assert folder.metrics() == []


# With real workers


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    """Runs with two real workers, shared by the tests that leave them alive."""
    place = tmp_path_factory.mktemp("runs")
    settings = settings_module.load({"EMBEDCORE_HOME": str(place), "EMBEDCORE_WORKERS": "2"})
    runs = Runs(settings)
    runs.start()
    until(lambda: runs.workers == 2, 60, "two workers")
    yield runs
    runs.stop()


def state_of(runs: Runs, run: Run) -> str:
    return runs.folder(run.id).run.state


def test_a_text_trains_and_its_run_tells_all(service: Runs) -> None:
    run = service.submit("train", short_config(), name="sentence", text=SENTENCE)
    assert run.state == QUEUED
    ended = service.wait(run.id)
    assert ended.state == FINISHED
    assert ended.started is not None
    assert ended.ended is not None
    assert ended.created <= ended.started <= ended.ended
    assert service.recent()[0].id == run.id


def test_pressing_start_twice_makes_one_run(service: Runs) -> None:
    run_id = new_run_id()
    first = service.submit("train", short_config(), name="one", text=SENTENCE, run_id=run_id)
    second = service.submit("train", short_config(), name="two", text="other text", run_id=run_id)
    assert first.id == second.id == run_id
    assert service.wait(run_id).name == "one"
    assert service.folder(run_id).text() == SENTENCE


def test_more_runs_than_workers_wait_and_know_their_place(service: Runs) -> None:
    runs = [service.submit("train", long_config(), name=f"{i}", text=LONG_TEXT) for i in range(4)]
    until(lambda: [state_of(service, run) for run in runs] == [RUNNING, RUNNING, QUEUED, QUEUED], what="the line")
    assert [service.place(run.id) for run in runs] == [None, None, 1, 2]
    service.ask_to_stop(runs[3].id)
    assert service.wait(runs[3].id).state == STOPPED
    assert service.folder(runs[3].id).run.started is None  # it never began
    service.ask_to_stop(runs[0].id)
    assert service.wait(runs[0].id).state == STOPPED
    until(lambda: state_of(service, runs[2]) == RUNNING, what="the next in line begins")
    for run in runs:
        service.ask_to_stop(run.id)
    assert [service.wait(run.id).state for run in runs] == [STOPPED] * 4


def test_stopping_half_way_keeps_the_last_checkpoint(service: Runs) -> None:
    run = service.submit("train", long_config(), name="long", text=LONG_TEXT)
    folder = service.folder(run.id)
    until(lambda: len(folder.metrics()) > 3, what="progress")
    service.ask_to_stop(run.id)
    ended = service.wait(run.id)
    assert ended.state == STOPPED
    assert 0 < ended.result["share"] < 1
    arrays = folder.checkpoint()
    assert arrays is not None
    config = TrainConfig.from_json(run.config)
    untrained = Trainer(tokenize(LONG_TEXT), config)
    assert not np.array_equal(arrays["weight"], untrained.weight())
    # Going on from what was kept starts exactly there.
    untrained.restore({name: np.array(array) for name, array in arrays.items()})
    assert np.array_equal(untrained.weight(), arrays["weight"])


def test_a_killed_worker_is_told_and_the_next_run_works(service: Runs) -> None:
    run = service.submit("train", long_config(), name="killed", text=LONG_TEXT)
    other = service.submit("train", long_config(), name="bystander", text=LONG_TEXT)
    folder = service.folder(run.id)
    until(lambda: len(folder.metrics()) > 3 and state_of(service, other) == RUNNING, what="both running")
    os.kill(folder.run.owner["worker"], signal.SIGKILL)
    ended = service.wait(run.id)
    assert (ended.state, ended.error) == (INTERRUPTED, WORKER_DIED)
    assert folder.checkpoint("weight") is not None
    assert state_of(service, other) == RUNNING  # nobody else is harmed
    service.ask_to_stop(other.id)
    service.wait(other.id)
    nexts = [service.submit("train", short_config(), name="next", text=SENTENCE) for _ in range(3)]
    assert [service.wait(run.id).state for run in nexts] == [FINISHED] * 3
    until(lambda: service.workers == 2, 60, "the dead worker is replaced")


def test_a_killed_dispatcher_is_started_again(service: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("embedcore.runs.dispatcher_process._PAUSE_SECONDS", 0.5)
    run = service.submit("train", long_config(), name="long", text=LONG_TEXT)
    folder = service.folder(run.id)
    until(lambda: len(folder.metrics()) > 1, what="progress")
    dispatcher = psutil.Process(service._process.pid)  # type: ignore[union-attr]
    family = [dispatcher, *dispatcher.children(recursive=True)]
    dispatcher.kill()
    until(lambda: not any(alive(process) for process in family), 20, "the end of its workers")
    ended = service.wait(run.id, 60)
    assert (ended.state, ended.error) == (INTERRUPTED, SERVER_STOPPED)
    again = service.submit("train", short_config(), name="next", text=SENTENCE)
    assert service.wait(again.id, 60).state == FINISHED


def alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


SERVER = """
import signal, sys, time
from embedcore import settings
from embedcore.runs import Runs
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell that starts tests in the background ignores it
runs = Runs(settings.load())
runs.start()
while runs.workers < 2:
    time.sleep(0.02)
run = runs.submit("train", {config}, name="long", text={text!r})
folder = runs.folder(run.id)
while len(folder.metrics()) < 2:
    time.sleep(0.02)
print(run.id, flush=True)
try:
    time.sleep(600)
except KeyboardInterrupt:
    runs.stop()
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_however_a_server_ends_no_process_of_it_remains(home: Settings, how: signal.Signals) -> None:
    code = SERVER.format(config=long_config(), text=LONG_TEXT)
    environment = {**os.environ, "EMBEDCORE_WORKERS": "2"}
    server = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment, start_new_session=True,
        cwd=Path(__file__).parents[1],
    )  # fmt: skip
    assert server.stdout is not None
    run_id = server.stdout.readline().strip()
    family = psutil.Process(server.pid).children(recursive=True)
    assert len(family) >= 3  # the dispatcher and two workers
    if how is signal.SIGINT:
        os.killpg(server.pid, how)  # as Ctrl-C does: to everybody at once
    else:
        server.send_signal(how)
    until(lambda: not any(alive(process) for process in family), 20, "the end of every process")
    server.wait(20)
    folder = RunFolder(home.runs_dir, run_id)
    assert (folder.run.state, folder.run.error) == (INTERRUPTED, SERVER_STOPPED)
    assert folder.checkpoint("weight") is not None


def test_a_server_puts_right_what_a_crash_left_behind(home: Settings) -> None:
    dead = {"host": os.uname().nodename, "pid": 2**22 + 1, "since": 1.0}
    left_running = RunFolder.create(home.runs_dir, a_run(state=RUNNING, owner=dead, config=short_config()), SENTENCE)
    lost_place = RunFolder.create(home.runs_dir, a_run(config=short_config()), SENTENCE)  # queued, but in no line
    living = {"host": os.uname().nodename, "pid": os.getpid(), "since": psutil.Process().create_time()}
    not_ours = RunFolder.create(home.runs_dir, a_run(state=RUNNING, owner=living), SENTENCE)
    runs = Runs(home)
    runs.start()
    try:
        assert runs.wait(left_running.id).error == SERVER_STOPPED
        assert runs.wait(lost_place.id).state == FINISHED
        assert not_ours.run.state == RUNNING
    finally:
        runs.stop()


def test_runs_go_on_in_an_external_cluster_without_the_server(home: Settings) -> None:
    from distributed import LocalCluster

    with (
        mock.patch.dict(os.environ),  # Dask leaves there what it sets for its workers, and ours would inherit it
        LocalCluster(
            n_workers=1, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None
        ) as cluster,
    ):
        settings = replace(home, dask_scheduler_address=cluster.scheduler_address)
        runs = Runs(settings)
        runs.start()
        run = runs.submit("train", long_config(), name="long", text=LONG_TEXT)
        folder = runs.folder(run.id)
        until(lambda: len(folder.metrics()) > 2, 60, "progress")
        runs.stop()
        seen = len(folder.metrics())
        until(lambda: len(folder.metrics()) > seen + 2, what="progress without a server")
        assert folder.run.state == RUNNING
        another = Runs(settings)
        another.start()
        another.ask_to_stop(run.id)
        assert another.wait(run.id).state == STOPPED
        another.stop()


def test_a_run_says_whose_it_is(service: Runs) -> None:
    run = service.submit("train", short_config(), name="mine", text=SENTENCE)
    owner = service.wait(run.id).owner
    assert owner["host"] == os.uname().nodename
    assert json.loads((service.folder(run.id).path / "run.json").read_text())["owner"] == owner
