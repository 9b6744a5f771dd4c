"""What the sections on learned models share: which models are kept, opened once for everyone, and choosing a size."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import streamlit as st

from embedcore.errors import EmbedcoreError
from embedcore.figures_transfer import NAMES
from embedcore.maps.identity import identity_of
from embedcore.runs import Run, RunFolder, experiments
from embedcore.transfer.config import STARTS
from embedcore.transfer.kept import KeptModel
from embedcore.transfer.results import LearnedWords
from embedcore.ui import keys, links, resources
from embedcore.ui.words import counted, plain
from embedcore.vectors import WordVectors

_Stamp = tuple[int, int]
_CHOSEN = "_chosen"
_SOMETIMES = "5s"  # models come while an experiment goes on


def every(run: Run) -> str | None:
    """How often a section looks for more; None: nothing more will come."""
    return None if run.over else _SOMETIMES


def sizes(folder: RunFolder, *starts: str) -> list[int]:
    """The sizes of which a model is kept, the largest first; with `starts`, of one of those."""
    return sorted(
        {size for start, size in experiments.models_of(folder) if not starts or start in starts}, reverse=True
    )


def starts(folder: RunFolder, size: int) -> list[str]:
    """The starts of which a model of that size is kept."""
    kept = experiments.models_of(folder)
    return [start for start in STARTS if (start, size) in kept]


def named(start: str) -> str:
    """A start, as the page calls it, at the beginning of a line."""
    return NAMES[start][0].upper() + NAMES[start][1:]


def choose_size(options: Sequence[int], key: str, label: str = "Training texts", *, bound: bool = True) -> int:
    """The size that a visitor, or the link, chose among `options`; until then the first, whichever that is by then."""
    names = [str(size) for size in options]  # as the link has them, which says what is on the screen
    if bound:
        links.mend({key: links.OneOf(names)})
    begin_with(names[0], key, bound=bound)
    chosen = st.selectbox(
        label, names, key=key, width=160, bind="query-params" if bound else None, on_change=chose, args=(key,)
    )
    return int(chosen or names[0])


def begin_with(first: str, key: str, *, bound: bool = True) -> None:
    """Have an input show the first of what there is until somebody chooses, since more comes while one looks on.

    What stands in the link counts as chosen if it was there from the beginning: later, it may be what was
    shown last. `chose` has to be the input's callback.
    """
    seen = (st.query_params.get(keys.RUN), bound and bool(st.query_params.get(key)))
    run, chosen_there = st.session_state.setdefault(f"{key}{_CHOSEN}", seen)
    if run != seen[0]:
        chosen_there = seen[1]
        st.session_state[f"{key}{_CHOSEN}"] = seen
    if not chosen_there:
        st.session_state[key] = first


def chose(key: str) -> None:
    """Somebody chose; for callbacks."""
    st.session_state[f"{key}{_CHOSEN}"] = (st.query_params.get(keys.RUN), True)


def model(folder: RunFolder, start: str, size: int) -> KeptModel | None:
    """A kept model; None if it is not there, or not any more. Raises StorageProblem for a damaged one."""
    return _model(folder.id, start, size, _stamp(folder, start, size), folder)


def words(folder: RunFolder, start: str, size: int) -> LearnedWords | None:
    """What a kept model learned of words; None if it does not say."""
    return _words(folder.id, start, size, _stamp(folder, start, size), folder)


@st.cache_resource(max_entries=64, show_spinner=False)
def _model(run_id: str, start: str, size: int, stamp: _Stamp, _folder: RunFolder) -> KeptModel | None:
    return experiments.model_of(_folder, start, size)


@st.cache_resource(max_entries=64, show_spinner=False)
def _words(run_id: str, start: str, size: int, stamp: _Stamp, _folder: RunFolder) -> LearnedWords | None:
    return experiments.words_of(_folder, start, size)


def _stamp(folder: RunFolder, start: str, size: int) -> _Stamp:
    """What tells a kept model from one that took its place; (0, 0) where there is none."""
    with suppress(OSError):
        stat = (folder.path / experiments.MODELS / f"{start}-{size}").stat()
        return stat.st_ino, stat.st_mtime_ns
    return 0, 0


def set_of(run: Run) -> tuple[WordVectors | None, str]:
    """The vector set that the experiment started from, or None and why it cannot be asked; ("" where it used none)."""
    config = experiments.config_of(run)
    name = config.settings.pretrained
    if not config.identity or name is None:
        return None, ""
    info = resources.usable_sets().get(name)
    if info is None:
        return None, f"{plain(name)} is no longer here, so words that no training text has cannot be read."
    try:
        vectors = resources.vectors(info)
        same = _identity(info.name, f"{info.created}", vectors) == config.identity
    except EmbedcoreError as error:
        return None, plain(f"Words that no training text has cannot be read. {error}", 600)
    if not same:
        return None, f"{plain(name)} was replaced since, so words that no training text has cannot be read."
    return vectors, ""


@st.cache_resource(max_entries=32, show_spinner=False)
def _identity(name: str, version: str, _vectors: WordVectors) -> str:
    return identity_of(_vectors)


def texts(size: int) -> str:
    """So many training texts, in words."""
    return counted(size, "training text")
