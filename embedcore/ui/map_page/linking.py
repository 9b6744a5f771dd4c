"""What a link to the Map page says, so that it shows a map; and how many words one can name."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote_plus

from embedcore.maps.layouts import METHODS
from embedcore.maps.request import MapRequest
from embedcore.ui import keys, resources
from embedcore.ui.map_page import asked

_MOST_CHARACTERS = 24_000  # of all words in a link; servers refuse requests whose head is longer than some 64,000


def parameters(request: MapRequest) -> dict[str, str | list[str]]:
    """What the page's link says when it asks for a map, as `st.query_params` takes it."""
    return {key: value if isinstance(value, str | list) else f"{value:.12g}" for key, value in inputs(request).items()}


def inputs(request: MapRequest) -> dict[str, str | list[str] | float]:
    """What the page's inputs hold when they ask for a map, by their keys."""
    which = next(name for name, how in asked.HOWS.items() if how == request.words.how)
    method = METHODS[request.method]
    said: dict[str, str | list[str] | float] = dict(
        zip((keys.VECTORS, keys.OTHER_SET), (one.name for one in request.sets), strict=False)
    )
    said |= {keys.WHICH: which, keys.LAYOUT: method.label, keys.DIMENSIONS: f"{request.dims}-D"}
    if which == asked.FREQUENT:
        said[keys.COUNT] = request.words.count
    else:
        said[keys.WORDS] = list(request.words.words)
    if which == asked.NEAR:
        said[keys.AROUND] = request.words.count
    for one in method.parameters:
        if (value := request.params.get(one.name)) is not None:
            said[asked.key_of(method, one)] = int(value) if one.whole else float(value)
    return {**said, keys.MAP_SEED: request.seed}


def fitting(words: Sequence[str]) -> list[str]:
    """The first so many words as a link, and a question, can hold."""
    taken: list[str] = []
    left = _MOST_CHARACTERS
    for word in words[: resources.settings().max_watched_words]:
        left -= len(quote_plus(word)) + len(keys.WORDS) + 2
        if left < 0:
            break
        taken.append(word)
    return taken
