"""How far an experiment is: its state, the fits that are done, the one that is made now, and Stop."""

from __future__ import annotations

import streamlit as st

from embedcore.errors import BadSetting
from embedcore.figures_transfer import NAMES
from embedcore.runs import Run, RunFolder, experiments
from embedcore.runs.folder import FINISHED, QUEUED, RESUMABLE, RUNNING, STOPPED
from embedcore.runs.progress import progress_of
from embedcore.transfer.order import tasks_of
from embedcore.transfer.results import Task
from embedcore.ui import keys, messages, resources
from embedcore.ui.run_states import STATES, waiting
from embedcore.ui.transfer_page.findings import Findings
from embedcore.ui.words import counted, duration, plain


def show(folder: RunFolder, run: Run, found: Findings) -> None:
    """The state in a line, and below it how much is done while there is more to do."""
    _state_line(folder, run, found)
    if run.error:
        st.error(plain(run.error, limit=600), icon=":material/error:")
    if run.state == FINISHED:
        return
    at = progress_of(folder)
    share = at.share if at else 0.0
    if not run.over:
        st.progress(share, text=_share_text(run, found, at.seconds_left if at else None))
    elif found.fits:
        st.progress(share, text=f"{_done(run, found)} are done")


def _state_line(folder: RunFolder, run: Run, found: Findings) -> None:
    label, color = STATES[run.state]
    stopping = folder.should_stop()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(label, color=color)  # type: ignore[arg-type]
        if run.state == QUEUED:
            st.caption(waiting(folder.id, "The experiment begins when it can."))
        elif run.state == FINISHED:
            st.caption(f"{_done(run, found)}, which took {duration(sum(fitted.seconds for fitted in found.fits))}.")
        elif run.state == STOPPED:
            st.caption(
                "Somebody pressed Stop. The fits that were finished until then are here; Resume makes the others."
                if found.fits
                else "Somebody pressed Stop before the first fit was finished."
            )
        elif run.state == RUNNING and stopping:
            st.caption("Stopping, and keeping the fits that are finished…")
        if run.state in RESUMABLE:
            st.button("Resume", icon=":material/resume:", key=keys.RESUME, on_click=_resume, args=(run.id,))
        if not run.over and not stopping:
            st.button("Stop", icon=":material/stop:", key=keys.STOP, on_click=_stop, args=(run.id,))


def _stop(run_id: str) -> None:
    with messages.kept_problems():
        resources.runs().ask_to_stop(run_id)


def _resume(run_id: str) -> None:
    with messages.kept_problems():
        resources.runs().resume(run_id)


def _share_text(run: Run, found: Findings, left: float | None) -> str:
    if run.state != RUNNING:
        return "Not begun yet" if not found.fits else f"{_done(run, found)} are done"
    if found.about is None:
        return "Reading the texts"
    said = [_done(run, found)]
    if left:
        said.append(f"about {duration(left)} left")
    if task := _next(run, found):
        said.append(f"now {NAMES[task.start]} on {counted(task.size, 'text')}, seed {task.seed}")
    return " · ".join(said)


def _done(run: Run, found: Findings) -> str:
    tasks = _tasks(run, found)
    finished = len({fitted.task for fitted in found.fits})
    if finished == len(tasks):
        return f"All {counted(finished, 'fit')}" if finished > 1 else "The one fit"
    return f"{finished:,} of {counted(len(tasks), 'fit')}" if tasks else counted(finished, "fit")


def _next(run: Run, found: Findings) -> Task | None:
    """The fit that is made now: the first that is not finished."""
    finished = {fitted.task for fitted in found.fits}
    return next((task for task in _tasks(run, found) if task not in finished), None)


def _tasks(run: Run, found: Findings) -> list[Task]:
    if found.about is None:
        return []
    try:
        return tasks_of(experiments.config_of(run).settings, found.about.sizes[-1])
    except BadSetting:
        return []
