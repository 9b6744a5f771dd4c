"""Words on one axis, or on two, that the visitor spans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import streamlit as st

from embedcore import figures_axes, snippets_compare
from embedcore.figures_axes import Ends
from embedcore.questions.axes import FREQUENT, Axis, angle
from embedcore.ui import messages, resources
from embedcore.ui.asking import directions, sharing, spanning, tables
from embedcore.ui.asking.controls import Controls
from embedcore.ui.asking.sets import ChosenSet, Sets, side_by_side
from embedcore.ui.asking.words import ask_words
from embedcore.ui.words import counted, plain

_SCATTER_PIXELS = 560
_NAMED_PAIRS = 12
_ABOUT = """\
A position is the cosine between a word and the axis. It tells how the texts that the vectors were learned from use a \
word next to others, not what the things or people are like that it names.

- **What it can show.** Where words such as *nurse* and *engineer* lie apart on *he - she*, these texts speak of them \
differently (Bolukbasi et al. 2016). Such axes follow how many women and men work in a job (Garg et al. 2018) and what \
people answer in surveys (Kozlowski, Taddy and Evans 2019).
- **What it depends on.** On the pairs: *he - she* and *king - queen* give different pictures, and several pairs a \
steadier one. On how frequent words are, and on their other meanings. 0 is no neutral ground: the grey band, where \
most frequent words lie, is the better measure.
- **What it leaves out.** One axis is a small part of a vector: a cosine of 0.2 is 4 % of its squared length. That \
words lie together here does not mean that there is no bias: taken out of the axis, it is still there in who is whose \
neighbour (Gonen and Goldberg 2019).
- **What it does not say.** Whether a program that uses these vectors treats people unfairly: the two go together \
poorly (Goldfarb-Tarrant et al. 2021). That has to be measured on what the program does.
"""

Float64s = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Placed:
    """The words of a set on its axes: those asked about, and the axes' own.

    Attributes:
        words: N, as the set spells them.
        own: those of them that span the axes.
        positions: (N, A) on the A axes.
        usual: of each axis, between which positions most words lie.
    """

    axes: list[Axis]
    words: list[str]
    own: set[str]
    positions: Float64s
    usual: list[tuple[float, float]]


def show(controls: Controls, sets: Sets) -> None:
    """Ask for words and axes, and show where the words lie."""
    words = ask_words(controls, sets)
    asked = spanning.ask(controls, sets)
    found = [directions.split(chosen.vectors, words.of(chosen).tokens) for chosen in sets.all]
    with_direction = [(chosen.vectors, tokens) for chosen, (tokens, _) in zip(sets.all, found, strict=True)]
    sharing.show(controls, snippets_compare.axes(with_direction, asked))
    if not any(asked):
        st.caption("Type a pair of words with a minus between, such as he - she, to span an axis.")
        return
    places = list(side_by_side(sets))
    placed: list[_Placed | None] = []
    for (chosen, place), (tokens, without) in zip(places, found, strict=True):
        one = None
        with place, messages.problems():
            directions.tell(without)
            axes = spanning.span(chosen, asked, named=len(places) > 1, fixed=controls.embedded)
            one = _place(chosen, axes, tokens) if axes else None
        placed.append(one)
    pixels = (230 if controls.embedded else 350) if len(places) > 1 else 570 if controls.embedded else 830
    # Two pictures that are looked at together have the same scale.
    reach = figures_axes.reach(*(one.positions for one in placed if one))
    for number, ((chosen, place), one) in enumerate(zip(places, placed, strict=True)):
        with place:
            if one is None:
                st.caption("No pair of words spans an axis in this set.")
            else:
                _show_placed(chosen, one, reach, number, pixels)
    if any(placed):
        with st.expander("What such a picture says about bias, and what it does not"):
            st.markdown(_ABOUT)


def _place(chosen: ChosenSet, axes: list[Axis], tokens: Sequence[str]) -> _Placed:
    own = dict.fromkeys(word for axis in axes for pair in axis.pairs for word in pair)
    words = list(dict.fromkeys([*tokens, *own]))
    positions = np.stack([axis.positions(chosen.vectors, words) for axis in axes], axis=1)  # (N, A)
    return _Placed(axes, words, set(own), positions, [axis.usual(chosen.vectors) for axis in axes])


def _show_placed(chosen: ChosenSet, placed: _Placed, reach: float, number: int, pixels: int) -> None:
    if len(placed.axes) == 1:
        _show_bars(chosen, placed, reach, number)
    else:
        _show_scatter(chosen, placed, reach, number, pixels)
    for axis in placed.axes:
        _show_agreement(axis)
    _table(chosen, placed)


def _show_bars(chosen: ChosenSet, placed: _Placed, reach: float, number: int) -> None:
    (axis,), (usual,) = placed.axes, placed.usual
    bars = figures_axes.bars(
        placed.words, placed.positions[:, 0], ends=_ends(axis), own=placed.own, usual=usual, reach=reach,
        dark=resources.dark(),
    )  # fmt: skip
    st.echarts_chart(
        bars.options, key=f"axis_{number}", height=bars.height,
        alt=f"{counted(bars.shown, 'word')} on the axis {_written(axis)} in {chosen.info.name}, sorted by position",
    )  # fmt: skip
    if bars.shown < bars.among:
        st.caption(f"Of {bars.among:,} words those at both ends are drawn, and the axis’ own; the table has all.")
    st.caption(
        f"Each bar is the cosine of a word with the axis. Orange: the axis’ own words. The grey band, {_span(usual)}, "
        f"is where two thirds of {_frequent(chosen)} lie."
    )


def _show_scatter(chosen: ChosenSet, placed: _Placed, reach: float, number: int, pixels: int) -> None:
    across, up = placed.axes
    st.echarts_chart(
        figures_axes.scatter(
            placed.words, placed.positions, ends=(_ends(across), _ends(up)), own=placed.own,
            usual=(placed.usual[0], placed.usual[1]), reach=reach, dark=resources.dark(),
            pixels=(pixels, _SCATTER_PIXELS - 70),
        ),
        key=f"axes_{number}", height=_SCATTER_PIXELS,
        alt=f"{counted(len(placed.words), 'word')} between the axes {_written(across)} and {_written(up)} "
        f"in {chosen.info.name}",
    )  # fmt: skip
    st.caption(
        "Each point is a word’s cosine with either axis. Orange: the axes’ own words. The grey field, "
        f"{_span(placed.usual[0])} across and {_span(placed.usual[1])} upwards, is where two thirds of "
        f"{_frequent(chosen)} lie on each axis. Words without room for their name show it when pointed at."
    )
    degrees = angle(across, up)
    st.caption(f"The axes are {degrees:.0f}° apart: {_meaning(degrees)}")


def _meaning(degrees: float) -> str:
    """What the angle between two axes is for the picture."""
    if 75 <= degrees <= 105:
        return "nearly a right angle, so that neither says much about the other."
    if degrees < 75:
        return "they have something in common, so that words tend to lie along the diagonal."
    return "they are partly each other’s opposite, so that words tend to lie along the falling diagonal."


def _show_agreement(axis: Axis) -> None:
    """How well several pairs agree, and which of them seems to be turned round."""
    if len(axis.pairs) < 2:
        return
    order = np.argsort(axis.with_others, kind="stable")[:_NAMED_PAIRS]
    named = ", ".join(f"{plain(' - '.join(axis.pairs[row]))} {_number(axis.with_others[row])}" for row in order)
    fewer = f" The {_NAMED_PAIRS} that agree least:" if len(axis.pairs) > _NAMED_PAIRS else ""
    st.caption(f"How well each pair agrees with the others on one direction, as a cosine:{fewer} {named}.")
    if axis.turned:
        pairs = plain(", ".join(" - ".join(pair) for pair in axis.turned))
        st.caption(f"Against most of the others: {pairs}. Perhaps it should be written the other way round.")


def _table(chosen: ChosenSet, placed: _Placed) -> None:
    """All numbers, the highest on the first axis first."""
    order = np.argsort(-placed.positions[:, 0], kind="stable")
    titles = ["position"] if len(placed.axes) == 1 else ["across", "upwards"]
    columns: dict[str, object] = {"word": [placed.words[row] for row in order]}
    columns |= {title: tables.no_minus_zero(placed.positions[order, column], 4) for column, title in enumerate(titles)}
    columns["spans the axis"] = [placed.words[row] in placed.own for row in order]
    with st.expander("The numbers"):
        st.dataframe(
            pd.DataFrame(columns), hide_index=True, alt=f"Where each word lies in {chosen.info.name}",
            column_config={title: st.column_config.NumberColumn(format="%.4f") for title in titles},
        )  # fmt: skip


def _ends(axis: Axis) -> Ends:
    return Ends([second for _, second in axis.pairs], [first for first, _ in axis.pairs])


def _written(axis: Axis) -> str:
    return ", ".join(" - ".join(pair) for pair in axis.pairs)


def _frequent(chosen: ChosenSet) -> str:
    return f"the {FREQUENT:,} most frequent words" if len(chosen.vectors) > FREQUENT else "all words of the set"


def _span(usual: tuple[float, float]) -> str:
    """From where to where."""
    return " to ".join(map(_number, usual))


def _number(value: float) -> str:
    """Two decimals, with a true minus sign, and none before a zero."""
    return f"{round(float(value), 2) + 0.0:.2f}".replace("-", "−")
