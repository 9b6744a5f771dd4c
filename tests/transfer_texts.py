"""Small labelled texts for tests of the transfer experiment, with vectors that know what they are about."""

from __future__ import annotations

import numpy as np

from embedcore.transfer.labelled import LabelledTexts
from embedcore.vectors import WordVectors

GOOD = [f"good{number}" for number in range(40)]
BAD = [f"bad{number}" for number in range(40)]
OTHER = [f"word{number}" for number in range(60)]


def labelled(count: int = 240, seed: int = 0) -> LabelledTexts:
    """Texts of ten words, two of which, drawn from forty, say the label; each word alone is rare."""
    rng = np.random.default_rng(seed)
    texts, labels = [], []
    for number in range(count):
        label, telling = (("pos", GOOD), ("neg", BAD))[number % 2]
        words = [*rng.choice(telling, 2), *rng.choice(OTHER, 8)]
        texts.append(" ".join(rng.permutation(words)))
        labels.append(label)
    return LabelledTexts.of(texts, labels)


def vectors(dim: int = 12, seed: int = 0) -> WordVectors:
    """Vectors in which the telling words stand in two clouds, and the last ten other words are missing."""
    rng = np.random.default_rng(seed)
    words = [*GOOD, *BAD, *OTHER[:-10]]
    matrix = rng.standard_normal((len(words), dim)).astype(np.float32)
    matrix[: len(GOOD), 0] += 4
    matrix[len(GOOD) : len(GOOD) + len(BAD), 0] -= 4
    return WordVectors(words, matrix, name="clouds")
