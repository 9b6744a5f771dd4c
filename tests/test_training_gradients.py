"""The hand-written gradients of every objective, held to autograd over every single pair or position, in float64."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from embedcore.training import Corpus, TrainConfig, cbow, nextword, resolve, skipgram
from embedcore.training.moving import Mover
from embedcore.training.objectives import make_model
from embedcore.training.windows import Batch, Windows
from embedcore.vocab import PAD_INDEX

VOCAB, DIM = 30, 7
CORPUS = Corpus.read([[f"w{index}" for index in range(VOCAB - 2)]])


@dataclass(frozen=True)
class Case:
    """A batch with sentence ends inside it, randomly shrunk windows, and `<pad>` strewn in, also written out."""

    windows: Windows
    batch: Batch
    negative: int
    ids: np.ndarray  # (P + 2w,)
    sentence: np.ndarray  # (P + 2w,), of each position, those around included
    bound: np.ndarray  # (P,)
    pool: np.ndarray  # (G, M)

    def around(self, place: int) -> list[int]:
        """The words that the position at `place` sees."""
        here = place + self.windows.window
        if self.ids[here] == PAD_INDEX:
            return []
        return [
            int(self.ids[other])
            for other in range(here - self.bound[place], here + self.bound[place] + 1)
            if other != here and self.sentence[other] == self.sentence[here] and self.ids[other] != PAD_INDEX
        ]

    def positions(self) -> Iterator[tuple[int, list[int], Tensor]]:
        """Each position's word, the words it sees, and its pool of negatives."""
        for place in range(len(self.bound)):
            pool = self.pool[place // (len(self.bound) // len(self.pool))]
            yield int(self.ids[place + self.windows.window]), self.around(place), torch.from_numpy(pool)


def random_case(window: int, negative: int, *, pools: int, pads: bool) -> Case:
    rng = np.random.default_rng(window)
    windows = Windows(window, dtype=torch.float64)
    count = windows.block * pools * 2
    ids = rng.integers(2, VOCAB, count + 2 * window).astype(np.int32)
    if pads:
        ids[rng.random(len(ids)) < 0.15] = PAD_INDEX
    sentence = np.sort(rng.integers(0, max(2, count // 6), len(ids)))
    bound = rng.integers(1, window, count, endpoint=True)
    left, right = np.zeros(count, np.int32), np.zeros(count, np.int32)
    for place in range(count):
        here = place + window
        left[place] = sum(sentence[here - step] == sentence[here] for step in range(1, bound[place] + 1))
        right[place] = sum(sentence[here + step] == sentence[here] for step in range(1, bound[place] + 1))
    pool = rng.integers(2, VOCAB, (pools, 5)).astype(np.int32)
    batch = windows.batch(*(torch.from_numpy(array) for array in (ids, left, right, pool)), negative)
    return Case(windows, batch, negative, ids, sentence, bound, pool)


def skipgram_by_pairs(case: Case, embedding: nn.Embedding, context: nn.Embedding) -> tuple[Tensor, int]:
    """The published objective, pair after pair, with every negative of the pool in its expected weight."""
    losses = [
        -functional.logsigmoid(embedding(torch.tensor(word)) @ context(torch.tensor(other)))
        - functional.logsigmoid(-context(pool) @ embedding(torch.tensor(word))).sum() * (case.negative / len(pool))
        for word, around, pool in case.positions()
        for other in around
    ]
    return torch.stack(losses).sum(), len(losses)


def cbow_by_positions(case: Case, embedding: nn.Embedding, context: nn.Embedding) -> tuple[Tensor, int]:
    """The published objective, position after position, likewise."""
    losses = []
    for word, around, pool in case.positions():
        if around:
            mean = embedding(torch.tensor(around)).mean(0)
            losses.append(
                -functional.logsigmoid(mean @ context(torch.tensor(word)))
                - functional.logsigmoid(-context(pool) @ mean).sum() * (case.negative / len(pool))
            )
    return torch.stack(losses).sum(), len(losses)


def summed(rows: Tensor, found: Tensor) -> Tensor:
    """Gradients by row looked up as the gradient of the whole weight, (V, D)."""
    return torch.zeros(VOCAB, DIM, dtype=torch.float64).index_add_(0, rows.reshape(-1), found.reshape(-1, DIM))


def skipgram_gradients(case: Case, weight: Tensor, context: Tensor) -> tuple[float, Tensor, Tensor]:
    found = skipgram.gradients(weight, context, case.batch, case.windows)
    around = case.windows.blocks(case.batch.around)
    d_context = summed(around, found.around) + summed(case.batch.negatives, found.negatives)
    return found.loss, summed(case.batch.words, found.words), d_context


def cbow_gradients(case: Case, weight: Tensor, context: Tensor) -> tuple[float, Tensor, Tensor]:
    found = cbow.gradients(weight, context, case.batch, case.windows, case.negative)
    around = case.windows.blocks(case.batch.around)
    d_context = summed(case.batch.words, found.words) + summed(case.batch.negatives, found.negatives)
    return found.loss, summed(around, found.around), d_context


BY_HAND: dict[str, tuple[Callable, Callable]] = {
    "skipgram": (skipgram_gradients, skipgram_by_pairs),
    "cbow": (cbow_gradients, cbow_by_positions),
}


@pytest.mark.parametrize("pads", [False, True])
@pytest.mark.parametrize(("window", "negative", "pools"), [(5, 5, 1), (2, 3, 3), (1, 1, 1), (12, 5, 1)])
@pytest.mark.parametrize("objective", BY_HAND)
def test_gradients_equal_autograd_over_explicit_pairs(
    objective: str, window: int, negative: int, pools: int, pads: bool
) -> None:
    by_hand, explicitly = BY_HAND[objective]
    case = random_case(window, negative, pools=pools, pads=pads)
    torch.manual_seed(3)
    embedding = nn.Embedding(VOCAB, DIM, padding_idx=PAD_INDEX, dtype=torch.float64)
    context = nn.Embedding(VOCAB, DIM, padding_idx=PAD_INDEX, dtype=torch.float64)
    loss, count = explicitly(case, embedding, context)
    loss.backward()
    found_loss, d_weight, d_context = by_hand(case, embedding.weight.detach(), context.weight.detach())

    assert count > 12
    pairs = case.batch.pairs
    assert count == (pairs.sum() if objective == "skipgram" else pairs.count_nonzero()).item()
    assert found_loss == pytest.approx(loss.item(), abs=1e-9, rel=1e-12)
    assert (d_weight - embedding.weight.grad).abs().max() < 1e-10
    assert (d_context - context.weight.grad).abs().max() < 1e-10
    assert d_weight.abs().max() > 0.1
    assert not d_weight[PAD_INDEX].any()
    assert not d_context[PAD_INDEX].any()


def sentences(seed: int = 4) -> list[list[str]]:
    rng = np.random.default_rng(seed)
    return [[f"w{int(word)}" for word in rng.integers(0, VOCAB - 2, rng.integers(1, 9))] for _ in range(12)]


def network(window: int) -> tuple[nn.Embedding, nn.Linear]:
    torch.manual_seed(5)
    embedding = nn.Embedding(VOCAB, DIM, padding_idx=PAD_INDEX, dtype=torch.float64)
    return embedding, nn.Linear(window * DIM, VOCAB, dtype=torch.float64)


@pytest.mark.parametrize("window", [1, 3, 12])
def test_gradients_of_the_next_word_equal_autograd_position_by_position(window: int) -> None:
    """From the sentences themselves: `<pad>` on the left, no word across a sentence's end."""
    text = sentences()
    corpus = Corpus.read(text)
    config = resolve(TrainConfig(objective="next-word", window=window, dim=DIM, batch=10_000, epochs=1), corpus.tokens)
    embedding, linear = network(window)
    assert len(corpus.vocab) <= VOCAB
    losses = []
    for line in text:
        ids = corpus.vocab.encode(line)
        for place in range(1, len(ids)):
            before = [PAD_INDEX] * window + ids[:place]
            scores = linear(torch.cat([embedding(torch.tensor(word)) for word in before[-window:]]))
            losses.append(functional.cross_entropy(scores[None], torch.tensor(ids[place : place + 1])))
    loss = torch.stack(losses).sum()
    loss.backward()

    (turn,) = nextword.ContextFeed(corpus, config).turns(nextword.Place(0, 0, 0))
    found = nextword.gradients(embedding.weight.detach(), linear.weight.detach(), linear.bias.detach(), turn.batch)
    d_weight = summed(turn.batch.before, found.before)
    assert turn.pairs == len(losses)
    assert d_weight[PAD_INDEX].any() == (window > 1)  # which is why a step leaves that row out
    d_weight[PAD_INDEX] = 0
    assert found.loss == pytest.approx(loss.item(), abs=1e-9, rel=1e-12)
    assert (d_weight - embedding.weight.grad).abs().max() < 1e-10
    assert (found.wrong.T @ found.inputs - linear.weight.grad).abs().max() < 1e-10
    assert (found.wrong.sum(0) - linear.bias.grad).abs().max() < 1e-10


def counted(objective: str, case: Case) -> Tensor:
    """How many pairs or positions, and their negatives, each row of the embedding counts in a batch, (V,)."""
    counts = torch.zeros(VOCAB, dtype=torch.float64)
    for word, around, _ in case.positions():
        for other in around:
            counts[word if objective == "skipgram" else other] += 1 if objective == "skipgram" else 1 / len(around)
    return counts * (1 + case.negative)


@pytest.mark.parametrize("objective", BY_HAND)
def test_a_step_is_the_learning_rate_times_the_gradient_until_a_row_reaches_the_bound(objective: str) -> None:
    case = random_case(5, 5, pools=1, pads=True)
    torch.manual_seed(3)
    start = [torch.randn(VOCAB, DIM, dtype=torch.float64) for _ in range(2)]
    for weight in start:
        weight[PAD_INDEX] = 0
    _, d_weight, _ = BY_HAND[objective][0](case, *start)
    for lr in (1e-4, 0.3):
        weight = start[0].clone()
        model = make_model(CORPUS, resolve(TrainConfig(objective=objective, dim=DIM), CORPUS.tokens), weight)
        model.weights["context"].copy_(start[1])
        model.step(case.batch, lr)
        rate = torch.clamp(Mover.LIMIT / counted(objective, case), max=lr)[:, None]
        assert torch.allclose(weight, start[0] - rate * d_weight, atol=1e-12)
        assert (lr == 0.3) == bool((rate < lr).any())
        assert not weight[PAD_INDEX].any()
        assert not model.weights["context"][PAD_INDEX].any()


def test_a_step_of_the_next_word_is_the_learning_rate_times_the_gradient_until_a_row_reaches_the_bound() -> None:
    corpus = Corpus.read(sentences())
    size = len(corpus.vocab)
    config = resolve(TrainConfig(objective="next-word", window=3, dim=DIM, batch=10_000), corpus.tokens)
    torch.manual_seed(6)
    start = torch.randn(size, DIM, dtype=torch.float64)
    start[PAD_INDEX] = 0
    for lr in (1e-4, 2.0):
        weight = start.clone()
        model = nextword.NextWord(corpus, config, weight)
        linear, bias = (model.weights[name].clone() for name in ("linear", "bias"))
        batch = next(model.turns(nextword.Place(0, 0, 0))).batch
        found = nextword.gradients(start, linear, bias, batch)
        model.step(batch, lr)
        limit = min(model.LIMIT, model.LONG / found.inputs.square().sum(1).mean().item())
        rate = torch.clamp(limit / found.wrong.abs().sum(0), max=lr)  # (V,)
        assert torch.allclose(
            model.weights["linear"], linear - rate[:, None] * (found.wrong.T @ found.inputs), atol=1e-12
        )
        assert torch.allclose(model.weights["bias"], bias - rate * found.wrong.sum(0), atol=1e-12)
        rows = batch.before.reshape(-1)
        d_weight = torch.zeros_like(start).index_add_(0, rows, found.before.reshape(-1, DIM))
        d_weight[PAD_INDEX] = 0
        times = torch.bincount(rows, minlength=size)  # (V,)
        assert torch.allclose(weight, start - torch.clamp(Mover.LIMIT / times, max=lr)[:, None] * d_weight, atol=1e-12)
        assert (lr == 2.0) == bool((rate < lr).any())
        assert not weight[PAD_INDEX].any()
