"""What a fit learned, word by word: whose vectors moved, and which words pull a text towards a label.

Here belongs asking one fitted model. How far a training of vectors moved words is in `embedcore.moved`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from embedcore.transfer.asking import erased
from embedcore.transfer.config import AVERAGE, CONVOLUTION, TUNED
from embedcore.transfer.encoding import Encoded
from embedcore.transfer.fitting import Learned, Texts
from embedcore.transfer.models import Classifier, DeepAverage
from embedcore.transfer.results import Integers, LearnedWords, Moved, Pull
from embedcore.vectors import WordVectors
from embedcore.vocab import PAD_INDEX, SPECIALS

LEAST_SEEN = 5  # times a word has to stand in the training texts to be ranked: fewer is mostly chance
MOST_TEXTS = {AVERAGE: 1_000, CONVOLUTION: 250}  # training texts in which words are covered up


def learned_words(learned: Learned, texts: Texts) -> LearnedWords:
    """What a fit of `texts` learned of words."""
    moved = moved_most(learned, texts.encoded) if learned.fitted.task.start == TUNED else []
    return LearnedWords(moved, pulls(learned.model, texts.encoded, texts.training))


def kind_of(model: Classifier) -> str:
    """The name of a classifier among `config.MODELS`."""
    return AVERAGE if isinstance(model, DeepAverage) else CONVOLUTION


def embedding_of(learned: Learned) -> NDArray[np.float32]:
    """The embedding's weight after the fit, (V, D) float32; a view."""
    weight: NDArray[np.float32] = learned.model.embedding.weight.detach().numpy()
    return weight


def moved_most(
    learned: Learned, encoded: Encoded, *, count: int = 20, neighbors: int = 5, least: int = LEAST_SEEN
) -> list[Moved]:
    """At most `count` words that the training texts have `least` times and that started in the set, farthest first.

    Neighbours are looked for among all words of the vocabulary that the set has: those that only
    other texts have never move, and so show where a word came from and went to.
    """
    now = embedding_of(learned)
    known = np.flatnonzero(encoded.rows >= 0)  # (K,) the others started at random
    if not len(known):
        return []
    words, counts = np.array(encoded.vocab.itos, dtype=object)[known].tolist(), np.array(encoded.vocab.counts)[known]
    first, last = learned.first[known].astype(np.float64), now[known].astype(np.float64)  # (K, D)
    distances = np.where(counts >= least, np.linalg.norm(last - first, axis=1), 0)  # (K,)
    chosen = [place for place in np.argsort(-distances, kind="stable")[:count].tolist() if distances[place] > 0]
    sides = [
        WordVectors(words, side[known]).most_similar_each([words[place] for place in chosen], topn=neighbors)
        for side in (learned.first, now)
    ]
    lengths = np.maximum(np.linalg.norm(first, axis=1) * np.linalg.norm(last, axis=1), 1e-30)  # (K,)
    cosines = (first * last).sum(axis=1) / lengths  # (K,)
    return [
        Moved(words[place], int(counts[place]), float(distances[place]), float(cosines[place]), before, after)
        for place, before, after in zip(chosen, *sides, strict=True)
    ]


def pulls(
    model: Classifier,
    encoded: Encoded,
    places: Integers,
    *,
    count: int = 20,
    least: int = LEAST_SEEN,
) -> list[list[Pull]]:
    """For each of C classes the words that pull hardest towards it, in the first texts at `places`, MOST_TEXTS at most.

    The mean, over all places where a word stands, of what `asking.erased` says it adds; words with fewer than
    `least` are left out, and those that pull the other way. Give the training texts: a word's pull there is what
    was learned.
    """
    kind = kind_of(model)
    weight, head = model.embedding.weight.detach().numpy(), model.head_arrays()
    rows, adds = [], []
    for place in places[: MOST_TEXTS[kind]].tolist():
        ids = encoded.padded(np.array([place]))[0]
        ids = ids[ids != PAD_INDEX]  # (L,)
        shares = erased(kind, head, weight[ids], np.ones(len(ids), dtype=bool))  # (L + 1, C)
        rows.append(ids)
        adds.append(shares[0] - shares[1:])
    words, added = np.concatenate(rows), np.concatenate(adds)  # (T,) (T, C)
    seen = np.bincount(words, minlength=len(encoded.vocab))  # (V,)
    found = []
    for each in range(added.shape[1]):
        mean = np.bincount(words, added[:, each], minlength=len(encoded.vocab)) / np.maximum(seen, 1)  # (V,)
        mean[: len(SPECIALS)] = 0
        mean[seen < least] = 0
        order = [row for row in np.argsort(-mean, kind="stable")[:count].tolist() if mean[row] > 0]
        found.append([Pull(encoded.vocab.itos[row], int(seen[row]), float(mean[row])) for row in order])
    return found
