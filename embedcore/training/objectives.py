"""What can be learned: each objective with its explanation, its formula and where it comes from.

The one place where an objective is chosen. Pages read it without torch; the arithmetic is in
the module that `model` names, which is imported when training begins.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from embedcore.training.initial import UNIFORM

if TYPE_CHECKING:
    from torch import Tensor

    from embedcore.training.config import TrainConfig
    from embedcore.training.corpus import Corpus
    from embedcore.training.feed import Place, Turn


@dataclass(frozen=True)
class Objective:
    """One way to learn vectors from text."""

    label: str  # what people call it
    about: str  # two sentences for somebody who has read no paper
    formula: str  # the loss, in LaTeX
    source: str  # where it was published
    init: str  # what the vectors start from where nothing else is chosen
    model: str  # the class that learns, as "module:Class"


class Model(Protocol):
    """An objective at work on one corpus: what is trained besides the embedding, the batches, a step."""

    weights: Mapping[str, Tensor]  # by name; saved and restored with the embedding's weight

    def turns(self, place: Place) -> Iterator[Turn]:
        """The batches from `place` to the end of the run; the same place gives the same batches."""

    def step(self, batch: Any, lr: float) -> float:
        """Learn from one batch at learning rate `lr`. Returns its summed loss."""


OBJECTIVES: dict[str, Objective] = {
    "skipgram": Objective(
        label="Skip-gram with negative sampling",
        about="From each word, guess the words around it. A true neighbour's vector is pulled towards "
        "the word's own, and the vectors of a few words drawn at random are pushed away.",
        formula=r"-\log\sigma(u_w\cdot v_c)-\sum_{i=1}^{k}\log\sigma(-u_w\cdot v_{n_i})",
        source="Mikolov et al. 2013, “Distributed Representations of Words and Phrases and their "
        "Compositionality”, equation 4",
        init=UNIFORM,
        model="embedcore.training.skipgram:SkipGram",
    ),
}


def make_model(corpus: Corpus, config: TrainConfig, weight: Tensor, learns: Tensor | None = None) -> Model:
    """The objective that a resolved `config` names, at work on `corpus`, learning `weight` (V, D) in place.

    `learns` (V,) bool says which rows of it may move; None: all of them.
    """
    module, _, name = OBJECTIVES[config.objective].model.partition(":")
    model: Model = getattr(import_module(module), name)(corpus, config, weight, learns)
    return model
