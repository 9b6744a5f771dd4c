"""CSV that other programs read back: the same words, the same numbers to six decimals."""

from __future__ import annotations

import csv
import io

import numpy as np
import pandas as pd

from embedcore.questions import csv_tables

WORDS = ["king", "a,b", 'say "x"', "왕", "=1+1", "two\nlines"]


def test_a_matrix_reads_back() -> None:
    numbers = np.random.default_rng(0).uniform(-1, 1, size=(6, 6))
    table = pd.read_csv(io.StringIO(csv_tables.matrix(WORDS, WORDS, numbers)), index_col=0)
    assert list(table.index) == list(table.columns) == WORDS
    np.testing.assert_allclose(table.to_numpy(), numbers, atol=5e-7)


def test_a_number_that_is_nan_is_empty() -> None:
    text = csv_tables.matrix(["a"], ["b", "c"], np.array([[np.nan, -0.25]]))
    assert text == ",b,c\na,,-0.250000\n"


def test_a_table_of_words_and_numbers() -> None:
    text = csv_tables.table(["word", "other word", "cosine"], [("a,b", "왕", 0.5), ("x", "y", float("nan"))])
    assert [*csv.reader(io.StringIO(text))] == [
        ["word", "other word", "cosine"], ["a,b", "왕", "0.500000"], ["x", "y", ""]
    ]  # fmt: skip
