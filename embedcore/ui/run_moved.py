"""Which words a run moved most from the vectors that it started from, while it goes on and after it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from embedcore import moved
from embedcore.moved import Moves
from embedcore.runs import RunFolder, first
from embedcore.ui import keys, resources, run_words
from embedcore.ui.words import counted, plain
from embedcore.vectors import WordVectors
from embedcore.vocab import SPECIALS

_COMPANY, _ANGLE = "By the company they keep", "By the angle"
_SHOWN, _FEW, _NEIGHBORS, _COMPARED = 15, 8, 5, 6
_MOST_NUMBERS = 20_000_000  # of the vectors looked at; beyond, the most frequent words
_ABOUT = {
    _COMPANY: "Words whose likeness to the other words changed most, for how often they occur. Company changed: "
    "1 − the correlation of a word’s cosines with the others then and now; 0 % is the same company, 100 % nothing in "
    "common. Usual is what words seen as often change. It finds words that this text uses in a sense of its own.",
    _ANGLE: "Words whose vector turned farthest. The more often a word is read, the more often it is moved, so that "
    "words such as “of” lead this list in any text.",
}


@dataclass(frozen=True, eq=False)
class Change:
    """One run at one moment: the words by falling count, without the specials.

    Attributes:
        before, now: their vectors at the start and at the newest checkpoint.
        counts: (V,) how often each occurs.
        known: (V,) the words that started from a row of the set; the others started at random.
        moves: how far each has moved.
    """

    before: WordVectors
    now: WordVectors
    counts: np.ndarray[Any, np.dtype[np.int64]]
    known: np.ndarray[Any, np.dtype[np.bool_]]
    moves: Moves
    _near: dict[tuple[str, bool], str] = field(default_factory=dict)

    def near(self, word: str, *, at_first: bool = False) -> str:
        """The nearest words now, or at the start those with a row of the set; searched once."""
        key = (word, at_first)
        if key not in self._near:
            vectors = self.before if at_first else self.now
            # At the start, the words that the set does not have lay anywhere.
            among = np.flatnonzero(self.known) if at_first else None
            found = vectors.most_similar(word, topn=_NEIGHBORS, within=among) if vectors[word].any() else []
            self._near[key] = ", ".join(neighbor.word for neighbor in found)
        return self._near[key]


class _Watched:
    """The change of one run, measured once a checkpoint for all who watch it."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._change: Change | None = None

    def change(self) -> Change | None:
        """None for a run that did not start from a set, or has no checkpoint yet."""
        now = run_words.vectors_of(self._folder)
        with self._lock:
            if now is not None and (self._change is None or self._change.now.matrix is not now.matrix):
                self._change = _measured(self._folder, now)
            return self._change


@st.cache_resource(max_entries=16, show_spinner=False)
def _watched(run_id: str, _folder: RunFolder) -> _Watched:
    return _Watched(_folder)


