"""Getting the map that was asked for: from the disk, at once by PCA, or by a run.

Here belongs finding out what there is. How a run is offered is in `offering`, how it is followed in `following`.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from embedcore.errors import BadSetting, BadVectors, UnknownRun
from embedcore.maps import layouts, overview, selection, store
from embedcore.maps.request import MapRequest
from embedcore.runs import Run, jobs
from embedcore.runs.folder import FINISHED
from embedcore.ui import resources
from embedcore.ui.asking.sets import Sets
from embedcore.ui.map_page.shown import Shown
from embedcore.vectors import WordVectors

_WATCHED = "maps_watched"  # in the session: by the key of a map, the id of the run that this visitor awaits


@dataclass(frozen=True, eq=False)
class Made:
    """What there is of a map.

    Attributes:
        asked: what was asked for.
        shown: that map, or the PCA of its words while it is not there.
        run: the run that makes it, or the one that this visitor watched end without it.
        cannot: why it cannot be laid out, in a sentence; empty if it can.
    """

    asked: MapRequest
    shown: Shown
    run: Run | None = None
    cannot: str = ""

    @property
    def there(self) -> bool:
        """Whether what is shown is what was asked for."""
        return self.shown.request is self.asked

    @property
    def going(self) -> bool:
        """Whether a run is at it."""
        return self.run is not None and not self.run.over

    @property
    def judged(self) -> Shown:
        """What is to be said how far to trust: not the PCA, while pictures of something else take its place."""
        return replace(self.shown, request=self.asked, variance=None, stage="on the way") if self.going else self.shown


def make(sets: Sets, request: MapRequest) -> Made:
    """The map that was asked for, or the PCA of its words. Raises BadSetting, BadVectors, StorageProblem."""
    if request.method == layouts.PCA:
        return Made(request, _pca(sets, request))
    settings, run = resources.settings(), None
    if (found := store.find_map(request.key, settings)) is None and (run := run_of(request.key)) is None:
        found = store.find_map(request.key, settings)  # it may have been done in between
    if found is not None:
        return Made(request, of_finished(found, request))
    shown = _pca(sets, replace(request, method=layouts.PCA, params={}, seed=1))
    return Made(request, shown, run, "" if run and not run.over else _cannot(request, shown, sets))


def watch(key: str, run_id: str) -> None:
    """Have this visitor told how a run ends that makes the map of that key."""
    st.session_state.setdefault(_WATCHED, {})[key] = run_id


def run_of(key: str) -> Run | None:
    """The run, anybody's, that makes the map of a key; or the one that this visitor saw end. Raises StorageProblem."""
    runs = resources.runs()
    if (going := jobs.running(runs, jobs.MAP, key)) is not None:
        watch(key, going.id)
        return going
    with suppress(UnknownRun):  # removed since
        if (watched := st.session_state.get(_WATCHED, {}).get(key)) is not None:
            run = runs.folder(watched).run
            return None if run.state == FINISHED else run
    return None


def of_finished(found: store.FinishedMap, request: MapRequest) -> Shown:
    """A map that is kept, for whoever asked for it; the sets may be called otherwise by now."""
    facts = {**found.facts, "created": found.created}
    return Shown(
        request, found.words[: len(found.words)], found.rows, found.coordinates, found.seeds, found.left_out,
        found.facts.get("variance"), found.honesty, facts,
    )  # fmt: skip


def _cannot(request: MapRequest, shown: Shown, sets: Sets) -> str:
    """Why a layout cannot be made of the points that its PCA shows."""
    method = layouts.METHODS[request.method]
    dim = max(chosen.vectors.dim for chosen in sets.all)
    if dim <= request.dims:
        return f"Vectors of {dim} numbers need no {method.label}: PCA shows all there is."
    try:
        layouts.check(request.method, len(shown.coordinates), request.dims, request.seed)
        request.check()
    except (BadSetting, BadVectors) as error:
        return str(error)
    return ""


def _pca(sets: Sets, request: MapRequest) -> Shown:
    request.check()
    shown = _overview(request.key, request, [chosen.vectors for chosen in sets.all])
    return replace(shown, request=request)


@st.cache_resource(max_entries=6, show_spinner="Laying the words out…")
def _overview(key: str, _request: MapRequest, _sets: Sequence[WordVectors]) -> Shown:
    """The PCA of the words of a request, once for everybody."""
    chosen = selection.select(_sets, _request.words)
    found = overview.pca_of(_sets, chosen, _request.dims)
    turn = chosen.turn
    facts = {} if turn is None else {"turn": {"fitted": turn.fitted, "agreement": turn.agreement}}
    found.coordinates.flags.writeable = False
    rows = np.stack(chosen.rows)  # (sets, W)
    rows.flags.writeable = False
    return Shown(
        _request, chosen.words, rows, found.coordinates, chosen.seeds, chosen.left_out, found.variance, facts=facts
    )
