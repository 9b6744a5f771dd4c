"""The corpus, the draws, and the training loop with its start, stop, resumption and ugly cases."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
import torch
from torch import nn

from embedcore.errors import BadSetting, TrainingProblem
from embedcore.training import Corpus, Progress, TrainConfig, Trainer, initial_weight, train
from embedcore.training.moving import Mover
from embedcore.training.sampling import Sampler, keep_probability
from embedcore.training.skipgram import gradients
from embedcore.training.windows import Windows
from embedcore.vocab import Vocab

TUTORIAL = [["you", "need", "to", "know", "how", "to", "code"]]


def random_text(sentences: int = 60, seed: int = 0) -> list[list[str]]:
    rng = np.random.default_rng(seed)
    return [[f"w{int(word)}" for word in rng.zipf(1.5, rng.integers(1, 12)) if word < 50] for _ in range(sentences)]


def small(**values: object) -> TrainConfig:
    return TrainConfig(**{"dim": 8, "min_count": 1, "epochs": 6, "batch": 20, **values})


# The corpus.


@pytest.mark.parametrize("min_count", [1, 3])
def test_a_generator_of_sentences_reads_as_vocab_build_does(min_count: int) -> None:
    text = [*random_text(), ["<pad>", "w1", "<unk>"], [], ["once"]]
    corpus = Corpus.read((sentence for sentence in text), min_count=min_count)
    vocab = Vocab.build(text, min_count=min_count)
    assert corpus.vocab.itos == vocab.itos
    assert corpus.vocab.counts == vocab.counts
    assert corpus.tokens == sum(map(len, text))
    kept = [[index for index in vocab.encode(sentence) if index > 1] for sentence in text]
    assert corpus.ids.tolist() == [index for sentence in kept for index in sentence]
    assert np.diff(corpus.ends, prepend=0).tolist() == [len(sentence) for sentence in kept if sentence]
    assert corpus.ids.dtype == np.int32


def test_a_given_vocab_is_used() -> None:
    vocab = Vocab(["w2", "absent", "w1"], [1, 1, 1])
    trainer = Trainer([["w1", "new", "w2"]], small(), vocab=vocab)
    assert trainer.vocab is vocab
    assert trainer.corpus.ids.tolist() == [4, 2]
    assert trainer.tokens == 3


def test_a_string_is_not_a_sentence() -> None:
    with pytest.raises(TypeError, match="split it first"):
        Corpus.read(["you need to"])  # type: ignore[list-item]


@pytest.mark.parametrize("size", [1, 7, 100, 10_000])
def test_chunks_cover_the_text_and_are_cut_between_sentences(size: int) -> None:
    corpus = Corpus.read(random_text())
    chunks = corpus.chunks(size)
    assert [start for start, _ in chunks[1:]] == [stop for _, stop in chunks[:-1]]
    assert (chunks[0][0], chunks[-1][1]) == (0, len(corpus.ids))
    for start, stop in chunks:
        assert stop - start <= size
        assert stop in corpus.ends or stop - start == size


# The draws.


@pytest.mark.parametrize(("sample", "size"), [(0.0, 10_000), (0.0, 64), (0.01, 64)])
def test_windows_end_with_their_sentence(sample: float, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("embedcore.training.sampling.CHUNK", size)
    corpus = Corpus.read(random_text())
    sampler = Sampler(corpus, window=4, sample=sample, seed=2)
    bounds: Counter[int] = Counter()
    for chunk, (start, stop) in enumerate(sampler.chunks):
        draw = sampler.draw(3, chunk)
        again = np.random.default_rng(np.random.SeedSequence(2, spawn_key=(3, chunk)))
        positions = np.arange(start, stop)
        if sample:
            positions = positions[again.random(len(positions), dtype=np.float32) < sampler.keep[corpus.ids[start:stop]]]
        assert draw.ids.tolist() == corpus.ids[positions].tolist()
        bound = again.integers(1, 4, len(positions), endpoint=True)
        bounds.update(bound.tolist())
        sentence = np.searchsorted(corpus.ends, positions, side="right")
        for place in range(len(positions)):
            before = sum(sentence[:place] == sentence[place])
            after = sum(sentence[place + 1 :] == sentence[place])
            assert (draw.left[place], draw.right[place]) == (min(bound[place], before), min(bound[place], after))
    assert set(bounds) == {1, 2, 3, 4}


def test_negatives_follow_counts_to_the_three_quarters() -> None:
    corpus = Corpus.read(random_text())
    sampler = Sampler(corpus, window=4, sample=0, seed=2)
    drawn = np.bincount(sampler.negatives(sampler.draw(0, 0), (400, 500)).reshape(-1), minlength=len(corpus.vocab))
    expected = np.array([0, 0, *corpus.vocab.counts[2:]]) ** 0.75
    assert not drawn[:2].any()
    assert drawn / drawn.sum() == pytest.approx(expected / expected.sum(), abs=0.005)


def test_frequent_words_are_kept_as_word2vec_keeps_them() -> None:
    keep = keep_probability(np.array([0, 0, 900, 90, 10]), 0.01)
    assert keep[2] == pytest.approx((math.sqrt(0.9 / 0.01) + 1) * 0.01 / 0.9)
    assert keep[3] == pytest.approx((math.sqrt(0.09 / 0.01) + 1) * 0.01 / 0.09)
    assert keep[4] == 1
    assert (keep_probability(np.array([0, 0, 900]), 0) == 1).all()


# The loop.


def test_training_starts_from_the_first_weight_bit_for_bit() -> None:
    trainer = Trainer(TUTORIAL, small(seed=5))
    assert isinstance(trainer.embedding, nn.Embedding)
    assert trainer.embedding.padding_idx == 1
    assert (trainer.weight() == initial_weight(8, 8, 5)).all()
    assert trainer.run(should_stop=lambda: True) == "stopped"
    assert (trainer.weight() == initial_weight(8, 8, 5)).all()


def test_the_tutorials_sentence_learns() -> None:
    reports: list[Progress] = []
    trainer = Trainer(TUTORIAL, small(epochs=200, lr=0.05))
    assert len(trainer.vocab) == 8
    assert trainer.vocab.itos[2:] == ["to", "you", "need", "know", "how", "code"]
    before = trainer.weight()
    assert trainer.run(on_progress=reports.append) == "finished"
    assert reports[0].loss == pytest.approx(6 * math.log(2), abs=1e-3)
    assert np.mean([report.loss for report in reports[-10:]]) < 0.75 * reports[0].loss
    after = trainer.weight()
    assert not after[1].any()
    assert (after[0] == before[0]).all()  # no token reads as <unk>
    assert (after[2:] != before[2:]).any(axis=1).all()
    assert trainer.embedding(torch.tensor([2]))[0].detach().numpy().tolist() == after[2].tolist()


@pytest.mark.parametrize("values", [{}, {"batch": 1}, {"batch": 700, "sample": 0.01}, {"window": 40, "batch": 37}])
def test_the_same_text_settings_and_seed_give_the_same_bits(values: dict) -> None:
    first, second = (Trainer(random_text(), small(**values)) for _ in range(2))
    first.run()
    second.run()
    assert (first.weight() == second.weight()).all()
    assert (first.model.weights["context"] == second.model.weights["context"]).all()
    other = Trainer(random_text(), small(**values, seed=2))
    other.run()
    assert (first.weight() != other.weight()).any()


@pytest.mark.parametrize("stop_at", [0.001, 0.3, 0.5, 0.9])
def test_a_resumed_run_ends_with_the_same_bits(stop_at: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("embedcore.training.sampling.CHUNK", 100)
    whole = Trainer(random_text(), small(sample=0.01))
    whole.run()
    part = Trainer(random_text(), small(sample=0.01))
    assert part.run(should_stop=lambda: part.share >= stop_at) == "stopped"
    assert 0 < part.share < 1
    assert part.model.weights["context"].any()  # the first step moves only these: they start at zero
    state = part.state()
    assert all(isinstance(value, np.ndarray) and value.dtype != object for value in state.values())
    part.run()  # what was saved is a copy
    resumed = Trainer(random_text(), small(sample=0.01))
    resumed.restore(state)
    shares: list[float] = []
    assert resumed.run(on_progress=lambda progress: shares.append(progress.share)) == "finished"
    assert shares[0] > state["share"]
    for trainer in (part, resumed):
        assert (trainer.weight() == whole.weight()).all()
        assert (trainer.model.weights["context"] == whole.model.weights["context"]).all()


def test_a_state_of_another_training_is_refused() -> None:
    state = Trainer(TUTORIAL, small(dim=9)).state()
    with pytest.raises(TrainingProblem, match=r"weight is \(8, 9\), and should be \(8, 8\)"):
        Trainer(TUTORIAL, small()).restore(state)
    with pytest.raises(TrainingProblem, match="weight is missing"):
        Trainer(TUTORIAL, small()).restore({})


def test_a_finished_run_stays_finished() -> None:
    trainer = Trainer(TUTORIAL, small())
    trainer.run()
    weight = trainer.weight()
    assert trainer.run() == "finished"
    assert (trainer.weight() == weight).all()


@pytest.mark.parametrize("values", [{"epochs": 100}, {"epochs": 1, "batch": 1}, {"epochs": 7, "sample": 1e-3}])
def test_reports_go_from_the_first_step_to_the_end(values: dict) -> None:
    reports: list[Progress] = []
    trainer = Trainer(random_text(), small(**values))
    trainer.run(on_progress=reports.append)
    shares = [report.share for report in reports]
    assert shares == sorted(set(shares))
    assert shares[-1] == 1
    assert 20 <= len(reports) <= 80 or "sample" in values
    assert reports[-1].tokens == trainer.tokens * trainer.config.epochs
    assert reports[-1].epoch == trainer.config.epochs
    assert reports[-1].seconds_left == 0
    assert reports[0].lr > reports[-1].lr > 0
    assert all(1 <= report.epoch <= report.epochs for report in reports)
    assert all(report.words_per_second > 0 and report.seconds_left >= 0 for report in reports)
    assert all((report.loss is None) == (report.pairs == 0) for report in reports)
    assert set(reports[0].to_json()) == {
        *("share", "epoch", "epochs", "tokens", "loss", "pairs"),
        *("seconds", "words_per_second", "seconds_left", "lr"),
    }


def test_the_loss_told_is_the_mean_over_pairs() -> None:
    text = [["a", "b", "c"], ["b", "a"]]
    reports: list[Progress] = []
    trainer = Trainer(text, small(window=1, negative=3, epochs=1, batch=16))
    rng = np.random.default_rng(4)
    context = rng.normal(size=(len(trainer.vocab), 8)).astype(np.float32)
    trainer.embedding.weight.data[2:] = torch.from_numpy(rng.normal(size=(3, 8)).astype(np.float32))
    trainer.model.weights["context"].copy_(torch.from_numpy(context))
    weight = trainer.weight().astype(np.float64)
    sampler = Sampler(trainer.corpus, window=1, sample=0, seed=1)
    negatives = sampler.negatives(sampler.draw(0, 0), (1, 1, 16)).reshape(-1)  # the only pool of the only batch
    trainer.run(on_progress=reports.append)
    assert len(reports) == 1

    stoi = trainer.vocab.stoi
    losses = []
    for word, neighbour in ("ab", "ba", "bc", "cb", "ba", "ab"):
        u = weight[stoi[word]]
        apart = np.log1p(np.exp(context[negatives] @ u)).sum() * 3 / 16
        losses.append(np.log1p(np.exp(-context[stoi[neighbour]] @ u)) + apart)
    assert reports[0].pairs == 6
    assert reports[0].loss == pytest.approx(np.mean(losses), rel=1e-5)


def test_should_stop_half_way_keeps_what_there_is() -> None:
    seen: list[Progress] = []
    trainer = Trainer(random_text(), small(epochs=50))
    assert trainer.run(on_progress=seen.append, should_stop=lambda: bool(seen) and seen[-1].share > 0.5) == "stopped"
    assert 0.5 < seen[-1].share < 0.6
    vectors = trainer.word_vectors()
    assert (vectors.matrix == trainer.weight()[2:]).all()


def test_train_gives_the_words_without_the_specials() -> None:
    vectors = train((sentence for sentence in random_text()), small())
    assert list(vectors.tokens) == Vocab.build(random_text()).words
    assert vectors.matrix.shape == (len(vectors.tokens), 8)
    assert np.isfinite(vectors.matrix).all()


# Ugly cases.


@pytest.mark.parametrize("lr", [1.0, 10.0])
def test_a_huge_learning_rate_stays_finite(lr: float) -> None:
    trainer = Trainer(random_text(), small(epochs=100, lr=lr, batch=256))
    trainer.run()
    assert np.isfinite(trainer.weight()).all()


@pytest.mark.parametrize("far", [10.0, 60.0, 500.0])
def test_scores_far_on_the_wrong_side_have_a_finite_loss(far: float) -> None:
    windows = Windows(1)
    ids = torch.zeros(windows.block + 2, dtype=torch.int32) + 2
    ids[1::2] = 3
    reach = torch.ones(windows.block, dtype=torch.int32)
    batch = windows.batch(ids, reach, reach, torch.tensor([[4]], dtype=torch.int32), 1, pads=False)
    weight, context = torch.zeros(5, 1), torch.zeros(5, 1)
    weight[2:4], context[2:4], context[4] = 1, -far, far  # every neighbour far away, the negative far too near
    found = gradients(weight, context, batch, windows)
    pairs = 2 * windows.block
    assert batch.pairs.sum() == pairs
    assert found.loss == pytest.approx(pairs * 2 * min(far, 87.336), rel=1e-4)  # float32's smallest number is e^-87.3
    assert found.words.view(-1).tolist() == pytest.approx([4 * far] * windows.block, rel=1e-4)


def test_overflow_ends_with_a_sentence_and_the_last_good_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Mover, "LIMIT", 1e9)  # without the bound, this diverges
    trainer = Trainer(random_text(), small(epochs=100, lr=10.0, batch=256))
    with pytest.raises(TrainingProblem) as caught:
        trainer.run()
    assert str(caught.value) == (
        "The numbers grew without bound at a learning rate of 10; the last good vectors were kept. "
        "Try a lower learning rate, or fewer positions a step."
    )
    assert np.isfinite(trainer.weight()).all()
    assert all(np.isfinite(array).all() for array in trainer.state().values())
    assert not trainer.weight()[1].any()


@pytest.mark.parametrize(
    ("text", "values", "sentence"),
    [
        ([], {}, "The text has no words, so there is nothing to learn from."),
        ([[], []], {}, "The text has no words, so there is nothing to learn from."),
        (
            TUTORIAL,
            {"min_count": 3},
            "No word of the text occurs 3 times or more, so min_count leaves nothing to learn from. "
            "A lower min_count keeps more words.",
        ),
        (
            [["one"], ["two"], ["one"]],
            {},
            "Every sentence has only one word, so no word has a neighbour to learn from. "
            "A sentence is one line of the text.",
        ),
        (
            [["a", "x"], ["a", "y"]],
            {"min_count": 2},
            "Every sentence has only one word (after rare words were left out), so no word has a neighbour to learn "
            "from. A sentence is one line of the text.",
        ),
    ],
)
def test_nothing_to_learn_from_is_said_with_its_reason(text: list, values: dict, sentence: str) -> None:
    with pytest.raises(TrainingProblem) as caught:
        Trainer(text, small(**values))
    assert str(caught.value) == sentence


def test_one_word_a_thousand_times_has_only_itself_as_a_neighbour() -> None:
    with pytest.raises(TrainingProblem, match="only one different word"):
        Trainer([["again"] * 1000], small())


def test_two_words_train() -> None:
    reports: list[Progress] = []
    trainer = Trainer([["left", "right"]], small(epochs=300))
    assert trainer.run(on_progress=reports.append) == "finished"
    assert reports[-1].loss < reports[0].loss
    assert np.isfinite(trainer.weight()).all()


def test_a_bad_setting_is_told_before_the_text_is_read() -> None:
    def sentences():
        raise AssertionError("read")
        yield

    with pytest.raises(BadSetting, match="dim should be"):
        Trainer(sentences(), small(dim=0))
