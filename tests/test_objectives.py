"""Every objective in the training loop: the same bits, stop and resume, rows that may not move, ugly cases."""

from __future__ import annotations

import json
import math
import re
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch

from embedcore.__main__ import main
from embedcore.errors import BadSetting, TrainingProblem
from embedcore.library import open_vectors
from embedcore.settings import Settings, load
from embedcore.training import OBJECTIVES, Corpus, Progress, TrainConfig, Trainer, estimate_seconds, resolve, suggest
from embedcore.training.feed import Place
from embedcore.training.initial import NORMAL, first_linear
from embedcore.training.moving import Mover
from embedcore.training.nextword import MOST_SCORES, ContextFeed, NextWord
from embedcore.training.objectives import make_model
from embedcore.vocab import PAD_INDEX
from tests.test_training import TUTORIAL, random_text, small

every = pytest.mark.parametrize("objective", OBJECTIVES)
SETTINGS = set(TrainConfig().to_json()) - {"objective"}


@every
def test_each_is_told_in_two_sentences_with_its_formula_and_source(objective: str) -> None:
    told = OBJECTIVES[objective]
    assert len(re.findall(r"[.!?](?:\s|$)", told.about)) == 2
    assert told.about.endswith(".")
    assert re.search(r"\b(19|20)\d\d\b", told.source)
    assert told.formula.count("{") == told.formula.count("}")
    assert r"\log" in told.formula
    assert set(told.settings) <= SETTINGS
    module, _, name = told.model.partition(":")
    assert hasattr(import_module(module), name)


def test_the_settings_that_are_not_heeded_change_nothing() -> None:
    for objective, told in OBJECTIVES.items():
        others = {"negative": 2, "sample": 0.05}
        first = Trainer(random_text(), small(objective=objective, lr=0.05))
        first.run()
        for name, value in others.items():
            second = Trainer(random_text(), small(objective=objective, lr=0.05, **{name: value}))
            second.run()
            assert (name in told.settings) == (first.weight() != second.weight()).any(), (objective, name)


@every
@pytest.mark.parametrize("values", [{}, {"batch": 1, "epochs": 2}, {"batch": 700, "window": 20, "init": NORMAL}])
def test_the_same_text_settings_and_seed_give_the_same_bits(objective: str, values: dict) -> None:
    config = small(**{"objective": objective, "lr": 0.05, **values})
    first, second = (Trainer(random_text(), config) for _ in range(2))
    first.run()
    second.run()
    assert (first.weight() == second.weight()).all()
    for name, weight in first.model.weights.items():
        assert (weight == second.model.weights[name]).all()
    other = Trainer(random_text(), small(**{"objective": objective, "lr": 0.05, "seed": 2, **values}))
    other.run()
    assert (first.weight() != other.weight()).any()


