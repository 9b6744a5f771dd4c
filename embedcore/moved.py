"""Which words a training moved most, from the weights before and after it, on plain arrays.

Here belongs measuring and ranking. How a list looks belongs to `ui.run_moved`, the angle of a
single word to `projection.drift`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from embedcore.projection import drift, unit_or_zero

Float32s = npt.NDArray[np.float32]
Float64s = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

OFTEN = (20, 10, 5, 2, 1)  # times a word may have to be seen to be ranked
FEWEST_RANKED = 100  # words that should be left then
_MOST_RANKED = 5_000
_ANCHORS = 1_000  # words that every ranked word is held against
_CHUNK_NUMBERS = 1_000_000  # turned into float64 at a time


@dataclass(frozen=True, eq=False)
class Moves:
    """How far the V words of a text moved.

    Attributes:
        degrees: (V,) the angle between a word's vector before and after.
        company: (V,) how much the company that a word keeps has changed, from 0 (not at all) to 1
            (nothing in common) and beyond; NaN for a word that is not ranked.
        unusual: (V,) that change as a multiple of what is usual for words seen as often.
        still: (V,) bool, whether a word's vector is the same as before, bit for bit.
        least: times that a word had to be seen to be ranked.
    """

    degrees: Float64s
    company: Float64s
    unusual: Float64s
    still: npt.NDArray[np.bool_]
    least: int

    def most(self, among: npt.NDArray[np.bool_], by: Float64s, count: int, *, fewest: bool = False) -> list[int]:
        """At most `count` words of `among` (V,), those with the most `by` (V,) first, or the least.

        Ties go to the more frequent word. A NaN is no word's measure.
        """
        rows = np.flatnonzero(among & ~np.isnan(by))
        order = np.argsort(by[rows] if fewest else -by[rows], kind="stable")
        found: list[int] = rows[order[:count]].tolist()
        return found


def moves(first: Float32s, now: Float32s, counts: npt.NDArray[np.integer[Any]], known: npt.NDArray[np.bool_]) -> Moves:
    """How far words moved from their `first` vectors (V, D) to those of `now` (V, D).

    `counts` (V,) fall: the more frequent word first. `known` (V,) are the words whose first
    vector meant something; the others started at random, so that only their angle is told.
    """
    least = least_count(counts[known])
    ranked = np.flatnonzero(known & (counts >= least))[:_MOST_RANKED]  # (n,)
    company = np.full(len(first), np.nan)
    company[ranked] = changed_company(first, now, ranked, ranked[:_ANCHORS])
    unusual = np.full(len(first), np.nan)
    unusual[ranked] = beyond_usual(company[ranked], counts[ranked])
    still = (bits(first) == bits(now)).all(axis=1)  # (V,)
    # Rounding in a cosine would make a hundredth of a degree of nothing.
    return Moves(np.where(still, 0.0, degrees(first, now)), company, unusual, still, least)


def bits(weight: Float32s) -> npt.NDArray[np.uint32]:
    """The bits of numbers, of the same shape: -0.0 is not 0.0, and NaN is NaN."""
    return np.ascontiguousarray(weight).view(np.uint32)


def least_count(counts: npt.NDArray[np.integer[Any]]) -> int:
    """How often a word should be seen to be ranked: the more often, the less its move is chance.

    The highest of OFTEN that leaves 100 words, or else 1.
    """
    return next((least for least in OFTEN if np.count_nonzero(counts >= least) >= FEWEST_RANKED), OFTEN[-1])


def degrees(first: Float32s, now: Float32s) -> Float64s:
    """The angle between each row of `first` (V, D) and that of `now` (V, D): (V,), 0 to 180.

    From or to a vector of zeros it is 90.
    """
    angles = np.zeros(len(first))
    step = max(1, _CHUNK_NUMBERS // max(1, first.shape[1]))
    for start in range(0, len(first), step):
        part = slice(start, start + step)
        angles[part] = np.degrees(np.arccos(np.clip(1 - drift(first[part], now[part]).turned, -1.0, 1.0)))
    return angles


def changed_company(first: Float32s, now: Float32s, rows: Integers, anchors: Integers) -> Float64s:
    """How much the company of n words has changed: (n,), 1 minus a correlation.

    Correlated are a word's cosines with all other `anchors` (m,) before, and those after: after the
    second-order similarities of Hamilton, Leskovec and Jurafsky 2016, "Cultural Shift or Linguistic
    Drift?". Fewer than three other anchors say nothing: 0.
    """
    before, after = unit_or_zero(first[anchors]), unit_or_zero(now[anchors])  # (m, D)
    changed = np.zeros(len(rows))
    for start in range(0, len(rows), _CHUNK_NUMBERS // _ANCHORS):
        part = rows[start : start + _CHUNK_NUMBERS // _ANCHORS]  # (p,)
        others = part[:, None] != anchors  # (p, m)
        then, today = unit_or_zero(first[part]) @ before.T, unit_or_zero(now[part]) @ after.T  # (p, m) each
        changed[start : start + len(part)] = 1 - _correlation(then, today, others)
    return changed


def beyond_usual(changed: Float64s, counts: npt.NDArray[np.integer[Any]]) -> Float64s:
    """What changed of n words, as a multiple of what is usual for words with such `counts` (n,): (n,).

    The more often a word is read, the more often it is moved. Usual is the straight line through
    the logarithms of both (Hamilton, Leskovec and Jurafsky 2016, "Diachronic Word Embeddings Reveal
    Statistical Laws of Semantic Change", found such a law). On the inaugural addresses, tuned from
    GloVe, "and", "the", "of" change most, and beyond the usual "order" (as in "law and order"),
    "own", "community", "personal". Where nothing changed, 0.
    """
    some = changed > 0
    found = np.zeros(len(changed))
    if some.any():
        x, y = np.log(np.maximum(counts[some], 1)), np.log(changed[some])  # (s,) each
        spread = x - x.mean()
        slope = (spread @ y) / (spread @ spread) if spread.any() else 0.0
        found[some] = np.exp(y - y.mean() - slope * spread)
    return found


def _correlation(a: Float64s, b: Float64s, counted: npt.NDArray[np.bool_]) -> Float64s:
    """Pearson's correlation of each row of `a` (p, m) with that of `b`, over what is `counted`: (p,).

    1 for rows of fewer than three; 0 where only one of two varies.
    """
    size = counted.sum(axis=1)  # (p,)
    centred = [
        np.where(counted, side - np.where(counted, side, 0).sum(1, keepdims=True) / np.maximum(size, 1)[:, None], 0)
        for side in (a, b)
    ]  # (p, m) each
    spread = np.sqrt((centred[0] ** 2).sum(1) * (centred[1] ** 2).sum(1))  # (p,)
    product = (centred[0] * centred[1]).sum(1)  # (p,)
    found = np.divide(product, spread, out=np.zeros(len(a)), where=spread > 0)  # (p,)
    still = (centred[0] == centred[1]).all(axis=1)
    return np.where((size < 3) | still, 1.0, np.clip(found, -1.0, 1.0))
