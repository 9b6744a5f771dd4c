"""All experiments, newest first, each with its link and what can be done with it."""

from __future__ import annotations

from collections.abc import Iterator

import streamlit as st

from embedcore.errors import EmbedcoreError
from embedcore.runs import RunSummary, experiments
from embedcore.runs.record import TRANSFER
from embedcore.transfer.config import CONVOLUTION
from embedcore.ui import keys, resources, runs_list
from embedcore.ui.transfer_page import findings, run_view
from embedcore.ui.words import counted, plain


def show() -> None:
    """One page of the list, and the way to the others."""
    st.header("Experiments")
    none = "None yet. What you try shows up here, for everybody who uses this server."
    runs_list.show_kind(TRANSFER, none, _facts, run_view.begin_again, keys.EXPERIMENTS_PAGE)


def _facts(summary: RunSummary) -> Iterator[str]:
    """The set, how many fits there are, and the first sentence of the answer."""
    try:
        settings = experiments.config_of(summary.run).settings
        found = findings.of(resources.runs().folder(summary.run.id))
    except EmbedcoreError:
        return  # deleted just now, or damaged: its own page says so
    if settings.pretrained:
        yield plain(settings.pretrained, 60)
    if settings.model == CONVOLUTION:
        yield "convolution"
    if found.fits:
        yield counted(len(found.fits), "fit")
    if found.compared and found.answer:
        yield plain(found.answer.sentences[0], 200)
