"""What people do with runs once they have them, and what must hold when several do it at once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from embedcore import settings as settings_module
from embedcore.errors import BadName, RunProblem, StorageProblem, UnknownRun
from embedcore.runs import Run, RunFolder, Runs, new_run_id, queue
from embedcore.runs.dispatcher import NOT_HEARD_OF, SERVER_STOPPED, Dispatcher
from embedcore.runs.folder import FAILED, FINISHED, INTERRUPTED, QUEUED, RUNNING, STOPPED
from embedcore.runs.worker import DELETED, WORKER_DIED, execute
from embedcore.settings import Settings
from embedcore.text import tokenize
from embedcore.training import TrainConfig, Trainer
from tests.test_runs import LONG_TEXT, SENTENCE, a_run, long_config, short_config, until

HERE = {"host": os.uname().nodename, "pid": os.getpid(), "since": psutil.Process().create_time()}
GONE = {"host": os.uname().nodename, "pid": 2**22 + 1, "since": 1.0}
CLUSTER = {"scheduler": "tcp://elsewhere:1"}


def medium_config() -> dict[str, object]:
    """A second or two of work on LONG_TEXT."""
    return short_config(dim=64, epochs=60, batch=64, seed=3)


def uninterrupted() -> np.ndarray[Any, Any]:
    trainer = Trainer(tokenize(LONG_TEXT), TrainConfig.from_json(medium_config()))
    trainer.run()
    return trainer.weight()


def weight(folder: RunFolder) -> np.ndarray[Any, Any]:
    arrays = folder.checkpoint("weight")
    assert arrays is not None
    return np.array(arrays["weight"])


class StillRuns(Runs):
    """Runs without a dispatcher: what is put in the line stays there."""

    def start(self) -> None:
        pass


@pytest.fixture
def runs(home: Settings) -> Runs:
    return StillRuns(home)


def make(home: Settings, text: str = SENTENCE, **changes: object) -> RunFolder:
    return RunFolder.create(home.runs_dir, a_run(**{"config": short_config(), **changes}), text)


# Resuming, without workers


def test_a_run_that_was_stopped_waits_again(runs: Runs, home: Settings) -> None:
    folder = make(
        home, state=STOPPED, created=3.0, ended=5.0, error="So it was.", owner=GONE, result={"stopped": True}
    )  # fmt: skip
    folder.ask_to_stop()
    first_in_line = make(home)
    queue.add(home.runs_dir, first_in_line.run)
    run = runs.resume(folder.id)
    assert (run.state, run.ended, run.error, run.owner, run.result, run.resumed) == (QUEUED, None, None, {}, {}, 1)
    assert not folder.should_stop()
    assert queue.waiting(home.runs_dir) == [first_in_line.id, folder.id]  # at the end, though it is older


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (QUEUED, "This run is already waiting in the line."),
        (RUNNING, "This run is already running."),
        (FINISHED, "This run is finished: there is nothing left to do."),
    ],
)
def test_what_cannot_be_resumed_is_told(runs: Runs, home: Settings, state: str, sentence: str) -> None:
    folder = make(home, state=state)
    with pytest.raises(RunProblem) as caught:
        runs.resume(folder.id)
    assert str(caught.value) == sentence
    assert folder.run.resumed == 0
    with pytest.raises(UnknownRun):
        runs.resume(new_run_id())


def test_resume_pressed_by_many_at_once_resumes_once(home: Settings) -> None:
    folder = make(home, state=INTERRUPTED)
    outcomes: list[str] = []

    def press() -> None:
        try:
            outcomes.append(StillRuns(home).resume(folder.id).state)
        except RunProblem as problem:
            outcomes.append(str(problem))

    people = [threading.Thread(target=press) for _ in range(12)]
    for one in people:
        one.start()
    for one in people:
        one.join()
    assert sorted(outcomes) == ["This run is already waiting in the line."] * 11 + [QUEUED]
    assert folder.run.resumed == 1
    assert queue.waiting(home.runs_dir) == [folder.id]


def test_what_was_learned_and_shown_goes_on_without_doubling_back(runs: Runs, home: Settings) -> None:
    folder = make(home, LONG_TEXT, config=medium_config())
    trainer = Trainer(tokenize(LONG_TEXT), TrainConfig.from_json(medium_config()))
    trainer.run(should_stop=lambda: trainer.share > 0.4)
    folder.write_vocab(trainer.vocab.itos, trainer.vocab.counts)
    folder.save_checkpoint(trainer.state())
    for share in (0.1, 0.3, 0.7, 0.8):  # the worker was killed at 0.8, and last saved before 0.7
        folder.append_metric({"share": share, "loss": 1.0})
    with (folder.path / "metrics.jsonl").open("ab") as file:
        file.write(b'{"share": 0.9')  # on a full disk
    folder.update(state=INTERRUPTED, ended=1.0, error=WORKER_DIED)
    runs.resume(folder.id)
    assert execute(home, home.runs_dir, folder.id) == FINISHED
    shares = [metric["share"] for metric in folder.metrics()]
    assert shares == sorted(set(shares))
    assert shares[:2] == [0.1, 0.3]
    assert trainer.share < shares[2] < trainer.share + 1 / 60 + 0.05
    assert shares[-1] == 1.0
    assert folder.metrics()[-1]["seconds"] > float(trainer.state()["seconds"])
    assert (folder.run.result["share"], folder.run.result["loss"]) == (1.0, folder.metrics()[-1]["loss"])
    assert weight(folder).tobytes() == uninterrupted().tobytes()


def test_without_a_checkpoint_it_starts_anew(runs: Runs, home: Settings) -> None:
    folder = make(home, state=INTERRUPTED, ended=1.0)
    folder.append_metric({"share": 0.5, "loss": 1.0})
    runs.resume(folder.id)
    assert execute(home, home.runs_dir, folder.id) == FINISHED
    trainer = Trainer(tokenize(SENTENCE), TrainConfig.from_json(short_config()))
    trainer.run()
    assert weight(folder).tobytes() == trainer.weight().tobytes()
    assert folder.metrics()[0]["share"] < 0.5


def test_a_checkpoint_of_other_words_is_not_mixed_in(runs: Runs, home: Settings) -> None:
    folder = make(home, state=STOPPED, ended=1.0)
    folder.save_checkpoint(Trainer(tokenize(SENTENCE), TrainConfig.from_json(short_config())).state())
    folder.write_vocab(["<unk>", "<pad>", "other"], [0, 0, 1])
    runs.resume(folder.id)
    assert execute(home, home.runs_dir, folder.id) == FAILED
    assert "split its text into other words" in str(folder.run.error)


def test_an_older_run_json_is_read(home: Settings) -> None:
    folder = make(home)
    stored = asdict(folder.run)
    del stored["resumed"], stored["queued"]
    (folder.path / "run.json").write_text(json.dumps(stored))
    assert (folder.run.resumed, folder.run.queued) == (0, None)


def test_asking_a_run_that_is_over_to_stop_does_not_stop_it_when_it_is_resumed(runs: Runs, home: Settings) -> None:
    folder = make(home, state=FAILED)
    runs.ask_to_stop(folder.id)
    assert not folder.should_stop()


def test_a_full_disk_leaves_a_run_as_it_was(runs: Runs, home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make(home, state=STOPPED, ended=1.0)

    def full(*_: object) -> None:
        raise StorageProblem("Could not write run.json. The disk is full.")

    monkeypatch.setattr(RunFolder, "_write", full)
    with pytest.raises(StorageProblem, match="full"):
        runs.resume(folder.id)
    assert folder.run.state == STOPPED
    assert queue.waiting(home.runs_dir) == []


def test_a_run_that_cannot_be_put_in_the_line_is_not_begun_later(
    runs: Runs, home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StorageProblem("Could not put this run in the waiting line. The disk is full.")

    monkeypatch.setattr(queue, "add", full)
    with pytest.raises(StorageProblem, match="full"):
        runs.submit("train", short_config(), name="one", text=SENTENCE)
    assert runs.recent() == []


# Names


def test_a_name_is_kept_whatever_the_worker_writes(runs: Runs, home: Settings) -> None:
    folder = make(home)
    before = folder.run
    assert runs.rename(folder.id, "  고양이 🐈 — a “second” try\u200d ") == "고양이 🐈 — a “second” try\u200d"
    folder.update(state=RUNNING)
    assert (folder.run.name, folder.run.state) == ("고양이 🐈 — a “second” try\u200d", RUNNING)
    assert json.loads((folder.path / "run.json").read_text())["name"] == before.name
    assert runs.recent()[0].name == folder.run.name
    assert runs.rename(folder.id, "가" * 120) == "가" * 120


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "A name cannot be empty."),
        (" \n\t ", "A name cannot be empty."),
        ("\u200b\u2060", "A name cannot be empty."),
        ("x" * 1210, "A name can have at most 120 characters, but this one has 1,210."),
        ("two\nlines", "A name is one line, without tabs or control characters."),
        ("two\u2028lines", "A name is one line, without tabs or control characters."),
        ("nul\0", "A name is one line, without tabs or control characters."),
        ("\ud800x", "A name is one line, without tabs or control characters."),
    ],
)
def test_a_name_that_is_none_is_told(runs: Runs, home: Settings, name: str, sentence: str) -> None:
    folder = make(home, name="before")
    with pytest.raises(BadName) as caught:
        runs.rename(folder.id, name)
    assert str(caught.value) == sentence
    assert folder.run.name == "before"


def test_naming_a_run_that_is_not_there_makes_nothing(runs: Runs, home: Settings) -> None:
    with pytest.raises(UnknownRun):
        runs.rename(new_run_id(), "a name")
    assert not home.runs_dir.exists()


# Deleting


@pytest.mark.parametrize("state", [QUEUED, RUNNING, FINISHED, STOPPED, FAILED, INTERRUPTED])
def test_a_deleted_run_is_gone_with_its_text(runs: Runs, home: Settings, state: str) -> None:
    folder, other = make(home, state=state), make(home)
    queue.add(home.runs_dir, folder.run)
    folder.save_checkpoint({"weight": np.zeros((2, 2))})
    runs.delete(folder.id)
    assert [run.id for run in runs.recent()] == [other.id]
    assert queue.waiting(home.runs_dir) == []
    assert sorted(os.listdir(home.runs_dir)) == sorted([".queue", other.id])
    with pytest.raises(UnknownRun):
        runs.delete(folder.id)


def test_a_damaged_run_can_be_deleted(runs: Runs, home: Settings) -> None:
    folder = make(home)
    (folder.path / "run.json").write_bytes(b"\x00")
    runs.delete(folder.id)
    assert os.listdir(home.runs_dir) == []


def test_nothing_makes_a_deleted_folder_anew(home: Settings) -> None:
    folder = make(home)
    folder.hold("")
    folder.remove()
    with pytest.raises(UnknownRun):
        folder.update(state=RUNNING)
    with pytest.raises(UnknownRun):
        folder._write("run.json", "{}")  # what `update` does if it was deleted after it had read
    with pytest.raises(UnknownRun):
        folder.change(lambda run: True, state=RUNNING)
    for write in (lambda: folder.save_checkpoint({}), lambda: folder.append_metric({})):
        with pytest.raises(RunProblem):
            write()
    folder.beat()
    folder.log_error("details")
    assert os.listdir(home.runs_dir) == []


def test_a_worker_whose_run_is_deleted_ends_without_a_trace(home: Settings) -> None:
    for _ in range(5):  # at another moment each time
        folder = make(home, LONG_TEXT, config=long_config())
        outcome: list[str] = []
        worker = threading.Thread(
            target=lambda folder=folder, outcome=outcome: outcome.append(execute(home, home.runs_dir, folder.id))  # type: ignore[misc]
        )
        worker.start()
        until(lambda folder=folder: len(folder.metrics()) > 1, what="progress")  # type: ignore[misc]
        folder.remove()
        worker.join(10)
        assert outcome == [DELETED]
        assert os.listdir(home.runs_dir) == []


def test_a_run_deleted_before_it_began_is_no_error(home: Settings) -> None:
    assert execute(home, home.runs_dir, new_run_id()) == DELETED
    assert not home.runs_dir.exists()


# Again, and the list


def test_running_it_again_begins_from_all_of_it(runs: Runs, home: Settings) -> None:
    folder = make(home, "첫 줄\n둘째 줄", config=short_config(tokenizer="characters"))
    runs.rename(folder.id, "another name")
    draft = runs.again(folder.id)
    assert (draft.kind, draft.name, draft.text, draft.tokenizer) == (
        "train", "another name", "첫 줄\n둘째 줄", "characters",
    )  # fmt: skip
    draft.config["dim"] = 3
    assert folder.run.config["dim"] == 8
    with pytest.raises(UnknownRun):
        runs.again(new_run_id())


def test_the_list_tells_what_a_list_shows(runs: Runs, home: Settings) -> None:
    base = int(time.time() * 1000)
    ids = [f"{base + number:011x}{number:012x}" for number in range(4)]
    states = [FINISHED, FAILED, STOPPED, QUEUED]
    folders = [make(home, f"text {i}\n" + "가나다 " * 100, id=i, state=s) for i, s in zip(ids, states, strict=True)]
    for loss in (4.0, 3.0):
        folders[2].append_metric({"loss": loss, "share": 1 / loss})
    with (folders[2].path / "metrics.jsonl").open("ab") as file:
        file.write(b'{"loss": 2.')  # being written just now
    queue.add(home.runs_dir, folders[3].run)
    (home.runs_dir / "not a run").mkdir()
    (home.runs_dir / "norunatall").mkdir()
    listed = runs.listing()
    assert [summary.run.id for summary in listed] == ids[::-1]
    assert [summary.place for summary in listed] == [1, None, None, None]
    assert [summary.loss for summary in listed] == [None, 3.0, None, None]
    assert [summary.share for summary in listed] == [0.0, 1 / 3, 0.0, 1.0]
    assert [summary.resumable for summary in listed] == [False, True, False, False]
    assert listed[0].beginning.startswith(f"text {ids[3]} 가나다 ")
    assert len(listed[0].beginning) in (80, 81)
    assert listed[0].beginning.endswith("…")
    folders[1].save_checkpoint({"weight": np.zeros((2, 2))})
    assert runs.listing()[2].resumable
    assert [summary.run.id for summary in runs.listing(limit=2, offset=1)] == ids[2:0:-1]
    assert runs.listing(offset=4) == []
    assert runs.count() == 4


def test_the_last_report_is_found_from_the_end(home: Settings) -> None:
    folder = make(home)
    assert folder.last_metric() is None
    (folder.path / "metrics.jsonl").write_text('{"loss": 1')
    assert folder.last_metric() is None
    lines = [{"loss": 0.5}, {"loss": 0.25, "words": "가" * 9000}]  # longer than what is read at first
    (folder.path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines * 20) + "{")
    assert folder.last_metric() == lines[1]


def test_the_beginning_of_a_text_is_cut_between_characters(home: Settings) -> None:
    assert make(home, "  one\n two\tthree ").beginning() == "one two three"
    assert make(home, "").beginning() == ""
    assert make(home, "고" * 10_000).beginning(5) == "고고고고고…"
    assert make(home, " " * 10_000 + "x").beginning() == "…"


def test_a_page_of_a_thousand_runs_is_quick(runs: Runs, home: Settings) -> None:
    line = json.dumps({"loss": 2.0, "share": 0.5, "seconds": 1.0, "words_per_second": 1.0}) + "\n"
    for number in range(1000):  # written straight: a thousand fsyncs would be the test
        run = a_run(id=f"{number:023x}", state=FINISHED, config=short_config())
        path = home.runs_dir / run.id
        path.mkdir(parents=True)
        (path / "run.json").write_text(json.dumps(asdict(run)))
        (path / "text.txt").write_text(LONG_TEXT)
        (path / "metrics.jsonl").write_text(line * 500)
    seconds = []
    for _ in range(7):
        begin = time.perf_counter()
        assert len(runs.listing(limit=50, offset=100)) == 50
        seconds.append(time.perf_counter() - begin)
    print(f"50 of 1,000 runs: {min(seconds) * 1000:.1f} to {max(seconds) * 1000:.1f} ms")
    assert min(seconds) < 0.05


# Old runs


def test_old_runs_go_and_nothing_else(home: Settings) -> None:
    day = 86_400.0
    now = time.time()
    old = make(home, state=FINISHED, created=now - 90 * day, ended=now - 31 * day)
    never_ended_well = make(home, state=FAILED, created=now - 31 * day)
    kept = [
        make(home, state=FINISHED, created=now - 90 * day, ended=now - 29 * day),
        make(home, state=RUNNING, created=now - 90 * day, owner=HERE),
        make(home, state=QUEUED, created=now - 90 * day, owner=HERE),
        make(home, state=FINISHED, created=now, ended=now),
    ]
    vectors = home.vectors_dir / "mine"
    vectors.mkdir(parents=True)
    (home.runs_dir / ".tmp-old").mkdir()
    (home.runs_dir / ".tmp-new").mkdir()
    remains = home.runs_dir / new_run_id()  # made by a worker just when its run was deleted
    (remains / "checkpoints").mkdir(parents=True)
    of_somebody = home.runs_dir / "backup"
    of_somebody.mkdir()
    for place in (home.runs_dir / ".tmp-old", remains, of_somebody, vectors):
        os.utime(place, (now - 90 * day, now - 90 * day))
    Dispatcher(replace(home, runs_kept_days=0), FakeClient(), HERE).tidy()  # type: ignore[arg-type]
    assert old.exists()
    Dispatcher(home, FakeClient(), HERE).tidy()  # type: ignore[arg-type]
    assert not old.exists()
    assert not never_ended_well.exists()
    assert sorted(os.listdir(home.runs_dir)) == sorted([".tmp-new", "backup", *(folder.id for folder in kept)])
    assert vectors.is_dir()


def test_an_old_run_that_was_resumed_just_now_stays(home: Settings) -> None:
    folder = make(home, state=STOPPED, ended=1.0)
    assert not folder.remove_if(lambda run: not run.over)
    assert folder.exists()


# The dispatcher, with workers that do nothing by themselves


class FakeFuture:
    """A task that is done when the test says so."""

    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments
        self.status = "pending"
        self.error: Exception | None = None

    def done(self) -> bool:
        return self.status != "pending"

    def exception(self) -> Exception | None:
        return self.error

    def fail(self, error: Exception) -> None:
        self.status, self.error = "error", error

    def work(self) -> str:
        """What a worker would do with it."""
        function, *arguments = self.arguments
        self.status = "finished"
        return str(function(*arguments))


class FakeClient:
    """Dask's client as far as the dispatcher uses it."""

    def __init__(self, workers: int = 2) -> None:
        self.workers = [f"tcp://worker:{number}" for number in range(workers)]
        self.tasks: list[FakeFuture] = []
        self.cancelled: list[FakeFuture] = []

    def scheduler_info(self, n_workers: int) -> dict[str, dict[str, object]]:
        return {"workers": {address: {} for address in self.workers}}

    def submit(self, *arguments: Any, **_: Any) -> FakeFuture:
        self.tasks.append(FakeFuture(*arguments))
        return self.tasks[-1]

    def cancel(self, futures: list[FakeFuture], force: bool) -> None:
        self.cancelled += futures


