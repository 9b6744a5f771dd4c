"""The weight that training starts from, drawn by numpy alone.

The page shows it before Start without torch, and training starts from it bit for bit.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from embedcore.errors import BadSetting
from embedcore.vocab import PAD_INDEX


def initial_weight(vocab_size: int, dim: int, seed: int, objective: str = "skipgram") -> NDArray[np.float32]:
    """The embedding's first weight, (vocab_size, dim) float32, with the `<pad>` row zero.

    Skip-gram starts as word2vec does, uniform within 0.5 / dim of zero (the output weights
    start at zero): vectors that start small take their direction from the text rather than
    from the draw. Raises BadSetting for an objective that does not exist.
    """
    if objective != "skipgram":
        raise BadSetting(f"objective should be skipgram, but is {objective!r}.")
    weight = np.random.default_rng(seed).random((vocab_size, dim), dtype=np.float32)  # (V, D)
    weight -= np.float32(0.5)
    weight /= np.float32(dim)
    weight[PAD_INDEX : PAD_INDEX + 1] = 0
    return weight
