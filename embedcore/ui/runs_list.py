"""All runs of a kind, newest first, each with its link and what can be done with it; and those of trainings."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import streamlit as st

from embedcore.runs.folder import TRAIN
from embedcore.runs.service import Draft, RunSummary
from embedcore.ui import keys, resources, run_actions, training_form
from embedcore.ui.run_pages import PAGES
from embedcore.ui.run_states import STATES
from embedcore.ui.words import ago, counted, ordinal, plain

_ON_A_PAGE = 10
_NAME_CHARACTERS = 60

Facts = Callable[[RunSummary], Iterator[str]]
BeginFrom = Callable[[Draft], None]


def show() -> None:
    """One page of the list of trainings, and the way to the others."""
    st.header("Runs")
    none = "None yet. What you train shows up here, for everybody who uses this server."
    show_kind(TRAIN, none, _facts, training_form.begin_from, keys.RUNS_PAGE)


def show_kind(kind: str, none: str, facts: Facts, begin_from: BeginFrom, key: str) -> None:
    """One page of the list of runs of a kind, or `none`; `facts` says what of a run besides its age and place.

    `begin_from` fills the form for a run like one of them; `key` is that of the choice of a page.
    """
    runs = resources.runs()
    total = runs.count(kinds=(kind,))
    if not total:
        st.caption(none)
        return
    pages = -(-total // _ON_A_PAGE)
    page = 1
    if pages > 1:
        page = st.number_input(f"Page, of {pages:,}", 1, pages, 1, key=key, width=140)
    for summary in runs.listing(_ON_A_PAGE, (int(page) - 1) * _ON_A_PAGE, kinds=(kind,)):
        _row(summary, facts, begin_from)


def _row(summary: RunSummary, facts: Facts, begin_from: BeginFrom) -> None:
    run = summary.run
    label, color = STATES[run.state]
    with st.container(border=True), st.container(horizontal=True, vertical_alignment="center"):
        st.badge(label, color=color)  # type: ignore[arg-type]
        st.page_link(
            PAGES[run.kind].page, label=plain(run.name, _NAME_CHARACTERS), query_params={keys.RUN: run.id}
        )  # fmt: skip
        st.caption(" · ".join([*_progress(summary), *facts(summary)]))
        run_actions.menu(run, resumable=summary.resumable, begin_from=begin_from)


def _progress(summary: RunSummary) -> Iterator[str]:
    """How old a run is, and how far."""
    yield ago(time.time() - summary.run.created)
    if summary.place:
        yield f"{ordinal(summary.place)} in the line"
    elif not summary.run.over and summary.share:
        yield f"{summary.share:.0%} done"


def _facts(summary: RunSummary) -> Iterator[str]:
    """What is said of a training."""
    run = summary.run
    if summary.loss is not None:
        yield f"loss {summary.loss:.3f}"
    if {"dim", "epochs"} <= run.config.keys():
        yield f"{run.config['dim']} dimensions, {counted(run.config['epochs'], 'pass', 'passes')}"
    yield f"“{plain(summary.beginning, 80)}”"