def a_dispatcher(home: Settings, owner: dict[str, Any] = HERE, workers: int = 2) -> tuple[Dispatcher, FakeClient]:
    client = FakeClient(workers)
    return Dispatcher(home, client, owner), client  # type: ignore[arg-type]


@pytest.fixture
def _always_due(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is done every ten seconds is done in every round."""
    monkeypatch.setattr("embedcore.runs.dispatcher._RECOVER_SECONDS", 0.0)


@pytest.mark.usefixtures("_always_due")
def test_a_run_is_given_once_though_two_servers_share_the_folder(home: Settings, runs: Runs) -> None:
    run = runs.submit("train", short_config(), name="one", text=SENTENCE)
    pairs = [a_dispatcher(home) for _ in range(4)]
    rounds = [threading.Thread(target=dispatcher.look) for dispatcher, _ in pairs]
    for one in rounds:
        one.start()
    for one in rounds:
        one.join()
    assert sum(len(client.tasks) for _, client in pairs) == 1
    queue.add(home.runs_dir, run)  # as a server does that was slow between folder and line
    for dispatcher, _ in pairs:
        dispatcher.look()
    assert sum(len(client.tasks) for _, client in pairs) == 1
    assert queue.waiting(home.runs_dir) == []
    task = next(task for _, client in pairs for task in client.tasks)
    assert task.work() == FINISHED


def test_a_place_that_is_none_does_not_touch_a_run_that_is_over(home: Settings) -> None:
    ended = time.time()
    folder = make(home, state=FINISHED, ended=ended)
    queue.add(home.runs_dir, folder.run)
    (folder.path / "stop").touch()
    dispatcher, client = a_dispatcher(home)
    dispatcher.look()
    assert (folder.run.state, folder.run.ended) == (FINISHED, ended)
    assert client.tasks == []
    assert queue.waiting(home.runs_dir) == []


@pytest.mark.usefixtures("_always_due")
def test_a_dispatcher_that_died_before_it_gave_a_run_out_loses_nothing(home: Settings) -> None:
    before_the_place = make(home, owner={**GONE, "ticket": "old"})
    queue.add(home.runs_dir, before_the_place.run)
    after_the_place = make(home, owner={**GONE, "ticket": "old"})
    dispatcher, client = a_dispatcher(home)
    dispatcher.look()
    dispatcher.look()
    assert {task.arguments[3] for task in client.tasks} == {before_the_place.id, after_the_place.id}
    # The worker of the dead one comes too late, and touches nothing.
    assert execute(home, home.runs_dir, after_the_place.id, "old") == QUEUED
    assert after_the_place.metrics() == []
    assert [task.work() for task in client.tasks] == [FINISHED, FINISHED]


def test_of_two_workers_with_the_same_run_one_has_it(home: Settings) -> None:
    folder = make(home, owner={**HERE, "ticket": "new"})
    outcomes = []
    workers = [
        threading.Thread(target=lambda t=t: outcomes.append(execute(home, home.runs_dir, folder.id, t)))  # type: ignore[misc]
        for t in ("old", "new", "older")
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert FINISHED in outcomes
    assert folder.run.state == FINISHED
    shares = [metric["share"] for metric in folder.metrics()]
    assert shares == sorted(set(shares))


def test_what_stands_in_the_line_and_cannot_be_read_holds_up_nobody(home: Settings, capfd: Any) -> None:
    damaged, good = make(home, created=1.0), make(home, created=2.0)
    for folder in (damaged, good):
        queue.add(home.runs_dir, folder.run)
    (damaged.path / "run.json").write_bytes(b"junk")
    (home.runs_dir / ".queue" / ".DS_Store").touch()
    dispatcher, client = a_dispatcher(home)
    for _ in range(3):
        dispatcher.look()
    assert [task.arguments[3] for task in client.tasks] == [good.id]
    assert queue.waiting(home.runs_dir) == [damaged.id]
    assert capfd.readouterr().err.count("damaged") == 1  # said once, not once a second


def test_a_stop_is_heeded_wherever_it_comes_before_the_start(home: Settings, runs: Runs) -> None:
    in_line, given = (runs.submit("train", short_config(), name="one", text=SENTENCE) for _ in range(2))
    runs.ask_to_stop(in_line.id)
    dispatcher, client = a_dispatcher(home)
    dispatcher.look()
    assert runs.folder(in_line.id).run.state == STOPPED
    runs.ask_to_stop(given.id)  # already with a worker, which has not begun
    assert [task.work() for task in client.tasks] == [STOPPED]
    folder = runs.folder(given.id)
    assert (folder.run.state, folder.run.started, folder.metrics()) == (STOPPED, None, [])


@pytest.mark.usefixtures("_always_due")
def test_a_lost_worker_elsewhere_is_noticed_while_the_server_is_up(home: Settings, runs: Runs) -> None:
    run = runs.submit("train", short_config(), name="one", text=SENTENCE)
    folder = runs.folder(run.id)
    dispatcher, client = a_dispatcher(home, CLUSTER)
    dispatcher.look()
    folder.update(state=RUNNING)  # as the worker does
    folder.beat()
    dispatcher.look()
    assert folder.run.state == RUNNING
    long_ago = time.time() - 200
    os.utime(folder.path / "heartbeat", (long_ago, long_ago))
    dispatcher.look()
    assert folder.run.state == RUNNING  # it was only given out a moment ago
    folder.update(owner={**folder.run.owner, "given": long_ago})
    dispatcher.look()
    assert (folder.run.state, folder.run.error) == (INTERRUPTED, NOT_HEARD_OF)
    assert client.cancelled == client.tasks
    # Resumed, it is given out anew; when the worker comes back after all, it has nothing to say.
    runs.resume(run.id)
    dispatcher.look()
    assert len(client.tasks) == 2
    assert client.tasks[0].work() == QUEUED
    dispatcher.look()
    assert folder.run.state == QUEUED
    assert client.tasks[1].work() == FINISHED


def test_a_worker_that_was_given_up_stops_and_writes_nothing_more(home: Settings) -> None:
    folder = make(home, LONG_TEXT, config=long_config(), owner={**CLUSTER, "ticket": "old"})
    outcome: list[str] = []
    worker = threading.Thread(target=lambda: outcome.append(execute(home, home.runs_dir, folder.id, "old")))
    worker.start()
    until(lambda: len(folder.metrics()) > 1, what="progress")
    folder.change(lambda run: True, state=QUEUED, owner={}, resumed=1)
    worker.join(10)
    assert outcome == [QUEUED]
    assert folder.run.error is None


def test_another_servers_runs_elsewhere_are_looked_after_too(home: Settings) -> None:
    elsewhere = {"host": "another-machine", "pid": 1, "since": 1.0}
    lost = make(home, state=RUNNING, owner={**elsewhere, "given": time.time() - 200})
    alive = make(home, state=RUNNING, owner={**elsewhere, "given": time.time() - 200})
    alive.beat()
    dispatcher, _ = a_dispatcher(home)
    dispatcher.look()
    assert (lost.run.state, lost.run.error) == (INTERRUPTED, NOT_HEARD_OF)
    assert alive.run.state == RUNNING


def test_a_stop_and_resume_between_two_rounds_is_not_taken_for_a_dead_worker(home: Settings, runs: Runs) -> None:
    run = runs.submit("train", short_config(), name="one", text=SENTENCE)
    dispatcher, client = a_dispatcher(home)
    dispatcher.look()
    runs.ask_to_stop(run.id)
    assert client.tasks[0].work() == STOPPED
    runs.resume(run.id)  # before the dispatcher saw that the first task was done
    dispatcher.look()
    assert runs.folder(run.id).run.state == QUEUED
    assert client.tasks[1].work() == FINISHED


def test_a_run_whose_worker_vanished_before_it_began_waits_again(home: Settings, runs: Runs) -> None:
    run = runs.submit("train", short_config(), name="one", text=SENTENCE)
    dispatcher, client = a_dispatcher(home, workers=1)
    dispatcher.look()
    client.workers = []
    dispatcher.look()
    assert queue.waiting(home.runs_dir) == [run.id]
    client.workers = ["tcp://worker:9"]
    dispatcher.look()
    assert client.tasks[1].work() == FINISHED
    assert client.tasks[0].work() == FINISHED  # nothing: it is over
    assert runs.folder(run.id).run.started is not None


def test_when_the_server_stops_what_had_not_begun_waits_for_the_next(home: Settings, runs: Runs) -> None:
    begun, not_begun = (runs.submit("train", short_config(), name="one", text=SENTENCE) for _ in range(2))
    dispatcher, _ = a_dispatcher(home)
    dispatcher.look()
    runs.folder(begun.id).update(state=RUNNING)
    dispatcher.end()
    assert runs.folder(begun.id).run.error == SERVER_STOPPED
    assert (runs.folder(not_begun.id).run.state, queue.waiting(home.runs_dir)) == (QUEUED, [not_begun.id])


def test_the_end_is_written_down_when_the_disk_takes_it_again(
    home: Settings, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = runs.submit("train", short_config(), name="one", text=SENTENCE)
    folder = runs.folder(run.id)
    dispatcher, client = a_dispatcher(home)
    dispatcher.look()
    folder.update(state=RUNNING)
    client.tasks[0].fail(StorageProblem("Could not save a checkpoint of this run. The disk is full."))

    def full(*_: object) -> None:
        raise StorageProblem("Could not write run.json. The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(RunFolder, "_write", full)
        dispatcher.look()
        dispatcher.look()
    assert folder.run.state == RUNNING
    dispatcher.look()
    assert (folder.run.state, folder.run.error) == (
        FAILED, "Could not save a checkpoint of this run. The disk is full.",
    )  # fmt: skip


def test_a_full_disk_does_not_keep_the_other_runs_waiting_for_ever(
    home: Settings, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = runs.submit("train", short_config(), name="one", text=SENTENCE)

    def full(*_: object) -> None:
        raise StorageProblem("Could not write run.json. The disk is full.")

    dispatcher, client = a_dispatcher(home)
    with monkeypatch.context() as patch:
        patch.setattr(RunFolder, "_write", full)
        dispatcher.look()
    assert client.tasks == []
    dispatcher.look()
    assert [task.arguments[3] for task in client.tasks] == [run.id]


# A full disk, for real

WATCHED = """
import threading
from embedcore.errors import StorageProblem
from embedcore.runs import RunFolder
failed = threading.Event()  # set when not even the end of a run could be written
write = RunFolder._write
def watched(*arguments):
    try:
        write(*arguments)
    except StorageProblem:
        failed.set()
        raise
RunFolder._write = watched
"""

FULL = """
import resource, signal, sys, threading, time
from pathlib import Path
from embedcore import settings as settings_module
from embedcore.runs import RunFolder
from embedcore.runs.worker import execute
settings = settings_module.load()
folder = RunFolder(settings.runs_dir, sys.argv[1])
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
def fill_and_free():
    while len(folder.metrics()) < 3:
        time.sleep(0.01)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200, hard))  # no file may grow beyond: not run.json either
    assert failed.wait(20)
    assert folder.run.state == "running", folder.run
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
threading.Thread(target=fill_and_free).start()
print(execute(settings, settings.runs_dir, sys.argv[1]))
"""


def test_a_run_whose_files_cannot_grow_is_told_and_goes_on_later(home: Settings, runs: Runs) -> None:
    folder = make(home, LONG_TEXT, config=medium_config())
    done = subprocess.run(
        [sys.executable, "-c", WATCHED + FULL, folder.id], capture_output=True, text=True, timeout=60, check=True,
        cwd=Path(__file__).parents[1],
    )  # fmt: skip
    assert done.stdout.strip() == FAILED, done.stderr
    error = str(folder.run.error)
    assert error.startswith("Could not ")
    assert error.endswith("A file would grow larger than this system allows.")
    assert not list(folder.path.rglob(".tmp-*"))
    runs.resume(folder.id)
    assert execute(home, home.runs_dir, folder.id) == FINISHED
    assert weight(folder).tobytes() == uninterrupted().tobytes()
    shares = [metric["share"] for metric in folder.metrics()]
    assert shares == sorted(set(shares))


TMPFS = """
mount -t tmpfs -o size=900k none "$EMBEDCORE_HOME" || exit 77
exec "$0" -c "$1"
"""

FILLED = """
import time
from embedcore import settings as settings_module
from embedcore.runs import Run, RunFolder, new_run_id
from embedcore.runs.folder import list_runs
from embedcore.runs.worker import execute
from tests.test_runs_manage import LONG_TEXT, medium_config, uninterrupted, weight, StillRuns
settings = settings_module.load()
runs = StillRuns(settings)
run = runs.submit("train", medium_config(), name="one", text=LONG_TEXT)
folder = runs.folder(run.id)
ballast = settings.home / "ballast"
def fill():
    while len(folder.metrics()) < 3:
        time.sleep(0.01)
    with ballast.open("wb", buffering=0) as file:
        while not failed.is_set() and not folder.run.over:
            try:
                file.write(bytes(512))
            except OSError:
                time.sleep(0.001)  # what the worker takes away again is filled too
