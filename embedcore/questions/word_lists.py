"""A list of words that somebody typed or pasted."""

from __future__ import annotations

import re

# A comma between thousands (1,000) is part of a number, and many sets have such words.
_BETWEEN = re.compile(r"[\r\n\t\v\f\u0085\u2028\u2029，、]|(?<!\d),|,(?!\d{3}(?!\d))")


def split_words(text: str) -> list[str]:
    """The words of a list, one a line or with commas between them, each once, as typed but trimmed.

    A word may hold spaces. The commas of Chinese and Japanese part words too; that of 1,000 does not.
    """
    return list(dict.fromkeys(word for part in _BETWEEN.split(text) if (word := part.strip())))
