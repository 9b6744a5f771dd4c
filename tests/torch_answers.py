"""Asking a fitted model by torch, text by text: the second way to what `asking` works out in numpy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from embedcore.transfer.encoding import Encoded
from embedcore.transfer.fitting import ASKED, Learned
from embedcore.transfer.models import Classifier
from embedcore.transfer.moved import embedding_of
from embedcore.transfer.results import Integers
from embedcore.vectors import WordVectors
from embedcore.vocab import PAD_INDEX, SPECIALS


def vectors_of(learned: Learned, encoded: Encoded, name: str | None = None) -> WordVectors:
    """The fitted embedding as a vector set: every word of the vocabulary, without the specials."""
    return WordVectors(encoded.vocab.words, embedding_of(learned)[len(SPECIALS) :].copy(), name=name)


def probabilities(model: Classifier, ids: Integers) -> NDArray[np.float64]:
    """The probability of each of C classes for texts in integers, `ids` (n, L): (n, C)."""
    model.eval()
    with torch.inference_mode():
        parts = [model(torch.from_numpy(ids[start : start + ASKED])) for start in range(0, len(ids), ASKED)]
        found: NDArray[np.float64] = torch.cat(parts).double().softmax(dim=1).numpy()  # (n, C)
    return found


def words_behind(model: Classifier, ids: Sequence[int]) -> NDArray[np.float64]:
    """What each of L words of one text adds to the probability of each class: (L, C).

    That is the probability with the word, less that with the word taken out and the gap closed; after
    Li, Monroe and Jurafsky 2016, "Understanding Neural Networks through Representation Erasure".
    """
    if not len(ids):
        return np.zeros((0, probabilities(model, np.full((1, 1), PAD_INDEX, np.int64)).shape[1]))
    text = np.array(ids, dtype=np.int64)  # (L,)
    asked = np.full((len(text) + 1, len(text)), PAD_INDEX, np.int64)  # (L + 1, L)
    asked[0] = text
    for place in range(len(text)):
        asked[place + 1, :-1] = np.delete(text, place)
    found = probabilities(model, asked)  # (L + 1, C)
    added: NDArray[np.float64] = found[0] - found[1:]  # (L, C)
    return added
