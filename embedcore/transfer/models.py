"""The two small classifiers, on an `nn.Embedding` that is given to them.

Here belongs what they compute. What they learn from, and for how long, is in `fitting`.

Both give the same answer to a text in whatever batch it comes, however much `<pad>` follows it.
Everything drawn comes from one generator, so that a seed gives the same fit.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from embedcore.transfer.config import AVERAGE, WIDTHS, TransferConfig
from embedcore.vocab import PAD_INDEX


class Classifier(nn.Module):
    """What both have: an embedding, and something on top that learns from scratch in any case.

    Attributes:
        embedding: `nn.Embedding` of (V, D), `<pad>` at PAD_INDEX with a row of zeros.
    """

    def __init__(self, embedding: nn.Embedding, dropout: float, generator: torch.Generator) -> None:
        super().__init__()
        self.embedding = embedding
        self._dropout, self._generator = dropout, generator

    def forward(self, ids: Tensor) -> Tensor:
        """The scores of C classes for texts in integers, `ids` (B, L) long: (B, C)."""
        raise NotImplementedError

    def head(self) -> list[nn.Parameter]:
        """The parameters besides the embedding's."""
        return [weight for weight in self.parameters() if weight is not self.embedding.weight]

    def head_arrays(self) -> dict[str, NDArray[np.float32]]:
        """The parameters besides the embedding's, by torch's names for them; views."""
        named = (pair for pair in self.named_parameters() if pair[0] != "embedding.weight")
        return {name: weight.detach().numpy() for name, weight in named}

    def _drawn(self, *layers: nn.Linear | nn.Conv1d) -> None:
        """Draw the layers' first weights, as torch does it, but from our generator."""
        for layer in layers:
            bound = layer.weight[0].numel() ** -0.5
            for weight in (layer.weight, layer.bias):
                assert weight is not None
                nn.init.uniform_(weight, -bound, bound, generator=self._generator)

    def _thinned(self, units: Tensor) -> Tensor:
        """Dropout (Srivastava et al. 2014) of `units` (B, H) while training: (B, H)."""
        if not self.training or not self._dropout:
            return units
        kept = torch.rand(units.shape, generator=self._generator) >= self._dropout  # (B, H)
        return units * kept / (1 - self._dropout)  # (B, H)


class DeepAverage(Classifier):
    """A deep averaging network with one hidden layer.

    After Iyyer, Manjunatha, Boyd-Graber and Daumé III 2015, "Deep Unordered Composition Rivals
    Syntactic Methods for Text Classification": the mean of the vectors of a text's words, one
    hidden layer, softmax; at each step, words are left out of the mean at random.
    """

    def __init__(
        self, embedding: nn.Embedding, classes: int, config: TransferConfig, generator: torch.Generator
    ) -> None:
        super().__init__(embedding, config.dropout, generator)
        self._word_dropout = config.word_dropout
        self.hidden = nn.Linear(embedding.embedding_dim, config.hidden)
        self.output = nn.Linear(config.hidden, classes)
        self._drawn(self.hidden, self.output)

    def forward(self, ids: Tensor) -> Tensor:
        """The scores of C classes for texts in integers, `ids` (B, L) long: (B, C)."""
        counted = (ids != PAD_INDEX).float()  # (B, L)
        if self.training and self._word_dropout:
            counted *= torch.rand(ids.shape, generator=self._generator) >= self._word_dropout  # (B, L)
        share = counted / counted.sum(dim=1, keepdim=True).clamp_(min=1)  # (B, L) a text of no words: all zeros
        # The same as (embedding(ids) * share[..., None]).sum(1), without ever holding (B, L, D).
        mean = functional.embedding_bag(
            ids, self.embedding.weight, per_sample_weights=share, mode="sum", padding_idx=PAD_INDEX
        )  # (B, D)
        scores: Tensor = self.output(self._thinned(torch.relu(self.hidden(mean))))  # (B, C)
        return scores


class Convolution(Classifier):
    """Filters over 3, 4 and 5 words in a row, of each the strongest answer in the text.

    After Kim 2014, "Convolutional Neural Networks for Sentence Classification". A window lies whole
    within its text; a text shorter than the window is filled up with `<pad>`.
    """

    def __init__(
        self, embedding: nn.Embedding, classes: int, config: TransferConfig, generator: torch.Generator
    ) -> None:
        super().__init__(embedding, config.dropout, generator)
        self.filters = nn.ModuleList(nn.Conv1d(embedding.embedding_dim, config.hidden, width) for width in WIDTHS)
        self.output = nn.Linear(len(WIDTHS) * config.hidden, classes)
        self._drawn(*(layer for layer in self.filters if isinstance(layer, nn.Conv1d)), self.output)

    def forward(self, ids: Tensor) -> Tensor:
        """The scores of C classes for texts in integers, `ids` (B, L) long: (B, C)."""
        ids = functional.pad(ids, (0, max(0, WIDTHS[-1] - ids.shape[1])), value=PAD_INDEX)  # (B, L)
        length = torch.where(ids != PAD_INDEX, torch.arange(1, ids.shape[1] + 1), 0).amax(dim=1)  # (B,)
        vectors = self.embedding(ids).transpose(1, 2)  # (B, D, L)
        strongest = [
            self._strongest(layer(vectors), length, width)  # (B, F)
            for layer, width in zip(self.filters, WIDTHS, strict=True)
        ]
        scores: Tensor = self.output(self._thinned(torch.cat(strongest, dim=1)))  # (B, C)
        return scores

    @staticmethod
    def _strongest(answers: Tensor, length: Tensor, width: int) -> Tensor:
        """The highest of a text's own answers, `answers` (B, F, L - width + 1), at least 0: (B, F)."""
        windows = (length - width + 1).clamp_(min=1)  # (B,)
        beyond = torch.arange(answers.shape[2]) >= windows[:, None]  # (B, L - width + 1)
        # 0 is where the rectifier ends, so what is beyond never counts.
        return torch.relu(answers).masked_fill(beyond[:, None], 0).amax(dim=2)  # (B, F)


def make_model(embedding: nn.Embedding, classes: int, config: TransferConfig, generator: torch.Generator) -> Classifier:
    """The classifier that `config` names, on this embedding."""
    kind = DeepAverage if config.model == AVERAGE else Convolution
    return kind(embedding, classes, config, generator)
