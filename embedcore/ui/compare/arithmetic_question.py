"""Arithmetic with words as a visitor types it: asking for it, and finding its words in a set.

Here belongs what lies between the text and the search; the answers are shown by `arithmetic`.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import streamlit as st

from embedcore.errors import BadExpression
from embedcore.questions.expressions import (
    MOST_CHARACTERS,
    Expression,
    Term,
    merged,
    parse,
    pointed_at,
    quoted,
    replaced,
    spaced,
    written,
)
from embedcore.ui import keys
from embedcore.ui.asking import completion, directions
from embedcore.ui.asking.controls import Controls
from embedcore.ui.asking.sets import ChosenSet, Sets
from embedcore.ui.asking.words import first_words, look_up
from embedcore.ui.words import plain
from embedcore.vectors import WordVectors

ADD, MUL = "3CosAdd", "3CosMul"
METHODS = {"both": (ADD, MUL), ADD: (ADD,), MUL: (MUL,)}  # by their names in links

_EXAMPLES = [
    "king - man + woman", "man : king :: woman : ?", "paris - france + korea", "Paris - France + Korea",
    "walking - walk + swim", "왕 - 남자 + 여자", "한국 : 서울 :: 일본 : ?", "서울 - 한국 + 일본",
]  # fmt: skip
_SHOWN_EXAMPLES = 4
_MOST_TOP = 100
_HELP = (
    "Words with + and − between them, and spaces around these: king - man + woman. A word can count more, as in "
    "2*king - queen, and parentheses group: (he + she)/2. An analogy is written man : king :: woman : ?, with the ? "
    'in any of its four places. A word with a space in it goes in quotation marks: "new york".'
)
_ABOUT_METHODS = (
    "3CosAdd looks for the words nearest to the sum of the vectors. 3CosMul multiplies the similarities instead, so "
    "that a word must be near all the words with a plus, not very near one of them."
)


@dataclass(frozen=True)
class Question:
    """What was asked: the expression (None if there is none that can be read), by which methods, and where."""

    expression: Expression | None
    methods: tuple[str, ...]
    top: int
    among: int | None


@dataclass(frozen=True)
class Found:
    """An expression in one set: its words as the set spells them, and which were typed that it does not have."""

    terms: list[Term]
    missing: list[str]


def ask(controls: Controls, sets: Sets) -> Question:
    """The inputs; what cannot be read is said, and where."""
    examples = _examples(sets.first.vectors)
    text = controls.text(
        keys.EXPRESSION, "Arithmetic with words", default=examples[0] if examples else "", follows=True, live=True,
        placeholder="king - man + woman, or man : king :: woman : ?", most=MOST_CHARACTERS, help=_HELP,
    )  # fmt: skip
    if not controls.embedded:
        completion.offer(sets.first, keys.EXPRESSION, text, quote=quoted)
        others = [example for example in examples if example != text]
        completion.buttons(
            [plain(example) for example in others], keyed="example", on_click=_take,
            arguments=[(example,) for example in others],
        )  # fmt: skip
    with nullcontext() if controls.embedded else st.container(horizontal=True, vertical_alignment="bottom"):
        method = controls.choice(keys.METHOD, "Method", list(METHODS), help=_ABOUT_METHODS)
        top = controls.number(keys.TOP, "Answers", default=10, lowest=1, highest=_MOST_TOP)
        among = controls.among()
    return Question(_read(text), METHODS[method], top or 1, among)


def _read(text: str) -> Expression | None:
    """The expression, or None and a sentence that says what is not understood, and where."""
    if not text.strip():
        st.caption("Type words with + and − between them, or an analogy such as man : king :: woman : ?")
        return None
    try:
        return parse(text)
    except BadExpression as error:
        if error.unfinished:
            st.caption(plain(str(error), limit=400))
        else:
            st.warning(plain(str(error), limit=400), icon=":material/edit:")
        st.code(pointed_at(error), language=None)
        return None


def find(chosen: ChosenSet, expression: Expression, *, named: bool, fixed: bool) -> Found:
    """The words of an expression in a set; what it does not have, and what has no direction, is said in the page.

    `named`: of which set that is said; `fixed`: no other word can be put in the place of an unknown one.
    """
    vectors = chosen.vectors
    look_up(chosen, expression.words, None if fixed else _put_instead, named=named, place="expression")
    missing = [word for _, word in expression.terms if vectors.spelt(word) is None]
    if not fixed:
        _offer_spaces(missing, chosen.info.name)
    spelt = [(weight, vectors.spelt(word)) for weight, word in expression.terms]
    terms = merged([(weight, token) for weight, token in spelt if token is not None])
    has, without = directions.split(vectors, [token for _, token in terms])
    directions.tell(without)
    return Found([(weight, token) for weight, token in terms if token in has], missing + without)


def _offer_spaces(missing: Sequence[str], name: str) -> None:
    """Words such as `king-man+woman` that the set of that name does not have: buttons that read them as sums."""
    sums = [(word, apart) for word in missing if (apart := spaced(word))]
    for word, apart in sums[:_SHOWN_EXAMPLES]:
        st.caption(f"“{plain(word, 80)}” was read as one word, since + and − have no spaces around them.")
        completion.buttons(
            [f"Read it as {plain(apart, 80)}"], keyed=f"spaces_{name}", on_click=_put_apart, arguments=[(word, apart)]
        )


def _put_instead(old: str, new: str) -> None:
    """Put another word in the place of an unknown one."""
    st.session_state[keys.EXPRESSION] = replaced(st.session_state.get(keys.EXPRESSION, ""), old, quoted(new))


def _put_apart(word: str, apart: str) -> None:
    """Put a sum in the place of a word that looks like one."""
    text = st.session_state.get(keys.EXPRESSION, "")
    alone = text.strip() == word
    st.session_state[keys.EXPRESSION] = replaced(text, word, apart if alone else f"({apart})")


def _take(text: str) -> None:
    st.session_state[keys.EXPRESSION] = text


def _examples(vectors: WordVectors) -> list[str]:
    """Examples whose words the set has, or else sums of some of its frequent words."""
    fit: dict[tuple[str | None, ...], str] = {}
    for example in _EXAMPLES:
        words = [vectors.find(word) for word in parse(example).words]
        if None not in words:
            fit.setdefault(tuple(words), example)  # Paris and paris are one word in a lower-cased set
    if not fit and len(words := [quoted(word) for word in first_words(vectors)]) >= 2:
        return [f"{words[0]} + {words[1]}", *([f"{words[0]} - {words[1]} + {words[2]}"] if len(words) > 2 else [])]
    return list(fit.values())[:_SHOWN_EXAMPLES]


def as_written(found: Found) -> str:
    """The sum that was worked out, as Markdown."""
    return plain(written([(weight, word) for weight, word in found.terms if weight]), limit=400)
