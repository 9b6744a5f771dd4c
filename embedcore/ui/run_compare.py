"""The Train page for two runs at once: their curves, their settings, and what words lie near a word in each.

What is the same and what is not is found out in `runs.comparison`; one run alone is in `run_view`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from embedcore import figures
from embedcore.errors import UnknownRun, UnknownWord
from embedcore.runs import Run, RunFolder, comparison
from embedcore.runs.comparison import Near
from embedcore.runs.folder import FINISHED, QUEUED
from embedcore.ui import keys, links, messages, resources, run_words
from embedcore.ui.run_states import STATES, speed, unit
from embedcore.ui.words import ago, counted, duration, plain, telling_words
from embedcore.vectors import WordVectors

_LETTERS = ("A", "B")  # two runs may have the same name
_NEIGHBORS = 10
_COLUMNS = 2
_WATCHED_AT_FIRST = 4
_MOST_WATCHED = 12
_COMPLETED_WORDS = 1_000
_LEGEND_CHARACTERS = 28
_ROW_PIXELS = 35  # of Streamlit's tables


@dataclass(frozen=True)
class _Side:
    """One of the two runs."""

    letter: str
    folder: RunFolder

    @property
    def run(self) -> Run:
        return self.folder.run


def show(run_id: str, other_id: str) -> None:
    """The page of two runs. Raises UnknownRun if neither is there."""
    links.hold(keys.RUN, run_id)
    st.header("Two runs compared")
    sides = _sides(run_id, other_id)
    if len(sides) < 2:
        return
    begun_as = tuple(side.run.over for side in sides)
    going_on = not all(begun_as)
    st.fragment(_curves, run_every="500ms" if going_on else None)(sides, begun_as)
    with messages.problems():
        _settings(sides)
    st.fragment(_neighbors, run_every="2s" if going_on else None)(sides)


def _sides(run_id: str, other_id: str) -> list[_Side]:
    """The two runs; fewer, with a sentence, if the link does not name two that can be compared."""
    if run_id == other_id:
        folder = resources.runs().folder(run_id)
        st.info("This link compares a run with itself. Choose another one from its menu.", icon=":material/info:")
        _way_to(folder.run)
        return []
    sides = []
    for letter, one in zip(_LETTERS, (run_id, other_id), strict=True):
        with messages.problems():
            folder = resources.runs().folder(one)
            comparison.check_comparable(folder.run)
            sides.append(_Side(letter, folder))
    if len(sides) == 1:
        _way_to(sides[0].run)
    return sides


def _way_to(run: Run, letter: str = "") -> None:
    """A link to a run's own page."""
    label = f"{letter} · {plain(run.name, 60)}" if letter else plain(run.name, 60)
    st.page_link("train.py", label=label, icon=":material/arrow_back:", query_params={keys.RUN: run.id})


def _curves(sides: list[_Side], begun_as: tuple[bool, ...]) -> None:
    """How far both are, and their losses; drawn again and again while one of them goes on."""
    try:
        runs = [side.run for side in sides]
    except UnknownRun:
        st.rerun()  # deleted meanwhile: the whole page says so
    if tuple(run.over for run in runs) != begun_as:
        st.rerun()  # the whole page, once, to stop timers that nothing needs any longer
    for column, side, run in zip(st.columns(2, gap="medium"), sides, runs, strict=True):
        with column.container(border=True):
            _head(side, run)
    with messages.problems():
        _draw(sides, runs)


def _draw(sides: list[_Side], runs: list[Run]) -> None:
    st.echarts_chart(
        figures.loss_curves([
            (f"{side.letter} · {figures.shown(run.name, _LEGEND_CHARACTERS)}", side.folder.metrics(), _passes(run))
            for side, run in zip(sides, runs, strict=True)
        ], unit=_unit(runs)),
        key=keys.CURVES_CHART, height=340,
        alt=f"The losses per {_unit(runs)} of both runs against the passes over the text",
    )  # fmt: skip
    _say_if_losses_differ(sides, runs)
    facts = [_facts(side.folder, run, _unit(runs)) for side, run in zip(sides, runs, strict=True)]
    rows = [name for name in facts[0] if name != "passes added" or any(one[name] != "–" for one in facts)]
    columns = {side.letter: [one[name] for name in rows] for side, one in zip(sides, facts, strict=True)}
    st.dataframe(
        pd.DataFrame({"so far": rows, **columns}),
        hide_index=True, height=_ROW_PIXELS * (len(rows) + 1) + 3, alt="What came of both runs",
    )  # fmt: skip


