"""The two classifiers, held to what they say they compute, written out by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from embedcore.transfer.config import AVERAGE, CONVOLUTION, MODELS, TransferConfig
from embedcore.transfer.models import WIDTHS, Classifier, Convolution, DeepAverage, make_model

TEXTS = [[2, 3, 4, 5, 6, 7, 3], [8], [9, 2], [4, 4, 4, 0, 5], []]


def model(kind: str = AVERAGE, **settings: float) -> Classifier:
    generator = torch.Generator().manual_seed(3)
    weight = torch.randn(10, 6, generator=generator)
    weight[1] = 0
    embedding = nn.Embedding(10, 6, padding_idx=1, _weight=weight)
    config = TransferConfig(model=kind, starts=("scratch",), hidden=7, **settings)  # type: ignore[arg-type]
    return make_model(embedding, 3, config, generator).eval()


def padded(texts: list[list[int]], length: int) -> torch.Tensor:
    return torch.tensor([[*text, *[1] * (length - len(text))] for text in texts])


def test_the_average_by_hand() -> None:
    made = model()
    assert isinstance(made, DeepAverage)
    weight = made.embedding.weight.detach().numpy()
    layers = {name: value.detach().numpy() for name, value in made.named_parameters()}
    found = made(padded(TEXTS, 7)).detach().numpy()
    for text, scores in zip(TEXTS, found, strict=True):
        mean = np.mean([weight[index] for index in text], axis=0) if text else np.zeros(6)
        hidden = np.maximum(layers["hidden.weight"] @ mean + layers["hidden.bias"], 0)
        assert scores == pytest.approx(layers["output.weight"] @ hidden + layers["output.bias"], abs=1e-5)


def test_the_convolution_by_hand() -> None:
    made = model(CONVOLUTION)
    assert isinstance(made, Convolution)
    weight = made.embedding.weight.detach().numpy()
    layers = {name: value.detach().numpy() for name, value in made.named_parameters()}
    found = made(padded(TEXTS, 7)).detach().numpy()
    for text, scores in zip(TEXTS, found, strict=True):
        strongest = []
        for place, width in enumerate(WIDTHS):
            words = [*text, *[1] * (width - len(text))]
            windows = [np.stack([weight[i] for i in words[s : s + width]]) for s in range(len(words) - width + 1)]
            answers = [
                np.einsum("wd,fdw->f", window, layers[f"filters.{place}.weight"]) + layers[f"filters.{place}.bias"]
                for window in windows
            ]
            strongest.append(np.maximum(np.max(answers, axis=0), 0))
        expected = layers["output.weight"] @ np.concatenate(strongest) + layers["output.bias"]
        assert scores == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("kind", MODELS)
def test_the_answer_to_a_text_hangs_on_nothing_beside_it(kind: str) -> None:
    made = model(kind)
    together = made(padded(TEXTS, 7))
    assert torch.allclose(made(padded(TEXTS, 30)), together, atol=1e-6)
    for place, text in enumerate(TEXTS):
        assert torch.allclose(made(padded([text], max(1, len(text))))[0], together[place], atol=1e-6)


@pytest.mark.parametrize("kind", MODELS)
def test_the_gradient_reaches_the_words_of_the_texts_alone(kind: str) -> None:
    made = model(kind).train()
    for layer in made.head():
        layer.data.abs_()  # so that no unit is closed
    made(padded([[2, 3, 4], [5, 6, 2, 7, 8]], 7)).square().sum().backward()
    gradient = made.embedding.weight.grad
    assert gradient is not None
    assert not gradient[[0, 1, 9]].any()
    assert gradient.any()


@pytest.mark.parametrize("kind", MODELS)
def test_only_training_leaves_out_and_a_seed_draws_the_same(kind: str) -> None:
    ids = padded(TEXTS, 7)
    first, second = model(kind), model(kind)
    assert torch.equal(first(ids), first(ids))
    assert torch.equal(first(ids), second(ids))
    first.train()
    second.train()
    once = first(ids)
    assert torch.equal(once, second(ids))
    assert not torch.equal(once, first(ids))
    calm = model(kind, dropout=0.0, word_dropout=0.0)
    before = calm(ids)
    assert torch.equal(calm.train()(ids), before)


def test_dropout_keeps_the_mean() -> None:
    made = model(dropout=0.5).train()
    thinned = made._thinned(torch.ones(200, 500))
    assert thinned.mean().item() == pytest.approx(1, abs=0.02)
    assert set(thinned.unique().tolist()) == {0.0, 2.0}


def test_dropout_leaves_out_its_share() -> None:
    made = model(dropout=0.2).train()
    thinned = made._thinned(torch.ones(500, 40))
    assert (thinned == 0).float().mean().item() == pytest.approx(0.2, abs=0.02)
    assert thinned.max().item() == pytest.approx(1.25)
