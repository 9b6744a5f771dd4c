"""The words that were drawn around on a map: a list to copy, and the ways on with it.

Here belong the list and the links. Keeping the words as a vector set, and taking their vectors away as a
file, is in `picked_part`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import numpy.typing as npt
import streamlit as st

from embedcore.maps.request import MapRequest, WordsAsked
from embedcore.ui import keys, links
from embedcore.ui.asking import across
from embedcore.ui.asking.controls import Controls
from embedcore.ui.asking.sets import Sets
from embedcore.ui.map_page import asked, linking, picked_part
from embedcore.ui.map_page.shown import Shown
from embedcore.ui.words import counted

Places = npt.NDArray[np.int64]

_MOST_SHOWN = 1_000  # words of the list in the page
_LINE, _HIGHEST = 26, 260  # pixels of the list


def show(controls: Controls, sets: Sets, shown: Shown, points: Sequence[int]) -> None:
    """What can be done with the points drawn around; nothing where there are none."""
    if not points:
        return
    places = np.unique(np.asarray(points, dtype=np.int64) % len(shown.words))  # (P,) rising: by falling frequency
    if controls.embedded:
        _list(shown, places)
    else:
        _offer(sets, shown, places)


@st.fragment
def _offer(sets: Sets, shown: Shown, places: Places) -> None:
    """The list and what can be done with it; only this part of the page follows."""
    st.subheader("Drawn around", anchor=False)
    _list(shown, places)
    words = [shown.words[place] for place in places.tolist()]
    linked = linking.fitting(words)
    them = "them" if len(linked) == len(words) else f"the first {len(linked):,}"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.page_link(
            "compare.py", label=f"Compare {them}", icon=":material/compare_arrows:",
            query_params=across.packed({**_named(sets), keys.WORDS: linked}),
        )  # fmt: skip
        request = _alone(shown.request, linked)
        st.button(
            f"Map {them} alone", icon=":material/filter_center_focus:", key=keys.PICKED_MAP, on_click=_map_alone,
            args=(linked,), help="A map of these words only, in place of this one",
        )  # fmt: skip
        _take_list(request, words, them)
        picked_part.show(sets, shown, places)
    if len(linked) < len(words):
        st.caption(
            f"A question and a link hold {counted(len(linked), 'word')} of these. To ask about all of them, keep them "
            "as a vector set."
        )


def _list(shown: Shown, places: Places) -> None:
    """The words, one a line, to be copied."""
    st.caption(_counted(shown, len(places)))
    words = [_line(shown.words[place]) for place in places[:_MOST_SHOWN].tolist()]
    height = min(_HIGHEST, _LINE * len(words) + 30)
    st.code("\n".join(words), language=None, height=height)


def _counted(shown: Shown, count: int) -> str:
    said = f"{counted(count, 'word')} of {len(shown.words):,}, the most frequent first"
    return said + (f"; the first {_MOST_SHOWN:,} are here, all in the file." if count > _MOST_SHOWN else ".")


def _take_list(request: MapRequest, words: Sequence[str], them: str) -> None:
    """The words as a file, and as a link."""
    with st.popover("Take the list", icon=":material/list:"):
        st.download_button(
            "Download as text", partial(_text, words), file_name="words.txt", mime="text/plain",
            icon=":material/download:", key=f"{keys.PICKED}_txt", on_click="ignore",
        )  # fmt: skip
        st.caption(f"Link to a map of {them}")
        st.code(links.whole("/map", [*linking.parameters(request).items()]), language=None, wrap_lines=True, height=160)


def _text(words: Sequence[str]) -> str:
    return "".join(f"{_line(word)}\n" for word in words)


def _line(word: str) -> str:
    """A word on one line, also one that holds line ends."""
    return " ".join(word.splitlines())


def _named(sets: Sets) -> dict[str, str]:
    """The sets, as links name them."""
    return dict(zip((keys.VECTORS, keys.OTHER_SET), (chosen.info.name for chosen in sets.all), strict=False))


def _alone(request: MapRequest, words: Sequence[str]) -> MapRequest:
    return replace(request, words=WordsAsked(how=asked.HOWS[asked.LIST], words=tuple(words)))


def _map_alone(words: list[str]) -> None:
    """Show a map of these words only, from the next run of the page on."""
    st.session_state[keys.WHICH] = asked.LIST
    links.put(keys.WORDS, words)
    st.rerun("app")
