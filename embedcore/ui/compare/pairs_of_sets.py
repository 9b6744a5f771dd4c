"""Two sets held against each other, remembered: changing one word of many asks about that word alone.

Here belongs asking for many words a part at a time, so that a page can say how
far it is. What is asked is in `overlap`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from embedcore.questions import overlap
from embedcore.ui.asking.remembered import Latest
from embedcore.ui.asking.sets import ChosenSet, Sets
from embedcore.vectors import WordVectors

_MOST = 60_000  # neighbors remembered of a pair, some fifteen megabytes
_AT_ONCE = 250  # words; a pass over both sets answers so many

Question = tuple[tuple[str, str], int, int | None]


class Pair:
    """Two sets, the words that both have, and what was found out about them; for all threads."""

    def __init__(self, first: WordVectors, second: WordVectors, most: int = _MOST) -> None:
        """`most`: how many neighbors are remembered."""
        self.first, self.second = first, second
        self.shared = overlap.shared_words(first, second)
        self._latest: Latest[Question, overlap.Compared] = Latest(most, lambda question, _: 2 * question[1])

    def compare(
        self,
        words: Sequence[tuple[str, str]],
        topn: int,
        *,
        among: int | None = None,
        on_progress: Callable[[float], None] | None = None,
    ) -> list[overlap.Compared]:
        """As `overlap.compare`; only what is not remembered is looked for.

        Neighbors are sought among so many of the most frequent words of both sets, or all of them.
        `on_progress` hears the share done, 0 to 1, if there is more than one part to do.
        """
        questions = [(pair, topn, among) for pair in words]
        found = self._latest.known(questions)
        missing = [one for one in dict.fromkeys(questions) if one not in found]
        within = self.shared.rows(among)
        for start in range(0, len(missing), _AT_ONCE):
            if on_progress and len(missing) > _AT_ONCE:
                on_progress(start / len(missing))
            part = missing[start : start + _AT_ONCE]
            answers = overlap.compare(
                self.first, self.second, [one[0] for one in part], topn, shared=self.shared, within=within
            )
            found |= zip(part, answers, strict=True)
        self._latest.keep(questions, found)
        return [found[one] for one in questions]


def of(sets: Sets) -> Pair:
    """The pair of the sets chosen, of which there are two."""
    assert sets.second is not None
    return _pair(_version(sets.first), _version(sets.second), sets.first.vectors, sets.second.vectors)


@st.cache_resource(max_entries=4, show_spinner="Finding the words that both sets have…")
def _pair(first: tuple[str, str], second: tuple[str, str], _first: WordVectors, _second: WordVectors) -> Pair:
    return Pair(_first, _second)


def _version(chosen: ChosenSet) -> tuple[str, str]:
    """What tells a set from one that took its name."""
    return chosen.info.name, f"{chosen.info.created}"
