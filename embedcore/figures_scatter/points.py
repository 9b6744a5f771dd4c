"""The words of a map and their places as bytes that a browser fetches once, whatever is lit and coloured.

Here belongs the form of those bytes, which `ui/map_view/assets/parts.js` reads. What changes often, colours and
words that stand out, is in `packing`.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from embedcore.figures import shown
from embedcore.figures_scatter.labels import candidates

Floats = npt.NDArray[np.floating[Any]]
Rows = npt.NDArray[np.int64]

FORM = 1  # to be raised when the same points come as other bytes: browsers keep bytes for a year, by identity
MOST_NAMES = 3_000  # that a browser looks at when it decides which fit
_LONGEST = 24  # characters of a word beside its point
_DIGEST = 16  # bytes


@dataclass(frozen=True, eq=False)
class Points:
    """The words of a map that have a place, n of them.

    Attributes:
        rows: (n,) which row of the map each point is: those without a finite place are left out.
        names: the words as they are shown.
        places: (n, dims) float32 between -1 and 1, all directions by the same scale.
        words_identity: of the words drawn; a browser names it when it speaks of points, so that what it says of
            one layout still holds in the next.
        identity: of the words and their places.
    """

    rows: Rows
    names: Sequence[str]
    places: npt.NDArray[np.float32]
    words_identity: str
    identity: str

    def data(self) -> bytes:
        """A length as a little-endian uint32; JSON of that length; the words, a line each; float32 places (n, dims).

        The JSON and the words end in spaces and line ends, to a multiple of four bytes.
        """
        words = "\n".join(self.names).encode()
        header = {
            "count": len(self.rows),
            "dims": self.places.shape[1],
            "letters": len(words),
            "named": candidates(self.places[:, :2], MOST_NAMES).tolist(),
        }
        text = _even(json.dumps(header, separators=(",", ":")).encode(), b" ")
        return struct.pack("<I", len(text)) + text + _even(words, b"\n") + self.places.tobytes()


def lay(words: Sequence[str], places: Floats) -> Points:
    """N words, the most frequent first, at `places` (N, 2) or (N, 3).

    Raises:
        ValueError: for places in another number of dimensions, or not one for each word.
    """
    places = np.asarray(places)
    if places.ndim != 2 or places.shape[1] not in (2, 3) or len(places) != len(words):
        raise ValueError(f"a map has 2 or 3 dimensions and a place for each of {len(words)} words, not {places.shape}")
    finite = np.isfinite(places).all(axis=1)  # (N,)
    rows = np.flatnonzero(finite)  # (n,)
    some = words if finite.all() else [words[row] for row in rows.tolist()]
    names = [_name(word) for word in some]
    digest = hashlib.blake2b("\n".join(names).encode(), digest_size=_DIGEST)
    digest.update(rows.tobytes())
    words_identity = digest.hexdigest()
    even = _within_one(places[rows])  # (n, dims)
    digest.update(repr((FORM, even.shape)).encode() + even.tobytes())
    return Points(rows, names, even, words_identity, digest.hexdigest())


def _name(word: str) -> str:
    """As `figures.shown`, whose care most words do not need."""
    return word if 1 < len(word) <= _LONGEST and word.isprintable() else shown(word, _LONGEST)


def _within_one(places: Floats) -> npt.NDArray[np.float32]:
    """Places (n, dims) moved and shrunk, or grown, to between -1 and 1."""
    if not len(places):
        return places.astype("<f4")
    places = places.astype(np.float64)
    low, high = places.min(axis=0), places.max(axis=0)
    middle = low / 2 + high / 2
    half = float((high / 2 - low / 2).max()) or 1.0
    even: npt.NDArray[np.float32] = np.clip((places - middle) / half, -1, 1).astype("<f4")
    return even


def _even(text: bytes, filler: bytes) -> bytes:
    return text + filler * (-len(text) % 4)
