"""What a map is called, in a line: pure functions from what is shown to text."""

from __future__ import annotations

import re

from embedcore.maps.layouts import METHODS
from embedcore.maps.request import MapRequest
from embedcore.ui.map_page.shown import Shown
from embedcore.ui.words import counted, duration, listed, plain

_NAMED = 4  # of the words whose neighbourhood it is


def which(request: MapRequest, words: int) -> str:
    """Which words: `the 2,000 most frequent words`."""
    if request.words.how == "frequent":
        return "1 word" if words == 1 else f"the {words:,} most frequent words"
    if request.words.how == "list":
        return f"{counted(words, 'word')} of a list"
    seeds = [f"“{word}”" for word in dict.fromkeys(request.words.words) if word.strip()]
    return f"{counted(words, 'word')} near {listed(seeds, _NAMED)}"


def sets(request: MapRequest) -> str:
    """Of which sets: `glove.6B.50d and mine`."""
    return " and ".join(one.name for one in request.sets)


def alt(shown: Shown) -> str:
    """What the chart shows, as plain text."""
    request = shown.request
    what = f"{METHODS[request.method].label} in {shown.dims}-D of {which(request, len(shown.words))}"
    return f"A map of words, {what} of {sets(request)}: words with similar vectors lie near each other"


def about(shown: Shown) -> str:
    """What the chart shows, as Markdown, with how long it took where that is known."""
    request = shown.request
    of = " that both sets have" if len(request.sets) == 2 and request.words.how == "frequent" else ""
    said = f"{METHODS[request.method].label} in {shown.dims}-D of {plain(which(request, len(shown.words)), 300)}{of}"
    if not shown.final:
        return f"{said}, on the way."
    seconds, made = shown.facts.get("seconds"), str(shown.facts.get("created", ""))[:10]
    took = f" Laid out in {duration(float(seconds))}" if seconds is not None else ""
    return f"{said}.{took}" + (f" on {plain(made)}." if took and made else "." if took else "")


def file(shown: Shown) -> str:
    """What a picture of it is called, without an ending: of letters, digits and a few signs."""
    name = f"{sets(shown.request)} {METHODS[shown.request.method].label} {shown.dims}-D"
    return re.sub(r"[^\w.-]+", "-", name).strip("-.")[:100] or "map"
