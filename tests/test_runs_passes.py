"""Passes added to a finished run: what it kept by share stays right, and it goes on as if it had never ended."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from embedcore import settings as settings_module
from embedcore.errors import BadSetting, RunProblem, StorageProblem, UnknownRun
from embedcore.runs import Run, RunFolder, Runs, frames, new_run_id, queue
from embedcore.runs.folder import FAILED, FINISHED, INTERRUPTED, QUEUED, RUNNING, STOPPED
from embedcore.runs.frames import MARKS, Frames, RunMaps
from embedcore.runs.worker import WORKER_DIED, execute
from embedcore.settings import Settings
from embedcore.text import tokenize
from embedcore.training import TrainConfig, Trainer
from embedcore.vocab import Vocab
from tests.test_runs import LONG_TEXT, SENTENCE, a_run, short_config, until
from tests.test_runs_manage import StillRuns, make, weight


@pytest.fixture
def runs(home: Settings) -> Runs:
    return StillRuns(home)


def finished(home: Settings, text: str = LONG_TEXT, **changes: Any) -> RunFolder:
    """A run of 4 passes that was done."""
    folder = make(home, text, config=short_config(**{"epochs": 4, "batch": 64, "seed": 3, **changes}))
    assert execute(home, home.runs_dir, folder.id) == FINISHED
    return folder


def copy_of(home: Settings, folder: RunFolder) -> RunFolder:
    """The same run once more, under another id."""
    run_id = new_run_id()
    shutil.copytree(folder.path, home.runs_dir / run_id)
    other = RunFolder(home.runs_dir, run_id)
    other.update(id=run_id)
    return other


def passes(folder: RunFolder) -> list[float]:
    """How many passes were made at each report."""
    return [metric["share"] * folder.run.config["epochs"] for metric in folder.metrics()]


# Asking for it


def test_a_finished_run_waits_again_with_more_to_do(runs: Runs, home: Settings) -> None:
    folder = finished(home, SENTENCE)
    first_in_line = make(home)
    queue.add(home.runs_dir, first_in_line.run)
    run = runs.add_passes(folder.id, 6, had=4)
    assert (run.state, run.config["epochs"], run.earlier_epochs) == (QUEUED, 10, [4])
    assert (run.ended, run.error, run.owner, run.result, run.resumed) == (None, None, {}, {}, 0)
    assert queue.waiting(home.runs_dir) == [first_in_line.id, folder.id]
    assert {**run.config, "epochs": 4} == short_config(epochs=4, batch=64, seed=3)  # nothing else has changed


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (QUEUED, "This run is already waiting in the line."),
        (RUNNING, "This run is already running."),
        (STOPPED, "This run ended before its last pass: resume it first, and add passes once it is finished."),
        (FAILED, "This run ended before its last pass: resume it first, and add passes once it is finished."),
        (INTERRUPTED, "This run ended before its last pass: resume it first, and add passes once it is finished."),
    ],
)
def test_only_a_finished_run_takes_more(runs: Runs, home: Settings, state: str, sentence: str) -> None:
    folder = make(home, state=state)
    before = folder.run
    with pytest.raises(RunProblem) as caught:
        runs.add_passes(folder.id, 5)
    assert str(caught.value) == sentence
    assert folder.run == before
    assert queue.waiting(home.runs_dir) == []


def test_how_many_is_bounded(runs: Runs, home: Settings) -> None:
    folder = finished(home, SENTENCE)
    for nothing in (0, -1, True, 2.5):
        with pytest.raises(BadSetting, match="At least 1 pass can be added, but"):
            runs.add_passes(folder.id, nothing)  # type: ignore[arg-type]
    with pytest.raises(BadSetting) as caught:
        runs.add_passes(folder.id, 9_997)
    assert str(caught.value) == (
        "A run can make at most 10,000 passes; this one has made 4, and 9,997 more would be 10,001."
    )
    assert folder.run.state == FINISHED
    assert runs.add_passes(folder.id, 9_996).config["epochs"] == 10_000


def test_what_has_nothing_to_go_on_from_is_told(runs: Runs, home: Settings) -> None:
    folder = finished(home, SENTENCE)
    (damaged,) = (folder.path / "checkpoints").glob("*/weight.npy")
    damaged.write_bytes(damaged.read_bytes()[:60])
    with pytest.raises(StorageProblem, match=r"weight\.npy is damaged"):
        runs.add_passes(folder.id, 1)
    shutil.rmtree(folder.path / "checkpoints")
    with pytest.raises(RunProblem, match=r"no longer there.* Run it again with more"):
        runs.add_passes(folder.id, 1)
    other_kind = RunFolder.create(home.runs_dir, a_run(kind="map", state=FINISHED))
    with pytest.raises(RunProblem, match="makes no passes"):
        runs.add_passes(other_kind.id, 1)
    with pytest.raises(UnknownRun):
        runs.add_passes(new_run_id(), 1)
    assert queue.waiting(home.runs_dir) == []


def test_of_many_who_ask_at_once_one_succeeds(home: Settings) -> None:
    folder = finished(home, SENTENCE)
    outcomes: list[str] = []

    def press() -> None:
        try:
            outcomes.append(StillRuns(home).add_passes(folder.id, 4, had=4).state)
        except RunProblem as problem:
            outcomes.append(str(problem))

    people = [threading.Thread(target=press) for _ in range(12)]
    for one in people:
        one.start()
    for one in people:
        one.join()
    assert sorted(outcomes) == ["This run is already waiting in the line."] * 11 + [QUEUED]
    assert (folder.run.config["epochs"], folder.run.earlier_epochs) == (8, [4])
    assert execute(home, home.runs_dir, folder.id) == FINISHED
    with pytest.raises(RunProblem) as caught:  # somebody slow, after the added passes are done
        StillRuns(home).add_passes(folder.id, 4, had=4)
    assert str(caught.value) == "Somebody has added passes to this run since: it has 8 now."


def test_a_full_disk_leaves_a_finished_run_as_it_was(
    runs: Runs, home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = finished(home, SENTENCE)
    before, shares = folder.run, [metric["share"] for metric in folder.metrics()]

    def full(*_: object) -> None:
        raise StorageProblem("Could not write run.json. The disk is full.")

    monkeypatch.setattr(RunFolder, "_write", full)
    with pytest.raises(StorageProblem, match="full"):
        runs.add_passes(folder.id, 4)
    assert folder.run == before
    assert [metric["share"] for metric in folder.metrics()] == shares
    assert queue.waiting(home.runs_dir) == []


# What is kept by share


def test_what_was_all_is_half_at_once_and_means_the_same_passes(runs: Runs, home: Settings) -> None:
    folder = finished(home)
    before, maps = passes(folder), RunMaps(folder)
    shares, drawn = maps.update()
    assert (before[-1], shares[-1]) == (4.0, 1.0)
    runs.add_passes(folder.id, 4)
    assert passes(folder) == pytest.approx(before, rel=1e-12)
    last = folder.last_metric()
    assert last is not None
    assert (last["share"], last["epochs"], last["epoch"]) == (0.5, 8, 4)
    assert folder.metrics()[-1] == last
    assert runs.listing()[0].share == 0.5
    now, again = maps.update()
    assert now == pytest.approx([share / 2 for share in shares], abs=1e-6)
    assert again.tobytes() == drawn.tobytes()  # the same pictures, at other places


@pytest.mark.parametrize("added", [4, 3])  # 4 of 7 is no whole number of millionths
def test_curve_map_and_learning_rate_go_on_from_where_they_were(runs: Runs, home: Settings, added: int) -> None:
    folder = finished(home)
    before, total = passes(folder), 4 + added
    first_frames = {name: (folder.path / "frames" / name).read_bytes() for name in os.listdir(folder.path / "frames")}
    runs.add_passes(folder.id, added)
    assert execute(home, home.runs_dir, folder.id) == FINISHED
    after = passes(folder)
    assert after[: len(before)] == pytest.approx(before, rel=1e-12)
    assert after == sorted(set(after))
    assert after[-1] == total
    lines = folder.metrics()
    assert {line["epochs"] for line in lines} == {total}
    seconds = [line["seconds"] for line in lines]
    assert seconds == sorted(seconds)
    assert lines[-1]["tokens"] == len(LONG_TEXT.split()) * total
    # One straight line to nearly 0 over the whole new length, taken up at the place reached.
    lr = (
        TrainConfig.from_json(folder.run.config).lr
        or Trainer(tokenize(LONG_TEXT), TrainConfig.from_json(folder.run.config)).config.lr
    )
    assert lr is not None
    for line in lines[len(before) : -1]:
        assert line["lr"] == pytest.approx(lr * (1 - line["share"]), abs=lr * 0.05)
    assert lines[len(before)]["lr"] > 5 * lines[len(before) - 1]["lr"]
    kept = Frames(folder)
    assert list(kept.shares) == sorted(set(kept.shares))
    assert (kept.shares[0], kept.shares[-1]) == (0.0, 1.0)
    assert len(kept) <= MARKS + 2
    assert sum(1 for share in kept.shares if share > 4 / total) >= MARKS * added / total - 2
    old = [name for name in os.listdir(folder.path / "frames") if name in first_frames and name != "frames.json"]
    assert len(old) >= MARKS * 4 / total - 1
    assert all((folder.path / "frames" / name).read_bytes() == first_frames[name] for name in old)
    assert kept.load(len(kept) - 1).tobytes() == weight(folder)[kept.rows].tobytes()
    assert folder.run.result["share"] == 1.0


def test_the_vectors_are_those_of_the_trainer_going_on(runs: Runs, home: Settings) -> None:
    folder = finished(home)
    short, long = (
        Trainer(tokenize(LONG_TEXT), TrainConfig.from_json({**folder.run.config, "epochs": epochs}))
        for epochs in (4, 8)
    )
    short.run()
    assert weight(folder).tobytes() == short.weight().tobytes()
    long.restore({**short.state(), "share": np.array(0.5)})
    long.run()
    runs.add_passes(folder.id, 4)
    assert execute(home, home.runs_dir, folder.id) == FINISHED
    assert weight(folder).tobytes() == long.weight().tobytes()
    assert weight(folder).tobytes() != short.weight().tobytes()


def test_passes_are_added_again_and_again(runs: Runs, home: Settings) -> None:
    folder = finished(home, SENTENCE)
    for total in (5, 8, 24):
        runs.add_passes(folder.id, total - folder.run.config["epochs"])
        assert execute(home, home.runs_dir, folder.id) == FINISHED
        assert passes(folder)[-1] == total
        assert passes(folder) == sorted(set(passes(folder)))
        assert Frames(folder).shares[-1] == 1.0
    assert folder.run.earlier_epochs == [4, 5, 8]
    assert len(os.listdir(folder.path / "frames")) <= MARKS + 3


def test_a_run_of_the_version_before_takes_more_too(runs: Runs, home: Settings) -> None:
    one = finished(home)
    two = copy_of(home, one)
    for path in (two.path / "checkpoints").glob("*/epochs.npy"):  # which it did not write
        path.unlink()
    for folder in (one, two):
        runs.add_passes(folder.id, 4)
        assert execute(home, home.runs_dir, folder.id) == FINISHED
    assert weight(two).tobytes() == weight(one).tobytes()
    assert passes(two) == passes(one)


# Ended in the middle of it


class Killed(BaseException):
    """What a kill looks like to the code that it hits: no handler runs."""


def killed_after(monkeypatch: pytest.MonkeyPatch, place: Any, name: str, calls: int = 1) -> None:
    """Let the worker end just after the `calls`-th call of a function."""
    original, left = getattr(place, name), [calls]

    def call(*arguments: Any, **more: Any) -> Any:
        result = original(*arguments, **more)
        left[0] -= 1
        if left[0] == 0:
            raise Killed
        return result

    monkeypatch.setattr(place, name, call)


MOMENTS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "metrics rewritten": lambda patch: killed_after(patch, RunFolder, "drop_metrics_after"),
    "vocabulary written": lambda patch: killed_after(patch, RunFolder, "write_vocab"),
    "half of the frames removed": lambda patch: killed_after(patch, frames.Path, "unlink", 15),
    "first checkpoint": lambda patch: killed_after(patch, RunFolder, "save_checkpoint"),
    "some reports later": lambda patch: killed_after(patch, RunFolder, "append_metric", 9),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_ended_at_any_moment_it_comes_to_the_same_end(
    runs: Runs, home: Settings, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    through = finished(home)
    hit = copy_of(home, through)
    before = passes(through)
    runs.add_passes(through.id, 5)
    assert execute(home, home.runs_dir, through.id) == FINISHED
    runs.add_passes(hit.id, 5)
    with monkeypatch.context() as patch:
        MOMENTS[moment](patch)
        with pytest.raises(Killed):
            execute(home, home.runs_dir, hit.id)
    assert passes(hit)[: len(before)] == pytest.approx(before, rel=1e-12)  # what can be seen meanwhile is right
    assert list(Frames(hit).shares) == sorted(set(Frames(hit).shares))
    hit.update(state=INTERRUPTED, error=WORKER_DIED)  # as the dispatcher does
    runs.resume(hit.id)
    assert execute(home, home.runs_dir, hit.id) == FINISHED
    assert weight(hit).tobytes() == weight(through).tobytes()
    assert passes(hit) == sorted(set(passes(hit)))
    assert passes(hit)[: len(before)] == pytest.approx(before, rel=1e-12)
    assert Frames(hit).shares[-1] == 1.0


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    place = tmp_path_factory.mktemp("runs")
    service = Runs(settings_module.load({"EMBEDCORE_HOME": str(place), "EMBEDCORE_WORKERS": "2"}))
    service.start()
    until(lambda: service.workers == 2, 60, "two workers")
    yield service
    service.stop()


def test_with_real_workers_added_stopped_killed_and_resumed(service: Runs) -> None:
    home = service.settings
    run: Run = service.submit("train", short_config(dim=64, epochs=10, batch=64, seed=3), name="one", text=LONG_TEXT)
    assert service.wait(run.id).state == FINISHED
    through, hit = service.folder(run.id), copy_of(home, service.folder(run.id))
    service.add_passes(through.id, 60)
    service.add_passes(hit.id, 60, had=10)
    before = passes(hit)

    def reached(share: float) -> None:
        until(lambda: (hit.last_metric() or {"share": 0})["share"] > share, what=f"{share:.0%} of the work")

    reached(0.25)
    service.ask_to_stop(hit.id)
    stopped = service.wait(hit.id)
    assert (stopped.state, stopped.result["share"] < 1) == (STOPPED, True)
    service.resume(hit.id)
    reached(float(stopped.result["share"]) + 0.05)
    os.kill(hit.run.owner["worker"], signal.SIGKILL)
    assert service.wait(hit.id).error == WORKER_DIED
    service.resume(hit.id)
    assert service.wait(hit.id).state == FINISHED
    assert service.wait(through.id).state == FINISHED
    assert weight(hit).tobytes() == weight(through).tobytes()
    assert passes(hit)[: len(before)] == pytest.approx(before, rel=1e-12)
    assert passes(hit) == sorted(set(passes(hit)))
    assert passes(hit)[-1] == 70


# Watched meanwhile


def test_a_map_drawn_while_frames_go_is_the_map_of_those_that_stay(
    runs: Runs, home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = finished(home)
    runs.add_passes(folder.id, 4)
    maps = RunMaps(folder)
    load, left = Frames.load, [3]

    def load_late(self: Frames, index: int) -> np.ndarray[Any, Any]:
        left[0] -= 1
        if left[0] == 0:  # just now the worker thins out the frames of what is half of the work by now
            vocab = folder.vocab()
            assert vocab is not None
            frames.FrameWriter(folder, Vocab(vocab[0][2:]), folder.run.config["dim"], share=0.5)
        return load(self, index)

    monkeypatch.setattr(Frames, "load", load_late)
    shares, drawn = maps.update()
    assert len(shares) == len(drawn) == len(Frames(folder)) < MARKS
    monkeypatch.undo()
    again = RunMaps(folder).update()
    assert again[0] == shares
    assert again[1].tobytes() == drawn.tobytes()


def test_a_frame_that_cannot_be_read_is_still_told(home: Settings) -> None:
    folder = finished(home, SENTENCE)
    frame = folder.path / "frames" / "0500000.npy"
    frame.write_bytes(b"junk")
    with pytest.raises(StorageProblem, match=r"0500000\.npy is damaged"):
        RunMaps(folder).update()
