"""The form's second step: which texts are learned from, which say when to stop, and which are the test."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import streamlit as st

from embedcore.runs import experiments
from embedcore.runs.experiments import BY_PARTS, BY_SEED, SplitAsked
from embedcore.storage import printable
from embedcore.transfer.config import MOST_SEED
from embedcore.transfer.labelled import TEST, TRAIN, VALIDATION
from embedcore.transfer.problems import Leaks, find_leaks, problems_of_split
from embedcore.transfer.splitting import LEAST_SHARE, MOST_SHARE, Split, suggested_shares
from embedcore.ui import keys, links
from embedcore.ui.once import once
from embedcore.ui.transfer_page.texts_choice import ChosenTexts, tell
from embedcore.ui.words import counted

_CAPTIONS = {
    BY_PARTS: "As the texts say: a column or a file of its own",
    BY_SEED: "At random, each label in the same shares, copies of a text together",
}
_LOW, _HIGH = 100 * LEAST_SHARE, 100 * MOST_SHARE
_LABELS = 50  # rows of the table
_SPLIT = "labelled_split"


def rules() -> dict[str, links.Rule]:
    """What a link may say about the division."""
    return {
        keys.DIVIDE: links.OneOf((BY_PARTS, BY_SEED)),
        keys.SPLIT_SEED: links.Number(0, MOST_SEED),
        keys.VALIDATION: links.Number(_LOW, _HIGH, whole=False),
        keys.TEST: links.Number(_LOW, _HIGH, whole=False),
        keys.WITHOUT_LEAKS: links.OneOf(("true", "false")),
    }


def take(asked: SplitAsked, *, marked: bool) -> None:
    """Fill the choice with that of an earlier experiment; `marked`: its texts said themselves what they are for."""
    if marked:
        st.session_state[keys.DIVIDE] = asked.by
    st.session_state[keys.SPLIT_SEED] = asked.seed
    st.session_state[keys.VALIDATION] = 100 * asked.validation
    st.session_state[keys.TEST] = 100 * asked.test
    st.session_state[keys.WITHOUT_LEAKS] = asked.without_leaks


def choose(chosen: ChosenTexts) -> tuple[SplitAsked, Split] | None:
    """Let the visitor choose; None where nothing could be learned or asked. Raises TextProblem, BadSetting."""
    st.write(
        "A model is judged by texts that it has never seen. So the texts are divided: it learns from the **training** "
        "texts, stops when the **validation** texts say that nothing more is gained, and is asked about the **test** "
        "texts at the very end."
    )
    asked = _asked(chosen)
    split = once(_SPLIT, (chosen.digest, asked), lambda: asked.split(chosen.data))
    leaks = find_leaks(chosen.data, split)
    usable = tell(problems_of_split(chosen.data, split))
    drop = _leave_out(leaks) if leaks else True
    asked = replace(asked, without_leaks=drop)
    if leaks and drop:
        split = split.without(leaks.learned)
        if usable and any(problem.stops for problem in problems_of_split(chosen.data, split)):
            st.error("Without these texts too little is left to learn from.", icon=":material/error:")
            usable = False
    _table(chosen, split)
    return (asked, split) if usable else None


def _asked(chosen: ChosenTexts) -> SplitAsked:
    """How the texts are to be divided, leaks aside."""
    data = chosen.data
    marked = data.parts is not None and {TRAIN, TEST} <= {*data.parts}
    by = BY_SEED
    if data.parts is not None and not marked:
        st.caption("The texts say what they are for, but training or test is missing, so they are divided by a seed.")
    if marked:
        by = str(
            st.radio("Divided", list(_CAPTIONS), captions=list(_CAPTIONS.values()), key=keys.DIVIDE,
                     bind="query-params", horizontal=True)
        )  # fmt: skip
    shares = suggested_shares(len(data))
    seed, validation, test = st.columns(3)
    validated = marked and data.parts is not None and VALIDATION in data.parts
    return SplitAsked(
        by=by,
        seed=int(seed.number_input("Seed of the division", 0, MOST_SEED, 1, key=keys.SPLIT_SEED, bind="query-params")),
        validation=shares[0]
        if by == BY_PARTS and validated
        else _share(validation, keys.VALIDATION, "Validation, per cent", shares[0]),
        test=shares[1] if by == BY_PARTS else _share(test, keys.TEST, "Test, per cent", shares[1]),
    )


def _share(place: st.delta_generator.DeltaGenerator, key: str, label: str, suggested: float) -> float:
    value = place.number_input(
        label,
        _LOW,
        _HIGH,
        None,
        key=key,
        bind="query-params",
        placeholder=f"{100 * suggested:g} (suggested)",
        step=1.0,
        format="%g",
    )
    return suggested if value is None else round(float(value) / 100, 6)


def _leave_out(leaks: Leaks) -> bool:
    """Whether the texts that are also in the test are left out."""
    return bool(
        st.toggle(
            f"Leave {counted(len(leaks.learned), 'text')} out of training and validation that the test has too", True,
            key=keys.WITHOUT_LEAKS, bind="query-params",
        )
    )  # fmt: skip


def _table(chosen: ChosenTexts, split: Split) -> None:
    """How many texts of each label each part has."""
    counts, classes = experiments.counts_of(chosen.data, split), chosen.data.classes
    total = {part: sum(of_labels) for part, of_labels in counts.items()}
    st.dataframe(
        pd.DataFrame(
            {
                "label": [*(printable(label, 60) for label in classes[:_LABELS]), "all together"],
                **{
                    {TRAIN: "training"}.get(part, part): [*of_labels[:_LABELS], total[part]]
                    for part, of_labels in counts.items()
                },
            }
        ),
        hide_index=True, alt="How many texts of each label each part has",
    )  # fmt: skip
    if len(classes) > _LABELS:
        st.caption(f"The first {_LABELS} of {len(classes):,} labels.")
