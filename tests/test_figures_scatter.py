"""The map of a whole set: what is drawn is what went in, and what comes back is found by its place."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from embedcore import figures_scatter as figures
from embedcore.figures_scatter.flat import LARGE, MOST_NAMES

RNG = np.random.default_rng(7)
COUNT = 3_000
WORDS = [f"w{number}" for number in range(COUNT)]
XY = (RNG.normal(size=(COUNT, 2)) * [40, 10] + [500, -3]).astype(np.float32)
LABELS = RNG.integers(-1, 5, COUNT)
NASTY = ["{b}", "{@x}", "<img src=x onerror=alert(1)>", "a\nb", "%s", " ", "", "\x00", "고양이 🐈", "function(){}"]


def table(drawn: figures.Drawn, identity: str) -> pd.DataFrame:
    options = drawn.options
    series = next(each for each in options["series"] if each["id"] == identity)
    found: pd.DataFrame = options["dataset"][series["datasetIndex"]]["source"]
    return found


def as_json(options: dict[str, Any]) -> str:
    return json.dumps(options, default=lambda other: other.to_dict("list"), allow_nan=False)


def test_every_word_is_drawn_once_in_its_color_at_its_place() -> None:
    colors = figures.by_cluster(LABELS)
    drawn = figures.scatter(WORDS, XY, colors)
    seen = {}
    for number, shade in enumerate(colors.shades):
        points = table(drawn, f"group {number}")
        assert drawn.options["series"][number]["itemStyle"]["color"] == shade
        for row, word, x, y in zip(
            drawn.rows[f"group {number}"], points["word"], points["x"], points["y"], strict=True
        ):
            assert word == WORDS[row]
            assert word not in seen
            assert (LABELS[row] if LABELS[row] >= 0 else len(colors.shades) - 1) == number
            seen[word] = (x, y)
    assert len(seen) == COUNT
    half = drawn.options["xAxis"]["max"] - drawn.options["xAxis"]["min"]
    assert np.abs(np.array([seen[word] for word in WORDS]) - XY).max() < half / 1_000  # less than a pixel
    as_json(drawn.options)


def test_all_words_lie_in_the_frame_and_a_length_is_the_same_both_ways() -> None:
    options = figures.scatter(WORDS, XY, figures.plain(COUNT), pixels=(900, 600)).options
    x, y = options["xAxis"], options["yAxis"]
    assert x["min"] < XY[:, 0].min()
    assert XY[:, 0].max() < x["max"]
    assert y["min"] < XY[:, 1].min()
    assert XY[:, 1].max() < y["max"]
    assert (x["max"] - x["min"]) / 900 == pytest.approx((y["max"] - y["min"]) / 600)


def test_a_word_and_its_neighbors_stand_out_and_the_window_lies_around_them() -> None:
    near = [5, 9, 700]
    view = figures.around(XY, 4, np.array(near), figures.whole(XY, (900, 600)))
    drawn = figures.scatter(
        WORDS, XY, figures.plain(COUNT), word=4, neighbors=[*near, 4, 9], view=view, pixels=(900, 600)
    )
    assert table(drawn, "word")["word"].tolist() == ["w4"]
    assert table(drawn, "neighbors")["word"].tolist() == ["w5", "w9", "w700"]
    across = drawn.options["dataZoom"][0]
    assert across["startValue"] < XY[4, 0] < across["endValue"]
    sizes = {each["id"]: each["symbolSize"] for each in drawn.options["series"]}
    assert sizes["word"] > sizes["neighbors"] > sizes["named"]  # the order in which their names are placed


def test_a_view_reaches_to_the_nearer_half_of_the_neighbors() -> None:
    xy = np.array([[0, 0], [1, 0], [0, 2], [60, 0], [0, 90], [-100, 0], [100, 0]], dtype=np.float32)
    whole = figures.whole(xy, (100, 100))
    view = figures.around(xy, 0, np.array([1, 2, 3, 4]), whole)
    assert (view.x, view.y) == (0, 0)
    assert 2 < view.half_height < 60
    assert view.half_width / view.half_height == pytest.approx(whole.half_width / whole.half_height)
    assert figures.around(xy, 0, np.array([5, 6]), whole).half_width <= whole.half_width
    assert figures.around(xy, 0, np.array([], dtype=int), whole).half_width == pytest.approx(whole.half_width / 40)


def test_words_without_a_finite_place_are_left_out() -> None:
    xy = XY.copy()
    xy[3], xy[8, 1] = np.nan, np.inf
    drawn = figures.scatter(WORDS, xy, figures.plain(COUNT), word=3, neighbors=[8, 9])
    assert set(drawn.rows["group 0"]) == set(range(COUNT)) - {3, 8}
    assert not len(drawn.rows["word"])
    assert drawn.rows["neighbors"].tolist() == [9]
    as_json(drawn.options)


def test_names_at_every_zoom_those_of_frequent_words_first() -> None:
    chosen = figures.candidates(XY, 400)
    assert len(chosen) == len(set(chosen.tolist())) == 400
    assert chosen[0] == 0
    everything = figures.candidates(XY, COUNT + 1)
    assert chosen.tolist() == everything[:400].tolist()
    # Of a piece of the first grid, the most frequent word is the first one named.
    low, size = XY.min(axis=0), np.ptp(XY, axis=0)
    cells = np.minimum((XY - low) / size * 6, 5.999).astype(int) @ [1, 6]
    firsts = [int(np.flatnonzero(cells == cell)[0]) for cell in np.unique(cells)]
    assert sorted(firsts) == chosen[: len(firsts)].tolist()
    assert len(table(figures.scatter(WORDS, XY, figures.plain(COUNT)), "named")) == min(MOST_NAMES, len(everything))


@pytest.mark.parametrize("xy", [np.zeros((0, 2)), np.full((3, 2), np.nan), np.zeros((3, 2)), np.array([[1e-30, 2.0]])])
def test_nothing_one_word_and_words_all_in_one_place(xy: np.ndarray[Any, Any]) -> None:
    drawn = figures.scatter(WORDS[: len(xy)], xy, figures.plain(len(xy)))
    as_json(drawn.options)
    assert len(drawn.rows["group 0"]) == np.isfinite(xy).all(axis=1).sum()
    figures.scatter_3d(WORDS[: len(xy)], np.c_[xy, xy[:, :1]], figures.plain(len(xy)))


def test_clicks_are_found_by_series_and_those_on_an_earlier_picture_are_passed_over() -> None:
    colors = figures.by_cluster(LABELS)
    drawn = figures.scatter(WORDS, XY, colors)
    clickable = [each["id"] for each in drawn.options["series"] if each.get("selectedMode")]
    for identity in clickable:
        rows = drawn.rows[identity]
        report = [{"series_id": identity, "data_indices": [0, 2], "data_type": "main"}]
        assert figures.clicked(report, drawn.rows) == [rows[0], rows[2]]
        assert table(drawn, identity)["word"][2] == WORDS[rows[2]]
    both = [
        {"series_id": "named", "data_indices": [0]},
        {"series_id": f"group {colors.groups[0]}", "data_indices": [0]},
    ]
    assert sorted(figures.clicked(both, drawn.rows)) == sorted({0, int(drawn.rows[f"group {colors.groups[0]}"][0])})
    others: list[list[dict[str, Any]]] = [
        [],
        [{"series_id": "named", "data_indices": [10**6, -1]}],
        [{"series_id": "x", "data_indices": [0]}],
        [{"series_id": None, "data_indices": [0]}],
        [{}],
    ]
    for stale in others:
        assert figures.clicked(stale, drawn.rows) == []


def test_what_can_be_clicked_stays_in_its_place_when_other_words_are_lit() -> None:
    colors = figures.by_cluster(LABELS)
    before, after = (
        figures.scatter(WORDS, XY, colors, word=word, neighbors=near) for word, near in ((None, []), (0, [1, 2]))
    )
    for series in before.options["series"]:
        if series.get("selectedMode"):
            assert before.rows[series["id"]].tolist() == after.rows[series["id"]].tolist()
        else:
            assert series["silent"]


def test_a_lasso_holds_what_another_way_to_count_says() -> None:
    angles = np.sort(RNG.uniform(0, 2 * np.pi, 60))
    corners = np.c_[np.cos(angles), np.sin(angles)] * RNG.uniform(5, 45, (60, 1)) + [500, -3]
    found = figures.inside([{"brush_type": "polygon", "coord_range": corners.tolist()}], XY)
    assert 100 < len(found) < COUNT
    # The angles under which its sides are seen add up to a whole turn from within, and to nothing from outside.
    seen = (corners - XY[:, None]) @ [1, 1j]  # (N, 60)
    turns = np.angle(np.roll(seen, -1, axis=1) / seen).sum(axis=1) / (2 * np.pi)  # (N,)
    assert found.tolist() == np.flatnonzero(np.abs(turns) > 0.5).tolist()


def test_boxes_and_lassos_edges_and_strange_shapes() -> None:
    xy = np.array([[0, 0], [1, 1], [2, 2], [3, 1], [np.nan, 1], [2, 0]])
    box = {"brush_type": "rect", "coord_range": [[2, 1], [2, 0]]}  # drawn from the right to the left
    assert figures.inside([box], xy).tolist() == [1, 2, 5]
    square = {"brush_type": "polygon", "coord_range": [[0, 0], [2, 0], [2, 2], [0, 2]]}
    assert figures.inside([square], xy).tolist() == [0, 1, 2, 5]
    # A bow tie: its middle is crossed twice.
    bow = {"brush_type": "polygon", "coord_range": [[0, 0], [4, 2], [4, 0], [0, 2]]}
    assert figures.inside([bow], np.array([[1, 1], [3, 1], [2, 1.9], [2, 0.1]])).tolist() == [0, 1]
    assert figures.inside([box, square], xy).tolist() == [0, 1, 2, 5]
    strange_ones: list[dict[str, Any]] = [
        {},
        {"brush_type": "lineX", "coord_range": [0, 1]},
        {"brush_type": "polygon", "coord_range": [[0, 0]]},
        {"brush_type": "rect", "coord_range": [[0, float("nan")], [0, 1]]},
    ]
    for strange in strange_ones:
        assert figures.inside([strange], xy).tolist() == []


def test_clusters_beyond_twelve_share_the_color_of_no_cluster() -> None:
    colors = figures.by_cluster(np.array([0, 13, -1, 11, 12]))
    assert colors.groups.tolist() == [0, 12, 12, 11, 12]
    assert colors.names[12] == "smaller clusters, or none"
    assert len(set(colors.shades)) == 13
    assert figures.by_cluster(np.array([0, 1, -1])).names == ["cluster 1", "cluster 2", "no cluster"]
    assert figures.by_cluster(np.array([0, 1]), names=["fruit", "kings"]).names == ["fruit", "kings"]
    assert figures.by_cluster(np.array([-1, -1])).names == ["no cluster"]


def test_numbers_fall_into_steps_whose_ends_their_names_say() -> None:
    values = np.array([0.0, 0.9, 0.5, np.nan, 0.1, 0.09999])
    colors = figures.by_number(values, form="{:.1f}")
    assert [colors.names[group] for group in colors.groups] == [
        "0.0 to 0.1", "0.8 to 0.9", "0.5 to 0.6", "no number", "0.1 to 0.2", "0.0 to 0.1",
    ]  # fmt: skip
    assert len(colors.names) == len(colors.shades) == 10
    even = figures.by_number(np.arange(900.0) ** 3, even=True)
    assert np.bincount(even.groups).tolist() == [100] * 9
    assert figures.by_number(np.ones(4)).groups.tolist() == [0] * 4
    assert figures.by_number(np.full(2, np.nan)).names == ["no number"]


@pytest.mark.parametrize("dark", [False, True])
def test_what_a_word_holds_is_data_and_never_part_of_a_format(dark: bool) -> None:
    xy = XY[: len(NASTY)]
    options = figures.scatter(
        NASTY, xy, figures.plain(len(NASTY), dark=dark), word=0, neighbors=[1, 2], dark=dark
    ).options
    rest = {key: value for key, value in options.items() if key != "dataset"}
    text = json.dumps(rest, ensure_ascii=False)
    for piece in ("{b}", "{@x}", "img", "%s", "고양이", "function"):
        assert piece not in text
    drawn = set().union(*(each["source"]["word"] for each in options["dataset"]))
    assert drawn > {"{b}", "⟨space⟩", "⟨empty⟩", "a⟨U+000A⟩b", "⟨U+0000⟩", "고양이 🐈"}
    space = figures.scatter_3d(NASTY, np.c_[xy, xy[:, :1]], figures.plain(len(NASTY)), dark=dark)
    assert "<" not in json.dumps([trace["text"] for trace in space["data"]])


def test_many_points_are_drawn_as_one_shape_a_color_and_sent_in_binary() -> None:
    count = LARGE + 1
    xy = RNG.normal(size=(count, 2)).astype(np.float32)
    words = [f"w{number}" for number in range(count)]
    many = figures.scatter(words, xy, figures.plain(count)).options
    few = figures.scatter(words[:100], xy[:100], figures.plain(100)).options
    assert (many["series"][0]["large"], few["series"][0]["large"]) == (True, False)
    assert len(json.dumps(many, default=lambda other: None)) < 6_000
    assert many["dataset"][0]["source"]["x"].dtype == np.float32


def test_a_map_in_space_draws_the_same_words_in_the_same_colors() -> None:
    xyz = RNG.normal(size=(COUNT, 3)).astype(np.float32)
    xyz[7] = np.nan
    colors = figures.by_cluster(LABELS)
    traces = figures.scatter_3d(WORDS, xyz, colors, word=1, neighbors=[2, 7])["data"]
    seen = {}
    for number, trace in enumerate(traces[: len(colors.names)]):
        assert trace["marker"]["color"] == colors.shades[number]
        for text, *place in zip(trace["text"], trace["x"], trace["y"], trace["z"], strict=True):
            seen[text] = (number, place)
    assert sorted(seen) == sorted(set(WORDS) - {"w7"})
    for row in range(0, COUNT, 97):
        number, place = seen[WORDS[row]]
        assert number == colors.groups[row]
        assert place == xyz[row].tolist()
    named = {trace["name"]: trace["text"] for trace in traces[len(colors.names) :]}
    assert (named["word"], named["neighbours"]) == (["w1"], ["w2"])
    assert len(named["named"]) > 20


def unpacked(data: bytes) -> tuple[dict[str, Any], np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """What the browser reads: the header, the places, the colours."""
    length = int.from_bytes(data[:4], "little")
    header = json.loads(data[4 : 4 + length])
    count, dims = len(header["words"]), header["dims"]
    end = 4 + length + 4 * count * dims
    assert length % 4 == 0
    assert len(data) == end + count
    places = np.frombuffer(data[4 + length : end], dtype="<f4").reshape(count, dims)
    return header, places, np.frombuffer(data[end:], dtype=np.uint8)


@pytest.mark.parametrize("dims", [2, 3])
def test_a_packed_map_holds_the_same_shape_its_words_and_its_colors(dims: int) -> None:
    places = np.c_[XY, XY[:, :1]][:, :dims].astype(np.float64)
    places[3, 0] = np.nan
    colors = figures.by_cluster(LABELS)
    packed = figures.pack(WORDS, places, colors, word=5, neighbors=[3, 5, 9])
    header, drawn, groups = unpacked(packed.data)
    assert packed.rows.tolist() == [row for row in range(COUNT) if row != 3]
    assert header["words"] == [WORDS[row] for row in packed.rows]
    assert groups.tolist() == colors.groups[packed.rows].tolist()
    assert (header["word"], header["neighbors"]) == (4, [8])  # one earlier: the fourth word has no place
    assert np.abs(drawn).max() == 1
    # One scale for all directions: every distance has shrunk alike.
    first, other = RNG.integers(0, COUNT - 1, (2, 500))
    was = np.linalg.norm(places[packed.rows[first]] - places[packed.rows[other]], axis=1)
    now = np.linalg.norm(drawn[first].astype(np.float64) - drawn[other], axis=1)
    assert np.ptp(now[was > 0] / was[was > 0]) < 1e-4 * now.max() / was.max()


def test_what_identifies_a_packed_map_is_its_words_and_places_alone() -> None:
    one = figures.pack(WORDS, XY, figures.plain(COUNT))
    assert figures.pack(WORDS, XY, figures.by_cluster(LABELS), word=1).identity == one.identity
    assert figures.pack(WORDS, XY[::-1], figures.plain(COUNT)).identity != one.identity
    assert figures.pack(WORDS[::-1], XY, figures.plain(COUNT)).identity != one.identity


def test_what_cannot_be_packed_is_said() -> None:
    for wrong in (np.zeros((3, 4)), np.zeros(3)):
        with pytest.raises(ValueError, match="2 or 3 dimensions"):
            figures.pack(WORDS[:3], wrong, figures.plain(3))
    nothing = figures.pack([], np.zeros((0, 2)), figures.plain(0))
    assert unpacked(nothing.data)[0]["words"] == []
    assert len(figures.pack(NASTY, XY[: len(NASTY)], figures.plain(len(NASTY))).rows) == len(NASTY)
