"""The job "transfer": all fits of an experiment, each kept as soon as it is finished.

Here belongs what a worker does for it. What was asked for, and reading what came of it, is in
`experiments`; the fits themselves are in `transfer`, which knows of no run.
"""

from __future__ import annotations

import time
from typing import Any

from embedcore.errors import BadVectors
from embedcore.library import open_vectors
from embedcore.maps.identity import identity_of
from embedcore.runs import experiments, metrics
from embedcore.runs.experiments import ABOUT, FITS, ExperimentConfig
from embedcore.runs.folder import RunFolder
from embedcore.runs.progress import Reporter, Stopped, unless_stopped
from embedcore.settings import Settings
from embedcore.storage import write_json
from embedcore.transfer.about import About
from embedcore.transfer.coverage import coverage
from embedcore.transfer.experiment import Experiment, Progress
from embedcore.transfer.fitting import Learned
from embedcore.transfer.labelled import LabelledTexts
from embedcore.transfer.problems import problems_of_split
from embedcore.transfer.splitting import Split
from embedcore.vectors import WordVectors

PREPARING, FITTING = "preparing", "fitting"
SHARES = {PREPARING: 2, FITTING: 98}  # of the whole job


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
        self._began = time.perf_counter()
        self._share = 0.0  # of the fitting that is done
        self._left = 0.0  # seconds that were expected after the last fit

    def go(self) -> dict[str, Any]:
        """Make the fits."""
        self._reporter.at(PREPARING, 0.0)
        vectors = self._opened()
        data = experiments.texts_of(self._folder)
        split = self._config.split.split(data)
        self._reporter.at(PREPARING, 0.5)
        made = Experiment(data, split, self._config.settings, vectors, self._finished())
        about = self._about(made, data, split)
        self._folder.put(ABOUT, lambda place: write_json(place, about.to_json()), doing="write down this experiment")
        self._reporter.at(PREPARING, 1.0)
        state = made.run(
            on_progress=self._progress, on_learned=lambda learned: self._keep(made, learned), should_stop=self._look
        )
        stopped = {"stopped": True} if state == "stopped" else {}
        return {"fits": len(made.finished), "of": len(made.tasks()), **stopped}

    def _opened(self) -> WordVectors | None:
        name = self._config.settings.pretrained
        if not self._config.identity or name is None:
            return None
        vectors = open_vectors(name, self._settings)
        if identity_of(vectors) != self._config.identity:
            raise BadVectors(f"“{name}” was replaced after this experiment was asked for. Ask for it again.")
        return vectors

    def _finished(self) -> dict[Any, Any]:
        """The fits of earlier turns."""
        return {fitted.task: fitted for fitted in experiments.fits_of(self._folder)}

    def _about(self, made: Experiment, data: LabelledTexts, split: Split) -> About:
        notes = [problem.sentence for problem in problems_of_split(data, split)]
        known = None if made.rows is None else coverage(made.tokenized, made.rows)
        return About(
            data.classes,
            experiments.counts_of(data, split),
            data.labels[split.test],
            tuple(made.config.sizes_of(len(split.train))),
            known,
            tuple(notes),
        )

    def _keep(self, made: Experiment, learned: Learned) -> None:
        """Keep a fit that is finished."""
        self._folder._check_held()
        metrics.append(self._folder.path / FITS, learned.fitted.to_json())

    def _progress(self, progress: Progress) -> None:
        done = progress.seconds
        self._share = done / max(done + progress.seconds_left, 1e-9)
        self._left, self._began = progress.seconds_left, time.perf_counter()
        self._reporter.at(FITTING, self._share, fits=progress.done, of=progress.total)

    def _look(self) -> bool:
        """Whether to stop; asked several times in a fit."""
        try:
            self._reporter.check()
        except Stopped:
            return True
        return False
