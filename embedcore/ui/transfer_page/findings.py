"""What an experiment has found so far, read once for all who watch it, and again only when there is more.

Here belongs caching; the arithmetic is in `transfer.answers`, the files in `runs.experiments`.
What is handed out is shared and must not be changed.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import streamlit as st

from embedcore.runs import RunFolder, experiments
from embedcore.transfer.about import About
from embedcore.transfer.answers import Answer, Point, answer, points
from embedcore.transfer.labelled import LabelledTexts
from embedcore.transfer.leads import ACCURACY, MACRO_F1, MEASURES, Lead, leads, macro_f1
from embedcore.transfer.results import Fitted
from embedcore.transfer.splitting import Split

_Stamp = tuple[tuple[int, int], ...]


@dataclass(frozen=True, eq=False)
class Findings:
    """What the fits so far say.

    Attributes:
        about: None before a worker has looked at the texts; then nothing else is known either.
        fits: as they were made.
        leads: over training from scratch, by measure.
        always: by measure, what one reaches who answers every test text with its most frequent label.
    """

    about: About | None = None
    fits: tuple[Fitted, ...] = ()
    points: tuple[Point, ...] = ()
    leads: Mapping[str, tuple[Lead, ...]] = field(default_factory=dict)
    answer: Answer | None = None
    always: dict[str, float] | None = None

    @property
    def compared(self) -> bool:
        """Whether any fit can be compared with one from scratch."""
        return any(self.leads.values())

    @property
    def uneven(self) -> bool:
        """Whether accuracy alone says too little."""
        return self.answer is not None and self.answer.measure == MACRO_F1


class _Kept:
    """The findings of one experiment, and what tells the files that they are from."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stamp: _Stamp | None = None
        self._found = Findings()

    def now(self, folder: RunFolder) -> Findings:
        with self._lock:
            stamp = tuple(_stamp(folder, name) for name in (experiments.ABOUT, experiments.FITS))
            if stamp != self._stamp:
                self._found = _read(folder)
                self._stamp = stamp  # taken before reading: a fit that came meanwhile is read the next time
            return self._found


@st.cache_resource(max_entries=16, show_spinner=False)
def _kept(run_id: str) -> _Kept:
    return _Kept()


def of(folder: RunFolder) -> Findings:
    """What an experiment has found so far. Raises StorageProblem for what cannot be read."""
    return _kept(folder.id).now(folder)


@st.cache_resource(max_entries=8, show_spinner="Reading the test texts…")
def texts_of_test(run_id: str, _folder: RunFolder) -> list[str]:
    """The t test texts, in the order in which fits answer them. Raises BadSetting, TextProblem, UnknownRun."""
    data, split = divided(run_id, _folder)
    return [data.texts[place] for place in split.test.tolist()]


@st.cache_resource(max_entries=4, show_spinner="Reading the texts…")
def divided(run_id: str, _folder: RunFolder) -> tuple[LabelledTexts, Split]:
    """An experiment's texts and how they are divided. Raises BadSetting, TextProblem, UnknownRun."""
    data = experiments.texts_of(_folder)
    return data, experiments.config_of(_folder.run).split.split(data)


def _stamp(folder: RunFolder, name: str) -> tuple[int, int]:
    try:
        stat = (folder.path / name).stat()
    except OSError:
        return 0, 0
    return stat.st_size, stat.st_mtime_ns


def _read(folder: RunFolder) -> Findings:
    about = experiments.about_of(folder)
    if about is None:
        return Findings()
    labels, classes = about.test_labels, len(about.classes)
    fits = tuple(
        fitted
        for fitted in experiments.fits_of(folder)
        if len(fitted.answers) == len(labels) and fitted.answers.max(initial=0) < classes
    )
    most = np.full_like(labels, np.bincount(labels, minlength=classes).argmax())
    return Findings(
        about,
        fits,
        tuple(points(fits, labels, classes)),
        {measure: tuple(leads(fits, labels, classes, measure)) for measure in MEASURES},
        answer(fits, labels, classes),
        {ACCURACY: float((labels == most).mean()), MACRO_F1: macro_f1(most, labels, classes)},
    )
