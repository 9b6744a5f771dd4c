"""What is offered where the map that was asked for is not there: to make it, to make a quicker one, to try again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import streamlit as st

from embedcore.maps import store
from embedcore.maps.layouts import METHODS, PACMAP, TSNE, UMAP
from embedcore.maps.layouts.expected import expected_seconds, in_words
from embedcore.maps.request import MapRequest
from embedcore.runs import Run, jobs
from embedcore.runs.folder import FAILED, STOPPED
from embedcore.runs.jobs import MapConfig
from embedcore.ui import keys, messages, resources
from embedcore.ui.map_page import making
from embedcore.ui.map_page.following import PLACE
from embedcore.ui.map_page.making import Made
from embedcore.ui.words import counted, plain

LONG_SECONDS = 60.0  # what takes longer is not begun without a warning
_FEWER = (10_000, 2_000)  # words, that are proposed instead of more
_TELLING = 0.67  # a way out takes at most this share of the time


def show(made: Made, *, embedded: bool) -> None:
    """What can be done to get the map that was asked for; its PCA stands meanwhile."""
    label = METHODS[made.asked.method].label
    if embedded:
        st.caption(f"{label} of these words has not been laid out yet. This is their PCA.")
        return
    messages.show_kept(PLACE)
    if made.cannot:
        _cannot(made)
        return
    if made.run is not None:
        _ended(made.run)
    seconds = expected_seconds(made.asked.method, len(made.shown.coordinates), made.asked.dims, made.asked.params)
    takes = in_words(seconds)
    long = seconds > LONG_SECONDS
    if long:
        _warn(made, takes, seconds)
    text = "Start all the same" if long else "Try again" if made.run is not None else f"Lay out by {label}"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            text, key=keys.MAKE_MAP, type="secondary" if long else "primary", icon=":material/play_arrow:",
            on_click=_begin, args=(made.asked,),
        )  # fmt: skip
        st.caption(f"{takes.capitalize()}. Meanwhile, this is the PCA of the same words.", width="stretch")


def _begin(request: MapRequest) -> None:
    """Have the map made, unless it is there or on its way by now."""
    settings = resources.settings()
    with messages.kept_problems(PLACE):
        if store.find_map(request.key, settings) is None:
            making.watch(request.key, jobs.submit(resources.runs(), MapConfig.of(request)).id)
    st.rerun("app")


def _ended(run: Run) -> None:
    """How the last try ended."""
    if run.state == STOPPED:
        st.info("The layout was stopped before it was done. Nothing of it was kept.", icon=":material/stop_circle:")
        return
    why = run.error or ("It failed." if run.state == FAILED else "Its worker ended before it was done.")
    st.error(plain(f"The map could not be laid out. {why}", 600), icon=":material/error:")


def _cannot(made: Made) -> None:
    st.info(plain(f"{made.cannot} This is the PCA of the words.", 600), icon=":material/info:")
    most = METHODS[made.asked.method].most
    fit = (most or 0) // len(made.asked.sets)
    if most and made.asked.words.how == "frequent" and made.asked.words.count > fit:
        st.button(f"Take the {fit:,} most frequent", key=f"{keys.MAKE_MAP}_fewer", on_click=_choose,
                  args=({keys.COUNT: fit},))  # fmt: skip


class Way(NamedTuple):
    """A quicker map than the one that was asked for."""

    label: str
    seconds: float
    inputs: Mapping[str, str | int]  # what they are to say


def ways_out(request: MapRequest, points: int) -> list[Way]:
    """Quicker maps of the same set, one of each kind, those first that change least; `points` are those now."""
    now = expected_seconds(request.method, points, request.dims, request.params)
    return [way for way in _ways(request, points) if way.seconds <= now * _TELLING]


def _ways(request: MapRequest, points: int) -> Iterator[Way]:
    for count in _FEWER:
        if request.words.how == "frequent" and count < request.words.count:
            there = count * len(request.sets)
            seconds = expected_seconds(request.method, there, request.dims, request.params)
            yield Way(counted(count, "word"), seconds, {keys.COUNT: count})
    if request.dims == 3:
        yield Way("2-D", expected_seconds(request.method, points, 2, request.params), {keys.DIMENSIONS: "2-D"})
    for method in (UMAP, PACMAP) if request.method == TSNE else (PACMAP,) if request.method == UMAP else ():
        label = METHODS[method].label
        yield Way(label, expected_seconds(method, points, request.dims), {keys.LAYOUT: label})


def _warn(made: Made, takes: str, seconds: float) -> None:
    """Say how long it takes, and what is quicker."""
    asked, points = made.asked, len(made.shown.coordinates)
    what = f"{METHODS[asked.method].label} in {asked.dims}-D of {counted(points, 'point')}"
    ways = ways_out(asked, points)
    st.warning(
        f"{what} takes {takes} here, and other runs may have to wait."
        + (" Quicker are:" if ways else ""), icon=":material/hourglass:",
    )  # fmt: skip
    if ways:
        with st.container(horizontal=True):
            for way in ways:
                key = f"{keys.MAKE_MAP}_{'_'.join(map(str, way.inputs.values()))}"
                st.button(f"{way.label} · {in_words(way.seconds)}", key=key, on_click=_choose, args=(way.inputs,))


def _choose(inputs: Mapping[str, str | int]) -> None:
    """Have inputs of the page say something else."""
    for key, value in inputs.items():
        st.session_state[key] = value
    st.rerun("app")
