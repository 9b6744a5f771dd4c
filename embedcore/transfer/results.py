"""What came of one fit, as it is reported and kept: its answers, and what it learned of words.

Here belongs no torch: pages read results, and their process imports none.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embedcore.answers import Neighbor
from embedcore.transfer.config import MOST_CLASSES, STARTS

Integers = NDArray[np.int64]
_MAYBE = ("accuracy", "validation_loss", "validation_accuracy")  # NaN where there is no such text


@dataclass(frozen=True)
class Task:
    """Which fit: one point of the experiment."""

    start: str  # one of STARTS
    size: int  # training texts
    seed: int


@dataclass(frozen=True, eq=False)
class Fitted:
    """What came of one fit.

    Attributes:
        answers: (t,) int64, the class given to each test text.
        accuracy: the share of the test texts that got their own class.
        validation_loss, validation_accuracy: of the weights that were kept; NaN without validation texts.
        steps: that were made, and `best_step` is the one whose weights were kept.
        trained: how many numbers learned: the rows of the training texts' words, where they are not frozen, and
            all above them. `entries` is how many rows the embedding has, those of other texts' words too.
        seconds: that the fit took, the test not counted.
    """

    task: Task
    answers: Integers
    accuracy: float
    validation_loss: float
    validation_accuracy: float
    steps: int
    best_step: int
    trained: int
    entries: int
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """Every field by name, ready for `json.dumps`; a number that there is not is None."""
        values = {**asdict(self), "answers": self.answers.tolist()}
        return {**values, **{name: None for name in _MAYBE if math.isnan(values[name])}}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Fitted:
        """What `to_json` made. Raises TypeError, KeyError or ValueError for anything else."""
        task, answers = Task(**values["task"]), np.array(values["answers"])  # (t,)
        whole = (task.size, task.seed, *(values[name] for name in ("steps", "best_step", "trained", "entries")))
        measured = {name: math.nan if values[name] is None else values[name] for name in _MAYBE}
        if task.start not in STARTS or not all(type(number) is int for number in whole):
            raise ValueError("This is no fit.")
        if answers.ndim != 1 or (len(answers) and answers.dtype.kind != "i"):
            raise ValueError("These are no answers.")
        if not all(type(number) in (int, float) for number in (*measured.values(), values["seconds"])):
            raise ValueError("These are no measures.")
        if len(answers) and not 0 <= answers.min() <= answers.max() < MOST_CLASSES:
            raise ValueError("These are answers of no class.")
        shares = (measured["accuracy"], measured["validation_accuracy"])
        if not all(math.isnan(share) or 0 <= share <= 1 for share in shares) or not math.isfinite(values["seconds"]):
            raise ValueError("These measures are out of bounds.")
        return cls(**{**values, **measured, "task": task, "answers": answers.astype(np.int64)})


@dataclass(frozen=True)
class Moved:
    """A word whose vector moved: by what length, its cosine with where it was, and its neighbours then and now."""

    word: str
    count: int  # times it stands in the training texts
    distance: float
    cosine: float
    before: list[Neighbor]
    after: list[Neighbor]


@dataclass(frozen=True)
class Pull:
    """A word that pulls texts towards a class: by how much the class's probability falls without it, on average."""

    word: str
    count: int  # places in the texts looked at
    pull: float


@dataclass(frozen=True)
class LearnedWords:
    """What a fit learned of words.

    Attributes:
        moved: the words that moved farthest from the vector set's rows; empty unless the fit was tuned.
        pulls: for each of C classes the words that pull hardest towards it.
    """

    moved: list[Moved]
    pulls: list[list[Pull]]

    def to_json(self) -> dict[str, Any]:
        """Every field by name, ready for `json.dumps`."""
        return {
            "moved": [{**vars(word), "before": list(word.before), "after": list(word.after)} for word in self.moved],
            "pulls": [[asdict(word) for word in side] for side in self.pulls],
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> LearnedWords:
        """What `to_json` made. Raises TypeError, KeyError or ValueError for anything else."""
        moved = [
            Moved(**{**word, **{side: [Neighbor(*each) for each in word[side]] for side in ("before", "after")}})
            for word in values["moved"]
        ]
        return cls(moved, [[Pull(**word) for word in side] for side in values["pulls"]])
