"""Finding a word on a map: its neighbours in the full space, and which of them are its neighbours on the map."""

from __future__ import annotations

from dataclasses import dataclass

from embedcore.ui import keys
from embedcore.ui.asking.controls import Controls
from embedcore.ui.asking.sets import Sets
from embedcore.ui.map_page.shown import Shown


@dataclass(frozen=True)
class Lit:
    """What stands out on the map: points, by number."""

    word: int
    neighbors: list[int]


def find(controls: Controls, sets: Sets, shown: Shown) -> Lit | None:
    """Ask for a word; what is lit for it."""
    word = controls.text(keys.WORD, "Find a word", icon=":material/search:").strip()
    place = {word: place for place, word in enumerate(shown.words)}.get(word)
    return None if place is None else Lit(place, [])


def tell(controls: Controls, sets: Sets, shown: Shown, lit: Lit | None) -> None:
    """What is known of the word that was found, beside the map."""
