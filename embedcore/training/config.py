"""The settings of one training, checked once, up front.

Here belongs what can be chosen and its bounds. Which values suit which text is in `suggest`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from embedcore.errors import BadSetting
from embedcore.settings import Settings, load
from embedcore.training.initial import INITS
from embedcore.training.objectives import OBJECTIVES

MAX_LR = 10.0  # far above anything that learns; a run at it ends with a sentence
LR_FLOOR = 1e-4  # of the first learning rate: where word2vec's straight line ends
MAX_BATCH = 65_536  # positions; its scores alone take some 60 MB
MAX_SEED = 2**63 - 1


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """What one training does. None stands for "chosen from the text" (see `resolve`)."""

    objective: str = "skipgram"  # one of OBJECTIVES
    dim: int = 100  # numbers in a vector
    window: int = 5  # neighbours looked at, at most, on either side of a word
    negative: int = 5  # words drawn at random against each true neighbour
    min_count: int = 5  # words seen fewer times are dropped
    sample: float | None = None  # above this share of the text, a word is skipped now and then; 0: never
    epochs: int = 5  # passes over the text
    lr: float | None = None  # learning rate at the start; it falls in a straight line to nearly 0
    batch: int | None = None  # positions of the text that one step learns from
    init: str | None = None  # what the vectors start from, one of INITS
    pretrained: str | None = None  # a vector set whose rows the words that it has start from
    freeze: bool = False  # the rows that came from `pretrained` stay as they are
    seed: int = 1  # the same seed, text and settings give the same vectors
    tokenizer: str = "words"  # how the text was split; kept for the record, not used in training

    def check(self, settings: Settings | None = None, *, vocab_size: int | None = None) -> None:
        """Raise BadSetting, naming the bound and the value, for the first field outside its bounds.

        With `vocab_size` (entries, specials included), also if the table would be too large.
        """
        limits = load() if settings is None else settings
        if self.objective not in OBJECTIVES:
            raise BadSetting(f"objective should be one of {', '.join(OBJECTIVES)}, but is {self.objective!r}.")
        _check_whole("dim", self.dim, 1, limits.max_dim)
        _check_whole("window", self.window, 1, 100)
        _check_whole("negative", self.negative, 1, 100)
        _check_whole("min_count", self.min_count, 1, None)
        _check_whole("epochs", self.epochs, 1, limits.max_epochs)
        _check_whole("seed", self.seed, 0, MAX_SEED)
        if self.sample is not None:
            _check_number("sample", self.sample)
            if not 0 <= self.sample <= 1:
                raise BadSetting(f"sample should be from 0 to 1, but is {self.sample}.")
        if self.lr is not None:
            _check_number("lr", self.lr)
            if not 0 < self.lr <= MAX_LR:
                raise BadSetting(f"lr should be above 0 and at most {MAX_LR:g}, but is {self.lr}.")
        if self.init is not None and self.init not in INITS:
            raise BadSetting(f"init should be one of {', '.join(INITS)}, but is {self.init!r}.")
        if self.pretrained is not None and (not isinstance(self.pretrained, str) or not self.pretrained):
            raise BadSetting(f"pretrained should be the name of a vector set, but is {self.pretrained!r}.")
        if not isinstance(self.freeze, bool):
            raise BadSetting(f"freeze should be true or false, but is {self.freeze!r}.")
        if self.freeze and self.pretrained is None:
            raise BadSetting(
                "freeze keeps pre-trained rows as they are, so it needs pretrained, a vector set to start from."
            )
        if self.batch is not None:
            _check_whole("batch", self.batch, 1, MAX_BATCH)
        if not isinstance(self.tokenizer, str) or not self.tokenizer:
            raise BadSetting(f"tokenizer should be the name of one, but is {self.tokenizer!r}.")
        if vocab_size is not None:
            self._check_size(vocab_size, limits)

    def _check_size(self, vocab_size: int, limits: Settings) -> None:
        """Raise BadSetting if what would be trained is too large for a text with so many words."""
        if vocab_size * self.dim > limits.max_table_numbers:
            raise BadSetting(
                f"A table of {vocab_size:,} words by {self.dim:,} dimensions has {vocab_size * self.dim:,} numbers; "
                f"at most {limits.max_table_numbers:,} are allowed here. Choose fewer dimensions or a higher min_count."
            )
        scores = vocab_size * self.dim * self.window
        if self.objective == "next-word" and scores > limits.max_table_numbers:
            raise BadSetting(
                f"With {self.window:,} words of {self.dim:,} dimensions to guess from, and {vocab_size:,} to choose "
                f"among, the linear layer has {scores:,} numbers; at most {limits.max_table_numbers:,} are allowed "
                "here. Choose a smaller window, fewer dimensions or a higher min_count."
            )

    def lr_at(self, share: float) -> float:
        """The learning rate of resolved settings once `share` of the run is done: a straight line, as word2vec's."""
        assert self.lr is not None
        return self.lr * max(1 - share, LR_FLOOR)

    def to_json(self) -> dict[str, Any]:
        """Every field by name, ready for `json.dumps`."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> TrainConfig:
        """The settings of a dict as made by `to_json`; a field left out has its default.

        Raises BadSetting for a name that is no setting, so that nothing is ignored silently.
        """
        known = [field.name for field in fields(cls)]
        for name in values:
            if name not in known:
                raise BadSetting(f"There is no setting “{name}”. There are: {', '.join(known)}.")
        return cls(**values)


def _check_whole(name: str, value: object, low: int, high: int | None) -> None:
    """Raise BadSetting unless `value` is a whole number from `low` to `high`."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadSetting(f"{name} should be a whole number, but is {value!r}.")
    if high is None and value < low:
        raise BadSetting(f"{name} should be at least {low:,}, but is {value:,}.")
    if high is not None and not low <= value <= high:
        raise BadSetting(f"{name} should be from {low:,} to {high:,}, but is {value:,}.")


def _check_number(name: str, value: object) -> None:
    """Raise BadSetting unless `value` is a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadSetting(f"{name} should be a number, but is {value!r}.")
