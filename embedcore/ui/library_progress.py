"""The Library page's jobs: those that go, those that ended early, and what arrived.

The list redraws about once a second while something goes, else seldom, and the whole page once
when something ends or begins. What is said of a job is in `library_words`.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress

import streamlit as st

from embedcore.errors import UnknownRun
from embedcore.runs import Run, exporting, jobs
from embedcore.runs.folder import ENDED, FINISHED, QUEUED, RESUMABLE, run_ids
from embedcore.ui import keys, library_jobs, library_places, library_words, links, messages, resources, run_pages
from embedcore.ui.library_jobs import Job
from embedcore.ui.words import ago, counted, ordinal, plain

_EVERY, _SELDOM = "1s", "10s"  # the latter while nothing goes: somebody else may resume or remove what is shown
_ARRIVED = "jobs_arrived"  # in the session: the ids of those that have ended since
_SOON_SECONDS = 3.0  # within which one that waits may not yet have been looked at
_SAID_SECONDS = 600.0  # how long it is said that a set arrived


def show_arrived() -> None:
    """Say what arrived while this visitor watched, and what the job brought that the link names."""
    runs = library_jobs.listing()
    asked = _asked(runs)
    watched: set[str] = st.session_state.get(library_jobs.WATCHED, set())
    arrived: set[str] = st.session_state.setdefault(_ARRIVED, set())
    st.session_state[library_jobs.WATCHED] = {run.id for run in runs if not run.over}
    for run in {run.id: run for run in [*runs, *([asked] if asked else [])]}.values():
        if run.state != FINISHED:
            continue
        if run.id in watched:
            arrived.add(run.id)
            if run.id in st.session_state.get(library_jobs.AWAITED, ()):
                library_places.choose(library_places.of_run(run))
        if library_jobs.brings_file(run) or run.id == st.session_state.get(library_jobs.BEGUN):
            continue  # told where it is taken, or where it was begun
        if run == asked or (run.id in arrived and time.time() - (run.ended or 0.0) < _SAID_SECONDS):
            say_arrived(run)


def say_arrived(run: Run) -> None:
    """What a finished job brought, and the way to it."""
    st.success(plain(library_words.outcome(run), 1_500), icon=":material/check_circle:")
    name = str(run.result.get("name", ""))
    if name in resources.usable_sets():
        st.page_link(
            "compare.py", label=f"Compare words on {plain(name, 90)}", icon=":material/compare_arrows:",
            query_params={keys.VECTORS: name},
        )  # fmt: skip


def show() -> None:
    """What is on the way, the job first that the link names."""
    runs = library_jobs.listing()
    asked = _asked(runs)
    shown = library_jobs.to_show(runs)
    if asked is not None:  # the others stay in their order
        shown = [asked, *(run for run in shown if run.id != asked.id)]
    states = {run.id: run.state for run in shown if run.state != FINISHED or library_jobs.brings_file(run)}
    _answer_link(asked)
    if not states:
        return
    st.header("On the way")
    goes = any(not run.over for run in shown)
    st.fragment(_jobs, run_every=_EVERY if goes else _SELDOM, key="jobs_fragment")(states, _newest())


def _asked(runs: Sequence[Run]) -> Run | None:
    """The job that the link names, if there is one."""
    asked = st.query_params.get(keys.RUN)
    found = next((run for run in runs if run.id == asked), None)
    if not asked or found:
        return found
    with suppress(UnknownRun):
        run = resources.runs().folder(asked).run
        return run if run.kind in jobs.KINDS else None
    return None


def _answer_link(asked: Run | None) -> None:
    """Say so if the link names no job; lead on to the page of another run."""
    linked = st.query_params.get(keys.RUN)
    if asked is not None:
        links.hold(keys.RUN, asked.id)
    elif linked:
        try:
            run = resources.runs().folder(linked).run
        except UnknownRun as error:
            st.warning(plain(str(error), 300), icon=":material/link_off:")
        else:
            if found := run_pages.PAGES.get(run.kind):
                label = f"To the {found.called} {plain(run.name, 60)}"
                st.page_link(found.page, label=label, query_params={keys.RUN: run.id})


def _newest() -> str:
    """The id of the newest run of any kind: another one tells that somebody began something."""
    return next(iter(run_ids(resources.settings().runs_dir)), "")


def _jobs(states: dict[str, str], newest: str) -> None:
    """The jobs as they are now, drawn again and again; the whole page where one ended, began anew or went."""
    messages.show_kept()
    found = []
    for run_id in states:
        with suppress(UnknownRun):  # removed meanwhile
            found.append(library_jobs.now(run_id))
    over = {job.run.id: job.run.over for job in found}
    if over != {run_id: state in ENDED for run_id, state in states.items()} or newest != _newest():
        st.rerun()
    for job in found:
        _row(job)


def _row(job: Job) -> None:
    run = job.run
    label, color = library_words.STATES[run.state]
    with st.container(border=True, key=f"job_{run.id}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.badge(label, color=color)  # type: ignore[arg-type]
            st.page_link("library.py", label=plain(run.name, 90), query_params={keys.RUN: run.id})
            st.caption(_when(run), width="stretch")
            _buttons(run)
        if not run.over:
            text = _waiting(job) if run.state == QUEUED else library_words.progress(job.progress)
            st.progress(job.share, text="Stopping…" if job.stopping else plain(text))
        elif run.state == FINISHED:
            _file(run)
        else:
            st.text(library_words.ended(run))


def _when(run: Run) -> str:
    said = [ago(time.time() - run.created)]
    if run.resumed:
        said.append(f"resumed {counted(run.resumed, 'time')}")
    if st.query_params.get(keys.RUN) == run.id:
        said.append("this page’s address is its link")
    return " · ".join(said)


def _waiting(job: Job) -> str:
    if not resources.runs().workers:
        return "The workers are starting; this takes a few seconds after the server began."
    if not job.place or time.time() - (job.run.queued or job.run.created) < _SOON_SECONDS:
        return "About to begin."
    return f"{ordinal(job.place)} in the line."


def _buttons(run: Run) -> None:
    if not run.over:
        st.button("Stop", icon=":material/stop:", key=f"{keys.JOB_STOP}_{run.id}", on_click=_stop, args=(run.id,))
        return
    if run.state in RESUMABLE:
        st.button(
            "Resume", icon=":material/play_arrow:", key=f"{keys.JOB_RESUME}_{run.id}", on_click=_resume, args=(run.id,)
        )
    st.button("Remove", icon=":material/close:", key=f"{keys.JOB_REMOVE}_{run.id}", on_click=_remove, args=(run.id,))


def _stop(run_id: str) -> None:
    with messages.kept_problems():
        resources.runs().ask_to_stop(run_id)


def _resume(run_id: str) -> None:
    with messages.kept_problems():
        library_jobs.watch(resources.runs().resume(run_id))


def _remove(run_id: str) -> None:
    with messages.kept_problems():
        if st.query_params.get(keys.RUN) == run_id:
            del st.query_params[keys.RUN]
        resources.runs().delete(run_id)


def _file(run: Run) -> None:
    """What can be done with the file that a job brought."""
    st.text(library_words.outcome(run))
    if run.kind == jobs.EXPORT:
        address = exporting.address(run)
        there = exporting.file_of(resources.settings().runs_dir, run.id, str(run.result.get("file", "")))
        if address is None or there is None:
            st.caption("The file was cleared away since. Write it again.")
        else:  # without the slash, so that it holds below a path too
            st.link_button("Take the file", address.lstrip("/"), icon=":material/download:")
    else:
        library_places.import_link(library_places.of_run(run), "Look at it and import it")
