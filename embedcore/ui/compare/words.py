"""The words of a question: asking for them, and finding them in a set."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from embedcore.errors import UnknownWord
from embedcore.ui import keys, links, resources
from embedcore.ui.compare.controls import Controls
from embedcore.ui.compare.sets import BEFORE, ChosenSet, Sets
from embedcore.ui.words import plain, telling_words
from embedcore.vectors import Built, WordVectors

_FIRST_WORDS = ["king", "queen", "man", "woman", "apple", "orange"]  # on a set that has them
_COMPLETED_WORDS = 2_000  # offered while typing; any other word can be typed too


@dataclass(frozen=True)
class ChosenWords:
    """The words that were asked for and that a set has or builds: as typed, and as the set spells them."""

    typed: list[str]
    tokens: list[str]


@dataclass(frozen=True)
class Words:
    """The words of a question, as typed, and as each set has them."""

    typed: list[str]
    found: dict[str, ChosenWords]  # by the name of the set

    def of(self, chosen: ChosenSet) -> ChosenWords:
        """What a set has of them."""
        return self.found[chosen.info.name]


def ask_words(controls: Controls, sets: Sets) -> Words:
    """The words to ask about, with a sentence for each that a set does not have."""
    most = resources.settings().max_watched_words
    first = first_words(sets.first.vectors)
    if controls.embedded:
        typed = [word for word in st.query_params.get_all(keys.WORDS) if word][:most]
        typed = typed if keys.WORDS in st.query_params else first
    else:
        links.mend({keys.WORDS: links.AtMost(most)})
        # Completion maps a typed word to an offered one whatever its case, which in a cased set would be another word.
        offered = sets.first.vectors.tokens[:_COMPLETED_WORDS] if sets.first.vectors.lowercased else []
        typed = st.multiselect(
            "Words", list(dict.fromkeys([*offered, *first])), default=first, key=keys.WORDS, bind="query-params",
            accept_new_options=True, max_selections=most, persist_state="page",
            placeholder="Type a word and press Enter", select_all=False,
        )  # fmt: skip
    controls.many(keys.WORDS, typed)
    return Words(typed, {chosen.info.name: look_up(chosen, typed, named=len(sets.all) > 1) for chosen in sets.all})


def look_up(
    chosen: ChosenSet, typed: Sequence[str], swap: Callable[[str, str], None] | None = None, *, named: bool = False
) -> ChosenWords:
    """Find words in a set, each once; what is not there, or is spelt otherwise, is said in the page.

    `swap(old, new)` puts another word in the place of an unknown one; `named` says of which set
    the sentences are.
    """
    vectors = chosen.vectors
    words = ChosenWords([], [])
    lowered = []
    for word in typed:
        token = vectors.find(word)
        if token is None and (built := vectors.built(word)):
            token = _say_built(built, word, vectors)
        elif token is None:
            error = UnknownWord(word, chosen.info.name, vectors.tokens.near(word))
            st.warning(plain(str(error), limit=400), icon=":material/search_off:")
        if token is not None and token not in words.tokens:
            words.typed.append(word)
            words.tokens.append(token)
            if token != word:
                lowered.append(f"“{plain(word)}” as “{plain(token)}”")
    if lowered:
        which = plain(chosen.info.name) if named else "This set"
        st.caption(f"{which} spells words in its own way: looked up {', '.join(lowered)}.")
    return words


def _say_built(built: Built, word: str, vectors: WordVectors) -> str:
    """Tell of a word that its vector is built from its parts; the word as it was cut."""
    near = vectors.tokens.near(word)
    said = f"“{word}” is not in this set; its vector is built from its parts."
    st.info(plain(f"{said} Near: {', '.join(near)}." if near else said, limit=400), icon=":material/extension:")
    return built.word


def follow_set() -> None:
    """Another set was chosen: words nobody chose give way to words that the new set has."""
    here = resources.usable_sets()
    before, now = here.get(st.session_state.get(BEFORE, "")), here.get(st.session_state[keys.VECTORS])
    if before and now and list(st.session_state.get(keys.WORDS, [])) == first_words(resources.vectors(before)):
        st.session_state[keys.WORDS] = first_words(resources.vectors(now))


def first_words(vectors: WordVectors) -> list[str]:
    """Words to begin with: some that everybody knows, or else frequent ones of some length."""
    if all(word in vectors for word in _FIRST_WORDS):
        return list(_FIRST_WORDS)
    return telling_words(vectors.tokens)[:6]
