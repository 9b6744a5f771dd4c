"""Use it: a sentence that somebody types, what the models of one size say of it, and the words behind that."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import streamlit as st

from embedcore.figures_words import bars
from embedcore.runs import Run, RunFolder
from embedcore.transfer.about import About
from embedcore.transfer.asking import SET, UNKNOWN, Asked, ask
from embedcore.ui import keys, links, resources
from embedcore.ui.transfer_page import findings, inside
from embedcore.ui.words import listed, plain

_MOST_CHARACTERS = 2_000
_MOST_WORDS = 120  # that are written out
_MOST_NAMED = 12
_MOST_LABELS = 6  # the likeliest
_EXAMPLES, _EXAMPLE_CHARACTERS = 4, 60
_STRONG, _WEAK = 0.05, 0.005  # what a word adds: from there on it is bold; coloured, with its number
_SPACE = "\u00a0"  # keeps a word and its number on one line
_LEGEND = (
    "The number at a word is what it adds to the label, in percentage points: what is lost without it (Li, Monroe and "
    "Jurafsky 2016). Green and + speak for the label, orange and − against it; with ? it cannot be read."
)


def show(folder: RunFolder, run: Run, about: About) -> None:
    """The input, and each model's answer; nothing while no model is kept."""
    inside.section("Use it", _section, folder, run, about)


def _section(folder: RunFolder, run: Run, about: About) -> None:
    options = inside.sizes(folder)
    links.mend({keys.TRY: links.Length(_MOST_CHARACTERS)})
    examples = findings.texts_of_test(run.id, folder)[:_EXAMPLES]
    labels = dict(zip(examples, about.test_labels.tolist(), strict=False))  # of these, the first of the test
    suggested = examples[0] if examples else ""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        typed = st.text_input(
            "A text of your own", key=keys.TRY, bind="query-params", max_chars=_MOST_CHARACTERS,
            placeholder=suggested[:_MOST_CHARACTERS], width="stretch",
        )  # fmt: skip
        size = inside.choose_size(options, keys.TRY_SIZE)
    _offer(examples)
    text = str(typed or "").strip() or suggested
    own = f" Its own label is **{plain(about.classes[labels[text]], 60)}**." if text in labels else ""
    st.markdown(f"“{plain(text, 300)}”{own}")
    _answers(folder, run, about, size, text)


def _offer(examples: Sequence[str]) -> None:
    """Some test texts, to be asked with a click; no model has learned from them."""
    st.caption("Or one of the test texts, which no model has learned from:")
    with st.container(horizontal=True, gap="small"):
        for number, example in enumerate(examples):
            st.button(
                plain(example, _EXAMPLE_CHARACTERS), key=f"{keys.EXAMPLE}{number}", type="secondary",
                on_click=partial(links.put, keys.TRY, example[:_MOST_CHARACTERS]),
            )  # fmt: skip


def _answers(folder: RunFolder, run: Run, about: About, size: int, text: str) -> None:
    """What each model of the size says."""
    vectors, why_not = inside.set_of(run)
    asked: dict[str, Asked] = {}
    for start in inside.starts(folder, size):
        model = inside.model(folder, start, size)
        if model is not None:
            asked[start] = ask(model, text, vectors)
    if not asked:
        st.caption("The models of this size are not here any more.")
        return
    for place, (start, answer) in zip(st.columns(len(asked), gap="medium"), asked.items(), strict=True):
        with place:
            _answer(start, answer, about)
    st.caption(_LEGEND)
    if why_not:
        st.warning(why_not, icon=":material/link_off:")


def _answer(start: str, asked: Asked, about: About) -> None:
    """One model: its label, how likely it holds each, and the words in their colours."""
    order = np.argsort(-asked.probabilities, kind="stable")[:_MOST_LABELS].tolist()
    label = about.classes[order[0]]
    st.markdown(f"{inside.named(start)}: **{plain(label, 60)}**")
    shares = [float(asked.probabilities[row]) for row in order]
    picture = bars([about.classes[row] for row in order], shares, end=1.0, unit="%", dark=resources.dark())
    st.echarts_chart(
        picture.options, key=f"{keys.LIKELY_CHART}_{start}", height=picture.height,
        alt=f"How likely each label is to the model {inside.named(start).lower()}: {label} {shares[0]:.0%}",
    )  # fmt: skip
    st.markdown(_colored(asked, order[0]))
    if asked.words and np.abs(asked.added[:, order[0]]).max() < _WEAK:
        st.caption("No single word changes this by half a point: without any one of them, the others say the same.")
    if said := _not_learned(asked):
        st.caption(said)


def _colored(asked: Asked, row: int) -> str:
    """The words in their order, each with what it adds to a label, as Markdown."""
    if not asked.words:
        return "*There is no word in it, so this is what the model says of an empty text.*"
    words = [
        _word(word, read, float(added))
        for word, read, added in zip(asked.words, asked.read, asked.added[:, row].tolist(), strict=True)
    ][:_MOST_WORDS]
    rest = len(asked.words) - len(words)
    return " ".join([*words, *([f"… and {rest:,} more"] if rest > 0 else [])])


def _word(word: str, read: str, added: float) -> str:
    """One word: on green where it speaks for the label, on orange where it speaks against it, bold where by much."""
    shown = plain(word, 40)
    if read == UNKNOWN:
        return f":gray-background[{shown}{_SPACE}?]"
    if abs(added) < _WEAK:
        return shown
    color, sign = ("green", "+") if added > 0 else ("orange", "−")
    number = f"{sign}{abs(100 * added):.0f}"
    return f":{color}-background[{f'**{shown}**' if abs(added) >= _STRONG else shown}{_SPACE}{number}]"


def _not_learned(asked: Asked) -> str:
    """The words that the model did not meet in its training texts, in a sentence or two."""
    told = {}
    for how in (UNKNOWN, SET):
        found = (word for word, read in zip(asked.words, asked.read, strict=True) if read == how)
        told[how] = listed([plain(word, 40) for word in dict.fromkeys(found)], _MOST_NAMED)
    unknown = f"It cannot read {told[UNKNOWN]}. " if told[UNKNOWN] else ""
    return unknown + (f"In none of its training texts, so read as the set has it: {told[SET]}." if told[SET] else "")
