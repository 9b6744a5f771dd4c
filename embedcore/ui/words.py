"""Putting other people's words and our numbers into sentences on the screen."""

from __future__ import annotations

import re
from collections.abc import Sequence

# Everything that Markdown, Streamlit's directives (:red[…], :material/…:, $…$) or HTML could read.
_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+\-.!|~<>:$&@^=])")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]")


# What GitHub's Markdown makes a link of by itself, also where it is escaped; an invisible
# character that joins words keeps it from that.
_ADDRESS = re.compile(r"https?(?=://\w)|www(?=\.\w)|(?<=\w)(?=@\w)", re.IGNORECASE)
_JOINER = "\u2060"


def plain(text: str, limit: int = 200) -> str:
    """Text that anybody may have written, fit for a place where Streamlit reads Markdown.

    It shows as it was typed, on one line, cut after `limit` characters.
    """
    text = _CONTROL.sub(" ", text)
    if len(text) > limit:
        text = text[:limit] + "…"
    return _SPECIAL.sub(r"\\\1", _ADDRESS.sub(rf"\g<0>{_JOINER}", text))


def listed(parts: Sequence[str], most: int) -> str:
    """Words or phrases with commas between; of more than `most`, the first ones and how many more there are."""
    more = f" and {len(parts) - most:,} more" if len(parts) > most else ""
    return ", ".join(parts[:most]) + more


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 692nd, with thousands set apart."""
    last_two = number % 100
    ending = "th" if 10 < last_two < 14 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{ending}"


def counted(number: int, one: str, many: str | None = None) -> str:
    """A number and its noun: `1 word`, `2 words`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def duration(seconds: float) -> str:
    """A time span as people say it, to about two figures."""
    if seconds < 1:
        return "under 1 s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def ago(seconds: float) -> str:
    """How long ago something was."""
    if seconds < 60:
        return "just now"
    if seconds < 3600:
        return f"{seconds / 60:.0f} min ago"
    if seconds < 86_400 * 2:
        return f"{seconds / 3600:.0f} h ago"
    return f"{seconds / 86_400:.0f} days ago"


def telling_words(tokens: Sequence[str], among: int = 80) -> list[str]:
    """Frequent words that are likely to mean something; all frequent ones if none is.

    Past the very first, and by length: a short word of Latin letters is mostly a function word,
    one of Hangul is not.
    """
    skipped = min(30, len(tokens) // 4)
    frequent = list(tokens[skipped : skipped + among])
    return [word for word in frequent if len(word) >= (5 if word.isascii() else 2)] or frequent
