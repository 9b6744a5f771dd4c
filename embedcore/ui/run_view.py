"""The Train page while a run goes on and after it: progress, the loss, neighbours, what to keep."""

from __future__ import annotations

import io
import time
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from embedcore import figures, library
from embedcore.formats import FORMATS
from embedcore.runs import Run, RunFolder
from embedcore.runs.folder import FAILED, FINISHED, INTERRUPTED, QUEUED, RUNNING, STOPPED
from embedcore.tokens import Tokens
from embedcore.ui import keys, messages, resources, text_choice, training_form
from embedcore.ui.words import counted, duration, ordinal, plain, telling_words
from embedcore.vectors import WordVectors
from embedcore.vocab import SPECIALS

STATES = {
    QUEUED: ("Waiting", "gray"),
    RUNNING: ("Training", "blue"),
    FINISHED: ("Finished", "green"),
    STOPPED: ("Stopped", "orange"),
    FAILED: ("Failed", "red"),
    INTERRUPTED: ("Interrupted", "red"),
}
_LIVE = "700ms"


def show(run_id: str) -> None:
    """The page of one run. Raises UnknownRun for a link that leads nowhere."""
    if st.button("New run", icon=":material/arrow_back:", key=keys.NEW_RUN, type="tertiary"):
        training_form.forget_run_id()
        del st.query_params[keys.RUN]
        st.rerun()
    folder = resources.runs().folder(run_id)
    run = folder.run
    st.header(plain(run.name))
    # Timers only while there is something to wait for; the elements are the same before and after.
    watch, ask = st.columns([3, 2], gap="large")
    with watch:
        st.fragment(_progress, run_every=None if run.over else _LIVE)(folder, run.over)
    with ask:
        st.fragment(_neighbors, run_every=None if run.over else "2s")(folder)
    if run.over and folder.checkpoint_number():
        _keep(folder, run)
    _about(folder, run)


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
    tiles = st.container(horizontal=True)
    tiles.metric("Loss per pair", f"{last['loss']:.4f}" if last and last["loss"] is not None else "–", width=118)
    tiles.metric("Words per second", f"{_speed(run, last):,.0f}" if last else "–", width=118)
    if run.over:
        tiles.metric("Time", duration(last["seconds"]) if last else "–", width=118)
    else:
        tiles.metric("Time left", duration(last["seconds_left"]) if last else "–", width=118)
    tiles.metric("Pass", f"{last['epoch']:,} of {last['epochs']:,}" if last else "–", width=118)
    st.echarts_chart(
        figures.loss_curve(metrics, epochs=run.config["epochs"]), key=keys.LOSS_CHART, height=300,
        alt="The loss per pair against the passes over the text: falling means learning",
    )  # fmt: skip


def _state_line(folder: RunFolder, run: Run) -> None:
    label, color = STATES[run.state]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(label, color=color)  # type: ignore[arg-type]
        if run.state == QUEUED:
            st.caption(_waiting(folder))
        elif run.state == RUNNING:
            if folder.should_stop():
                st.caption("Stopping, and keeping what it has…")
            elif st.button("Stop", icon=":material/stop:", key=keys.STOP):
                resources.runs().ask_to_stop(run.id)
                st.rerun(scope="fragment")
        elif run.state == STOPPED:
            st.caption("Somebody pressed Stop. What it had learned until then is below.")
    if run.error:
        st.error(plain(run.error, limit=600), icon=":material/error:")


def _waiting(folder: RunFolder) -> str:
    runs = resources.runs()
    if not runs.workers and (cluster := runs.settings.dask_scheduler_address):
        return f"The cluster at {plain(cluster)} has no worker, or cannot be reached. The run begins when it can."
    if not runs.workers:
        return "The workers are starting; this takes a few seconds after the server began."
    place = runs.place(folder.id)
    return f"{ordinal(place)} in the line: every worker is busy." if place else "About to begin."


def _share_text(run: Run, share: float) -> str:
    if run.state == FINISHED:
        return "All done"
    if run.state == RUNNING and share == 0:
        return "Reading the text"
    return f"{share:.0%} done"


def _speed(run: Run, last: dict[str, float] | None) -> float:
    """Words per second now, or over the whole run when it is over."""
    if last is None:
        return 0.0
    if run.over and last["seconds"] > 0:
        return last["tokens"] / last["seconds"]
    return last["words_per_second"]


@st.cache_resource(max_entries=32, show_spinner=False)
def _tokens(run_id: str, _folder: RunFolder) -> Tokens:
    vocab = _folder.vocab()
    assert vocab is not None  # asked only when there is a checkpoint, which comes after the vocabulary
    return Tokens.of(vocab[0][len(SPECIALS) :])


