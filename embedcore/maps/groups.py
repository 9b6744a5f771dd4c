"""The words of a map in groups: which way, how many, under which key that is kept, and what groups are called.

Here belong the question and the names. Finding groups is in `clusters`, doing so in a worker and keeping what
was found in `runs`. Light: a server asks and names.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from embedcore import search
from embedcore.errors import BadSetting
from embedcore.maps.request import MapRequest, library_version
from embedcore.vectors import WordVectors

Labels = npt.NDArray[np.integer[Any]]
Rows = npt.NDArray[np.int64]

KMEANS, HDBSCAN = "k-means", "HDBSCAN"
HOWS = (KMEANS, HDBSCAN)
BOUNDS = {KMEANS: (1, 100), HDBSCAN: (2, 1_000_000)}  # groups; the fewest words of one
USUAL = {KMEANS: 10, HDBSCAN: 15}

GROUPING_VERSION = 2  # to be raised when this package finds other groups in the same words
_LIBRARIES = ("scikit-learn", "numpy", "scipy")  # whose other version may find other groups
_IN_NAME = 3  # words
_FREQUENT = 200  # of a group, among which its name is looked for
_CENTRE = 2_000  # of a group, the most frequent, by which its centre is found


def check(how: str, number: int) -> None:
    """Raise BadSetting, naming the bound and the value, for a grouping that cannot be."""
    if how not in HOWS:
        raise BadSetting(f"Groups are found by one of {', '.join(HOWS)}, not {how!r}.")
    low, high = BOUNDS[how]
    what = "The number of groups" if how == KMEANS else "The fewest words of a group"
    if isinstance(number, bool) or not isinstance(number, int) or not low <= number <= high:
        raise BadSetting(f"{what} should be a whole number from {low:,} to {high:,}, but is {number!r}.")


def grouping_key(request: MapRequest, how: str, number: int) -> str:
    """What the groups of a map's words are kept under: 64 hexadecimal digits.

    k-means looks at the words in the full space, so that all maps of the same words share its groups; HDBSCAN
    looks at their places on the map. Raises BadSetting for what cannot be.
    """
    check(how, number)
    of: Any = request.canonical()
    if how == KMEANS:
        of = {"sets": [one.identity for one in request.sets], "words": request.words.canonical()}
    matters = {
        "version": GROUPING_VERSION,
        "how": how,
        "number": number,
        "of": of,
        "libraries": {name: library_version(name) for name in _LIBRARIES},
    }
    text = json.dumps(matters, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def names(
    sets: Sequence[WordVectors], words: Sequence[str], rows: Rows, labels: Labels, most: int
) -> list[str]:  # fmt: skip
    """What the first `most` groups of a map are called: three of their frequent words, those nearest to the centre.

    `words` (W,) are those of the map by falling frequency, `rows` (sets, W) their rows, `labels` (sets * W,) the
    group of each point, numbered from 0, below it for none. The centre is the mean direction of the group's
    2,000 most frequent words; of a map of two sets, of the set that has more of the group.
    """
    count = min(int(labels.max(initial=-1)) + 1, most)
    return [", ".join(_central(sets, words, rows, np.flatnonzero(labels == group))) for group in range(count)]


def _central(sets: Sequence[WordVectors], words: Sequence[str], rows: Rows, points: Rows) -> list[str]:
    """The frequent words nearest to the centre of some points, rising; of points of the same set alone."""
    sides, places = np.divmod(points, len(words))
    if not len(points):
        return []
    side = int(np.argmax(np.bincount(sides)))
    places = places[sides == side][:_CENTRE]
    directions = search.unit(sets[side].matrix[rows[side, places]])  # (m, D)
    nearness = directions[:_FREQUENT] @ directions.mean(axis=0)  # (f,)
    nearest = places[np.argsort(-nearness, kind="stable")[:_IN_NAME]]
    return [words[place] for place in nearest.tolist()]
