"""The weight that training starts from, made by numpy alone: drawn, or gathered from a vector set.

The page shows it before Start without torch, and training starts from it bit for bit. Here
belongs making it; keeping it with a run belongs to `runs`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from embedcore.errors import BadSetting, TrainingProblem
from embedcore.vocab import PAD_INDEX, SPECIALS

if TYPE_CHECKING:
    from embedcore.vectors import WordVectors

UNIFORM, NORMAL = "uniform", "normal"
INITS = (UNIFORM, NORMAL)


@dataclass(frozen=True, eq=False)
class FirstWeight:
    """What training starts from.

    Attributes:
        weight: (V, D) float32, the `<pad>` row zero.
        from_set: (V,) bool, the rows that came from a vector set; the others were drawn at random.
    """

    weight: NDArray[np.float32]
    from_set: NDArray[np.bool_]


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


def set_rows(tokens: Sequence[str], vectors: WordVectors) -> NDArray[np.int64]:
    """Which row of `vectors` each of V `tokens` (a vocabulary's `itos`) starts from: (V,), -1 for none.

    A word takes the row that `WordVectors.find` gives it; the specials take none, nor does a
    word whose row there is not finite.
    """
    rows = vectors.rows(tokens)  # (V,)
    rows[: len(SPECIALS)] = -1
    found = rows >= 0
    rows[found] = np.where(np.isfinite(vectors.norms[rows[found]]), rows[found], -1)
    return rows


def pretrained_weight(
    vectors: WordVectors, rows: NDArray[np.int64], seed: int, init: str = UNIFORM
) -> NDArray[np.float32]:
    """A first weight of those `rows` (V,) of `vectors`, and of `initial_weight` where a row is -1: (V, D).

    What is drawn starts as small beside a set's long rows as it does alone. Tried on the inaugural
    addresses with 200 of GloVe's words hidden: of the ten words nearest to them in the end, 18 %
    were among GloVe's nearest fifty from the uniform start, and 5 % from one as long as GloVe's rows.
    """
    weight = initial_weight(len(rows), vectors.dim, seed, init)  # (V, D)
    places = np.flatnonzero(rows >= 0)  # (n,)
    weight[places] = vectors.matrix[rows[places]]  # (n, D)
    return weight


def check_pretrained(vectors: WordVectors, dim: int, name: str | None = None) -> None:
    """Raise BadSetting, naming both, unless vectors of `dim` numbers can start from `vectors`."""
    if vectors.dim != dim:
        raise BadSetting(
            f"dim is {dim}, but {_called(name or vectors.name)} has {vectors.dim} numbers a word. "
            f"To start from it, dim should be {vectors.dim}."
        )


def check_covers(from_set: NDArray[np.bool_], name: str | None = None) -> None:
    """Raise TrainingProblem if none of a text's words, `from_set` (V,), is in the set called `name`."""
    if not from_set.any():
        raise TrainingProblem(
            f"None of the text's words is in {_called(name)}, so there is nothing in it to start from. "
            "Choose another set, or start from random numbers."
        )


def _called(name: str | None) -> str:
    return f"“{name}”" if name else "the vector set"


def first_linear(vocab_size: int, window: int, dim: int, seed: int) -> NDArray[np.float32]:
    """The first weight of next-word's linear layer, (vocab_size, window * dim) float32, from the run's seed.

    Uniform, so that a row for one place is about as long as 1, and the same for each of the
    `window` places: what comes next pulls a word's vector the same way from wherever it is seen.
    With `nn.Linear`'s own start, another draw for each place, these pulls cancel in a small text.
    """
    generator = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0,)))  # another than the embedding's
    linear = generator.random((vocab_size, dim), dtype=np.float32)  # (V, D)
    linear -= np.float32(0.5)
    linear *= np.float32(math.sqrt(12 / dim))
    return np.tile(linear, window)
