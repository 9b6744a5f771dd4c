"""The weight that training starts from, drawn by numpy alone.

The page shows it before Start without torch, and training starts from it bit for bit.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from embedcore.errors import BadSetting
from embedcore.vocab import PAD_INDEX

UNIFORM, NORMAL = "uniform", "normal"
INITS = (UNIFORM, NORMAL)


def initial_weight(vocab_size: int, dim: int, seed: int, init: str = UNIFORM) -> NDArray[np.float32]:
    """The embedding's first weight, (vocab_size, dim) float32, with the `<pad>` row zero.

    "uniform" is how word2vec starts, within 0.5 / dim of zero: vectors that start small take
    their direction from the text rather than from the draw. "normal" is how `nn.Embedding`
    starts, N(0, 1), as in the tutorial. Raises BadSetting for a draw that does not exist.
    """
    generator = np.random.default_rng(seed)
    if init == UNIFORM:
        weight = generator.random((vocab_size, dim), dtype=np.float32)  # (V, D)
        weight -= np.float32(0.5)
        weight /= np.float32(dim)
    elif init == NORMAL:
        weight = generator.standard_normal((vocab_size, dim), dtype=np.float32)  # (V, D)
    else:
        raise BadSetting(f"init should be one of {', '.join(INITS)}, but is {init!r}.")
    weight[PAD_INDEX : PAD_INDEX + 1] = 0
    return weight
