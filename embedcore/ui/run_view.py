"""The Train page while a run goes on and after it: how far it is, the loss, and what it was asked to do.

The map is in `run_map`, watched words in `run_words`, keeping the result in `run_keep`, and
what can be done with a run in `run_actions`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from embedcore import figures, snippets
from embedcore.runs import Run, RunFolder
from embedcore.runs.folder import FINISHED, QUEUED, RESUMABLE, RUNNING, STOPPED, TRAIN
from embedcore.ui import (
    keys,
    links,
    resources,
    run_actions,
    run_keep,
    run_map,
    run_moved,
    run_pages,
    run_words,
    text_choice,
)
from embedcore.ui.run_states import STATES, has_learned, objective, speed, unit, waiting
from embedcore.ui.words import counted, duration, plain

_LIVE = "300ms"


def show(run_id: str) -> None:
    """The page of one run. Raises UnknownRun for a link that leads nowhere."""
    links.hold(keys.RUN, run_id)
    st.button("New run", icon=":material/add:", key=keys.NEW_RUN, on_click=_leave)
    folder = resources.runs().folder(run_id)
    run = folder.run
    if run.kind != TRAIN:
        run_pages.lead_on(run)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header(plain(run.name))
        run_actions.menu(run, resumable=run.state in RESUMABLE and folder.checkpoint_number() > 0)
    st.caption(objective(run).label)
    # Timers only while there is something to wait for; the elements are the same before and after.
    every = None if run.over else _LIVE
    watch, see = st.columns(2, gap="large")
    with watch:
        st.fragment(_progress, run_every=every)(folder, run.over)
    with see:
        st.fragment(run_map.show, run_every=None if run.over else "1s", key=keys.MAP_FRAGMENT)(folder, run)
    st.fragment(run_words.show, run_every=None if run.over else "2s", key=keys.WORDS_FRAGMENT)(folder)
    if run.config.get("pretrained"):
        st.fragment(run_moved.show, run_every=None if run.over else "2s")(folder)
    if run.over and folder.checkpoint_number() and has_learned(folder):
        run_keep.show(folder, run)
    _about(folder, run)


def _leave() -> None:
    for name in (keys.RUN, keys.WITH, keys.WATCH):
        st.query_params.pop(name, None)


def _progress(folder: RunFolder, was_over: bool) -> None:
    """State, progress bar, numbers and the curve; drawn again and again while the run goes on."""
    run = folder.run
    if run.over and not was_over:
        st.rerun()  # the whole page, once, to stop the timers and offer the result
    metrics = folder.metrics()
    last = metrics[-1] if metrics else None
    _state_line(folder, run)
    share = 1.0 if run.state == FINISHED else (last["share"] if last else 0.0)
    st.progress(share, text=_share_text(run, share))
    _tiles(run, last)
    st.echarts_chart(
        figures.loss_curve(metrics, epochs=run.config["epochs"], added=run.earlier_epochs, unit=unit(run)),
        key=keys.LOSS_CHART, height=290,
        alt=f"The loss per {unit(run)} against the passes over the text: falling means learning",
    )  # fmt: skip


def _tiles(run: Run, last: Mapping[str, Any] | None) -> None:
    tiles = st.container(horizontal=True, gap="xsmall")
    tiles.metric(
        f"Loss per {unit(run)}",
        f"{last['loss']:.4f}" if last and last["loss"] is not None else "–",
        width=92 if unit(run) == "pair" else 116,
    )
    tiles.metric("Words per second", f"{speed(run, last):,.0f}" if last else "–", width=116)
    if run.over:
        tiles.metric("Time", duration(last["seconds"]) if last else "–", width=84)
    else:
        known = last and run.state == RUNNING and last["seconds_left"] > 0  # else it tells of an earlier time
        tiles.metric("Time left", duration(last["seconds_left"]) if last and known else "–", width=108)
    tiles.metric("Pass", f"{last['epoch']:,} of {last['epochs']:,}" if last else "–", width="content")


def _state_line(folder: RunFolder, run: Run) -> None:
    label, color = STATES[run.state]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(label, color=color)  # type: ignore[arg-type]
        if run.state == QUEUED:
            st.caption(waiting(folder.id))
        elif run.state == STOPPED:
            learned = has_learned(folder)
            st.caption(
                "Somebody pressed Stop. What it had learned until then is here."
                if learned
                else "Somebody pressed Stop before training began."
            )
        elif run.state == RUNNING and folder.should_stop():
            st.caption("Stopping, and keeping what it has…")
        if not run.over and not folder.should_stop() and st.button("Stop", icon=":material/stop:", key=keys.STOP):
            resources.runs().ask_to_stop(run.id)
            st.rerun(scope="fragment")
    if run.error:
        st.error(plain(run.error, limit=600), icon=":material/error:")


def _share_text(run: Run, share: float) -> str:
    if run.state == FINISHED:
        return "All done"
    if run.state == RUNNING and share == 0:
        return "Reading the text"
    return f"{share:.0%} done"


def _about(folder: RunFolder, run: Run) -> None:
    """What this run was asked to do, and on which text."""
    with st.expander("Settings and text of this run"):
        settings, text = st.columns([1, 2], gap="medium")
        shown = {name: value for name, value in run.config.items() if value not in (None, [])}
        settings.dataframe(
            pd.DataFrame({"setting": list(shown), "value": [str(value) for value in shown.values()]}),
            hide_index=True, alt="The settings of this run",
        )  # fmt: skip
        with text:
            text_choice.show_beginning(folder.head())
            st.download_button(
                f"The whole text as {snippets.TEXT_FILE}", lambda: folder.text().encode("utf-8"),
                file_name=snippets.TEXT_FILE, mime="text/plain", type="tertiary", icon=":material/download:",
                key="download_run_text", on_click="ignore",
            )  # fmt: skip
    begun = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(run.created))
    resumed = f", resumed {counted(run.resumed, 'time')}" if run.resumed else ""
    if run.earlier_epochs:
        resumed += f", first for {counted(run.earlier_epochs[0], 'pass', 'passes')}"
        resumed += f" and then for {run.config['epochs'] - run.earlier_epochs[0]:,} more"
    days = resources.settings().runs_kept_days
    kept = f" It is removed {counted(round(days), 'day')} after it ended; kept vector sets stay." if days else ""
    st.caption(
        f"Run {run.id}, made {begun}{resumed}. This page’s address is its link: whoever has it sees the text too.{kept}"
    )
