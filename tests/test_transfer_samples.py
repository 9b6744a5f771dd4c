"""The samples of labelled texts, and published ones where they are at hand, read as a visitor's file is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from embedcore import WordVectors
from embedcore.transfer.columns import guess_columns, labelled
from embedcore.transfer.coverage import coverage
from embedcore.transfer.encoding import Tokenized, rows_in, tokenize_texts
from embedcore.transfer.labelled import LabelledTexts
from embedcore.transfer.problems import problems_of_data, problems_of_split
from embedcore.transfer.records import read_records
from embedcore.transfer.samples import LABELLED_SAMPLES
from embedcore.transfer.splitting import split_texts, suggested_shares

DATA = Path(__file__).parent.parent.parent / "shared" / "data"


def published(*files: str) -> list[Path]:
    paths = [DATA / file for file in files]
    if not all(path.exists() for path in paths):
        pytest.skip("the published texts are not beside this checkout, in ../shared/data")
    return paths


Scores = Callable[[np.ndarray, np.ndarray], np.ndarray]  # (C, F) summed of each class, (T, F) -> (T, C)


def accuracy(data: LabelledTexts, features: np.ndarray, size: int, scores: Scores) -> float:
    """The share of right answers about the test texts, over ten seeds; `features` are (N, F)."""
    right = []
    for seed in range(10):
        split = split_texts(data, seed=seed, test=0.3)
        train = split.train[:size]
        sums = np.stack([features[train][data.labels[train] == each].sum(0) for each in range(len(data.classes))])
        right.append(scores(sums, features[split.test]).argmax(1) == data.labels[split.test])
    return float(np.concatenate(right).mean())


def by_mean(sums: np.ndarray, features: np.ndarray) -> np.ndarray:
    """How near in direction a class's mean is."""
    return features @ (sums / np.linalg.norm(sums, axis=1, keepdims=True)).T


def by_counts(sums: np.ndarray, features: np.ndarray) -> np.ndarray:
    """Naive Bayes, which knows words by nothing but their counts."""
    return features @ np.log((sums + 1) / (sums + 1).sum(1, keepdims=True)).T


def counts_of(tokenized: Tokenized) -> np.ndarray:
    """How often each token is in each text: (N, W)."""
    counts = np.zeros((len(tokenized.ends), len(tokenized.tokens)), np.float32)
    np.add.at(counts, (np.repeat(np.arange(len(counts)), tokenized.lengths), tokenized.ids), 1)
    return counts


@pytest.mark.parametrize(("name", "classes"), [("English", 3), ("Korean", 2)])
def test_the_samples_are_without_problems(name: str, classes: int) -> None:
    sample = LABELLED_SAMPLES[name]
    data = sample.texts()
    assert sample.about.startswith(f"{len(data)} {name} ")
    assert len(set(data.counts.tolist())) == 1  # none is more frequent
    assert len(data.classes) == classes
    tokenized = tokenize_texts(data.texts)
    assert problems_of_data(data, tokenized) == []
    assert sample.records().notes == ()
    validation, test = suggested_shares(len(data))
    (small,) = problems_of_split(data, split_texts(data, validation=validation, test=test))
    assert small.sentence.startswith(f"The test part has {len(data) * 3 // 10} texts")


def test_the_english_sample_rewards_pre_trained_vectors(glove: WordVectors) -> None:
    data = LABELLED_SAMPLES["English"].texts()
    tokenized = tokenize_texts(data.texts)
    rows = rows_in(glove, tokenized)
    assert coverage(tokenized, rows).token_share > 0.99
    counts = counts_of(tokenized)  # (N, W)
    matrix = np.where(rows[:, None] >= 0, glove.matrix[rows], 0)  # (W, D)
    averaged = counts @ matrix  # (N, D)
    averaged -= averaged.mean(0)
    few, many = accuracy(data, counts, 30, by_counts), accuracy(data, counts, 180, by_counts)
    assert accuracy(data, averaged, 30, by_mean) > few + 0.15  # what words mean is known before they are seen
    assert many > few + 0.1  # but can be learned


def test_the_korean_sample_can_be_learned() -> None:
    data = LABELLED_SAMPLES["Korean"].texts()
    counts = counts_of(tokenize_texts(data.texts))
    few, many = accuracy(data, counts, 20, by_counts), accuracy(data, counts, 150, by_counts)
    assert many > max(few + 0.05, 0.6)  # half are right by chance


def test_korean_reviews() -> None:
    (path,) = published("ko/nsmc_train20k.tsv")
    records = read_records(path.name, path.read_bytes())
    columns = guess_columns(records)
    assert (columns.text, columns.label, columns.part) == ("document", "label", None)
    data, left_out = labelled(records, columns)
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").split("\n")[1:] if line]
    assert len(data) + sum("row" in sentence for sentence in left_out) == len(rows)
    assert Counter(data.classes[label] for label in data.labels.tolist()) == Counter(row[2] for row in rows)


def test_published_sentences_of_two_files() -> None:
    paths = published("en/sentence_polarity/rt-polarity.neg", "en/sentence_polarity/rt-polarity.pos")
    lines = [path.read_text(encoding="utf-8").split("\n")[:-1] for path in paths]
    table = "".join(f"{label}\t{line}\n" for label, part in zip(("neg", "pos"), lines, strict=True) for line in part)
    records = read_records("polarity.tsv", table.encode())
    data, left_out = labelled(records, guess_columns(records))
    assert (left_out, data.classes, data.counts.tolist()) == ((), ("neg", "pos"), [5331, 5331])
    assert data.texts[0] == "simplistic , silly and tedious ."
    split = split_texts(data)
    assert [len(split.train), len(split.validation), len(split.test)] == [8530, 1066, 1066]
    assert not problems_of_split(data, split)
