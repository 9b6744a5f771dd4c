"""The hand-written gradients, held to autograd over every single pair, in float64."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from embedcore.training import Corpus, TrainConfig, resolve
from embedcore.training.moving import Mover
from embedcore.training.skipgram import SkipGram, gradients
from embedcore.training.windows import Batch, Windows
from embedcore.vocab import PAD_INDEX

VOCAB, DIM = 30, 7


def random_batch(window: int, negative: int, *, pools: int, seed: int, pads: bool) -> tuple[Windows, Batch, dict]:
    """A batch with sentence ends inside it, randomly shrunk windows, and `<pad>` strewn in."""
    rng = np.random.default_rng(seed)
    windows = Windows(window, dtype=torch.float64)
    count = windows.block * pools * 2
    ids = rng.integers(2, VOCAB, count + 2 * window).astype(np.int32)
    if pads:
        ids[rng.random(len(ids)) < 0.15] = PAD_INDEX
    sentence = np.sort(rng.integers(0, max(2, count // 6), len(ids)))  # of each position, those around included
    bound = rng.integers(1, window, count, endpoint=True)
    left, right = np.zeros(count, np.int32), np.zeros(count, np.int32)
    for place in range(count):
        here = place + window
        left[place] = sum(sentence[here - step] == sentence[here] for step in range(1, bound[place] + 1))
        right[place] = sum(sentence[here + step] == sentence[here] for step in range(1, bound[place] + 1))
    pool = rng.integers(2, VOCAB, (pools, 5)).astype(np.int32)
    batch = windows.batch(*(torch.from_numpy(array) for array in (ids, left, right, pool)), negative)
    explicit = {"ids": ids, "sentence": sentence, "bound": bound, "pool": pool}
    return windows, batch, explicit


def loss_by_pairs(
    embedding: nn.Embedding, context: nn.Embedding, window: int, negative: int, explicit: dict
) -> tuple[torch.Tensor, int]:
    """The published objective, pair after pair, with every negative of the pool in its expected weight."""
    ids, sentence, bound, pool = (explicit[name] for name in ("ids", "sentence", "bound", "pool"))
    per_pool = len(bound) // len(pool)
    loss, pairs = torch.zeros((), dtype=torch.float64), 0
    for place in range(len(bound)):
        here = place + window
        for other in range(len(ids)):
            if other == here or abs(other - here) > bound[place] or sentence[other] != sentence[here]:
                continue
            if PAD_INDEX in (ids[here], ids[other]):
                continue
            word = embedding(torch.tensor(ids[here]))
            loss = loss - functional.logsigmoid(word @ context(torch.tensor(ids[other])))
            negatives = context(torch.tensor(pool[place // per_pool]))  # (M, D)
            loss = loss - functional.logsigmoid(-negatives @ word).sum() * (negative / len(negatives))
            pairs += 1
    return loss, pairs


@pytest.mark.parametrize("pads", [False, True])
@pytest.mark.parametrize(("window", "negative", "pools"), [(5, 5, 1), (2, 3, 3), (1, 1, 1), (12, 5, 1)])
def test_gradients_equal_autograd_over_explicit_pairs(window: int, negative: int, pools: int, pads: bool) -> None:
    windows, batch, explicit = random_batch(window, negative, pools=pools, seed=window, pads=pads)
    torch.manual_seed(3)
    embedding = nn.Embedding(VOCAB, DIM, padding_idx=PAD_INDEX, dtype=torch.float64)
    context = nn.Embedding(VOCAB, DIM, padding_idx=PAD_INDEX, dtype=torch.float64)
    loss, pairs = loss_by_pairs(embedding, context, window, negative, explicit)
    loss.backward()

    found = gradients(embedding.weight.detach(), context.weight.detach(), batch, windows)
    d_weight = torch.zeros(VOCAB, DIM, dtype=torch.float64).index_add_(0, batch.words, found.words)
    d_context = torch.zeros(VOCAB, DIM, dtype=torch.float64)
    d_context.index_add_(0, windows.blocks(batch.around).reshape(-1), found.around.view(-1, DIM))
    d_context.index_add_(0, batch.negatives.view(-1), found.negatives.view(-1, DIM))

    assert pairs > 20
    assert batch.pairs.sum().item() == pairs
    assert found.loss == pytest.approx(loss.item(), abs=1e-9, rel=1e-12)
    assert (d_weight - embedding.weight.grad).abs().max() < 1e-10
    assert (d_context - context.weight.grad).abs().max() < 1e-10
    assert not d_weight[PAD_INDEX].any()
    assert not d_context[PAD_INDEX].any()


def test_a_step_is_the_learning_rate_times_the_gradient_until_a_row_reaches_the_bound() -> None:
    windows, batch, _ = random_batch(5, 5, pools=1, seed=8, pads=True)
    torch.manual_seed(3)
    start = [torch.randn(VOCAB, DIM, dtype=torch.float64) for _ in range(2)]
    for weight in start:
        weight[PAD_INDEX] = 0
    found = gradients(*start, batch, windows)
    d_weight = torch.zeros_like(start[0]).index_add_(0, batch.words, found.words)
    counted = torch.zeros(VOCAB, dtype=torch.float64).index_add_(0, batch.words, batch.pairs * 6)  # a pair, 5 negatives

    for lr in (1e-4, 0.1):
        moved = [weight.clone() for weight in start]
        corpus = Corpus.read([[f"w{index}" for index in range(VOCAB - 2)]])
        model = SkipGram(corpus, resolve(TrainConfig(window=5, dim=DIM), corpus.tokens), moved[0])
        model.weights["context"].copy_(moved[1])
        moved[1] = model.weights["context"]
        model.step(batch, lr)
        rate = torch.clamp(Mover.LIMIT / counted, max=lr)[:, None]
        assert torch.allclose(moved[0], start[0] - rate * d_weight, atol=1e-12)
        assert (lr == 0.1) == bool((rate < lr).any())
        assert not moved[0][PAD_INDEX].any()
        assert not moved[1][PAD_INDEX].any()
