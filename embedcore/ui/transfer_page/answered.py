"""What an experiment answers, in words: whether pre-trained vectors help, how much of the texts they know, and what
to mind.
"""

from __future__ import annotations

import streamlit as st

from embedcore.runs import Run
from embedcore.runs.folder import FINISHED
from embedcore.transfer.about import About
from embedcore.transfer.config import SCRATCH, TransferConfig
from embedcore.ui.transfer_page.findings import Findings
from embedcore.ui.words import counted, listed, plain

_MISSING = 12  # words named that the set lacks


def show(run: Run, settings: TransferConfig, found: Findings) -> None:
    """The sentences, and below them what they rest on."""
    about, answer = found.about, found.answer
    if about is None or answer is None:
        st.caption("The answer stands here as soon as the first fits are finished, and grows surer with each.")
        return
    with st.container(border=True):
        _sentences(run, settings, found)
        st.caption(" ".join(_rests_on(run, settings, about, found)))
    for note in about.notes:
        st.warning(plain(note, 600), icon=":material/info:")


def _sentences(run: Run, settings: TransferConfig, found: Findings) -> None:
    """The first sentence large, the others below it."""
    if settings.starts == (SCRATCH,):
        said: tuple[str, ...] = ("Only training from scratch was asked for, so there is nothing to compare it with.",)
    elif SCRATCH not in settings.starts:
        said = ("Training from scratch was not asked for, so there is nothing to compare with.",)
    elif found.answer and found.compared:
        said = found.answer.sentences
    else:
        said = ("There is nothing to compare yet.",)
    with st.container(gap="xsmall"):
        st.header(plain(said[0], 600), anchor=False)
        for sentence in said[1:]:
            st.markdown(f"**{plain(sentence, 600)}**")
    if run.state != FINISHED and found.compared:
        until = "So far" if not run.over else "It ended early"
        st.caption(f"{until}: this rests on the {counted(len(found.fits), 'fit')} that are finished, and may change.")


def _rests_on(run: Run, settings: TransferConfig, about: About, found: Findings) -> list[str]:
    """How many texts, how many of their words the set knows, and when a fit ends."""
    train, validation, test = (sum(about.counts[part]) for part in ("train", "validation", "test"))
    said = [
        f"Up to {counted(train, 'text')} to learn from, {validation:,} that say when to stop, and {test:,} that are "
        "asked about in the end and never learned from."
    ]
    if about.coverage is not None and settings.pretrained:
        known = about.coverage
        said.append(
            f"{plain(settings.pretrained, 80)} knows {100 * known.token_share:.1f} % of all words in the texts "
            f"({known.known:,} of the {counted(known.words, 'different word')})."
        )
        if known.missing:
            named = listed([f"“{plain(word, 30)}”" for word in known.missing[:_MISSING]], _MISSING)
            said.append(f"The most frequent that it lacks: {named}.")
    if validation:
        said.append(
            f"All {validation:,} validation texts say when a fit ends, also one that learns from few texts; "
            "who has only those few would have to give some of them."
        )
    return said
