"""What the sections on learned models share: which models are kept, opened once for everyone, and choosing a size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

import streamlit as st

from embedcore.errors import EmbedcoreError
from embedcore.figures_transfer import NAMES
from embedcore.maps.identity import identity_of
from embedcore.runs import Run, RunFolder, experiments
from embedcore.transfer.about import About
from embedcore.transfer.config import STARTS
from embedcore.transfer.kept import KeptModel
from embedcore.transfer.results import LearnedWords
from embedcore.ui import links, resources
from embedcore.ui.words import counted, plain
from embedcore.vectors import WordVectors

_Stamp = tuple[int, int]
LARGEST = "largest"
_SOMETIMES = "5s"  # models come while an experiment goes on


def section(
    title: str, draw: Callable[[RunFolder, Run, About], None], folder: RunFolder, run: Run, about: About
) -> None:
    """A part of the page that looks for more models by itself; nothing while none is kept."""
    if sizes(folder):
        st.header(title)
        st.fragment(draw, run_every=None if run.over else _SOMETIMES)(folder, run, about)


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


def choose_size(options: Sequence[int], key: str, *, bound: bool = True) -> int:
    """The size that a visitor, or the link, chose among `options`, the largest first; until then the largest by then.

    That is an option of its own, since more sizes come while one looks on, and an input whose value is changed from
    here reports each value that it had as if somebody had chosen it.
    """
    names = [LARGEST, *map(str, options)]  # as the link has them, which says what is on the screen
    if bound:
        links.mend({key: links.OneOf(names)})
    chosen = st.selectbox(
        f"Training texts (largest: {options[0]:,})", names, key=key, width=200, bind="query-params" if bound else None
    )
    return options[0] if chosen in (LARGEST, None) else int(chosen)


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
