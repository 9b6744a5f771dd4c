"""Which of some words is the odd one out, and how odd each is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from embedcore import figures_axes
from embedcore.snippets_compare import odd_one_out
from embedcore.ui import messages, resources
from embedcore.ui.asking import directions, sharing, tables
from embedcore.ui.asking.controls import Controls
from embedcore.ui.asking.sets import ChosenSet, Sets, side_by_side
from embedcore.ui.asking.words import ask_words
from embedcore.ui.words import plain

_FEWEST = 3
_CLOSE = 0.02  # between the lowest cosine and the next: another word or two may turn it round


def show(controls: Controls, sets: Sets) -> None:
    """Ask for words, and show how far each is from the mean of all."""
    words = ask_words(controls, sets)
    found = [directions.split(chosen.vectors, words.of(chosen).tokens) for chosen in sets.all]
    asked = [(chosen.vectors, tokens) for chosen, (tokens, _) in zip(sets.all, found, strict=True)]
    sharing.show(controls, odd_one_out(asked))
    for number, ((chosen, place), (tokens, without)) in enumerate(zip(side_by_side(sets), found, strict=True)):
        with place, messages.problems():
            directions.tell(without)
            _show_odd(chosen, tokens, number)
    if any(len(tokens) >= _FEWEST for tokens, _ in found):
        st.caption(
            "Each bar is the cosine of a word with the mean direction of all these words, itself included; the lowest "
            "is the odd one out. Gensim’s doesnt_match decides in the same way. There is always a lowest: whether it "
            "stands apart shows in its distance from the next."
        )


def _show_odd(chosen: ChosenSet, tokens: list[str], number: int) -> None:
    if len(tokens) < _FEWEST:
        more = f"{_FEWEST - len(tokens)} more" if tokens else "three words or more"
        st.caption(f"Choose {more} that this set has: the odd one out is sought among at least three.")
        return
    cosines = chosen.vectors.mean_similarities(tokens)  # (N,)
    if np.isnan(cosines).all():
        st.caption("The directions of these words cancel each other out, so none of them is the odd one.")
        return
    odd, after = (int(place) for place in np.argsort(cosines, kind="stable")[:2])
    gap = cosines[after] - cosines[odd]
    verdict = "is the odd one out, but only just" if gap < _CLOSE else "is the odd one out"
    st.markdown(
        f"**{plain(tokens[odd])}** {verdict}: its cosine with the mean of all is {cosines[odd]:.3f}. "
        f"Next comes {plain(tokens[after])} at {cosines[after]:.3f}."
    )
    bars = figures_axes.odd_bars(tokens, cosines, dark=resources.dark())
    st.echarts_chart(
        bars.options, key=f"odd_{number}", height=bars.height,
        alt=f"Cosines of {bars.shown} words with the mean of all in {chosen.info.name}; {tokens[odd]} is lowest, "
        f"at {cosines[odd]:.3f}",
    )  # fmt: skip
    if bars.shown < bars.among:
        st.caption(f"The {bars.shown} lowest of {bars.among:,} words are drawn; the table has all.")
    _table(chosen, tokens, cosines)


def _table(chosen: ChosenSet, tokens: list[str], cosines: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> None:
    """All numbers, the lowest first."""
    others = chosen.vectors.mean_similarities(tokens, others=True)  # (N,)
    order = np.argsort(cosines, kind="stable")
    with st.expander("The numbers"):
        st.dataframe(
            pd.DataFrame(
                {"word": [tokens[place] for place in order], "all": tables.no_minus_zero(cosines[order], 4),
                 "others": tables.no_minus_zero(others[order], 4)}
            ),
            hide_index=True, alt=f"How odd each word is in {chosen.info.name}",
            column_config={
                "all": st.column_config.NumberColumn("cosine with the mean of all", format="%.4f"),
                "others": st.column_config.NumberColumn("with the mean of the others", format="%.4f"),
            },
        )  # fmt: skip
