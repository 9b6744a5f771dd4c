"""Getting the map that was asked for: from the disk, at once by PCA, or by a run that is followed."""

from __future__ import annotations

import numpy as np
import streamlit as st

from embedcore.maps import honesty, layouts, selection, store
from embedcore.maps.request import MapRequest
from embedcore.ui import resources
from embedcore.ui.asking.sets import Sets
from embedcore.ui.map_page.shown import Shown
from embedcore.vectors import WordVectors


def make(sets: Sets, request: MapRequest) -> Shown:
    """The map that was asked for, or the PCA of its words. Raises BadSetting, BadVectors."""
    request.check()
    if (found := store.find_map(request.key, resources.settings())) is not None:
        return of_finished(found)
    return _overview(request.key, request, [chosen.vectors for chosen in sets.all])


def of_finished(found: store.FinishedMap) -> Shown:
    """A map that is kept."""
    return Shown(
        found.request, found.words[: len(found.words)], found.rows, found.coordinates, found.seeds, found.left_out,
        found.facts.get("variance"), found.honesty, found.facts,
    )  # fmt: skip


@st.cache_resource(max_entries=8, show_spinner="Laying the words out…")
def _overview(key: str, _request: MapRequest, _sets: list[WordVectors]) -> Shown:
    """The PCA of the words of a request, once for everybody."""
    chosen = selection.select(_sets, _request.words)
    units = chosen.units(_sets)  # (n, D)
    coordinates = layouts.lay_out(units, layouts.PCA, _request.dims, {}, 1)
    variance = [float(share) for share in honesty.variance_kept(units, _request.dims)]
    return Shown(_request, chosen.words, np.stack(chosen.rows), coordinates, chosen.seeds, chosen.left_out, variance)
