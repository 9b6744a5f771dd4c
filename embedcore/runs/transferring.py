"""The job "transfer": all fits of an experiment, each kept as soon as it is finished.

Here belongs what a worker does for it. What was asked for, and reading what came of it, is in
`experiments`; the fits themselves are in `transfer`, which knows of no run.
"""

from __future__ import annotations

import math
import time
from contextlib import suppress
from dataclasses import replace
from typing import Any

from embedcore.errors import BadVectors, StorageProblem
from embedcore.leftovers import remove_leftovers
from embedcore.library import open_vectors
from embedcore.maps.identity import identity_of
from embedcore.runs import experiments, metrics, seen
from embedcore.runs.experiments import ABOUT, FITS, MODELS, ExperimentConfig
from embedcore.runs.folder import RunFolder
from embedcore.runs.progress import Reporter, Stopped, unless_stopped
from embedcore.settings import Settings
from embedcore.storage import os_errors, write_json
from embedcore.tokens import Tokens
from embedcore.transfer.about import About
from embedcore.transfer.coverage import coverage, doubt
from embedcore.transfer.expected import expected_seconds
from embedcore.transfer.experiment import Experiment, Progress, seconds_left
from embedcore.transfer.fitting import Learned, Texts
from embedcore.transfer.kept import KeptModel, save_model
from embedcore.transfer.labelled import LabelledTexts
from embedcore.transfer.moved import embedding_of, learned_words
from embedcore.transfer.problems import find_leaks, problems_of_split
from embedcore.transfer.results import Fitted, Task
from embedcore.transfer.splitting import Split
from embedcore.vectors import WordVectors

PREPARING, FITTING = "preparing", "fitting"
SHARES = {PREPARING: 2, FITTING: 98}  # of the whole job
_MOST_SLOWER = 3.0  # times as long as the fits alone, that all is taken for
_LOOK_SECONDS = 0.1  # between two looks at whether to stop


def run_transfer(folder: RunFolder, settings: Settings) -> dict[str, Any]:
    """Make the fits that the run asks for and that it does not have yet; returns what run.json's result says.

    Stopped, it keeps those that are finished, and goes on after them when it is resumed. Raises
    BadSetting, TextProblem, BadVectors, also if the set is another than was asked for,
    TrainingProblem, UnknownVectors, StorageProblem.
    """
    config = experiments.config_of(folder.run)
    folder.drop_metrics_after(-1.0)  # those of an earlier turn
    reporter = Reporter(folder, SHARES)
    return unless_stopped(folder, lambda: _Turn(folder, settings, config, reporter).go())


