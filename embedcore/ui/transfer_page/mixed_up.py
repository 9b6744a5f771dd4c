"""What the fits of one start and size answered wrongly: which labels they mix up, and a few of the texts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from embedcore import figures_transfer
from embedcore.errors import EmbedcoreError
from embedcore.figures_transfer import MOST_LABELS, NAMES
from embedcore.runs import RunFolder, experiments
from embedcore.storage import printable
from embedcore.transfer.about import About
from embedcore.transfer.config import STARTS
from embedcore.transfer.results import Fitted, Integers
from embedcore.ui import keys, links, resources
from embedcore.ui.transfer_page import findings, inside
from embedcore.ui.words import counted, plain

_READ = 5  # wrongly answered texts that are shown
_PAIRS = 10  # of labels, where there are too many for a picture
_LABEL_CHARACTERS, _TEXT_CHARACTERS = 40, 400


def show(folder: RunFolder) -> None:
    """Choose a start and a size, and see."""
    found = findings.of(folder)
    if found.about is None or not found.fits:
        return
    st.header("What is mixed up", anchor=False)
    # All starts from the beginning: radio buttons that come while one looks on would lose which is chosen.
    fits = _choose(found.fits, experiments.config_of(folder.run).settings.starts)
    if not fits:
        st.caption("No fit from this start is finished yet.")
        return
    labels, classes = found.about.test_labels, found.about.classes
    answers = np.stack([fitted.answers for fitted in fits])  # (k, t)
    counts = _counts(answers, labels, len(classes))  # (C, C)
    picture, read = st.columns([2, 3], gap="large")
    with picture:
        _labels(counts, classes, len(fits))
    with read:
        _texts(folder, found.about, answers)


def _choose(fits: tuple[Fitted, ...], starts: tuple[str, ...]) -> list[Fitted]:
    """The fits of a start and a size that the visitor chooses, the largest size at first; none if there is none yet."""
    names = {NAMES[start]: start for start in STARTS if start in starts}
    every = sorted({fitted.task.size for fitted in fits}, reverse=True)
    links.mend({keys.MIXED_START: links.OneOf(names), keys.MIXED_SIZE: links.OneOf([str(size) for size in every])})
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        start = names[str(st.radio("Start", list(names), key=keys.MIXED_START, bind="query-params", horizontal=True))]
        there = [size for size in every if any(_is(fitted, start, size) for fitted in fits)]
        if not there:
            return []
        size = inside.choose_size(there, keys.MIXED_SIZE)
    return [fitted for fitted in fits if _is(fitted, start, size)]


def _is(fitted: Fitted, start: str, size: int) -> bool:
    return fitted.task.start == start and fitted.task.size == size


def _counts(answers: Integers, labels: Integers, classes: int) -> Integers:
    """How often texts of each label (a row) were answered with each (a column), by all k fits (k, t): (C, C)."""
    pairs = labels[None] * classes + answers  # (k, t)
    return np.bincount(pairs.ravel(), minlength=classes**2).reshape(classes, classes)


def _labels(counts: Integers, classes: tuple[str, ...], fits: int) -> None:
    """A square of labels, or the commonest mistakes where they are many."""
    wrong = counts * (1 - np.eye(len(classes), dtype=np.int64))  # (C, C)
    of = counts.sum(axis=1)  # (C,)
    if len(classes) <= MOST_LABELS:
        picture = figures_transfer.confusion(classes, counts, dark=resources.dark())
        said = _commonest(wrong, counts, classes)
        st.echarts_chart(picture.options, key=keys.MIXED_CHART, height=picture.height, alt=f"Which labels: {said}")
    else:
        order = np.argsort(-wrong, axis=None, kind="stable")[:_PAIRS]
        rows, columns = np.unravel_index(order[wrong.flat[order] > 0], wrong.shape)
        st.dataframe(
            pd.DataFrame(
                {
                    "own label": [classes[row] for row in rows],
                    "answered": [classes[column] for column in columns],
                    "of its texts": [_percent(*pair) for pair in zip(wrong[rows, columns], of[rows], strict=True)],
                }
            ),
            hide_index=True, alt="The labels that are most often mixed up",
        )  # fmt: skip
    together = f" The answers of {fits} fits together." if fits > 1 else ""
    st.caption(plain(_commonest(wrong, counts, classes), 300) + together)


def _commonest(wrong: Integers, counts: Integers, classes: tuple[str, ...]) -> str:
    """The commonest mistake in words."""
    if not wrong.any():
        return "Every test text gets its own label."
    row, column = np.unravel_index(int(wrong.argmax()), wrong.shape)
    own, other = (printable(classes[index], _LABEL_CHARACTERS) for index in (row, column))
    return f"Most often mixed up: {_percent(wrong[row, column], counts[row].sum())} of “{own}” are taken for “{other}”."


def _percent(count: int, of: int) -> str:
    return f"{100 * count / max(of, 1):.1f} %"


def _texts(folder: RunFolder, about: About, answers: Integers) -> None:
    """The texts that most of the fits answer wrongly, the first ones in the test's order."""
    labels = about.test_labels
    missed = (answers != labels).sum(axis=0)  # (t,)
    order = np.argsort(-missed, kind="stable")[:_READ]
    order = order[missed[order] > 0]
    if not len(order):
        return
    try:
        texts = findings.texts_of_test(folder.id, folder)
    except EmbedcoreError as error:
        st.caption(plain(str(error), 300))
        return
    if len(texts) != len(labels):
        return
    fits = len(answers)
    for place in order.tolist():
        given = answers[:, place][answers[:, place] != labels[place]]
        other = about.classes[int(np.bincount(given).argmax())]
        often = f", by {missed[place]} of {fits} fits" if fits > 1 else ""
        own = plain(printable(about.classes[labels[place]], _LABEL_CHARACTERS))
        st.markdown(
            f"**{own}**, answered **{plain(printable(other, _LABEL_CHARACTERS))}**{often}  \n"
            + plain(texts[place], _TEXT_CHARACTERS)
        )
    every = int((missed == fits).sum())
    st.caption(
        f"{counted(every, 'test text')} of {len(labels):,} {'gets' if every == 1 else 'get'} another label "
        + ("in every fit. " if fits > 1 else "")
        + f"Shown are the first {len(order)}, those most often wrong first, in the order of the test texts."
    )
