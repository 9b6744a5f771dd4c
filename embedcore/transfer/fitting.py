"""One fit: a classifier learns from some texts, stops when it no longer gets better, and is asked the test.

Here belongs the loop, and what it starts from. What it reports is in `results`, which fits an experiment makes is in
`experiment`, what they say together in `answers`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from embedcore.errors import TrainingProblem
from embedcore.training.initial import UNIFORM, check_pretrained, initial_weight, pretrained_weight
from embedcore.transfer.config import AVERAGED, DEFAULT_DIM, FROZEN, LOOK_STEPS, SCRATCH, TransferConfig
from embedcore.transfer.encoding import Encoded
from embedcore.transfer.models import Classifier, make_model
from embedcore.transfer.results import Fitted, Integers, Task
from embedcore.vocab import PAD_INDEX

if TYPE_CHECKING:
    from embedcore.vectors import WordVectors

ASKED = 256  # texts asked at a time


@dataclass(frozen=True, eq=False)
class Texts:
    """What one fit reads: N texts in integers, N labels, and the places of the three parts.

    Attributes:
        encoded: of these very training texts (`encoding.encode`).
        labels: (N,) int64, from 0 to `classes` - 1.
        training, validation, test: places; nothing is learned from the test, nor chosen by it.
    """

    encoded: Encoded
    labels: Integers
    classes: int
    training: Integers
    validation: Integers
    test: Integers


@dataclass(frozen=True, eq=False)
class Learned:
    """A fit together with what it made.

    Attributes:
        model: as it was when it was best, ready to be asked.
        first: (V, D) float32, the embedding's weight before the first step.
    """

    fitted: Fitted
    model: Classifier
    first: NDArray[np.float32]


def first_weight(
    encoded: Encoded, start: str, config: TransferConfig, seed: int, vectors: WordVectors | None
) -> NDArray[np.float32]:
    """The embedding's first weight, (V, D), the `<pad>` row zero: drawn, or each word's own row of `vectors`.

    What the set does not have is drawn small. Raises BadSetting if `config.dim` is another than the set's.
    """
    if start == SCRATCH:
        dim = config.dim or (vectors.dim if vectors is not None else DEFAULT_DIM)
        return initial_weight(len(encoded.vocab), dim, seed, UNIFORM)
    if vectors is None:
        raise TrainingProblem(f"To start {start}, the vector set has to be opened.")
    check_pretrained(vectors, config.dim or vectors.dim, config.pretrained)
    return pretrained_weight(vectors, encoded.rows, seed, UNIFORM)


def fit(
    texts: Texts,
    task: Task,
    config: TransferConfig,
    vectors: WordVectors | None = None,
    *,
    should_stop: Callable[[], bool] | None = None,
) -> Learned | None:
    """Learn from the training texts until the validation texts say no more is gained; then ask the test.

    The same arguments give the same weights, bit for bit. The embedding of a frozen fit stays as it
    was; a word's row moves in any fit only if a training text has it. `should_stop` is asked at each
    step, so it should be quick; once it says yes, None is returned. Raises TrainingProblem when
    weights stop being finite.
    """
    torch.set_num_threads(1)  # more were measured to be several times slower on a busy machine
    began = time.perf_counter()
    first = first_weight(texts.encoded, task.start, config, task.seed, vectors)  # (V, D)
    embedding: nn.Embedding = nn.Embedding.from_pretrained(  # type: ignore[no-untyped-call]
        torch.from_numpy(first.copy()), freeze=task.start == FROZEN, padding_idx=PAD_INDEX
    )
    generator = torch.Generator().manual_seed(task.seed)
    model = make_model(embedding, texts.classes, config, generator)
    trained = [weight for weight in model.parameters() if weight.requires_grad]
    best = _learn(model, trained, texts, config, generator, should_stop)
    if best is None:
        return None
    seconds = time.perf_counter() - began
    answers = scores_of(model, texts.encoded, texts.test).argmax(dim=1).numpy()  # (t,)
    fitted = Fitted(
        task=task,
        answers=answers,
        accuracy=float((answers == texts.labels[texts.test]).mean()) if len(answers) else float("nan"),
        validation_loss=best.loss,
        validation_accuracy=best.accuracy,
        steps=best.steps,
        best_step=best.step,
        trained=sum(weight.numel() for weight in model.head())
        + (0 if task.start == FROZEN else texts.encoded.trained * first.shape[1]),
        entries=len(first),
        seconds=seconds,
    )
    return Learned(fitted, model, first)


def scores_of(model: Classifier, encoded: Encoded, places: Integers) -> Tensor:
    """The scores of the classes for the texts at n places: (n, C)."""
    model.eval()
    with torch.inference_mode():
        # Texts of a length together, so that hardly any `<pad>` has to be read.
        order = np.argsort(np.diff(encoded.ends, prepend=0)[places], kind="stable")  # (n,)
        asked = (places[order[start : start + ASKED]] for start in range(0, max(1, len(places)), ASKED))
        found = torch.cat([model(torch.from_numpy(encoded.padded(part))) for part in asked])  # (n, C)
        return found[torch.from_numpy(np.argsort(order))]  # (n, C)


@dataclass(frozen=True)
class _Best:
    """The look at which a fit was best, and the `steps` it made in all."""

    loss: float
    accuracy: float
    step: int
    steps: int


def _learn(
    model: Classifier,
    trained: list[nn.Parameter],
    texts: Texts,
    config: TransferConfig,
    generator: torch.Generator,
    should_stop: Callable[[], bool] | None,
) -> _Best | None:
    """Train until nothing more is gained, and put the best weights into `model`."""
    optimizer = torch.optim.Adam(trained, lr=config.lr, fused=True)
    averaged, labels = _Averaged(trained), torch.from_numpy(texts.labels)  # (N,)
    count, steps, best = len(texts.training), 0, None
    kept: list[Tensor] = []
    per_pass = -(-count // config.batch)
    looks = max(config.epochs, 1)
    between = per_pass * max(1, LOOK_STEPS // per_pass)  # steps from one look to the next: whole passes
    for look in range(looks):
        model.train()
        for _ in range(between // per_pass):
            for part in torch.split(torch.randperm(count, generator=generator), config.batch):
                if should_stop is not None and should_stop():
                    return None
                places = texts.training[part.numpy()]  # (B,)
                scores = model(torch.from_numpy(texts.encoded.padded(places)))  # (B, C)
                optimizer.zero_grad()
                functional.cross_entropy(scores, labels[places]).backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                steps += 1
                averaged.follow(steps)
        loss, accuracy = averaged.judged(model, texts)
        if best is None or loss < best.loss or not len(texts.validation):
            best, kept = _Best(loss, accuracy, steps, steps), averaged.copied()
            since = look
        elif look - since >= config.patience:
            break
        if not len(texts.validation) and look >= config.patience:  # nothing says when to stop: a few rounds
            break
    assert best is not None
    with torch.no_grad():
        for weight, value in zip(trained, kept, strict=True):
            weight.copy_(value)
    return _Best(best.loss, best.accuracy, best.step, steps)


class _Averaged:
    """The mean of the weights over the last steps, which is what is asked and kept.

    After Polyak and Juditsky 1992, "Acceleration of Stochastic Approximation by Averaging", in its
    exponential form. It is steadier than the weights of one step, with less luck in which look was
    the best: on all film reviews, scratch and tuned came out half a point higher with it.
    """

    def __init__(self, weights: list[nn.Parameter]) -> None:
        self._weights = weights
        self._means = [weight.detach().clone() for weight in weights]

    def follow(self, step: int) -> None:
        """Take in the weights after `step`; the first steps count for more, so that the start is soon forgotten."""
        share = 1 - min(AVERAGED, step / (step + 10))
        torch._foreach_lerp_(self._means, [weight.detach() for weight in self._weights], share)

    def copied(self) -> list[Tensor]:
        """The means as they are now."""
        return [mean.clone() for mean in self._means]

    def judged(self, model: Classifier, texts: Texts) -> tuple[float, float]:
        """The mean loss and the accuracy on the validation texts of the means; NaN without such texts."""
        if not all(bool(torch.isfinite(mean).all()) for mean in self._means):
            raise TrainingProblem("The numbers grew without end. Choose a smaller lr.")
        if not len(texts.validation):
            return float("nan"), float("nan")
        self._swap()
        scores = scores_of(model, texts.encoded, texts.validation)  # (m, C)
        self._swap()
        labels = torch.from_numpy(texts.labels[texts.validation])  # (m,)
        loss = float(functional.cross_entropy(scores, labels))
        return loss, float((scores.argmax(dim=1) == labels).float().mean())

    def _swap(self) -> None:
        """Exchange what the model holds and the means."""
        for place, (weight, mean) in enumerate(zip(self._weights, self._means, strict=True)):
            self._means[place], weight.data = weight.data, mean
