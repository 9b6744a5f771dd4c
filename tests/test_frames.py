"""Frames: what a run keeps of its way, from the untrained weight to the last, and what readers see of it."""

from __future__ import annotations

import os
import shutil
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embedcore.errors import StorageProblem, UnknownRun
from embedcore.projection import steady_maps
from embedcore.runs import Run, RunFolder, new_run_id
from embedcore.runs.folder import FAILED, FINISHED, QUEUED, STOPPED
from embedcore.runs.frames import MARKS, MOST_BYTES, Frames, FrameWriter, RunMaps, chosen_rows
from embedcore.runs.worker import execute
from embedcore.settings import Settings
from embedcore.training import TrainConfig, initial_weight
from embedcore.training.skipgram import SkipGram
from embedcore.vocab import Vocab
from tests.test_runs import LONG_TEXT, SENTENCE

LARGE = Vocab([f"w{number}" for number in range(50_000)])


def a_folder(home: Settings, text: str | None = None, watch: list[str] | None = None, **changes: Any) -> RunFolder:
    config = TrainConfig(**{"dim": 8, "min_count": 1, "epochs": 300, **changes}).to_json()
    if watch is not None:
        config["watch"] = watch
    return RunFolder.create(home.runs_dir, Run(new_run_id(), "train", "a run", config, created=time.time()), text)


def last_rows(folder: RunFolder, frames: Frames) -> np.ndarray:
    arrays = folder.checkpoint("weight")
    assert arrays is not None
    return np.asarray(arrays["weight"])[frames.rows]


# Whole runs


def test_a_run_keeps_some_sixty_frames_evenly_from_first_to_last(home: Settings) -> None:
    folder = a_folder(home, SENTENCE, seed=7)
    assert execute(home, home.runs_dir, folder.id) == FINISHED
    frames = Frames(folder)
    assert len(frames) == MARKS + 1
    assert (frames.shares[0], frames.shares[-1]) == (0.0, 1.0)
    assert np.allclose(frames.shares, np.linspace(0, 1, MARKS + 1), atol=0.01)
    assert frames.words == ["to", "you", "need", "know", "how", "code"]
    assert frames.load(0).tobytes() == initial_weight(8, 8, 7)[frames.rows].tobytes()
    assert frames.load(len(frames) - 1).tobytes() == last_rows(folder, frames).tobytes()
    assert len({frames.load(number).tobytes() for number in range(len(frames))}) == len(frames)


