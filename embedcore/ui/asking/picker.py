"""Choosing the words of a question: typed, completed out of all words of the sets, or pasted as a list.

What a set has of the words is found in `words`.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from embedcore.questions.word_lists import split_words
from embedcore.ui import keys, links, resources
from embedcore.ui.asking import completion
from embedcore.ui.asking.sets import Sets
from embedcore.ui.words import counted, plain
from embedcore.vectors import WordVectors

_PROPOSED = 8
_MOST_PASTED = 100_000  # characters
_SAID = "pasted_words_said"
_GIVEN = "words_given"  # the words that the page began with
_LATEST = "words_latest"  # those that it showed last, and of which set
_LOST = "words_lost"  # the run before this one lost them
_EMPTIED = "words_emptied"  # somebody took all words out, or followed a link that names none


def pick(sets: Sets, first: Sequence[str]) -> list[str]:
    """The words, as typed; `first` until somebody chooses others."""
    most = resources.settings().max_watched_words
    links.mend({keys.WORDS: links.AtMost(most)})
    if st.query_params.get_all(keys.WORDS) == [""]:
        st.session_state[_EMPTIED] = True
    begun = keys.WORDS not in st.query_params and not st.session_state.get(_EMPTIED)
    if begun:
        _begin(sets.first.info.name, first)
    typed = st.multiselect(
        "Words", [], key=keys.WORDS, bind="query-params", accept_new_options=True, max_selections=most,
        persist_state="page", placeholder="Type a word and press Enter", select_all=False, on_change=_changed,
    )  # fmt: skip
    if begun and not typed and not st.session_state.get(_LOST):
        # The browser's way back led to an address without words, which takes all of them out for one run.
        st.session_state[_LOST] = True
        st.rerun()
    st.session_state[_LOST] = False
    st.session_state[_LATEST] = sets.first.info.name, list(typed)
    if typed:
        st.session_state[_EMPTIED] = False
    _finder(sets, most)
    if said := st.session_state.pop(_SAID, None):
        st.caption(said)
    return list(dict.fromkeys(word for word in typed if word.strip()))


def _begin(name: str, first: Sequence[str]) -> None:
    """Put in words where the link has none: those that are there, the last ones of this set, or the first ones.

    They are not the widget's options, since those take a word that is typed for another one of other case.
    """
    before, latest = st.session_state.get(_LATEST, ("", []))
    if words := _chosen() or (latest if before == name else []):
        st.session_state[keys.WORDS] = words
    else:
        give(first)


def give(words: Sequence[str]) -> list[str]:
    """Begin with these words, and remember that nobody chose them."""
    st.session_state[_GIVEN] = st.session_state[keys.WORDS] = list(words)
    return list(words)


def given(words: Sequence[str]) -> bool:
    """Whether the page itself began with these words."""
    return list(words) == st.session_state.get(_GIVEN)


def _changed() -> None:
    """Words were typed or taken out: the list may be left empty on purpose."""
    st.session_state[_EMPTIED] = not _chosen()


@st.fragment
def _finder(sets: Sets, most: int) -> None:
    """A box that completes a word while it is typed, and one for a list; only this part of the page follows."""
    chosen = _chosen()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        typed = st.text_input(
            "Add a word", key=keys.FIND_WORD, type="search", live=True, autocomplete="off",
            placeholder="Add a word by its beginning", label_visibility="collapsed", width=340,
        )  # fmt: skip
        # It tells when it is opened, so that it can be closed again.
        with st.popover("Paste a list", icon=":material/content_paste:", key=keys.PASTE_LIST, on_change="rerun"):
            _paste_form(sets, most)
    if not (typed or "").strip():
        return
    if len(chosen) >= most:
        st.caption(f"There are {counted(most, 'word')} already. Take one out to add another.")
        return
    proposed = _proposed(sets, str(typed))
    if not proposed:
        where = " or ".join(plain(each.info.name) for each in sets.all)
        st.caption(f"No word of {where} begins like “{plain(str(typed), 60)}” or is spelt almost so.")
    completion.buttons(
        list(proposed.values()), keyed="found", on_click=_add, arguments=[(word,) for word in proposed],
        off=[word in chosen for word in proposed],
    )  # fmt: skip


def _paste_form(sets: Sets, most: int) -> None:
    with st.form("paste_words", border=False):
        st.text_area(
            "Words, one a line or with commas between them", key=keys.PASTED_WORDS, height=200,
            max_chars=_MOST_PASTED,
        )  # fmt: skip
        arguments = (sets.first.vectors, most)
        with st.container(horizontal=True):
            st.form_submit_button("Add them", key=keys.ADD_PASTED, on_click=_paste, args=(*arguments, True))
            st.form_submit_button("Take these alone", key=keys.TAKE_PASTED, on_click=_paste, args=(*arguments, False))


def _proposed(sets: Sets, typed: str) -> dict[str, str]:
    """Words that may be meant, of either set, and what their buttons say."""
    proposed: dict[str, str] = {}
    for chosen in sets.all:
        for word in completion.suggest(chosen, typed, _PROPOSED):
            if word not in proposed and len(proposed) < _PROPOSED:
                which = f" in {plain(chosen.info.name, 40)}" if chosen is not sets.first else ""
                proposed[word] = completion.label(chosen, word) + which
    return proposed


def _add(word: str) -> None:
    """A word was chosen. The whole page follows."""
    if word not in _chosen():
        st.session_state[keys.WORDS] = [*_chosen(), word]
    st.session_state[keys.FIND_WORD] = ""
    st.rerun("app")


def put_instead(old: str, new: str) -> None:
    """Put a word in the place of another; it stands there once."""
    st.session_state[keys.WORDS] = list(dict.fromkeys(new if word == old else word for word in _chosen()))


def _paste(vectors: WordVectors, most: int, keep: bool) -> None:
    """Take a pasted list: to the words that are there, or in their place; say what came of it."""
    pasted = split_words(st.session_state[keys.PASTED_WORDS])
    if len(pasted) == 1 and vectors.find(pasted[0]) is None:  # words with spaces between them, and no phrase
        pasted = list(dict.fromkeys(pasted[0].split()))
    if pasted:
        before = _chosen() if keep else []
        new = [word for word in pasted if word not in set(before)]
        taken = new[: max(0, most - len(before))]
        st.session_state[keys.WORDS] = [*before, *taken]
        st.session_state[keys.PASTED_WORDS] = ""
        said = [f"{counted(len(taken), 'word')} taken from the list"]
        said += [f"{len(pasted) - len(new):,} were there already"] if len(new) < len(pasted) else []
        said += (
            [f"{len(new) - len(taken):,} left out: a question has at most {most:,} words"]
            if len(taken) < len(new)
            else []
        )
        st.session_state[_SAID] = "; ".join(said) + "."
    else:
        st.session_state[_SAID] = "There was no word in the list."
    st.session_state[keys.PASTE_LIST] = False
    st.rerun("app")


def _chosen() -> list[str]:
    return list(st.session_state.get(keys.WORDS, []))
