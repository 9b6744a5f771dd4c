"""All trainings, newest first, each with its link and what can be done with it."""

from __future__ import annotations

import time

import streamlit as st

from embedcore.runs.folder import TRAIN
from embedcore.runs.service import RunSummary
from embedcore.ui import keys, resources, run_actions
from embedcore.ui.run_states import STATES
from embedcore.ui.words import ago, counted, ordinal, plain

_ON_A_PAGE = 10


def show() -> None:
    """One page of the list, and the way to the others."""
    st.header("Runs")
    runs = resources.runs()
    total = runs.count(kinds=(TRAIN,))
    if not total:
        st.caption("None yet. What you train shows up here, for everybody who uses this server.")
        return
    pages = -(-total // _ON_A_PAGE)
    page = 1
    if pages > 1:
        page = st.number_input(f"Page, of {pages:,}", 1, pages, 1, key=keys.RUNS_PAGE, width=140)
    for summary in runs.listing(_ON_A_PAGE, (int(page) - 1) * _ON_A_PAGE, kinds=(TRAIN,)):
        _row(summary)


def _row(summary: RunSummary) -> None:
    run = summary.run
    label, color = STATES[run.state]
    with st.container(border=True), st.container(horizontal=True, vertical_alignment="center"):
        st.badge(label, color=color)  # type: ignore[arg-type]
        st.page_link("train.py", label=plain(run.name, 60), query_params={keys.RUN: run.id})
        st.caption(_facts(summary))
        run_actions.menu(run, resumable=summary.resumable)


def _facts(summary: RunSummary) -> str:
    run = summary.run
    facts = [ago(time.time() - run.created)]
    if summary.place:
        facts.append(f"{ordinal(summary.place)} in the line")
    elif not run.over and summary.share:
        facts.append(f"{summary.share:.0%} done")
    if summary.loss is not None:
        facts.append(f"loss {summary.loss:.3f}")
    if {"dim", "epochs"} <= run.config.keys():
        facts.append(f"{run.config['dim']} dimensions, {counted(run.config['epochs'], 'pass', 'passes')}")
    return " · ".join([*facts, f"“{plain(summary.beginning, 80)}”"])
