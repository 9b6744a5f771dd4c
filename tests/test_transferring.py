"""The job "transfer": fits and models kept as they come, stopped and gone on with, and what goes wrong on the way."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embedcore.errors import StorageProblem
from embedcore.library import delete_vectors, open_vectors, save_vectors
from embedcore.runs import Run, RunFolder, experiments, new_run_id, seen, transferring
from embedcore.runs.experiments import BY_PARTS, FITS, MODELS, ExperimentConfig, SplitAsked
from embedcore.runs.folder import FAILED, FINISHED, STOPPED
from embedcore.runs.record import TRANSFER
from embedcore.runs.worker import DELETED, execute
from embedcore.settings import Settings
from embedcore.transfer.asking import ask
from embedcore.transfer.config import SCRATCH, STARTS, TUNED, TransferConfig
from embedcore.transfer.experiment import Experiment
from embedcore.transfer.fitting import Learned
from embedcore.transfer.labelled import LabelledTexts
from embedcore.transfer.results import Fitted, Task
from embedcore.transfer.splitting import Split
from embedcore.vectors import WordVectors
from tests import transfer_runs
from tests.test_imports import modules_after
from tests.test_runs_manage import StillRuns
from tests.torch_answers import probabilities
from tests.transfer_texts import labelled, vectors

SMALL = TransferConfig(pretrained="clouds", hidden=8, epochs=4, sizes=(20,), seeds=2)
SPLIT = SplitAsked(validation=0.2, test=0.3)
ALL = 12  # fits


@pytest.fixture(autouse=True)
def _clouds(home: Settings) -> None:
    save_vectors("clouds", vectors(), source="a test", settings=home)


def waiting(home: Settings, settings: TransferConfig = SMALL) -> RunFolder:
    return transfer_runs.waiting(home, labelled(), settings, SPLIT)


def done(home: Settings, folder: RunFolder) -> str:
    return execute(home, home.runs_dir, folder.id)


def again(home: Settings, folder: RunFolder) -> str:
    StillRuns(home).resume(folder.id)
    return done(home, folder)


def by_hand(home: Settings, settings: TransferConfig = SMALL) -> Experiment:
    data = labelled()
    return Experiment(data, SPLIT.split(data), settings, open_vectors("clouds", home))


def plain(fits: list[Fitted]) -> list[dict[str, Any]]:
    """What was found, but for the time it took."""
    return [{**fitted.to_json(), "seconds": 0} for fitted in fits]


def expected(home: Settings) -> list[dict[str, Any]]:
    made = by_hand(home)
    assert made.run() == "finished"
    return plain([*made.finished.values()])


def after_models(monkeypatch: pytest.MonkeyPatch, count: int, then: Callable[[], object]) -> None:
    """Do something when so many models were kept."""
    kept, save = [], transferring.save_model

    def save_and_do(place: Path, *rest: Any) -> None:
        save(place, *rest)
        kept.append(place)
        if len(kept) == count:
            then()

    monkeypatch.setattr(transferring, "save_model", save_and_do)


def test_an_experiment_is_done_and_all_of_it_kept(home: Settings) -> None:
    folder = waiting(home)
    assert done(home, folder) == FINISHED, folder.run.error
    assert folder.run.result == {"fits": ALL, "of": ALL}
    assert plain(experiments.fits_of(folder)) == expected(home)
    assert experiments.models_of(folder) == [(start, size) for size in (20, 120) for start in STARTS]
    made = by_hand(home)
    for start in STARTS:
        kept, words = (read(folder, start, 120) for read in (experiments.model_of, experiments.words_of))
        learned = made.learn(Task(start, 120, 1))
        assert kept is not None
        assert words is not None
        assert learned is not None
        trained = made.texts(Task(start, 120, 1)).encoded.trained
        assert kept.weight.tobytes() == learned.model.embedding.weight.detach().numpy()[:trained].tobytes()
        assert (kept.seed, kept.classes) == (1, ("neg", "pos"))
        assert [len(side) > 0 for side in words.pulls] == [True, True]
        assert bool(words.moved) is (start == TUNED)
        ids = np.array([made.texts(Task(start, 120, 1)).encoded.vocab.encode(["good1", "word2"])])
        assert ask(kept, "good1 word2").probabilities == pytest.approx(probabilities(learned.model, ids)[0], abs=1e-5)
    assert not list(folder.path.rglob(".*"))


def test_reading_needs_no_torch() -> None:
    code = "import embedcore.runs.experiments, embedcore.transfer.asking, embedcore.transfer.kept"
    assert not modules_after(code) & {"torch", "umap", "dask", "distributed", "pandas", "streamlit"}


def test_what_is_not_kept_is_none(home: Settings) -> None:
    folder = waiting(home)
    assert experiments.models_of(folder) == []
    assert experiments.model_of(folder, TUNED, 20) is None
    assert experiments.words_of(folder, "../..", 20) is None
    (folder.path / MODELS / "tuned-20").mkdir(parents=True)  # without a model in it
    (folder.path / MODELS / "warm-20").mkdir()
    assert experiments.models_of(folder) == []
    with pytest.raises(StorageProblem):
        experiments.model_of(folder, TUNED, 20)


def test_stopped_it_keeps_what_is_finished_and_goes_on_to_the_same_end(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = waiting(home, replace(SMALL, epochs=8, patience=8))
    whole = waiting(home, replace(SMALL, epochs=8, patience=8))
    with monkeypatch.context() as patch:
        patch.setattr(transferring, "_LOOK_SECONDS", 0.0)
        after_models(patch, 2, folder.ask_to_stop)
        assert done(home, folder) == STOPPED
    assert folder.run.result == {"fits": 2, "of": ALL, "stopped": True}
    assert len(experiments.fits_of(folder)) == len(experiments.models_of(folder)) == 2
    assert again(home, folder) == FINISHED
    assert done(home, whole) == FINISHED
    assert plain(experiments.fits_of(folder)) == plain(experiments.fits_of(whole))
    for start, size in experiments.models_of(whole):
        one, other = (experiments.model_of(each, start, size) for each in (folder, whole))
        assert one is not None
        assert other is not None
        assert one.weight.tobytes() == other.weight.tobytes()
        assert experiments.words_of(folder, start, size) == experiments.words_of(whole, start, size)


def test_damaged_lines_are_fits_to_make_again_and_none_counts_twice(home: Settings) -> None:
    folder = waiting(home)
    assert done(home, folder) == FINISHED
    whole, path = plain(experiments.fits_of(folder)), folder.path / FITS
    lines = path.read_bytes().splitlines(keepends=True)
    first = json.loads(lines[0])
    short = json.dumps({**first, "task": {**first["task"], "seed": 2}, "answers": [1, 0]}).encode() + b"\n"
    wrong = [
        b"\xff\x00junk\n", b"[]\n", b"null\n", b'{"task": {}}\n',
        json.dumps({**first, "answers": "1"}).encode() + b"\n",
        json.dumps({**first, "task": {**first["task"], "start": "warm"}}).encode() + b"\n",
        json.dumps({**first, "accuracy": "high"}).encode() + b"\n",
    ]  # fmt: skip
    path.write_bytes(b"".join([*wrong, lines[0], lines[0], short, *lines[4:7], lines[7][:50]]))
    assert len(experiments.fits_of(folder)) == 5  # with the one that is too short, which only a worker can tell
    folder.update(state=STOPPED)
    assert again(home, folder) == FINISHED
    found = plain(experiments.fits_of(folder))
    assert sorted(found, key=str) == sorted(whole, key=str)
    assert len(path.read_bytes().splitlines()) == ALL


def test_on_a_full_disk_the_run_says_so_and_goes_on_later(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = waiting(home)
    with monkeypatch.context() as patch:

        def full(path: Path, array: np.ndarray) -> str:
            raise OSError(28, "No space left on device")

        after_models(patch, 3, lambda: patch.setattr("embedcore.transfer.kept.write_array", full))
        assert done(home, folder) == FAILED
    assert folder.run.error == (
        "Could not keep what this fit learned. The disk is full. Free some space and try again."
    )
    assert len(experiments.models_of(folder)) == 3
    assert len(experiments.fits_of(folder)) == 6  # those of the second seed have no model
    assert not [path for path in (folder.path / MODELS).iterdir() if path.name.startswith(".")]
    assert again(home, folder) == FINISHED
    assert plain(experiments.fits_of(folder)) == expected(home)


def test_a_set_that_was_replaced_or_deleted_meanwhile(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, other = waiting(home), waiting(home)
    with monkeypatch.context() as patch:  # whoever has it open goes on
        after_models(patch, 1, lambda: delete_vectors("clouds", home))
        assert done(home, folder) == FINISHED, folder.run.error
    assert done(home, other) == FAILED
    assert "clouds" in str(other.run.error)
    save_vectors("clouds", vectors(seed=1), source="a test", settings=home)
    assert again(home, other) == FAILED
    assert other.run.error == "“clouds” was replaced after this experiment was asked for. Ask for it again."
    delete_vectors("clouds", home)
    save_vectors("clouds", vectors(), source="a test", settings=home)
    assert again(home, other) == FINISHED


def test_a_run_that_is_deleted_meanwhile_leaves_nothing(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = waiting(home)
    after_models(monkeypatch, 1, folder.remove)
    assert done(home, folder) == DELETED
    assert not folder.path.exists()


def test_two_who_press_start_at_once_make_one_run(home: Settings) -> None:
    runs, data = StillRuns(home), labelled()
    config, run_id = ExperimentConfig.of(SMALL, SPLIT, vectors()), new_run_id()
    made = [experiments.submit_experiment(runs, data, config, run_id=run_id) for _ in range(2)]
    assert made[0].id == made[1].id == run_id
    assert [run.id for run in runs.all((TRANSFER,))] == [run_id]


def test_progress_goes_on_within_a_fit(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("embedcore.runs.progress._EVERY_SECONDS", 0.0)
    monkeypatch.setattr(transferring, "_LOOK_SECONDS", 0.0)
    folder = waiting(home, replace(SMALL, epochs=10, patience=10, seeds=1))
    assert done(home, folder) == FINISHED
    lines = [line for line in folder.metrics() if line["phase"] == transferring.FITTING]
    shares = [line["share"] for line in lines]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert len({line["share"] for line in lines if line["fits"] == 0}) > 3
    assert len(set(shares)) > 12  # with 6 fits
    assert max(line["share"] for line in lines if line["fits"] < 6) < 1
    assert all(isinstance(line["seconds_left"], int) and line["seconds_left"] >= 0 for line in lines)


def test_a_fit_is_asked_to_stop_at_each_step(home: Settings) -> None:
    asked: list[int] = []
    made = by_hand(home, replace(SMALL, batch=10))
    learned = made.learn(Task(SCRATCH, 120, 1), should_stop=lambda: bool(asked.append(1)))
    assert isinstance(learned, Learned)
    assert len(asked) >= learned.fitted.steps
    assert made.learn(Task(SCRATCH, 120, 1), should_stop=lambda: len(asked) > 5) is None


def test_a_fit_without_validation_texts_can_be_kept() -> None:
    data = labelled()
    split = SPLIT.split(data)
    made = Experiment(data, replace(split, validation=split.validation[:0]), replace(SMALL, starts=(SCRATCH,)))
    learned = made.learn(Task(SCRATCH, 20, 1))
    assert learned is not None
    assert np.isnan(learned.fitted.validation_loss)
    line = json.dumps(learned.fitted.to_json(), allow_nan=False)
    back = Fitted.from_json(json.loads(line))
    assert np.isnan(back.validation_loss)
    assert np.isnan(back.validation_accuracy)
    assert back.accuracy == learned.fitted.accuracy


# A set that has seen the test


def kept_from(home: Settings, text: str, name: str = "ours", kind: str = "train") -> RunFolder:
    folder = RunFolder.create(home.runs_dir, Run(new_run_id(), kind, "a text", {}), text)
    save_vectors(name, vectors(), source="a test", meta={"run": folder.id}, settings=home)
    return folder


def note(home: Settings, name: str = "ours") -> str | None:
    data = labelled()
    return seen.note_of(open_vectors(name, home), data, SPLIT.split(data), home)


def test_a_set_that_was_trained_on_test_texts_is_told(home: Settings) -> None:
    data = labelled()
    test = [data.texts[place] for place in SPLIT.split(data).test.tolist()]
    train = [data.texts[place] for place in SPLIT.split(data).train.tolist()]
    kept_from(home, "\n".join([*train, test[0].upper() + "!", "  " + test[5] + " ", test[5], test[7] + " more"]))
    said = note(home)
    assert said is not None
    assert said.startswith(f"2 of the {len(test)} test texts also stand in the text that “ours” was trained on.")
    config = replace(SMALL, pretrained="ours", seeds=1)
    folder = transfer_runs.waiting(home, data, config, SPLIT)
    assert done(home, folder) == FINISHED
    about = experiments.about_of(folder)
    assert about is not None
    assert said in about.notes
    RunFolder(home.runs_dir, str(open_vectors("ours", home).meta["run"])).remove()
    assert note(home) is None
    folder.update(state=STOPPED)
    assert again(home, folder) == FINISHED
    about = experiments.about_of(folder)
    assert about is not None
    assert said in about.notes  # what was known once is not forgotten


def test_a_set_that_was_tuned_on_test_texts_is_told(home: Settings) -> None:
    data, mine = labelled(), SPLIT.split(labelled()).test.tolist()
    same, other = (transfer_runs.waiting(home, data, SMALL, split) for split in (SPLIT, replace(SPLIT, seed=2)))
    save_vectors("same", vectors(), source="a test", meta={"run": same.id}, settings=home)
    save_vectors("other", vectors(), source="a test", meta={"run": other.id}, settings=home)
    assert note(home, "same") is None  # it left the same texts out
    learned = {*range(len(data))} - {*replace(SPLIT, seed=2).split(data).test.tolist()}
    both = len(learned & {*mine})
    assert 0 < both < 72
    assert str(note(home, "other")).startswith(f"{both} of the 72 test texts also stand")


def test_a_set_of_another_text_and_one_from_elsewhere_say_nothing(home: Settings) -> None:
    data = labelled()
    kept_from(home, "\n".join(data.texts[place] for place in SPLIT.split(data).train.tolist()))
    assert note(home) is None
    assert note(home, "clouds") is None
    save_vectors("odd", vectors(), source="a test", meta={"run": "../../etc"}, settings=home)
    assert note(home, "odd") is None


def test_looking_ends(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    data = labelled()
    first = data.texts[SPLIT.split(data).test[0]]
    kept_from(home, first + "\n" + "\n".join(data.texts))
    monkeypatch.setattr(seen, "MOST_SECONDS", -1.0)
    assert str(note(home)).startswith("At least 1 of the 72 test texts also stands")


def test_texts_that_the_test_has_too_are_told_and_left_out_where_that_was_asked_for(home: Settings) -> None:
    data = labelled(120)
    parts = ["test" if place >= 80 else "train" for place in range(120)]
    texts = [*data.texts[:80], data.texts[0].upper(), data.texts[1] + "!", *data.texts[82:]]
    planted = LabelledTexts.of(texts, [data.classes[label] for label in data.labels], parts=parts)
    notes = {}
    for without in (False, True):
        split = SplitAsked(by=BY_PARTS, validation=0.2, without_leaks=without)
        folder = transfer_runs.waiting(home, planted, replace(SMALL, seeds=1), split)
        assert done(home, folder) == FINISHED
        about = experiments.about_of(folder)
        assert about is not None
        notes[without] = " ".join(about.notes)
        learned = sum(sum(about.counts[part]) for part in ("train", "validation"))
        assert learned == (78 if without else 80)
    assert "2 of the 40 test texts are also in" in notes[False]
    assert "2 texts were left out of training and validation, since the test has the same." in notes[True]
    assert "also in" not in notes[True]


def test_a_text_without_a_word_was_not_seen(home: Settings) -> None:
    data = LabelledTexts.of([f"text {number} more" for number in range(20)] + ["!!", "?!"], ["a", "b"] * 11)
    split = Split(np.arange(15), np.arange(15, 17), np.arange(17, 22))
    kept_from(home, "something else\n\n...\nmore\n")
    assert seen.note_of(open_vectors("ours", home), data, split, home) is None


def test_a_set_that_knows_no_word_is_told(home: Settings) -> None:
    strange = WordVectors(["zzqx", "qqzx"], np.eye(2, 12, dtype=np.float32))
    save_vectors("strange", strange, source="a test", settings=home)
    folder = waiting(home, replace(SMALL, pretrained="strange", seeds=1))
    assert done(home, folder) == FINISHED
    about = experiments.about_of(folder)
    assert about is not None
    assert any(note.startswith("“strange” knows none of the words, so frozen and tuned start") for note in about.notes)