class _Turn:
    """One worker's work on an experiment."""

    def __init__(self, folder: RunFolder, settings: Settings, config: ExperimentConfig, reporter: Reporter) -> None:
        self._folder, self._config, self._reporter = folder, config, reporter
        self._settings = settings
        self._stop = False
        self._done = self._of = 0  # fits
        self._spent = self._left = 0.0  # seconds in fits until the last one, and expected after it
        self._fitting = self._working = 0.0  # seconds of this turn's fits, and from the first on, all in all
        self._since = self._looked = time.monotonic()  # when the last fit was done, and when it was last looked

    def go(self) -> dict[str, Any]:
        """Make the fits."""
        self._reporter.at(PREPARING, 0.0)
        vectors = self._opened()
        data = experiments.texts_of(self._folder)
        split = self._config.split.split(data)
        self._reporter.at(PREPARING, 0.3)
        made = Experiment(data, split, self._config.settings, vectors, self._finished(len(split.test)))
        self._reporter.at(PREPARING, 0.6)
        about = self._about(made, data, split)
        self._folder.put(ABOUT, lambda place: write_json(place, about.to_json()), doing="write down this experiment")
        self._make_room()
        self._reporter.at(PREPARING, 1.0)
        self._begin(made)
        state = made.run(
            on_progress=self._progress, on_learned=lambda learned: self._keep(made, learned), should_stop=self._look
        )
        stopped = {"stopped": True} if state == "stopped" else {}
        return {"fits": self._done, "of": self._of, **stopped}

    def _opened(self) -> WordVectors | None:
        name = self._config.settings.pretrained
        if not self._config.identity or name is None:
            return None
        vectors = open_vectors(name, self._settings)
        if identity_of(vectors) != self._config.identity:
            raise BadVectors(f"“{name}” was replaced after this experiment was asked for. Ask for it again.")
        return vectors

    def _finished(self, tests: int) -> dict[Task, Fitted]:
        """The fits of earlier turns; what else their file holds, such as half a line, is taken out of it."""
        found = {fitted.task: fitted for fitted in experiments.fits_of(self._folder) if len(fitted.answers) == tests}
        if (self._folder.path / FITS).exists():
            lines = metrics.as_lines([fitted.to_json() for fitted in found.values()]).encode()
            self._folder.put(FITS, lambda place: place.write_bytes(lines), doing="keep the fits of this experiment")
        return found

    def _about(self, made: Experiment, data: LabelledTexts, split: Split) -> About:
        """What the experiment is about; that of an earlier turn, which may know of a run that is gone by now."""
        with suppress(StorageProblem):
            if (earlier := experiments.about_of(self._folder)) is not None:
                return earlier
        notes = [*self._left_out(data), *(problem.sentence for problem in problems_of_split(data, split))]
        if made.vectors is not None and made.rows is not None:
            notes += filter(None, [seen.note_of(made.vectors, data, split, self._settings)])
        known = None if made.rows is None else coverage(made.tokenized, made.rows)
        if known is not None:
            notes += filter(None, [doubt(known, str(self._config.settings.pretrained))])
        return About(
            data.classes,
            experiments.counts_of(data, split),
            data.labels[split.test],
            tuple(made.config.sizes_of(len(split.train))),
            known,
            tuple(notes),
        )

    def _left_out(self, data: LabelledTexts) -> list[str]:
        """What is said of texts that were left out, since the test has them too."""
        if not self._config.split.without_leaks:
            return []
        count = len(find_leaks(data, replace(self._config.split, without_leaks=False).split(data)).learned)
        if not count:
            return []
        told = "1 text was" if count == 1 else f"{count:,} texts were"
        return [f"{told} left out of training and validation, since the test has the same."]

    def _make_room(self) -> None:
        """Make the folder for models, without what a killed worker left in it. Raises Stopped if the run is gone."""
        place = self._folder.path / MODELS
        with os_errors("keep the models of this experiment"):
            try:
                place.mkdir(exist_ok=True)
            except FileNotFoundError:
                raise Stopped from None
        remove_leftovers(place)

    def _begin(self, made: Experiment) -> None:
        tasks = made.tasks()
        done = [fitted for task, fitted in made.finished.items() if task in set(tasks)]
        self._done, self._of = len(done), len(tasks)
        self._spent = sum(fitted.seconds for fitted in done)
        to_do = [task for task in tasks if task not in made.finished]
        self._left = seconds_left(done, to_do, made.config.batch) if done else self._guess(made)
        self._since = time.monotonic()
        self._say()

    @staticmethod
    def _guess(made: Experiment) -> float:
        """The seconds of all fits before the first."""
        split, tokens = made.split, len(made.tokenized.ids) / max(1, len(made.data))
        dim = None if made.vectors is None else made.vectors.dim
        return expected_seconds(
            made.config, tokens, len(split.train), len(split.validation), len(split.test), dim, len(made.data.classes)
        )

    def _keep(self, made: Experiment, learned: Learned) -> None:
        """Keep a fit that is finished: its model first, so that no finished fit is without one."""
        self._folder._check_held()
        task = learned.fitted.task
        if task.seed == made.config.seed:
            place = experiments.place_of(self._folder, task.start, task.size)
            texts = made.texts(task)
            save_model(place, as_kept(learned, texts, made), learned_words(learned, texts))
        metrics.append(self._folder.path / FITS, learned.fitted.to_json())

    def _progress(self, progress: Progress) -> None:
        self._done, self._of = progress.done, progress.total
        now = time.monotonic()
        self._fitting += progress.fitted.seconds
        self._working += now - self._since
        # A fit's own seconds are without asking the test and keeping the model, nor do they know what else is at work.
        slower = min(max(1.0, self._working / max(self._fitting, 1e-9)), _MOST_SLOWER)
        self._left, self._since = slower * progress.seconds_left, now
        self._spent += progress.fitted.seconds
        self._say()

    def _look(self) -> bool:
        """Whether to stop; asked at every step of every fit, so it looks only now and then."""
        now = time.monotonic()
        if not self._stop and now - self._looked >= _LOOK_SECONDS:
            self._looked = now
            self._say()
        return self._stop

    def _say(self) -> None:
        """Write down how far it is: within a fit, as far as the time that has passed is of that expected."""
        passed = time.monotonic() - self._since
        left = self._left - passed if self._left > 2 * passed else self._left**2 / max(4 * passed, 1e-9)
        share = (self._spent + passed) / max(self._spent + passed + left, 1e-9) if self._left else 1.0
        try:
            self._reporter.at(FITTING, share, fits=self._done, of=self._of, seconds_left=math.ceil(left))
        except Stopped:
            self._stop = True


def as_kept(learned: Learned, texts: Texts, made: Experiment) -> KeptModel:
    """The model of a fit as it is kept: of the embedding, the rows of the training texts' words."""
    task, trained = learned.fitted.task, texts.encoded.trained
    return KeptModel(
        task.start, task.size, task.seed, made.config.model, made.config.tokenizer, made.data.classes,
        Tokens.of(texts.encoded.vocab.itos[:trained]), embedding_of(learned)[:trained], learned.model.head_arrays(),
    )  # fmt: skip
