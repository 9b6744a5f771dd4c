"""What moved: whose vectors tuning moved farthest, with neighbours then and now; and the words that pull to a label."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from embedcore.answers import Neighbor
from embedcore.figures_transfer import NAMES
from embedcore.figures_words import bars
from embedcore.runs import Run, RunFolder, experiments
from embedcore.transfer.about import About
from embedcore.transfer.config import FROZEN, SCRATCH, TUNED
from embedcore.transfer.results import Moved, Pull
from embedcore.ui import keys, links, resources
from embedcore.ui.transfer_page import inside
from embedcore.ui.words import plain

_COMPARED, _PULLING = 6, 12
_ROWS, _ROW = 10, 35  # of the table, before it scrolls, and the pixels of one
_SIDE_BY_SIDE = 3  # labels whose bars stand beside each other; of more, one is chosen


def show(folder: RunFolder, run: Run, about: About) -> None:
    """Both lists at one size; nothing while no model is kept."""
    inside.section("What moved", _section, folder, run, about)


def _section(folder: RunFolder, run: Run, about: About) -> None:
    options = inside.sizes(folder)
    size = inside.choose_size(options, keys.MOVED_SIZE)
    if TUNED in inside.starts(folder, size):
        _moved(folder, run, size)
    _pulls(folder, run, about, size)


def _moved(folder: RunFolder, run: Run, size: int) -> None:
    """The words that tuning moved farthest."""
    learned = inside.words(folder, TUNED, size)
    name = experiments.config_of(run).settings.pretrained or "the set"
    st.subheader("Words that tuning moved farthest")
    if learned is None or not learned.moved:
        st.caption(f"No word of {plain(name)} stands often enough in these {inside.texts(size)} to be ranked.")
        return
    st.write(
        f"Before learning from {inside.texts(size)}, each of these had its vector of {plain(name)}. "
        "**+** marks a neighbour that came in, **−** one that went."
    )
    st.dataframe(
        _table(learned.moved), hide_index=True, height=_ROW * (1 + min(len(learned.moved), _ROWS)) + 3,
        alt="Words that tuning moved farthest, and neighbours then and now",
        column_config={
            "moved by": st.column_config.NumberColumn(
                format="%.2f", help="How long the way is from the vector that it had to the one that it has"
            ),
            "cosine": st.column_config.NumberColumn(format="%.2f", help="Of the vector then and now; 1 is not turned"),
        },
    )  # fmt: skip
    _links([each.word for each in learned.moved[:_COMPARED]], run.id, name)


def _table(moved: list[Moved]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "word": [each.word for each in moved],
            "times": [each.count for each in moved],
            "moved by": [each.distance for each in moved],
            "cosine": [each.cosine for each in moved],
            "near at the start": [_marked(each.before, each.after, "−") for each in moved],
            "near now": [_marked(each.after, each.before, "+") for each in moved],
        }
    )


def _marked(neighbors: list[Neighbor], others: list[Neighbor], mark: str) -> str:
    """Neighbours in a line; those that are not among the others are marked."""
    known = {neighbor.word for neighbor in others}
    return ", ".join(one.word if one.word in known else f"{mark}{one.word}" for one in neighbors)


def _links(words: list[str], run_id: str, name: str) -> None:
    """To Compare: the words in the set that was started from, and in those that were kept from this experiment."""
    with st.container(horizontal=True):
        for info in resources.usable_sets().values():
            if info.name == name or info.run == run_id:
                when = "as they were" if info.name == name else "kept from here"
                st.page_link(
                    "compare.py", label=f"Compare them in {plain(info.name)}, {when}",
                    icon=":material/compare_arrows:", query_params={keys.VECTORS: info.name, keys.WORDS: words},
                )  # fmt: skip


def _pulls(folder: RunFolder, run: Run, about: About, size: int) -> None:
    """For each label the words that pull hardest, in the model of one start."""
    st.subheader("Words that pull to a label")
    # All starts from the beginning: radio buttons that come while one looks on would lose which is chosen.
    asked = experiments.config_of(run).settings.starts
    names = {NAMES[start]: start for start in (TUNED, FROZEN, SCRATCH) if start in asked}  # as the link has them
    links.mend({keys.PULL_START: links.OneOf(names)})
    name = st.radio("In which model", list(names), horizontal=True, key=keys.PULL_START, bind="query-params")
    start = names[str(name)]
    if start not in inside.starts(folder, size):
        st.caption("This model is not finished yet.")
        return
    learned = inside.words(folder, start, size)
    if learned is None or len(learned.pulls) != len(about.classes):
        st.caption("What this model learned of words is not kept.")
        return
    st.caption(
        "By how many percentage points the label becomes less likely when the word is covered up, on average over "
        "the places where it stands in training texts (Li, Monroe and Jurafsky 2016)."
    )
    chosen = list(range(len(about.classes)))
    if len(chosen) > _SIDE_BY_SIDE:
        links.mend({keys.PULL_LABEL: links.OneOf(about.classes)})
        label = st.selectbox("Label", about.classes, key=keys.PULL_LABEL, bind="query-params", width=300)
        chosen = [about.classes.index(str(label))]
    end = max((pull.pull for row in chosen for pull in learned.pulls[row]), default=None)
    for place, row in zip(st.columns(len(chosen), gap="medium"), chosen, strict=True):
        with place:
            _bars(about.classes[row], row, learned.pulls[row][:_PULLING], end)


def _bars(label: str, row: int, pulls: list[Pull], end: float | None) -> None:
    """The words of one label."""
    st.markdown(f"To **{plain(label, 60)}**")
    if not pulls:
        st.caption("No word stands often enough and pulls this way.")
        return
    picture = bars(
        [pull.word for pull in pulls], [pull.pull for pull in pulls], end=end, unit="points", dark=resources.dark()
    )
    st.echarts_chart(
        picture.options, key=f"{keys.PULLS_CHART}{row}", height=picture.height,
        alt=f"The words that pull hardest to {label}: {', '.join(pull.word for pull in pulls[:3])} first",
    )  # fmt: skip
