"""What is known of the word that was found on a map, beside the map.

Here belong the words and tables. What is lit is found in `finding`.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from embedcore.maps.finding import Found
from embedcore.ui import keys, links
from embedcore.ui.asking import across
from embedcore.ui.asking.controls import Controls
from embedcore.ui.asking.sets import ChosenSet, Sets
from embedcore.ui.asking.tables import no_minus_zero
from embedcore.ui.asking.words import look_up_each
from embedcore.ui.map_page import asked, finding, together
from embedcore.ui.map_page.finding import Lit
from embedcore.ui.map_page.shown import Shown
from embedcore.ui.words import counted, ordinal, plain

_OPEN = ":material/my_location:"
_ROW = 35  # pixels
_HIGHEST, _HIGHEST_OF_TWO = 420, 280  # pixels of a table; a longer one scrolls


def tell(controls: Controls, sets: Sets, shown: Shown, lit: Lit | None) -> None:
    """The word's neighbours in the full space, and which of them are its neighbours on the map."""
    if lit is None:
        if not controls.embedded:
            st.caption("Find a word, or click a point: the words nearest to it in the full space are lit.")
        return
    look_up_each(sets.all, [lit.typed], place="map")  # says what is not there, or spelt otherwise
    for problem in lit.problems:
        st.caption(plain(problem, 400))
    known = [(number, own) for number, own in enumerate(lit.found) if own is not None]
    if not known:
        return
    st.header(plain(known[0][1].token, 60), anchor=False)
    for number, own in known:
        _in_set(sets.all[number], own, shown, number, named=sets.second is not None, opens=not controls.embedded)
    if lit.pairs and known[0][1].place is not None:
        cosine = together.of_word(sets, shown, known[0][1].place)
        st.write(
            f"Its two vectors have a cosine of {cosine:.3f}, the second set being turned towards the first. "
            "The line on the map leads from one to the other."
        )
    if not controls.embedded:
        _ways_on(sets, known[0][1])


def _in_set(chosen: ChosenSet, own: Found, shown: Shown, number: int, *, named: bool, opens: bool) -> None:
    """What one set knows of a word."""
    if named:
        st.markdown(f"**{plain(chosen.info.name)}**")
    if own.row is not None:
        st.caption(f"The {ordinal(own.row + 1)} of {counted(len(chosen.vectors), 'word')}.")
    if own.place is None:
        st.info(
            f"It is not among the {counted(len(shown.words), 'word')} of this map. Those nearest to it are lit.",
            icon=":material/wrong_location:",
        )
    if not own.near:
        st.caption("There is no other word on this map.")
        return
    if not shown.final:  # which of them are near on the map is said of a map that stays
        own = own._replace(kept=[])
    _table(chosen, own, number, highest=_HIGHEST_OF_TWO if named else _HIGHEST, opens=opens)
    if own.kept:
        st.write(_kept(own))


def _kept(own: Found) -> str:
    """How many of the neighbours are neighbours on the map."""
    count = len(own.near)
    if count == 1:
        return f"It {'is' if own.kept[0] else 'is not'} the nearest on the map, too."
    return f"**{sum(own.kept)} of {count}** are also among the {count} nearest on the map."


def _table(chosen: ChosenSet, own: Found, number: int, *, highest: int, opens: bool) -> None:
    key = f"map_neighbors_{number}"
    words = [neighbor.word for neighbor in own.near]
    columns: dict[str, Any] = {
        "word": words,
        "cosine": no_minus_zero([neighbor.similarity for neighbor in own.near], 3),
    }
    config: dict[str, Any] = {"cosine": st.column_config.NumberColumn(format="%.3f", width=60)}
    if own.kept:
        columns["near here"] = ["yes" if kept else "" for kept in own.kept]
        help = f"Whether it is among the {len(words)} nearest on the map, too"
        config["near here"] = st.column_config.TextColumn(width=70, help=help)
    if opens:
        columns["find"] = [_OPEN] * len(words)
        config["find"] = st.column_config.ButtonColumn(
            "go", type="tertiary", width=42, key=f"{keys.OPEN_WORD}_{key}", on_click=_find_row,
            args=(f"{keys.OPEN_WORD}_{key}", tuple(words)), help="Find this word on the map",
        )  # fmt: skip
    height = min(highest, _ROW * (len(words) + 1) + 2)
    st.dataframe(
        pd.DataFrame(columns), hide_index=True, column_config=config, key=key, height=height,
        alt=f"The {counted(len(words), 'word')} of the map nearest to {own.token} in {chosen.info.name}",
    )  # fmt: skip


def _ways_on(sets: Sets, own: Found) -> None:
    """Where more is known of the word."""
    names = {keys.VECTORS: sets.first.info.name}
    if sets.second is not None:
        names[keys.OTHER_SET] = sets.second.info.name
    with st.container(gap="small"):
        if own.row is not None:
            st.button(
                "Map its neighbourhood", icon=":material/zoom_in_map:", key=keys.MAP_NEAR, on_click=_map_near,
                args=(own.token,), help="A map of this word and of what is near it, in place of this one",
            )  # fmt: skip
        st.page_link(
            "compare.py", label="Its page", icon=":material/article:",
            query_params=across.packed({**names, keys.ASK: "Word", keys.WORD: own.token}),
        )  # fmt: skip
        st.page_link(
            "compare.py", label="Its neighbours among all words", icon=":material/compare_arrows:",
            query_params=across.packed({**names, keys.ASK: "Neighbours", keys.WORDS: own.token}),
        )  # fmt: skip


def _map_near(word: str) -> None:
    """Show the neighbourhood of a word, from the next run of the page on."""
    st.session_state[keys.WHICH] = asked.NEAR
    links.put(keys.WORDS, [word])


def _find_row(key: str, words: tuple[str, ...]) -> None:
    """Find the word in the row whose button was pressed."""
    click = st.session_state.get(key)
    if click is not None and 0 <= click.row < len(words):
        finding.take(words[click.row])
