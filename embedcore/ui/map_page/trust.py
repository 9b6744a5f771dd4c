"""How far a map can be trusted, what was left out of it, and how two sets were brought together.

Here belongs saying it. Measuring is in `maps.honesty`; a page measures what no run has, once the picture is there.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from embedcore.maps import honesty
from embedcore.maps.honesty import Honesty
from embedcore.maps.honesty_sampled import measure_blocks
from embedcore.maps.overview import Points
from embedcore.maps.selection import LeftOut, Selection
from embedcore.ui.asking.sets import Sets
from embedcore.ui.map_page import together
from embedcore.ui.map_page.shown import Shown
from embedcore.ui.words import counted, listed, plain

_NAMED = 10  # of the words left out for a reason
_MOST_SEEN = 0.5  # of the variance: a PCA that keeps less shows the smaller part of what sets words apart


def show(sets: Sets, shown: Shown) -> None:
    """What the map keeps of the full space; measured now, where it was not yet."""
    st.markdown("**How far to trust this map**")
    if shown.variance is not None and any(shown.variance):  # one word, or words all alike, do not vary
        st.write(_variance(shown.variance))
    if not shown.final:
        st.write("It is measured when the layout is done.")
    elif (measured := shown.honesty or _measured(sets, shown)) is None:
        st.write("There are too few words to measure it.")
    else:
        for sentence in measured.sentences():
            st.write(plain(sentence, 400))
    _alignment(sets, shown)
    _left_out(shown.left_out)


def _variance(shares: Sequence[float]) -> str:
    """How much of a space a PCA shows."""
    kept = sum(shares)
    each = ", ".join(f"{share:.1%}" for share in shares)
    more = "" if kept >= _MOST_SEEN else " Most of what sets these words apart is not on this picture."
    return f"PCA keeps {kept:.1%} of the variance ({each} along its axes).{more}"


def _measured(sets: Sets, shown: Shown) -> Honesty | None:
    with st.spinner("Measuring how far this map can be trusted…"):
        return _measure(shown.request.key, sets, shown)


@st.cache_resource(max_entries=256, show_spinner=False)
def _measure(key: str, _sets: Sets, _shown: Shown) -> Honesty | None:
    """The honesty of a map that no run has measured, once for everybody."""
    turn = None if _sets.second is None else together.turn_of(_sets, _shown)
    chosen = Selection(tuple(_shown.rows), list(_shown.words), turn=turn)
    vectors = [each.vectors for each in _sets.all]
    if len(_shown.coordinates) <= honesty.MOST_EXACT:
        return honesty.measure(chosen.units(vectors), _shown.coordinates)
    points = Points(vectors, chosen)
    return measure_blocks(points.block, points.shape[0], _shown.coordinates)


def _alignment(sets: Sets, shown: Shown) -> None:
    """How two sets came into one space."""
    turn = shown.facts.get("turn")
    if sets.second is None or not turn:
        return
    first, second = plain(sets.first.info.name), plain(sets.second.info.name)
    st.write(
        f"Each word is two points. {second} was turned towards {first} as a whole, which keeps all cosines within it, "
        f"by {counted(turn['fitted'], 'shared word')}; their two vectors now have a mean cosine of "
        f"{turn['agreement']:.2f}. What still lies apart differs."
    )


def _left_out(left_out: Sequence[LeftOut]) -> None:
    """What was asked for but is not on the map."""
    for one in left_out:
        named = listed([f"“{plain(word, 40)}”" for word in one.words[:_NAMED]], _NAMED)
        more = f" and {one.count - _NAMED:,} more" if one.count > _NAMED else ""
        st.write(f"Left out: {counted(one.count, 'word')}, {plain(one.why)}: {named}{more}.")
