"""One experiment: how far it is, the answer, and what came of its fits.

The parts are in `progress`, `answered`, `curves`, `table` and `mixed_up`; what can be done with what
was learned, in `moved_words`, `use_it`, `keeping` and `code_shown`.
"""

from __future__ import annotations

import json
import time
from contextlib import suppress

import pandas as pd
import streamlit as st

from embedcore.errors import EmbedcoreError, UnknownRun
from embedcore.runs import Draft, Run, RunFolder, experiments
from embedcore.runs.experiments import BY_PARTS, ExperimentConfig
from embedcore.runs.folder import RESUMABLE
from embedcore.runs.record import TRANSFER
from embedcore.transfer.config import AVERAGE, CONVOLUTION
from embedcore.transfer.leads import MEASURES
from embedcore.ui import keys, links, messages, resources, run_actions, run_pages
from embedcore.ui.asking import framing
from embedcore.ui.transfer_page import (
    answered,
    code_shown,
    curves,
    findings,
    form,
    keeping,
    mixed_up,
    moved_words,
    progress,
    table,
    use_it,
)
from embedcore.ui.words import counted, plain

_LIVE, _SOMETIMES = "1s", "5s"
_FIRST_TEXTS = 8
_FRAME_PIXELS = 1_500  # of the answer, the chart and the table, at a width of 700
_MODELS = {AVERAGE: "Deep averaging network", CONVOLUTION: "Convolution of widths 3, 4 and 5"}


def show(run_id: str) -> None:
    """The page of one experiment; its answer alone in a frame. Raises UnknownRun for a link that leads nowhere."""
    links.hold(keys.RUN, run_id)
    alone = bool(st.context.is_embedded)
    if not alone:
        st.button("New experiment", icon=":material/add:", key=keys.NEW_RUN, on_click=leave)
    folder = resources.runs().folder(run_id)
    run = folder.run
    if run.kind != TRANSFER:
        run_pages.lead_on(run)
        return
    links.begin()
    links.mend({keys.MEASURE: links.OneOf(MEASURES)})
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header(plain(run.name), anchor=False)
        if not alone:
            _embed(run)
            run_actions.menu(run, resumable=run.state in RESUMABLE, begin_from=begin_again)
    config = experiments.config_of(run)
    st.caption(" · ".join(_asked_for(config)))
    over, inside = run.over, _has_models(folder)
    # Timers only while there is something to wait for; the elements are the same before and after.
    st.fragment(_watch, run_every=None if over else _LIVE)(folder, config, over, inside)
    if alone:
        st.markdown(f":small[[Open in the dashboard]({_link(run)})]")
        return
    st.fragment(_mixed_up, run_every=None if over else _SOMETIMES)(folder)
    if inside:
        _inside(folder, run)
    _about(folder, run, config)


def _link(run: Run, **more: str) -> str:
    """The link to an experiment, with the measure that is chosen."""
    measure = st.query_params.get(keys.MEASURE)
    chosen = [(keys.MEASURE, measure)] if measure else []
    return links.whole("/transfer", [(keys.RUN, run.id), *chosen, *more.items()])


@st.fragment
def _embed(run: Run) -> None:
    """The line of HTML that shows the answer, the chart and the table in a page of a wiki."""
    # Drawn anew when it is opened: the measure is chosen in a fragment of its own.
    with st.popover("Embed", icon=":material/iframe:", key=keys.EMBED_EXPERIMENT, on_change="rerun"):
        st.caption("HTML that shows the answer alone in a page of your wiki. Its height may need a change.")
        st.code(framing.frame(_link(run, embed="true"), "Experiment", _FRAME_PIXELS), language=None, wrap_lines=True)


def leave() -> None:
    """Back to the form; for callbacks. What is bound to inputs of this page leaves the link with them."""
    st.query_params.pop(keys.RUN, None)


def begin_again(draft: Draft) -> None:
    """To the form, with the texts and settings of an earlier experiment in it; for callbacks."""
    leave()
    form.begin_from(draft)


