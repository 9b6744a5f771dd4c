"""The chart of an experiment: how right each start is against the number of training texts."""

from __future__ import annotations

import streamlit as st

from embedcore import figures_transfer
from embedcore.figures_transfer import NAMES
from embedcore.transfer.answers import Point
from embedcore.transfer.config import TransferConfig
from embedcore.transfer.leads import ACCURACY, MACRO_F1, MEASURES
from embedcore.ui import keys, resources
from embedcore.ui.transfer_page.findings import Findings
from embedcore.ui.words import counted

_PIXELS = 400
_ABOUT = {
    ACCURACY: "Accuracy: the share of the test texts that get their own label.",
    MACRO_F1: "Macro-F1: the F1 of each label, averaged, so that a rare label counts as much as a frequent one.",
}


def choose_measure(found: Findings) -> str:
    """One of MEASURES, which the link says; macro-F1 at first where the labels are uneven."""
    first = MACRO_F1 if found.uneven else ACCURACY
    return str(
        st.radio(
            "What is measured", MEASURES, index=MEASURES.index(first), key=keys.MEASURE, bind="query-params",
            horizontal=True, label_visibility="collapsed",
        )
    )  # fmt: skip


def show(settings: TransferConfig, found: Findings, measure: str) -> None:
    """The lines with their bands; an empty frame before the first fit."""
    sizes = found.about.sizes if found.about else settings.sizes
    always = found.always[measure] if found.always else None
    options = figures_transfer.learning_curves(
        found.points, sizes, measure=measure, always=always, starts=settings.starts, dark=resources.dark()
    )
    st.echarts_chart(options, key=keys.TRANSFER_CHART, height=_PIXELS, alt=_alt(found.points, measure))
    band = "" if settings.seeds == 1 else f" A band goes from the worst to the best of {settings.seeds} fits."
    st.caption(f"{_ABOUT[measure]}{band} The last size is all training texts.")


def _alt(points: tuple[Point, ...], measure: str) -> str:
    """The ends of each line in words."""
    said = [f"{measure} against the number of training texts, a line for each start"]
    for start, name in NAMES.items():
        its = [point for point in points if point.start == start]
        if its:
            first, last = ((point.size, point.of(measure)[0]) for point in (its[0], its[-1]))
            begins = f"{100 * first[1]:.1f} % with {counted(first[0], 'text')}"
            said.append(f"{name}: {begins}, {100 * last[1]:.1f} % with {last[0]:,}")
    return ". ".join(said)
