"""The last n words before each position of a text, which the next word is guessed from.

Here belongs cutting them out of a text, without torch. What is learned from them is in `nextword`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from embedcore.training.corpus import Corpus
from embedcore.vocab import PAD_INDEX


def last_words(corpus: Corpus, window: int, first: int, end: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """What to guess from and what to guess, (B, window) and (B,), at the positions from `first` to `end`.

    `<pad>` stands on the left where the sentence has fewer words so far. Its first word is left
    out: there is nothing to guess it from.
    """
    positions = np.arange(first, end)  # (N,)
    sentence = np.searchsorted(corpus.ends, positions, side="right")  # (N,)
    begins = np.where(sentence > 0, corpus.ends[sentence - 1], 0)  # (N,) where the sentence of each does
    asked = positions > begins  # (N,)
    positions, begins = positions[asked], begins[asked]  # (B,)
    low = max(0, first - window)
    ids = np.asarray(corpus.ids[low:end])  # a small part, also of a text that lies on disk
    places = positions[:, None] + np.arange(-window, 0)  # (B, window)
    before = np.where(places >= begins[:, None], ids[np.maximum(places - low, 0)], np.int32(PAD_INDEX))
    return before, ids[positions - low]
