"""The groups of a map's points: from the disk, or by a run that is asked for by itself and followed.

Here belongs getting them, and saying why they are not there yet. Their colours belong to `coloring`.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import numpy as np
import numpy.typing as npt
import streamlit as st

from embedcore.errors import BadSetting, EmbedcoreError, UnknownRun
from embedcore.maps import groupings, groups
from embedcore.runs import Run, jobs
from embedcore.runs.folder import FINISHED, QUEUED, STOPPED
from embedcore.runs.jobs import GroupingConfig
from embedcore.ui import keys, resources
from embedcore.ui.asking.sets import Sets
from embedcore.ui.map_page.shown import Shown
from embedcore.ui.words import ordinal, plain
from embedcore.vectors import WordVectors

Labels = npt.NDArray[np.int32]

_ASKED = "groupings_asked"  # in the session: by key, the id of the run that this visitor awaits
_LATEST = "grouping_begun"  # in the session: the id of the run that this visitor began last
_EVERY = "500ms"
NAMED = 12  # groups; smaller ones have no colour of their own


def find(shown: Shown, how: str, number: int) -> Labels | None:
    """The group of each point (n,), -1 for none; None while they are not there, which is said in the page."""
    if how == groups.HDBSCAN and not shown.final:
        st.caption("HDBSCAN groups the points of the finished map. Until then they have one colour.")
        return None
    try:
        groupings.check_most(how, len(shown.coordinates))
        found = groupings.find_grouping(shown.request, how, number, resources.settings(), points=len(shown.coordinates))
        if found is None:
            _follow(GroupingConfig.of(shown.request, how, number))
        return found
    except BadSetting as error:
        st.warning(plain(str(error), 400), icon=":material/block:")
    except EmbedcoreError as error:  # the map is worth more than its colours
        st.warning(f"The groups could not be asked for. {plain(str(error), 400)}", icon=":material/palette:")
    return None


def names(sets: Sets, shown: Shown, labels: Labels, how: str, number: int) -> list[str]:
    """What the largest groups are called."""
    key = groups.grouping_key(shown.request, how, number)
    return _names(key, [chosen.vectors for chosen in sets.all], shown.words, shown.rows, labels)


@st.cache_resource(max_entries=64, show_spinner=False)
def _names(
    key: str, _sets: Sequence[WordVectors], _words: Sequence[str], _rows: npt.NDArray[np.int64], _labels: Labels
) -> list[str]:
    return groups.names(_sets, _words, _rows, _labels, NAMED)


def _follow(config: GroupingConfig) -> None:
    """See to it that somebody finds the groups, and say how far that is. Raises EmbedcoreError."""
    runs, key = resources.runs(), str(config.key)
    asked = st.session_state.setdefault(_ASKED, {})
    run = jobs.running(runs, jobs.GROUPING, key)
    if run is None:
        with suppress(UnknownRun):  # removed since
            run = runs.folder(asked[key]).run if key in asked else None
    if run is None or run.state == STOPPED:  # by somebody who was the first to ask for it, and then for another
        _give_up()
        run = jobs.submit(runs, config)
        st.session_state[_LATEST] = run.id
    asked[key] = run.id
    if run.over:
        _tell_ended(run, key)
    else:
        st.fragment(_wait, run_every=_EVERY, key="grouping_fragment")(run.id)


def _give_up() -> None:
    """Take the run that this visitor asked for last out of the line, if it waits there: nobody needs it."""
    runs = resources.runs()
    with suppress(UnknownRun):
        if (latest := st.session_state.pop(_LATEST, None)) and runs.folder(latest).run.state == QUEUED:
            runs.ask_to_stop(latest)


def _wait(run_id: str) -> None:
    """How far it is; the whole page follows once it is over."""
    runs = resources.runs()
    try:
        run = runs.folder(run_id).run
    except UnknownRun:
        st.rerun()
    if run.over:
        st.rerun()
    st.caption(_waiting(run))


def _waiting(run: Run) -> str:
    """What a run that is not over does."""
    runs = resources.runs()
    if run.state != QUEUED:
        return "Finding the groups…"
    if not runs.workers:
        return "The groups are found once the workers have started."
    place = runs.place(run.id)
    return f"The groups are found after other runs: {ordinal(place)} in the line." if place else "Finding the groups…"


def _tell_ended(run: Run, key: str) -> None:
    """The run is over, and the groups are not there."""
    why = run.error or ("They were removed." if run.state == FINISHED else "The run ended early.")
    st.warning(f"The groups were not found. {plain(why, 400)}", icon=":material/palette:")
    st.button("Try again", icon=":material/refresh:", key=keys.FIND_GROUPS, on_click=_forget, args=(key,))


def _forget(key: str) -> None:
    st.session_state.get(_ASKED, {}).pop(key, None)
