"""What the fits of an experiment say together: points to draw, and one or two plain sentences.

Here belongs what is said, of experiments under way as of finished ones; how sure a lead is, is in `leads`.
Charts and tables belong to the pages.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from embedcore.transfer.config import FROZEN, SCRATCH, STARTS, TUNED
from embedcore.transfer.labelled import is_uneven
from embedcore.transfer.leads import ACCURACY, MACRO_F1, Floats, Lead, leads, macro_f1, values
from embedcore.transfer.results import Fitted, Integers

LEVEL = 0.03  # training from scratch is as good where no start can be farther ahead than that
_BEYOND_CHANCE = 1.96  # standard errors, which chance exceeds in one case of twenty
CALLED = {SCRATCH: "training from scratch", FROZEN: "the frozen vectors", TUNED: "the tuned vectors"}
_AHEAD, _AS_GOOD, _BETTER, _UNCLEAR = "ahead", "as good", "better", "unclear"  # how scratch stands at a size


@dataclass(frozen=True)
class Point:
    """What the fits from one start at one size came to; `low` and `high` are the worst and the best of them."""

    start: str
    size: int
    fits: int
    accuracy: float
    low: float
    high: float
    macro_f1: float
    f1_low: float
    f1_high: float
    seconds: float  # of one fit, on average
    trained: int  # numbers that learn in one fit, on average

    def of(self, measure: str) -> tuple[float, float, float]:
        """The mean, the worst and the best by one of `leads.MEASURES`."""
        if measure == ACCURACY:
            return self.accuracy, self.low, self.high
        return self.macro_f1, self.f1_low, self.f1_high


@dataclass(frozen=True)
class Answer:
    """The answer in words.

    Attributes:
        helps: whether pre-trained vectors are ahead at some size; None while that cannot be told.
        sentences: one after the other, with the numbers.
        level_from: the number of training texts from which on training from scratch is surely as good or
            better; None if there is none, or where pre-trained vectors are never ahead.
        measure: by which one of `leads.MEASURES`.
    """

    helps: bool | None
    sentences: tuple[str, ...]
    level_from: int | None = None
    measure: str = ACCURACY


def points(fits: Iterable[Fitted], labels: Integers, classes: int) -> list[Point]:
    """A point for each start and size of which there is a fit, by start and rising size.

    `labels` (t,) are those of the test texts.
    """
    groups: dict[tuple[str, int], list[Fitted]] = {}
    for fitted in fits:
        groups.setdefault((fitted.task.start, fitted.task.size), []).append(fitted)
    made = []
    for (start, size), group in sorted(groups.items(), key=lambda item: (STARTS.index(item[0][0]), item[0][1])):
        accuracies = [fitted.accuracy for fitted in group]
        scores = [macro_f1(fitted.answers, labels, classes) for fitted in group]
        made.append(
            Point(
                start=start,
                size=size,
                fits=len(group),
                accuracy=float(np.mean(accuracies)),
                low=min(accuracies),
                high=max(accuracies),
                macro_f1=float(np.mean(scores)),
                f1_low=min(scores),
                f1_high=max(scores),
                seconds=float(np.mean([fitted.seconds for fitted in group])),
                trained=round(float(np.mean([fitted.trained for fitted in group]))),
            )
        )
    return made


def measure_for(labels: Integers, classes: int) -> str:
    """The measure by which to judge answers to texts of these `labels` (t,): macro-F1 where they are uneven."""
    return MACRO_F1 if is_uneven(np.bincount(labels, minlength=classes)) else ACCURACY


def answer(fits: Sequence[Fitted], labels: Integers, classes: int) -> Answer:
    """Whether pre-trained vectors help, in words, from the fits made so far; `labels` (t,) of the test texts."""
    measure = measure_for(labels, classes)
    found = leads(fits, labels, classes, measure)
    if not found:
        return Answer(None, ("There is nothing to compare yet.",), measure=measure)
    if not _any_learned(fits, labels, classes, measure):
        most = np.bincount(labels, minlength=classes).max() / len(labels)
        always = f"No start does clearly better than always answering with the most frequent label ({_percent(most)})"
        return Answer(
            None, (f"{always}, so this says nothing about the vectors. More training texts may help.",), measure=measure
        )
    helps, sentences, level = _Told(found, measure).answer()
    if measure == MACRO_F1:
        sentences.append(
            "The labels are uneven, so this goes by macro-F1, in which a rare label counts as much as a frequent one."
        )
    return Answer(helps, tuple(sentences), level, measure)


def _any_learned(fits: Sequence[Fitted], labels: Integers, classes: int, measure: str) -> bool:
    """Whether the best start at its best size is better than the most frequent label, and not by chance alone."""
    always = np.full_like(labels, np.bincount(labels, minlength=classes).argmax())
    lazy = values(always, labels, classes, measure)  # (t,)
    groups: dict[tuple[str, int], list[Floats]] = {}
    for fitted in fits:
        groups.setdefault((fitted.task.start, fitted.task.size), []).append(
            values(fitted.answers, labels, classes, measure)
        )
    best = max((np.mean(group, axis=0) - lazy for group in groups.values()), key=np.mean)  # (t,)
    error = float(best.std(ddof=1)) / np.sqrt(len(best)) if len(best) > 1 else 0.0
    return float(best.mean()) > _BEYOND_CHANCE * error


class _Told:
    """Sentences on the leads of an experiment."""

    def __init__(self, found: Sequence[Lead], measure: str) -> None:
        self._found = found
        self._sizes = sorted({lead.size for lead in found})
        self._of = "" if measure == ACCURACY else " of macro-F1"

    def answer(self) -> tuple[bool | None, list[str], int | None]:
        """Whether they help, the sentences, and from where on scratch is as good."""
        ahead = [lead for lead in self._found if lead.sure and lead.ahead > 0]
        if ahead:
            return True, *self._helping(ahead)
        said = [*self._behind(self._found)]
        best = max(self._found, key=lambda lead: lead.ahead)
        never = bool(said) and best.ahead <= 0  # nowhere ahead even by chance, and surely behind somewhere
        if never or all(self._state(size) in (_AS_GOOD, _BETTER) for size in self._sizes):
            return False, ["Pre-trained vectors do not help here.", *(said or [self._last_level()])], None
        return None, [self._cannot_tell(best), *said], None

    def _helping(self, ahead: Sequence[Lead]) -> tuple[list[str], int | None]:
        """How far they are ahead, until when, and what comes after."""
        best, last = max(ahead, key=lambda lead: lead.ahead), self._sizes[-1]
        said = [f"With {_examples(best.size)}, {self._ahead(best)}."]
        after = [size for size in self._sizes if size > max(lead.size for lead in ahead)]
        states = [self._state(size) for size in after]
        level = None
        for size, state in zip(reversed(after), reversed(states), strict=True):
            if state == _UNCLEAR:
                break
            level = size
        if not after:
            final = max((lead for lead in ahead if lead.size == last), key=lambda lead: lead.ahead)
            more = f"With {_examples(last)}, the most so far, {self._ahead(final)}."
            said.append(more if last > best.size else "More examples have not been tried yet.")
        elif level == after[0]:
            better = f"; with {last:,} it is better ({self._best_of(last)})" if states[-1] == _BETTER else ""
            said.append(f"From about {level:,} on, training from scratch is as good{better}.")
        else:
            said.append(f"From about {after[0]:,} on, no lead is clear any more.")
            if level is not None:
                said.append(f"With {_examples(last)}, training from scratch is {states[-1]} ({self._best_of(last)}).")
        told = [lead for lead in self._found if lead.size != last or not after or states[-1] != _BETTER]
        return [*said, *self._behind(told)], level

    def _state(self, size: int) -> str:
        """How training from scratch stands at a size."""
        its = [lead for lead in self._found if lead.size == size]
        if any(lead.sure and lead.ahead > 0 for lead in its):
            return _AHEAD
        if all(lead.sure for lead in its):
            return _BETTER
        return _AS_GOOD if all(lead.ahead + lead.margin <= LEVEL for lead in its) else _UNCLEAR  # NaN: unclear

    def _behind(self, among: Sequence[Lead]) -> Iterator[str]:
        """The lead that is surely behind at the largest size, the farthest of them."""
        behind = [lead for lead in among if lead.sure and lead.ahead < 0]
        if behind:
            worst = max(behind, key=lambda lead: (lead.size, -lead.ahead))
            yield f"With {_examples(worst.size)}, {self._ahead(worst)}."

    def _cannot_tell(self, best: Lead) -> str:
        cannot = "Whether pre-trained vectors help cannot be told from these fits:"
        if math.isnan(best.margin):
            return (
                f"One fit of each kind cannot tell what is chance: with {_examples(best.size)}, {self._ahead(best)} in "
                "this one."
            )
        more = "More fits of each kind, or more test texts, would tell more."
        return f"{cannot} with {_examples(best.size)}, {self._ahead(best)}, give or take {_points(best.margin)}. {more}"

    def _last_level(self) -> str:
        last = self._sizes[-1]
        return f"With {_examples(last)}, training from scratch is as good ({self._best_of(last)})."

    def _best_of(self, size: int) -> str:
        """What training from scratch and the best of the others reach at a size."""
        best = max((lead for lead in self._found if lead.size == size), key=lambda lead: lead.score)
        return f"{_percent(best.scratch)} against {_percent(best.score)}, {_SHORT[best.start]}"

    def _ahead(self, lead: Lead) -> str:
        both = f"{_percent(lead.score)} against {_percent(lead.scratch)}"
        if lead.ahead < 0:
            return f"{CALLED[lead.start]} are {_points(lead.ahead)}{self._of} behind training from scratch ({both})"
        return f"{CALLED[lead.start]} are ahead by {_points(lead.ahead)}{self._of} ({both})"


_SHORT = {FROZEN: "frozen", TUNED: "tuned"}


def _points(share: float) -> str:
    points = abs(100 * share)
    shown = f"{points:.0f}" if points >= 9.95 else f"{points:.1f}"
    return f"{shown} point{'' if shown == '1.0' else 's'}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _examples(size: int) -> str:
    return f"{size:,} example{'' if size == 1 else 's'}"
