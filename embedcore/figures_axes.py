"""Words on axes as data: sorted bars for one, a scatter for two, and bars for the odd one out.

Pure functions from positions to ECharts options, by the rules of `figures`: nothing is drawn, no
Streamlit is imported, and words are data, never part of a format string. What an axis is, is in `axes`.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from embedcore.figures import Options, names_of, shown
from embedcore.label_places import SIDES, sides

Positions = npt.NDArray[np.floating[Any]]
Usual = tuple[float, float]  # between which most words lie

MOST_BARS = 60  # beyond, those at both ends
_ALL_NAMED = 60  # points in a scatter, up to which a name may hide a part of another point
_MOST_NAMED = 150  # of many, for which a place is sought
_BAR_PIXELS, _FRAME_PIXELS = 22, 84
_REACH_STEP = 0.2
_END_LENGTH = 48  # characters of the words at an end of an axis

# The words asked about, those that stand out; on a light and on a dark page.
_COLORS = {False: ("#0b6b5d", "#c2571b"), True: ("#4fc2ac", "#ef9560")}
_BAND = {False: "rgba(14, 23, 20, 0.08)", True: "rgba(227, 235, 232, 0.12)"}
_INK = {False: "#0e1714", True: "#e3ebe8"}


class Ends(NamedTuple):
    """The words at the ends of an axis."""

    low: Sequence[str]
    high: Sequence[str]

    @property
    def title(self) -> str:
        """Both with arrows: `← she, woman · he, man →`."""
        return f"← {_joined(self.low)} · {_joined(self.high)} →"


class Bars(NamedTuple):
    """A bar chart: options for ECharts, the height in pixels that suits it, and the words shown of how many."""

    options: Options
    height: int
    shown: int
    among: int


def reach(*positions: Positions | Sequence[float]) -> float:
    """How far from 0 an axis has to go for all positions: a tenth more than the farthest, in steps of 0.2, at most 1.

    Two pictures that are looked at together need the same.
    """
    farthest = max((float(np.nanmax(np.abs(some), initial=0.0)) for some in map(np.asarray, positions)), default=0.0)
    return min(round(max(math.ceil(round(farthest * 1.1 / _REACH_STEP, 9)), 1) * _REACH_STEP, 6), 1.0)


def bars(
    words: Sequence[str], positions: Positions, *, ends: Ends, own: Collection[str] = (), usual: Usual | None = None,
    reach: float = 1.0, dark: bool = False,
) -> Bars:  # fmt: skip
    """N words by their `positions` (N,) on one axis, the highest first, each a bar from 0.

    The words of `own` span the axis and have another colour. A band lies over `usual`, and the
    picture reaches from -`reach` to `reach`. Of more than 60 words those at both ends are shown and
    the axis' own, with a row of dots for each gap. A word whose position is NaN is left out.
    """
    order = np.argsort(-np.asarray(positions), kind="stable")  # NaN last
    order = order[: int(np.isfinite(positions).sum())]
    is_own = np.array([words[row] in own for row in order.tolist()], dtype=np.bool_)  # (n,)
    place = np.arange(len(order))
    at_ends = (place < MOST_BARS // 2) | (place >= len(order) - MOST_BARS // 2)
    kept = np.flatnonzero(at_ends | is_own)
    chosen = order[kept]
    marked = set(np.flatnonzero(is_own[kept]).tolist())
    options = _bars([words[row] for row in chosen], np.asarray(positions)[chosen], marked, dark)
    options["yAxis"]["data"] = _with_gaps(options["yAxis"]["data"], kept)
    options["xAxis"] |= {**_about_zero(reach), "name": ends.title}
    if usual is not None and np.isfinite(usual).all():
        low, high = usual
        options["series"][0]["markArea"] = _bands([({"xAxis": low}, {"xAxis": high})], dark)
    return Bars(options, _height(len(options["yAxis"]["data"])), len(chosen), len(order))


def odd_bars(words: Sequence[str], cosines: Positions, *, dark: bool = False) -> Bars:
    """N words by their `cosines` (N,) with the mean of all, the lowest, which is the odd one out, first and marked.

    Of more than 60 words the lowest are shown. A word whose cosine is NaN is left out.
    """
    order = np.argsort(np.asarray(cosines), kind="stable")[: int(np.isfinite(cosines).sum())]
    chosen = order[:MOST_BARS]
    options = _bars([words[row] for row in chosen], np.asarray(cosines)[chosen], {0} if len(chosen) else set(), dark)
    lowest = float(np.min(np.asarray(cosines)[chosen], initial=0.0))
    left = -reach([lowest]) if lowest < 0 else 0
    options["xAxis"] |= {"min": left, "max": 1, "interval": _REACH_STEP, "name": "cosine with the mean of all"}
    return Bars(options, _height(len(chosen)), len(chosen), len(order))


def scatter(
    words: Sequence[str], xy: Positions, *, ends: tuple[Ends, Ends], own: Collection[str] = (),
    usual: tuple[Usual, Usual] | None = None, reach: float = 1.0, dark: bool = False,
    pixels: tuple[int, int] = (900, 480),
) -> Options:  # fmt: skip
    """N words at their positions `xy` (N, 2) on two axes, with their names beside them where there is room.

    As in `bars`; the band of each axis crosses that of the other. `pixels` is about how large the
    picture is, by which names are given a side of their points. Of more than 60 words, those whose
    names would hide others have none; the axes' own always have.
    """
    places = np.round(np.asarray(xy, dtype=np.float64), 4) + 0.0  # (N, 2), without minus zero
    drawn = np.flatnonzero(np.isfinite(places).all(axis=1))  # (n,)
    is_own = np.array([words[row] in own for row in drawn.tolist()], dtype=np.bool_)  # (n,)
    # The axes' own names have the first choice of a side, then those that stand apart from the others.
    apart = np.linalg.norm(places[drawn] - places[drawn].mean(axis=0) if len(drawn) else places[drawn], axis=1)
    order = np.lexsort((-apart, ~is_own))
    drawn, is_own = drawn[order], is_own[order]
    names = np.array([shown(words[row]) for row in drawn.tolist()], dtype=object)
    found = sides((places[drawn] / reach + 1) / 2, names[:_MOST_NAMED].tolist(), *pixels)
    found += [None] * (len(drawn) - len(found))
    always = is_own | (len(drawn) <= _ALL_NAMED)  # (n,)
    on_side = np.array(
        [side or ("right" if named else None) for side, named in zip(found, always, strict=True)], dtype=object
    )  # (n,)
    table = pd.DataFrame({"word": names, "x": places[drawn, 0], "y": places[drawn, 1]})
    looks = [(own_, side) for own_ in (False, True) for side in (*SIDES, None)]
    series = [_dots(number, _COLORS[dark][own_], side, dark) for number, (own_, side) in enumerate(looks)]
    if usual is not None and np.isfinite(usual).all():
        (left, right), (low, high) = usual
        series[0]["markArea"] = _bands([({"xAxis": left}, {"xAxis": right}), ({"yAxis": low}, {"yAxis": high})], dark)
    axis = {"type": "value", **_about_zero(reach), "nameLocation": "middle",
            "nameTextStyle": {"color": _INK[dark], "fontSize": 13}, "axisLabel": {"showMinLabel": False}}  # fmt: skip
    return {
        "animationDuration": 0,
        "grid": {"left": 40, "right": 20, "top": 12, "bottom": 36, "containLabel": True},
        "tooltip": {"trigger": "item", "formatter": "{@word}<br>{@x} across, {@y} upwards"},
        "xAxis": {**axis, "name": ends[0].title, "nameGap": 30},
        "yAxis": {**axis, "name": ends[1].title, "nameGap": 44},
        "dataset": [{"source": table[(is_own == own_) & (on_side == side)]} for own_, side in looks],
        "series": series,
    }


def _about_zero(reach: float) -> Options:
    """The bounds of an axis, and ticks of which one stands at 0."""
    return {"min": -reach, "max": reach, "interval": _REACH_STEP if reach > _REACH_STEP else _REACH_STEP / 2}


def _bars(words: Sequence[str], values: Positions, marked: Collection[int], dark: bool) -> Options:
    """Bars from 0, from above in the order given, their values at their ends; those with these numbers marked."""
    names = np.array(names_of(words), dtype=object)
    rounded = np.round(np.asarray(values, dtype=np.float64), 4) + 0.0  # (N,), without minus zero
    table = pd.DataFrame({"word": names, "position": rounded, "shown": [f"{value:.3f}" for value in rounded]})
    is_marked = np.array([number in marked for number in range(len(words))], dtype=bool)
    leftwards = rounded < 0
    groups = [(is_marked == m) & (leftwards == left) for m in (False, True) for left in (False, True)]
    looks = [(_COLORS[dark][m], side) for m in (0, 1) for side in ("right", "left")]
    return {
        "animationDuration": 0,
        "grid": {"left": 8, "right": 44, "top": 8, "bottom": 32, "containLabel": True},
        "tooltip": {"trigger": "item", "formatter": "{@word}: {@position}"},
        "xAxis": {"type": "value", "nameLocation": "middle", "nameGap": 30,
                  "nameTextStyle": {"color": _INK[dark], "fontSize": 13}},
        "yAxis": {"type": "category", "data": names.tolist(), "inverse": True, "axisTick": {"show": False},
                  "axisLine": {"show": False}, "axisLabel": {"interval": 0, "color": _INK[dark]}},
        "dataset": [{"source": table[group]} for group in groups],
        "series": [
            {"type": "bar", "datasetIndex": number, "encode": {"x": "position", "y": "word"}, "barGap": "-100%",
             "barMaxWidth": 14, "itemStyle": {"color": color},
             "label": {"show": True, "position": side, "formatter": "{@shown}", "fontSize": 11, "color": _INK[dark]}}
            for number, (color, side) in enumerate(looks)
        ],
    }  # fmt: skip


def _dots(dataset: int, color: str, side: str | None, dark: bool) -> Options:
    """Points with their names on one side, or without."""
    return {
        "type": "scatter",
        "datasetIndex": dataset,
        "encode": {"x": "x", "y": "y", "itemName": "word"},
        "symbolSize": 8,
        "itemStyle": {"color": color},
        "label": {
            "show": side is not None,
            "position": side or "right",
            "formatter": "{@word}",
            "fontSize": 12,
            "color": _INK[dark],
        },
        "labelLayout": {"hideOverlap": True},
        "emphasis": {"scale": 1.5},
    }


def _bands(between: Sequence[tuple[Options, Options]], dark: bool) -> Options:
    """Bands in which most words lie, each from one place on an axis to another."""
    return {"silent": True, "itemStyle": {"color": _BAND[dark]}, "data": [[*ends] for ends in between]}


def _with_gaps(names: Sequence[str], places: npt.NDArray[np.int64]) -> list[str]:
    """Names that have these places, rising, in a longer list, with an entry for each stretch that is left out."""
    entries: list[str] = []
    before = -1
    for name, place in zip(names, places.tolist(), strict=True):
        if place > before + 1:
            entries.append(f"⋮ {place - before - 1:,} more")
        entries.append(name)
        before = place
    return entries


def _height(count: int) -> int:
    return _BAR_PIXELS * count + _FRAME_PIXELS


def _joined(words: Sequence[str]) -> str:
    """The words at an end, each once, as far as there is room."""
    names: list[str] = []
    for word in dict.fromkeys(words):
        names.append(shown(word))
        if len(", ".join(names)) > _END_LENGTH and len(names) > 1:
            return ", ".join(names[:-1]) + ", …"
    return ", ".join(names)
