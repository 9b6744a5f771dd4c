"""The form of an experiment: labelled texts, how they are divided, the vector set, the classifier, Start."""

from __future__ import annotations

import numpy as np
import streamlit as st

from embedcore.errors import BadSetting
from embedcore.runs import Draft
from embedcore.runs.experiments import ExperimentConfig, SplitAsked, submit_experiment
from embedcore.runs.record import TRANSFER
from embedcore.transfer.config import SCRATCH, TransferConfig
from embedcore.transfer.expected import expected_seconds
from embedcore.transfer.order import tasks_of
from embedcore.transfer.splitting import Split
from embedcore.ui import keys, links, messages, resources, starting
from embedcore.ui.transfer_page import division, settings_choice, texts_choice, vectors_choice
from embedcore.ui.transfer_page.texts_choice import ChosenTexts
from embedcore.ui.transfer_page.vectors_choice import ChosenSet
from embedcore.ui.words import counted, duration, plain

_STARTING = starting.Start(TRANSFER)


def show() -> None:
    """Each step from the texts to Start."""
    st.write(
        "Vectors that others trained on billions of words know much before your first text. Do they help **you**? "
        "Give texts with labels, and the same small classifier learns to tell the labels apart three times: with "
        "vectors from scratch, with ready-made ones as they are, and with ready-made ones that learn on; from a few "
        "training texts up to all of them."
    )
    _STARTING.begin()
    links.mend({**texts_choice.rules(), **division.rules(), **vectors_choice.rules(), **settings_choice.rules()})
    st.header("1  Texts with labels")
    chosen = texts_choice.choose()
    if chosen is None:
        return
    st.header("2  Training and test")
    divided = division.choose(chosen)
    if divided is None:
        return
    asked, split = divided
    st.header("3  Three starts")
    vectors = vectors_choice.choose(chosen)
    st.header("4  The classifier")
    with messages.problems():
        values = settings_choice.choose(vectors.info.dim if vectors else None)
        use = vectors if values["starts"] != (SCRATCH,) else None
        config = TransferConfig(**values, tokenizer=chosen.tokenizer, pretrained=None if use is None else use.info.name)
        _start(chosen, asked, split, config, use)


def begin_from(draft: Draft) -> None:
    """Fill the form with the texts and settings of an earlier experiment; for a callback."""
    config = ExperimentConfig.from_json(draft.config)
    texts_choice.take(draft.text, config.settings.tokenizer, draft.name)
    division.take(config.split, marked=texts_choice.marked(draft.text))
    settings_choice.take(config.settings)
    if config.settings.pretrained:
        st.session_state[keys.VECTORS] = config.settings.pretrained
    _STARTING.forget()


def _start(
    chosen: ChosenTexts, asked: SplitAsked, split: Split, config: TransferConfig, vectors: ChosenSet | None
) -> None:
    """What will be done, the button, and what follows from pressing it."""
    problem = _why_not(config)
    if problem is None:
        fits = len(tasks_of(config, len(split.train)))
        seconds = _expected(chosen, split, config, vectors)
        sizes = ", ".join(f"{size:,}" for size in config.sizes_of(len(split.train)))
        st.markdown(
            f"Start makes **{counted(fits, 'fit')}**, on {sizes} training texts: about {duration(max(1.0, seconds))}, "
            "give or take half. The first points come at once, the others as they are found."
        )
    else:
        st.warning(plain(problem, 400), icon=":material/info:")
    # Submitted in a callback, before this page is drawn again: the experiment begins that much sooner.
    st.button(
        "Start", type="primary", icon=":material/play_arrow:", key=keys.START_EXPERIMENT, disabled=problem is not None,
        width=160, on_click=_submit, args=(chosen, config, asked, vectors),
    )  # fmt: skip
    st.caption(
        "An experiment gets a link of its own and stands in the list below: everybody who uses this server sees its "
        "texts and its result, and may stop it."
    )


def _expected(chosen: ChosenTexts, split: Split, config: TransferConfig, vectors: ChosenSet | None) -> float:
    tokens = float(np.mean(chosen.tokenized.lengths)) if len(chosen.tokenized.lengths) else 0.0
    return expected_seconds(
        config, tokens, len(split.train), len(split.validation), len(split.test),
        None if vectors is None else vectors.info.dim, len(chosen.data.classes),
    )  # fmt: skip


def _why_not(config: TransferConfig) -> str | None:
    """Why these settings cannot be used, in one sentence; None if they can."""
    if not config.starts:
        return "Choose at least one start to compare, under More settings."
    if config.starts != (SCRATCH,) and config.pretrained is None:
        return "Frozen and tuned start from a vector set. Choose one, or compare from scratch alone."
    try:
        config.check()
    except BadSetting as error:
        return str(error)
    return None


def _submit(chosen: ChosenTexts, config: TransferConfig, asked: SplitAsked, vectors: ChosenSet | None) -> None:
    _STARTING.submit(
        lambda run_id: submit_experiment(
            resources.runs(),
            chosen.data,
            ExperimentConfig.of(config, asked, None if vectors is None else vectors.vectors),
            run_id=run_id,
        )
    )
