"""The lines that make an experiment's fits are run here as they stand, and held to what the experiment says."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embedcore import snippets_transfer
from embedcore.formats import export
from embedcore.snippets_transfer import Fits
from embedcore.transfer import fitting, models
from embedcore.transfer.config import FROZEN, SCRATCH, STARTS, TUNED, TransferConfig
from embedcore.transfer.experiment import Experiment
from embedcore.transfer.labelled import LabelledTexts
from embedcore.transfer.results import Task
from embedcore.transfer.samples import LABELLED_SAMPLES
from embedcore.transfer.splitting import Split, split_texts
from embedcore.vectors import WordVectors
from tests.test_imports import modules_after
from tests.test_morphemes import kiwi
from tests.test_snippets import run
from tests.transfer_texts import labelled

AVERAGE = TransferConfig(pretrained="some words", sizes=(50,), seed=4)
CONVOLUTION = replace(AVERAGE, model="convolution", hidden=12, epochs=12)


def experiment(data: LabelledTexts, vectors: WordVectors | None, config: TransferConfig) -> Experiment:
    return Experiment(data, split_texts(data, validation=0.15, test=0.3), config, vectors)


def held(made: Experiment, size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the lines leave behind, each accuracy held to that of the experiment."""
    monkeypatch.chdir(tmp_path)
    config, data = made.config, made.data
    fitted = {start: made.learn(Task(start, size, config.seed)) for start in config.starts}
    accuracies = {start: learned.fitted.accuracy for start, learned in fitted.items() if learned is not None}
    dim = made.vectors.dim if made.vectors is not None else config.dim or fitting.DEFAULT_DIM
    fits = Fits(config, data.classes, size, dim, len(made.split.validation), accuracies)
    texts = snippets_transfer.texts_file(data, made.split, config.seed)
    Path(snippets_transfer.TEXTS_FILE).write_text(texts, encoding="utf-8")
    lowercased = False
    if made.vectors is not None:
        export(made.vectors, "glove", Path(f"{made.vectors.name}.txt"))
        lowercased = made.vectors.lowercased
    names = run(snippets_transfer.all_lines(fits, "\n".join(data.texts), config.pretrained, lowercased=lowercased))
    printed = dict(line.split() for line in names["printed"].splitlines())
    assert list(printed) == [*config.starts]
    for start, accuracy in accuracies.items():
        assert float(printed[start]) == pytest.approx(accuracy, abs=0.012), start  # one text of the test
    assert re.search(r"# In this experiment: (.*)", snippets_transfer.learning(fits))
    return {**names, "fitted": fitted}


def some_of(glove: WordVectors, words: list[str], name: str = "some words") -> WordVectors:
    """The rows of some words, in an order of their own, among others that no text has."""
    kept = [*dict.fromkeys([*glove.tokens[5_000:5_050], *sorted({*words} & {*glove.tokens})[:-9]])]
    rows = np.random.default_rng(1).permutation([glove.row(word) for word in kept])
    return WordVectors([glove.tokens[row] for row in rows], glove.matrix[rows], name=name, lowercased=True)


@pytest.fixture(scope="module")
def english() -> LabelledTexts:
    return LABELLED_SAMPLES["English"].texts()


@pytest.fixture(scope="module")
def part(glove: WordVectors, english: LabelledTexts) -> WordVectors:
    """The words of the letters that GloVe has."""
    return some_of(glove, [*{word for text in english.texts for word in re.findall(r"\w+", text.lower())}])


