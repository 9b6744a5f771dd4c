"""What the fits of an experiment say together: numbers, how sure they are, and one or two plain sentences.

Here belongs arithmetic on answers that were given, for experiments under way as for finished ones.
Charts and tables of it belong to the pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from embedcore.transfer.config import FROZEN, SCRATCH, STARTS, TUNED
from embedcore.transfer.results import Fitted, Integers, Task

UNEVEN = 0.6  # of the texts in one class of two; macro-F1 is shown where it is as uneven as that, or more
SURE = 1.96  # standard errors: a difference beyond them is chance in one case of twenty
WORTH = 0.01  # a smaller lead is not worth a word
CALLED = {SCRATCH: "training from scratch", FROZEN: "the frozen vectors", TUNED: "the tuned vectors"}


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


@dataclass(frozen=True)
class Lead:
    """By how much `start` is ahead of training from scratch at a size, as a share; below 0: behind.

    `margin` is how far that may be off by chance: by the draw of training texts and first weights,
    and by which texts happen to be the test.
    """

    start: str
    size: int
    accuracy: float
    scratch: float
    margin: float

    @property
    def ahead(self) -> float:
        """The difference of the two accuracies."""
        return self.accuracy - self.scratch

    @property
    def sure(self) -> bool:
        """Whether there is a difference worth a word that is more than chance."""
        return abs(self.ahead) > max(self.margin, WORTH)


@dataclass(frozen=True)
class Answer:
    """The answer in words.

    Attributes:
        helps: whether pre-trained vectors are ahead at some size; None while nothing can be said.
        sentences: one after the other, with the numbers.
        level_from: the number of training texts from which training from scratch is as good; None
            if it never is, or always.
    """

    helps: bool | None
    sentences: tuple[str, ...]
    level_from: int | None = None


def is_uneven(labels: Integers, classes: int) -> bool:
    """Whether one class has so many of the texts that accuracy alone says too little."""
    counts = np.bincount(labels, minlength=classes)
    return bool(counts.max() > UNEVEN * 2 / classes * counts.sum())


def macro_f1(answers: Integers, labels: Integers, classes: int) -> float:
    """The mean over classes of F1, from the `answers` (t,) to texts of these `labels` (t,).

    F1 is 2 hits / (answers + texts of the class). A class with neither does not count; NaN without texts.
    """
    hits = np.bincount(labels[answers == labels], minlength=classes)  # (C,)
    both = np.bincount(answers, minlength=classes) + np.bincount(labels, minlength=classes)  # (C,)
    return float((2 * hits[both > 0] / both[both > 0]).mean()) if both.any() else float("nan")


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


def leads(fits: Iterable[Fitted], labels: Integers) -> list[Lead]:
    """For each size that has both, by how much frozen and tuned vectors are ahead of training from scratch.

    Compared are fits of the same seed, which learned from the same texts and answered the same test.
    """
    right = {fitted.task: (fitted.answers == labels).astype(np.float64) for fitted in fits}  # (t,) each
    found = []
    for start in (FROZEN, TUNED):
        pairs: dict[int, list[tuple[NDArray[np.float64], NDArray[np.float64]]]] = {}
        for task, ours in right.items():
            twin = Task(SCRATCH, task.size, task.seed)
            if task.start == start and twin in right:
                pairs.setdefault(task.size, []).append((ours, right[twin]))
        for size, group in sorted(pairs.items()):
            ours, theirs = (np.stack(side) for side in zip(*group, strict=True))  # (k, t) each
            margin = SURE * _standard_error(ours - theirs)
            found.append(Lead(start, size, float(ours.mean()), float(theirs.mean()), margin))
    return found


def _standard_error(differences: NDArray[np.float64]) -> float:
    """Of the mean of (k, t) differences between k pairs of fits on t texts: both are a sample of what might be.

    The two variances of a mean over rows and over columns, added (Owen 2007, "The pigeonhole
    bootstrap", counts them like that); with one pair alone, that of the texts.
    """
    fits, texts = differences.shape
    of_texts = differences.mean(axis=0).var(ddof=1) / texts if texts > 1 else 0.0
    of_fits = differences.mean(axis=1).var(ddof=1) / fits if fits > 1 else 0.0
    return float(np.sqrt(of_texts + of_fits))


def answer(fits: Sequence[Fitted], labels: Integers, classes: int) -> Answer:
    """Whether pre-trained vectors help, in words, from the fits made so far; `labels` (t,) of the test texts."""
    found = leads(fits, labels)
    if not found:
        return Answer(None, ("There is nothing to compare yet.",))
    said = _by_accuracy(fits, found, labels, classes)
    if not is_uneven(labels, classes):
        return said
    return replace(said, sentences=(*said.sentences, _by_macro_f1(fits, labels, classes)))


def _by_accuracy(fits: Sequence[Fitted], found: list[Lead], labels: Integers, classes: int) -> Answer:
    most = float(np.bincount(labels, minlength=classes).max() / len(labels))
    if _none_learned(fits, most, len(labels)):
        always = f"No start does better than always answering with the most frequent label ({_percent(most)})"
        return Answer(None, (f"{always}, so this says nothing about the vectors. More training texts may help.",))
    ahead = [lead for lead in found if lead.sure and lead.ahead > 0]
    if not ahead:
        return Answer(False, tuple(_no_help(found)))
    best = max(ahead, key=lambda lead: lead.ahead)
    last, level = max(lead.size for lead in found), _level_from(found)
    sentences = [f"With {_examples(best.size)}, {_ahead(best)}."]
    if level is not None:
        final = [lead for lead in found if lead.size == last]
        better = all(lead.ahead < 0 and lead.sure for lead in final)
        sentences.append(f"From about {level:,} on, training from scratch is {'better' if better else 'as good'}.")
    elif last > best.size:
        final_lead = max((lead for lead in ahead if lead.size == last), key=lambda lead: lead.ahead)
        sentences.append(f"With {_examples(last)}, the most so far, {_ahead(final_lead)}.")
    else:
        sentences.append("More examples have not been tried.")
    behind = [lead for lead in found if lead.start == FROZEN and lead.sure and lead.ahead < 0]
    if behind:
        sentences.append(f"With {_examples(behind[-1].size)}, {_ahead(behind[-1])}.")
    return Answer(True, tuple(sentences), level)


def _by_macro_f1(fits: Sequence[Fitted], labels: Integers, classes: int) -> str:
    """What to add where labels are uneven: the size at which macro-F1 is farthest apart, and by how much."""
    scores = {(point.start, point.size): point.macro_f1 for point in points(fits, labels, classes)}
    pairs = [(start, size) for start, size in scores if start != SCRATCH and (SCRATCH, size) in scores]
    start, size = max(pairs, key=lambda pair: abs(scores[pair] - scores[SCRATCH, pair[1]]))
    return (
        "The labels are uneven, so that accuracy says too little: "
        f"by macro-F1, with {_examples(size)}, {CALLED[start]} "
        f"reach {_percent(scores[start, size])} and training from scratch {_percent(scores[SCRATCH, size])}."
    )


def _none_learned(fits: Sequence[Fitted], most: float, texts: int) -> bool:
    """Whether even the best start at the best size is no better than the most frequent label, but for chance."""
    by_point: dict[tuple[str, int], list[float]] = {}
    for fitted in fits:
        by_point.setdefault((fitted.task.start, fitted.task.size), []).append(fitted.accuracy)
    best = max(float(np.mean(group)) for group in by_point.values())
    return best <= most + SURE * float(np.sqrt(most * (1 - most) / texts))


def _no_help(found: list[Lead]) -> list[str]:
    """What to say where no start is ahead of training from scratch at any size."""
    best = max(found, key=lambda lead: lead.ahead)
    behind = [lead for lead in found if lead.sure]
    sentences = ["Pre-trained vectors do not help here."]
    if best.ahead > 0:
        sentences.append(
            f"The most they are ahead is {_points(best)}, with {_examples(best.size)}, which may be chance."
        )
    if behind:
        worst = min(behind, key=lambda lead: lead.ahead)
        sentences.append(f"With {_examples(worst.size)}, {_ahead(worst)}.")
    return sentences


def _level_from(found: list[Lead]) -> int | None:
    """The size from which on no start is surely ahead any more, however many texts more; None if the last one is."""
    sizes = sorted({lead.size for lead in found})
    level = None
    for size in reversed(sizes):
        if any(lead.sure and lead.ahead > 0 for lead in found if lead.size == size):
            return level
        level = size
    return level


def _ahead(lead: Lead) -> str:
    if lead.ahead < 0:
        return f"{CALLED[lead.start]} are {_points(lead)} behind training from scratch ({_both(lead)})"
    return f"{CALLED[lead.start]} are ahead by {_points(lead)} ({_both(lead)})"


def _both(lead: Lead) -> str:
    return f"{_percent(lead.accuracy)} against {_percent(lead.scratch)}"


def _points(lead: Lead) -> str:
    points = abs(100 * lead.ahead)
    shown = f"{points:.0f}" if points >= 9.95 else f"{points:.1f}"
    return f"{shown} point{'' if shown == '1.0' else 's'}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _examples(size: int) -> str:
    return f"{size:,} example{'' if size == 1 else 's'}"
