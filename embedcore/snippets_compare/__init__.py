"""The lines of Python that answer a question of the Compare page, ready to copy.

Here belongs text that is code, twice for each question: with this package, and in plain
PyTorch, which reads the set from a file. `alike` has what looks at some words only, `searches` what
looks through a whole set, `two` what holds two against each other, `base` what they share. Nothing
here runs the lines or computes what they compute; the tests run these very lines. What a user typed
goes in through `repr` only.
"""

from embedcore.snippets_compare.alike import axes, odd_one_out, similarity, texts
from embedcore.snippets_compare.base import Lines, joined
from embedcore.snippets_compare.searches import ADD, MUL, expression, neighbors, word
from embedcore.snippets_compare.two import overlap

__all__ = [
    "ADD",
    "MUL",
    "Lines",
    "axes",
    "expression",
    "joined",
    "neighbors",
    "odd_one_out",
    "overlap",
    "similarity",
    "texts",
    "word",
]
