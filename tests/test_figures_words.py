"""Bars of words and labels: the plotted numbers are the numbers that went in."""

from __future__ import annotations

import json

import pytest

from embedcore.figures_words import bars


def test_each_name_has_its_number_and_the_first_is_on_top() -> None:
    picture = bars(["좋음", "{@shown}", "a"], [0.5, 0.25, 0.0], unit="%", end=1.0, dark=False)
    table = picture.options["dataset"]["source"]
    assert table.to_dict("list") == {
        "name": ["좋음", "{@shown}", "a"],
        "value": [50.0, 25.0, 0.0],
        "shown": ["50 %", "25 %", "0 %"],
    }
    assert picture.options["yAxis"]["inverse"]
    assert (picture.options["xAxis"]["min"], picture.options["xAxis"]["max"]) == (0, 100)
    series = picture.options["series"][0]
    assert (series["encode"], series["label"]["formatter"]) == ({"x": "value", "y": "name"}, "{@shown}")
    json.dumps(picture.options, default=lambda table: table.to_dict("list"), allow_nan=False)


def test_points_end_with_the_largest_and_say_their_sign() -> None:
    picture = bars(["dull", "worst"], [0.123, 0.0312], unit="points", dark=True)
    assert picture.options["dataset"]["source"]["shown"].tolist() == ["+12.3", "+3.1"]
    assert picture.options["xAxis"]["max"] == pytest.approx(12.3)
    assert bars(["dull"], [0.1], end=0.4, unit="points", dark=True).options["xAxis"]["max"] == 40
    assert (
        picture.options["series"][0]["itemStyle"]
        != bars([], [], unit="%", dark=False).options["series"][0]["itemStyle"]
    )


def test_names_that_are_alike_and_none_at_all() -> None:
    table = bars(["x" * 40, "x" * 41], [1, 1], unit="%", dark=False).options["dataset"]["source"]
    assert table["name"].is_unique
    none = bars([], [], unit="points", dark=False)
    assert none.options["xAxis"]["max"] == 100
    assert 0 < none.height < bars(["a", "b", "c"], [1, 1, 1], unit="%", dark=False).height
