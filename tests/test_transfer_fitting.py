"""One fit: what may move and what may not, the same again, and the words' own rows."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from embedcore.errors import BadSetting, TrainingProblem
from embedcore.training.initial import initial_weight
from embedcore.transfer.config import FROZEN, MODELS, SCRATCH, STARTS, TUNED, TransferConfig
from embedcore.transfer.encoding import encode, rows_in, tokenize_texts
from embedcore.transfer.fitting import LOOK_STEPS, Learned, Texts, fit, scores_of
from embedcore.transfer.labelled import LabelledTexts
from embedcore.transfer.results import Fitted, Task
from embedcore.transfer.splitting import split_texts
from embedcore.vocab import PAD_INDEX, UNK_INDEX
from tests.transfer_texts import labelled, vectors

CONFIG = TransferConfig(pretrained="clouds", hidden=8, epochs=6)


def texts_of(data: LabelledTexts, start: str, size: int | None = None) -> Texts:
    split, tokenized = split_texts(data, validation=0.2, test=0.3), tokenize_texts(data.texts)
    rows = None if start == SCRATCH else rows_in(vectors(), tokenized)
    training = split.train[:size]
    encoded = encode(tokenized, training, rows)
    return Texts(encoded, data.labels, len(data.classes), training, split.validation, split.test)


def learned(start: str, config: TransferConfig = CONFIG, texts: Texts | None = None, seed: int = 1) -> Learned:
    texts = texts_of(labelled(), start) if texts is None else texts
    made = fit(texts, Task(start, len(texts.training), seed), config, vectors())
    assert made is not None
    return made


def weights(made: Learned) -> dict[str, bytes]:
    return {name: value.detach().numpy().tobytes() for name, value in made.model.named_parameters()}


def test_each_word_starts_from_its_own_row() -> None:
    texts, set_ = texts_of(labelled(), FROZEN), vectors()
    made = learned(FROZEN, texts=texts)
    number = texts.encoded.vocab.stoi
    assert len(number) > 130
    missing = [word for word in number if word not in set_ and not word.startswith("<")]
    assert len(missing) == 10
    for word, place in number.items():
        if word in set_:
            assert made.first[place].tobytes() == set_[word].tobytes()
    drawn = made.first[[number[word] for word in [*missing, "<unk>"]]]
    assert drawn.any(axis=1).all()
    assert np.abs(drawn).max() <= 0.5 / set_.dim


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("start", STARTS)
def test_what_moves(start: str, kind: str) -> None:
    texts = texts_of(labelled(), start, size=60)
    made = learned(start, replace(CONFIG, model=kind), texts)
    now = made.model.embedding.weight.detach().numpy()
    assert made.model.embedding.padding_idx == PAD_INDEX
    assert not made.first[PAD_INDEX].any()
    assert not now[PAD_INDEX].any()
    moved = (now.view(np.uint32) != made.first.view(np.uint32)).any(axis=1)  # (V,)
    if start == FROZEN:
        assert now.tobytes() == made.first.tobytes()
        return
    trained = texts.encoded.trained
    assert moved[2:trained].all()
    assert not moved[trained:].any()  # words that only other texts have
    assert not moved[UNK_INDEX]
    assert start == SCRATCH or trained < len(moved)


def test_numbers_that_learn() -> None:
    frozen, tuned = learned(FROZEN), learned(TUNED)
    assert frozen.fitted.trained == (12 * 8 + 8) + (8 * 2 + 2)
    encoded = texts_of(labelled(), TUNED).encoded
    assert tuned.fitted.trained == frozen.fitted.trained + encoded.trained * 12  # words of other texts never learn
    assert tuned.fitted.entries == len(tuned.first) == len(encoded.vocab) > encoded.trained


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("kind", MODELS)
def test_the_same_again_and_another_seed(start: str, kind: str) -> None:
    config, texts = replace(CONFIG, model=kind, epochs=2), texts_of(labelled(), start, 60)
    torch.manual_seed(5)
    once = learned(start, config, texts)
    torch.manual_seed(6)  # what others drew does not reach a fit
    torch.rand(7)
    again, other = learned(start, config, texts), learned(start, config, texts, seed=2)
    assert weights(once) == weights(again)
    assert once.fitted.answers.tolist() == again.fitted.answers.tolist()
    assert weights(once) != weights(other)


def test_the_kept_weights_are_those_of_the_best_look() -> None:
    texts = texts_of(labelled(), TUNED)
    texts.labels[::3] = 1 - texts.labels[::3]  # nobody can learn these, so that more steps make it worse
    made = learned(TUNED, replace(CONFIG, epochs=60), texts)
    assert made.fitted.best_step < made.fitted.steps
    scores = scores_of(made.model, texts.encoded, texts.validation)  # (m, C)
    labels = torch.from_numpy(texts.labels[texts.validation])
    assert torch.nn.functional.cross_entropy(scores, labels).item() == pytest.approx(made.fitted.validation_loss)
    looks = made.fitted.best_step // 20  # two steps a pass, ten passes to a look
    until_then = learned(TUNED, replace(CONFIG, epochs=looks), texts)
    assert until_then.fitted.steps == made.fitted.best_step
    assert weights(until_then) == weights(made)


def test_accuracy_is_of_the_test_texts() -> None:
    texts = texts_of(labelled(), TUNED)
    made = learned(TUNED, replace(CONFIG, epochs=60), texts)
    right = [
        answer == texts.labels[place] for answer, place in zip(made.fitted.answers, texts.test.tolist(), strict=True)
    ]
    assert made.fitted.accuracy == sum(right) / len(right)
    assert made.fitted.accuracy > 0.9


def test_the_test_has_no_part_in_learning() -> None:
    """Other labels in the test, and other words, and the weights are still the same."""
    texts = texts_of(labelled(), SCRATCH)
    labels = texts.labels.copy()
    labels[texts.test] = 1 - labels[texts.test]
    turned = learned(SCRATCH, texts=replace(texts, labels=labels))
    assert weights(turned) == weights(learned(SCRATCH, texts=texts))
    data = labelled()
    changed = list(data.texts)
    for place in texts.test.tolist():
        changed[place] = "something else altogether"
    tokenized = tokenize_texts(changed)
    others = replace(texts, encoded=encode(tokenized, texts.training))
    assert weights(learned(SCRATCH, texts=others)) == weights(learned(SCRATCH, texts=texts))


@pytest.mark.parametrize("kind", MODELS)
def test_texts_are_asked_in_any_order(kind: str) -> None:
    short = [f"word{number} good1" for number in range(9)]
    data = LabelledTexts.of([*labelled(90).texts, *short, "!"], [*(["neg", "pos"] * 50)])
    texts = texts_of(data, SCRATCH)
    made = learned(SCRATCH, replace(CONFIG, model=kind), texts)
    places = np.random.default_rng(0).permutation(len(data))
    together = scores_of(made.model, texts.encoded, places)  # (n, C)
    for place, scores in zip(places.tolist(), together, strict=True):
        ids = torch.from_numpy(texts.encoded.padded(np.array([place])))
        assert torch.allclose(made.model(ids)[0], scores, atol=1e-5)
    assert scores_of(made.model, texts.encoded, places[:0]).shape == (0, 2)


def test_where_training_texts_are_few_vectors_help() -> None:
    few = {start: learned(start, replace(CONFIG, epochs=60), texts_of(labelled(), start, 20)) for start in STARTS}
    assert few[FROZEN].fitted.accuracy > few[SCRATCH].fitted.accuracy + 0.15


def test_without_validation_texts() -> None:
    texts = replace(texts_of(labelled(), TUNED), validation=np.zeros(0, np.int64))
    made = learned(TUNED, texts=texts)
    assert made.fitted.steps == made.fitted.best_step > 50
    assert np.isnan(made.fitted.validation_loss)


def test_a_text_without_a_word() -> None:
    data = LabelledTexts.of([*labelled().texts, *["!!", "?"] * 6], [*(["neg", "pos"] * 120), *["neg", "pos"] * 6])
    for kind in MODELS:
        made = learned(SCRATCH, replace(CONFIG, model=kind), texts_of(data, SCRATCH))
        assert np.isfinite(made.fitted.validation_loss)


def test_stopping() -> None:
    texts, asked = texts_of(labelled(), TUNED), []
    stop = fit(texts, Task(TUNED, 5, 1), CONFIG, vectors(), should_stop=lambda: len(asked) > 1 or bool(asked.append(1)))
    assert stop is None
    assert len(asked) == 2


def test_what_cannot_be_is_told() -> None:
    texts = texts_of(labelled(), TUNED)
    with pytest.raises(TrainingProblem, match="To start tuned, the vector set has to be opened"):
        fit(texts, Task(TUNED, 5, 1), CONFIG)
    with pytest.raises(BadSetting, match="dim is 5, but “clouds” has 12 numbers a word"):
        fit(texts, Task(TUNED, 5, 1), replace(CONFIG, dim=5), vectors())


def test_numbers_that_are_not_finite_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = texts_of(labelled(), SCRATCH)
    weight = np.full((len(texts.encoded.vocab), 12), np.inf, np.float32)
    monkeypatch.setattr("embedcore.transfer.fitting.first_weight", lambda *_: weight)
    with pytest.raises(TrainingProblem, match=r"The numbers grew without end\. Choose a smaller lr\."):
        learned(SCRATCH, texts=texts)


def test_a_fit_on_disk() -> None:
    made = learned(TUNED).fitted
    back = Fitted.from_json(json.loads(json.dumps(made.to_json())))
    assert back.to_json() == made.to_json()
    assert back.task == made.task


@pytest.mark.parametrize("start", [SCRATCH, TUNED])
def test_each_seed_has_first_weights_of_its_own(start: str) -> None:
    for seed in (1, 2):
        made = learned(start, replace(CONFIG, epochs=1), seed=seed)
        drawn = initial_weight(len(made.first), 12, seed)
        random = texts_of(labelled(), start).encoded.rows < 0  # those that no set gives
        assert random.sum() > 5
        assert np.array_equal(made.first[random], drawn[random])


def test_each_seed_draws_the_network_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    weight = initial_weight(len(texts_of(labelled(), FROZEN).encoded.vocab), 12, 1)
    monkeypatch.setattr("embedcore.transfer.fitting.first_weight", lambda *_: weight)
    one, other = (weights(learned(FROZEN, replace(CONFIG, epochs=1), seed=seed)) for seed in (1, 2))
    assert one["hidden.weight"] != other["hidden.weight"]


def test_a_fit_ends_after_patience_looks_without_a_better_one() -> None:
    texts = texts_of(labelled(), TUNED)
    texts.labels[::3] = 1 - texts.labels[::3]  # what is learned by heart does not help with others
    fitted = learned(TUNED, replace(CONFIG, epochs=60, patience=3), texts).fitted
    assert fitted.steps == fitted.best_step + 3 * LOOK_STEPS
