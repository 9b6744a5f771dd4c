"""Experiments as runs of the kind "transfer": what they are asked to do, asking for them, and reading what came of it.

about.json                   what the experiment is about; see `transfer.about`
fits.jsonl                   one finished fit a line, as `transfer.results.Fitted.to_json` has it
models/<start>-<size>/       what the fit of the first seed learned; see `transfer.kept`

Light: a server process reads all of it. What does the work is in `transferring`, and only workers
import that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from embedcore.errors import BadSetting, StorageProblem
from embedcore.maps.identity import identity_of
from embedcore.runs import metrics
from embedcore.runs.folder import RunFolder
from embedcore.runs.record import TRANSFER, Run
from embedcore.runs.service import Runs
from embedcore.storage import os_errors, printable, read_json
from embedcore.transfer.about import About
from embedcore.transfer.columns import from_json_lines, json_lines
from embedcore.transfer.config import MOST_SEED, STARTS, TransferConfig
from embedcore.transfer.kept import FACTS, KeptModel, open_model, open_words
from embedcore.transfer.labelled import PARTS, LabelledTexts
from embedcore.transfer.problems import find_leaks
from embedcore.transfer.results import Fitted, LearnedWords, Task
from embedcore.transfer.splitting import Split, split_by_parts, split_texts
from embedcore.vectors import WordVectors

ABOUT, FITS, MODELS, TEXTS_FILE = "about.json", "fits.jsonl", "models", "texts.jsonl"
BY_SEED, BY_PARTS = "seed", "parts"
_NAME_CHARACTERS = 100
_T = TypeVar("_T")
_MODEL = re.compile(rf"({'|'.join(STARTS)})-([1-9][0-9]{{0,8}})")


@dataclass(frozen=True)
class SplitAsked:
    """How texts are divided.

    Attributes:
        by: BY_SEED, or BY_PARTS where the texts say themselves what they are for.
        seed: of the division, and of the order of the training texts.
        validation, test: shares of the texts; by parts, validation is a share of the training texts where there is
            none, and test does not count.
        without_leaks: whether texts that are also in the test are left out of training and validation.
    """

    by: str = BY_SEED
    seed: int = 1
    validation: float = 0.1
    test: float = 0.1
    without_leaks: bool = False

    def check(self) -> None:
        """Raise BadSetting for a field that says nothing; shares have bounds of their own, see `split_texts`."""
        if self.by not in (BY_SEED, BY_PARTS):
            raise BadSetting(f"Texts are divided by {BY_SEED} or by {BY_PARTS}, not by {self.by!r}.")
        if type(self.seed) is not int or not 0 <= self.seed <= MOST_SEED:
            raise BadSetting(f"seed should be a whole number from 0 to {MOST_SEED:,}, but is {self.seed!r}.")
        for name in ("validation", "test"):
            share = getattr(self, name)
            if type(share) not in (int, float):
                raise BadSetting(f"{name} should be a share, but is {share!r}.")

    def split(self, data: LabelledTexts) -> Split:
        """The texts so divided, the same every time. Raises BadSetting, TextProblem."""
        self.check()
        if self.by == BY_PARTS:
            split = split_by_parts(data, seed=self.seed, validation=self.validation)
        else:
            split = split_texts(data, seed=self.seed, validation=self.validation, test=self.test)
        if not self.without_leaks:
            return split
        return split.without(find_leaks(data, split).learned)


@dataclass(frozen=True)
class ExperimentConfig:
    """What an experiment was asked to do, as run.json holds it; its texts are the run's text.

    Attributes:
        settings: of the model, its starts and sizes.
        split: how the texts are divided.
        identity: the fingerprint of the vector set when it was asked for; "" where there is none.
    """

    settings: TransferConfig
    split: SplitAsked = field(default_factory=SplitAsked)
    identity: str = ""

    @classmethod
    def of(cls, settings: TransferConfig, split: SplitAsked, vectors: WordVectors | None) -> ExperimentConfig:
        """For a set as it is now; None: nothing starts from one."""
        return cls(settings, split, "" if vectors is None else identity_of(vectors))

    def to_json(self) -> dict[str, Any]:
        """As run.json holds it."""
        return {"settings": self.settings.to_json(), "split": asdict(self.split), "identity": self.identity}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> ExperimentConfig:
        """From what run.json holds, checked. Raises BadSetting."""
        try:
            settings, split = TransferConfig.from_json(stored["settings"]), SplitAsked(**stored["split"])
            settings.check()
            split.check()
            return cls(settings, split, str(stored.get("identity", "")))
        except (KeyError, TypeError) as error:
            raise BadSetting("This run does not say what it should do. Ask for it again.") from error


def submit_experiment(runs: Runs, data: LabelledTexts, config: ExperimentConfig, *, run_id: str | None = None) -> Run:
    """Put an experiment in the line; with a `run_id` that was used before, that run is returned.

    Raises BadSetting, TextProblem for texts that cannot be so divided, StorageProblem.
    """
    config.settings.check()
    config.split.split(data)
    name = printable(data.name.strip("“”"), _NAME_CHARACTERS)
    return runs.submit(TRANSFER, config.to_json(), name=name, text=json_lines(data), run_id=run_id)


def texts_of(folder: RunFolder) -> LabelledTexts:
    """The labelled texts of an experiment. Raises TextProblem, if they are damaged, and UnknownRun."""
    return from_json_lines(folder.text(), f"“{TEXTS_FILE}”")


def config_of(run: Run) -> ExperimentConfig:
    """What an experiment was asked to do. Raises BadSetting."""
    return ExperimentConfig.from_json(run.config)


def about_of(folder: RunFolder) -> About | None:
    """What an experiment is about; None before a worker has looked at its texts. Raises StorageProblem."""
    if not (folder.path / ABOUT).exists():
        return None
    try:
        return About.from_json(read_json(folder.path / ABOUT))
    except (KeyError, TypeError, ValueError):
        raise StorageProblem("What this experiment is about cannot be read.") from None


def fits_of(folder: RunFolder) -> list[Fitted]:
    """The fits that are finished, each once, in the order in which they were made; damaged lines are left out.

    Raises StorageProblem.
    """
    found: dict[Task, Fitted] = {}
    with os_errors("read what this experiment has found"):
        lines = metrics.read(folder.path / FITS)
    for line in lines:
        try:
            fitted = Fitted.from_json(line)
        except (KeyError, TypeError, ValueError, OverflowError):
            continue
        found.setdefault(fitted.task, fitted)
    return [*found.values()]


def models_of(folder: RunFolder) -> list[tuple[str, int]]:
    """The fits whose model is kept, each its start and size: the small sizes first. Raises StorageProblem."""
    with os_errors("list the models of this experiment"):
        try:
            names = [place.name for place in (folder.path / MODELS).iterdir() if (place / FACTS).is_file()]
        except FileNotFoundError:
            return []
    found = [(match[1], int(match[2])) for name in names if (match := _MODEL.fullmatch(name))]
    return sorted(found, key=lambda model: (model[1], STARTS.index(model[0])))


def place_of(folder: RunFolder, start: str, size: int) -> Path:
    """Where the model of a fit is kept."""
    return folder.path / MODELS / f"{start}-{size}"


def model_of(folder: RunFolder, start: str, size: int) -> KeptModel | None:
    """The model that the first seed's fit learned; None if there is none. Raises StorageProblem if it is damaged."""
    return _kept(folder, start, size, open_model)


def words_of(folder: RunFolder, start: str, size: int) -> LearnedWords | None:
    """What that model learned of words; None if it is not kept. Raises StorageProblem if it is damaged."""
    return _kept(folder, start, size, open_words)


def _kept(folder: RunFolder, start: str, size: int, read: Callable[[Path], _T]) -> _T | None:
    place = place_of(folder, start, size)
    if start not in STARTS or not place.is_dir():
        return None
    try:
        return read(place)
    except StorageProblem:
        if not place.is_dir():  # the run was deleted, or the model is just being replaced
            return None
        raise


def counts_of(data: LabelledTexts, split: Split) -> dict[str, list[int]]:
    """How many texts of each label each part has, (C) each."""
    places = zip(PARTS, (split.train, split.validation, split.test), strict=True)
    return {part: np.bincount(data.labels[its], minlength=len(data.classes)).tolist() for part, its in places}
