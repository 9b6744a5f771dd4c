"""The numbers of an experiment: a table over sizes and starts, what each start costs, and both as a file."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from embedcore.figures_transfer import NAMES
from embedcore.runs import Run
from embedcore.transfer.answers import Point
from embedcore.transfer.config import TransferConfig
from embedcore.transfer.leads import ACCURACY, MACRO_F1, Lead
from embedcore.ui import keys
from embedcore.ui.transfer_page.findings import Findings
from embedcore.ui.words import duration

_CHANCE = "may be chance"
_FIELDS = ("start", "size", "fits", "accuracy", "low", "high", "macro_f1", "f1_low", "f1_high", "seconds", "trained")


def show(run: Run, settings: TransferConfig, found: Findings, measure: str, *, costs: bool = True) -> None:
    """Sizes and starts; with `costs`, then the time and the numbers that learn, and the file."""
    if not found.points or found.about is None:
        return
    st.dataframe(
        _table(settings, found, measure), hide_index=True, alt=f"{measure} for each size and start",
        column_config={"texts": st.column_config.NumberColumn(format="localized", width=70)},
    )  # fmt: skip
    if found.compared:
        st.caption(
            "± says how far a lead may be off by chance, in one case of twenty farther: by the draw of the training "
            "texts and first weights, and by which texts happen to be the test. Of many leads some go beyond that by "
            "chance, so one counts if a neighbouring size says the same, or if it goes far beyond."
        )
    if not costs:
        return
    st.subheader("What each start costs", anchor=False)
    st.dataframe(_costs(settings, found), hide_index=True, alt="Time and numbers that learn, for each start")
    st.caption(
        "From the fewest training texts to the most. Numbers that learn: those in the rows of the training texts’ "
        "words, where they learn, and those of the network on top."
    )
    st.download_button(
        "All numbers as CSV", lambda: as_csv(found.points, found.leads), file_name=f"experiment-{run.id}.csv",
        mime="text/csv", type="tertiary", icon=":material/download:", key=keys.EXPERIMENT_TABLE, on_click="ignore",
    )  # fmt: skip


def _table(settings: TransferConfig, found: Findings, measure: str) -> pd.DataFrame:
    """A row a size that has a point."""
    points = {(point.start, point.size): point for point in found.points}
    leads = {(lead.start, lead.size): lead for lead in found.leads.get(measure, ())}
    sizes = sorted({point.size for point in found.points})
    columns: dict[str, Any] = {"texts": sizes}
    for start in settings.starts:
        columns[NAMES[start]] = [_spread(points.get((start, size)), measure) for size in sizes]
    for start in settings.starts:
        told = [_lead(leads.get((start, size))) for size in sizes]
        if any(told):
            columns[f"{NAMES[start]}, ahead by"] = told
    return pd.DataFrame(columns)


def _spread(point: Point | None, measure: str) -> str:
    """Mean, and from the worst to the best."""
    if point is None:
        return "–"
    mean, low, high = point.of(measure)
    return f"{100 * mean:.1f} %" + (f"  ({100 * low:.1f} to {100 * high:.1f})" if point.fits > 1 else "")


def _lead(lead: Lead | None) -> str:
    """By how many points, give or take how many."""
    if lead is None:
        return ""
    ahead = f"{100 * lead.ahead:+.1f}".replace("-", "−").replace("+0.0", "0.0").replace("−0.0", "0.0")
    margin = "" if math.isnan(lead.margin) else f" ± {100 * lead.margin:.1f}"
    return f"{ahead}{margin}" + ("" if lead.sure else f", {_CHANCE}")


def _costs(settings: TransferConfig, found: Findings) -> pd.DataFrame:
    """For each start: what a fit takes at the smallest and at the largest size, and how long all took together."""
    rows = []
    for start in settings.starts:
        points = [point for point in found.points if point.start == start]
        if not points:
            continue
        first, last = points[0], points[-1]
        total = sum(fitted.seconds for fitted in found.fits if fitted.task.start == start)
        rows.append(
            {
                "start": NAMES[start],
                "numbers that learn": _range([f"{first.trained:,}", f"{last.trained:,}"]),
                "time of a fit": _range([_seconds(first.seconds), _seconds(last.seconds)]),
                "all its fits": duration(total),
            }
        )
    return pd.DataFrame(rows)


def _range(ends: list[str]) -> str:
    """From the fewest training texts to the most."""
    return ends[0] if ends[0] == ends[1] else " to ".join(ends)


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 10 else duration(seconds)


def as_csv(points: Sequence[Point], leads: Mapping[str, Sequence[Lead]]) -> bytes:
    """A line a point, every digit, with its leads over training from scratch where there are some."""
    ahead = {(measure, lead.start, lead.size): lead for measure, its in leads.items() for lead in its}
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([*_FIELDS, "ahead", "margin", "f1_ahead", "f1_margin"])
    for point in points:
        told: list[float | str] = []
        for measure in (ACCURACY, MACRO_F1):
            lead = ahead.get((measure, point.start, point.size))
            margin = "" if lead is None or math.isnan(lead.margin) else lead.margin
            told += ["" if lead is None else lead.ahead, margin]
        writer.writerow([*(getattr(point, name) for name in _FIELDS), *told])
    return file.getvalue().encode("utf-8")
