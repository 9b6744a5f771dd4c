"""How long an experiment will take, before the first fit: a guess from its settings and the size of the texts.

Here belongs arithmetic alone, so that a form can tell it at once; no torch. Once fits are finished,
`experiment.seconds_left` knows better, since it goes by what they took.

The figures were measured on one core, for both models, on English and Korean texts of 20 to 8,500.
"""

from __future__ import annotations

import math

import numpy as np

from embedcore.transfer.config import (
    AVERAGE,
    CONVOLUTION,
    DEFAULT_DIM,
    FROZEN,
    LOOK_STEPS,
    SCRATCH,
    WIDTHS,
    TransferConfig,
)

WINDOWS = sum(WIDTHS)  # words that the convolution's filters see in all

_START = 0.08  # seconds before the first step: vocabulary, first rows
_STEP = 0.0004  # seconds of any step
_TEXT = 1e-6  # of a text that is read, whatever its length
_TOKEN = 6e-8  # of a token that is read
_NUMBER = 2.5e-10  # of a number of a token's vector
_LEARNING = 1.5e-9  # of a number that learns, at each step
_PRODUCT = {AVERAGE: 4e-11, CONVOLUTION: 6.8e-11}  # of a product in the layers, forwards
_BACKWARDS = 3  # times as much as asking, is a step's work on the layers
# Of n tokens about 8 n^0.64 are different (Heaps' law), English and Korean in the middle.
_VOCABULARY, _GROWTH = 8.0, 0.64

# Looks until no better one has come, besides those of patience: from scratch and tuned it comes soon. Frozen, there
# is little that can be overlearned, and over many texts the mean goes on getting better for long.
_FEW, _MANY = 100, 1_000
_LOOKS = {SCRATCH: (1.5, 2.5), FROZEN: (4.0, 25.0)}
_LOOKS_TUNED = (2.5, 4.5)
_LOOKS_CONVOLUTION = (1.5, 2.5)
_LR = 0.002  # at which these were counted; half of it takes about twice as many


def expected_seconds(
    config: TransferConfig,
    train_tokens_per_text: float,
    training: int,
    validation: int,
    test: int,
    dim: int | None,
    classes: int,
) -> float:
    """The seconds of processor time that all fits of an experiment take, on one core.

    `training`, `validation` and `test` are texts, of `train_tokens_per_text` tokens on average; `dim` is the vector
    set's, None where there is none.
    """
    tokens = max(1.0, train_tokens_per_text)
    all_tokens = tokens * (training + validation + test)
    total = 0.0
    for start in config.starts:
        width = dim or DEFAULT_DIM
        if start == SCRATCH and config.dim is not None:
            width = config.dim
        for size in config.sizes_of(max(1, training)):
            looks = _looks(config, start, size)
            per_pass = -(-size // config.batch)
            steps = looks * per_pass * max(1, LOOK_STEPS // per_pass)
            learning = _learning(config, start, width, _vocabulary(tokens * size), _vocabulary(all_tokens))
            of_text = _asking(config, tokens, width, classes)
            step = _STEP + _LEARNING * learning + _BACKWARDS * min(size, config.batch) * of_text
            total += _START + steps * step + (looks * validation + test) * of_text
    return config.seeds * total


def _vocabulary(tokens: float) -> float:
    """How many different tokens there are, about."""
    return float(min(tokens, _VOCABULARY * tokens**_GROWTH))


def _looks(config: TransferConfig, start: str, size: int) -> float:
    """How often a fit looks at the validation texts."""
    few, many = _LOOKS.get(start, _LOOKS_TUNED) if config.model == AVERAGE else _LOOKS_CONVOLUTION
    better = float(np.interp(math.log(size), (math.log(_FEW), math.log(_MANY)), (few, many)))
    return min(config.epochs, config.patience + max(1.0, better * _LR / config.lr))


def _learning(config: TransferConfig, start: str, dim: int, trained: float, everywhere: float) -> float:
    """How many numbers a step moves, the whole table of a tuned start among them."""
    rows = {SCRATCH: trained, FROZEN: 0.0}.get(start, everywhere)
    inputs = dim if config.model == AVERAGE else dim * WINDOWS
    return rows * dim + inputs * config.hidden


def _asking(config: TransferConfig, tokens: float, dim: int, classes: int) -> float:
    """The seconds to ask about one text."""
    inputs = float(dim + classes) if config.model == AVERAGE else tokens * WINDOWS * dim
    return _TEXT + tokens * (_TOKEN + _NUMBER * dim) + _PRODUCT[config.model] * inputs * config.hidden
