"""By how much pre-trained vectors are ahead of training from scratch, and how far that may be chance.

Here belongs the arithmetic on answers that were given; what is said of it is in `answers`.

The fits of one experiment are a small sample in two ways: of the training texts and first weights that might
have been drawn, and of the texts that might have been the test. Both count. How much fits differ is known from
a few of them at each size, so it is taken from the neighbouring sizes and both starts together. And of many
leads some are large by chance alone, so one counts as sure only with a neighbour that says the same, or when it
is far out. In simulations of nine sizes and starts that are equally good, with two to five fits and 100 to 1,000
test texts, about one experiment in twenty or fewer then finds a lead anywhere; with each lead taken by itself
and two standard errors for a margin, up to two of three did.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embedcore.transfer.config import FROZEN, SCRATCH, TUNED
from embedcore.transfer.results import Fitted, Integers, Task

ACCURACY, MACRO_F1 = "Accuracy", "Macro-F1"
MEASURES = (ACCURACY, MACRO_F1)
CHANCE = 0.05  # of saying that there is a difference where there is none
WORTH = 0.01  # a smaller lead is not worth a word
_SHARED = 1.5  # fits from scratch stand in the leads of both starts, so that these count for fewer than they are

Floats = NDArray[np.float64]
Place = tuple[str, int]  # a start and a size


@dataclass(frozen=True)
class Lead:
    """By how much `start` is ahead of training from scratch at a size, as a share; below 0: behind.

    Attributes:
        score, scratch: what each reached, as means over fits.
        margin: how far the difference may be off by chance, in one case of twenty farther; NaN if there is one fit
            of each kind, which does not say.
        sure: whether there is a difference worth a word that is more than chance.
    """

    start: str
    size: int
    score: float
    scratch: float
    margin: float
    sure: bool

    @property
    def ahead(self) -> float:
        """The difference of the two scores."""
        return self.score - self.scratch


def macro_f1(answers: Integers, labels: Integers, classes: int) -> float:
    """The mean over classes of F1, from the `answers` (t,) to texts of these `labels` (t,).

    F1 is 2 hits / (answers + texts of the class). A class with neither does not count; NaN without texts.
    """
    return float(values(answers, labels, classes, MACRO_F1).mean()) if len(labels) else math.nan


def values(answers: Integers, labels: Integers, classes: int, measure: str) -> Floats:
    """What each of t test texts adds to a measure: (t,), of which the mean is the measure itself.

    Of accuracy, 1 for each right answer. Of macro-F1, which is no mean, its value plus each text's influence
    on it (the derivative by the text's weight, which sums to 0), so that differences can be treated as means
    are (Davison and Hinkley 1997, "Bootstrap Methods and their Application", 2.7).
    """
    if measure == ACCURACY:
        return np.array(answers == labels, dtype=np.float64)
    both = np.bincount(answers, minlength=classes) + np.bincount(labels, minlength=classes)  # (C,)
    there = both > 0
    f1 = 2 * np.bincount(labels[answers == labels], minlength=classes) / np.maximum(both, 1)  # (C,)
    share = np.where(there, len(labels) / (np.maximum(both, 1) * max(1, int(there.sum()))), 0.0)  # (C,)
    influence = 2 * (answers == labels) * share[labels] - f1[labels] * share[labels] - f1[answers] * share[answers]
    mean = f1[there].sum() / max(1, int(there.sum()))
    return np.array(mean + influence, dtype=np.float64)


def leads(fits: Iterable[Fitted], labels: Integers, classes: int, measure: str = ACCURACY) -> list[Lead]:
    """For each size that has both, by how much frozen and tuned vectors are ahead of training from scratch.

    Compared are fits of the same seed, which learned from the same texts and answered the same test.
    """
    found = {fitted.task: values(fitted.answers, labels, classes, measure) for fitted in fits}  # (t,) each
    pairs: dict[Place, list[tuple[Floats, Floats]]] = {}
    for start in (FROZEN, TUNED):
        for task in sorted(found, key=lambda task: (task.size, task.seed)):
            twin = Task(SCRATCH, task.size, task.seed)
            if task.start == start and twin in found:
                pairs.setdefault((start, task.size), []).append((found[task], found[twin]))
    sides = {place: tuple(np.stack(side) for side in zip(*group, strict=True)) for place, group in pairs.items()}
    differences = {place: ours - theirs for place, (ours, theirs) in sides.items()}  # (k, t) each
    margins = _Margins(differences)
    return [
        Lead(*place, float(ours.mean()), float(theirs.mean()), margins.single(place), margins.sure(place))
        for place, (ours, theirs) in sides.items()
    ]


class _Margins:
    """How far leads may be off by chance, from (k, t) differences between k pairs of fits on t texts, by place."""

    def __init__(self, differences: Mapping[Place, Floats]) -> None:
        self._of = differences
        self._sizes = sorted({size for _, size in differences})

    def single(self, place: Place) -> float:
        """How far this lead may be off in one case of twenty; NaN where nothing says how much fits differ."""
        return self._margin(place, 1)

    def sure(self, place: Place) -> bool:
        """Whether it is more than chance: beyond its margin with a neighbouring size, or far beyond it."""
        ahead = self._ahead(place)
        if abs(ahead) <= WORTH:
            return False
        if abs(ahead) > self._margin(place, len(self._sizes)):  # Bonferroni's, over the sizes
            return True
        neighbors = [
            (place[0], size) for size in self._near(place[1]) if size != place[1] and (place[0], size) in self._of
        ]
        return self._beyond(place) and any(
            self._beyond(neighbor) and self._ahead(neighbor) * ahead > 0 for neighbor in neighbors
        )  # fmt: skip

    def _ahead(self, place: Place) -> float:
        return float(self._of[place].mean())

    def _beyond(self, place: Place) -> bool:
        return abs(self._ahead(place)) > self.single(place)

    def _near(self, size: int) -> Sequence[int]:
        at = self._sizes.index(size)
        return self._sizes[max(0, at - 1) : at + 2]

    def _margin(self, place: Place, tries: int) -> float:
        """Student's t with Satterthwaite's degrees of freedom, at a chance shared among so many tries.

        The two variances of a mean over rows and over columns are added, as Owen 2007, "The pigeonhole
        bootstrap", has it.
        """
        from scipy.special import stdtrit  # takes a moment, and not every page asks

        fits, texts = self._of[place].shape
        freedom, spread = 0.0, 0.0
        for start in (FROZEN, TUNED):
            for size in self._near(place[1]):
                near = self._of.get((start, size))
                if near is not None and len(near) > 1:
                    freedom += len(near) - 1
                    spread += (len(near) - 1) * float(near.mean(axis=1).var(ddof=1))
        if not freedom or texts < 2:
            return math.nan
        of_fits = spread / freedom / fits
        # No difference at all on a few texts says little about others.
        of_texts = max(float(self._of[place].mean(axis=0).var(ddof=1)) / texts, 1 / texts**2)
        both = of_fits + of_texts
        degrees = both**2 / (of_fits**2 * _SHARED / freedom + of_texts**2 / (texts - 1))
        return float(stdtrit(degrees, 1 - CHANCE / 2 / tries)) * math.sqrt(both)
