"""A map as bytes for the browser's own drawing: words once, places and colours in binary.

Here belongs the form of those bytes, which `ui/map_view/assets/unpack.js` reads.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from embedcore.figures import shown
from embedcore.figures_scatter.colors import Colors
from embedcore.figures_scatter.labels import candidates

Floats = npt.NDArray[np.floating[Any]]
Rows = npt.NDArray[np.int64]

MOST_NAMES = 3_000  # that a browser looks at when it decides which fit
MOST_COLORS = 256


class Packed(NamedTuple):
    """A map for the browser.

    Attributes:
        data: a length as a little-endian uint32; JSON of that length, ended by spaces to a multiple of four;
            float32 places (n, dims) between -1 and 1; a uint8 colour for each.
        rows: (n,) which row of the map each point is: those without a finite place are left out.
        identity: of the words and their places, whatever their colours; the browser names it when it speaks of points.
    """

    data: bytes
    rows: Rows
    identity: str


def pack(
    words: Sequence[str], places: Floats, colors: Colors, *, word: int | None = None, neighbors: Sequence[int] = ()
) -> Packed:
    """N words, the most frequent first, at `places` (N, 2) or (N, 3); `word` and `neighbors` are rows that stand out.

    Raises:
        ValueError: for more than 256 colours, or places in another number of dimensions.
    """
    places = np.asarray(places, dtype=np.float64)
    if places.ndim != 2 or places.shape[1] not in (2, 3) or len(colors.names) > MOST_COLORS:
        raise ValueError(
            f"a map has 2 or 3 dimensions and up to {MOST_COLORS} colours, not {places.shape}, {len(colors.names)}"
        )
    rows = np.flatnonzero(np.isfinite(places).all(axis=1))  # (n,)
    drawn = places[rows]  # (n, dims)
    low, high = (drawn.min(axis=0), drawn.max(axis=0)) if len(rows) else (np.zeros(1), np.zeros(1))
    half = max(float((high - low).max()) / 2, np.finfo(np.float32).tiny)
    even = np.clip((drawn - (low + high) / 2) / half, -1, 1).astype("<f4")  # (n, dims)
    point = {int(row): number for number, row in enumerate(rows)}
    lit = [point[row] for row in dict.fromkeys(map(int, neighbors)) if row in point and row != word]
    names = [shown(words[row]) for row in rows.tolist()]
    identity = hashlib.sha256(json.dumps(names).encode() + even.tobytes()).hexdigest()
    header = {
        "identity": identity,
        "dims": places.shape[1],
        "words": names,
        "shades": list(colors.shades),
        "names": list(colors.names),
        "named": candidates(even[:, :2], MOST_NAMES).tolist(),
        "word": None if word is None else point.get(word),
        "neighbors": lit,
    }
    text = json.dumps(header, ensure_ascii=True, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    groups = np.asarray(colors.groups)[rows].astype(np.uint8)  # (n,)
    return Packed(struct.pack("<I", len(text)) + text + even.tobytes() + groups.tobytes(), rows, identity)
