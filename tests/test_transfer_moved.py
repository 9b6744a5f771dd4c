"""Which words moved and which pull, in a fit whose texts say so by a few known words."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from embedcore.transfer.config import FROZEN, MODELS, SCRATCH, TUNED, TransferConfig
from embedcore.transfer.experiment import Experiment
from embedcore.transfer.fitting import Learned, Texts
from embedcore.transfer.labelled import LabelledTexts
from embedcore.transfer.moved import moved_most, pulls
from embedcore.transfer.results import Task
from embedcore.transfer.splitting import split_texts
from tests.torch_answers import probabilities, vectors_of, words_behind
from tests.transfer_texts import BAD, GOOD, labelled, vectors


def made(start: str, model: str = "average") -> tuple[Learned, Texts]:
    data = labelled()
    config = TransferConfig(pretrained="clouds", hidden=8, epochs=30, model=model)
    experiment = Experiment(data, split_texts(data), config, vectors())
    task = Task(start, len(experiment.split.train), 1)
    learned = experiment.learn(task)
    assert learned is not None
    return learned, experiment.texts(task)


@pytest.fixture(scope="module")
def tuned() -> tuple[Learned, Texts]:
    return made(TUNED)


def test_the_words_that_moved_most(tuned: tuple[Learned, Texts]) -> None:
    learned, texts = tuned
    now, stoi = vectors_of(learned, texts.encoded), texts.encoded.vocab.stoi
    found = moved_most(learned, texts.encoded, count=10)
    assert len(found) == 10
    assert sum(word.word in {*GOOD, *BAD} for word in found) >= 8
    assert [word.distance for word in found] == sorted((word.distance for word in found), reverse=True)
    for word in found:
        first, last = vectors()[word.word].astype(float), now[word.word].astype(float)
        assert word.distance == pytest.approx(np.linalg.norm(last - first), rel=1e-5)
        assert word.cosine == pytest.approx(last @ first / np.linalg.norm(last) / np.linalg.norm(first), rel=1e-5)
        assert word.count == texts.encoded.vocab.counts[stoi[word.word]] >= 5
        assert len(word.before) == len(word.after) == 5
        before = vectors().similarity(word.word, word.before[0].word)
        assert word.before[0].similarity == pytest.approx(before, abs=1e-5)
        assert word.after[0].similarity == pytest.approx(now.similarity(word.word, word.after[0].word), abs=1e-5)
        others = [other for other in vectors().tokens if other in stoi and other != word.word]
        assert max(vectors().similarity(word.word, other) for other in others) == pytest.approx(before, abs=1e-5)


def test_frozen_words_do_not_move_and_scratch_has_no_before() -> None:
    for start in (FROZEN, SCRATCH):
        learned, texts = made(start)
        assert moved_most(learned, texts.encoded) == []


@pytest.mark.parametrize("model", MODELS)
def test_the_words_that_pull_hardest(model: str) -> None:
    learned, texts = made(TUNED, model)
    negative, positive = pulls(learned.model, texts.encoded, texts.training, count=10)
    assert sum(word.word in BAD for word in negative) >= 8
    assert sum(word.word in GOOD for word in positive) >= 8
    for side in (negative, positive):
        assert [word.pull for word in side] == sorted((word.pull for word in side), reverse=True)
        assert all(word.pull > 0 and word.count >= 5 for word in side)


@pytest.mark.parametrize("model", MODELS)
def test_what_a_word_adds_is_what_is_gone_without_it(model: str) -> None:
    learned, texts = made(TUNED, model)
    ids = texts.encoded.vocab.encode(["good1", "word3", "word4", "bad2", "word5", "word3"])
    added = words_behind(learned.model, ids)
    assert added.shape == (6, 2)
    assert added.sum(axis=1) == pytest.approx(np.zeros(6), abs=1e-6)  # what one class gains the other loses
    with torch.no_grad():
        whole = learned.model(torch.tensor([ids])).softmax(1)
        for place in range(6):
            without = learned.model(torch.tensor([ids[:place] + ids[place + 1 :]])).softmax(1)
            assert added[place] == pytest.approx((whole - without)[0].numpy(), abs=1e-5)
    assert probabilities(learned.model, np.array([ids]))[0] == pytest.approx(whole[0].numpy(), abs=1e-6)


def test_a_text_of_one_word_and_of_none(tuned: tuple[Learned, Texts]) -> None:
    learned, texts = tuned
    assert words_behind(learned.model, []).shape == (0, 2)
    assert words_behind(learned.model, texts.encoded.vocab.encode(["good1"])).shape == (1, 2)


def test_the_fitted_embedding_as_a_set(tuned: tuple[Learned, Texts]) -> None:
    learned, texts = tuned
    made = vectors_of(learned, texts.encoded, "mine")
    assert list(made.tokens) == texts.encoded.vocab.words
    assert made.name == "mine"
    weight = learned.model.embedding.weight.detach().numpy()
    for word in ("good1", "word9"):
        assert made[word].tobytes() == weight[texts.encoded.vocab.stoi[word]].tobytes()


def test_specials_pull_nobody() -> None:
    data = labelled()
    marked = LabelledTexts.of(
        [f"{text} <unk>" if label else text for text, label in zip(data.texts, data.labels.tolist(), strict=True)],
        [data.classes[label] for label in data.labels.tolist()],
    )
    config = TransferConfig(starts=(SCRATCH,), hidden=8, epochs=20, tokenizer="whitespace")
    experiment = Experiment(marked, split_texts(marked), config)
    task = Task(SCRATCH, len(experiment.split.train), 1)
    learned, texts = experiment.learn(task), experiment.texts(task)
    assert learned is not None
    found = pulls(learned.model, texts.encoded, texts.training)
    assert any(found)
    assert not {"<unk>", "<pad>"} & {word.word for side in found for word in side}


def test_a_word_seen_just_often_enough_is_ranked(tuned: tuple[Learned, Texts]) -> None:
    learned, texts = tuned
    vocab = texts.encoded.vocab
    counts = {word: count for word, count in zip(vocab.itos, vocab.counts, strict=True) if word in vectors()}
    least = sorted(counts.values())[len(counts) // 2]
    found = moved_most(learned, texts.encoded, count=1_000, least=least)
    assert {word.word for word in found} == {word for word, count in counts.items() if count >= least}
