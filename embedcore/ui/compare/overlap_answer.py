"""The answer to how far two sets agree: what they have in common, the overlap of all words, and word by word.

What is asked belongs to `two_sets`, counting to `overlap`, the picture to `figures_overlap`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from embedcore import figures_overlap
from embedcore.questions import overlap
from embedcore.questions.overlap import Alone, Compared
from embedcore.ui import resources
from embedcore.ui.asking.sets import ChosenSet, Sets
from embedcore.ui.compare.pairs_of_sets import Pair
from embedcore.ui.words import counted, listed, plain

_NAMED = 5  # words that one set alone has
_DETAILED = 6  # words whose neighbours are shown one below the other
_ROWS, _TALLEST = 12, 420  # of a table, in rows and in pixels; a longer one scrolls
_TOLD = 12  # words without a direction that are named
_SECOND_ORDER = (
    "How alike a word’s cosines to all these neighbours are in both sets, itself a cosine: 1 means that they stand "
    "in the same proportions. It needs no common space (Hamilton, Leskovec and Jurafsky 2016, “Cultural Shift or "
    "Linguistic Drift?”)."
)


def show_coverage(sets: Sets, pair: Pair) -> None:
    """How many words both sets have, and what one of them alone has."""
    said = [f"Both sets have {counted(len(pair.shared), 'word')}"]
    said += [_alone(chosen, alone) for chosen, alone in zip(sets.all, pair.shared.alone, strict=True)]
    if pair.shared.folded:
        said.append("One set is lower-cased, so words that differ in case alone count as one")
    st.caption(f"{'. '.join(said)}.")


def _alone(chosen: ChosenSet, alone: Alone) -> str:
    """What one set alone has, with some words that tell more than commas and endings."""
    tokens = [chosen.vectors.tokens[row] for row in alone.rows.tolist()]
    telling = [token for token in tokens if token[:1].isalnum()] or tokens
    named = ", ".join(f"“{plain(token, 30)}”" for token in telling[:_NAMED])
    such = f", such as {named}" if alone.count > len(telling[:_NAMED]) else f": {named}" if alone.count else ""
    are = "None is" if not alone.count else "1 is" if alone.count == 1 else f"{alone.count:,} are"
    return f"{are} in {plain(chosen.info.name)} alone{such}"


def show(sets: Sets, pair: Pair, compared: Sequence[Compared], topn: int, *, among: int | None, order: str) -> None:
    """All that was found out about some words, in the order given."""
    names = tuple(chosen.info.name for chosen in sets.all)
    measured = [one for one in compared if one.jaccard >= 0]
    _tell_unmeasured([one for one in compared if not one.jaccard >= 0])
    if not measured:
        return
    chance = pair.shared.by_chance(topn, among)
    most = max(len(near) for one in measured for near in one.near)
    _show_numbers(overlap.summary(measured), most, chance)
    _show_picture(measured, most, chance)
    _show_table(measured, most, names)
    st.header(
        {"differ most": "Words that differ most", "agree most": "Words that agree most"}.get(order, "Word by word"),
        anchor=False,
    )
    for number, one in enumerate(measured[:_DETAILED]):
        _show_word(one, names, number)
    if len(measured) > _DETAILED:
        st.caption(f"The first {_DETAILED} of {counted(len(measured), 'word')}; the table above has all.")


def _tell_unmeasured(some: Sequence[Compared]) -> None:
    if some:
        named = listed([f"“{plain(one.words[0], 40)}”" for one in some], _TOLD)
        st.warning(
            f"No neighbours to compare for {named}: the vector has no direction in one of the sets, or there is "
            "no other word to look among.", icon=":material/explore_off:",
        )  # fmt: skip


def _show_numbers(summary: overlap.Summary, most: int, chance: float) -> None:
    with st.container(horizontal=True, gap="medium"):
        st.metric("Same neighbours, on average", f"{summary.common:.1f} of {most}", width="content")
        st.metric(
            "By chance", _few(chance), width="content",
            help="What two sets that know nothing of each other would share, looking among as many words.",
        )  # fmt: skip
        st.metric("Second order, median", _cosine(summary.second_order), width="content", help=_SECOND_ORDER)
    if chance > most / 2:
        st.caption("There are so few words to look among that most neighbours are the same whatever was learned.")


def _show_picture(measured: Sequence[Compared], most: int, chance: float) -> None:
    common, dark = [one.common for one in measured], resources.dark()
    if few := len(measured) <= figures_overlap.MOST_BARS:
        picture = figures_overlap.bars([one.words[0] for one in measured], common, most, chance, dark=dark)
    else:
        picture = figures_overlap.counts(common, most, dark=dark)
    what = "Bars for each word" if few else f"How many of {len(measured):,} words have how many"
    st.echarts_chart(
        picture.options, key="overlap", height=picture.height,
        alt=f"{what}: neighbours of {most} that are the same in both sets, from {min(common)} to {max(common)}",
    )  # fmt: skip


def _show_table(measured: Sequence[Compared], most: int, names: tuple[str, ...]) -> None:
    """All words, with the neighbours that are in both sets and in one."""
    ours, theirs = _headings(names)
    rows = []
    for one in measured:
        here, there = {here for here, _ in one.same}, {there for _, there in one.same}
        rows.append(
            {
                "word": _spelt(one.words),
                "same": one.common,
                "second order": None if math.isnan(one.second_order) else one.second_order,
                "near in both": ", ".join(one.near[0][place].word for place, _ in one.same),
                f"only {ours}": ", ".join(n.word for place, n in enumerate(one.near[0]) if place not in here),
                f"only {theirs}": ", ".join(n.word for place, n in enumerate(one.near[1]) if place not in there),
            }
        )
    st.dataframe(
        pd.DataFrame(rows), hide_index=True, key="overlap_table",
        height="content" if len(rows) <= _ROWS else _TALLEST,
        column_config={
            "same": st.column_config.ProgressColumn(
                f"same of {most}", min_value=0, max_value=most, format="%d", width=110
            ),
            "second order": st.column_config.NumberColumn(format="%.4f", width=110, help=_SECOND_ORDER),
        },
        alt=f"The {len(rows)} words compared, how many neighbours are the same, and which",
    )  # fmt: skip


def _show_word(one: Compared, names: tuple[str, ...], number: int) -> None:
    """The neighbours of a word in each set next to each other, those in both with their places in the other list."""
    same = f"{one.common} of {max(map(len, one.near))} neighbours are the same"
    st.markdown(f"**{plain(_spelt(one.words), 100)}**: {same}, second-order similarity {_cosine(one.second_order)}")
    there = [dict(one.same), {theirs: ours for ours, theirs in one.same}]
    for column, near, places, side in zip(st.columns(2), one.near, there, (0, 1), strict=True):
        table = {
            "word": [neighbor.word for neighbor in near],
            "cosine": [neighbor.similarity for neighbor in near],
            "there": [f"{places[place] + 1}" if place in places else "" for place in range(len(near))],
        }
        column.dataframe(
            pd.DataFrame(table), hide_index=True, key=f"overlap_{number}_{side}",
            height="content" if len(near) <= _ROWS else _TALLEST,
            column_config={
                "word": st.column_config.TextColumn(f"near in {names[side]}"),
                "cosine": st.column_config.NumberColumn(format="%.3f", width=80),
                "there": st.column_config.TextColumn(
                    "place there", width=90, help=f"Its place among the neighbours in {names[1 - side]}, if it is one"
                ),
            },
            alt=f"The neighbours of {one.words[side]} in {names[side]}, and their places in {names[1 - side]}",
        )  # fmt: skip


def _headings(names: tuple[str, ...]) -> list[str]:
    """The names of two sets, which may be alike but for their ends, as a table's headings."""
    return [f"in {name}" for name in names]


def _spelt(words: tuple[str, str]) -> str:
    """A word, with its spelling in the second set where that is another."""
    return words[0] if words[0] == words[1] else f"{words[0]} / {words[1]}"


def _cosine(value: float) -> str:
    return "none" if math.isnan(value) else f"{value:.4f}"


def _few(number: float) -> str:
    """A number of neighbours, which may be far below one."""
    return f"{number:.1f}" if number >= 1 else f"{number:.2g}"
