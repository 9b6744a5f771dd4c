"""The coordinates of a map as a table: the same numbers and words in CSV and Parquet, whatever the words are."""

from __future__ import annotations

import csv
import io
import json
import time

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.parquet
import pytest

from embedcore.errors import BadVectors
from embedcore.maps import table
from embedcore.questions import csv_tables

WORDS = ["왕", 'say "hi"', "a,b", "line\nend", "=1+1", "-", "", " 𝒳 ", "null", "0012"]


def places(points: int, dims: int) -> npt.NDArray[np.float32]:
    return np.random.default_rng(1).standard_normal((points, dims)).astype(np.float32)


def rows(sets: int = 1) -> npt.NDArray[np.int64]:
    return np.array([np.arange(10) * (number + 1) + number for number in range(sets)])


def read(data: bytes) -> list[dict[str, str]]:
    """The lines of a CSV file, by the reader of Python itself."""
    return list(csv.DictReader(io.StringIO(data.decode("utf-8"), newline="")))


@pytest.mark.parametrize("dims", [2, 3])
def test_the_csv_has_every_word_as_it_is_and_every_number_to_the_bit(dims: int) -> None:
    where = places(10, dims)
    lines = read(table.csv(table.table(["mine"], WORDS, rows(), where)))
    assert list(lines[0]) == ["word", "rank", "set", *"xyz"[:dims]]
    assert [line["word"] for line in lines] == WORDS
    assert [int(line["rank"]) for line in lines] == list(range(1, 11))
    assert {line["set"] for line in lines} == {"mine"}
    got = np.array([[float(line[axis]) for axis in "xyz"[:dims]] for line in lines])
    assert got.astype(np.float32).tobytes() == where.tobytes()


def test_pandas_reads_the_same() -> None:
    where = places(10, 2)
    found = pd.read_csv(io.BytesIO(table.csv(table.table(["한국"], WORDS, rows(), where))), keep_default_na=False)
    assert found["word"].tolist() == WORDS
    assert found[["x", "y"]].to_numpy(np.float32).tobytes() == where.tobytes()


def test_points_of_two_sets_name_their_set_and_have_their_own_ranks() -> None:
    where = places(20, 2)
    found = table.table(["one", "two"], WORDS, rows(2), where).to_pylist()
    assert [line["set"] for line in found] == ["one"] * 10 + ["two"] * 10
    assert [line["word"] for line in found] == WORDS * 2
    assert [line["rank"] for line in found] == [*range(1, 11), *range(2, 22, 2)]
    assert [line["y"] for line in found] == where[:, 1].tolist()


def test_clusters_count_from_one_and_none_is_empty() -> None:
    groups = np.array([0, 1, 2, -1, 0, 0, 0, -1, 0, 3], dtype=np.int32)
    found = table.table(["mine"], WORDS, rows(), places(10, 2), groups)
    assert found["cluster"].to_pylist() == [1, 2, 3, None, 1, 1, 1, None, 1, 4]
    assert [line["cluster"] for line in read(table.csv(found))] == ["1", "2", "3", "", "1", "1", "1", "", "1", "4"]


def test_the_parquet_file_says_which_map_it_is() -> None:
    where, facts = places(10, 3), {"request": {"words": ["왕", 'a"b']}, "variance": [0.25, 0.5]}
    points = table.table(["mine"], WORDS, rows(), where, np.zeros(10, dtype=np.int32))
    found = pyarrow.parquet.read_table(io.BytesIO(table.parquet(points, facts)))
    assert found.to_pydict() == points.to_pydict()
    assert np.stack([found[axis].to_numpy() for axis in "xyz"], axis=1).tobytes() == where.tobytes()
    assert json.loads(found.schema.metadata[b"embedcore.map"]) == facts
    assert pd.read_parquet(io.BytesIO(table.parquet(points, facts)))["word"].tolist() == WORDS


def test_what_does_not_fit_is_refused() -> None:
    for sets, words, asked, where, groups in (
        (["mine"], WORDS[:9], rows(), places(10, 2), None),
        (["mine", "other"], WORDS, rows(2), places(10, 2), None),
        (["mine"], WORDS, rows(), places(10, 4), None),
        (["mine"], WORDS, rows(), places(10, 2), np.zeros(9, dtype=np.int32)),
    ):
        with pytest.raises(BadVectors, match="does not fit"):
            table.table(sets, words, asked, where, groups)


def test_words_that_spreadsheets_take_for_formulas_are_counted() -> None:
    assert table.like_formulas([*WORDS, "+1", "@me", "a=b", "–"]) == 4
    assert table.like_formulas([]) == 0


def test_a_map_of_all_words_is_written_sooner_than_python_writes_it() -> None:
    count = 400_000
    words = [f"단어 {number}" for number in range(count)]
    where, ranks = places(count, 2), np.arange(count)
    begun = time.process_time()
    points = table.table(["mine"], words, ranks[None], where, np.zeros(count, dtype=np.int32))
    text, packed = table.csv(points), table.parquet(points, {})
    ours = time.process_time() - begun
    assert text.count(b"\n") == count + 1
    assert pyarrow.parquet.read_metadata(io.BytesIO(packed)).num_rows == count
    begun = time.process_time()
    csv_tables.table(["word", "rank", "x", "y"], zip(words, ranks.tolist(), *where.T.tolist(), strict=True))
    assert ours < time.process_time() - begun  # both files, in about a fifth of the time