def _head(side: _Side, run: Run) -> None:
    label, color = STATES[run.state]
    with st.container(horizontal=True, vertical_alignment="center"):
        _way_to(run, side.letter)
        st.badge(label, color=color)  # type: ignore[arg-type]
    begun = "" if side.folder.last_metric() else " It has not begun to learn."
    made = ago(time.time() - run.created)
    if run.error:
        begun += f" {plain(run.error, 300)}"
    st.caption(f"{made[0].upper()}{made[1:]}, on “{plain(side.folder.beginning(60), 80)}”{begun}")


def _unit(runs: list[Run]) -> str:
    """What the losses are means over; each its own, where the objectives differ."""
    return " or ".join(sorted({unit(run) for run in runs}))


def _passes(run: Run) -> int:
    return int(run.config["epochs"])


def _facts(folder: RunFolder, run: Run, unit: str) -> dict[str, str]:
    """What came of a run so far, as the table shows it."""
    last = folder.last_metric()
    vectors = run_words.vectors_of(folder)
    loss = last["loss"] if last else None
    done = 1.0 if run.state == FINISHED else last["share"] if last else 0.0
    return {
        "passes": f"{int(done * _passes(run) + 1e-6):,} of {_passes(run):,}",
        "passes added": f"{_passes(run) - run.earlier_epochs[0]:,}" if run.earlier_epochs else "–",
        "words in the table": f"{len(vectors):,}" if vectors is not None else "–",
        "tokens read": f"{last['tokens']:,}" if last else "–",
        "time": duration(last["seconds"]) if last else "–",
        "words per second": f"{speed(run, last):,.0f}" if last and run.state != QUEUED else "–",
        f"loss per {unit}": f"{loss:.4f}" if loss is not None else "–",
    }


def _say_if_losses_differ(sides: list[_Side], runs: list[Run]) -> None:
    one, other = (side.folder for side in sides)
    reasons = comparison.why_losses_differ(runs[0], runs[1], same_text=_same_text(one.id, other.id, one, other))
    if reasons:
        st.info(
            f"The two losses cannot be compared: {'; '.join(reasons)}. Compare the neighbours below instead.",
            icon=":material/balance:",
        )


@st.cache_data(max_entries=256, show_spinner=False)
def _same_text(one_id: str, other_id: str, _one: RunFolder, _other: RunFolder) -> bool:
    return comparison.same_text(_one, _other)


def _settings(sides: list[_Side]) -> None:
    """The settings that differ, in a table; the others in a sentence."""
    st.subheader("Settings that differ")
    one, other = (side.folder for side in sides)
    differ, equal = comparison.differences(one.run, other.run)
    if differ:
        table = {"setting": [difference.name for difference in differ]}
        table |= {_LETTERS[0]: [_shown(d.one) for d in differ], _LETTERS[1]: [_shown(d.other) for d in differ]}
        st.dataframe(
            pd.DataFrame(table), hide_index=True, height=_ROW_PIXELS * (len(differ) + 1) + 3,
            alt="The settings that differ between the runs",
        )  # fmt: skip
    same = _same_text(one.id, other.id, one, other)
    text = "The text is the same." if same else "The texts differ."
    if not differ:
        st.markdown(f"All settings are equal. {text}")
    else:
        st.markdown(text)
        listed = ", ".join(f"{plain(n)} {plain(_shown(value), 60)}" for n, value in equal.items() if value is not None)
        st.caption(f"Equal in both: {listed}.")


