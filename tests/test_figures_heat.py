"""Heat maps: the plotted numbers are the cosines that went in, each once, and words are data."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from embedcore import figures_heat
from embedcore.figures_heat import MOST_NAMED, HeatFigure


def cells(figure: HeatFigure) -> pd.DataFrame:
    return pd.concat([dataset["source"].astype({"word": str, "other word": str}) for dataset in datasets(figure)])


def datasets(figure: HeatFigure) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = figure.options["dataset"]
    return parts


def sent(figure: HeatFigure) -> str:
    """The options as JSON, tables as lists: what reaches the browser."""
    return json.dumps(figure.options, default=lambda table: table.to_dict("list"), allow_nan=False)


@pytest.mark.parametrize("dark", [False, True])
def test_each_cosine_is_shown_once(dark: bool) -> None:
    words = ["king", "queen", "apple"]
    cosines = np.array([[1, 0.8, 0.1], [0.8, 1, -0.25], [0.1, -0.25, 1]])
    figure = figures_heat.similarities(words, cosines, dark=dark)
    shown = {(row["word"], row["other word"]): row["cosine"] for _, row in cells(figure).iterrows()}
    assert shown == {(a, b): cosines[i, j] for i, a in enumerate(words) for j, b in enumerate(words)}
    assert (figure.options["visualMap"]["min"], figure.options["visualMap"]["max"]) == (-1, 1)
    assert set(cells(figure)["shown"]) == {"1.00", "0.80", "0.10", "-0.25"}
    strong = datasets(figure)[1]["source"]
    assert set(strong["shown"]) == {"1.00", "0.80"}  # in the other ink
    sent(figure)


def test_what_rounds_to_zero_has_no_minus() -> None:
    figure = figures_heat.similarities(["a", "b"], np.array([[1, -0.004], [-0.004, 1]]))
    assert set(cells(figure)["shown"]) == {"1.00", "0.00"}


def test_one_text_against_another_has_rows_and_columns_of_its_own() -> None:
    cosines = np.array([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]])
    figure = figures_heat.between(["a", "b"], ["x", "y", "a"], cosines)
    table = cells(figure).set_index(["word", "other word"])["cosine"]
    assert table["b", "x"] == 0.4
    assert table["a", "a"] == 0.3
    assert figure.options["yAxis"]["data"] == ["a", "b"]
    assert figure.options["xAxis"]["data"] == ["x", "y", "a"]
    assert {(one["encode"]["x"], one["encode"]["y"]) for one in figure.options["series"]} == {("other word", "word")}


def test_a_word_without_a_direction_has_no_cells() -> None:
    cosines = np.array([[1, np.nan], [np.nan, np.nan]])
    figure = figures_heat.similarities(["a", "zero"], cosines)
    assert len(cells(figure)) == 1
    assert figure.options["yAxis"]["data"] == ["a", "zero"]
    sent(figure)


def test_what_a_word_holds_is_data_and_never_part_of_a_format() -> None:
    nasty = ["{@cosine}", "<img src=x onerror=alert(1)>", "a\nb", " ", "{b}"]
    figure = figures_heat.similarities(nasty, np.eye(5))
    options = figure.options
    formats = json.dumps([options["tooltip"], [series["label"] for series in options["series"]]])
    assert "img" not in formats
    assert options["xAxis"]["data"][2:4] == ["a⟨U+000A⟩b", "⟨space⟩"]


def test_words_that_look_alike_stay_apart() -> None:
    long = "x" * 40
    figure = figures_heat.similarities([long + "a", long + "b"], np.array([[1, 0.25], [0.25, 1]]))
    assert len(set(figure.options["xAxis"]["data"])) == 2
    assert len(cells(figure)) == 4


@pytest.mark.parametrize(
    ("count", "narrow", "numbered", "named"),
    [(1, False, True, True), (14, False, True, True), (14, True, False, True), (10, True, True, True),
     (15, False, False, True), (MOST_NAMED, False, False, True), (MOST_NAMED + 1, False, False, False),
     (500, False, False, False)],
)  # fmt: skip
def test_numbers_and_names_are_left_off_where_they_do_not_fit(
    count: int, narrow: bool, numbered: bool, named: bool
) -> None:
    figure = figures_heat.similarities([f"w{i}" for i in range(count)], np.eye(count), narrow=narrow)
    assert [series["label"]["show"] for series in figure.options["series"]] == ([True, True] if numbered else [False])
    assert figure.options["xAxis"]["axisLabel"]["show"] is figure.options["yAxis"]["axisLabel"]["show"] is named
    assert figure.named is named
    assert len(cells(figure)) == count**2
    assert 300 <= figure.height <= 1_320


def test_a_word_is_sent_once_however_many_cells_it_has() -> None:
    import pyarrow as pa

    figure = figures_heat.similarities([f"word number {i}" for i in range(300)], np.eye(300))
    table = pa.Table.from_pandas(datasets(figure)[0]["source"], preserve_index=False)
    assert table.nbytes < 300 * 300 * 13 + 20_000
