"""What an experiment is asked to do: checked, divided without leaks, and read back."""

from __future__ import annotations

from typing import Any

import pytest

from embedcore.errors import BadSetting, TextProblem
from embedcore.runs import RunFolder, experiments
from embedcore.runs.experiments import ExperimentConfig, SplitAsked, submit_experiment, texts_of
from embedcore.settings import Settings
from embedcore.transfer import records
from embedcore.transfer.config import SCRATCH, TransferConfig
from embedcore.transfer.labelled import LabelledTexts
from embedcore.transfer.problems import find_leaks
from tests.test_runs_manage import StillRuns

ALONE = TransferConfig(starts=(SCRATCH,))


def test_leaks_are_left_out_of_training_and_validation() -> None:
    texts = ["one a", "two b", "One a!", "three c", "four d", "TWO b", "five e", "two b"]
    parts = ["train", "train", "test", "train", "validation", "validation", "train", "test"]
    data = LabelledTexts.of(texts, ["x", "y"] * 4, parts=parts)
    kept = SplitAsked(by="parts").split(data)
    assert (len(kept.train), len(kept.validation)) == (4, 2)
    clean = SplitAsked(by="parts", without_leaks=True).split(data)
    assert sorted(clean.train.tolist()) == [3, 6]
    assert clean.validation.tolist() == [4]
    assert sorted(clean.test.tolist()) == [2, 7]
    assert not find_leaks(data, clean)


def test_what_cannot_be_divided_is_told_when_it_is_asked_for(home: Settings) -> None:
    data = LabelledTexts.of([f"text {number}" for number in range(20)], ["x", "y"] * 10)
    with pytest.raises(TextProblem, match="says which texts are for training"):
        submit_experiment(StillRuns(home), data, ExperimentConfig(ALONE, SplitAsked(by="parts")))
    assert not [*StillRuns(home).all()]


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"seed": -1}, "seed should be a whole number from 0 to 2,147,483,647, but is -1"),
        ({"seed": "a"}, "seed should be a whole number"),
        ({"validation": None}, "validation should be a share, but is None"),
        ({"test": "0.1"}, "test should be a share, but is '0.1'"),
        ({"by": "halves"}, "divided by seed or by parts, not by 'halves'"),
    ],
)
def test_a_division_that_says_nothing_is_refused(asked: dict[str, Any], sentence: str) -> None:
    data = LabelledTexts.of([f"text {number}" for number in range(20)], ["x", "y"] * 10)
    with pytest.raises(BadSetting, match=sentence):
        SplitAsked(**asked).split(data)
    with pytest.raises(BadSetting, match=sentence):
        ExperimentConfig.from_json({"settings": ALONE.to_json(), "split": asked})


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"hidden": 0}, "hidden should be"),
        ({"tokenizer": "letters"}, "tokenizer should be one of words, whitespace, morphemes, but is 'letters'"),
        ({"pretrained": 3}, "pretrained should name a vector set, but is 3"),
        ({"seed": 2**31 - 1}, "seed should be from 0"),
        ({"seed": -1}, "seed should be from 0"),
    ],
)
def test_stored_settings_are_checked(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadSetting, match=sentence):
        ExperimentConfig.from_json({"settings": {"starts": [SCRATCH], **settings}, "split": {}})


def test_the_seed_reaches_a_division_by_parts() -> None:
    texts = [f"text {number}" for number in range(60)]
    data = LabelledTexts.of(texts, ["a", "b"] * 30, parts=["train"] * 50 + ["test"] * 10)
    one, other = (SplitAsked(by="parts", seed=seed, validation=0.2).split(data) for seed in (1, 2))
    assert sorted(one.validation.tolist()) != sorted(other.validation.tolist())


def test_more_texts_than_one_file_may_have_are_read_back(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two files that are each small enough make one experiment."""
    monkeypatch.setattr(records, "MOST_ROWS", 30)
    data = LabelledTexts.of([f"text {number}" for number in range(40)], ["x", "y"] * 20)
    run = submit_experiment(StillRuns(home), data, ExperimentConfig(ALONE))
    assert texts_of(RunFolder(home.runs_dir, run.id)).texts == data.texts


def test_texts_that_are_damaged_are_a_sentence(home: Settings) -> None:
    data = LabelledTexts.of([f"text {number}" for number in range(20)], ["x", "y"] * 10)
    folder = RunFolder(home.runs_dir, submit_experiment(StillRuns(home), data, ExperimentConfig(ALONE)).id)
    (folder.path / "text.txt").write_text('{"text": "half', encoding="utf-8")
    with pytest.raises(TextProblem, match=r"“texts\.jsonl” is damaged"):
        texts_of(folder)
    assert experiments.about_of(folder) is None
