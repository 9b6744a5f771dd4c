"""A sum of words laid flat: lengths and angles are those of the space, and the picture draws these very places."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from embedcore import search
from embedcore.figures_plane import sum_of_words
from embedcore.questions.plane import lay_flat, off, parallelogram
from embedcore.vectors import WordVectors

RNG = np.random.default_rng(2)
NASTY = ["{b}", "{@x}", "<img src=x onerror=alert(1)>"]


def gaps(points: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The distances between all points."""
    return np.linalg.norm(points[:, None] - points[None], axis=2)


@pytest.mark.parametrize("weights", [[1, -1, 1], [-1, 1, 1], [1, 1, -1]])
def test_the_corners_lie_exactly_in_their_plane(weights: list[float]) -> None:
    vectors = RNG.standard_normal((3, 50), dtype=np.float32) * [[3], [0.1], [1]]
    answers = RNG.standard_normal((7, 50), dtype=np.float32)
    laid = lay_flat(vectors, weights, answers)
    units = search.unit(vectors)
    corners = np.concatenate([units, (np.array(weights) @ units)[None]])
    np.testing.assert_allclose(gaps(np.concatenate([laid.asked, laid.made[None]])), gaps(corners), atol=1e-12)
    np.testing.assert_allclose(laid.asked_off, 0, atol=1e-12)
    assert laid.corners is not None
    a, b, c = laid.corners
    assert weights[a] == -1
    np.testing.assert_allclose(laid.asked[a], 0, atol=1e-12)
    np.testing.assert_allclose(laid.asked[b, 1], 0, atol=1e-12)
    assert laid.asked[b, 0] > 0
    assert laid.asked[c, 1] > 0
    np.testing.assert_allclose(laid.made, laid.asked[b] + laid.asked[c], atol=1e-12)
    # By Pythagoras, and by least squares: the shadow is the nearest point of the plane.
    far = np.linalg.norm(search.unit(answers) - units[a], axis=1)
    np.testing.assert_allclose(np.hypot(np.linalg.norm(laid.found, axis=1), laid.found_off), far, atol=1e-12)
    sides = np.stack([units[b] - units[a], units[c] - units[a]], axis=1)
    for answer, distance in zip(search.unit(answers), laid.found_off, strict=True):
        rest = np.linalg.lstsq(sides, answer - units[a], rcond=None)[1]
        assert distance == pytest.approx(np.sqrt(rest[0]), abs=1e-9)


def test_another_sum_is_laid_into_the_plane_that_shows_most_of_it() -> None:
    vectors, answers = RNG.standard_normal((5, 20)), RNG.standard_normal((4, 20))
    weights = [1.0, 2.0, -1.0, 0.5, 1.0]
    laid = lay_flat(vectors, weights, answers)
    assert laid.corners is None
    units = search.unit(vectors)
    made = search.unit(np.array(weights) @ units)
    points = np.concatenate([units, made[None]])
    centred = points - points.mean(axis=0)
    squares = np.linalg.svd(centred, compute_uv=False) ** 2
    assert laid.shown == pytest.approx(squares[:2].sum() / squares.sum())
    flat = np.concatenate([laid.asked, laid.made[None]])
    assert (flat**2).sum() == pytest.approx(squares[:2].sum())
    np.testing.assert_allclose(np.hypot(np.linalg.norm(laid.asked, axis=1), laid.asked_off),
                               np.linalg.norm(centred[:-1], axis=1), atol=1e-12)  # fmt: skip


@pytest.mark.parametrize("weights", [[1.0], [-2.0], [1.0, 1.0], [1.0, -1.0], [2.0, -1.0, 1.0]])
def test_two_words_and_their_sum_are_shown_whole(weights: list[float]) -> None:
    vectors, answers = RNG.standard_normal((len(weights), 9)), RNG.standard_normal((6, 9))
    laid = lay_flat(vectors, weights, answers)
    if len(weights) == 2:
        assert laid.shown == pytest.approx(1)
        np.testing.assert_allclose(laid.asked_off, 0, atol=1e-12)
    assert np.ptp(laid.found, axis=0).min() > 0.01  # not all on one line
    if len(weights) == 1:
        assert laid.shown < 0.999


