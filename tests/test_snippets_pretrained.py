"""The lines that start a layer from a vector set are run here as they stand, and held to the run's bits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from embedcore import snippets, snippets_pretrained
from embedcore.first_batch import first_batch
from embedcore.formats import export
from embedcore.samples import SAMPLES
from embedcore.text import tokenize
from embedcore.training import Corpus, TrainConfig, Trainer, resolve
from embedcore.vectors import WordVectors
from embedcore.vocab import Vocab
from tests.test_snippets import run

CASED = "You need TO know\nHow to code TO know 한글\nyou Cafe\u0301 daily"


def written(folder: Path, vectors: WordVectors) -> None:
    """The set as the file that the lines read."""
    export(vectors, "glove", folder / f"{vectors.name}.txt")


def some(words: list[str], name: str = "a set", dim: int = 6) -> WordVectors:
    """Vectors with numbers of every size, in an order of their own."""
    rng = np.random.default_rng(len(words))
    matrix = rng.standard_normal((len(words), dim)) * 10.0 ** rng.integers(-30, 30, (len(words), dim))
    order = rng.permutation(len(words))
    return WordVectors([words[row] for row in order], matrix.astype(np.float32), name=name)


@pytest.mark.parametrize("init", ["uniform", "normal"])
@pytest.mark.parametrize("freeze", [True, False])
@pytest.mark.parametrize("text", ["English", "Korean", "cased", "cased, all"])
def test_the_lines_give_the_bits_that_a_run_starts_from(
    text: str, freeze: bool, init: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tokenizer = "whitespace" if "cased" in text else "words"
    raw = CASED if "cased" in text else SAMPLES[text].text
    (tmp_path / snippets.TEXT_FILE).write_text(raw, encoding="utf-8")
    sentences = list(tokenize(raw, tokenizer))
    words = Vocab.build(sentences).words
    known = [word.lower() for word in words] if text == "cased, all" else [word.lower() for word in words[::2]]
    vectors = some([*dict.fromkeys(known), "zebra", "<unk>", "<pad>"])
    written(tmp_path, vectors)
    config = TrainConfig(dim=6, min_count=1, seed=3, init=init, pretrained="a set", freeze=freeze)
    trainer = Trainer(sentences, config, start_from=vectors)
    assert trainer.from_set is not None
    vocab = trainer.vocab
    lines = snippets_pretrained.from_pretrained(vocab.itos, vectors, trainer.from_set, freeze=freeze, seed=3, init=init)
    names = run(snippets.vocabulary(raw, tokenizer=tokenizer, vocab_size=len(vocab)), lines)
    layer = names["embedding"]
    assert layer.padding_idx == 1
    assert layer.weight.detach().numpy().tobytes() == trainer.weight().tobytes()
    assert names["from_set"].tolist() == trainer.from_set.tolist()
    assert ("unicodedata" in lines) is any(word not in vectors.tokens for word in vocab.words if word in vectors)
    missing = len(vocab.words) - int(trainer.from_set.sum())
    assert layer.weight.requires_grad is (not freeze or missing > 0)


@pytest.mark.parametrize("freeze", [True, False])
def test_a_step_after_them_moves_what_a_run_would_move(
    freeze: bool, glove: WordVectors, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    raw = "you need to know how to zzqx\nthe king and the qqzv need to code"
    sentences = list(tokenize(raw))
    corpus = Corpus.read(sentences)
    words = [*glove.tokens[:3000:3], *("you", "need", "to", "know", "how", "the", "king", "and", "code")]
    rows = [glove.row(word) for word in dict.fromkeys(words)]
    part = WordVectors([glove.tokens[row] for row in rows], glove.matrix[rows], name="part", lowercased=True)
    written(tmp_path, part)
    config = resolve(TrainConfig(dim=50, min_count=1, pretrained="part", freeze=freeze, lr=0.5), corpus.tokens)
    trainer = Trainer(corpus, config, start_from=part)
    assert trainer.from_set is not None
    space: dict[str, Any] = {}
    step = snippets.skipgram_step(first_batch(corpus, config), vocab_size=len(corpus.vocab), dim=50)
    lines = snippets_pretrained.from_pretrained(corpus.vocab.itos, part, trainer.from_set, freeze=freeze, seed=1)
    run(snippets.vocabulary(raw, vocab_size=len(corpus.vocab)), lines, step, namespace=space)
    before = trainer.weight()
    for _ in range(2):  # in the first step the output weights are zero, and no input row moves
        for layer in (space["embedding"], space["context"]):
            layer.weight.grad = None
        space["skipgram_loss"]().backward()
        torch.optim.SGD([space["embedding"].weight, space["context"].weight], lr=0.5).step()
    after = space["embedding"].weight.detach().numpy()
    moved = (before.view(np.uint32) != after.view(np.uint32)).any(axis=1)
    assert moved[[corpus.vocab.stoi["zzqx"], corpus.vocab.stoi["qqzv"]]].all()
    assert bool(moved[trainer.from_set].any()) is not freeze
    assert not moved[:2].any()


def test_the_lines_read_glove_itself(glove: WordVectors) -> None:
    """What they say of the set: its name, and how many words of the text it has."""
    itos = ["<unk>", "<pad>", "to", "you", "zzqx"]
    lines = snippets_pretrained.from_pretrained(
        itos, glove, np.array([False, False, True, True, False]), freeze=False, seed=1
    )
    assert "vectors export glove.6B.50d --format glove --out glove.6B.50d.txt\n" in lines
    assert "print(from_set.sum().item())  # 2" in lines
    assert "(1 of the words, and <unk>)" in lines
