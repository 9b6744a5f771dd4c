"""Training: from sentences to word vectors.

The names below are all that other code needs. `Trainer` and `train` are imported when they
are first used, because they need torch, which the server process never imports.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embedcore.training.config import TrainConfig
from embedcore.training.corpus import Corpus
from embedcore.training.initial import INITS, initial_weight
from embedcore.training.objectives import OBJECTIVES
from embedcore.training.progress import Progress
from embedcore.training.suggest import Suggestion, estimate_seconds, resolve, suggest

if TYPE_CHECKING:
    from embedcore.training.trainer import Trainer, train

__all__ = [
    "INITS",
    "OBJECTIVES",
    "Corpus",
    "Progress",
    "Suggestion",
    "TrainConfig",
    "Trainer",
    "estimate_seconds",
    "initial_weight",
    "resolve",
    "suggest",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in ("Trainer", "train"):
        raise AttributeError(f"module 'embedcore.training' has no attribute '{name}'")
    from embedcore.training import trainer

    return getattr(trainer, name)
