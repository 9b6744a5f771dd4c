"""Labelled texts in three parts: what is learned from, what says when to stop, and what is asked in the end.

Here belongs who goes where, and in which order, so that the beginning of a part is a fair smaller
one. What may be wrong with a split is in `problems`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embedcore.errors import BadSetting, TextProblem
from embedcore.transfer.labelled import PARTS, TEST, TRAIN, VALIDATION, LabelledTexts

Places = NDArray[np.int64]
LEAST_SHARE, MOST_SHARE = 0.01, 0.5  # of the texts, for validation and for the test
_FEW = 1_000  # texts, of which a tenth is too small a test to tell two classifiers apart


@dataclass(frozen=True, eq=False)
class Split:
    """Where the texts of each part stand among all N; no place is in two parts.

    Each part is in an order of which every beginning is stratified: `train[:50]` are fifty training
    texts, and the fifty are among `train[:100]`. The same goes for `validation` and `test`.

    Attributes:
        train: (n,) int64.
        validation: (m,) int64, for early stopping.
        test: (t,) int64, never learned from.
    """

    train: Places
    validation: Places
    test: Places

    def without(self, places: Places) -> Split:
        """The same without these places in training and validation; the test part stays whole."""
        train, validation = (part[~np.isin(part, places)] for part in (self.train, self.validation))
        return Split(train, validation, self.test)


def suggested_shares(count: int) -> tuple[float, float]:
    """Which shares of `count` texts should be for validation and for the test."""
    return (0.15, 0.3) if count < _FEW else (0.1, 0.1)


def split_texts(data: LabelledTexts, *, seed: int = 1, validation: float = 0.1, test: float = 0.1) -> Split:
    """Divide by a seed, class by class in these shares; texts that are the same stay in one part.

    Of a class of three texts and more, each part gets one at least; of two, training and test; of
    one, training. Raises BadSetting for a share out of bounds.
    """
    _check_share("validation", validation)
    _check_share("test", test)
    if validation + test > 1 - LEAST_SHARE:
        raise BadSetting(f"validation {validation:.0%} and test {test:.0%} leave nothing to learn from.")
    return _drawn(data, np.arange(len(data)), seed, validation, test)


def split_by_parts(data: LabelledTexts, *, seed: int = 1, validation: float = 0.1) -> Split:
    """Divide as `data.parts` say; without validation texts, a share of the training texts becomes that.

    Raises TextProblem if no part was given, or if there is no text for training or for the test.
    """
    _check_share("validation", validation)
    if data.parts is None:
        raise TextProblem(f"Nothing in {data.name} says which texts are for training and which for the test.")
    given = np.array([PARTS.index(part) for part in data.parts], dtype=np.int64)  # (N,)
    train, kept_out, test = (np.flatnonzero(given == number) for number in range(len(PARTS)))
    for part, places in ((TRAIN, train), (TEST, test)):
        if not len(places):
            raise TextProblem(f"None of {data.name} is marked “{part}”. Mark some, or divide them by a seed.")
    if len(kept_out):
        return Split(*(in_order(data.labels, places, seed) for places in (train, kept_out, test)))
    drawn = _drawn(data, train, seed, validation, 0.0)
    return Split(drawn.train, drawn.validation, in_order(data.labels, test, seed))


def in_order(labels: NDArray[np.int64], places: Places, seed: int) -> Places:
    """Places drawn into another order of which every beginning is stratified by `labels` (N,).

    The first ones are one of each class, so that a beginning of C texts or more has all of them.
    A fit with another seed takes its training texts from another such order.
    """
    generator = np.random.default_rng(seed)
    shuffled = generator.permutation(np.sort(places))  # (n,) does not hang on the order that was given
    classes = labels[shuffled]  # (n,)
    due = np.empty(len(shuffled))  # (n,) at which share of the way each is taken
    for each in np.unique(classes):
        its = np.flatnonzero(classes == each)
        due[its] = np.arange(len(its)) / len(its)
    return shuffled[np.argsort(due, kind="stable")]  # classes that are due together come as they were drawn


def _drawn(data: LabelledTexts, places: Places, seed: int, validation: float, test: float) -> Split:
    """Some of the texts, divided class by class."""
    generator = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0,)))  # another than that of the order
    parts: dict[str, list[int]] = {part: [] for part in PARTS}
    for groups in _groups(data, places):
        room = _room(sum(map(len, groups)), validation, test)
        for number in generator.permutation(len(groups)).tolist():
            group = groups[number]
            # What does not fit into the smaller parts whole is learned from.
            part = next((part for part in (TEST, VALIDATION) if len(group) <= room[part]), TRAIN)
            parts[part] += group
            room[part] -= len(group)
    return Split(*(in_order(data.labels, np.array(parts[part], dtype=np.int64), seed) for part in PARTS))


def _groups(data: LabelledTexts, places: Places) -> list[list[list[int]]]:
    """The places of each class in groups of texts that are the same; a group is of its first text's class."""
    groups: dict[int, list[int]] = {}
    for place, first in zip(places.tolist(), data.same[places].tolist(), strict=True):
        groups.setdefault(first, []).append(place)
    of_class: list[list[list[int]]] = [[] for _ in data.classes]
    for group in groups.values():
        of_class[int(data.labels[group[0]])].append(group)
    return of_class


def _room(count: int, validation: float, test: float) -> dict[str, int]:
    """How many of a class's texts each part takes."""
    wanted = {TEST: test, VALIDATION: validation}
    room = {part: max(1, round(share * count)) if share else 0 for part, share in wanted.items()}
    for part in (VALIDATION, TEST):  # one at least stays for training, and then one for the test
        spare = count - 1 - sum(room.values())
        room[part] += min(0, max(spare, -room[part]))
    return {**room, TRAIN: count}


def _check_share(name: str, share: float) -> None:
    if not LEAST_SHARE <= share <= MOST_SHARE:
        raise BadSetting(f"{name} should be a share from {LEAST_SHARE:g} to {MOST_SHARE:g}, but is {share:g}.")
