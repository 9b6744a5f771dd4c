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
    from embedcore.training.feed import Feed, Place, Turn

ALWAYS = ("dim", "window", "min_count", "epochs", "lr", "batch", "init", "pretrained", "freeze", "seed", "tokenizer")


@dataclass(frozen=True)
class Objective:
    """One way to learn vectors from text."""

    label: str  # what people call it
    about: str  # two sentences for somebody who has read no paper
    formula: str  # the loss, in LaTeX
    symbols: str  # what the letters in it stand for
    source: str  # where it was published
    init: str  # what the vectors start from where nothing else is chosen
    model: str  # the class that learns, as "module:Class"
    unit: str  # what the loss is the mean over: "loss per pair"
    window: str  # what the setting `window` means to it
    against: str  # what the words drawn at random stand against, where there are any
    settings: tuple[str, ...]  # the settings that it heeds; the others change nothing


class Model(Protocol):
    """An objective at work on one corpus: what is trained besides the embedding, the batches, a step."""

    weights: Mapping[str, Tensor]  # by name; saved and restored with the embedding's weight
    feed: Feed  # its batches

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
        symbols="u: a word’s row of the table. v: its row of a second table, which is learned with it and then left. "
        "w: the word, c: a true neighbour, n: the k words drawn at random.",
        source="Mikolov et al. 2013, “Distributed Representations of Words and Phrases and their "
        "Compositionality”, equation 4",
        init=UNIFORM,
        model="embedcore.training.skipgram:SkipGram",
        unit="pair",
        window="Window: neighbours on either side",
        against="neighbour",
        settings=(*ALWAYS, "negative", "sample"),
    ),
    "cbow": Objective(
        label="CBOW with negative sampling",
        about="From the words around, guess the word in the middle. The mean of their vectors is pulled towards "
        "a vector of the missing word, and pushed away from those of a few words drawn at random.",
        formula=r"-\log\sigma(h\cdot v_w)-\sum_{i=1}^{k}\log\sigma(-h\cdot v_{n_i})"
        r"\qquad h=\tfrac{1}{m}\sum_{j=1}^{m}u_{c_j}",
        symbols="u: a word’s row of the table. v: its row of a second table, which is learned with it and then left. "
        "w: the word in the middle, c: the m words around, h: their mean, n: the k words drawn at random.",
        source="Mikolov et al. 2013, “Efficient Estimation of Word Representations in Vector Space”, section 3.1, "
        "with the negatives of “Distributed Representations of Words and Phrases and their Compositionality”",
        init=UNIFORM,
        model="embedcore.training.cbow:Cbow",
        unit="position",
        window="Window: words looked at on either side",
        against="word",
        settings=(*ALWAYS, "negative", "sample"),
    ),
    "next-word": Objective(
        label="Next word from the last n words",
        about="From the last n words, guess the one that comes next. Their vectors stand side by side, and a linear "
        "layer gives every word of the vocabulary a score, as in the tutorials’ network.",
        formula=r"-\log\operatorname{softmax}(A\,[u_{w_{t-n}};\dots;u_{w_{t-1}}]+b)_{w_t}",
        symbols="u: a word’s row of the table; the last n of them side by side. A, b: the weight and bias of the "
        "linear layer, w: the words, t: the place of the one that comes next.",
        source="Bengio et al. 2003, “A Neural Probabilistic Language Model”, without its hidden layer",
        init=UNIFORM,
        model="embedcore.training.nextword:NextWord",
        unit="position",
        window="n: how many of the last words are looked at",
        against="",
        settings=ALWAYS,
    ),
}


def make_model(corpus: Corpus, config: TrainConfig, weight: Tensor, learns: Tensor | None = None) -> Model:
    """The objective that a resolved `config` names, at work on `corpus`, learning `weight` (V, D) in place.

    `learns` (V,) bool says which rows of it may move; None: all of them.
    """
    module, _, name = OBJECTIVES[config.objective].model.partition(":")
    model: Model = getattr(import_module(module), name)(corpus, config, weight, learns)
    return model
