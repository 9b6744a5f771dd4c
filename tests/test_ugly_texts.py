"""Texts that nobody would choose: each trains, or ends with one sentence; never anything else."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from embedcore.formats import export
from embedcore.runs import Run, RunFolder, new_run_id
from embedcore.runs.folder import FAILED, FINISHED
from embedcore.runs.worker import execute
from embedcore.settings import Settings
from embedcore.text import count_characters, tokenize
from embedcore.training import TrainConfig, Trainer, suggest
from embedcore.vectors import WordVectors
from embedcore.vocab import PAD_INDEX, Vocab


def words(count: int) -> str:
    return "\n".join(" ".join(f"w{i}" for i in range(start, start + 10)) for start in range(0, count, 10))


TEXTS = {
    "one word": ("hello", FAILED),
    "one word a thousand times": ("hello " * 1000, FAILED),
    "two words": ("hello world", FINISHED),
    "a word a line": ("a\nb\nc\nd", FAILED),
    "emoji only": ("😀 👍🏽 👨‍👩‍👧 😀 🇰🇷\n👍🏽 😀", FINISHED),
    "a null byte": ("here is\x00a null byte in a text", FINISHED),
    "nothing but the specials": ("<unk> <pad> <unk>", FAILED),
    "lines of 100,000 characters": ("long line of words " * 5_300 + "\n" + "x" * 100_000 + " y", FINISHED),
    "100,000 different words": (words(100_000), FAILED),
    "U+0085 and U+00A0 inside lines": ("one\x85two three\u00a0four five\n" * 3, FINISHED),
    "decomposed Hangul and lone jamo": ("\u1112\u1161\u11ab 한 ㅋㅋ ㅠ 한국어\n" * 5, FINISHED),
    "ten million characters": ("the quick brown fox jumps over the lazy dog and\n" * 210_000, FINISHED),
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_trains_with_the_suggested_settings_or_says_why_not(home: Settings, name: str) -> None:
    text, expected = TEXTS[name]
    tokenizer = "whitespace" if "<unk>" in text else "words"
    every = Vocab.build(tokenize(text, tokenizer))
    suggestion = suggest(sum(every.counts), len(every.words), text.count("\n") + 1)
    config = replace(suggestion.config, tokenizer=tokenizer, epochs=min(suggestion.config.epochs, 2))
    run = Run(new_run_id(), "train", name, config.to_json(), created=time.time())
    folder = RunFolder.create(home.runs_dir, run, text)
    assert execute(home, home.runs_dir, run.id) == expected
    assert not (folder.path / "error.log").exists()
    if expected == FAILED:
        assert folder.run.error
        assert folder.run.error.endswith(".")
        return
    arrays = folder.checkpoint("weight")
    assert arrays is not None
    assert np.isfinite(arrays["weight"]).all()
    assert not arrays["weight"][PAD_INDEX].any()


def test_100_000_different_words_train_when_every_word_counts(home: Settings) -> None:
    run = Run(new_run_id(), "train", "many", TrainConfig(dim=10, min_count=1, epochs=1).to_json(), created=time.time())
    folder = RunFolder.create(home.runs_dir, run, words(100_000))
    assert execute(home, home.runs_dir, run.id) == FINISHED
    assert folder.run.result["vocab_size"] == 100_002


def test_characters_are_counted_as_people_see_them() -> None:
    assert [count_characters(text) for text in ("한국", "\u1112\u1161\u11ab", "👨‍👩‍👧", "é", "e\u0301", "a\r\nb")] == [
        2, 1, 1, 1, 1, 3,
    ]  # fmt: skip


@pytest.mark.parametrize("lr", [1.0, 10.0])
def test_a_wild_learning_rate_ends_with_finite_weights(lr: float) -> None:
    trainer = Trainer(tokenize("you need to know how to code\n" * 50), TrainConfig(dim=8, min_count=1, lr=lr, epochs=3))
    trainer.run()
    assert np.isfinite(trainer.weight()).all()


def test_the_pad_row_is_zero_from_the_start_to_a_layer_made_of_an_exported_file(home: Settings, tmp_path) -> None:  # type: ignore[no-untyped-def]
    from gensim.models import KeyedVectors

    sentences = list(tokenize("you need to know how to code\nknow <pad> how", "whitespace"))
    trainer = Trainer(sentences, TrainConfig(dim=4, min_count=1, epochs=20))
    assert not trainer.weight()[PAD_INDEX].any()
    trainer.run()
    assert not trainer.weight()[PAD_INDEX].any()
    export(trainer.word_vectors(), "word2vec", tmp_path / "out.txt")
    read = KeyedVectors.load_word2vec_format(str(tmp_path / "out.txt"), binary=False)
    assert "<pad>" not in read
    layer = WordVectors(read.index_to_key, read.vectors).to_embedding(trainer.vocab)
    assert not layer.weight[PAD_INDEX].any()
    assert layer.padding_idx == PAD_INDEX
    assert np.array_equal(layer.weight[2:].numpy(), trainer.weight()[2:])
