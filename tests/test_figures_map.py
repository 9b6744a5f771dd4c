"""The map and its replay: the numbers drawn are those that went in, and words stay data."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from embedcore.figures_map import LABELLED, REPLAY_MILLISECONDS, live_map, replay

RNG = np.random.default_rng(5)
WORDS = [f"w{number}" for number in range(100)]
MAPS = RNG.uniform(-1, 1, (61, 100, 2)).astype(np.float32)
SHARES = np.linspace(0, 1, 61).tolist()
NASTY = ["{b}", "{@x0}", "<img src=x onerror=alert(1)>", "a\nb", "%s", " ", "", "\x00", "고양이 🐈", "function(){}"]


def tables(options: dict[str, Any]) -> list[pd.DataFrame]:
    return [dataset["source"] for dataset in options["dataset"]]


def places(options: dict[str, Any], frame: int = 0) -> dict[str, tuple[float, float]]:
    """Where each word is drawn, through the columns that the frame's series say they show."""
    found = {}
    for table, series in zip(tables(options.get("baseOption", options)), series_of(options, frame), strict=True):
        encode = series["encode"]
        for word, x, y in zip(table[encode["itemName"]], table[encode["x"]], table[encode["y"]], strict=True):
            assert word not in found
            found[word] = (x, y)
    return found


def series_of(options: dict[str, Any], frame: int) -> list[dict[str, Any]]:
    series: list[dict[str, Any]] = (options["options"][frame] if "options" in options else options)["series"]
    return series


def as_json(options: dict[str, Any]) -> str:
    return json.dumps(options, default=lambda table: table.to_dict("list"), allow_nan=False)


def test_the_live_map_draws_each_word_at_its_place() -> None:
    options = live_map(WORDS, MAPS[7], 1.25)
    drawn = places(options)
    assert [*sorted(drawn)] == sorted(WORDS)
    for word, at in zip(WORDS, MAPS[7], strict=True):
        assert drawn[word] == pytest.approx(tuple(at), abs=0.0006)
    as_json(options)


def test_every_frame_of_the_replay_draws_what_the_live_map_drew() -> None:
    film = replay(WORDS, MAPS, SHARES, 1.25, {"w50"})
    assert len(film["options"]) == len(film["baseOption"]["timeline"]["data"]) == 61
    for frame in (0, 30, 60):
        assert places(film, frame) == places(live_map(WORDS, MAPS[frame], 1.25, {"w50"}))
    assert film["baseOption"]["timeline"]["data"][::15] == ["0%", "25%", "50%", "75%", "100%"]


def test_the_axes_are_a_square_without_numbers_that_frames_do_not_move() -> None:
    for options in (live_map(WORDS, MAPS[0], 0.75), replay(WORDS, MAPS, SHARES, 0.75)["baseOption"]):
        for axis in (options["xAxis"], options["yAxis"]):
            assert (axis["min"], axis["max"]) == (-0.75, 0.75)
            assert axis["axisLabel"] == {"show": False}
    assert {key for frame in replay(WORDS, MAPS, SHARES, 0.75)["options"] for key in frame} == {"series"}


def test_a_zoomed_map_lies_around_its_centre() -> None:
    options = live_map(WORDS, MAPS[0], 0.25, center=(0.5, -0.1))
    assert (options["xAxis"]["min"], options["xAxis"]["max"]) == (0.25, 0.75)
    assert (options["yAxis"]["min"], options["yAxis"]["max"]) == (-0.35, 0.15)


def test_the_most_frequent_and_the_marked_words_have_their_names_beside_them() -> None:
    options = live_map(WORDS, MAPS[0], 1, {"w3", "w99", "not here"})
    names = {series["id"]: set(tables(options)[series["datasetIndex"]]["word"]) for series in options["series"]}
    assert names["marked"] == {"w3", "w99"}
    assert names["labelled"] == set(WORDS[:LABELLED]) - {"w3"}
    shows = {series["id"]: series["label"]["show"] for series in options["series"]}
    assert shows == {"other": False, "labelled": True, "marked": True}


def test_series_keep_their_identity_from_map_to_map_and_to_the_replay() -> None:
    pictures = [
        live_map(WORDS, MAPS[0], 1),
        live_map(WORDS, MAPS[1], 1, set(WORDS)),
        replay(WORDS, MAPS, SHARES, 1)["baseOption"],
    ]
    assert {tuple(series["id"] for series in options["series"]) for options in pictures} == {
        ("other", "labelled", "marked")
    }


@pytest.mark.parametrize("frames", [1, 2, 10, 61, 122])
def test_a_replay_lasts_seven_seconds_whatever_the_number_of_frames(frames: int) -> None:
    timeline = replay(WORDS, MAPS[:1].repeat(frames, axis=0), [0.5] * frames, 1)["baseOption"]["timeline"]
    assert timeline["playInterval"] * max(frames - 1, 1) == pytest.approx(REPLAY_MILLISECONDS)
    assert timeline["autoPlay"] is (frames > 1)
    assert timeline["loop"] is False


def test_without_autoplay_the_last_frame_shows() -> None:
    film = replay(WORDS, MAPS, SHARES, 1, autoplay=False)["baseOption"]["timeline"]
    assert (film["autoPlay"], film["currentIndex"]) == (False, 60)


def test_only_another_take_starts_a_film_anew() -> None:
    first, same, again = (as_json(replay(WORDS, MAPS, SHARES, 1, take=take)) for take in (0, 0, 1))
    assert first == same != again


@pytest.mark.parametrize("dark", [False, True])
def test_what_a_word_holds_is_data_and_never_part_of_a_format(dark: bool) -> None:
    for options in (
        live_map(NASTY, MAPS[0, : len(NASTY)], 1, {NASTY[0], NASTY[2]}, dark),
        replay(NASTY, MAPS[:, : len(NASTY)], SHARES, 1, {NASTY[1]}, dark),
    ):
        rest = json.loads(as_json(options))
        (rest.get("baseOption") or rest).pop("dataset")
        text = json.dumps(rest, ensure_ascii=False)
        for piece in ("{b}", "x0}", "img", "%s", "고양이", "function"):
            assert piece not in text
    assert set(places(live_map(NASTY, MAPS[0], 1))) > {"{b}", "⟨space⟩", "⟨empty⟩", "a⟨U+000A⟩b", "⟨U+0000⟩"}


def test_a_replay_sends_words_once_and_little_besides_its_coordinates() -> None:
    film = replay(WORDS, MAPS, SHARES, 1)
    spec = json.dumps(film, default=lambda table: None)
    assert len(spec) < 16_000
    assert sum(table.memory_usage(index=False).sum() for table in tables(film["baseOption"])) < 60_000


def test_no_words_and_no_frames_are_empty_frames() -> None:
    as_json(live_map([], np.zeros((0, 2)), 1))
    as_json(replay([], np.zeros((0, 0, 2)), [], 1))
    as_json(replay(["a"], np.zeros((1, 1, 2)), [0.0], 1))