def test_a_run_stopped_half_way_ends_with_its_last_weight(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = a_folder(home, LONG_TEXT)
    add = FrameWriter.add

    def add_and_stop(self: FrameWriter, share: float, *args: Any, **more: Any) -> bool:
        if share > 0.1:
            folder.ask_to_stop()
        return add(self, share, *args, **more)

    monkeypatch.setattr(FrameWriter, "add", add_and_stop)
    assert execute(home, home.runs_dir, folder.id) == STOPPED
    frames = Frames(folder)
    assert 0.1 < frames.shares[-1] < 0.2
    assert frames.shares[-1] == pytest.approx(folder.run.result["share"], abs=1e-6)
    assert frames.load(len(frames) - 1).tobytes() == last_rows(folder, frames).tobytes()


def test_a_run_stopped_and_resumed_has_the_frames_of_one_that_went_through(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    through, resumed = (a_folder(home, SENTENCE) for _ in range(2))
    assert execute(home, home.runs_dir, through.id) == FINISHED
    add = FrameWriter.add

    def add_and_stop(self: FrameWriter, share: float, *args: Any, **more: Any) -> bool:
        if share > 0.51:
            resumed.ask_to_stop()
        return add(self, share, *args, **more)

    with monkeypatch.context() as patched:
        patched.setattr(FrameWriter, "add", add_and_stop)
        assert execute(home, home.runs_dir, resumed.id) == STOPPED
    (resumed.path / "stop").unlink()
    resumed.update(state=QUEUED)
    assert execute(home, home.runs_dir, resumed.id) == FINISHED
    first, second = Frames(through), Frames(resumed)
    assert first.shares == second.shares
    assert all(first.load(number).tobytes() == second.load(number).tobytes() for number in range(len(first)))


def test_a_run_that_diverges_ends_with_the_last_good_weight(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = 0
    step = SkipGram.step

    def overflow(self: SkipGram, *args: Any) -> float:
        nonlocal steps
        steps += 1
        loss = step(self, *args)
        if steps > 100:
            self._weight.fill_(float("inf"))
            return float("inf")
        return loss

    monkeypatch.setattr(SkipGram, "step", overflow)
    folder = a_folder(home, SENTENCE)
    assert execute(home, home.runs_dir, folder.id) == FAILED
    frames = Frames(folder)
    last = frames.load(len(frames) - 1)
    assert 0.3 < frames.shares[-1] < 0.4
    assert np.isfinite(last).all()
    assert last.tobytes() == last_rows(folder, frames).tobytes()


def test_watched_words_are_in_every_frame_and_unknown_ones_in_none(home: Settings) -> None:
    text = "\n".join(f"common word{number} common" for number in range(700))
    folder = a_folder(home, text, watch=["word699", "kign", "<pad>", "common"], epochs=1)
    assert execute(home, home.runs_dir, folder.id) == FINISHED
    words = Frames(folder).words
    assert len(words) == len(set(words)) == 500
    assert words[0] == "common"
    assert words[-1] == "word699"
    assert "word600" not in words


def test_a_full_disk_ends_the_run_with_a_sentence(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, array: np.ndarray) -> str:
        path.write_bytes(b"half of it")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("embedcore.runs.frames.write_array", full)
    folder = a_folder(home, SENTENCE)
    assert execute(home, home.runs_dir, folder.id) == FAILED
    assert folder.run.error == "Could not keep a frame of this run. The disk is full. Free some space and try again."
    assert os.listdir(folder.path / "frames") == ["frames.json"]
    assert len(Frames(folder)) == 0


# The writer


def writer_of(folder: RunFolder, share: float = 0.0) -> FrameWriter:
    return FrameWriter(folder, Vocab(["a", "b", "c"]), 4, share=share)


def weight_at(share: float) -> np.ndarray:
    return np.full((5, 4), share, np.float32)


def test_the_budget_holds_for_a_large_vocabulary(home: Settings) -> None:
    for dim in (1, 50, 100, 300):
        assert len(chosen_rows(LARGE, dim)) * dim * 4 * (MARKS + 1) <= MOST_BYTES
    assert [len(chosen_rows(LARGE, dim)) for dim in (2, 100, 240, 2000)] == [500, 500, 409, 60]
    assert chosen_rows(LARGE, 2000, ["w49999", "w3", "w3"])[-2:] == [60, 50_001]
    assert len(chosen_rows(LARGE, 2000, LARGE.words[100:300])) == 60
    assert chosen_rows(Vocab([]), 10, ["a"]) == []
    folder = a_folder(home)
    writer = FrameWriter(folder, LARGE, 300, ["w40000"])
    weight = np.random.default_rng(1).random((len(LARGE), 300), dtype=np.float32)
    for step in range(241):
        writer.add(step / 240, weight, last=step == 240)
    assert sum(file.stat().st_size for file in (folder.path / "frames").iterdir()) <= MOST_BYTES
    frames = Frames(folder)
    assert len(frames) == MARKS + 1
    folder.write_vocab(LARGE.itos, LARGE.counts)
    assert frames.words[-1] == "w40000"
    assert np.array_equal(frames.load(30)[-1], weight[40_002])


def test_one_frame_a_sixtieth_however_often_it_is_told(home: Settings) -> None:
    folder = a_folder(home)
    writer = writer_of(folder)
    kept = [writer.add(step / 10_000, weight_at(step)) for step in range(10_001)]
    assert sum(kept) == len(Frames(folder)) == MARKS + 1
    assert np.allclose(Frames(folder).shares, np.linspace(0, 1, MARKS + 1), atol=2e-4)


def test_a_run_of_few_steps_keeps_each_of_them(home: Settings) -> None:
    folder = a_folder(home)
    writer = writer_of(folder)
    for share in (0.0, 0.2, 0.4, 1.0):
        writer.add(share, weight_at(share))
    writer.add(1.0, weight_at(1.0), last=True)
    assert Frames(folder).shares == (0.0, 0.2, 0.4, 1.0)


def test_the_untrained_weight_stays_though_the_run_ends_at_its_first_step(home: Settings) -> None:
    folder = a_folder(home)
    writer = writer_of(folder)
    writer.add(0.0, weight_at(0))
    writer.add(1e-9, weight_at(5), last=True)
    frames = Frames(folder)
    assert [frames.load(number)[0, 0] for number in range(len(frames))] == [0, 5]


@pytest.mark.parametrize("share", [0.0, 1e-7, 1 / 3, 0.5, 0.55, 0.7, 1.0])
def test_a_resumed_run_keeps_what_came_before_and_makes_the_rest_anew(home: Settings, share: float) -> None:
    folder = a_folder(home)
    writer = writer_of(folder)
    for step in range(121):
        writer.add(step / 120, weight_at(1))
    writer = writer_of(folder, share)
    before = len(Frames(folder))
    assert before == int(share * MARKS) + 1
    for step in range(121):
        if step / 120 >= share:
            writer.add(step / 120, weight_at(2))
    frames = Frames(folder)
    assert len(frames) == MARKS + 1
    assert [frames.load(number)[0, 0] for number in range(len(frames))] == [1] * before + [2] * (MARKS + 1 - before)


def test_stopping_and_resuming_often_does_not_fill_the_disk(home: Settings) -> None:
    folder = a_folder(home)
    for step in range(500):
        writer = writer_of(folder, step / 500)
        writer.add(step / 500, weight_at(step))
        writer.add((step + 1) / 500, weight_at(step + 1), last=True)
    assert len(Frames(folder)) <= MARKS + 2


def test_frames_of_other_words_are_not_mixed_in(home: Settings) -> None:
    folder = a_folder(home)
    writer_of(folder).add(0.0, weight_at(0))
    FrameWriter(folder, Vocab(["a", "b"]), 4, share=0.5)
    assert len(Frames(folder)) == 0


def test_a_deleted_run_is_told_and_not_made_anew(home: Settings) -> None:
    folder = a_folder(home)
    writer = writer_of(folder)
    shutil.rmtree(folder.path)
    with pytest.raises(UnknownRun):
        writer.add(0.0, weight_at(0))
    with pytest.raises(UnknownRun):
        writer_of(folder)
    assert not folder.path.exists()


# The reader


def test_a_reader_before_the_run_has_begun_sees_nothing_and_then_what_comes(home: Settings) -> None:
    folder = a_folder(home)
    frames = Frames(folder)
    assert (len(frames), frames.shares, frames.rows) == (0, (), [])
    writer = writer_of(folder)
    folder.write_vocab(["<unk>", "<pad>", "a", "b", "c"], [0] * 5)
    for count, share in enumerate((0.0, 0.5, 1.0), start=1):
        writer.add(share, weight_at(share))
        assert len(frames) == count - 1
        frames.refresh()
        assert frames.shares[-1] == share
        assert (frames.load(count - 1) == share).all()
    assert frames.words == ["a", "b", "c"]


def test_what_is_half_written_or_strange_is_not_listed(home: Settings) -> None:
    folder = a_folder(home)
    writer = writer_of(folder)
    writer.add(0.0, weight_at(0))
    for name in (".tmp-frame", ".tmp-0500000.npy", "0500000.npy.part", "notes.txt", "5.npy"):
        (folder.path / "frames" / name).write_bytes(b"\x93NUMPY half")
    assert Frames(folder).shares == (0.0,)


@pytest.mark.parametrize("what", [b"", b"\x93NUMPY half", b"junk"])
def test_a_damaged_frame_is_told(home: Settings, what: bytes) -> None:
    folder = a_folder(home)
    writer_of(folder).add(0.0, weight_at(0))
    (folder.path / "frames" / "0000000.npy").write_bytes(what)
    with pytest.raises(StorageProblem, match="damaged"):
        Frames(folder).load(0)


def test_a_frame_of_another_shape_is_told(home: Settings) -> None:
    folder = a_folder(home)
    writer_of(folder).add(0.0, weight_at(0))
    np.save(folder.path / "frames" / "0000000.npy", np.zeros((2, 4), np.float32))
    with pytest.raises(StorageProblem, match=r"does not fit frames\.json"):
        Frames(folder).load(0)


def test_a_damaged_list_of_words_means_no_frames_and_a_new_start(home: Settings) -> None:
    folder = a_folder(home)
    writer_of(folder).add(0.0, weight_at(0))
    (folder.path / "frames" / "frames.json").write_bytes(b"")
    assert len(Frames(folder)) == 0
    assert writer_of(folder).add(0.0, weight_at(0))
    assert len(Frames(folder)) == 1


# The maps of a run


def test_maps_come_frame_by_frame_to_the_very_numbers_of_all_at_once(home: Settings) -> None:
    folder = a_folder(home)
    maps = RunMaps(folder, fit=2)
    shares, none = maps.update()
    assert (shares, len(none)) == ((), 0)
    writer = writer_of(folder)
    random = np.random.default_rng(2)
    weights = [random.normal(size=(5, 4)).astype(np.float32) for _ in range(4)]
    for step, weight in enumerate(weights):
        writer.add(step / 3, weight)
        assert len(maps.update()[1]) == step + 1
    assert maps.update()[1].tobytes() == steady_maps([weight[2:] for weight in weights], 2).tobytes()


def test_maps_of_a_resumed_run_forget_the_frames_that_went(home: Settings) -> None:
    folder = a_folder(home)
    writer = writer_of(folder)
    random = np.random.default_rng(2)
    for share in (0.0, 0.5, 1.0):
        writer.add(share, random.normal(size=(5, 4)).astype(np.float32))
    maps = RunMaps(folder)
    before = maps.update()[1]
    writer_of(folder, 0.5)
    shares, after = maps.update()
    assert shares == (0.0, 0.5)
    assert np.array_equal(after, before[:2])


def test_each_frame_is_read_once_however_many_watch(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = a_folder(home)
    writer = writer_of(folder)
    for step in range(20):
        writer.add(step / 20, weight_at(step))
    maps = RunMaps(folder)
    read: list[int] = []
    load = Frames.load
    monkeypatch.setattr(Frames, "load", lambda self, index: (read.append(index), load(self, index))[1])
    watchers = [threading.Thread(target=maps.update) for _ in range(8)]
    for watcher in watchers:
        watcher.start()
    for watcher in watchers:
        watcher.join()
    assert sorted(read) == list(range(20))
