"""Pictures of an experiment: the plotted numbers are the numbers that went in."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from embedcore import figures_transfer
from embedcore.figures_transfer import NAMES
from embedcore.transfer.answers import Point
from embedcore.transfer.leads import ACCURACY, MACRO_F1

SIZES = (20, 100, 8_530)
POINTS = [
    Point("scratch", 20, 3, 0.5, 0.45, 0.6, 0.4, 0.31, 0.42, 0.1, 10),
    Point("scratch", 100, 2, 0.7, 0.7, 0.7, 0.65, 0.6, 0.7, 0.1, 10),
    Point("frozen", 20, 1, 0.55, 0.55, 0.55, 0.5, 0.5, 0.5, 0.1, 10),
]


def table_of(options: dict[str, Any]) -> pd.DataFrame:
    return options["dataset"]["source"]


def as_json(options: dict[str, Any]) -> str:
    """The options without their tables."""
    return json.dumps(options, default=lambda table: "a table", allow_nan=False, ensure_ascii=False)


def test_lines_are_the_means_and_bands_reach_from_the_worst_to_the_best() -> None:
    options = figures_transfer.learning_curves(POINTS, SIZES, always=0.5)
    table = table_of(options)
    assert table["size"].tolist() == options["xAxis"]["data"] == ["20", "100", "8,530"]
    assert table["scratch"].tolist()[:2] == [50, 70]
    assert np.isnan(table["scratch"].iloc[2])  # not yet: a gap
    assert table["scratch low"].tolist()[:2] == [45, 70]
    assert (table["scratch low"] + table["scratch band"]).tolist()[:2] == [60, 70]
    assert table["tuned"].isna().all()
    assert table["scratch told"].tolist() == [
        "50.0 % (45.0 to 60.0, 3 fits)",
        "70.0 % (70.0 to 70.0, 2 fits)",
        "not yet",
    ]
    assert table["frozen told"].tolist()[0] == "55.0 % (1 fit)"


def test_a_band_stands_on_its_own_low_end_and_goes_with_its_line() -> None:
    series = figures_transfer.learning_curves(POINTS, SIZES)["series"]
    for start, name in NAMES.items():
        line, low, band = (one for one in series if one["name"] == name)
        assert line["encode"]["y"] == start
        assert (low["encode"]["y"], band["encode"]["y"]) == (f"{start} low", f"{start} band")
        assert low["stack"] == band["stack"]
        assert "stack" not in line
        assert low["lineStyle"]["opacity"] == band["lineStyle"]["opacity"] == 0
        assert "areaStyle" in band
        assert "areaStyle" not in low
    symbols = {one["symbol"] for one in series if one.get("symbol", "none") != "none"}
    assert len(symbols) == len(NAMES)  # told apart without colours


def test_macro_f1_is_another_picture() -> None:
    table = table_of(figures_transfer.learning_curves(POINTS, SIZES, measure=MACRO_F1))
    assert table["scratch"].tolist()[:2] == [40, 65]
    assert (table["scratch low"].iloc[0], table["scratch band"].iloc[0]) == (31, 11)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize(
    ("points", "always"),
    [(POINTS, 0.5), ([], None), ([], 0.9), ([replace(POINTS[0], low=0.0, high=1.0)], 0.0), (POINTS[1:2], 0.99)],
)
def test_all_points_are_inside_the_frame(points: list[Point], always: float | None, dark: bool) -> None:
    options = figures_transfer.learning_curves(points, SIZES, always=always, dark=dark)
    axis = options["yAxis"]
    values = [100 * share for point in points for share in (point.low, point.high)]
    values += [] if always is None else [100 * always]
    assert 0 <= axis["min"] < axis["max"] <= 100
    assert all(axis["min"] <= value <= axis["max"] for value in values)
    assert (axis["max"] - axis["min"]) % axis["interval"] == 0
    lines = options["series"][-1]["markLine"]["data"]
    assert lines == ([] if always is None else [{"yAxis": round(100 * always, 2)}])
    as_json(options)


def test_only_the_starts_that_were_asked_for() -> None:
    options = figures_transfer.learning_curves(POINTS, SIZES, starts=("scratch", "tuned"))
    assert options["legend"]["data"] == ["from scratch", "tuned"]
    assert "frozen" not in as_json(options)
    assert options["yAxis"]["name"] == "test texts answered rightly"
    assert figures_transfer.learning_curves(POINTS, SIZES, measure=ACCURACY)["series"]


def test_what_is_taken_for_what_is_a_share_of_its_row() -> None:
    labels = ["좋음", "<b>{c}</b>", "x" * 60]
    counts = np.array([[9, 1, 0], [0, 0, 0], [2, 0, 6]])
    picture = figures_transfer.confusion(labels, counts, dark=True)
    table = table_of(picture.options)
    assert table["share"].tolist() == [90, 10, 0, 0, 0, 0, 25, 0, 75]
    assert table["told"].iloc[6] == "2 times, 25.0 %"
    assert table["own"].tolist()[:3] == ["좋음"] * 3
    assert table["answered"].tolist()[:2] == ["좋음", "<b>{c}</b>"]
    shown = {**picture.options, "xAxis": None, "yAxis": None}
    assert not any(label in as_json(shown) for label in labels)  # never a part of a format
    assert picture.height < figures_transfer.confusion([*labels, "d"], np.eye(4, dtype=np.int64)).height
