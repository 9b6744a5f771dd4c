"""The map of a run: words drifting while it trains, and the replay when it is over."""

from __future__ import annotations

import numpy as np
import streamlit as st

from embedcore import figures_map
from embedcore.projection import axis_range
from embedcore.runs import Run, RunFolder
from embedcore.runs.frames import RunMaps
from embedcore.ui import keys, resources, run_words
from embedcore.ui.words import plain

_SHOWN_WORDS = 100  # the most frequent ones; watched words come on top
_FITTED_WORDS = 100  # the plane is laid through these
_HEIGHT = 430
_TOO_SHORT_SECONDS = 12.0  # a run over sooner could hardly be watched: its replay plays by itself
_WHOLE = "the whole map"


@st.cache_resource(max_entries=32, show_spinner=False)
def _maps(run_id: str, _folder: RunFolder) -> RunMaps:
    """The frames of one run as maps, computed once for everybody who watches it."""
    return RunMaps(_folder, fit=_FITTED_WORDS)


def show(folder: RunFolder, run: Run) -> None:
    """The map as it is now, or the replay of a run that is over."""
    film = _maps(folder.id, folder)
    shares, every = film.update()  # (F,), (F, K, 2)
    if not shares:
        st.caption("The map of the words shows here once training has begun.")
        return
    vectors = run_words.vectors_of(folder)
    marked = run_words.watched(folder, vectors) if vectors is not None else []
    place = {word: row for row, word in enumerate(film.frames.words)}
    shown = list(dict.fromkeys([*film.frames.words[:_SHOWN_WORDS], *(word for word in marked if word in place)]))
    rows = [place[word] for word in shown]
    maps = every[:, rows]  # (F, shown, 2)
    half = axis_range(maps)
    zoom, center = _zoom(shown, maps[-1], over=run.over)
    height = _HEIGHT
    if run.over:
        height += figures_map.TIMELINE_PIXELS
        take = st.session_state.setdefault(f"take of {run.id}", 0)
        seconds = (run.ended or 0.0) - (run.started or 0.0)
        options = figures_map.replay(
            shown, maps, shares, half / zoom, marked, resources.dark(),
            autoplay=take > 0 or seconds < _TOO_SHORT_SECONDS, take=take, center=center,
        )  # fmt: skip
    else:
        options = figures_map.live_map(shown, maps[-1], half / zoom, marked, resources.dark(), center=center)
    st.echarts_chart(
        options, key=keys.MAP, height=height,
        alt=f"A map of {len(shown)} words: words with similar vectors lie near each other",
    )  # fmt: skip
    if run.over:
        st.button("Play again", icon=":material/replay:", key=keys.REPLAY, on_click=_play_again, args=(run.id,))
    _explain(shown, marked, place, over=run.over)


def _play_again(run_id: str) -> None:
    st.session_state[f"take of {run_id}"] += 1


def _zoom(
    words: list[str], xy: np.ndarray[tuple[int, ...], np.dtype[np.float32]], *, over: bool
) -> tuple[float, tuple[float, float]]:
    """How far in, and around which place. Widgets, because a new map would undo the mouse's zoom."""
    # There in any case: if the map moved up one place as a run ends, the browser could see it twice and make it anew.
    place = st.container(horizontal=True, vertical_alignment="bottom")
    if over:
        return 1.0, (0.0, 0.0)  # the replay is one picture: the mouse zooms in it
    with place:
        zoom = st.slider("Zoom", 1.0, 8.0, 1.0, 0.5, key=keys.ZOOM, format="%gx", width=180)
        follow = st.selectbox("Around", [_WHOLE, *words], key=keys.FOLLOW, width=200)
    if follow in words:
        x, y = xy[words.index(str(follow))].tolist()
        return float(zoom), (x, y)
    return float(zoom), (0.0, 0.0)


def _explain(shown: list[str], marked: list[str], place: dict[str, int], *, over: bool) -> None:
    missing = [word for word in marked if word not in place]
    st.caption(
        f"{'All' if len(shown) == len(place) else 'The'} {len(shown):,} words "
        f"{'of the text' if len(shown) == len(place) else 'seen most often, and the watched ones'}. "
        "The plane is laid where their directions spread the most (PCA), and turned to fit the picture before."
        + (" Drag the dot below the map to any moment; Ctrl and the wheel zoom." if over else "")
        + (f" Too rare for the map: {', '.join(plain(word, 40) for word in missing)}." if missing else "")
    )