@pytest.mark.parametrize("size", [50, 165])
def test_the_lines_come_to_what_the_experiment_says(
    size: int, english: LabelledTexts, part: WordVectors, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = experiment(english, part, AVERAGE)
    names = held(made, size, tmp_path, monkeypatch)
    # Rows are the right words' rows, at first and, where nothing learns, in the end; <pad> is zero.
    itos, weight = names["itos"], names["weight"]
    known = [word for word in itos[2:] if word in part]
    assert len(known) > 0.8 * len(itos)
    assert len(known) < len(itos) - 2  # and not all of them
    for word in known:
        assert weight[itos.index(word)].tobytes() == part[word].tobytes()
    encoded = made.texts(Task(TUNED, size, AVERAGE.seed)).encoded
    assert itos[: names["learned"]] == encoded.vocab.itos[: encoded.trained]
    asked = {word for part in ("validation", "test") for words in names["tokens"][part] for word in words}
    assert {*itos} & asked == {*encoded.vocab.itos} & asked  # words of texts that are not read here have no row
    layers = {start: model.embedding for start, model in names["found"].items()}
    frozen = layers[FROZEN].weight.detach().numpy()
    assert frozen.tobytes() == weight.tobytes() == names["fitted"][FROZEN].first[_order(encoded, itos)].tobytes()
    assert not layers[FROZEN].weight.requires_grad
    assert (layers[TUNED].weight.detach().numpy()[:50] != weight[:50]).any(axis=1).sum() > 40
    for layer in layers.values():
        assert not layer.weight.detach().numpy()[1].any()
        assert layer.padding_idx == 1
    assert layers[SCRATCH].num_embeddings == names["learned"]


def _order(encoded: Any, itos: list[str]) -> list[int]:
    """The rows of the experiment's table in the order of the lines' table: those of other texts' words may differ."""
    return [encoded.vocab.stoi[word] for word in itos]


def test_the_convolution(
    english: LabelledTexts, part: WordVectors, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = held(experiment(english, part, CONVOLUTION), 50, tmp_path, monkeypatch)
    assert {type(model).__name__ for model in names["found"].values()} == {"Convolution"}


@pytest.mark.parametrize("tokenizer", ["words", "whitespace", "morphemes"])
def test_korean(tokenizer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = kiwi()  # once for all tests
    monkeypatch.setattr("kiwipiepy.Kiwi", lambda: loaded)
    data = LABELLED_SAMPLES["Korean"].texts()
    config = replace(AVERAGE, tokenizer=tokenizer, pretrained="낱말", epochs=20)
    words = [*dict.fromkeys(Experiment(data, split_texts(data), replace(config, starts=(SCRATCH,))).tokenized.tokens)]
    rng = np.random.default_rng(0)
    some = words[::2]
    vectors = WordVectors(some, rng.standard_normal((len(some), 12)).astype(np.float32), name="낱말")
    names = held(experiment(data, vectors, config), 50, tmp_path, monkeypatch)
    assert any(word in vectors for word in names["itos"][2:12])


def test_words_that_the_set_spells_otherwise_and_texts_that_hold_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Capitals, quotes, code, an empty tokenisation, `<pad>` in a text, a label that is no name."""
    plain = labelled(160)
    texts = [f"{text.title()} '\"\\ {{x}} <pad> <unk>" if place % 2 else text for place, text in enumerate(plain.texts)]
    texts[0] = "…"
    names = ['it\'s "it"', "좋음\\n"]
    data = LabelledTexts.of(texts, [names[label] for label in plain.labels.tolist()])
    rng = np.random.default_rng(2)
    known = sorted({word.lower() for text in plain.texts for word in text.split()})
    matrix = rng.standard_normal((len(known), 8)).astype(np.float32)
    vectors = WordVectors(known, matrix, name="lower 'case' words", lowercased=True)
    config = replace(AVERAGE, tokenizer="whitespace", min_count=2, pretrained=vectors.name, word_dropout=0.0)
    found = held(experiment(data, vectors, config), 50, tmp_path, monkeypatch)
    title = next(word for word in found["itos"][2:] if word[0].isupper())
    assert found["weight"][found["itos"].index(title)].tobytes() == vectors[title.lower()].tobytes()


def test_without_a_set_and_without_validation_texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = labelled(120)
    split = split_texts(data, validation=0.1, test=0.3)
    split = Split(np.concatenate([split.train, split.validation]), split.validation[:0], split.test)
    config = TransferConfig(starts=(SCRATCH,), dim=7, dropout=0.0, patience=3)
    names = held(Experiment(data, split, config), len(split.train), tmp_path, monkeypatch)
    assert names["embeddings"][SCRATCH].embedding_dim == 7
    assert "rows" not in names


def test_the_file_of_texts(english: LabelledTexts) -> None:
    split = split_texts(english)
    lines = [json.loads(line) for line in snippets_transfer.texts_file(english, split, 9).splitlines()]
    assert len(lines) == len(english)
    made = Experiment(english, split, TransferConfig(starts=(SCRATCH,)))
    training = [line["text"] for line in lines if line["part"] == "train"]
    assert training[:20] == [english.texts[place] for place in made.training_texts(20, 9)]
    assert {line["label"] for line in lines[:3]} == {*english.classes}
    both = {line["text"] for line in lines if line["part"] == "test"}
    assert both == {english.texts[place] for place in split.test}


def test_only_what_was_fitted_is_shown() -> None:
    fits = Fits(AVERAGE, ("a", "b"), 50, 50, 10, {FROZEN: 0.5})
    lines = snippets_transfer.all_lines(fits, "some texts", "a set", lowercased=True)
    assert "freeze=True" in lines
    assert "freeze=False" not in lines
    assert "# In this experiment: frozen 0.500\n" in lines
    assert fits.starts == [FROZEN]
    assert replace(fits, accuracies=dict.fromkeys(STARTS, 0.5)).starts == [*STARTS]


def test_what_the_lines_are_written_for_is_what_the_fits_do() -> None:
    assert (snippets_transfer.AVERAGED, snippets_transfer.LOOK_STEPS) == (fitting.AVERAGED, fitting.LOOK_STEPS)
    assert snippets_transfer.WIDTHS == models.WIDTHS


def test_writing_them_needs_no_torch() -> None:
    assert not modules_after("import embedcore.snippets_transfer") & {"torch", "streamlit", "pandas"}


def test_a_pad_that_is_written_in_a_text_is_read_as_the_fit_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = labelled(120)
    texts = [" ".join([*text.split()[:3], "<pad>", "<pad>", *text.split()[3:]]) for text in data.texts]
    padded = LabelledTexts.of(texts, [data.classes[label] for label in data.labels.tolist()])
    config = TransferConfig(
        model="convolution", starts=(SCRATCH,), dim=6, hidden=5, epochs=10, sizes=(), tokenizer="whitespace"
    )
    names = held(experiment(padded, None, config), 66, tmp_path, monkeypatch)
    model, kept = names["found"]["scratch"], names["fitted"]["scratch"]
    assert kept is not None
    for name, weight in kept.model.named_parameters():
        assert np.allclose(dict(model.named_parameters())[name].detach(), weight.detach(), atol=1e-4), name
