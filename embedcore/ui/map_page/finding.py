"""Finding a word on a map: asking for it, and what stands out for it.

What is told of the word stands in `telling`; what is near it is found in `maps.finding`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import streamlit as st

from embedcore.errors import BadVectors
from embedcore.maps import finding
from embedcore.maps.finding import Found
from embedcore.ui import keys, links
from embedcore.ui.asking import completion
from embedcore.ui.asking.controls import Controls
from embedcore.ui.asking.sets import Sets
from embedcore.ui.map_page.shown import Shown

TOP, MOST_TOP = 15, 100  # neighbours
_LONGEST = 2_000  # characters of a word
_CLICKED = "map_word_clicked"  # in the session: the word whose point was clicked


@dataclass(frozen=True)
class Lit:
    """What stands out on the map, and why.

    Attributes:
        typed: the word, as it was asked for.
        word: its point; of a word that one of two sets has elsewhere, that of the first. None if it is not there.
        neighbors: the points of its nearest words in the full space.
        also: the point of the word in the second set.
        pairs: points between which a line shows that they are the same word.
        found: what each set knows of it; None for a set that does not have it, or knows nothing near it.
        problems: why a set knows nothing near it, a sentence each.
    """

    typed: str
    word: int | None = None
    neighbors: list[int] = field(default_factory=list)
    also: list[int] = field(default_factory=list)
    pairs: list[tuple[int, int]] = field(default_factory=list)
    found: list[Found | None] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def find(controls: Controls, sets: Sets, shown: Shown) -> Lit | None:
    """Ask for a word, and for how many of its neighbours; what is lit for it, None if there is no word."""
    if (clicked := st.session_state.pop(_CLICKED, None)) is not None:
        st.session_state[keys.WORD] = clicked
    with st.container(width=216, gap="small"):  # a phone has it and the next side by side
        typed = controls.text(
            keys.WORD, "Find a word", placeholder="A word", live=True, most=_LONGEST, icon=":material/search:",
            help="It is lit on the map with the words nearest to it in the full space. A click on a point finds its "
            "word, too.",
        )  # fmt: skip
    with st.container(width=124):  # narrower, it has no buttons
        top = controls.number(keys.TOP, "Neighbours", default=TOP, lowest=1, highest=MOST_TOP) or TOP
    return _lit(sets, shown, typed, top) if typed.strip() else None


def complete(controls: Controls, sets: Sets) -> None:
    """Buttons that complete the word while it is typed; they have a row of their own."""
    if not controls.embedded:
        completion.offer(sets.first, keys.WORD, dict(controls.parameters).get(keys.WORD, ""), whole=True)


def click(shown: Shown, point: int) -> None:
    """A point of the map was clicked: find its word, as if it was typed, if it can be. Runs the page again."""
    word = shown.words[point % len(shown.words)]
    if word != st.session_state.get(keys.WORD) and len(word) <= _LONGEST:
        st.session_state[_CLICKED] = word
        st.rerun()


def take(word: str) -> None:
    """Find a word from the next run of the page on; for callbacks."""
    links.put(keys.WORD, word)


def _lit(sets: Sets, shown: Shown, typed: str, top: int) -> Lit:
    """What is lit for a word."""
    count = len(shown.words)
    found: list[Found | None] = []
    problems = []
    for side, (chosen, token) in enumerate(zip(sets.all, _tokens(sets, shown, typed), strict=True)):
        own = None
        if token is not None:
            try:
                places = shown.coordinates[side * count : (side + 1) * count]  # (W, d)
                own = finding.find(chosen.vectors, shown.rows[side], places, token, top)
            except BadVectors as error:
                problems.append(str(error))
        found.append(own)
    points = [
        side * count + own.place
        for side, own in enumerate(found) if own is not None and own.place is not None
    ]  # fmt: skip
    neighbors = [
        side * count + place for side, own in enumerate(found) if own is not None for place in own.places
    ]  # fmt: skip
    pairs = [(points[0], points[1])] if len(points) == len(sets.all) == 2 else []
    return Lit(typed, points[0] if points else None, neighbors, points[1:], pairs, found, problems)


def _tokens(sets: Sets, shown: Shown, typed: str) -> Sequence[str | None]:
    """The word as each set has it or builds it; of two sets on a map, a word may be spelt in another case in each."""
    tokens = [chosen.vectors.spelt(typed) for chosen in sets.all]
    if sets.second is None:
        return tokens
    for side, (chosen, token) in enumerate(zip(sets.all, tokens, strict=True)):
        if token is None or token not in chosen.vectors:
            continue
        if places := finding.places_of(shown.rows[side], [chosen.vectors.row(token)]):
            rows = shown.rows[:, places[0]].tolist()
            return [each.vectors.tokens[row] for each, row in zip(sets.all, rows, strict=True)]
    return tokens
