"""A frozen fit in plain PyTorch, as somebody would write it by hand: nothing of ours is imported here.

Here belongs the second way to the same number. `test_transfer_plain` compares the two.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
import torch
from torch import nn


def words_of(text: str) -> list[str]:
    """The words of an English text."""
    return re.findall(r"\w+(?:'\w+)*", text.replace("’", "'").lower())


def frozen_accuracy(
    texts: Sequence[str],
    labels: Sequence[int],
    training: Sequence[int],
    validation: Sequence[int],
    test: Sequence[int],
    glove: dict[str, np.ndarray],
    seed: int,
) -> float:
    """The share of the test that a deep averaging network gets right, on frozen vectors."""
    tokens = [words_of(text) for text in texts]
    vocab = ["<unk>", "<pad>"]
    vocab += [word for word, _ in Counter(word for place in training for word in tokens[place]).most_common()]
    known = set(vocab)
    for sentence in tokens:
        for word in sentence:
            if word in glove and word not in known:
                known.add(word)
                vocab.append(word)
    number = {word: place for place, word in enumerate(vocab)}
    dim = len(next(iter(glove.values())))
    weight = (np.random.default_rng(seed).random((len(vocab), dim), dtype=np.float32) - np.float32(0.5)) / dim
    weight[1] = 0
    for word, place in number.items():
        if word in glove and place > 1:
            weight[place] = glove[word]
    embedding = nn.Embedding.from_pretrained(torch.from_numpy(weight), freeze=True, padding_idx=1)

    def batch(places: Sequence[int]) -> torch.Tensor:
        rows = [[number.get(word, 0) for word in tokens[place]] for place in places]
        longest = max(1, *map(len, rows))
        return torch.tensor([[*row, *[1] * (longest - len(row))] for row in rows])

    def mean(ids: torch.Tensor, counted: torch.Tensor) -> torch.Tensor:
        return (embedding(ids) * counted[:, :, None]).sum(1) / counted.sum(1, keepdim=True).clamp(min=1)

    draw = torch.Generator().manual_seed(seed)
    hidden, output = nn.Linear(dim, 100), nn.Linear(100, max(labels) + 1)
    for layer in (hidden, output):
        bound = layer.in_features**-0.5
        for parameter in (layer.weight, layer.bias):
            with torch.no_grad():
                parameter.uniform_(-bound, bound, generator=draw)
    parameters = [*hidden.parameters(), *output.parameters()]
    averages = [parameter.detach().clone() for parameter in parameters]
    optimizer = torch.optim.Adam(parameters, lr=0.002)
    goal = torch.tensor(labels)
    per_pass = -(-len(training) // 64)
    best, since, step = float("inf"), 0, 0
    kept = averages
    for look in range(60):
        for _ in range(max(1, 20 // per_pass)):
            for part in torch.randperm(len(training), generator=draw).split(64):
                places = [training[index] for index in part.tolist()]
                ids = batch(places)
                counted = (ids != 1) & (torch.rand(ids.shape, generator=draw) >= 0.3)
                units = torch.relu(hidden(mean(ids, counted.float())))
                units = units * (torch.rand(units.shape, generator=draw) >= 0.5) / 0.5
                optimizer.zero_grad()
                nn.functional.cross_entropy(output(units), goal[places]).backward()
                optimizer.step()
                step += 1
                stays = min(0.99, step / (step + 10))
                averages = [
                    stays * average + (1 - stays) * parameter.detach()
                    for average, parameter in zip(averages, parameters, strict=True)
                ]
        loss = nn.functional.cross_entropy(
            scores(averages, mean(ids := batch(validation), (ids != 1).float())), goal[validation]
        ).item()
        if loss < best:
            best, since, kept = loss, look, averages
        elif look - since >= 5:
            break
    answers = scores(kept, mean(ids := batch(test), (ids != 1).float())).argmax(1)
    return (answers == goal[test]).float().mean().item()


def scores(weights: list[torch.Tensor], means: torch.Tensor) -> torch.Tensor:
    """The classes' scores, from hidden weight and bias, output weight and bias."""
    return torch.relu(means @ weights[0].T + weights[1]) @ weights[2].T + weights[3]
