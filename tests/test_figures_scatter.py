"""The map of a whole set: its bytes hold the words, places and colours that went in, and the light words."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from embedcore import figures_scatter as figures
from embedcore.figures_scatter import points as points_module
from embedcore.figures_scatter.points import MOST_NAMES

RNG = np.random.default_rng(7)
COUNT = 3_000
WORDS = [f"w{number}" for number in range(COUNT)]
XY = (RNG.normal(size=(COUNT, 2)) * [40, 10] + [500, -3]).astype(np.float32)
LABELS = RNG.integers(-1, 5, COUNT)
NASTY = ["{b}", "{@x}", "<img src=x onerror=alert(1)>", "a\nb", "%s", " ", "", "\x00", "고양이 🐈", "\ud800"]


def unpacked(data: bytes) -> tuple[dict[str, Any], list[str], np.ndarray[Any, Any]]:
    """What the browser reads: the header, the words, the places."""
    length = int.from_bytes(data[:4], "little")
    header = json.loads(data[4 : 4 + length])
    count, dims = header["count"], header["dims"]
    begin = len(data) - 4 * count * dims
    words = data[4 + length : 4 + length + header["letters"]].decode().split("\n") if count else []
    assert begin % 4 == 0
    assert 0 <= begin - (4 + length + header["letters"]) < 4
    return header, words, np.frombuffer(data[begin:], dtype="<f4").reshape(count, dims)


@pytest.mark.parametrize("dims", [2, 3])
def test_a_packed_map_holds_the_same_shape_its_words_and_its_colors(dims: int) -> None:
    places = np.c_[XY, XY[:, :1]][:, :dims].astype(np.float64)
    places[3, 0] = np.nan
    colors = figures.by_cluster(LABELS)
    packed = figures.pack(WORDS, places, colors, word=5, neighbors=[3, 5, 9, 9])
    header, words, drawn = unpacked(packed.points.data())
    assert packed.rows.tolist() == [row for row in range(COUNT) if row != 3]
    assert words == [WORDS[row] for row in packed.rows]
    assert list(packed.groups) == colors.groups[packed.rows].tolist()
    assert drawn.shape == (COUNT - 1, dims)
    assert np.abs(drawn).max() == 1
    assert 100 < len(header["named"]) == len(set(header["named"])) <= MOST_NAMES
    # One scale for all directions: every distance has shrunk alike.
    first, other = RNG.integers(0, COUNT - 1, (2, 500))
    was = np.linalg.norm(places[packed.rows[first]] - places[packed.rows[other]], axis=1)
    now = np.linalg.norm(drawn[first].astype(np.float64) - drawn[other], axis=1)
    assert np.ptp(now[was > 0] / was[was > 0]) < 1e-4 * now.max() / was.max()


def test_what_stands_out_is_named_by_point_once_and_where_it_has_a_place() -> None:
    places = XY.copy()
    places[3] = np.inf
    packed = figures.pack(
        WORDS, places, figures.plain(COUNT), word=5, also=[2, 5, 3], neighbors=[9, 2, 9, COUNT - 1, COUNT + 7],
        pairs=[(5, 9), (3, 5), (2, COUNT - 1)],
    )  # fmt: skip
    drawing = json.loads(json.dumps(packed.drawing))
    # One earlier after the fourth word, which has no place.
    assert (drawing["word"], drawing["also"], drawing["neighbors"]) == (4, [2], [8, COUNT - 2])
    assert drawing["pairs"] == [[4, 8], [2, COUNT - 2]]
    assert figures.pack(WORDS, places, figures.plain(COUNT), word=3).drawing["word"] is None


def test_what_identifies_a_map_is_its_words_and_places_and_points_are_told_by_the_words_alone() -> None:
    def points(words: list[str] = WORDS, places: Any = XY) -> figures.Points:
        return figures.lay(words, places)

    one = points()
    clustered = figures.pack(WORDS, XY, figures.by_cluster(LABELS), word=1)
    assert (points(WORDS.copy()).identity, clustered.identity) == (one.identity, one.identity)
    moved = points(places=XY[::-1])
    assert moved.identity != one.identity
    assert moved.words_identity == one.words_identity
    assert points(WORDS[::-1]).words_identity != one.words_identity
    # A word without a place: the numbers of the points after it have changed.
    holes = [XY.copy(), XY.copy()]
    holes[0][4], holes[1][5] = np.nan, np.nan
    alike = ["same"] * COUNT
    assert len({points(alike, places).words_identity for places in (XY, *holes)}) == 3
    assert clustered.groups_identity != figures.dress(one, figures.plain(COUNT)).groups_identity


def test_bytes_of_another_form_have_another_identity(monkeypatch: pytest.MonkeyPatch) -> None:
    one = figures.lay(WORDS, XY)
    monkeypatch.setattr(points_module, "FORM", 99)
    other = figures.lay(WORDS, XY)
    assert other.identity != one.identity
    assert other.words_identity == one.words_identity


@pytest.mark.parametrize("size", [1e-300, 1e300])
def test_coordinates_of_any_size_fill_the_map(size: float) -> None:
    points = figures.lay(WORDS, XY.astype(np.float64) / 1000 * size)
    assert np.abs(points.places).max() == 1
    assert np.ptp(points.places[:, 1]) == pytest.approx(2 * np.ptp(XY[:, 1]) / np.ptp(XY[:, 0]), rel=1e-4)


def test_what_cannot_be_packed_is_said_and_what_is_odd_is_packed() -> None:
    for wrong in (np.zeros((3, 4)), np.zeros(3), np.zeros((2, 2))):
        with pytest.raises(ValueError, match="2 or 3 dimensions"):
            figures.pack(WORDS[:3], wrong, figures.plain(3))
    many = figures.Colors(np.zeros(3, dtype=int), ["x"] * 257, ["#000000"] * 257)
    with pytest.raises(ValueError, match="256 colours"):
        figures.pack(WORDS[:3], XY[:3], many)
    nothing = figures.pack([], np.zeros((0, 2)), figures.plain(0), word=0, neighbors=[1])
    assert unpacked(nothing.points.data())[1] == []
    assert (nothing.drawing["word"], nothing.drawing["neighbors"]) == (None, [])
    one = figures.pack(["one"], np.full((1, 3), 7.0), figures.plain(1))
    assert one.points.places.tolist() == [[0, 0, 0]]


def test_words_are_data_and_none_breaks_the_lines() -> None:
    words = unpacked(figures.lay(NASTY, XY[: len(NASTY)]).data())[1]
    assert len(words) == len(NASTY)
    assert words[2] == "<img src=x onerror=aler…"
    assert words[3:] == ["a⟨U+000A⟩b", "%s", "⟨space⟩", "⟨empty⟩", "⟨U+0000⟩", "고양이 🐈", "⟨U+D800⟩"]


def test_names_are_of_frequent_words_first_and_of_every_region_closer_up() -> None:
    xy = RNG.uniform(-1, 1, (COUNT, 2))
    chosen = figures.candidates(xy, 500)
    assert len(chosen) == len(set(chosen.tolist())) == 500
    cells = np.floor((xy - xy.min(axis=0)) / (np.ptp(xy, axis=0) * (1 + 1e-9)) * 6).astype(int)
    firsts = {tuple(cell): row for row, cell in reversed(list(enumerate(cells.tolist())))}
    assert chosen[:36].tolist() == sorted(firsts.values())
    xy[5] = np.nan
    assert 5 not in figures.candidates(xy, COUNT)
    assert figures.candidates(xy, 0).tolist() == []


def test_clusters_beyond_twelve_share_the_color_of_no_cluster() -> None:
    colors = figures.by_cluster(np.array([0, 13, -1, 11, 12]))
    assert colors.groups.tolist() == [0, 12, 12, 11, 12]
    assert colors.names[12] == "smaller clusters, or none"
    assert len(set(colors.shades)) == 13
    assert figures.by_cluster(np.array([0, 1, -1])).names == ["cluster 1", "cluster 2", "no cluster"]
    assert figures.by_cluster(np.array([0, 1]), names=["fruit", "kings"]).names == ["fruit", "kings"]
    odd = figures.by_cluster(np.array([0, 1]), names=["\u202eevil, 왕", "x" * 300]).names
    assert odd == ["⟨U+202E⟩evil, 왕", f"{'x' * 59}…"]
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


def luminance(shade: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = np.array([int(shade[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("make", [
    lambda dark: figures.plain(5, dark=dark),
    lambda dark: figures.by_cluster(np.arange(-1, 12), dark),
    lambda dark: figures.by_number(np.array([1.0, 2.0, np.nan]), dark),
])  # fmt: skip
def test_colors_know_those_of_the_other_kind_of_page_and_clusters_are_seen_on_both(make: Any) -> None:
    light, dark = make(False), make(True)
    assert (light.shades, light.turned, light.dark) == (dark.turned, dark.shades, False)
    assert len(light.shades) == len(light.turned) == len(light.names)
    assert light.groups.tolist() == dark.groups.tolist()
    if "cluster 1" in light.names:
        for colors, paper in ((light, "#fdfdfb"), (dark, "#12191a")):
            for shade in colors.shades[:12]:
                low, high = sorted((luminance(shade), luminance(paper)))
                assert (high + 0.05) / (low + 0.05) > 2.4, shade
