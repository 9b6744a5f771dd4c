"""For each word the nearest words of a set, and which of them are near several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import streamlit as st

from embedcore import snippets_compare
from embedcore.questions import neighborhoods
from embedcore.questions.word_lists import split_words
from embedcore.ui import keys, messages
from embedcore.ui.asking import directions, sharing, tables
from embedcore.ui.asking.controls import Controls
from embedcore.ui.asking.remembered import REMEMBERED
from embedcore.ui.asking.sets import ChosenSet, Sets, side_by_side
from embedcore.ui.asking.words import Words, ask_words
from embedcore.ui.words import counted, listed, plain
from embedcore.vectors import Neighbor

_MOST_TOP = 100
_MOST_TABLES = 12  # beyond it, one long table
_MOST_ROWS = 5_000  # of that
_MOST_SHARED = 200
_NARROWEST = 320  # pixels that a table needs
_TOLD = 10  # words of a list that are named
_LIST = "Look only among the words of a list"

Near = dict[str, set[str]]  # words, and those near each, in folded case


@dataclass(frozen=True)
class Question:
    """How many neighbours, and among which words: the `among` most frequent, those of `only`, or all."""

    top: int
    among: int | None
    only: list[str] | None


def show(controls: Controls, sets: Sets) -> None:
    """Ask for words and where to look, and show the neighbours of each."""
    words = ask_words(controls, sets)
    question = _ask(controls)
    asked = [(chosen.vectors, _in_both_first(words, chosen)) for chosen in sets.all]
    lines = snippets_compare.neighbors(asked, question.top, question.among, question.only)
    sharing.show(controls, lines, height=_height(question, [len(tokens) for _, tokens in asked]))
    if not words.typed:
        st.caption("Type a word to see which words are near it.")
        return
    answers = [
        _Answer(chosen, question, f"{number}", tokens, opens=not controls.embedded)
        for number, (chosen, (_, tokens)) in enumerate(zip(sets.all, asked, strict=True))
    ]
    for answer, (_, place) in zip(answers, side_by_side(sets), strict=True):
        with place, messages.problems():
            answer.show([other.near() for other in answers if other is not answer])


def _in_both_first(words: Words, chosen: ChosenSet) -> list[str]:
    """A set's words: first those that all sets have, so that their tables stand next to each other."""
    own = words.of(chosen)
    everywhere = set.intersection(*(set(found.typed) for found in words.found.values()))
    pairs = sorted(zip(own.typed, own.tokens, strict=True), key=lambda pair: pair[0] not in everywhere)
    return [token for _, token in pairs]


