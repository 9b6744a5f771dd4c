"""Labelled texts: what a classifier learns from and is asked about.

Here belongs the one type that they come in. Reading them from files is in `reading`, what may be
wrong with them in `problems`, dividing them in `splitting`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from embedcore.text import tokenize_words

TRAIN, VALIDATION, TEST = "train", "validation", "test"
PARTS = (TRAIN, VALIDATION, TEST)

_UNEVEN = 1.3  # times its even share of the texts has the largest class, half of them at least
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")


@dataclass(frozen=True, eq=False)
class LabelledTexts:
    """N texts, each with one of C labels. Made by `LabelledTexts.of`.

    Attributes:
        texts: (N) each of one line, composed to NFC, without white space around it.
        labels: (N,) int64, which of `classes` each text is of.
        classes: (C) the different labels: numbers by value, then words by spelling, so that the
            order of the texts does not decide it.
        parts: (N) which of PARTS each text was put into by whoever gave them; None where nobody did.
        name: what they are called in messages.
    """

    texts: tuple[str, ...]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]
    parts: tuple[str, ...] | None = None
    name: str = "the texts"

    @classmethod
    def of(
        cls,
        texts: Iterable[str],
        labels: Iterable[str],
        *,
        parts: Sequence[str] | None = None,
        name: str = "the texts",
    ) -> LabelledTexts:
        """N texts with N labels (and N parts); ValueError if there are not as many."""
        lines = tuple(map(one_line, texts))
        named = [one_line(label) for label in labels]
        if len(lines) != len(named) or (parts is not None and len(parts) != len(lines)):
            raise ValueError(f"{len(lines):,} texts need as many labels and parts, not {len(named):,}.")
        classes = tuple(sorted(set(named), key=_by_value))
        number = {label: index for index, label in enumerate(classes)}
        rows = np.fromiter(map(number.__getitem__, named), np.int64, len(named))  # (N,)
        return cls(lines, rows, classes, None if parts is None else tuple(parts), name)

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def counts(self) -> NDArray[np.int64]:
        """How many texts each class has: (C,)."""
        return np.bincount(self.labels, minlength=len(self.classes))

    @cached_property
    def same(self) -> NDArray[np.int64]:
        """The place of the first text that has the same words as each: (N,); its own for one that is the first.

        Case, punctuation and spaces do not count, except where a text has no word.
        """
        first: dict[str, int] = {}
        keys = (" ".join(tokenize_words(text)) or text for text in self.texts)
        return np.fromiter((first.setdefault(key, place) for place, key in enumerate(keys)), np.int64, len(self))


def is_uneven(counts: NDArray[np.int64]) -> bool:
    """Whether one class has so many of the texts, `counts` (C,), that accuracy alone says too little."""
    return bool(counts.max(initial=0) >= max(0.5, _UNEVEN / max(1, len(counts))) * counts.sum() > 0)


def with_test(training: LabelledTexts, test: LabelledTexts) -> LabelledTexts:
    """Texts that came in two files, the second of which is for the test alone."""
    both = (training, test)
    return LabelledTexts.of(
        [text for data in both for text in data.texts],
        [data.classes[label] for data in both for label in data.labels.tolist()],
        parts=[*(training.parts or [TRAIN] * len(training)), *[TEST] * len(test)],
        name=training.name,
    )


def one_line(text: str) -> str:
    """A text as one line: composed to NFC, every stretch of line ends a space, nothing around it."""
    return re.sub(r"[\r\n]+", " ", unicodedata.normalize("NFC", text)).strip()


def _by_value(label: str) -> tuple[bool, float, str]:
    is_number = _NUMBER.fullmatch(label) is not None
    return not is_number, float(label) if is_number else 0.0, label
