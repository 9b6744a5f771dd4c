"""The settings of one experiment, checked once, up front.

Here belongs what can be chosen, its bounds, and which sizes an experiment goes through.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from embedcore.errors import BadSetting
from embedcore.text import TOKENIZERS

AVERAGE, CONVOLUTION = "average", "convolution"
MODELS = (AVERAGE, CONVOLUTION)
SCRATCH, FROZEN, TUNED = "scratch", "frozen", "tuned"
STARTS = (SCRATCH, FROZEN, TUNED)
WIDTHS = (3, 4, 5)  # words that a filter of the convolution looks at, as in Kim 2014
SIZES = (20, 50, 100, 200, 500, 1_000, 2_000, 4_000)  # training texts; all of them come after these
DEFAULT_DIM = 50  # of a start from scratch, where there is no set to be as large as
LOOK_STEPS = 20  # the validation texts are looked at after each pass, but no more often than this
AVERAGED = 0.99  # of the averaged weights stays at a step; see `fitting`
LAST_STEP = 0.8  # a size above this share of all training texts would only repeat all of them
MOST_CLASSES = 100
MOST_SEEDS = 20
MOST_SEED = 2**31 - 1
MOST_DIM = 2_000
MOST_UNITS = 2_000
MOST_LR = 1.0


@dataclass(frozen=True, kw_only=True)
class TransferConfig:
    """What one experiment does."""

    model: str = AVERAGE  # one of MODELS
    starts: tuple[str, ...] = STARTS  # what the embedding starts from
    pretrained: str | None = None  # the vector set that frozen and tuned start from
    sizes: tuple[int, ...] = SIZES  # training texts to try; all of them are tried in any case
    seeds: int = 3  # fits of each kind, each with other training texts and other first weights
    seed: int = 1  # of the first of them; those after it count on
    dim: int | None = None  # numbers in a vector from scratch; None: as many as the set has, or 50
    hidden: int = 100  # units of the hidden layer, or filters of each width
    word_dropout: float = 0.3  # the share of a text's words left out at each step (average alone)
    dropout: float = 0.5  # the share of hidden units left out at each step
    lr: float = 0.002  # Adam's
    batch: int = 64  # texts that one step learns from
    epochs: int = 60  # passes over the training texts at most, or as many rounds of LOOK_STEPS steps where that is more
    patience: int = 5  # looks at the validation texts without a better one, after which a fit ends
    min_count: int = 1  # words seen fewer times read `<unk>`, unless the set has them
    tokenizer: str = "words"

    def check(self) -> None:
        """Raise BadSetting, naming the bound and the value, for the first field outside its bounds."""
        _check_one_of("model", self.model, MODELS)
        if not self.starts:
            raise BadSetting(f"starts should name at least one of {', '.join(STARTS)}.")
        for start in self.starts:
            _check_one_of("each of starts", start, STARTS)
        if len(set(self.starts)) < len(self.starts):
            raise BadSetting("starts should not name one twice.")
        _check_one_of("tokenizer", self.tokenizer, tuple(TOKENIZERS))
        if not isinstance(self.pretrained, str | None):
            raise BadSetting(f"pretrained should name a vector set, but is {self.pretrained!r}.")
        if set(self.starts) - {SCRATCH} and not self.pretrained:
            raise BadSetting("frozen and tuned start from a vector set, so pretrained should name one.")
        if any(_whole("each of sizes", size) < 2 for size in self.sizes):
            raise BadSetting("each of sizes should be at least 2 texts.")
        if list(self.sizes) != sorted(set(self.sizes)):
            raise BadSetting("sizes should rise, each named once.")
        _check_within("seeds", self.seeds, 1, MOST_SEEDS)
        _check_within("seed", self.seed, 0, MOST_SEED - MOST_SEEDS)
        if self.dim is not None:
            _check_within("dim", self.dim, 1, MOST_DIM)
        _check_within("hidden", self.hidden, 1, MOST_UNITS)
        for name in ("word_dropout", "dropout"):
            share = _number(name, getattr(self, name))
            if not 0 <= share < 1:
                raise BadSetting(f"{name} should be from 0 to below 1, but is {share:g}.")
        if not 0 < _number("lr", self.lr) <= MOST_LR:
            raise BadSetting(f"lr should be above 0 and at most {MOST_LR:g}, but is {self.lr:g}.")
        _check_within("batch", self.batch, 1, 4_096)
        _check_within("epochs", self.epochs, 1, 1_000)
        _check_within("patience", self.patience, 1, 1_000)
        _check_within("min_count", self.min_count, 1, 1_000)

    def sizes_of(self, training: int) -> list[int]:
        """The sizes to go through where there are so many training texts, rising; the last is all of them."""
        return [*(size for size in self.sizes if size <= LAST_STEP * training), training]

    @property
    def every_seed(self) -> range:
        """The seeds of the fits of one kind."""
        return range(self.seed, self.seed + self.seeds)

    def to_json(self) -> dict[str, Any]:
        """Every field by name, ready for `json.dumps`."""
        return {**asdict(self), "starts": list(self.starts), "sizes": list(self.sizes)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> TransferConfig:
        """The settings of a dict as made by `to_json`; a field left out has its default.

        Raises BadSetting for a name that is no setting, so that nothing is ignored silently.
        """
        known = [field.name for field in fields(cls)]
        for name in values:
            if name not in known:
                raise BadSetting(f"There is no setting “{name}”. There are: {', '.join(known)}.")
        lists = {name: tuple(values[name]) for name in ("starts", "sizes") if name in values}
        return cls(**{**values, **lists})


def _check_one_of(name: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise BadSetting(f"{name} should be one of {', '.join(allowed)}, but is {value!r}.")


def _whole(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadSetting(f"{name} should be a whole number, but is {value!r}.")
    return value


def _check_within(name: str, value: object, low: int, high: int) -> None:
    if not low <= _whole(name, value) <= high:
        raise BadSetting(f"{name} should be from {low:,} to {high:,}, but is {value:,}.")


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadSetting(f"{name} should be a number, but is {value!r}.")
    return float(value)
