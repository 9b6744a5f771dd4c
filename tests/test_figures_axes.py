"""Words on axes: the numbers drawn are those that went in, and words stay data."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from embedcore.figures_axes import MOST_BARS, Ends, bars, odd_bars, reach, scatter

RNG = np.random.default_rng(8)
ENDS = Ends(["she", "woman"], ["he", "man"])
NASTY = ["{b}", "{@x}", "<img src=x onerror=alert(1)>", "a\nb", "%s", " ", "", "고양이 🐈", "w" * 10_000, "\u202eevil"]


def table(options: dict[str, Any]) -> pd.DataFrame:
    """All that the series draw, through the columns that they name, with their colour and where their names stand."""
    parts = []
    assert len(options["series"]) == len(options["dataset"])
    for series in options["series"]:
        source = options["dataset"][series["datasetIndex"]]["source"].copy()
        assert set(series["encode"].values()) <= set(source.columns)
        parts.append(
            source.assign(
                color=series["itemStyle"]["color"],
                side=series["label"]["position"] if series["label"]["show"] else None,
            )
        )
    return pd.concat(parts)


def as_json(options: dict[str, Any]) -> str:
    return json.dumps(options, default=lambda source: source.to_dict("list"), allow_nan=False)


def test_bars_are_sorted_and_have_their_positions() -> None:
    made = bars(["a", "b", "c", "he"], np.array([0.1, -0.25, 0.33333, 0.05]), ends=ENDS, own={"he"}, reach=0.4)
    drawn = table(made.options).set_index("word")
    assert made.options["yAxis"]["data"] == ["c", "a", "he", "b"]
    assert made.options["yAxis"]["inverse"]
    assert drawn["position"].to_dict() == {"c": 0.3333, "a": 0.1, "he": 0.05, "b": -0.25}
    assert drawn["shown"].to_dict() == {"c": "0.333", "a": "0.100", "he": "0.050", "b": "-0.250"}
    assert drawn["side"].to_dict() == {"c": "right", "a": "right", "he": "right", "b": "left"}
    assert drawn["color"]["a"] == drawn["color"]["b"] == drawn["color"]["c"] != drawn["color"]["he"]
    axis = made.options["xAxis"]
    assert (axis["min"], axis["max"], axis["name"]) == (-0.4, 0.4, "← she, woman · he, man →")
    assert (made.shown, made.among) == (4, 4)


def test_of_many_words_those_at_both_ends_are_drawn() -> None:
    positions = RNG.permutation(np.linspace(-0.5, 0.5, 501))
    positions[7] = np.nan
    words = [f"w{number}" for number in range(501)]
    made = bars(words, positions, ends=ENDS)
    drawn = table(made.options).set_index("word")["position"].to_dict()
    expected = sorted((p, w) for p, w in zip(positions, words, strict=True) if not np.isnan(p))
    half = MOST_BARS // 2
    assert drawn == {word: pytest.approx(p, abs=6e-5) for p, word in expected[:half] + expected[-half:]}
    assert (made.shown, made.among) == (MOST_BARS, 500)
    assert made.options["yAxis"]["data"][half] == "⋮ 440 more"
    assert made.height < 1_500
    with_own = bars(words, positions, ends=ENDS, own={expected[250][1]})
    assert len(table(with_own.options)) == with_own.shown == MOST_BARS + 1
    gaps = [name for name in with_own.options["yAxis"]["data"] if name.startswith("⋮")]
    assert gaps == ["⋮ 219 more", "⋮ 220 more"]
    assert bars(words[:MOST_BARS], np.arange(MOST_BARS) / 100, ends=ENDS).shown == MOST_BARS


@pytest.mark.parametrize("positions", [[], [np.nan, np.nan]])
def test_nothing_to_draw_is_an_empty_frame(positions: list[float]) -> None:
    words = ["a", "b"][: len(positions)]
    for made in (bars(words, np.array(positions), ends=ENDS), odd_bars(words, np.array(positions))):
        assert (made.shown, made.among) == (0, 0)
        as_json(made.options)
    as_json(scatter(words, np.array(positions).reshape(-1, 1).repeat(2, axis=1), ends=(ENDS, ENDS)))


def test_the_band_lies_where_most_words_do() -> None:
    band = bars(["a"], np.array([0.1]), ends=ENDS, usual=(-0.02, 0.2)).options["series"][0]["markArea"]
    assert band["data"] == [[{"xAxis": -0.02}, {"xAxis": 0.2}]]
    both = scatter(["a"], np.array([[0.1, 0]]), ends=(ENDS, ENDS), usual=((-0.02, 0.2), (0.0, 0.3)))
    assert both["series"][0]["markArea"]["data"] == [
        [{"xAxis": -0.02}, {"xAxis": 0.2}],
        [{"yAxis": 0.0}, {"yAxis": 0.3}],
    ]
    for usual in (None, (np.nan, np.nan)):
        assert "markArea" not in bars(["a"], np.array([0.1]), ends=ENDS, usual=usual).options["series"][0]


def test_the_odd_one_out_comes_first_and_is_marked() -> None:
    made = odd_bars(["tea", "car", "milk"], np.array([0.91, 0.42, 0.87]))
    assert made.options["yAxis"]["data"] == ["car", "milk", "tea"]
    drawn = table(made.options).set_index("word")
    assert drawn["position"].to_dict() == {"tea": 0.91, "car": 0.42, "milk": 0.87}
    assert drawn["color"]["tea"] == drawn["color"]["milk"] != drawn["color"]["car"]
    assert (made.options["xAxis"]["min"], made.options["xAxis"]["max"]) == (0, 1)
    assert odd_bars([*"abc"], np.array([-0.15, 0.5, 0.6])).options["xAxis"]["min"] == -0.2


def test_of_many_words_the_oddest_are_drawn() -> None:
    cosines = RNG.permutation(np.linspace(-0.2, 0.9, 500))
    made = odd_bars([f"w{number}" for number in range(500)], cosines)
    assert sorted(table(made.options)["position"]) == pytest.approx(np.sort(cosines)[:MOST_BARS], abs=6e-5)
    assert (made.shown, made.among) == (MOST_BARS, 500)


def test_the_scatter_draws_each_word_at_its_place() -> None:
    words = [f"w{number}" for number in range(40)]
    xy = RNG.uniform(-0.5, 0.5, (40, 2))
    xy[3, 1] = np.nan
    options = scatter(words, xy, ends=(ENDS, Ends(["bad"], ["good"])), own={"w0", "w1", "w3"}, reach=0.6)
    drawn = table(options).set_index("word")
    assert len(drawn) == 39
    for word, place in zip(words, xy, strict=True):
        if word != "w3":
            assert drawn.loc[word, ["x", "y"]].tolist() == pytest.approx(place.tolist(), abs=6e-5)
    colors = drawn["color"]
    assert colors["w0"] == colors["w1"] != colors["w2"]
    assert colors.drop(["w0", "w1"]).nunique() == 1
    assert set(drawn["side"]) > {"right"}  # names give way to each other
    for axis, name in (("xAxis", "← she, woman · he, man →"), ("yAxis", "← bad · good →")):
        assert (options[axis]["min"], options[axis]["max"], options[axis]["name"]) == (-0.6, 0.6, name)


def test_a_scatter_of_500_words_is_small() -> None:
    words = [f"word{number}" for number in range(500)]
    options = scatter(words, RNG.normal(0, 0.1, (500, 2)), ends=(ENDS, ENDS), own={"word7"}, reach=0.6)
    assert len(as_json(options)) < 40_000
    drawn = table(options).set_index("word")
    assert len(drawn) == 500
    assert drawn["side"]["word7"]  # the axes' own have the first choice
    named = drawn["side"].notna()
    far = np.hypot(drawn["x"], drawn["y"])
    assert 20 < named.sum() <= 151
    assert far[named].mean() > 1.2 * far[~named].mean()  # names go to words that stand apart


@pytest.mark.parametrize(
    ("positions", "expected"), [([0.05], 0.2), ([-0.19], 0.4), ([0.1, -0.36], 0.4), ([0.37], 0.6), ([1.0], 1.0),
                                ([], 0.2), ([np.nan, 0.2], 0.4)],
)  # fmt: skip
def test_how_far_an_axis_goes(positions: list[float], expected: float) -> None:
    assert reach(np.array(positions)) == expected
    assert reach(np.array(positions), [0.01]) == expected


def test_an_end_of_many_words_is_cut() -> None:
    title = Ends(["low"], [f"word{number}" for number in range(30)]).title
    assert title.startswith("← low · word0, word1, ")
    assert title.endswith(", … →")
    assert len(title) < 75
    assert Ends(["a", "a"], ["b", "b"]).title == "← a · b →"


@pytest.mark.parametrize("dark", [False, True])
def test_what_a_word_holds_is_data_and_never_part_of_a_format(dark: bool) -> None:
    xy = RNG.uniform(-1, 1, (len(NASTY), 2))
    ends = Ends(NASTY, NASTY[::-1])
    for options in (
        bars(NASTY, xy[:, 0], ends=ends, own={NASTY[2]}, dark=dark).options,
        odd_bars(NASTY, xy[:, 0], dark=dark).options,
        scatter(NASTY, xy, ends=(ends, ends), own={NASTY[1]}, dark=dark),
    ):
        assert len(table(options)) == len(NASTY)
        rest = json.loads(as_json(options))
        formats = [rest["tooltip"]["formatter"], *(series["label"]["formatter"] for series in rest["series"])]
        assert set(formats) <= {"{@word}", "{@shown}", "{@word}: {@position}", "{@word}<br>{@x} across, {@y} upwards"}


def test_words_that_look_alike_have_bars_of_their_own() -> None:
    made = bars(["w" * 30, "w" * 31], np.array([0.1, 0.2]), ends=ENDS)
    assert len(set(made.options["yAxis"]["data"])) == 2
