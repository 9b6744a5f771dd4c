"""A link that names a run: it leads to the map that the run makes, with everything that the run was asked for."""

from __future__ import annotations

import streamlit as st
from streamlit.errors import StreamlitAPIException

from embedcore.errors import BadSetting, StorageProblem, UnknownRun
from embedcore.maps.request import MapRequest
from embedcore.runs import Run, jobs
from embedcore.runs.jobs import MapConfig
from embedcore.runs.record import GROUPING, MAP
from embedcore.ui import keys, links, resources, run_pages
from embedcore.ui.map_page import linking, making
from embedcore.ui.words import plain

_PAGES = {kind: found.page for kind, found in run_pages.PAGES.items() if kind not in (MAP, GROUPING)}


class _Here:
    """The id of a run that is here and can be read."""

    def problem(self, values: list[str]) -> str | None:
        """What is wrong, if there is no such run."""
        try:
            run = resources.runs().folder(values[-1]).run
            if run.kind not in _PAGES:
                _ = MapConfig.from_json(run.config).asked
        except (UnknownRun, BadSetting, StorageProblem):
            return "the id of a run that is still here"
        return None


def follow() -> None:
    """Have the page ask for what the run was asked for that the link names, if it names one."""
    links.mend({keys.RUN: _Here()})
    if not (run_id := st.query_params.get(keys.RUN)):
        return
    run = resources.runs().folder(run_id).run
    if run.kind in _PAGES:
        _elsewhere(run)
        return
    request = MapConfig.from_json(run.config).asked
    if run.kind == jobs.MAP:
        making.watch(request.key, run.id)
    try:
        st.query_params.from_dict(linking.parameters(request))
    except StreamlitAPIException:  # on the page itself, whose inputs are there and bound to the link
        _put(request)
        del st.query_params[keys.RUN]
    st.rerun()  # the inputs begin with what the link says when the page begins


def _put(request: MapRequest) -> None:
    """Have the inputs, before they are drawn, say what a map was asked for; sets that are gone stay as they are."""
    here = resources.usable_sets()
    st.session_state[keys.OTHER_SET] = None
    for key, value in linking.inputs(request).items():
        if key not in (keys.VECTORS, keys.OTHER_SET) or value in here:
            st.session_state[key] = value


def _elsewhere(run: Run) -> None:
    label = f"To the run {plain(run.name, 60)}, which makes no map"
    st.page_link(_PAGES[run.kind], label=label, icon=":material/arrow_forward:", query_params={keys.RUN: run.id})