@st.cache_resource(max_entries=16, show_spinner=False)
def _checkpoint_vectors(run_id: str, number: int, _folder: RunFolder) -> WordVectors | None:
    arrays = _folder.checkpoint("weight")
    if arrays is None:
        return None
    tokenizer = _folder.run.config.get("tokenizer")
    return WordVectors(
        _tokens(run_id, _folder), np.asarray(arrays["weight"])[len(SPECIALS) :], name="this text",
        lowercased=True if tokenizer == "words" else None,
    )  # fmt: skip


def vectors_of(folder: RunFolder) -> WordVectors | None:
    """The vectors of a run's newest checkpoint, without the specials; None before the first."""
    number = folder.checkpoint_number()
    return _checkpoint_vectors(folder.id, number, folder) if number else None


def _neighbors(folder: RunFolder) -> None:
    """The nearest words of any word, in the newest checkpoint."""
    st.header("Neighbours")
    vectors = vectors_of(folder)
    if vectors is None:
        st.caption("Once training has begun, any word’s nearest words show here.")
        return
    word = st.text_input(
        "Word", value=telling_words(vectors.tokens)[0], key=keys.NEIGHBORS_OF, bind="query-params",
        help="Its nearest words by cosine similarity, as the table stands now.",
    )  # fmt: skip
    with messages.problems():
        near = vectors.most_similar((word or "").strip(), topn=10)
        if not near:
            st.caption("There is no other word in this table.")
            return
        st.dataframe(
            pd.DataFrame({"word": [n.word for n in near], "cosine similarity": [n.similarity for n in near]}),
            hide_index=True,
            column_config={
                "cosine similarity": st.column_config.ProgressColumn(min_value=0.0, max_value=1.0, format="%.3f")
            },
            alt="The nearest words and their cosine similarity",
        )  # fmt: skip


def _keep(folder: RunFolder, run: Run) -> None:
    """Keep the vectors in the library, or take them away as a file."""
    st.header("Keep it")
    vectors = vectors_of(folder)
    if vectors is None:
        return
    keep, download = st.columns(2, gap="large")
    with keep, st.form("keep", border=False):
        name = st.text_input(
            "Name of the vector set", key=keys.KEEP_NAME, placeholder="my-vectors", max_chars=80,
            help="Letters of any script, digits, spaces and . _ - . Everybody who uses this server sees the set.",
        )  # fmt: skip
        if st.form_submit_button("Keep as a vector set", icon=":material/bookmark_add:", key=keys.KEEP):
            with messages.problems():
                info = _save(str(name or ""), vectors, run)
                st.success(f"Kept as {plain(info.name)}: {counted(info.rows, 'word')} × {info.dim}.")
                st.page_link(
                    "compare.py", label="Compare words on it", icon=":material/compare_arrows:",
                    query_params={keys.VECTORS: info.name},
                )  # fmt: skip
    with download:
        chosen = st.selectbox(
            "Format of the file", list(FORMATS), format_func=lambda key: FORMATS[key].label, key=keys.FORMAT
        )
        fmt = FORMATS[str(chosen)]
        st.download_button(
            "Download", partial(_file, vectors, str(chosen)), file_name=f"vectors-{run.id}{fmt.extension}",
            mime="text/plain", icon=":material/download:", key=keys.DOWNLOAD, on_click="ignore",
        )  # fmt: skip


def _save(name: str, vectors: WordVectors, run: Run) -> library.VectorsInfo:
    return library.save_vectors(
        name, vectors, source=f"trained here on “{run.name}”", settings=resources.settings(), meta={"run": run.id}
    )


def _file(vectors: WordVectors, format_name: str) -> bytes:
    buffer = io.BytesIO()
    FORMATS[format_name].writer(vectors, buffer)
    return buffer.getvalue()


def _about(folder: RunFolder, run: Run) -> None:
    """What this run was asked to do, and on which text."""
    with st.expander("Settings and text of this run"):
        settings, text = st.columns([1, 2], gap="medium")
        settings.dataframe(
            pd.DataFrame({"setting": list(run.config), "value": [str(value) for value in run.config.values()]}),
            hide_index=True, alt="The settings of this run",
        )  # fmt: skip
        with text:
            text_choice.show_beginning(folder.text())
    begun = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(run.created))
    st.caption(f"Run {run.id}, made {begun}. This page’s address is its link: whoever has it sees the text too.")
