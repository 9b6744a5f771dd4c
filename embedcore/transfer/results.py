"""What came of one fit, as it is reported and kept.

Here belongs no torch: pages read results, and their process imports none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]


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
        trained: how many numbers learned, and `entries` is how many rows the embedding has.
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
        """Every field by name, ready for `json.dumps`."""
        return {**asdict(self), "answers": self.answers.tolist()}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Fitted:
        """What `to_json` made. Raises TypeError, KeyError or ValueError for anything else."""
        task, answers = Task(**values["task"]), np.array(values["answers"], dtype=np.int64)
        return cls(**{**values, "task": task, "answers": answers})