def _height(question: Question, counts: Sequence[int]) -> int:
    """About how many pixels the answer takes at a width of 700."""
    tables_below = -(-max(counts) // (2 if len(counts) == 1 else 1))
    rows = min(question.top, 10) + 1
    return min(160 + 35 * rows + (tables_below * (60 + 35 * rows) if max(counts) <= _MOST_TABLES else 500), 2_000)


def _ask(controls: Controls) -> Question:
    """How many neighbours to find, and where to look."""
    with nullcontext() if controls.embedded else st.container(horizontal=True, vertical_alignment="bottom"):
        top = controls.number(keys.TOP, "Neighbours of each word", default=10, lowest=1, highest=_MOST_TOP)
        among = controls.among()
    with nullcontext() if controls.embedded else st.expander(_LIST, expanded=bool(_linked_list())):
        only = controls.text(
            keys.ONLY, "The words to look among", area=True, placeholder="One word a line, or with commas between them",
            help="Leave it empty to look among all words.",
        )  # fmt: skip
    return Question(top or 1, among, split_words(only) or None)


def _linked_list() -> str:
    """The list as the page or its link has it."""
    return str(st.session_state.get(keys.ONLY, st.query_params.get(keys.ONLY, "")) or "").strip()


class _Answer:
    """The neighbours of some words in one set."""

    def __init__(self, chosen: ChosenSet, question: Question, number: str, tokens: list[str], *, opens: bool) -> None:
        self.chosen, self.question, self.number, self.opens = chosen, question, number, opens
        within = neighborhoods.within(chosen.vectors, question.among, question.only)
        found = REMEMBERED.each(chosen.vectors, tokens, question.top, within)
        self.found = {token: near for token, near in zip(tokens, found, strict=True) if near}
        self.empty = [token for token in tokens if token not in self.found]

    def near(self) -> Near:
        """The neighbours of each word, whatever the case of any of them."""
        return {token.casefold(): {n.word.casefold() for n in near} for token, near in self.found.items()}

    def show(self, others: Sequence[Near]) -> None:
        """Draw them; `others` are the neighbours in another set."""
        self._tell_list()
        self._tell_empty()
        if not self.found:
            return
        asked = list(self.found)
        shared = neighborhoods.shared(list(self.found.values()))
        marks = _marks(self.found, shared, others)
        if len(asked) <= _MOST_TABLES:
            self._tables(marks)
        else:
            self._long_table(marks)
        if len(asked) > 1:
            self._shared(asked, shared)

    def _tell_list(self) -> None:
        """Say which words of the list the set does not have."""
        only = self.question.only or []
        rows = self.chosen.vectors.rows(only)
        missing = [word for word, row in zip(only, rows.tolist(), strict=True) if row < 0]
        if missing:
            named = listed([f"“{plain(word, 40)}”" for word in missing], _TOLD)
            st.caption(
                f"{len(missing):,} of {counted(len(only), 'word')} to look among "
                f"{'is' if len(missing) == 1 else 'are'} not in {plain(self.chosen.info.name)}: {named}."
            )

    def _tell_empty(self) -> None:
        """Say why there is nothing near some words."""
        odd = neighborhoods.without_direction(self.chosen.vectors, self.empty)
        directions.tell(odd)
        if len(self.empty) > len(odd):
            st.caption("None of the words to look among is left, besides the word itself.")

    def _tables(self, marks: list[list[str]]) -> None:
        """A table for each word, side by side as far as there is room."""
        grid = st.grid(min(len(self.found), 3), min_column_width=_NARROWEST)
        marked = any(map(any, marks))
        for place, (token, near) in enumerate(self.found.items()):
            with grid.cell():
                if self.opens:
                    st.button(
                        f"**{plain(token, 60)}**", key=f"{keys.OPEN_WORD}_{self.number}_{token}", type="tertiary",
                        on_click=tables.open_word, args=(token,), help="Open the page of this word",
                        icon=":material/arrow_forward:", icon_position="right",
                    )  # fmt: skip
                else:
                    st.markdown(f"**{plain(token, 60)}**")
                tables.neighbor_table(
                    near, key=f"neighbors_{self.number}_{place}", marks=marks[place] if marked else None,
                    opens=self.opens, alt=f"The nearest words of {token} in {self.chosen.info.name}",
                )  # fmt: skip

    def _long_table(self, marks: list[list[str]]) -> None:
        """One table for many words, which can be searched and sorted."""
        rows = [
            (token, n.word, n.similarity, n.row + 1, mark)
            for (token, near), remarks in zip(self.found.items(), marks, strict=True)
            for n, mark in zip(near, remarks, strict=True)
        ]
        names = ["asked", "word", "cosine", "rank", "also"]
        columns = dict(zip(names, map(list, zip(*rows[:_MOST_ROWS], strict=True)), strict=True))
        tables.show_table(
            columns, key=f"neighbors_{self.number}", opens=self.opens,
            alt=f"The nearest words of {len(self.found)} words in {self.chosen.info.name}",
        )  # fmt: skip
        if len(rows) > _MOST_ROWS:
            st.caption(f"The first {_MOST_ROWS:,} of {len(rows):,} neighbours are shown. Ask for fewer to see all.")

    def _shared(self, asked: list[str], shared: list[neighborhoods.Shared]) -> None:
        """The words that are among the neighbours of several."""
        if not shared:
            st.caption(f"No word is among the {self.question.top:,} nearest of two of these words.")
            return
        st.markdown("**Near several of these words**")
        first = shared[:_MOST_SHARED]
        tables.show_table(
            {
                "word": [one.word for one in first],
                "near": [tables.named([asked[place] for place in one.near]) for one in first],
                "of them": [len(one.near) for one in first],
                "cosine": [one.similarity for one in first],
                "rank": [one.row + 1 for one in first],
            },
            key=f"shared_{self.number}", opens=self.opens,
            alt=f"Words near several of the {len(asked)} words asked about in {self.chosen.info.name}",
        )  # fmt: skip
        cut = f" The first {_MOST_SHARED:,} of {len(shared):,} are shown." if len(shared) > _MOST_SHARED else ""
        st.caption(f"Its cosine here is the mean over the words that it is near.{cut}")


def _marks(
    found: Mapping[str, Sequence[Neighbor]], shared: Sequence[neighborhoods.Shared], others: Sequence[Near]
) -> list[list[str]]:
    """For each neighbour of each word: whether it is near in both sets, asked about too, and near which others."""
    asked = list(found)
    near = {one.word: one.near for one in shared}

    def mark(word: str, place: int) -> str:
        too = [asked[other] for other in near.get(word, ()) if other != place]
        both = any(word.casefold() in other.get(asked[place].casefold(), ()) for other in others)
        said = ["in both sets"] * both + ["asked about"] * (word in found)
        said += [f"near {tables.named(too)}"] * bool(too)
        return "; ".join(said)

    return [[mark(n.word, place) for n in answer] for place, answer in enumerate(found.values())]
