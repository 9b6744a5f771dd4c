"""Pictures of how far two sets agree: the plotted numbers are the numbers that went in."""

from __future__ import annotations

import json

from embedcore import figures_overlap


def plain(options: dict[str, object]) -> str:
    """The options as JSON: what reaches the browser."""
    return json.dumps(options, default=lambda table: table.to_dict("list"), allow_nan=False)


def test_a_bar_for_each_word_in_the_order_given() -> None:
    words = ["king", "왕 {c}", "king", "<b>x</b>"]
    picture = figures_overlap.bars(words, [3, 10, 0, 1], 10, 0.25)
    table = picture.options["dataset"]["source"]
    assert table.to_dict("list") == {"word": ["king", "왕 {c}", "king (2)", "<b>x</b>"], "common": [3, 10, 0, 1]}
    assert picture.options["yAxis"]["data"] == table["word"].tolist()
    assert picture.options["yAxis"]["inverse"]
    assert (picture.options["xAxis"]["min"], picture.options["xAxis"]["max"]) == (0, 10)
    [series] = picture.options["series"]
    assert series["markLine"]["data"] == [{"xAxis": 0.25}]
    assert not any(word in json.dumps([series, picture.options["tooltip"]], ensure_ascii=False) for word in words)
    assert picture.height > figures_overlap.bars(words[:2], [3, 10], 10, 0.25).height
    plain(picture.options)


def test_no_line_where_chance_brings_nothing() -> None:
    assert figures_overlap.bars(["a"], [0], 10, 0.0).options["series"][0]["markLine"]["data"] == []


def test_how_many_words_share_how_many() -> None:
    picture = figures_overlap.counts([0, 0, 2, 5, 5, 5], 5, dark=True)
    table = picture.options["dataset"]["source"]
    assert table.to_dict("list") == {"common": ["0", "1", "2", "3", "4", "5"], "words": [2, 0, 1, 0, 0, 3]}
    plain(picture.options)


def test_many_neighbors_share_a_bar() -> None:
    common = [0, 4, 5, 99, 100, 100]
    table = figures_overlap.counts(common, 100).options["dataset"]["source"]
    assert table["words"].sum() == len(common)
    found = dict(zip(table["common"], table["words"], strict=True))
    assert (found["0 to 4"], found["5 to 9"], found["95 to 99"], found["100"]) == (2, 1, 1, 2)


def test_nothing_is_an_empty_picture() -> None:
    assert len(figures_overlap.bars([], [], 10, 0.1).options["dataset"]["source"]) == 0
    assert figures_overlap.counts([], 1).options["dataset"]["source"]["words"].sum() == 0