@every
@pytest.mark.parametrize("stop_at", [0.001, 0.5])
def test_a_resumed_run_ends_with_the_same_bits(objective: str, stop_at: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("embedcore.training.sampling.CHUNK", 100)
    config = small(objective=objective, sample=0.01, lr=0.05)
    whole, part, resumed = (Trainer(random_text(), config) for _ in range(3))
    whole.run()
    assert part.run(should_stop=lambda: part.share >= stop_at) == "stopped"
    assert 0 < part.share < 1
    state = part.state()
    assert all(isinstance(value, np.ndarray) and value.dtype != object for value in state.values())
    resumed.restore(state)
    assert resumed.run() == "finished"
    assert (resumed.weight() == whole.weight()).all()
    for name, weight in whole.model.weights.items():
        assert (resumed.model.weights[name] == weight).all()


@every
def test_the_tutorials_sentence_learns_and_pad_stays_zero(objective: str) -> None:
    tokens = len(TUTORIAL[0])
    config = suggest(tokens, 6, 1, objective).config
    reports: list[Progress] = []
    trainer = Trainer(TUTORIAL, config)
    before = trainer.weight()
    padded = []

    def on_progress(progress: Progress) -> None:
        reports.append(progress)
        padded.append(bool(trainer.weight()[PAD_INDEX].any()))

    assert trainer.run(on_progress=on_progress) == "finished"
    assert np.mean([report.loss for report in reports[-10:]]) < 0.8 * reports[0].loss
    assert not before[PAD_INDEX].any()
    assert not any(padded)
    after = trainer.weight()
    assert (after[0] == before[0]).all()  # no token reads as <unk>
    moved = {trainer.vocab.itos[row] for row in np.flatnonzero((after != before).any(axis=1))}
    last = {"code"} if objective == "next-word" else set()  # nothing follows it
    assert moved == set(TUTORIAL[0]) - last


@every
def test_rows_that_may_not_learn_stay_bit_for_bit(objective: str) -> None:
    corpus = Corpus.read(random_text())
    config = resolve(small(objective=objective, lr=0.1), corpus.tokens)
    size = len(corpus.vocab)
    weight = torch.randn(size, config.dim, generator=torch.Generator().manual_seed(1))
    weight[PAD_INDEX] = 0
    weight[3, 0] = -0.0
    start = weight.clone()
    learns = torch.arange(size) % 2 == 0  # (V,)
    model = make_model(corpus, config, weight, learns)
    for turn in model.turns(Place(0, 0, 0)):
        model.step(turn.batch, 0.1)
    still = ~learns.numpy()
    assert start[still].numpy().tobytes() == weight[still].numpy().tobytes()
    occur = corpus.counts() > 5
    assert (weight != start).any(dim=1).numpy()[learns.numpy() & occur].mean() > 0.9


@every
def test_overflow_ends_with_a_sentence_and_the_last_good_weights(
    objective: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Mover, "LIMIT", 1e9)  # without the bounds, this diverges
    monkeypatch.setattr(NextWord, "LIMIT", 1e9)
    monkeypatch.setattr(NextWord, "LONG", math.inf)
    trainer = Trainer(random_text(), small(objective=objective, epochs=300, lr=10.0, batch=256, init=NORMAL))
    if objective == "next-word":  # whose errors are at most 1 a word: it takes long vectors to diverge
        trainer.embedding.weight.data[2:] *= 1e14
    with pytest.raises(TrainingProblem, match="The numbers grew without bound at a learning rate of 10; the last good"):
        trainer.run()
    assert all(np.isfinite(array).all() for array in trainer.state().values())
    assert not trainer.weight()[PAD_INDEX].any()


@every
def test_a_large_learning_rate_stays_finite(objective: str) -> None:
    trainer = Trainer(random_text(), small(objective=objective, epochs=60, lr=1.0, batch=256))
    trainer.run()
    assert np.isfinite(trainer.weight()).all()


@every
@pytest.mark.parametrize("text", [[], [["one"], ["two"]], [["again"] * 50]])
def test_nothing_to_learn_from_is_said(objective: str, text: list) -> None:
    with pytest.raises(TrainingProblem):
        Trainer(text, small(objective=objective))


@every
def test_what_is_counted_and_its_loss_at_the_start(objective: str) -> None:
    """The mean over as many pairs or positions as the text has; while the output is zero, it is known."""
    text = [["a", "b", "c"], ["b", "a"], ["c"]]
    reports: list[Progress] = []
    trainer = Trainer(text, small(objective=objective, window=1, negative=3, epochs=1, batch=16, sample=0.0))
    for weight in trainer.model.weights.values():
        weight.zero_()
    trainer.run(on_progress=reports.append)
    assert OBJECTIVES[objective].unit == ("pair" if objective == "skipgram" else "position")
    assert sum(report.pairs for report in reports) == {"skipgram": 6, "cbow": 5, "next-word": 3}[objective]
    expected = np.log(len(trainer.vocab)) if objective == "next-word" else 4 * np.log(2)
    assert reports[0].loss == pytest.approx(expected, rel=1e-6)


# The next word's own.


def test_contexts_keep_to_their_sentence_whatever_the_chunks_and_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    text = random_text()
    corpus = Corpus.read(text)
    expected = []
    for line in text:
        ids = corpus.vocab.encode(line)
        for place in range(1, len(ids)):
            expected.append([*([PAD_INDEX] * 4 + ids[:place])[-4:], ids[place]])
    for size, batch in ((10_000, 7), (5, 3), (100, 1_000)):
        monkeypatch.setattr("embedcore.training.sampling.CHUNK", size)
        config = resolve(TrainConfig(objective="next-word", window=4, batch=batch, epochs=2), corpus.tokens)
        turns = list(ContextFeed(corpus, config).turns(Place(0, 0, 0)))
        found = [
            [*before, following]
            for turn in turns
            for before, following in zip(turn.batch.before.tolist(), turn.batch.following.tolist(), strict=True)
        ]
        assert found == expected * 2
        assert turns[-1].share == 1
        assert all(len(turn.batch.following) <= batch for turn in turns)
        assert all(turn.batch.before.dtype == torch.int32 for turn in turns)


def test_a_step_is_cut_short_where_the_vocabulary_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("embedcore.training.nextword.MOST_SCORES", 300)
    corpus = Corpus.read(random_text())
    config = resolve(TrainConfig(objective="next-word", batch=65_536), corpus.tokens)
    for turn in ContextFeed(corpus, config).turns(Place(0, 0, 0)):
        assert len(turn.batch.following) * len(corpus.vocab) <= 300
    assert MOST_SCORES * 4 <= 32 << 20


def test_the_linear_layer_starts_the_same_for_each_place() -> None:
    linear = first_linear(40, 3, 6, seed=2)
    assert (linear.shape, linear.dtype) == ((40, 18), np.float32)
    assert (linear[:, :6] == linear[:, 6:12]).all()
    assert (linear[:, :6] == linear[:, 12:]).all()
    assert (linear[:, :6] ** 2).sum(axis=1).mean() == pytest.approx(1, abs=0.1)
    assert abs(linear.mean()) < 0.05
    assert (first_linear(40, 3, 6, seed=2) == linear).all()
    assert (first_linear(40, 3, 6, seed=3) != linear).any()
    assert not set(first_linear(40, 1, 6, seed=2).ravel()) & set(Trainer(TUTORIAL, small(seed=2)).weight()[2:].ravel())


def test_a_linear_layer_that_is_too_large_is_refused() -> None:
    config = TrainConfig(objective="next-word", dim=100, window=10)
    sentence = (
        "With 10 words of 100 dimensions to guess from, and 600,000 to choose among, the linear layer has 600,000,000 "
        "numbers; at most 500,000,000 are allowed here. "
        "Choose a smaller window, fewer dimensions or a higher min_count."
    )
    with pytest.raises(BadSetting) as caught:
        config.check(load({"EMBEDCORE_HOME": "/nowhere"}), vocab_size=600_000)
    assert str(caught.value) == sentence
    TrainConfig(dim=100, window=10).check(load({"EMBEDCORE_HOME": "/nowhere"}), vocab_size=600_000)


def test_the_time_it_takes_grows_with_the_vocabulary() -> None:
    config = suggest(138_000, 9_000, 4_000, "next-word").config
    assert 5 < estimate_seconds(config, 138_000, 2_754) < 120  # measured: 10 s on an idle core
    assert estimate_seconds(config, 138_000, 27_540) > 8 * estimate_seconds(config, 138_000, 2_754)
    assert 5 < estimate_seconds(config, 138_000) < 120
    long = suggest(11_700_000, 110_000, 600_000, "next-word").config
    assert long.min_count > 100
    assert long.epochs == 1
    assert 60 < estimate_seconds(long, 11_700_000) < 3_600
    assert estimate_seconds(resolve(TrainConfig(objective="next-word"), 11_700_000), 11_700_000) > 10 * 3_600


def test_files_are_named_for_what_they_hold() -> None:
    """An objective's module is imported when training begins, never by the page."""
    source = Path(import_module("embedcore.training.objectives").__file__).read_text(encoding="utf-8")
    assert "import torch" not in source.replace("    from torch import Tensor", "")


@every
def test_the_command_line_trains_by_each(
    objective: str, home: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "text.txt"
    file.write_text("the cat and the dog eat fish\na ship sails the wide sea\n" * 30, encoding="utf-8")
    values = ["--min-count", "1", "--dim", "6", "--epochs", "2", "--objective", objective]
    assert main(["train", str(file), "--name", "made", *values, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["status"], told["tokens"]) == ("finished", 780)
    assert np.isfinite(told["loss"])
    vectors = open_vectors("made")
    assert vectors.matrix.shape == (11, 6)
    assert vectors.meta["training"]["config"]["objective"] == objective


@every
def test_two_processes_learn_by_each(objective: str) -> None:
    text, config = random_text(400), small(objective=objective, epochs=8, lr=0.05)
    reports: list[Progress] = []
    alone, trainer = Trainer(text, config), Trainer(text, config, processes=2)
    before = trainer.weight()
    alone.run()
    assert trainer.run(on_progress=reports.append) == "finished"
    assert reports[-1].loss < reports[0].loss
    assert not trainer.weight()[PAD_INDEX].any()
    moved = (trainer.weight() != before).any(axis=1)  # (V,)
    assert (moved == (alone.weight() != before).any(axis=1)).all()