def _watch(folder: RunFolder, config: ExperimentConfig, was_over: bool, was_inside: bool) -> None:
    """State, answer, chart and table; drawn again and again while the experiment goes on."""
    try:
        run = folder.run
    except UnknownRun:
        st.rerun()  # deleted meanwhile: the whole page says so
    if run.over != was_over or (not was_inside and _has_models(folder)):
        st.rerun()  # the whole page, once: to stop the timers, or to show what can be looked into
    messages.show_kept()
    with messages.problems():
        found = findings.of(folder)
        progress.show(folder, run, found)
        answered.show(run, config.settings, found)
        measure = curves.choose_measure(found)
        curves.show(config.settings, found, measure)
        table.show(run, config.settings, found, measure, costs=not st.context.is_embedded)


def _has_models(folder: RunFolder) -> bool:
    with suppress(EmbedcoreError):  # a disk that does not answer now, which what needs models says
        return bool(experiments.models_of(folder))
    return False


def _mixed_up(folder: RunFolder) -> None:
    with suppress(EmbedcoreError):  # what cannot be read was said above
        mixed_up.show(folder)


def _inside(folder: RunFolder, run: Run) -> None:
    """What can be done with what was learned, each part by itself: what fails in one hides no other."""
    about = None
    with suppress(EmbedcoreError):  # said above
        about = findings.of(folder).about
    if about is None:
        return
    with messages.problems():
        moved_words.show(folder, run, about)
    with messages.problems():
        use_it.show(folder, run, about)
    with messages.problems():
        keeping.show(folder, run)
    with messages.problems():
        code_shown.show(folder, run, about)


def _asked_for(config: ExperimentConfig) -> list[str]:
    """What the experiment compares, in a line."""
    settings = config.settings
    said = [_MODELS[settings.model]]
    said.append(plain(settings.pretrained, 80) if settings.pretrained else "no vector set")
    said.append(f"{counted(settings.seeds, 'fit')} of each kind")
    return said


def _about(folder: RunFolder, run: Run, config: ExperimentConfig) -> None:
    """What this experiment was asked to do, and on which texts."""
    with st.expander("Settings and texts of this experiment"):
        settings, text = st.columns([1, 2], gap="medium")
        by = "the texts’ own column" if config.split.by == BY_PARTS else f"seed {config.split.seed}"
        shown = {name: value for name, value in config.settings.to_json().items() if value not in (None, [])}
        rows = {**shown, "divided by": by, "validation": config.split.validation, "test": config.split.test}
        settings.dataframe(
            {"setting": list(rows), "value": [str(value) for value in rows.values()]},
            hide_index=True, alt="The settings of this experiment",
        )  # fmt: skip
        with text:
            st.dataframe(_first_texts(folder), hide_index=True, alt="The first texts of this experiment")
            st.download_button(
                "All texts as JSON lines", lambda: folder.text().encode("utf-8"),
                file_name=experiments.TEXTS_FILE, mime="application/jsonl", type="tertiary",
                icon=":material/download:", key="download_experiment_texts", on_click="ignore",
            )  # fmt: skip
    begun = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(run.created))
    resumed = f", resumed {counted(run.resumed, 'time')}" if run.resumed else ""
    days = resources.settings().runs_kept_days
    kept = f" It is removed {counted(round(days), 'day')} after it ended; kept vector sets stay." if days else ""
    st.caption(
        f"Experiment {run.id}, made {begun}{resumed}. This page’s address is its link: whoever has it sees the texts "
        f"too.{kept}"
    )


def _first_texts(folder: RunFolder) -> pd.DataFrame:
    """The first texts with their labels, and what they are for where they say so."""
    lines = folder.head().splitlines()[:_FIRST_TEXTS]
    rows = []
    for line in lines:
        with suppress(ValueError):  # a long line that was cut
            rows.append(json.loads(line))
    return pd.DataFrame(rows)
