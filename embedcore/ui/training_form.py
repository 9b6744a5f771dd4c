"""The Train page before Start: text, vocabulary, integers, look-up table, settings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from embedcore import figures, snippets
from embedcore.errors import EmbedcoreError, TextProblem
from embedcore.runs import Draft
from embedcore.runs.record import TRAIN
from embedcore.training import INITS, OBJECTIVES, Suggestion, TrainConfig, estimate_seconds, suggest
from embedcore.training.suggest import from_a_set
from embedcore.ui import (
    code,
    keys,
    links,
    lookup_steps,
    objective_choice,
    resources,
    start_choice,
    starting,
    text_choice,
)
from embedcore.ui.start_choice import Start
from embedcore.ui.text_choice import ChosenText
from embedcore.ui.words import counted, duration, plain
from embedcore.vocab import PAD, SPECIALS, UNK, Vocab

_TABLE_ROWS = 1_000  # of the vocabulary shown; a table of all rows would be megabytes
_PREVIEWED_CHARACTERS = 2_000_000  # what the page reads of a long text; the run reads all of it
_PREVIEWED_BY_MORPHEMES = 50_000  # of which the page reads less: finding them takes long
_STARTING = starting.Start(TRAIN)
_QUICK_SECONDS = 3.0
_MOST_WATCHED = 50  # words that a link may ask a run to keep frames of


def show() -> None:
    """Each step from the text to Start, with the same in PyTorch beside it."""
    st.write(
        "Each word of a text gets an integer, and each integer a row of numbers in a look-up table: its vector. "
        "Training moves the rows until words that stand near the same other words have similar vectors."
    )
    _STARTING.begin()
    links.mend(_rules())
    st.header("1  The text")
    chosen = text_choice.choose()
    if chosen is None:
        return
    part, share = _previewed(chosen)
    every = resources.vocabulary(part.digest, part.tokenizer, part.text)
    sentences, characters = resources.sentences_and_characters(part.digest, part.tokenizer, part.text)
    tokens = sum(every.counts)
    if tokens == 0:
        raise TextProblem("There is no word in this text: nothing to give an integer to.")
    objective = objective_choice.chosen()
    suggestion = suggest(round(tokens / share), len(every.words), round(sentences / share), objective)
    st.header("2  The vocabulary")
    config = replace(suggestion.config, tokenizer=chosen.tokenizer, min_count=_min_count(suggestion))
    vocab = _at_least(every, config.min_count)
    _show_vocabulary(every, vocab, tokens, sentences, characters, config.min_count, share)
    _vocabulary_code(chosen, config, vocab)
    st.header("3  Words become integers")
    asked = lookup_steps.integers(vocab, part)
    st.header("4  The look-up table")
    start = start_choice.choose(vocab, config.min_count, part)
    if start is not None:
        suggestion = from_a_set(suggestion)
        config = replace(config, lr=suggestion.config.lr)
    config = replace(config, **_table_settings(suggestion, start))
    lookup_steps.table(vocab, config, asked, suggestion.reasons["init"], start)
    st.header("5  Training")
    objective_choice.choose()
    config = replace(config, **_training_settings(suggestion))
    _step_code(part, config, vocab)
    _start(chosen, config, vocab, start, round(tokens / share), whole=share == 1)


def _rules() -> dict[str, links.Rule]:
    """What a link may say about the form."""
    settings = resources.settings()
    numbers: dict[str, links.Rule] = {
        "dim": links.Number(1, settings.max_dim), "epochs": links.Number(1, settings.max_epochs),
        "window": links.Number(1, 100), "negative": links.Number(1, 100), "min_count": links.Number(1, 1_000_000),
        "batch": links.Number(1, 65_536), "seed": links.Number(0, 2**31),
        "lr": links.Number(1e-6, 10.0, whole=False), "sample_rate": links.Number(0.0, 1.0, whole=False),
        "init": links.OneOf(INITS),
    }  # fmt: skip
    return {**numbers, **text_choice.rules(), **start_choice.rules(), **objective_choice.rules()}


def begin_from(draft: Draft) -> None:
    """Fill the form with the text and settings of an earlier run; for a callback."""
    for name, value in draft.config.items():
        key = keys.SETTING.get("sample_rate" if name == "sample" else name)
        if key:
            st.session_state[key] = value
    st.session_state[keys.OBJECTIVE] = draft.config.get("objective", "skipgram")
    start_choice.take(draft.config)
    st.session_state[keys.TOKENIZER] = draft.tokenizer or "words"
    text_choice.take(draft.text)
    _STARTING.forget()


def _previewed(chosen: ChosenText) -> tuple[ChosenText, float]:
    """The part of the text that the page reads, and its share of the whole, so that it stays quick."""
    most = _PREVIEWED_BY_MORPHEMES if chosen.tokenizer == "morphemes" else _PREVIEWED_CHARACTERS
    if len(chosen.text) <= most:
        return chosen, 1.0
    part = chosen.text[:most]
    part = part[: part.rfind("\n") + 1] or part
    share = len(part) / len(chosen.text)
    return replace(chosen, text=part, digest=f"{chosen.digest}:{len(part)}"), share


def _min_count(suggestion: Suggestion) -> int:
    value = st.number_input(
        "Leave out words seen fewer times than", min_value=1, max_value=1_000_000, step=1, value=None,
        placeholder=f"{suggestion.config.min_count} (suggested)", key=keys.SETTING["min_count"], bind="query-params",
        width=320,
    )  # fmt: skip
    st.caption(suggestion.reasons["min_count"])
    return suggestion.config.min_count if value is None else int(value)


def _at_least(every: Vocab, min_count: int) -> Vocab:
    """The vocabulary with the rarer words left out; they count for `<unk>`."""
    kept = sum(1 for count in every.counts[len(SPECIALS) :] if count >= min_count)  # counts fall
    unk, pad = every.counts[:2]
    left_out = sum(every.counts[len(SPECIALS) + kept :])
    return Vocab(every.words[:kept], every.counts[2 : 2 + kept], specials=(unk + left_out, pad))


def _show_vocabulary(
    every: Vocab, vocab: Vocab, tokens: int, sentences: int, characters: int, min_count: int, share: float
) -> None:
    about = "" if share == 1 else f" in the first {share:.0%} of the text (this page reads no more; the run reads all)"
    left_out = len(every) - len(vocab)
    rare = vocab.counts[0] - every.counts[0]  # tokens of words that were left out
    least = "" if share == 1 else "at least "  # the rest of a long text has more words
    entries = least + counted(len(vocab), "entry", "entries")
    st.markdown(
        f"**{counted(tokens, 'token')}** in {counted(sentences, 'line')}, {counted(characters, 'character')}{about}. "
        f"**{counted(len(every.words), 'different word')}**. The table has **{entries}**: "
        f"{counted(len(vocab.words), 'word')} and two specials, `{UNK}` (0) for words it does not have and "
        f"`{PAD}` (1) to fill up short sentences."
        + (
            f" Left out: {counted(left_out, 'word')} seen fewer than {min_count} times "
            f"({counted(rare, 'token')}, {rare / tokens:.1%} of the text)."
            if left_out and share == 1
            else ""
        )
    )
    table, curve = st.columns([2, 3], gap="medium")
    with table:
        rows = min(len(vocab), _TABLE_ROWS)
        st.dataframe(
            pd.DataFrame(
                {"token": vocab.itos[:rows], "integer": range(rows), "times": vocab.counts[:rows]}
            ),
            hide_index=True, height=280, alt="The vocabulary: each token, its integer and how often it occurs",
        )  # fmt: skip
        if rows < len(vocab):
            st.caption(f"The first {rows:,} of {len(vocab):,}.")
    with curve:
        st.echarts_chart(
            figures.frequency_curve(vocab.words, vocab.counts[2:]), height=280, key="frequency_curve",
            alt="How often each word occurs, from the most frequent to the rarest, on logarithmic axes",
        )  # fmt: skip
        st.caption("Integers go by falling count, equal counts by first appearance: the same text, the same integers.")


def _vocabulary_code(chosen: ChosenText, config: TrainConfig, vocab: Vocab) -> None:
    with code.beside():
        code.lines(
            resources.vocabulary_code(chosen.digest, chosen.tokenizer, config.min_count, len(vocab), chosen.text)
        )
        st.download_button(
            f"This text as {snippets.TEXT_FILE}", lambda: chosen.text.encode("utf-8", errors="replace"),
            file_name=snippets.TEXT_FILE, mime="text/plain", type="tertiary", icon=":material/download:",
            key="download_text", on_click="ignore",
        )  # fmt: skip


def _table_settings(suggestion: Suggestion, start: Start | None) -> dict[str, Any]:
    """What the visitor typed about the table; what is left empty is as suggested, or as the set has it."""
    st.caption("An empty field takes the suggestion in it, which follows from the size of the text.")
    dim, seed, init = st.columns(3)
    numbers = {}
    if start is None:
        most = resources.settings().max_dim
        numbers["dim"] = _number(dim, "dim", "Dimensions: numbers in a vector", suggestion, 1, most)
    else:
        dim.write(f"**{start.info.dim} dimensions**, as {plain(start.info.name)} has.")
    numbers["seed"] = _number(seed, "seed", "Seed", suggestion, 0, 2**31)
    first = init.selectbox("First weights", INITS, key=keys.SETTING["init"], bind="query-params")
    init.caption(
        ("" if start is None else "Of the words that the set does not have. ")
        + "uniform: small, as word2vec. normal: N(0, 1), as nn.Embedding and the tutorial."
    )
    return {**_given(numbers), "init": first, **(start.settings() if start else {})}


def _training_settings(suggestion: Suggestion) -> dict[str, Any]:
    """What the visitor typed about the training; what is left empty is as suggested."""
    epochs, window, negative = st.columns(3)
    limit = resources.settings().max_epochs
    objective = OBJECTIVES[suggestion.config.objective]
    chosen = {
        "epochs": _number(epochs, "epochs", "Passes over the text", suggestion, 1, limit),
        "window": _number(window, "window", objective.window, suggestion, 1, 100),
    }
    if "negative" in objective.settings:
        label = f"Random words against each {objective.against}"
        chosen["negative"] = _number(negative, "negative", label, suggestion, 1, 100)
    else:
        negative.caption(
            "No words are drawn at random, and none is skipped: every word of the vocabulary is scored at every place."
        )
    with st.expander("More settings"):
        lr, batch, sample = st.columns(3)
        chosen |= {
            "lr": _number(lr, "lr", "Learning rate", suggestion, 1e-6, 10.0),
            "batch": _number(batch, "batch", "Positions a step learns from", suggestion, 1, 65_536),
        }
        if "sample" in objective.settings:
            label = "Skip words above this share of the text"
            chosen["sample"] = _number(sample, "sample", label, suggestion, 0.0, 1.0)
    return _given(chosen)


def _given(chosen: dict[str, int | float | None]) -> dict[str, Any]:
    return {name: value for name, value in chosen.items() if value is not None}


def _number(
    place: Any, name: str, label: str, suggestion: Suggestion, lowest: float, highest: float
) -> int | float | None:
    """A number that may be left to the suggestion, and the reason for the suggestion."""
    suggested = getattr(suggestion.config, name)
    key = keys.SETTING["sample_rate" if name == "sample" else name]
    value: int | float | None = place.number_input(
        label, min_value=lowest, max_value=highest, value=None, placeholder=f"{suggested:g} (suggested)", key=key,
        step=1 if isinstance(lowest, int) else 0.005, format="%d" if isinstance(lowest, int) else "%g",
        bind="query-params",
    )  # fmt: skip
    if name in suggestion.reasons:
        place.caption(suggestion.reasons[name])
    return value


def _step_code(part: ChosenText, config: TrainConfig, vocab: Vocab) -> None:
    with code.beside("One step of this training in PyTorch"):
        try:
            corpus = resources.corpus(part.digest, part.tokenizer, config.min_count, part.text)
            code.lines(objective_choice.step_code(corpus, config, len(vocab)))
        except EmbedcoreError as error:
            st.caption(plain(str(error), limit=400))


def _start(
    chosen: ChosenText, config: TrainConfig, vocab: Vocab, start: Start | None, tokens: int, *, whole: bool
) -> None:
    """What will be done, the button, and what follows from pressing it."""
    problem = _why_not(config, vocab) or (start_choice.problem(start) if start and whole else None)
    seconds = estimate_seconds(config, tokens, len(vocab))
    time = "a few seconds at most" if seconds < _QUICK_SECONDS else f"about {duration(seconds)}, give or take half"
    st.markdown(
        f"Start trains a table of {'' if whole else 'at least '}**{len(vocab):,} × {config.dim:,}** numbers, "
        f"{counted(config.epochs, 'pass', 'passes')} over {counted(tokens, 'token')}: {time}."
    )
    if problem:
        st.warning(plain(problem), icon=":material/info:")
    # Submitted in a callback, before this page is drawn again: the run begins that much sooner.
    st.button(
        "Start", type="primary", icon=":material/play_arrow:", key=keys.START, disabled=problem is not None, width=160,
        on_click=_submit, args=(chosen, config),
    )  # fmt: skip
    st.caption("A run gets a link of its own. Whoever has the link sees the text and the result, and may stop the run.")


def _submit(chosen: ChosenText, config: TrainConfig) -> None:
    asked = {**config.to_json(), "watch": st.query_params.get_all(keys.WATCH)[:_MOST_WATCHED]}
    _STARTING.submit(
        lambda run_id: resources.runs().submit(TRAIN, asked, name=chosen.name, text=chosen.text, run_id=run_id)
    )


def _why_not(config: TrainConfig, vocab: Vocab) -> str | None:
    """Why these settings cannot be trained with, in one sentence; None if they can."""
    if not vocab.words:
        return "No word is left. Leave out fewer of the rare words."
    try:
        config.check(resources.settings(), vocab_size=len(vocab))
    except EmbedcoreError as error:
        return str(error)
    return None
