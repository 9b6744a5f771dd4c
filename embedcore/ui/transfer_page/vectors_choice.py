"""The form's third step: the vector set that frozen and tuned start from, and how much of the texts it knows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from embedcore.library import BUNDLED, VectorsInfo
from embedcore.transfer.coverage import Coverage, coverage, doubt
from embedcore.transfer.encoding import rows_in
from embedcore.ui import keys, links, resources
from embedcore.ui.once import once
from embedcore.ui.transfer_page.texts_choice import ChosenTexts
from embedcore.ui.words import counted, listed, plain
from embedcore.vectors import WordVectors

_ROWS = "labelled_rows"
_NAMED = 12

_STARTS = {
    "From scratch": (
        "nn.Embedding.from_pretrained(\n    random, freeze=False)",
        "Rows start small, at random, and learn from your texts alone.",
    ),
    "Frozen": (
        "nn.Embedding.from_pretrained(\n    vectors, freeze=True)",
        "Rows are those of the set and stay so. Only the small network on top learns.",
    ),
    "Tuned": (
        "nn.Embedding.from_pretrained(\n    vectors, freeze=False)",
        "Rows start as those of the set, and learn on from your texts.",
    ),
}


@dataclass(frozen=True, eq=False)
class ChosenSet:
    """A set, opened, and what it knows of the texts."""

    info: VectorsInfo
    vectors: WordVectors
    known: Coverage


def rules() -> dict[str, links.Rule]:
    """What a link may say about the set."""
    if keys.VECTORS in st.session_state:  # what was chosen here may have been deleted since: `choose` tells
        return {}
    return {keys.VECTORS: links.OneOf([*resources.usable_sets()])}


def choose(chosen: ChosenTexts) -> ChosenSet | None:
    """Let the visitor choose, and say what the three starts are; None where no set is here."""
    for place, (name, (code, about)) in zip(st.columns(3, gap="medium"), _STARTS.items(), strict=True):
        with place.container(border=True, height="stretch"):
            st.subheader(name, anchor=False)
            st.caption(about)
            st.code(code, language="python", wrap_lines=True)
    here = resources.usable_sets()
    asked = st.session_state.get(keys.VECTORS)
    if asked is not None and asked not in here:
        del st.session_state[keys.VECTORS]
        st.warning(
            f"The vector set {plain(str(asked))} is no longer in the library. Choose another one.",
            icon=":material/info:",
        )
    if not here:
        st.error("There is no vector set in the library that can be opened.", icon=":material/error:")
        return None
    names = list(here)
    first = names.index(BUNDLED) if BUNDLED in here else 0
    name = str(st.selectbox("The vector set", names, index=first, key=keys.VECTORS, bind="query-params", width=420))
    info = here[name]
    vectors = resources.vectors(info)
    rows: NDArray[np.int64] = once(
        _ROWS, (chosen.digest, chosen.tokenizer, name, f"{info.created}"), lambda: rows_in(vectors, chosen.tokenized)
    )
    known = coverage(chosen.tokenized, rows)
    _tell(known, name, whole=len(chosen.tokenized.ends) == len(chosen.data))
    return ChosenSet(info, vectors, known)


def _tell(known: Coverage, name: str, *, whole: bool) -> None:
    """How much of the texts the set knows."""
    where = "in the texts" if whole else "in the first of these texts"
    st.markdown(
        f"**{plain(name)} knows {100 * known.token_share:.1f} % of all words {where}**, "
        f"{known.known:,} of the {counted(known.words, 'different word')}."
    )
    if known.missing:
        missing = listed([plain(word, 40) for word in known.missing[:_NAMED]], _NAMED)
        end = ", …" if known.words - known.known > _NAMED else "."
        st.caption(f"The most frequent that it lacks, which start at random: {missing}{end}")
    if why := doubt(known, name):
        st.warning(f"{plain(why, 400)} The Library has more sets.", icon=":material/info:")
