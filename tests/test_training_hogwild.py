"""Several processes on the same weights: that they learn, stop, resume, and leave nobody behind."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from collections import namedtuple
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import embedcore
from embedcore.errors import BadSetting, TrainingProblem
from embedcore.text import tokenize
from embedcore.training import OBJECTIVES, Progress, TrainConfig, Trainer, suggest
from embedcore.training.feed import Place
from embedcore.training.hogwild import Crew, Pieces, check_processes, too_many
from embedcore.training.initial import FirstWeight
from embedcore.training.moving import Mover
from embedcore.training.sharing import SHARED_BYTES, pickled

HERE = Path(__file__).parent
SAMPLE = Path(embedcore.__file__).parent / "samples" / "english.txt"
PATIENCE = 60.0  # seconds for a state to come, on a machine that does much else


@pytest.fixture(scope="module")
def crew() -> Iterator[Crew]:
    """Two processes, so that not every test waits for two to start."""
    crew = Crew(2)
    yield crew
    crew.dismiss()


def random_text(sentences: int = 300, seed: int = 0) -> list[list[str]]:
    rng = np.random.default_rng(seed)
    return [[f"w{int(word)}" for word in rng.zipf(1.5, rng.integers(2, 12)) if word < 50] for _ in range(sentences)]


def small(**values: object) -> TrainConfig:
    return TrainConfig(**{"dim": 8, "min_count": 1, "epochs": 20, "batch": 20, **values})


def wait_for(state: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not state():
        assert time.monotonic() < until
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


# Learning.


def test_two_processes_learn_what_one_learns(crew: Crew) -> None:
    text = list(tokenize(SAMPLE.read_text(encoding="utf-8")))
    subjects = json.loads((HERE / "data" / "subjects.json").read_text(encoding="utf-8"))["english"]
    subject = {word: name for name, words in subjects.items() for word in words}
    config = suggest(sum(map(len, text)), len({word for line in text for word in line}), len(text)).config
    trainer = Trainer(text, config, processes=crew)
    before, reports = trainer.weight(), list[Progress]()
    assert trainer.run(on_progress=reports.append) == "finished"
    after = trainer.weight()
    assert (after[2:] != before[2:]).any(axis=1).all()
    assert not after[1].any()
    assert (after[0] == before[0]).all()
    unit = after[2:] / np.linalg.norm(after[2:], axis=1, keepdims=True)
    cosine = unit @ unit.T
    np.fill_diagonal(cosine, -2)
    words = trainer.vocab.itos[2:]
    nearest = {word: words[place] for word, place in zip(words, cosine.argmax(axis=1), strict=True)}
    assert np.mean([subject.get(nearest[word]) == name for word, name in subject.items()]) >= 0.95

    shares = [report.share for report in reports]
    assert shares == sorted(set(shares))
    assert shares[-1] == 1
    assert reports[-1].tokens == trainer.tokens * config.epochs
    assert reports[-1].loss is not None
    assert reports[0].loss == pytest.approx(6 * np.log(2), rel=0.05)
    assert reports[-1].loss < 0.8 * reports[0].loss
    assert all((report.loss is None) == (report.pairs == 0) for report in reports)
    alone = list[Progress]()
    Trainer(text, replace(config, epochs=1)).run(on_progress=alone.append)
    # Every pair of every pass is told of once. Windows are drawn, so passes differ a little.
    pairs = sum(report.pairs for report in reports) / config.epochs
    assert pairs == pytest.approx(sum(report.pairs for report in alone), rel=0.02)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_objective_learns_in_two_processes(objective: str, crew: Crew) -> None:
    config = small(objective=objective, epochs=40, batch=50, lr=0.05)
    alone, together = Trainer(random_text(), config), Trainer(random_text(), config, processes=crew)
    losses = []
    for trainer in (alone, together):
        reports: list[Progress] = []
        assert trainer.run(on_progress=reports.append) == "finished"
        tail = reports[-10:]
        losses.append(sum(report.loss * report.pairs for report in tail) / sum(report.pairs for report in tail))
        assert tail[0].loss < reports[0].loss
        assert not trainer.weight()[1].any()
    assert losses[1] == pytest.approx(losses[0], rel=0.05)


def test_both_processes_get_work(crew: Crew, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[int] = []
    give = crew._give
    monkeypatch.setattr(crew, "_give", lambda number, pieces: (given.append(number), give(number, pieces)))
    Trainer(random_text(), small(epochs=1, batch=8), processes=crew).run()
    assert set(given) == {0, 1}


def test_frozen_rows_stay_bit_for_bit(crew: Crew) -> None:
    shape = Trainer(random_text(), small()).weight().shape
    weight = np.random.default_rng(3).normal(size=shape).astype(np.float32)
    weight[1] = 0
    from_set = np.arange(len(weight)) % 2 == 0
    config = small(pretrained="a set", freeze=True)
    trainer = Trainer(random_text(), config, start_from=FirstWeight(weight, from_set), processes=crew)
    trainer.run()
    assert (trainer.weight()[from_set] == weight[from_set]).all()
    assert (trainer.weight()[~from_set][1:] != weight[~from_set][1:]).any(axis=1).all()


# Stopping and going on.


@pytest.mark.parametrize("then", [1, 2])
def test_a_stopped_run_goes_on_with_any_number_of_processes(then: int, crew: Crew) -> None:
    config = small(epochs=40, batch=50)
    first = Trainer(random_text(), config, processes=crew)
    assert first.run(should_stop=lambda: first.share > 0.2) == "stopped"
    state = first.state()
    assert all(isinstance(value, np.ndarray) and value.dtype != object for value in state.values())
    assert 0.2 < first.share < 1
    still = first.weight()
    second = Trainer(random_text(), config, processes=crew if then == 2 else 1)
    second.restore(state)
    assert (second.weight() == still).all()
    reports: list[Progress] = []
    assert second.run(on_progress=reports.append) == "finished"
    assert reports[0].share > state["share"]
    assert reports[-1].share == 1
    assert (first.weight() == still).all()  # nobody went on with what was stopped
    learned = sum(report.pairs for report in reports) / (1 - state["share"])
    whole: list[Progress] = []
    Trainer(random_text(), replace(config, epochs=5)).run(on_progress=whole.append)
    assert learned / 40 == pytest.approx(sum(report.pairs for report in whole) / 5, rel=0.05)  # nothing left out


def test_what_one_process_began_two_can_finish(crew: Crew) -> None:
    first = Trainer(random_text(), small())
    first.run(should_stop=lambda: first.share > 0.5)
    second = Trainer(random_text(), small(), processes=crew)
    second.restore(first.state())
    assert second.run() == "finished"
    assert second.share == 1


def test_a_finished_run_stays_finished(crew: Crew) -> None:
    trainer = Trainer(random_text(), small(), processes=crew)
    assert trainer.run() == "finished"
    weight = trainer.weight()
    assert trainer.run() == "finished"
    assert (trainer.weight() == weight).all()


def test_overflow_ends_with_the_last_good_weights(crew: Crew) -> None:
    trainer = Trainer(random_text(), small(epochs=200), processes=crew)

    def spoil(progress: Progress) -> None:
        trainer.embedding.weight.data[5] = float("inf")  # as the others see it at once

    with pytest.raises(TrainingProblem, match="grew without bound"):
        trainer.run(on_progress=spoil)
    assert np.isfinite(trainer.weight()).all()


# Processes that end before their time.


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_a_killed_process_ends_the_run_with_a_sentence_and_it_can_go_on() -> None:
    trainer = Trainer(random_text(), small(epochs=2000), processes=2)
    assert trainer._crew is not None
    pids = [process.pid for process in trainer._crew._processes]

    def kill(progress: Progress) -> None:
        os.kill(pids[1], signal.SIGKILL)

    with pytest.raises(TrainingProblem) as caught:
        trainer.run(on_progress=kill)
    assert str(caught.value) == (
        "One of the 2 training processes ended unexpectedly (killed by signal 9); what was learned until then was "
        "kept. If memory was short, try fewer processes."
    )
    wait_for(lambda: not any(map(alive, pids)))
    assert 0 < trainer.share < 1
    assert np.isfinite(trainer.weight()).all()
    resumed = Trainer(random_text(), small(epochs=2000))
    resumed.restore(trainer.state())
    assert (resumed.weight() == trainer.weight()).all()
    assert trainer.run(should_stop=lambda: trainer.share > resumed.share) == "stopped"  # with new processes


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ")
def test_ctrl_c_is_left_to_the_parent(crew: Crew) -> None:
    trainer = Trainer(random_text(), small(epochs=40, batch=50), processes=crew)

    def interrupt(progress: Progress) -> None:
        for process in crew._processes:
            os.kill(process.pid, signal.SIGINT)

    assert trainer.run(on_progress=interrupt) == "finished"


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
@pytest.mark.parametrize("begun", [False, True])
def test_a_killed_parent_leaves_nobody_behind(begun: bool, tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(
        "import time\n"
        "from embedcore.training import TrainConfig, Trainer\n"
        "if __name__ == '__main__':\n"
        "    config = TrainConfig(dim=8, min_count=1, epochs=10_000)\n"
        "    trainer = Trainer([['a', 'b', 'c', 'd']] * 10_000, config, processes=2)\n"
        "    say = lambda *_: print(*(process.pid for process in trainer._crew._processes), flush=True)\n"
        f"    {'trainer.run(on_progress=say)' if begun else 'say(); time.sleep(1000)'}\n"
    )
    root = Path(embedcore.__file__).parent.parent
    with subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(root)},
        text=True,
    ) as parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) == 2
        assert all(map(alive, pids))
        parent.kill()
    wait_for(lambda: not any(map(alive, pids)))


# What travels.


def test_a_mapped_file_is_opened_again_and_not_sent(tmp_path: Path) -> None:
    np.save(tmp_path / "ids.npy", np.arange(SHARED_BYTES, dtype=np.int32))
    whole = np.asarray(np.load(tmp_path / "ids.npy", mmap_mode="r"))
    for array in (whole, whole[1000:], whole[5:-7][3:]):
        sent = pickled(array, {})
        assert len(sent) < 1000
        got = pickle.loads(sent)
        assert (got == array).all()
        assert got.dtype == array.dtype
        assert not got.flags.writeable


def test_a_large_array_is_shared_and_a_small_one_copied() -> None:
    large, few = np.arange(SHARED_BYTES, dtype=np.int32).reshape(-1, 4), np.arange(3)
    shared: dict[int, torch.Tensor] = {}
    sent = [pickled({"large": large, "few": few}, shared) for _ in range(2)]
    assert len(shared) == 1
    assert max(map(len, sent)) < 2000
    first, second = map(pickle.loads, sent)
    assert (first["large"] == large).all()
    assert (first["few"] == few).all()
    first["large"][0] = -1
    assert (second["large"][0] == -1).all()
    assert large[0].tolist() == [0, 1, 2, 3]


# What is refused.


@pytest.mark.parametrize(
    ("processes", "sentence"),
    [
        (0, "processes should be from 1 to 128, but is 0."),
        (-3, "processes should be from 1 to 128, but is -3."),
        (1000, "processes should be from 1 to 128, but is 1,000."),
        (2.0, "processes should be a whole number, but is 2.0."),
        (True, "processes should be a whole number, but is True."),
    ],
)
def test_a_number_of_processes_that_cannot_be_is_refused(processes: int, sentence: str) -> None:
    with pytest.raises(BadSetting) as caught:
        check_processes(processes)
    assert str(caught.value) == sentence
    if processes is not True:
        with pytest.raises(BadSetting, match="processes should be"):
            Trainer(random_text(), small(), processes=processes)


def test_more_processes_than_cores_are_told_of() -> None:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    assert too_many(cores) is None
    assert str(too_many(cores + 1)).startswith(f"{cores + 1} processes share {cores} core")


@pytest.mark.skipif(sys.platform != "linux", reason="shared memory has a size of its own on Linux alone")
def test_too_little_shared_memory_is_told_before_it_is_used(crew: Crew, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = Trainer(random_text(), small(), processes=crew)
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(100, 0, 100))
    with pytest.raises(TrainingProblem, match="MB of shared memory, and /dev/shm has 0 MB left"):
        trainer.run()


# Pieces of a run.


@pytest.mark.parametrize("sample", [0.0, 0.01])
def test_pieces_make_up_the_whole_run(sample: float) -> None:
    feed = Trainer(random_text(), small(epochs=2, sample=sample)).model.feed
    feed.cut(100)
    whole = list(feed.turns(Place(0, 0, 0)))
    pieces = Pieces(feed, Place(0, 0, 0), [], 0.0)
    given: list[Place] = []
    while place := pieces.give(0):
        given.append(place)
    assert not pieces.left
    assert len(given) > 20
    turns = [turn for place in given for turn in feed.turns(place, only=True)]
    assert [turn.place for turn in turns] == [turn.place for turn in whole]
    assert [turn.pairs for turn in turns] == [turn.pairs for turn in whole]
    for ours, theirs in zip(turns, whole, strict=True):
        assert (ours.batch.words == theirs.batch.words).all()
        assert (ours.batch.negatives == theirs.batch.negatives).all()
    assert sum(turn.part for turn in whole) == pytest.approx(1)
    assert np.cumsum([turn.part for turn in whole]) == pytest.approx([turn.share for turn in whole])
    middle = next(place for turn in whole if (place := turn.place).position)
    rest = list(feed.turns(middle, only=True))
    after = [turn.part for turn in whole if turn.place[:2] == middle[:2] and turn.place.position > middle.position]
    assert [turn.part for turn in rest[:-1]] == pytest.approx(after)


def test_a_mover_in_another_process_shares_the_weight_and_counts_for_itself() -> None:
    weight = torch.zeros(4, 2)
    learns = torch.tensor([True, True, True, False])
    mover = Mover(weight, learns)
    other = pickle.loads(pickled(mover, {}))
    other.move([(torch.tensor([2, 3, 2]), torch.ones(3), torch.ones(3, 2))], 0.5)
    assert weight.tolist() == [[0, 0], [0, 0], [-1, -1], [0, 0]]
    mover._load[2] = 1e6  # as while it moves rows itself
    other.move([(torch.tensor([2]), torch.ones(1), torch.ones(1, 2))], 0.5)
    assert weight[2].tolist() == [-1.5, -1.5]
