"""Choosing what a training starts from: random numbers, or the rows of a vector set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import compress
from typing import Any

import numpy as np
import streamlit as st

from embedcore import snippets_pretrained
from embedcore.library import VectorsInfo
from embedcore.training import TrainConfig
from embedcore.ui import keys, links, resources
from embedcore.ui.text_choice import ChosenText
from embedcore.ui.words import counted, plain
from embedcore.vectors import WordVectors
from embedcore.vocab import SPECIALS, UNK, Vocab

# The options themselves are what the URL says, and what `from_pretrained` is given.
_TUNED, _FROZEN = "False", "True"
_CAPTIONS = ["Tune them: these rows learn from the text too", "Keep them as they are: these rows do not learn"]
_EXAMPLES = 12


@dataclass(frozen=True, eq=False)
class Start:
    """A set to start from, opened, and what it means for one text's vocabulary.

    Attributes:
        rows: (V,) the row of the set that each entry starts from; -1 for one that starts at random.
    """

    info: VectorsInfo
    vectors: WordVectors
    freeze: bool
    rows: np.ndarray[Any, np.dtype[np.int64]]
    vocab: Vocab
    text: ChosenText

    def settings(self) -> dict[str, Any]:
        """What it makes of the settings of the training."""
        return {"pretrained": self.info.name, "freeze": self.freeze, "dim": self.info.dim}

    def weight(self, config: TrainConfig) -> np.ndarray[Any, np.dtype[np.float32]]:
        """The weight (V, D) that training starts from, bit for bit."""
        text, info = self.text, self.info
        return resources.first_weight_from(
            text.digest, text.tokenizer, config.min_count, info.name, _version(info), config.seed, str(config.init),
            self.rows, self.vectors,
        )  # fmt: skip

    def code(self, config: TrainConfig) -> str:
        """The same in PyTorch."""
        return snippets_pretrained.from_pretrained(
            self.vocab.itos, self.vectors, self.rows >= 0, freeze=self.freeze, seed=config.seed, init=str(config.init)
        )

    @property
    def all_frozen(self) -> bool:
        """Whether no row of a word can learn."""
        return self.freeze and bool((self.rows[len(SPECIALS) :] >= 0).all())


def rules() -> dict[str, links.Rule]:
    """What a link may say about the start."""
    said: dict[str, links.Rule] = {keys.FREEZE: links.OneOf((_TUNED, _FROZEN))}
    if keys.PRETRAINED not in st.session_state:  # what was chosen here may have been deleted since: `choose` tells
        said[keys.PRETRAINED] = links.OneOf([*resources.usable_sets()])
    return said


def take(config: Mapping[str, Any]) -> None:
    """Fill the choice with that of an earlier run; for a callback."""
    st.session_state[keys.PRETRAINED] = config.get("pretrained")
    st.session_state[keys.FREEZE] = str(bool(config.get("freeze")))


def choose(vocab: Vocab, min_count: int, text: ChosenText) -> Start | None:
    """Let the visitor choose; None for random numbers."""
    here = resources.usable_sets()
    asked = st.session_state.get(keys.PRETRAINED)
    if asked is not None and asked not in here:
        st.session_state[keys.PRETRAINED] = None
        st.warning(
            f"The vector set {plain(str(asked))} is no longer in the library. Choose another one, "
            "or start from random numbers.",
            icon=":material/info:",
        )
    name = st.selectbox(
        "Start from", list(here), index=None, placeholder="Random numbers (or choose a vector set)",
        key=keys.PRETRAINED, bind="query-params", width=420,
    )  # fmt: skip
    if name is None:
        st.caption("Random numbers know nothing. A vector set’s rows do: a short text then only has to tune them.")
        return None
    freeze = st.radio(
        "freeze", [_TUNED, _FROZEN], captions=_CAPTIONS, key=keys.FREEZE, bind="query-params", horizontal=True
    )
    st.write(
        "In the tutorial’s `nn.Embedding.from_pretrained(vectors, freeze=True)` the rows do not learn; only what is "
        "put on top of them does. Tuning them needs `freeze=False`. One thing differs here: words that the set does "
        "not have start at random, and learn in both cases, since frozen they would stay random for ever. "
        "PyTorch’s `freeze=True` would keep those too."
    )
    st.page_link(
        "transfer.py", label="Does such a start help? Find out on labelled texts", icon=":material/compare:",
        query_params={keys.VECTORS: str(name)},
    )  # fmt: skip
    info = here[str(name)]
    vectors = resources.vectors(info)
    rows = resources.rows_in_set(text.digest, text.tokenizer, min_count, info.name, _version(info), vocab.itos, vectors)
    return Start(info, vectors, freeze == _FROZEN, rows, vocab, text)


def show_coverage(start: Start) -> None:
    """How much of the text the set knows, and what follows."""
    vocab, name = start.vocab, plain(start.info.name)
    known = start.rows >= 0  # (V,)
    share = float(np.array(vocab.counts)[known].sum() / max(sum(vocab.counts), 1))
    missing = [word for word, here in zip(vocab.words, known[len(SPECIALS) :], strict=True) if not here]
    st.markdown(
        f"**{int(known.sum()):,} of the {counted(len(vocab.words), 'word')}, {share:.0%} of the tokens, are in "
        f"{name}** and start from its rows, each found by its token. "
        + (f"The other {counted(len(missing), 'word')} and `{UNK}` start at random." if missing else "")
    )
    if missing:
        more = ", …" if len(missing) > _EXAMPLES else ""
        st.caption(f"Not in it: {', '.join(plain(word, 40) for word in missing[:_EXAMPLES])}{more}.")
    found = compress(vocab.itos, known)
    if start.vectors.lowercased and (cased := next((word for word in found if word != word.lower()), None)):
        st.caption(
            f"{name} has only lower-case words, so “{plain(cased, 40)}” starts from the row of "
            f"“{plain(cased.lower(), 40)}”, and both are one at first."
        )
    if start.all_frozen and vocab.words:
        st.info(
            "Every word of the text is in the set, so with freeze=True no vector will change. "
            "Choose freeze=False to tune them.",
            icon=":material/info:",
        )


def problem(start: Start) -> str | None:
    """Why training cannot start from it, in one sentence; None if it can."""
    if (start.rows >= 0).any():
        return None
    return f"None of the text’s words is in “{start.info.name}”. Choose another set, or start from random numbers."


def _version(info: VectorsInfo) -> str:
    return f"{info.created}"
