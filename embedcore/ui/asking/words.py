"""The words of a question: asking for them, and finding them in a set."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from embedcore.errors import UnknownWord
from embedcore.ui import keys, resources
from embedcore.ui.asking import completion, picker
from embedcore.ui.asking.controls import Controls
from embedcore.ui.asking.sets import BEFORE, ChosenSet, Sets
from embedcore.ui.words import counted, listed, plain, telling_words
from embedcore.vectors import WordVectors

_FIRST_WORDS = ["king", "queen", "man", "woman", "apple", "orange"]  # on a set that has them
_TOLD_SINGLY = 5  # words that a set does not have
_LISTED = 12  # words in one sentence
_SHORT = 80  # characters of a word in a sentence


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
    first = first_words(sets.first.vectors)
    if controls.embedded:
        linked = [word for word in dict.fromkeys(st.query_params.get_all(keys.WORDS)) if word.strip()]
        typed = linked[: resources.settings().max_watched_words] if keys.WORDS in st.query_params else first
    else:
        typed = picker.pick(sets, first)
    controls.many(keys.WORDS, typed)
    swap = None if controls.embedded else picker.put_instead
    found = look_up_each(sets.all, typed, swap)
    return Words(typed, {chosen.info.name: own for chosen, own in zip(sets.all, found, strict=True)})


def look_up(
    chosen: ChosenSet,
    typed: Sequence[str],
    swap: Callable[[str, str], None] | None = None,
    *,
    named: bool = False,
    place: str = "words",
) -> ChosenWords:
    """Find words in a set, each once; what is not there, or is spelt otherwise, is said in the page.

    `swap(old, new)`, called when a button is pressed, puts another word in the place of an unknown
    one; `named` says of which set the sentences are; `place` tells this list from others on the page.
    """
    found = _find(chosen, typed)
    _say_missing(chosen, found, swap, place)
    _say_spellings(f"{plain(chosen.info.name)} spells words in its" if named else "This set spells words in its", found)
    return found.words


def look_up_each(
    sets: Sequence[ChosenSet],
    typed: Sequence[str],
    swap: Callable[[str, str], None] | None = None,
    *,
    place: str = "words",
) -> list[ChosenWords]:
    """As `look_up`, in each of one set or two; what is said of spellings, once where both have the same."""
    if len(sets) == 1:
        return [look_up(sets[0], typed, swap, place=place)]
    found = [_find(chosen, typed) for chosen in sets]
    for chosen, own in zip(sets, found, strict=True):
        _say_missing(chosen, own, swap, place)
    if all((own.otherwise, own.again) == (found[0].otherwise, found[0].again) for own in found):
        _say_spellings("Both sets spell words in their", found[0])
    else:
        for chosen, own in zip(sets, found, strict=True):
            _say_spellings(f"{plain(chosen.info.name)} spells words in its", own)
    return [own.words for own in found]


@dataclass(frozen=True)
class _Found:
    """What a set has of some words, what it does not have or builds, and what it spells otherwise or has met before."""

    words: ChosenWords
    unknown: list[str]
    parted: list[str]
    otherwise: list[tuple[str, str]]
    again: list[tuple[str, str]]


def _find(chosen: ChosenSet, typed: Sequence[str]) -> _Found:
    vectors = chosen.vectors
    found: dict[str, str] = {}  # as the set spells it: as typed
    unknown, parted, otherwise, again = [], [], [], []
    for word in typed:
        token = vectors.find(word)
        if token is None and (built := vectors.built(word)):
            token = built.word
            parted.append(word)
        if token is None:
            unknown.append(word)
        elif token in found:
            again.append((word, found[token]))
        else:
            found[token] = word
            if token != word:
                otherwise.append((word, token))
    return _Found(ChosenWords(list(found.values()), list(found)), unknown, parted, otherwise, again)


def _say_missing(
    chosen: ChosenSet, found: _Found, swap: Callable[[str, str], None] | None, place: str
) -> None:  # fmt: skip
    """Tell which words have no row in a set, and what becomes of them."""
    _say_unknown(chosen, found.unknown, swap, place)
    _say_parted(chosen, found.parted)


def _say_unknown(
    chosen: ChosenSet, unknown: list[str], swap: Callable[[str, str], None] | None, place: str
) -> None:  # fmt: skip
    """Tell which words a set does not have, and for the first of many what is spelt nearly so."""
    if not unknown:
        return
    name = chosen.info.name
    near = {word: chosen.vectors.tokens.near(word) for word in unknown[:_TOLD_SINGLY]}
    if swap and len(unknown) > 1:
        said = [f"{len(unknown):,} words are not in {name}: {_listed(_quoted(unknown))}"]
    else:
        said = [str(UnknownWord(_short(word), name, () if swap else like)) for word, like in near.items()]
        more = unknown[_TOLD_SINGLY:]
        said += (
            [f"{counted(len(more), 'more word is', 'more words are')} not: {_listed(_quoted(more))}"] if more else []
        )
    st.warning(plain(" ".join(said), 1_500), icon=":material/search_off:")
    for word, like in near.items():
        if swap and like:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.markdown(f"Instead of “{plain(word, 40)}”:", width="content")
                completion.buttons(
                    [completion.label(chosen, other) for other in like], keyed=f"instead_{place}_{name}",
                    on_click=swap, arguments=[(word, other) for other in like],
                )  # fmt: skip


def _say_parted(chosen: ChosenSet, words: list[str]) -> None:
    """Tell of words that their vectors are built from their parts."""
    for word in words[:_TOLD_SINGLY]:
        near = chosen.vectors.tokens.near(word)
        said = f"“{_short(word)}” is not in this set; its vector is built from its parts."
        st.info(plain(f"{said} Near: {', '.join(near)}." if near else said, limit=400), icon=":material/extension:")
    if more := words[_TOLD_SINGLY:]:
        said = f"The vectors of {counted(len(more), 'more word is', 'more words are')} built from their parts: "
        st.info(plain(said + _listed(_quoted(more)), 1_000), icon=":material/extension:")


def _say_spellings(who: str, found: _Found) -> None:
    """Tell which words a set spells in another way, and which are one and the same; `who` begins the sentence."""
    if found.otherwise:
        said = _listed([f"“{_short(word)}” as “{_short(token)}”" for word, token in found.otherwise])
        st.caption(f"{who} own way: looked up {plain(said, 1_000)}")
    if found.again:
        said = _listed([f"“{_short(word)}” for “{_short(other)}”" for word, other in found.again])
        st.caption(f"Some words are the same here and asked about once: {plain(said, 1_000)}")


def _listed(words: Sequence[str]) -> str:
    """What is said of words, to the end of a sentence."""
    return f"{listed(words, _LISTED)}."


def _quoted(words: Sequence[str]) -> list[str]:
    return [f"“{_short(word)}”" for word in words]


def _short(word: str) -> str:
    return word if len(word) <= _SHORT else f"{word[:_SHORT]}…"


def follow_set() -> None:
    """Another set was chosen: words nobody chose give way to words that the new set has."""
    here = resources.usable_sets()
    before, now = here.get(st.session_state.get(BEFORE, "")), here.get(st.session_state[keys.VECTORS])
    words = list(st.session_state.get(keys.WORDS, []))
    if before and now and (picker.given(words) or words == first_words(resources.vectors(before))):
        picker.give(first_words(resources.vectors(now)))


def first_words(vectors: WordVectors) -> list[str]:
    """Words to begin with: some that everybody knows, or else frequent ones of some length."""
    if all(word in vectors for word in _FIRST_WORDS):
        return list(_FIRST_WORDS)
    return telling_words(vectors.tokens)[:6]
