"""WordSim-353 and SimLex-999 out of gensim's wheel, and Spearman's correlation with them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FILES = {"WordSim-353": "wordsim353.tsv", "SimLex-999": "simlex999.txt"}


def read_pairs(name: str) -> list[tuple[str, str, float]]:
    """The lower-cased word pairs of a benchmark, each with people's judgement."""
    import gensim

    lines = (Path(gensim.__file__).parent / "test/test_data" / FILES[name]).read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return [(row[0].lower(), row[1].lower(), float(row[2])) for row in rows]


def ranks(values: Sequence[float]) -> NDArray[np.float64]:
    """Ranks from 0, equal values sharing the mean of theirs."""
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return ((last - counts + last - 1) / 2)[which]


def spearman(words: Sequence[str], matrix: NDArray[np.float32], name: str) -> tuple[float, int]:
    """Spearman's correlation of cosine with people's judgement, and how many pairs have both words."""
    row = {word: index for index, word in enumerate(words)}
    pairs = [(row[a], row[b], score) for a, b, score in read_pairs(name) if a in row and b in row]
    unit = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    cosine = [float(unit[a] @ unit[b]) for a, b, _ in pairs]
    return float(np.corrcoef(ranks(cosine), ranks([score for *_, score in pairs]))[0, 1]), len(pairs)
