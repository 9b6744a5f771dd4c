"""What a fit learned, on disk: the rows of the training texts' words, what stands above them, and a few facts.

facts.json       which fit, what kind of model, the labels, how texts are split into words
tokens.arrow     the words by row, `<unk>` and `<pad>` first; order.npy sorts them, as `Tokens` has it
weight.npy       (V, D) float32, the embedding's rows of these words
head-NAME.npy    one parameter of the model besides the embedding, under torch's name for it
words.json       the words that moved and that pull, as `results.LearnedWords` has them

Here belongs writing and opening. No torch: pages open models. Asking them is in `asking`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embedcore.errors import StorageProblem
from embedcore.storage import directory_in_place, open_array, read_json, write_array, write_json
from embedcore.tokens import Tokens
from embedcore.transfer.config import AVERAGE, CONVOLUTION, STARTS, WIDTHS
from embedcore.transfer.results import LearnedWords

FACTS, WORDS, WEIGHT = "facts.json", "words.json", "weight.npy"
_FORMAT = 1
_HEAD = re.compile(r"head-([a-z0-9.]+)\.npy")
_LAYERS = {
    AVERAGE: ("hidden", "output"),
    CONVOLUTION: (*(f"filters.{number}" for number in range(len(WIDTHS))), "output"),
}
_DAMAGED = "The model of this fit is damaged and cannot be asked."


@dataclass(frozen=True, eq=False)
class KeptModel:
    """A fitted model as numbers.

    Attributes:
        start, size, seed: which fit.
        kind: one of `config.MODELS`.
        tokenizer: how a text is split into words.
        classes: (C) the labels, in the order of their numbers.
        words: (V) what each row stands for: `<unk>`, `<pad>`, and the words of the training texts.
        weight: (V, D) float32, the embedding's rows of these; read-only, mapped where it was opened.
        head: every other parameter by torch's name for it, "output.weight" (C, H) among them.
    """

    start: str
    size: int
    seed: int
    kind: str
    tokenizer: str
    classes: tuple[str, ...]
    words: Tokens
    weight: NDArray[np.float32]
    head: Mapping[str, NDArray[np.float32]]


def save_model(place: Path, model: KeptModel, learned: LearnedWords | None = None) -> None:
    """Write a model into the folder `place`, whole or not at all; one that is there is replaced.

    Raises StorageProblem.
    """
    facts = {
        "format": _FORMAT, "start": model.start, "size": model.size, "seed": model.seed, "kind": model.kind,
        "tokenizer": model.tokenizer, "classes": list(model.classes),
    }  # fmt: skip
    with directory_in_place(place, overwrite=True, doing="keep what this fit learned") as folder:
        model.words.save(folder)
        write_array(folder / WEIGHT, model.weight)
        for name, array in model.head.items():
            write_array(folder / f"head-{name}.npy", array)
        if learned is not None:
            write_json(folder / WORDS, learned.to_json(), sync=False)
        write_json(folder / FACTS, facts, sync=False)


def open_model(place: Path) -> KeptModel:
    """The model in a folder, its arrays mapped from their files. Raises StorageProblem if missing or damaged."""
    facts = read_json(place / FACTS)
    words, weight = Tokens.open(place), open_array(place / WEIGHT)
    head = {match[1]: open_array(file) for file in sorted(place.iterdir()) if (match := _HEAD.fullmatch(file.name))}
    try:
        model = KeptModel(
            facts["start"], int(facts["size"]), int(facts["seed"]), facts["kind"], facts["tokenizer"],
            tuple(map(str, facts["classes"])), words, weight, head,
        )  # fmt: skip
        _check(model)
    except (KeyError, TypeError, ValueError, IndexError):
        raise StorageProblem(_DAMAGED) from None
    return model


def open_words(place: Path) -> LearnedWords | None:
    """What the fit in a folder learned of words; None if that was not kept. Raises StorageProblem if damaged."""
    if not (place / WORDS).exists():
        return None
    try:
        return LearnedWords.from_json(read_json(place / WORDS))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise StorageProblem("What this fit learned of words is damaged and cannot be read.") from None


def _check(model: KeptModel) -> None:
    """Raise ValueError, KeyError or IndexError unless all parts fit each other."""
    shapes: dict[str, tuple[Any, ...]] = {name: array.shape for name, array in model.head.items()}
    layers = _LAYERS[model.kind]
    if set(shapes) != {f"{layer}.{part}" for layer in layers for part in ("weight", "bias")}:
        raise ValueError("parameters are missing")
    units, dim = shapes[f"{layers[0]}.weight"][0], model.weight.shape[1]
    if model.kind == AVERAGE:
        expected: dict[str, tuple[Any, ...]] = {"hidden": (units, dim), "output": (len(model.classes), units)}
    else:
        expected = {f"filters.{number}": (units, dim, width) for number, width in enumerate(WIDTHS)}
        expected["output"] = (len(model.classes), len(WIDTHS) * units)
    fit = all(
        shapes[f"{layer}.weight"] == shape and shapes[f"{layer}.bias"] == shape[:1] for layer, shape in expected.items()
    )
    numbers = all(array.dtype == np.float32 for array in (model.weight, *model.head.values()))
    if not (fit and numbers and model.weight.ndim == 2 and len(model.words) == len(model.weight) >= 2):
        raise ValueError("shapes do not fit")
    if model.start not in STARTS:
        raise ValueError("no such start")