filler = threading.Thread(target=fill)
filler.start()
state = []
worker = threading.Thread(target=lambda: state.append(execute(settings, settings.runs_dir, run.id)))
worker.start()
filler.join()
try:
    runs.submit("train", medium_config(), name="two", text=LONG_TEXT * 9)
except Exception as problem:
    print(type(problem).__name__, problem)
print(len(runs.listing()), len(list(settings.runs_dir.glob(".tmp-*"))), len(list(folder.path.rglob(".tmp-*"))))
ballast.unlink()
worker.join()
print(state[0])
print(folder.run.error)
runs.resume(run.id)
print(execute(settings, settings.runs_dir, run.id), weight(folder).tobytes() == uninterrupted().tobytes())
"""


def test_a_disk_that_fills_up_in_mid_run_is_told_and_hides_nothing_half_written(home: Settings) -> None:
    home.home.mkdir()
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", TMPFS, sys.executable, WATCHED + FILLED]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=Path(__file__).parents[1])
    except FileNotFoundError:
        pytest.skip("there is no unshare here")
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip("no small disk can be mounted here")
    lines = done.stdout.splitlines()
    full = "The disk is full. Free some space and try again."
    assert lines[:3] == [f"StorageProblem Could not save this run. {full}", "1 0 0", FAILED], done.stderr
    assert lines[3].startswith("Could not ")
    assert lines[3].endswith(full)
    assert lines[4] == f"{FINISHED} True"


# With real workers


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    place = tmp_path_factory.mktemp("runs")
    service = Runs(settings_module.load({"EMBEDCORE_HOME": str(place), "EMBEDCORE_WORKERS": "2"}))
    service.start()
    until(lambda: service.workers == 2, 60, "two workers")
    yield service
    service.stop()


def half_way(service: Runs) -> RunFolder:
    run = service.submit("train", medium_config(), name="half", text=LONG_TEXT)
    folder = service.folder(run.id)
    until(lambda: (folder.last_metric() or {"share": 0})["share"] > 0.3, what="a third of the work")
    return folder


def test_stopped_half_way_and_resumed_it_comes_to_the_same_end(service: Runs) -> None:
    folder = half_way(service)
    service.ask_to_stop(folder.id)
    stopped = service.wait(folder.id)
    assert (stopped.state, stopped.result["share"] < 1) == (STOPPED, True)
    assert service.listing(1)[0].resumable
    resumed = service.resume(folder.id)
    assert resumed.resumed == 1
    ended = service.wait(folder.id)
    assert (ended.state, ended.error, ended.result["share"]) == (FINISHED, None, 1.0)
    assert weight(folder).tobytes() == uninterrupted().tobytes()
    shares = [metric["share"] for metric in folder.metrics()]
    assert shares == sorted(set(shares))


def test_killed_half_way_and_resumed_it_comes_to_the_same_end(service: Runs) -> None:
    folder = half_way(service)
    os.kill(folder.run.owner["worker"], signal.SIGKILL)
    assert service.wait(folder.id).error == WORKER_DIED
    service.resume(folder.id)
    assert service.wait(folder.id).state == FINISHED
    assert weight(folder).tobytes() == uninterrupted().tobytes()
    shares = [metric["share"] for metric in folder.metrics()]
    assert shares == sorted(set(shares))


def test_deleting_a_run_in_progress_frees_its_worker(service: Runs) -> None:
    until(lambda: service.workers == 2, 60, "the killed worker is replaced")
    running = [service.submit("train", long_config(), name="long", text=LONG_TEXT) for _ in range(2)]
    until(lambda: all(service.folder(run.id).metrics() for run in running), what="both run")
    waiting = service.submit("train", short_config(), name="next", text=SENTENCE)
    service.delete(running[0].id)
    with pytest.raises(UnknownRun):
        service.folder(running[0].id)
    assert service.wait(waiting.id).state == FINISHED
    assert not (service.settings.runs_dir / running[0].id).exists()
    service.ask_to_stop(running[1].id)
    service.wait(running[1].id)
    assert [name for name in os.listdir(service.settings.runs_dir) if name.startswith(".tmp")] == []


def test_a_server_removes_old_runs_at_its_start(home: Settings) -> None:
    settings = replace(home, runs_kept_days=0.5)
    old = make(home, state=FINISHED, ended=time.time() - 50_000)
    young = make(home, state=FINISHED, ended=time.time() - 30_000)
    service = Runs(settings)
    service.start()
    try:
        until(lambda: not old.exists(), 60, "the old run goes")
        assert young.exists()
    finally:
        service.stop()


def test_every_field_of_a_run_is_in_its_json(home: Settings) -> None:
    folder = make(home)
    assert Run(**json.loads((folder.path / "run.json").read_text())) == folder.run
