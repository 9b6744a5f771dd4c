"""Following the run that makes a map: how far it is, the pictures on the way, and stopping it.

Here belongs what is drawn again and again while a run goes. What is offered before it, and after it ended early,
is in `offering`.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import numpy as np
import streamlit as st

from embedcore.errors import StorageProblem, UnknownRun
from embedcore.maps.layouts import METHODS, TSNE, UMAP
from embedcore.runs import Run, RunFolder, mapping
from embedcore.runs.folder import QUEUED
from embedcore.runs.progress import progress_of
from embedcore.ui import keys, messages, resources
from embedcore.ui.map_page.making import Made
from embedcore.ui.map_page.shown import Shown
from embedcore.ui.run_states import waiting
from embedcore.ui.words import duration

EVERY = "500ms"
PLACE = "the run of a map"  # of what could not be done with it
_PHASES = {
    mapping.GATHERING: "Gathering the words",
    mapping.NEAREST: "Finding the nearest words of each",
    mapping.MEASURING: "Measuring how far the map can be trusted",
}
_STEPS = {UMAP: "Pass", TSNE: "Step"}
_TOLD_SECONDS = 3.0  # less is not worth saying
_TOLD_SHARE = 0.1  # of the steps; before, what the library had to make ready counts in


def show(made: Made, *, embedded: bool) -> Shown:
    """How far the run of a map is; returns what the chart shows of it now. The whole page runs when it is over."""
    assert made.run is not None
    runs = resources.runs()
    try:
        folder = runs.folder(made.run.id)
        run = folder.run
    except UnknownRun:  # removed meanwhile
        st.rerun()
    if run.over:
        st.rerun()
    stopping = folder.should_stop()
    share, said = _progress(folder, run, made.asked.method)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(share, text="Stopping…" if stopping else said)
        if not embedded:
            st.button(
                "Stop", icon=":material/stop:", key=keys.STOP_MAP, on_click=_stop, args=(run.id,), disabled=stopping
            )
    messages.show_kept(PLACE)
    return _picture(folder, made)


def _stop(run_id: str) -> None:
    with messages.kept_problems(PLACE):
        resources.runs().ask_to_stop(run_id)


def _progress(folder: RunFolder, run: Run, method: str) -> tuple[float, str]:
    """How much is done, 0 to 1, and what is being done, as Markdown."""
    if run.state == QUEUED:
        return 0.0, waiting(run.id, "The map is made when it can.")
    progress = progress_of(folder)
    if progress is None:
        return 0.0, "About to begin."
    label = METHODS[method].label
    if progress.phase != mapping.LAYING_OUT:
        return progress.share, _PHASES.get(progress.phase, "Working")
    steps = mapping.steps_of(folder.last_metric())
    if steps is None:
        return progress.share, f"Getting {label} ready"
    said = f"{label}: {_STEPS.get(method, 'Step').lower()} {steps[0]:,} of {steps[1]:,}"
    left = progress.seconds_left if progress.phase_share >= _TOLD_SHARE else None
    return progress.share, said + (f" · {duration(left)} left" if left and left >= _TOLD_SECONDS else "")


def _picture(folder: RunFolder, made: Made) -> Shown:
    """The latest picture of the run, or the PCA while there is none."""
    shown = made.shown
    with suppress(StorageProblem):  # gone with the run, just now
        pictures = mapping.pictures(folder)
        if pictures and np.array_equal(mapping.picture_rows(folder), shown.rows):
            coordinates = pictures[-1].open()
            if coordinates.shape == shown.coordinates.shape:
                stage = f"{folder.id} {pictures[-1].path.name}"
                return replace(
                    shown, request=made.asked, coordinates=coordinates, variance=None, honesty=None, stage=stage
                )
    return shown
