"""Names beside points: as few as can be hide each other."""

from __future__ import annotations

import numpy as np
import pytest

from embedcore.label_places import sides, text_width

RNG = np.random.default_rng(3)


def boxes(places, names, found, width, height):  # type: ignore[no-untyped-def]
    """The rectangles of the names, worked out here from their sides alone: centre and size in pixels."""
    made = []
    for (across, up), name, side in zip(places, names, found, strict=True):
        x, y, wide = across * width, (1 - up) * height, text_width(name)
        dx, dy = {"right": (1, 0), "left": (-1, 0), "top": (0, -1), "bottom": (0, 1)}[side]
        made.append((x + dx * (wide / 2 + 5), y + dy * (14 / 2 + 5), wide, 14))
    return made


def overlaps(made) -> int:  # type: ignore[no-untyped-def]
    count = 0
    for number, (x, y, w, h) in enumerate(made):
        count += sum(abs(x - x2) < (w + w2) / 2 and abs(y - y2) < (h + h2) / 2 for x2, y2, w2, h2 in made[:number])
    return count


def test_one_point_has_its_name_on_the_right_where_there_is_room() -> None:
    assert sides(np.array([[0.5, 0.5]]), ["word"], 400, 300) == ["right"]
    assert sides(np.array([[0.98, 0.5]]), ["word"], 400, 300) == ["left"]
    assert sides(np.array([[0.5, 0.5]]), ["word"], 20, 300) == [None]
    assert sides(np.empty((0, 2)), [], 400, 300) == []


def test_a_name_gives_way_to_another_point_or_name() -> None:
    beside = np.array([[0.5, 0.5], [0.52, 0.5]])
    assert sides(beside, ["first", "second"], 400, 300) == ["left", "right"]
    around = np.array([[0.5, 0.5], [0.53, 0.5], [0.47, 0.5], [0.5, 0.54]])
    assert sides(around, ["first"], 400, 300) == ["bottom"]  # the others have no name, but are points
    assert sides(np.full((3, 2), 0.5), [*"abc"], 400, 300) == ["right", "left", "top"]


@pytest.mark.parametrize("count", [2, 12, 40, 500])
def test_names_that_find_room_hide_no_point_and_no_name_and_stay_inside(count: int) -> None:
    places = RNG.normal(0.5, 0.15, (count, 2)).clip(0.02, 0.98)
    names = [f"word{number}" if number % 2 else "고양이가" for number in range(count)]
    found = sides(places, names, 900, 500)
    placed = [number for number, side in enumerate(found) if side]
    made = boxes(places[placed], [names[number] for number in placed], [found[number] for number in placed], 900, 500)
    assert overlaps(made) == 0
    for number, (x, y, w, h) in zip(placed, made, strict=True):
        assert w / 2 - 1e-9 <= x <= 900 - w / 2 + 1e-9
        assert h / 2 - 1e-9 <= y <= 500 - h / 2 + 1e-9
        others = np.delete(places, number, axis=0) * [900, -500] + [0, 500]
        assert not ((abs(others[:, 0] - x) < w / 2 + 5) & (abs(others[:, 1] - y) < h / 2 + 5)).any()
    assert len(placed) >= min(count, 20) * 0.9  # and there is room for most of few


def test_korean_takes_twice_the_room() -> None:
    assert text_width("고양이") == pytest.approx(2 * text_width("cat"), rel=0.1)
