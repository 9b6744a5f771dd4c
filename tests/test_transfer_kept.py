"""Models on disk: back as they were, mapped, whole or not at all, and damage is told."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from embedcore import storage
from embedcore.answers import Neighbor
from embedcore.errors import StorageProblem
from embedcore.tokens import Tokens
from embedcore.transfer.config import AVERAGE, CONVOLUTION, MODELS
from embedcore.transfer.kept import FACTS, WEIGHT, WORDS, KeptModel, open_model, open_words, save_model
from embedcore.transfer.results import LearnedWords, Moved, Pull

WORDS_MADE = LearnedWords(
    [Moved("한국", 7, 1.5, 0.25, [Neighbor("서울", 0.5, 3)], [Neighbor('"q"', -0.5, 4), Neighbor("x", 0.1, 0)])],
    [[Pull("bad", 9, 0.125)], []],
)


def a_model(kind: str = AVERAGE) -> KeptModel:
    rng = np.random.default_rng(0)

    def drawn(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape).astype(np.float32)

    shapes: dict[str, tuple[int, ...]] = {"hidden": (3, 4), "output": (2, 3)}
    if kind == CONVOLUTION:
        shapes = {f"filters.{number}": (3, 4, width) for number, width in enumerate((3, 4, 5))} | {"output": (2, 9)}
    head = {f"{name}.weight": drawn(*shape) for name, shape in shapes.items()}
    head |= {f"{name}.bias": drawn(shape[0]) for name, shape in shapes.items()}
    words = Tokens.of(["<unk>", "<pad>", "한국", "emoji🙂", "a\u0301"])
    return KeptModel("tuned", 20, 3, kind, "words", ("부정", "pos"), words, drawn(5, 4), head)


@pytest.mark.parametrize("kind", MODELS)
def test_a_model_comes_back_as_it_was(kind: str, tmp_path: Path) -> None:
    place, model = tmp_path / "tuned-20", a_model(kind)
    save_model(place, model, WORDS_MADE)
    found = open_model(place)
    for name in ("start", "size", "seed", "kind", "tokenizer", "classes"):
        assert getattr(found, name) == getattr(model, name)
    assert list(found.words) == list(model.words)
    assert found.weight.tobytes() == model.weight.tobytes()
    assert {name: array.tobytes() for name, array in found.head.items()} == {
        name: array.tobytes() for name, array in model.head.items()
    }
    assert not found.weight.flags.writeable
    assert open_words(place) == WORDS_MADE
    assert [path.name for path in tmp_path.iterdir()] == ["tuned-20"]


def test_a_model_is_replaced_whole(tmp_path: Path) -> None:
    place, model = tmp_path / "tuned-20", a_model()
    save_model(place, model, WORDS_MADE)
    before = open_model(place)
    save_model(place, replace(model, weight=model.weight + 1))
    assert open_model(place).weight.tobytes() == (model.weight + 1).tobytes()
    assert open_words(place) is None
    assert before.weight.tobytes() == model.weight.tobytes()  # whoever has it open can go on


def test_on_a_full_disk_the_old_one_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "tuned-20"
    save_model(place, a_model())

    def full(path: Path, array: np.ndarray) -> str:
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("embedcore.transfer.kept.write_array", full)
    with pytest.raises(StorageProblem, match=r"Could not keep what this fit learned\. The disk is full"):
        save_model(place, a_model(CONVOLUTION))
    assert open_model(place).kind == AVERAGE
    assert os.listdir(tmp_path) == ["tuned-20"]


def damaged_files(place: Path) -> list[str]:
    return sorted(path.name for path in place.iterdir() if path.name != WORDS)


@pytest.mark.parametrize("damage", ["gone", "empty", "cut", "junk"])
@pytest.mark.parametrize("kind", MODELS)
def test_a_damaged_file_is_told(kind: str, damage: str, tmp_path: Path) -> None:
    place = tmp_path / "tuned-20"
    save_model(place, a_model(kind), WORDS_MADE)
    for name in damaged_files(place):
        raw = (place / name).read_bytes()
        (place / name).unlink()
        if damage != "gone":
            (place / name).write_bytes({"empty": b"", "cut": raw[: len(raw) // 2], "junk": b"\x00\xff" * 40}[damage])
        with pytest.raises(StorageProblem):
            open_model(place)
        (place / name).write_bytes(raw)
    assert open_model(place).kind == kind


@pytest.mark.parametrize(
    "change",
    [{"kind": "other"}, {"classes": ["only"]}, {"classes": 3}, {"size": "many"}, {"start": "warm"}, {"kind": None}],
)
def test_facts_that_do_not_fit(change: dict[str, object], tmp_path: Path) -> None:
    place = tmp_path / "tuned-20"
    save_model(place, a_model())
    storage.write_json(place / FACTS, {**storage.read_json(place / FACTS), **change})
    with pytest.raises(StorageProblem, match="The model of this fit is damaged"):
        open_model(place)


def test_arrays_that_do_not_fit(tmp_path: Path) -> None:
    place, model = tmp_path / "tuned-20", a_model()
    wrong = [
        (WEIGHT, model.weight[:4]), (WEIGHT, model.weight[:, :3]), (WEIGHT, model.weight.astype(np.float64)),
        (WEIGHT, model.weight[0]), ("head-hidden.bias.npy", np.zeros(4, np.float32)),
        ("head-output.weight.npy", np.zeros((3, 3), np.float32)), ("head-more.weight.npy", np.zeros(3, np.float32)),
    ]  # fmt: skip
    for name, array in wrong:
        save_model(place, model)
        storage.write_array(place / name, array)
        with pytest.raises(StorageProblem, match="The model of this fit is damaged"):
            open_model(place)


@pytest.mark.parametrize("raw", ["", "[]", '{"moved": []}', '{"moved": [{}], "pulls": []}', '{"moved": 3, "pulls": 1}'])
def test_damaged_words_are_told(raw: str, tmp_path: Path) -> None:
    save_model(tmp_path / "m", a_model(), WORDS_MADE)
    (tmp_path / "m" / WORDS).write_text(raw, encoding="utf-8")
    with pytest.raises(StorageProblem):
        open_words(tmp_path / "m")


def test_what_was_learned_of_words_is_json() -> None:
    assert LearnedWords.from_json(json.loads(json.dumps(WORDS_MADE.to_json()))) == WORDS_MADE
