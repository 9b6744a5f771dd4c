"""The line of HTML that shows an answer alone in another page, such as one of a wiki.

A frame cannot take the size of what is in it when that comes from another site, so the line has to
say a height. Here belongs guessing it; what the frame shows is drawn by the question itself.
"""

from __future__ import annotations

from collections import Counter
from html import escape

from embedcore.ui import keys
from embedcore.ui.asking.controls import Controls

WIDTH = 700
_LOWEST, _HIGHEST = 300, 1_600  # beyond, what is in the frame scrolls
_ROW = 37  # of a table
_TABLE = 400  # the highest one that does not scroll
_HEIGHTS = {"Arithmetic": 1_180, "Two sets": 1_600}  # with few words
_SECOND = {"Similarity": 190, "Arithmetic": 490, "Axes": 210, "Odd one out": 190}  # more, with a second set


def line(controls: Controls, link: str, height: int | None = None, what: str = "") -> str:
    """The frame for the answer that a link leads to; its height is guessed, where it is not given.

    `what` it shows is its title, where that is not the answer to a question.
    """
    shown = what.capitalize() or dict(controls.parameters).get(keys.ASK, "Words")
    return frame(link, shown, guess(controls) if height is None else height)


def frame(link: str, what: str, height: int) -> str:
    """The frame for what a link leads to, so many pixels high; `what` it shows is its title."""
    title = escape(f"{what}, from the embedding dashboard")
    size = f'width="{WIDTH}" height="{min(max(_LOWEST, height), _HIGHEST)}"'
    return f'<iframe src="{escape(link)}" {size} title="{title}" style="border: 0" loading="lazy"></iframe>'


def guess(controls: Controls) -> int:
    """About what an answer takes at a width of 700 pixels, in pixels, all tables and charts as they begin."""
    asked = dict(controls.parameters)
    count = Counter(key for key, value in controls.parameters if value)[keys.WORDS]
    question = asked.get(keys.ASK, "")
    return _of_one(question, count, two_axes=bool(asked.get(keys.OTHER_AXIS))) + (
        _SECOND.get(question, 0) if keys.OTHER_SET in asked else 0
    )


def _of_one(question: str, count: int, *, two_axes: bool) -> int:
    """As `guess`, for one set and so many words."""
    if question == "Similarity":
        pairs = count * (count - 1) // 2
        return 170 + min(max(300, 110 + 44 * count), 700) + min(_TABLE, _ROW * (pairs + 1))
    if question == "Odd one out":
        return 300 + 33 * count
    if question == "Axes":
        return 900 if two_axes else 320 + 27 * (count + 2)
    return _HEIGHTS.get(question, 800)
