"""The same in PyTorch: the lines that make an experiment's fits of one size, and the files that they read."""

from __future__ import annotations

from functools import partial

import streamlit as st

from embedcore import snippets_transfer
from embedcore.runs import Run, RunFolder, experiments
from embedcore.snippets_transfer import TEXTS_FILE, Fits
from embedcore.transfer.about import About
from embedcore.transfer.labelled import VALIDATION
from embedcore.ui import code, keys, resources
from embedcore.ui.transfer_page import findings, inside
from embedcore.ui.words import plain


def show(folder: RunFolder, run: Run, about: About) -> None:
    """The lines, and what they read; nothing while no model is kept."""
    inside.section("The same in PyTorch", _section, folder, run, about)


def _section(folder: RunFolder, run: Run, about: About) -> None:
    options = inside.sizes(folder)
    size = inside.choose_size(options, keys.CODE_SIZE)
    config = experiments.config_of(run).settings
    fits = _fits(folder, run, about, size)
    if fits is None:
        st.caption("These fits are not here any more.")
        return
    st.write(
        f"These lines need nothing of this page. Run one after the other, they make the fits of seed {config.seed} "
        f"that learned from {inside.texts(size)}, and come to their accuracies."
    )
    _files(folder, run, config.pretrained if fits.from_set else None)
    info = resources.usable_sets().get(config.pretrained or "")
    with code.beside("1. Texts become integers"):
        code.lines(_integers(run.id, size, fits, folder))
    title = "2. From scratch, frozen, tuned" if fits.from_set else "2. The embedding"
    st.subheader(title, anchor=False)  # not to be opened first: these are the lines that the page is about
    code.lines(
        snippets_transfer.embeddings(fits, config.pretrained, lowercased=info is None or info.lowercased), wrap=True
    )
    with code.beside("3. The classifier"):
        code.lines(snippets_transfer.network(fits))
    with code.beside("4. Learning, and the test"):
        code.lines(snippets_transfer.learning(fits))


def _fits(folder: RunFolder, run: Run, about: About, size: int) -> Fits | None:
    """What the lines are to say: the finished fits of a size and of the first seed."""
    config = experiments.config_of(run).settings
    done = findings.of(folder).fits
    found = {fit.task.start: fit.accuracy for fit in done if (fit.task.size, fit.task.seed) == (size, config.seed)}
    models = (inside.model(folder, start, size) for start in inside.starts(folder, size))
    dims = [model.weight.shape[1] for model in models if model is not None]
    if not found or not dims:
        return None
    return Fits(config, about.classes, size, dims[0], sum(about.counts[VALIDATION]), found)


def _files(folder: RunFolder, run: Run, name: str | None) -> None:
    """What the lines read: the texts, and the vector set as GloVe text."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            f"{TEXTS_FILE}, the texts as these lines read them", partial(_file, run, folder), file_name=TEXTS_FILE,
            mime="application/jsonl", icon=":material/download:", key=keys.TEXTS_DOWNLOAD, on_click="ignore",
        )  # fmt: skip
        if name is not None and name in resources.usable_sets():
            st.page_link(
                "library.py", label=f"{plain(name)} in the Library, to export it as GloVe text",
                icon=":material/library_books:", query_params={keys.SET: name},
            )  # fmt: skip


def _file(run: Run, folder: RunFolder) -> bytes:
    """The content of the file of texts; made when the button is pressed."""
    data, split = findings.divided(run.id, folder)
    return snippets_transfer.texts_file(data, split, experiments.config_of(run).settings.seed).encode("utf-8")


@st.cache_resource(max_entries=32, show_spinner="Reading the texts…")
def _integers(run_id: str, size: int, _fits: Fits, _folder: RunFolder) -> str:
    """The first lines; which characters the texts have decides how they are split."""
    return snippets_transfer.integers(_fits, "\n".join(findings.divided(run_id, _folder)[0].texts))
