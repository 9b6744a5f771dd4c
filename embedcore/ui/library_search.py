"""What the Library page's lists share: finding by words, in any script and case, and turning pages."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from typing import TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

Item = TypeVar("Item")


def having(items: Sequence[Item], asked: str, text_of: Callable[[Item], str]) -> list[Item]:
    """The items whose text holds every word that was asked for."""
    words = _folded(asked).split()
    return [item for item in items if all(word in _folded(text_of(item)) for word in words)]


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def one_page(items: Sequence[Item], size: int, key: str, place: DeltaGenerator) -> Sequence[Item]:
    """The items of the page that the visitor turned to; `place` holds the way to the others, if there are any."""
    pages = -(-len(items) // size)
    if pages < 2:
        return items
    if st.session_state.get(key, 1) > pages:  # a shorter list than the one before
        st.session_state[key] = pages
    page = int(place.number_input(f"Page, of {pages:,}", 1, pages, key=key))
    return items[(page - 1) * size : page * size]
