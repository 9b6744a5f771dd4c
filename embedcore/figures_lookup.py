"""Pictures of the look-up table, and tokens above their integers: pure functions to data.

The rules are those of `figures`: no Streamlit, nothing drawn, and words go in as data. What
a look-up gives is in `lookup`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from embedcore.figures import STRONG, Options, inks, shown, symmetric_scale

MOST_ROWS = 40  # from the table's beginning, and again so many of the marked rows beyond them
MOST_COLUMNS = 120  # cells would be thinner than a few pixels
MOST_POSITIONS = 60  # of a sentence
_MOST_LABELLED = 10  # columns, beyond which the numbers no longer fit into the cells
_BOLDLY_FRAMED = 40  # columns, beyond which full frames would hide the colours of narrow cells
_ROW_PIXELS, _FRAME_PIXELS = 22, 70


@dataclass(frozen=True, eq=False)
class TableFigure:
    """A look-up table's heat map, and which part of the table it shows.

    Attributes:
        options: for an ECharts chart.
        height: that suits it, in pixels.
        rows: the integers whose rows are shown, rising.
        columns: how many dimensions are shown, from the first.
        shape: of the whole table, (V, D).
        marked_left_out: marked rows for which there was no room.
    """

    options: Options
    height: int
    rows: tuple[int, ...]
    columns: int
    shape: tuple[int, int]
    marked_left_out: int

    @property
    def left_out(self) -> str:
        """A sentence saying what is not shown; empty if everything is."""
        rows, columns = self.shape
        parts = []
        if len(self.rows) < rows:
            parts.append(f"{len(self.rows):,} of {rows:,} rows")
        if self.columns < columns:
            parts.append(f"the first {self.columns:,} of {columns:,} dimensions")
        marked = f" {self.marked_left_out:,} more rows of the sentence are left out." if self.marked_left_out else ""
        return f"Shown: {' and '.join(parts)}.{marked}" if parts else ""


def lookup_table(
    tokens: Sequence[str], weight: npt.NDArray[np.float32], marked_rows: Collection[int] = (), *, dark: bool = False
) -> TableFigure:
    """An embedding's `weight` (V, D) as a heat map, a row an integer: "2  to".

    `tokens` are the V tokens by integer, `marked_rows` the integers of a sentence: their rows
    have a ▶ and bold letters beside them and a frame around their cells. Of a large table the
    first rows are shown and the marked ones; a row of dots stands for each gap.
    """
    rows, marked, left_out = _window(len(weight), marked_rows)
    columns = min(weight.shape[1], MOST_COLUMNS)
    values = np.asarray(weight[list(rows), :columns], dtype=np.float64)  # (n, d)
    names = {row: f"{'▶ ' if row in marked else ''}{row}  {shown(tokens[row])}" for row in rows}
    place, dimension = (index.ravel() for index in np.indices(values.shape))
    scale = symmetric_scale(values, dark=dark)
    table = pd.DataFrame(
        {
            "dimension": dimension.astype(str),
            "row": np.array(list(names.values()), dtype=object)[place],
            "value": np.round(values.ravel(), 6),
            "token": np.array([shown(tokens[row]) for row in rows], dtype=object)[place],
            "integer": np.array(rows, dtype=np.int64)[place],
        }
    )
    table["shown"] = table["value"].map("{:.4f}".format)
    is_marked = table["integer"].isin(marked)
    is_strong = table["value"].abs() > STRONG * scale["max"]
    strong, weak = inks(dark)
    groups = [(is_marked == m) & (is_strong == s) for m in (False, True) for s in (False, True)]
    looks = [(m, ink) for m in (False, True) for ink in (weak, strong)]
    kept = [(group, look) for group, look in zip(groups, looks, strict=True) if group.any()]
    labelled = columns <= _MOST_LABELLED
    line = 1.0 if columns <= _BOLDLY_FRAMED else 0.4
    axis_names = _with_gaps(names, marked, len(weight))
    quiet = {"type": "category", "axisTick": {"show": False}, "axisLine": {"show": False}}
    options = {
        "animationDuration": 0,
        "grid": {"left": 8, "right": 8, "top": 8, "bottom": 56, "containLabel": True},
        "tooltip": {"trigger": "item", "formatter": "{@token} = {@integer}, dimension {@dimension}: {@value}"},
        "xAxis": {**quiet, "data": [str(number) for number in range(columns)]},
        "yAxis": {**quiet, "data": axis_names, "inverse": True, "axisLabel": {"interval": 0}},
        "visualMap": {**scale, "dimension": 2},
        "dataset": [{"source": table[group]} for group, _ in kept],
        "series": [
            _cells(dataset, ink, labelled=labelled, frame=weak if framed else None, line=line)
            for dataset, (_, (framed, ink)) in enumerate(kept)
        ],
    }
    height = _ROW_PIXELS * len(axis_names) + _FRAME_PIXELS
    return TableFigure(options, height, rows, columns, (len(weight), weight.shape[1]), left_out)


def integers(sentences: Sequence[Sequence[str]], ids: Sequence[Sequence[int]] | npt.NDArray[np.int64]) -> pd.DataFrame:
    """Tokens above their integers: two rows a sentence, a column a position, counted from 1.

    `ids` are the integers of each of the B sentences, or their padded (B, T) batch; where a
    sentence has ended, its token reads `<pad>`. All cells are strings. Of long sentences the
    first 60 positions are shown, and a last column "…" says how many are not.
    """
    if len(sentences) != len(ids):
        raise ValueError(f"{len(sentences)} sentences need as many rows of integers, not {len(ids)}.")
    width = max((len(row) for row in ids), default=0)
    cut = max(0, width - MOST_POSITIONS)
    index, cells = [], []
    for number, (tokens, row) in enumerate(zip(sentences, ids, strict=True), start=1):
        if len(row) < len(tokens):
            raise ValueError(f"{len(tokens)} tokens need at least as many integers, not {len(row)}.")
        size = min(len(row), MOST_POSITIONS)
        above = [shown(token) for token in tokens[:size]]
        above += ["<pad>"] * (size - len(above))
        below = [str(int(integer)) for integer in row[:size]]
        gap = [""] * (width - cut - size)
        end = [["…"], [f"{cut:,} more"]] if cut else [[], []]
        index += ["token", "integer"] if len(sentences) == 1 else [f"token {number}", f"integer {number}"]
        cells += [above + gap + end[0], below + gap + end[1]]
    columns = [str(position) for position in range(1, width - cut + 1)] + (["…"] if cut else [])
    return pd.DataFrame(cells, index=index, columns=columns, dtype=object)


def _window(count: int, marked_rows: Iterable[int]) -> tuple[tuple[int, ...], set[int], int]:
    """The rows to show, rising; those of them that are marked; and how many marked ones found no room."""
    marked = dict.fromkeys(int(row) for row in marked_rows)  # in the order of the sentence
    first = range(min(count, MOST_ROWS))
    beyond = [row for row in marked if row not in first]
    rows = sorted({*first, *beyond[:MOST_ROWS]})
    return tuple(rows), set(marked) & set(rows), len(beyond[MOST_ROWS:])


def _with_gaps(names: dict[int, str], marked: set[int], count: int) -> list[Any]:
    """The names of the rows shown, by row, with one entry for each stretch of rows that is not."""
    entries: list[Any] = []
    expected = 0
    for row, name in [*names.items(), (count, "")]:
        if row > expected:
            entries.append(f"⋮ {expected:,} – {row - 1:,}" if row - 1 > expected else f"⋮ {expected:,}")
        if row < count:
            entries.append({"value": name, "textStyle": {"fontWeight": "bold"}} if row in marked else name)
        expected = row + 1
    return entries


def _cells(dataset: int, ink: str, *, labelled: bool, frame: str | None, line: float) -> Options:
    return {
        "type": "heatmap",
        "datasetIndex": dataset,
        "encode": {"x": "dimension", "y": "row", "value": "value"},
        "label": {"show": labelled, "color": ink, "formatter": "{@shown}", "fontSize": 12},
        "itemStyle": {"borderColor": frame, "borderWidth": line} if frame else {},
    }
