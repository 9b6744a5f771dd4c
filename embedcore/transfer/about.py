"""What an experiment is about, as it is kept beside its fits: labels, parts, coverage, what is to be minded.

Here belongs what a page needs in order to read the fits, without reading the texts again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from embedcore.transfer.coverage import Coverage
from embedcore.transfer.results import Integers


@dataclass(frozen=True, eq=False)
class About:
    """What an experiment is about.

    Attributes:
        classes: (C) the labels, in the order of their numbers.
        counts: how many texts of each label each part has: (C) for "train", "validation" and "test".
        test_labels: (t,) int64, those of the test texts, in the order in which fits answer them.
        sizes: the numbers of training texts, rising; the last is all of them.
        coverage: of all texts by the vector set; None where there is no set.
        notes: what whoever reads the figures should know, in plain sentences.
    """

    classes: tuple[str, ...]
    counts: dict[str, list[int]]
    test_labels: Integers
    sizes: tuple[int, ...]
    coverage: Coverage | None = None
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Every field by name, ready for `json.dumps`."""
        coverage = None if self.coverage is None else asdict(self.coverage)
        return {
            "classes": list(self.classes), "counts": self.counts, "test_labels": self.test_labels.tolist(),
            "sizes": list(self.sizes), "coverage": coverage, "notes": list(self.notes),
        }  # fmt: skip

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> About:
        """What `to_json` made. Raises TypeError, KeyError or ValueError for anything else."""
        found = values["coverage"]
        return cls(
            tuple(values["classes"]),
            values["counts"],
            np.array(values["test_labels"], dtype=np.int64),
            tuple(values["sizes"]),
            None if found is None else Coverage(**{**found, "missing": tuple(found["missing"])}),
            tuple(values["notes"]),
        )
