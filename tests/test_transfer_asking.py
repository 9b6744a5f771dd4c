"""Asking a kept model without torch: as the torch model answers, word for word."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from embedcore.errors import BadVectors, TextProblem
from embedcore.runs.transferring import as_kept
from embedcore.transfer.asking import Asked, ask, erased, kept_vectors
from embedcore.transfer.config import CONVOLUTION, FROZEN, MODELS, SCRATCH, STARTS, TUNED, TransferConfig
from embedcore.transfer.encoding import MOST_TOKENS
from embedcore.transfer.experiment import Experiment
from embedcore.transfer.fitting import Learned, Texts
from embedcore.transfer.kept import KeptModel
from embedcore.transfer.labelled import LabelledTexts
from embedcore.transfer.results import Task
from embedcore.transfer.splitting import Split, split_texts
from embedcore.vectors import WordVectors
from tests.torch_answers import probabilities, words_behind
from tests.transfer_texts import labelled, vectors

_MADE: dict[tuple[str, str], tuple[KeptModel, Learned, Texts]] = {}
SENTENCES = [
    "", "good1", "good1 bad2", "word3 bad2 good7", "word1 word2 bad3 good4", "good1 good1 good1 good1 good1",
    "bad1 word2 word3 good4 word5 word6", "good1 nothing-known bad5 word59 unheard word2 word3 good9",
    "word55 word56 word57", "<unk> good1", "GOOD1 Bad2!",
]  # fmt: skip


def made(start: str, model: str) -> tuple[KeptModel, Learned, Texts]:
    """A fit over few texts, so that many words of the set stand in no training text."""
    if (start, model) not in _MADE:
        data = labelled()
        config = TransferConfig(pretrained="clouds", hidden=8, epochs=6, model=model, sizes=(20,))
        experiment = Experiment(data, split_texts(data), config, vectors())
        task = Task(start, 20, 1)
        learned = experiment.learn(task)
        assert learned is not None
        texts = experiment.texts(task)
        _MADE[start, model] = as_kept(learned, texts, experiment), learned, texts
    return _MADE[start, model]


def by_torch(learned: Learned, texts: Texts, words: list[str]) -> tuple[np.ndarray, np.ndarray]:
    ids = texts.encoded.vocab.encode(words)
    row = np.array([ids or [1]], dtype=np.int64)
    return probabilities(learned.model, row)[0], words_behind(learned.model, ids)


def check(asked: Asked, learned: Learned, texts: Texts) -> None:
    whole, added = by_torch(learned, texts, asked.words)
    assert asked.probabilities == pytest.approx(whole, abs=1e-5)
    assert asked.added.shape == added.shape == (len(asked.words), 2)
    assert asked.added == pytest.approx(added, abs=1e-5)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("start", STARTS)
def test_it_answers_as_the_torch_model(start: str, model: str) -> None:
    kept, learned, texts = made(start, model)
    further = texts.encoded.vocab.itos[texts.encoded.trained :]
    assert bool(further) is (start != SCRATCH)
    for sentence in [*SENTENCES, *further[:3], " ".join([*further[:4], "good3"])]:
        check(ask(kept, sentence, vectors()), learned, texts)
    assert ask(kept, "good1 " * 3, vectors()).probabilities.sum() == pytest.approx(1)


@pytest.mark.parametrize("model", MODELS)
def test_ten_thousand_words_are_read_as_far_as_any_text(model: str) -> None:
    kept, learned, texts = made(TUNED, model)
    words = np.random.default_rng(0).choice([*texts.encoded.vocab.words, "unheard"], 10_000).tolist()
    asked = ask(kept, " ".join(words), vectors())
    assert asked.words == words[:MOST_TOKENS]
    check(asked, learned, texts)


@pytest.mark.parametrize("model", MODELS)
def test_a_written_pad_is_no_word(model: str) -> None:
    kept, learned, texts = made(TUNED, model)
    kept = replace(kept, tokenizer="whitespace")
    for sentence in ("<pad>", "good1 <pad> bad2 word3 good4 word5 good6 <pad>", "good1 word2 word3 <pad> bad4 <pad>"):
        asked = ask(kept, sentence, vectors())
        assert {how for word, how in zip(asked.words, asked.read, strict=True) if word == "<pad>"} == {"unknown"}
        check(asked, learned, texts)


def test_how_each_word_was_read() -> None:
    kept, _, texts = made(TUNED, "average")
    learned = texts.encoded.vocab.itos[2]
    further = texts.encoded.vocab.itos[texts.encoded.trained]
    asked = ask(kept, f"{learned} {further} word59 <unk>", vectors())
    assert asked.words == [learned, further, "word59", "unk"]
    assert asked.read[:2] == ["learned", "set"]
    assert asked.read[3] == "unknown"
    assert ask(kept, further).read == ["unknown"]  # without the set
    assert ask(made(SCRATCH, "average")[0], further, vectors()).read == ["unknown"]


@pytest.mark.parametrize("start", [FROZEN, TUNED])
def test_a_word_of_the_set_that_no_text_had(start: str) -> None:
    kept, _, texts = made(start, CONVOLUTION)
    own = np.full(12, 3.0, np.float32)
    wider = WordVectors([*vectors().tokens, "넓다"], np.vstack([vectors().matrix, own]))
    first = texts.encoded.vocab.itos[2]
    asked = ask(kept, f"{first} 넓다", wider)
    assert asked.read[1] == "set"
    rows = np.stack([kept.weight[2], own])
    expected = erased(kept.kind, kept.head, rows, np.array([True, True]))
    assert asked.probabilities == pytest.approx(expected[0])
    with pytest.raises(BadVectors, match="The model reads vectors of 12 numbers, but the set has 3"):
        ask(kept, "unheard", vectors(dim=3))


def test_odd_texts() -> None:
    kept, _, _ = made(TUNED, CONVOLUTION)
    for text in ("\ud800", "\0", "\n\r\n", " \u00a0 ", "🙂" * 50, "가" * 5_000, "a\u0301"):
        asked = ask(kept, text, vectors())
        assert np.isfinite(asked.probabilities).all()
        assert asked.added.shape == (len(asked.words), 2)
    with pytest.raises(TextProblem, match="There is no tokenizer “letters”"):
        ask(replace(kept, tokenizer="letters"), "a")


def test_korean_morphemes() -> None:
    pytest.importorskip("kiwipiepy")
    texts = ["영화가 재미있었다", "배우는 훌륭했다", "이야기가 지루하다", "시간이 아까웠다"] * 6
    data = LabelledTexts.of(texts, ["1", "1", "0", "0"] * 6)
    config = TransferConfig(starts=(SCRATCH,), epochs=3, hidden=4, tokenizer="morphemes")
    experiment = Experiment(data, Split(np.arange(12), np.arange(12, 16), np.arange(16, 24)), config)
    task = Task(SCRATCH, len(experiment.split.train), 1)
    learned = experiment.learn(task)
    assert learned is not None
    kept = as_kept(learned, experiment.texts(task), experiment)
    for place, text in enumerate(texts[:4]):
        asked = ask(kept, text)
        assert asked.words == experiment.tokenized.words_at(place) != text.split()
        check(asked, learned, experiment.texts(task))


def test_the_embedding_as_a_set() -> None:
    kept, learned, texts = made(TUNED, "average")
    found = kept_vectors(kept, "mine")
    assert list(found.tokens) == texts.encoded.vocab.itos[2 : texts.encoded.trained]
    weight = learned.model.embedding.weight.detach().numpy()
    assert found.matrix.tobytes() == weight[2 : texts.encoded.trained].tobytes()
    assert found.name == "mine"
