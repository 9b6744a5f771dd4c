"""One word: where it stands in a set, what its vector is, how it is spelt, and what is near it."""

from __future__ import annotations

import textwrap
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np
import streamlit as st

from embedcore import figures, snippets_compare
from embedcore.questions import neighborhoods, spellings
from embedcore.ui import keys, messages, resources
from embedcore.ui.asking import completion, sharing, tables
from embedcore.ui.asking.controls import Controls
from embedcore.ui.asking.sets import ChosenSet, Sets, side_by_side
from embedcore.ui.asking.words import first_words, look_up_each
from embedcore.ui.words import counted, ordinal, plain
from embedcore.vectors import Built, WordVectors

_SHOWN_NUMBERS = 300  # of a vector, printed
_SHOWN_PARTS = 100  # of a word
_NEIGHBORS = 10
_NARROWEST = 250  # pixels that a table needs
_LONGEST = 200  # characters of a word
_TABLE, _REST, _REST_OF_TWO = 445, 680, 920  # pixels that an answer takes at a width of 700


def show(controls: Controls, sets: Sets) -> None:
    """Ask for a word, and show what a set knows of it."""
    default = next(iter(first_words(sets.first.vectors)), "")
    typed = controls.text(keys.WORD, "Word", default=default, placeholder="A word", live=True, most=_LONGEST)
    if not controls.embedded:
        completion.offer(sets.first, keys.WORD, typed, whole=True)
    asked = [typed] if typed.strip() else []
    found = [own.tokens for own in look_up_each(sets.all, asked, place="word")]
    row = st.container()  # how tall an answer in a frame is, shows in the answer
    lines = [
        snippets_compare.word(chosen.vectors, token, topn=_NEIGHBORS)
        for chosen, tokens in zip(sets.all, found, strict=True)
        for token in tokens
    ]
    most_tables = 0
    if not asked:
        st.caption("Type a word to see its page.")
    elif any(found):
        for number, (tokens, (chosen, place)) in enumerate(zip(found, side_by_side(sets), strict=True)):
            with place, messages.problems():
                for token in tokens:
                    shown = _Page(chosen, token, f"{number}", opens=not controls.embedded).show()
                    most_tables = max(most_tables, shown)
    height = _REST + _TABLE * -(-most_tables // 2) if sets.second is None else _REST_OF_TWO + _TABLE * most_tables
    with row:
        sharing.show(controls, snippets_compare.joined(lines), height=height)


class _Page:
    """What one set knows of a word that it has or builds."""

    def __init__(self, chosen: ChosenSet, token: str, number: str, *, opens: bool) -> None:
        self.chosen, self.vectors, self.token = chosen, chosen.vectors, token
        self.number, self.opens = number, opens
        self.built = chosen.vectors.built(token)
        self.row = None if self.built else chosen.vectors.row(token)

    def show(self) -> int:
        """Draw it; returns how many tables it has."""
        st.header(plain(self.token, 100), anchor=False)
        self._facts()
        self._vector()
        self._spellings()
        return self._neighbors()

    def _facts(self) -> None:
        """Its integer, its rank and the length of its vector."""
        count = len(self.vectors)
        with st.container(horizontal=True, gap="medium"):
            if self.row is None:
                st.metric("Integer (row)", "none", width="content", help="The set has no row for this word.")
                length = float(np.linalg.norm(self.vectors.vector(self.token).astype(np.float64)))
                st.metric("Norm", _figure(length), width="content", help="The length of the vector")
                return
            norm = neighborhoods.norm_beside_peers(self.vectors, self.row)
            st.metric(
                "Integer (row)", f"{self.row:,}", width="content",
                help="What stands for the word where this set is an embedding layer. Rows are counted from 0.",
            )  # fmt: skip
            st.metric(
                "Rank", f"{ordinal(self.row + 1)} of {count:,}", width="content",
                help="By how often words occur: the 1st is the most frequent one.",
            )  # fmt: skip
            st.metric("Norm", _figure(norm.length), width="content", help="The length of the vector")
        if norm.peers:
            st.caption(
                f"The {counted(norm.peers, 'word')} about as frequent {'has' if norm.peers == 1 else 'have'} a median "
                f"norm of {_figure(norm.median)}; {norm.shorter:.0%} of them {'is' if norm.peers == 1 else 'are'} "
                "shorter than this one."
            )

    def _vector(self) -> None:
        """Its numbers, as colours and as the tutorial prints them."""
        token, vector = self.token, self.vectors.vector(self.token)
        finite = np.isfinite(vector)
        if not finite.all():
            st.warning(
                f"{counted(int((~finite).sum()), 'number')} of this vector {'is' if (~finite).sum() == 1 else 'are'} "
                "not finite, and shown as 0.", icon=":material/warning:",
            )  # fmt: skip
        st.echarts_chart(
            figures.vector_strips([token], np.where(finite, vector, 0)[None], dark=resources.dark()),
            key=f"strips_{self.number}", height=144,
            alt=f"The {self.vectors.dim} numbers of the vector of {token} in {self.chosen.info.name} as coloured cells",
        )  # fmt: skip
        with st.expander("The numbers, as Python prints them"):
            printed = built_as_printed(self.built) if self.built else as_printed(self.vectors, token)
            st.code(printed, language="python")

    def _spellings(self) -> None:
        """Other words of the set that are spelt alike."""
        variants = spellings.case_variants(self.vectors.tokens, self.token)
        near = spellings.near(self.vectors.tokens, self.token, without=tuple(one.token for one in variants))
        self._spelt("In another case", variants)
        self._spelt("Spelt almost the same", near)
        if self.vectors.lowercased and self.token != self.token.upper():
            st.caption("This set is lower-cased: each word stands for all its cases.")

    def _spelt(self, title: str, found: list[spellings.Spelling]) -> None:
        if not found:
            return
        st.markdown(f"**{title}**")
        if not self.opens:
            st.markdown(" · ".join(f"{plain(one.token, 40)} ({ordinal(one.row + 1)})" for one in found))
            return
        with st.container(horizontal=True, gap="xsmall"):
            for one in found:
                st.button(
                    f"{plain(one.token, 40)} · {ordinal(one.row + 1)}", on_click=tables.open_word, args=(one.token,),
                    key=f"{keys.OPEN_WORD}_{title}_{self.number}_{one.row}", help="Open the page of this word",
                )  # fmt: skip

    def _neighbors(self) -> int:
        """What is near it among the most frequent words, and among ever more of them."""
        st.markdown("**Neighbours, among more and more words**")
        if not neighborhoods.has_direction(self.vectors.vector(self.token)):
            st.caption("Nothing is near a vector without a direction: all its numbers are 0, or one is not finite.")
            return 0
        sizes = neighborhoods.cuts(len(self.vectors))
        found = neighborhoods.at_cuts(self.vectors, self.token, sizes, _NEIGHBORS)
        same = [
            (near, [size for size, _ in group])
            for near, group in groupby(zip(sizes, found, strict=True), key=itemgetter(1))
        ]
        grid = st.grid(len(same), min_column_width=_NARROWEST)
        for number, (near, group) in enumerate(same):
            among = f"all {group[0]:,}" if group[0] == sizes[-1] else f"the {group[0]:,} most frequent"
            with grid.cell():
                st.caption(f"Among {among}" + (f"; the same up to {group[-1]:,}" if len(group) > 1 else ""))
                tables.neighbor_table(
                    near, key=f"word_{self.number}_{number}", opens=self.opens,
                    alt=f"The nearest words of {self.token} in {self.chosen.info.name} among {among}",
                )  # fmt: skip
        return len(same)


def _figure(number: float) -> str:
    """A length to three or four figures."""
    return f"{number:.4g}" if number < 1_000 else f"{number:,.0f}"


def as_printed(vectors: WordVectors, token: str) -> str:
    """What the tutorial prints of a word: its row, the shape of the matrix, its vector."""
    return (
        f">>> stoi[{token!r}]\n{vectors.row(token)}\n"
        f">>> vectors.shape\n({len(vectors)}, {vectors.dim})\n"
        f">>> vectors[stoi[{token!r}]]\n{_numbers(vectors[token])}"
    )


def built_as_printed(built: Built) -> str:
    """How the vector of a word without a row comes about: its parts, and the mean of their vectors."""
    shown = built.parts[:_SHOWN_PARTS] + (["…"] if len(built.parts) > _SHOWN_PARTS else [])
    parts = textwrap.fill(", ".join(map(repr, shown)), 88, break_long_words=False)
    return (
        f">>> {built.word!r} in stoi\nFalse\n"
        f"# Its {counted(len(built.parts), 'part')}, between < and > where the word begins and ends:\n{parts}\n"
        f"# The mean of their vectors:\n{_numbers(built.vector)}"
    )


def _numbers(vector: np.ndarray[Any, Any]) -> str:
    numbers = np.array2string(
        vector[:_SHOWN_NUMBERS], precision=4, separator=", ", max_line_width=88, floatmode="fixed",
        suppress_small=True, threshold=_SHOWN_NUMBERS + 1,
    )  # fmt: skip
    more = f"\n# … and {len(vector) - _SHOWN_NUMBERS:,} more" if len(vector) > _SHOWN_NUMBERS else ""
    return f"{numbers}{more}"
