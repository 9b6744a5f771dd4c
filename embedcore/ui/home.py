"""The Home page's parts."""

from __future__ import annotations

import time

import streamlit as st

from embedcore.library import BUNDLED
from embedcore.runs.record import TRAIN, TRANSFER
from embedcore.ui import keys, resources
from embedcore.ui.run_pages import PAGES
from embedcore.ui.run_states import STATES
from embedcore.ui.words import ago, counted, plain

_RECENT = 8
# Questions to begin with, by what is written on their links.
_QUESTIONS: dict[str, dict[str, str | list[str]]] = {
    "king − man + woman": {keys.ASK: "Arithmetic", keys.EXPRESSION: "king - man + woman"},
    "Which one is odd?": {keys.ASK: "Odd one out", keys.WORDS: ["breakfast", "lunch", "dinner", "car"]},
}


def introduction() -> None:
    """What this is, in three sentences."""
    st.title("Word embeddings, seen and trained")
    st.markdown(
        "An embedding gives every word a row of numbers, its vector, such that words used alike have vectors that "
        "point the same way. Here you can train such a table on your own text and watch it learn, or look words up in "
        "vectors that others trained on billions of words. What you train and what you load are used in the same way, "
        "and every page’s address is a link that shows others what you see."
    )


def doors() -> None:
    """The two ways to get vectors, and finding out which of them is the better one."""
    learn, take = st.columns(2, gap="medium")
    with learn.container(border=True, height="stretch"):
        st.header("Learn them")
        st.write("Paste a text. See its words become integers, and a look-up table of vectors learn from it, live.")
        st.page_link("train.py", label="Train on a text", icon=":material/model_training:")
    with take.container(border=True, height="stretch"):
        st.header("Take them ready-made")
        st.write(
            "Ask about words in GloVe: 400,000 words, learned from 6 billion. Or in a set of yours, or in two at once."
        )
        with st.container(horizontal=True, gap="medium"):
            st.page_link("compare.py", label="Compare words", icon=":material/compare_arrows:")
            for label, question in _QUESTIONS.items():
                st.page_link("compare.py", label=label, query_params={keys.VECTORS: BUNDLED, **question})
            st.page_link("map.py", label="See a whole set on a map", icon=":material/bubble_chart:")
    with st.container(border=True):
        st.header("Which is better for your texts?")
        st.write(
            "Give texts with labels. The same small classifier learns them three times, over more and more texts: with "
            "vectors from scratch, with ready-made ones as they are, and with ready-made ones that learn on."
        )
        st.page_link("transfer.py", label="Do I need pre-trained vectors?", icon=":material/compare:")


def recent_runs() -> None:
    """The newest trainings and experiments, each with its link."""
    st.header("Recent runs")
    runs = resources.runs().recent(_RECENT, kinds=(TRAIN, TRANSFER))
    if not runs:
        st.caption("None yet. The first text you train on shows up here.")
    for run in runs:
        label, color = STATES[run.state]
        with st.container(horizontal=True, vertical_alignment="center"):
            st.badge(label, color=color)  # type: ignore[arg-type]
            st.page_link(
                PAGES[run.kind].page, label=plain(run.name, limit=60), icon=PAGES[run.kind].icon,
                query_params={keys.RUN: run.id},
            )  # fmt: skip
            st.caption(f"{PAGES[run.kind].called}, {ago(time.time() - run.created)}")


def sets_at_hand() -> None:
    """The vector sets in the library, each with its link."""
    st.header("Vector sets at hand")
    for info in resources.vectors_at_hand():
        with st.container(horizontal=True, vertical_alignment="center"):
            st.page_link(
                "compare.py", label=plain(info.name), icon=":material/table_rows:",
                query_params={keys.VECTORS: info.name},
            )  # fmt: skip
            if info.usable:
                st.page_link(
                    "map.py", label="Map", icon=":material/bubble_chart:", query_params={keys.VECTORS: info.name}
                )
            st.caption(f"{counted(info.rows, 'word')} × {info.dim}. {plain(info.source)}")
    st.page_link("library.py", label="The library: get, import and export sets", icon=":material/library_books:")
