"""What can be taken away from a map: its link, a frame, its coordinates.

Pictures are taken from the chart itself. What is in a file of coordinates is known to `maps.table`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import streamlit as st

from embedcore.errors import BadSetting
from embedcore.maps import groupings, groups, table
from embedcore.settings import Settings
from embedcore.ui import keys, resources
from embedcore.ui.asking import sharing
from embedcore.ui.asking.controls import Controls
from embedcore.ui.asking.sets import Sets
from embedcore.ui.map_page import naming
from embedcore.ui.map_page.shown import Shown
from embedcore.ui.words import counted

_FRAME = 880  # pixels of a map that stands alone in another page, with what is told below it


def show(controls: Controls, sets: Sets, shown: Shown) -> None:
    """The row to share; nothing where the map stands alone."""
    if controls.embedded:
        return
    sharing.show(controls, height=_FRAME, what="map of words", more=partial(_coordinates, controls, sets, shown))


def _coordinates(controls: Controls, sets: Sets, shown: Shown) -> None:
    with st.popover("Coordinates", icon=":material/scatter_plot:", key=keys.COORDINATES):
        _files(controls, sets, shown)


def _files(controls: Controls, sets: Sets, shown: Shown) -> None:
    """The buttons that make the files when they are pressed."""
    axes = ", ".join(table.AXES[: shown.dims])
    st.caption(
        f"A line for each of the {counted(len(shown.coordinates), 'point')}: the word, its rank in its set, the set, "
        f"{axes}, and its cluster, where clusters were found."
        + ("" if shown.final else " The map is on its way: these are the places that it has now.")
    )
    points = partial(
        _table, controls.parameters, [chosen.info.name for chosen in sets.all], shown, resources.settings()
    )
    name = naming.file(shown)
    with st.container(horizontal=True):
        st.download_button(
            "CSV", partial(_csv, points), file_name=f"{name}.csv", mime="text/csv", icon=":material/download:",
            key=f"{keys.COORDINATES}_csv", on_click="ignore",
        )  # fmt: skip
        st.download_button(
            "Parquet", partial(_parquet, points, shown), file_name=f"{name}.parquet",
            mime="application/vnd.apache.parquet", icon=":material/download:", key=f"{keys.COORDINATES}_parquet",
            on_click="ignore",
        )  # fmt: skip
    st.caption("The CSV is UTF-8. The Parquet file says in its metadata which map it is.")
    if count := _like_formulas(shown.key, shown.words):
        st.caption(
            f"{counted(count, 'word begins', 'words begin')} with one of = + - @. A spreadsheet takes such words for "
            "formulas: import the column of words as text."
        )


@st.cache_resource(max_entries=64, show_spinner=False)
def _like_formulas(key: str, _words: Sequence[str]) -> int:
    return table.like_formulas(_words)


def _csv(points: partial[Any]) -> bytes:
    return table.csv(points())


def _parquet(points: partial[Any], shown: Shown) -> bytes:
    measured = None if shown.honesty is None else shown.honesty._asdict()
    facts = {
        "request": shown.request.to_json(), "key": shown.request.key, "final": shown.final, "variance": shown.variance,
        "honesty": measured, **shown.facts,
    }  # fmt: skip
    return table.parquet(points(), facts)


def _table(parameters: Sequence[tuple[str, str]], names: Sequence[str], shown: Shown, settings: Settings) -> Any:
    """The table of a map; called when a button is pressed, outside the page."""
    return table.table(names, list(shown.words), shown.rows, shown.coordinates, _groups(parameters, shown, settings))


def _groups(
    parameters: Sequence[tuple[str, str]], shown: Shown, settings: Settings
) -> npt.NDArray[np.integer[Any]] | None:
    """The clusters that the page colours by, or would; None where they were not found yet."""
    asked = dict(parameters)
    how = asked.get(keys.FIND_BY) or groups.KMEANS
    number = asked.get(keys.GROUPS if how == groups.KMEANS else keys.LEAST)
    try:
        wanted = int(number) if number else groups.USUAL[how]
        return groupings.find_grouping(shown.request, how, wanted, settings, points=len(shown.coordinates))
    except (BadSetting, KeyError):
        return None