def _measured(folder: RunFolder, now: WordVectors) -> Change | None:
    start, vocab = first.load(folder), folder.vocab()
    if start is None or vocab is None:
        return None
    skipped = len(SPECIALS)
    count = min(len(now), max(1, _MOST_NUMBERS // now.dim))
    weight, known = start.weight[skipped:], np.array(start.from_set[skipped:])[:count]  # (V, D), (n,)
    counts = np.array(vocab[1][skipped:])[:count]  # (n,)
    before = WordVectors(now.tokens, weight, lowercased=now.lowercased)
    return Change(before, now, counts, known, moved.moves(weight[:count], now.matrix[:count], counts, known))


def show(folder: RunFolder) -> None:
    """The lists; nothing for a run that started from random numbers."""
    config = folder.run.config
    if not (name := config.get("pretrained")):
        return
    st.header("Which words moved most")
    change = _watched(folder.id, folder).change()
    if change is None:
        st.caption(f"Once training has begun, the words that it moves away from {plain(name)} show here.")
        return
    count, known = len(change.known), int(change.known.sum())
    st.write(
        f"**{known:,} of {counted(count, 'word')}** started from their row in {plain(name)}"
        + (f", the other {count - known:,} at random. " if known < count else ". ")
        + (_frozen(change) if config.get("freeze") else "")
    )
    if not config.get("freeze"):
        _lists(folder, change, str(name))
    _strangers(change)


def _frozen(change: Change) -> str:
    return (
        "With freeze=True those rows have stayed as they were, bit for bit; tuning them needs freeze=False."
        if change.moves.still[change.known].all()
        else "With freeze=True they should have stayed, but some have moved."
    )


def _lists(folder: RunFolder, change: Change, name: str) -> None:
    """The words that moved most, least, and the rarer ones."""
    order = st.radio(
        "In which order", list(_ABOUT), key=keys.MOVED_ORDER, horizontal=True, label_visibility="collapsed"
    )
    st.caption(_ABOUT[str(order)])
    moves = change.moves
    by = moves.unusual if order == _COMPANY else moves.degrees
    often = change.known & (change.counts >= moves.least)
    most = moves.most(often, by, _SHOWN)
    _table(change, most, "The words that moved most, with their neighbours then and now")
    st.caption(f"Of the words seen at least {counted(moves.least, 'time')}.")
    least, rare = st.columns(2, gap="medium")
    with least.expander("Moved least"):
        _table(change, moves.most(often, by, _SHOWN, fewest=True), "The words that moved least", neighbours=False)
    rarer = moves.most(change.known & ~often, moves.degrees, _SHOWN)
    if rarer:
        with rare.expander(f"Rarer words, seen fewer than {counted(moves.least, 'time')}, by the angle"):
            _table(change, rarer, "The rarer words that turned farthest", neighbours=False)
            st.caption("So few places move a word little, and mostly by chance.")
    _links([change.now.tokens[row] for row in most[:_COMPARED]], folder.id, name)


def _links(words: list[str], run_id: str, name: str) -> None:
    """To Compare: the words in the set that the run started from, and in those that were kept from it."""
    here = resources.usable_sets().values()
    for info in here if words else ():
        if info.name == name or info.run == run_id:
            when = "before this run" if info.name == name else "kept from this run"
            st.page_link(
                "compare.py", label=f"These words in {plain(info.name)}, {when}", icon=":material/compare_arrows:",
                query_params={keys.VECTORS: info.name, keys.WORDS: words},
            )  # fmt: skip


def _table(change: Change, rows: list[int], alt: str, *, neighbours: bool = True) -> None:
    """Words with what moved them; the neighbours of the first few, since each is a search."""
    words = [change.now.tokens[row] for row in rows]
    columns: dict[str, Any] = {
        "word": words,
        "times": change.counts[rows],
        "turned by": [f"{angle:.0f}°" for angle in change.moves.degrees[rows]],
        "company": [100 * company for company in change.moves.company[rows]],
        "unusual": change.moves.unusual[rows],
    }
    if neighbours:
        columns["near at the start"] = [change.near(word, at_first=True) for word in words]
        columns["near now"] = [change.near(word) for word in words]
    if np.isnan(columns["company"]).all():
        del columns["company"], columns["unusual"]
    st.dataframe(
        pd.DataFrame(columns), hide_index=True, alt=alt,
        column_config={
            "company": st.column_config.NumberColumn("company changed", format="%.0f %%"),
            "unusual": st.column_config.NumberColumn("times the usual", format="%.1f ×"),
        },
    )  # fmt: skip


def _strangers(change: Change) -> None:
    """The most frequent words that the set does not have, and where they have ended up."""
    rows = np.flatnonzero(~change.known)[:_FEW].tolist()
    if not rows:
        return
    words = [change.now.tokens[row] for row in rows]
    st.write("Not in the set, so learned from the text alone:")
    st.dataframe(
        pd.DataFrame(
            {"word": words, "times": change.counts[rows], "near now": [change.near(word) for word in words]}
        ),
        hide_index=True, alt="The most frequent words that the set does not have, with their neighbours now",
    )  # fmt: skip
