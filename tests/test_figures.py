"""Figures: the plotted numbers are the numbers that went in."""

from __future__ import annotations

import json

import numpy as np
import pytest

from embedcore import figures
from embedcore.figures import shown


def plain(options: dict[str, object]) -> str:
    """The options as JSON, tables as lists: what reaches the browser."""
    return json.dumps(options, default=lambda table: table.to_dict("list"), allow_nan=False)


def test_the_loss_curve_has_a_point_a_report_with_a_loss() -> None:
    metrics = [{"share": 0.0, "loss": None}, {"share": 0.25, "loss": 4.0}, {"share": 1.0, "loss": 2.0}]
    options = figures.loss_curve(metrics, epochs=8)
    table = options["dataset"][0]["source"]
    assert table.to_dict("list") == {"passes": [2.0, 8.0], "loss": [4.0, 2.0]}
    assert (options["xAxis"]["min"], options["xAxis"]["max"]) == (0, 8)
    plain(options)


def test_a_long_curve_is_thinned_and_keeps_its_end() -> None:
    metrics = [{"share": i / 50_000, "loss": 1 / (i + 1)} for i in range(50_001)]
    table = figures.loss_curve(metrics, epochs=1)["dataset"][0]["source"]
    assert 1_000 < len(table) <= 2_001
    assert table["loss"].iloc[-1] == pytest.approx(1 / 50_001)
    assert table["passes"].is_monotonic_increasing


def test_an_empty_curve_is_an_empty_frame() -> None:
    assert len(figures.loss_curve([], epochs=3)["dataset"][0]["source"]) == 0


def test_two_curves_share_a_frame_and_are_told_apart() -> None:
    short = [{"share": 0.5, "loss": 4.0}, {"share": 1.0, "loss": 3.0}]
    long = [{"share": 0.25, "loss": 5.0}]
    options = figures.loss_curves([("A · one {c}", short, 4), ("B · 고양이", long, 8), ("C", [], 2)])
    tables = [dataset["source"].to_dict("list") for dataset in options["dataset"]]
    assert tables[:2] == [{"passes": [2.0, 4.0], "loss": [4.0, 3.0]}, {"passes": [2.0], "loss": [5.0]}]
    assert len(options["dataset"][2]["source"]) == 0
    assert (options["xAxis"]["min"], options["xAxis"]["max"]) == (0, 4)  # the longest curve, not the longest run
    assert figures.loss_curves([("A", [], 4), ("B", [], 8)])["xAxis"]["max"] == 8
    assert figures.loss_curves([("A", short[:1], 5), ("B", [], 8)])["xAxis"]["max"] == 3
    series = options["series"]
    assert [(one["name"], one["datasetIndex"]) for one in series] == [("A · one {c}", 0), ("B · 고양이", 1), ("C", 2)]
    assert [one["lineStyle"]["type"] for one in series] == ["solid", "dashed", "solid"]
    assert [one["showSymbol"] for one in series] == [False, True, False]  # one point alone is no line
    assert options["legend"]["show"]
    plain(options)


def test_a_curve_alone_needs_no_legend_and_shows_where_passes_were_added() -> None:
    options = figures.loss_curve([{"share": 1.0, "loss": 2.0}], epochs=9, added=[3, 5])
    assert not options["legend"]["show"]
    assert [line["xAxis"] for line in options["series"][0]["markLine"]["data"]] == [3, 5]


def test_the_frequency_curve_goes_by_rank() -> None:
    table = figures.frequency_curve(["a", "b", "c"], [9, 4, 1])["dataset"]["source"]
    assert table.to_dict("list") == {"rank": [1, 2, 3], "count": [9, 4, 1], "token": ["a", "b", "c"]}


def test_a_large_vocabulary_is_a_few_hundred_points_from_first_to_last() -> None:
    words = [f"w{i}" for i in range(100_000)]
    table = figures.frequency_curve(words, list(range(100_000, 0, -1)))["dataset"]["source"]
    assert len(table) <= 400
    assert (table["token"].iloc[0], table["token"].iloc[-1]) == ("w0", "w99999")


def test_no_words_are_no_points() -> None:
    assert len(figures.frequency_curve([], [])["dataset"]["source"]) == 0


def test_the_strips_show_every_number_on_one_symmetric_scale() -> None:
    vectors = np.array([[0.5, -2.0], [1.0, 0.0]], dtype=np.float32)
    options = figures.vector_strips(["a", "b"], vectors)
    table = options["dataset"]["source"]
    assert table["value"].tolist() == [0.5, -2.0, 1.0, 0.0]
    assert table["dimension"].tolist() == ["0", "1", "0", "1"]
    assert options["visualMap"]["min"] == -options["visualMap"]["max"]
    plain(options)


def test_strips_of_zeros_still_have_a_scale() -> None:
    options = figures.vector_strips(["a"], np.zeros((1, 3)))
    assert options["visualMap"]["min"] < options["visualMap"]["max"]


def test_words_are_shown_and_cut_by_the_characters_that_people_see() -> None:
    family, flag, persian = "👩\u200d👩\u200d👧", "🇰🇷", "می\u200cخواهم"
    assert shown(family) == family  # the joiners are part of the one character
    assert shown(persian) == persian
    assert shown(family * 30, 5) == family * 4 + "…"
    assert shown(flag * 5, 5) == flag * 5
    assert shown("e\u0301" * 9, 4) == "e\u0301" * 3 + "…"
    assert shown("a\u200d") == "a⟨U+200D⟩"  # joins nothing
    assert shown("\u200c\n") == "⟨U+200C⟩⟨U+000A⟩"
    assert len(shown("a" + "\u0301" * 100_000)) <= 8 * 24 + 1
    assert [shown(word) for word in ("", " ", "왕" * 24, "왕" * 25)] == [
        "⟨empty⟩", "⟨space⟩", "왕" * 24, "왕" * 23 + "…",
    ]  # fmt: skip