def _shown(value: Any) -> str:
    """A setting as people read it."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _neighbors(sides: list[_Side]) -> None:
    """Choose words, and see what is near them in each run."""
    st.subheader("Nearest words, side by side")
    with messages.problems():
        vectors = [run_words.vectors_of(side.folder) for side in sides]
        known = [one for one in vectors if one is not None]
        if len(known) < 2:
            waiting = " and ".join(s.letter for s, one in zip(sides, vectors, strict=True) if one is None)
            st.caption(f"Once {waiting} {'has' if known else 'have'} begun to learn, the nearest words show here.")
            return
        words = _choose_words(sides, known)
        for index, word in enumerate(words):
            if index % _COLUMNS == 0:  # row by row, so that on a phone the words come in their order too
                columns = st.columns(_COLUMNS, gap="medium")
            with columns[index % _COLUMNS].container(border=True):
                _show_word(word, [comparison.near(one, word, _NEIGHBORS) for one in known])


def _choose_words(sides: list[_Side], vectors: list[WordVectors]) -> list[str]:
    """The words to look up in both, with a sentence for each that neither has."""
    at_first = _at_first(vectors)
    key = f"{keys.WATCH}_{sides[0].folder.id}_{sides[1].folder.id}"
    # Completion maps a typed word to an offered one whatever its case, which in a cased text would be another word.
    offered = vectors[0].tokens[:_COMPLETED_WORDS] if all(one.lowercased for one in vectors) else []
    typed = st.multiselect(
        "Words to watch", list(dict.fromkeys([*offered, *at_first])), default=at_first, key=key,
        accept_new_options=True, max_selections=_MOST_WATCHED, select_all=False, on_change=_into_link, args=(key,),
        placeholder="Type a word of the texts and press Enter",
    )  # fmt: skip
    found = []
    for word in typed:
        if any(one.find(word) is not None for one in vectors):
            found.append(word)
        else:
            near = dict.fromkeys(spelling for one in vectors for spelling in one.tokens.near(word))
            st.warning(plain(str(UnknownWord(word, "either text", [*near])), 400), icon=":material/search_off:")
    return found


def _at_first(vectors: list[WordVectors]) -> list[str]:
    """The words that the link names, or some of both texts that are likely to mean something."""
    asked = list(dict.fromkeys(filter(None, st.query_params.get_all(keys.WATCH))))
    if asked:
        return asked[:_MOST_WATCHED]
    telling = telling_words(vectors[0].tokens)
    return ([word for word in telling if vectors[1].find(word) is not None] or telling)[:_WATCHED_AT_FIRST]


def _into_link(key: str) -> None:
    st.query_params[keys.WATCH] = st.session_state[key]


def _show_word(word: str, near: list[Near]) -> None:
    """The neighbours of one word in each run, and how many are the same."""
    st.markdown(f"**{plain(word)}** · {_agreement(near)}")
    spelled = {letter: one.token for letter, one in zip(_LETTERS, near, strict=True) if one.token not in (None, word)}
    if spelled:
        alike = len(spelled) == len(near) and len(set(spelled.values())) == 1
        told = [plain(str(token)) + ("" if alike else f" in {letter}") for letter, token in spelled.items()]
        st.caption(f"Looked up as {told[0] if alike else ', '.join(told)}.")
    rows = max(len(one.words) for one in near)
    if not rows:
        return
    table: dict[str, list[Any]] = {}
    for letter, one in zip(_LETTERS, near, strict=True):
        if one.words:
            empty = [None] * (rows - len(one.words))
            table[letter] = [neighbor.word for neighbor in one.words] + empty
            table[f"cosine {letter}"] = [neighbor.similarity for neighbor in one.words] + empty
    number = st.column_config.NumberColumn(format="%.2f")  # not a bar: on a phone, four columns have to fit
    st.dataframe(
        pd.DataFrame(table), hide_index=True, alt=f"The nearest words of {word} in each run",
        column_config={name: number for name in table if name not in _LETTERS},
    )  # fmt: skip


def _agreement(near: list[Near]) -> str:
    """Which of the runs have the word, and how many of its neighbours they share."""
    missing = [letter for letter, one in zip(_LETTERS, near, strict=True) if one.token is None]
    if missing:
        there = next(letter for letter in _LETTERS if letter not in missing)
        return f"only in {there}: the table of {missing[0]} does not have it"
    still = [letter for letter, one in zip(_LETTERS, near, strict=True) if not one.words]
    if still:
        return f"it has no direction yet in {' and '.join(still)}"
    of = min(_NEIGHBORS, *(len(one.words) for one in near))
    same = comparison.shared(near[0].words, near[1].words)
    if not same:
        return f"none of the {counted(of, 'nearest word')} is the same" if of > 1 else "the nearest word is another"
    listed = ", ".join(plain(word, 40) for word in same)
    return f"{len(same)} of the {of} nearest are in both: {listed}"
