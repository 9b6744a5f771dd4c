"""That it learns, with the settings the page proposes: the samples, and a real text's held-out lines."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import embedcore
from embedcore.text import tokenize
from embedcore.training import Trainer, suggest

HERE = Path(__file__).parent
SAMPLES = Path(embedcore.__file__).parent / "samples"
INAUGURAL = HERE.parent.parent / "shared" / "data" / "en" / "inaugural.txt"


@pytest.mark.parametrize("language", ["english", "korean"])
def test_words_of_a_subject_end_up_together(language: str) -> None:
    text = list(tokenize((SAMPLES / f"{language}.txt").read_text(encoding="utf-8")))
    subjects = json.loads((HERE / "data" / "subjects.json").read_text(encoding="utf-8"))[language]
    subject = {word: name for name, words in subjects.items() for word in words}
    config = suggest(sum(map(len, text)), len({word for line in text for word in line}), len(text)).config
    for seed in range(1, 6):
        trainer = Trainer(text, replace(config, seed=seed))
        trainer.run()
        unit = trainer.weight()[2:]
        unit /= np.linalg.norm(unit, axis=1, keepdims=True)
        cosine = unit @ unit.T
        np.fill_diagonal(cosine, -2)
        words = trainer.vocab.itos[2:]
        nearest = {word: words[place] for word, place in zip(words, cosine.argmax(axis=1), strict=True)}
        together = [subject.get(nearest[word]) == name for word, name in subject.items()]
        assert np.mean(together) >= 0.95, (seed, {word: nearest[word] for word in subject})


@pytest.mark.skipif(not INAUGURAL.exists(), reason=f"{INAUGURAL} is not there")
def test_loss_on_held_out_lines_falls() -> None:
    text = list(tokenize(INAUGURAL.read_text(encoding="utf-8")))
    held_out, rest = text[::20], [line for place, line in enumerate(text) if place % 20]
    config = suggest(sum(map(len, rest)), len({word for line in rest for word in line}), len(rest)).config
    trainer = Trainer(rest, config)
    stoi, counts = trainer.vocab.stoi, np.array(trainer.vocab.counts, dtype=float)
    counts[:2] = 0
    noise = counts**0.75 / (counts**0.75).sum()
    pairs = np.array(
        [
            (stoi[line[here]], stoi[line[there]])
            for line in held_out
            for here in range(len(line))
            for there in range(max(0, here - 2), min(len(line), here + 3))
            if here != there and line[here] in stoi and line[there] in stoi
        ]
    )
    negatives = np.random.default_rng(0).choice(len(noise), (len(pairs), 5), p=noise)

    def loss() -> float:
        weight, context = trainer.weight(), trainer.model.weights["context"].numpy()
        near = (weight[pairs[:, 0]] * context[pairs[:, 1]]).sum(axis=1)
        far = np.einsum("pd,pkd->pk", weight[pairs[:, 0]], context[negatives])
        return float((np.logaddexp(0, -near) + np.logaddexp(0, far).sum(axis=1)).mean())

    before = loss()
    started = time.perf_counter()
    trainer.run()
    assert before == pytest.approx(6 * np.log(2), abs=1e-6)
    assert loss() < 0.7 * before
    assert time.perf_counter() - started < 60
