"""What the chart shows now: words and their places, whether of a finished map or of one under way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from embedcore.maps.honesty import Honesty
from embedcore.maps.request import MapRequest
from embedcore.maps.selection import LeftOut


@dataclass(frozen=True, eq=False)
class Shown:
    """The W words of a map and where they are.

    Point p is word `p % W` of set `p // W`. Called a place here: a number among the W words.

    Attributes:
        request: what these coordinates are; of a PCA, where the layout asked for is not there yet.
        words: as the first set spells them, by falling frequency.
        rows: (sets, W) the row of each word in each set.
        coordinates: (n, dims) float32, n = sets * W.
        seeds: the places of the words whose neighbourhood it is.
        left_out: what was asked for but is not there.
        variance: the share of the variance along each axis of a PCA; None for other layouts.
        honesty: how far it can be trusted, where that was measured already.
        facts: what else is known, such as the seconds it took.
        stage: of a picture of a layout under way, which one it is; empty for what stays.
    """

    request: MapRequest
    words: Sequence[str]
    rows: npt.NDArray[np.int64]
    coordinates: npt.NDArray[np.float32]
    seeds: list[int] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    variance: list[float] | None = None
    honesty: Honesty | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    stage: str = ""

    @property
    def final(self) -> bool:
        """Whether it stays."""
        return not self.stage

    @property
    def key(self) -> str:
        """What these coordinates are known by."""
        return f"{self.request.key} {self.stage}".strip()

    @property
    def dims(self) -> int:
        """2 or 3."""
        return int(self.coordinates.shape[1])
