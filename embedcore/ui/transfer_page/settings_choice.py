"""The form's fourth step: the classifier, how many training texts are tried, and the other settings of the fits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from embedcore.errors import BadSetting
from embedcore.transfer.config import (
    AVERAGE,
    CONVOLUTION,
    MODELS,
    MOST_DIM,
    MOST_LR,
    MOST_SEED,
    MOST_SEEDS,
    MOST_UNITS,
    SIZES,
    STARTS,
    TransferConfig,
)
from embedcore.ui import keys, links
from embedcore.ui.words import listed

_DEFAULT = TransferConfig()
_CAPTIONS = {
    AVERAGE: "Deep averaging network (Iyyer et al. 2015): the mean of a text’s vectors, one hidden "
    "layer, softmax. Quick.",
    CONVOLUTION: "Convolution (Kim 2014): filters over 3, 4 and 5 words in a row, the strongest answer of each. "
    "It sees the order of words, and takes about seven times as long.",
}
_MOST_SIZES = 20
_LARGEST = 10_000_000


@dataclass(frozen=True)
class _Number:
    """A setting that is a number: what it is called, from where to where, and what it is good for."""

    label: str
    low: float
    high: float
    about: str

    @property
    def whole(self) -> bool:
        return isinstance(self.low, int)


_NUMBERS = {
    "hidden": _Number("Hidden units", 1, MOST_UNITS, "Units of the hidden layer, or filters of each width."),
    "lr": _Number("Learning rate", 1e-6, MOST_LR, "Of Adam."),
    "batch": _Number("Texts a step learns from", 1, 4_096, "More are quicker, fewer are more thorough."),
    "word_dropout": _Number("Words left out", 0.0, 0.99, "Of a text, at each step: this share. Average alone."),
    "dropout": _Number("Units left out", 0.0, 0.99, "Of the hidden units, at each step: this share."),
    "min_count": _Number("Rare words: fewer times than", 1, 1_000, "They read <unk>, unless the set has them."),
    "epochs": _Number("Rounds at most", 1, 1_000, "Passes over the training texts; of few texts, rounds of 20 steps."),
    "patience": _Number("Patience", 1, 1_000, "Looks at the validation texts without a better one, until a fit ends."),
    "seed": _Number("First seed of the fits", 0, MOST_SEED - MOST_SEEDS, "Each fit of a kind has one more."),
}  # fmt: skip


class _Sizes:
    """Numbers of training texts in a link."""

    def problem(self, values: list[str]) -> str | None:
        """What is wrong with them; None if nothing is."""
        try:
            _sizes(values)
        except BadSetting:
            return f"at most {_MOST_SIZES} whole numbers from 2 on"
        return None


class _Starts:
    """Starts in a link."""

    def problem(self, values: list[str]) -> str | None:
        """What is wrong with them; None if nothing is."""
        return None if {*values} <= {*STARTS} else f"some of {', '.join(STARTS)}"


def rules() -> dict[str, links.Rule]:
    """What a link may say about the settings."""
    numbers = {keys.FIT[name]: links.Number(of.low, of.high, whole=of.whole) for name, of in _NUMBERS.items()}
    return {
        keys.MODEL: links.OneOf(MODELS),
        keys.SEEDS: links.Number(1, MOST_SEEDS),
        keys.SIZES: _Sizes(),
        keys.STARTS: _Starts(),
        keys.FIT["dim"]: links.Number(1, MOST_DIM),
        **numbers,
    }


def take(settings: TransferConfig) -> None:
    """Fill the choice with that of an earlier experiment; for a callback."""
    st.session_state[keys.MODEL] = settings.model
    st.session_state[keys.SEEDS] = settings.seeds
    st.session_state[keys.SIZES] = [f"{size}" for size in settings.sizes]
    st.session_state[keys.STARTS] = list(settings.starts)
    for name, key in keys.FIT.items():
        st.session_state[key] = getattr(settings, name)


def choose(dim: int | None) -> dict[str, Any]:
    """What the visitor chose, by the names of `TransferConfig`; `dim` is the set's. Raises BadSetting."""
    model = st.radio("The classifier", MODELS, captions=[_CAPTIONS[name] for name in MODELS], key=keys.MODEL,
                     bind="query-params")  # fmt: skip
    sizes, seeds = st.columns([3, 1], gap="medium")
    chosen = sizes.multiselect(
        "Numbers of training texts to try, besides all of them", [f"{size}" for size in SIZES],
        [f"{size}" for size in SIZES], key=keys.SIZES, bind="query-params", accept_new_options=True,
        max_selections=_MOST_SIZES, select_all=False, placeholder="None: only all of them",
        help="Those that are more than four fifths of all training texts are passed over.",
    )  # fmt: skip
    repeated = seeds.number_input(
        "Fits of each kind", 1, MOST_SEEDS, _DEFAULT.seeds, key=keys.SEEDS, bind="query-params",
        help="Each learns from other training texts and starts from other random numbers, so that one sees how much "
        "of a difference is chance.",
    )  # fmt: skip
    return {"model": str(model), "sizes": _sizes(chosen), "seeds": int(repeated), **_more(dim)}


def _more(dim: int | None) -> dict[str, Any]:
    """The settings that few want to change."""
    with st.expander("More settings"):
        starts = st.multiselect(
            "Starts to compare", STARTS, STARTS, key=keys.STARTS, bind="query-params", select_all=False
        )
        values: dict[str, Any] = {}
        places = st.columns(3)
        for number, (name, of) in enumerate(_NUMBERS.items()):
            values[name] = places[number % 3].number_input(
                of.label, of.low, of.high, getattr(_DEFAULT, name), key=keys.FIT[name], bind="query-params",
                help=of.about, step=1 if of.whole else 0.001 if name == "lr" else 0.05,
                format="%d" if of.whole else "%g",
            )  # fmt: skip
        only = tuple(starts) == ("scratch",)
        values["dim"] = st.number_input(
            "Numbers in a vector from scratch", 1, MOST_DIM, None, key=keys.FIT["dim"], bind="query-params", width=240,
            placeholder=f"{dim or 50} (as the set has)", disabled=not only,
            help="Where nothing else is compared; otherwise all starts have as many numbers in a vector as the set.",
        )  # fmt: skip
    if not only:
        values["dim"] = None
    return {**values, "starts": tuple(start for start in STARTS if start in starts)}


def _sizes(chosen: Sequence[str]) -> tuple[int, ...]:
    """The numbers that were chosen or typed, rising. Raises BadSetting for what is none."""
    wrong = [text for text in chosen if not text.strip().isdecimal() or not 2 <= int(text.strip()[:12]) <= _LARGEST]
    if wrong or len(chosen) > _MOST_SIZES:
        named = listed([f"“{text}”" for text in wrong], 3) or f"{len(chosen)} of them"
        raise BadSetting(
            f"Training texts to try are whole numbers from 2 on, at most {_MOST_SIZES} of them: not {named}."
        )
    return tuple(sorted({int(text) for text in chosen}))
