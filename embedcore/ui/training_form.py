"""The Train page before Start: text, vocabulary, settings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from embedcore import figures
from embedcore.errors import EmbedcoreError, TextProblem
from embedcore.runs import new_run_id
from embedcore.training import Suggestion, TrainConfig, resolve, suggest
from embedcore.ui import keys, resources, text_choice
from embedcore.ui.text_choice import ChosenText
from embedcore.ui.words import counted, duration, plain
from embedcore.vocab import PAD, SPECIALS, UNK, Vocab

_TABLE_ROWS = 1_000  # of the vocabulary shown; a table of all rows would be megabytes
_PREVIEWED_CHARACTERS = 2_000_000  # what the page reads of a long text; the run reads all of it
_NEXT_RUN = "next_run_id"
_WORDS_PER_SECOND = 250_000  # measured on a large text, one process; small ones are slower
_SLOW_WORDS_PER_SECOND = 60_000


def show() -> None:
    """Text, vocabulary, settings, and the button that starts a run."""
    st.write(
        "Each word of a text gets an integer, and each integer a row of numbers in a look-up table: its vector. "
        "Training moves the rows until words that stand near the same other words have similar vectors."
    )
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
    suggestion = suggest(round(tokens / share), len(every.words), round(sentences / share))
    st.header("2  The vocabulary")
    min_count = _min_count(suggestion)
    vocab = _at_least(every, min_count)
    _show_vocabulary(every, vocab, tokens, sentences, characters, min_count, share)
    st.header("3  Settings")
    config = _choose_settings(suggestion, min_count, chosen.tokenizer)
    _start(chosen, config, vocab, round(tokens / share))


def _previewed(chosen: ChosenText) -> tuple[ChosenText, float]:
    """The part of the text that the page reads, and its share of the whole, so that it stays quick."""
    if len(chosen.text) <= _PREVIEWED_CHARACTERS:
        return chosen, 1.0
    part = chosen.text[:_PREVIEWED_CHARACTERS]
    part = part[: part.rfind("\n") + 1] or part
    share = len(part) / len(chosen.text)
    return replace(chosen, text=part, digest=f"{chosen.digest}:{len(part)}"), share


def _min_count(suggestion: Suggestion) -> int:
    value = st.number_input(
        "Leave out words seen fewer times than", min_value=1, max_value=1_000_000, step=1, value=None,
        placeholder=f"{suggestion.config.min_count} (suggested)", key=keys.SETTING["min_count"], bind="query-params",
        help=suggestion.reasons.get("min_count"), width=320,
    )  # fmt: skip
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
    entries = counted(len(vocab), "entry", "entries")
    st.markdown(
        f"**{counted(tokens, 'token')}** in {counted(sentences, 'line')}, {counted(characters, 'character')}{about}. "
        f"**{counted(len(every.words), 'different word')}**. The table has **{entries}**: "
        f"{counted(len(vocab.words), 'word')} and two specials, `{UNK}` (0) for words it does not have and "
        f"`{PAD}` (1) to fill up short sentences."
        + (
            f" Left out: {counted(left_out, 'word')} seen fewer than {min_count} times "
            f"({sum(every.counts) - sum(vocab.counts[1:]) - every.counts[0]:,} tokens, "
            f"{(vocab.counts[0] - every.counts[0]) / tokens:.1%} of the text)."
            if left_out
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


def _choose_settings(suggestion: Suggestion, min_count: int, tokenizer: str) -> TrainConfig:
    """What the visitor typed; everything left empty is as suggested."""
    settings = resources.settings()
    st.caption("An empty field takes the suggestion in it, which follows from the size of the text.")
    main = st.columns(3)
    chosen: dict[str, Any] = {
        "dim": _number(main[0], "dim", "Dimensions: numbers in a vector", suggestion, 1, settings.max_dim),
        "epochs": _number(main[1], "epochs", "Passes over the text", suggestion, 1, settings.max_epochs),
        "window": _number(main[2], "window", "Window: neighbours on either side", suggestion, 1, 100),
    }
    with st.expander("More settings"):
        more = st.columns(3)
        chosen |= {
            "negative": _number(more[0], "negative", "Random words against each neighbour", suggestion, 1, 100),
            "lr": _number(more[1], "lr", "Learning rate", suggestion, 1e-6, 10.0),
            "batch": _number(more[2], "batch", "Words a step learns from", suggestion, 1, 65_536),
            "sample": _number(more[0], "sample", "Skip frequent words above this share", suggestion, 0.0, 1.0),
            "seed": _number(more[1], "seed", "Seed: fixes every random choice", suggestion, 0, 2**31),
        }
    config = replace(suggestion.config, min_count=min_count, tokenizer=tokenizer)
    return replace(config, **{name: value for name, value in chosen.items() if value is not None})


def _number(
    place: Any, name: str, label: str, suggestion: Suggestion, lowest: float, highest: float
) -> int | float | None:
    suggested = getattr(suggestion.config, name)
    key = keys.SETTING["sample_rate" if name == "sample" else name]
    value: int | float | None = place.number_input(
        label, min_value=lowest, max_value=highest, value=None, placeholder=f"{suggested:g} (suggested)", key=key,
        step=1 if isinstance(lowest, int) else 0.005, format="%d" if isinstance(lowest, int) else "%g",
        bind="query-params", help=suggestion.reasons.get(name),
    )  # fmt: skip
    return value


def _start(chosen: ChosenText, config: TrainConfig, vocab: Vocab, tokens: int) -> None:
    """What will be done, the button, and what follows from pressing it."""
    resolved = resolve(config, tokens)
    problem = _why_not(resolved, vocab)
    least = tokens * resolved.epochs / _WORDS_PER_SECOND
    most = tokens * resolved.epochs / _SLOW_WORDS_PER_SECOND
    time = "a few seconds at most" if most < 5 else f"very roughly {duration(least)} to {duration(most)}"
    st.markdown(
        f"Start trains a table of **{len(vocab):,} × {resolved.dim}** numbers, "
        f"{counted(resolved.epochs, 'pass', 'passes')} over {counted(tokens, 'token')}: {time}."
    )
    if problem:
        st.warning(plain(problem), icon=":material/info:")
    if st.button(
        "Start", type="primary", icon=":material/play_arrow:", key=keys.START, disabled=problem is not None, width=160
    ):
        run = resources.runs().submit(
            "train", resolved.to_json(), name=chosen.name, text=chosen.text, run_id=_next_run_id()
        )
        st.query_params[keys.RUN] = run.id
        st.rerun()
    st.caption("A run gets a link of its own. Whoever has the link sees the text and the result, and may stop the run.")


def _why_not(config: TrainConfig, vocab: Vocab) -> str | None:
    """Why these settings cannot be trained with, in one sentence; None if they can."""
    if not vocab.words:
        return "No word is left. Leave out fewer of the rare words."
    try:
        config.check(resources.settings(), vocab_size=len(vocab))
    except EmbedcoreError as error:
        return str(error)
    return None


def _next_run_id() -> str:
    """The id that this form's run will have: the same for two clicks, another one after that run exists."""
    run_id = st.session_state.setdefault(_NEXT_RUN, new_run_id())
    return str(run_id)


def forget_run_id() -> None:
    """Make the next Start a new run."""
    st.session_state[_NEXT_RUN] = new_run_id()