def test_words_on_one_line_span_no_parallelogram() -> None:
    a, b = RNG.standard_normal((2, 6))
    assert parallelogram(a, b, 3 * b - 2 * a) is None
    assert parallelogram(a, a, b) is None
    laid = lay_flat(np.stack([a, b, b]), [-1, 1, 1], RNG.standard_normal((3, 6)))
    assert laid.corners is None
    assert np.isfinite(laid.asked).all()
    assert np.isfinite(laid.found).all()
    nothing = lay_flat(np.stack([a, b, b]), [-1, 1, 1], np.empty((0, 6)))
    assert nothing.found.shape == (0, 2)


def test_distance_from_a_plane() -> None:
    flat = parallelogram(np.zeros(3), np.array([2.0, 0, 0]), np.array([1.0, 1, 0]))
    assert flat is not None
    np.testing.assert_allclose(off(flat, np.array([[5.0, 7, 0], [0, 0, -3]])), [0, 3], atol=1e-12)


def drawn(options: dict[str, Any]) -> dict[str, tuple[float, float]]:
    """Where each word is drawn, through the columns that its series shows."""
    found = {}
    for series in options["series"]:
        table: pd.DataFrame = options["dataset"][series["datasetIndex"]]["source"]
        for word, x, y in zip(table["word"], table[series["encode"]["x"]], table[series["encode"]["y"]], strict=True):
            found[word] = (x, y)
    return found


def test_the_picture_draws_each_word_at_its_place(glove: WordVectors) -> None:
    words = ["man", "king", "woman"]
    answers = [n.word for n in glove.most_similar(["king", "woman"], ["man"])]
    rows = np.stack([glove[word] for word in words]), np.stack([glove[word] for word in answers])
    laid = lay_flat(rows[0], [-1, 1, 1], rows[1])
    options = sum_of_words(laid, words, answers, pixels=(640, 420))
    at = drawn(options)
    assert set(at) == {*words, *answers, "the sum"}
    for word, place in zip([*words, *answers, "the sum"], [*laid.asked, *laid.found, laid.made], strict=True):
        assert at[word] == pytest.approx(tuple(place), abs=1e-4)
    lines = [line for series in options["series"] for line in series.get("markLine", {}).get("data", [])]
    ends = {tuple(tuple(end["coord"]) for end in line) for line in lines}
    assert ends == {(at["man"], at["king"]), (at["woman"], at["the sum"]), (at["man"], at["woman"]),
                    (at["king"], at["the sum"])}  # fmt: skip
    # A length is the same across as upwards, and all lies inside.
    across, up = options["xAxis"], options["yAxis"]
    assert (across["max"] - across["min"]) / (up["max"] - up["min"]) == pytest.approx(640 / 420, rel=1e-3)
    assert all(across["min"] < x < across["max"] and up["min"] < y < up["max"] for x, y in at.values())


def test_points_without_room_for_their_names_are_drawn() -> None:
    vectors = RNG.standard_normal((1, 8))
    answers = vectors + 1e-4 * RNG.standard_normal((20, 8))
    options = sum_of_words(lay_flat(vectors, [1.0], answers), ["word"], [f"answer {n}" for n in range(20)])
    assert len(drawn(options)) == 22


def test_words_are_data_in_the_picture_of_another_sum() -> None:
    laid = lay_flat(RNG.standard_normal((3, 8)), [1, 1, 2], RNG.standard_normal((2, 8)))
    for dark in (False, True):
        options = sum_of_words(laid, NASTY, ["한국 🐈", "x" * 500], dark=dark)
        assert not any(line["data"] for series in options["series"] if (line := series.get("markLine")))
        tables = [dataset.pop("source") for dataset in options["dataset"]]
        text = json.dumps(options, allow_nan=False)
        assert not any(word in text for word in NASTY[:1] + NASTY[2:])
        assert sorted(len(word) for table in tables for word in table["word"])[-1] <= 30


@pytest.mark.parametrize("dim", [1, 2, 20])
def test_words_that_cancel_each_other_out_have_their_sum_at_the_origin(dim: int) -> None:
    """3CosMul has answers to them all the same, and so a picture."""
    word = RNG.standard_normal((1, dim))
    laid = lay_flat(np.concatenate([word, -word]), [1.0, 1.0], RNG.standard_normal((3, dim)))
    assert all(np.isfinite(part).all() for part in (laid.asked, laid.made, laid.found, laid.asked_off, laid.found_off))
    np.testing.assert_allclose(laid.made, laid.asked.mean(axis=0), atol=1e-12)
    assert sum_of_words(laid, ["a", "b"], ["c", "d", "e"])["series"]
