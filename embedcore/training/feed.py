"""From the draws of a pass to the batches that the kernel takes, one after another.

Here belongs cutting and padding. What is drawn is in `sampling`, the arithmetic in `skipgram`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from embedcore.training.config import TrainConfig
from embedcore.training.corpus import Corpus
from embedcore.training.sampling import Sampler, pool_of
from embedcore.training.windows import Windows
from embedcore.vocab import PAD_INDEX


class Place(NamedTuple):
    """Where in the whole run the next batch begins; each counts from 0."""

    epoch: int
    chunk: int
    position: int


@dataclass(frozen=True, eq=False)
class Turn:
    """One step of a run: its batch, the pairs in it, and how far the run is after it."""

    batch: Any  # what the objective learns from
    pairs: int
    place: Place  # where the next begins
    share: float  # of the whole run, 0 to 1
    part: float  # of the whole run, this step alone


class Part(NamedTuple):
    """The batches of one chunk from a position on, one at a time."""

    batch: Any
    pairs: int
    position: int  # where it ends
    done: float  # the share of the chunk done after it


class Feed(ABC):
    """The batches of a whole run, from any place on; the same place gives the same batches."""

    def __init__(self, sampler: Sampler, epochs: int) -> None:
        """`sampler` draws the chunks, which are gone through `epochs` times."""
        self._sampler, self.epochs = sampler, epochs

    @property
    def chunk(self) -> int:
        """About how many positions a chunk has."""
        return self._sampler.size

    def cut(self, chunk: int) -> None:
        """Cut the text anew, into chunks of about so many positions; places told before no longer hold."""
        self._sampler.cut(chunk)

    def following(self, place: Place) -> Place:
        """Where the next chunk begins; after the last, pass `epochs`, which there is not."""
        if place.chunk + 1 < len(self._sampler.chunks):
            return Place(place.epoch, place.chunk + 1, 0)
        return Place(place.epoch + 1, 0, 0)

    @abstractmethod
    def _batches(self, epoch: int, chunk: int, begin: int) -> Iterator[Part]:
        """The batches of one chunk from position `begin`."""

    def turns(self, place: Place, *, only: bool = False) -> Iterator[Turn]:
        """The steps from `place` to the end of the run, or `only` to the end of its chunk."""
        positions = len(self._sampler.corpus.ids)
        while place.epoch < self.epochs:
            epoch, chunk, begin = place
            start, stop = self._sampler.chunks[chunk]
            following = self.following(place)
            for batch, pairs, position, done in self._batches(epoch, chunk, begin):
                after = Place(epoch, chunk, position) if done < 1 else following
                read = epoch * positions + start + done * (stop - start)
                here = done * (position - begin) / position * (stop - start)  # positions of the text
                yield Turn(batch, pairs, after, read / (self.epochs * positions), here / (self.epochs * positions))
                begin = position
            if only:
                return
            place = following


class WindowFeed(Feed):
    """Consecutive positions with the words around them and pools of negatives."""

    def __init__(self, corpus: Corpus, config: TrainConfig, windows: Windows) -> None:
        """`config` has nothing left open."""
        assert config.sample is not None
        assert config.batch is not None
        sampler = Sampler(corpus, window=config.window, sample=config.sample, seed=config.seed)
        super().__init__(sampler, config.epochs)
        self._windows, self._config, self._length = windows, config, config.batch
        self._pool = pool_of(config.objective, config.batch)

    def _batches(self, epoch: int, chunk: int, begin: int) -> Iterator[Part]:
        draw = self._sampler.draw(epoch, chunk)
        window, length = self._windows.window, self._length
        size = len(draw.ids)
        spare, pools = self._shape(length)
        negatives = torch.from_numpy(self._sampler.negatives(draw, (-(-size // length), pools, self._pool.size)))
        around = torch.from_numpy(np.pad(draw.ids, (window, spare + window), constant_values=PAD_INDEX))
        left, right = (torch.from_numpy(np.pad(side, (0, spare))) for side in (draw.left, draw.right))
        pairs_before = np.concatenate([[0], np.cumsum(draw.left + draw.right, dtype=np.int64)])  # (K + 1,)
        for position in range(begin, size, length):
            end = min(position + length, size)
            count, pools = self._shape(end - position)
            yield Part(
                self._windows.batch(
                    around[position : position + count + 2 * window],
                    _only(left[position : position + count], end - position),
                    _only(right[position : position + count], end - position),
                    negatives[position // length, :pools],
                    self._config.negative,
                    pads=False,  # a text has none, and what was added to fill a block sees nothing and is not seen
                ),
                int(pairs_before[end] - pairs_before[position]),
                end,
                end / size,
            )

    def _shape(self, positions: int) -> tuple[int, int]:
        """Positions rounded up to what blocks and pools need, and the pools for them."""
        pools = max(1, round(positions / self._pool.positions))
        unit = self._windows.block * pools
        return -(-positions // unit) * unit, pools


def _only(reach: Tensor, count: int) -> Tensor:
    """`reach` with 0 beyond the first `count`: what was added to fill a block forms no pairs."""
    if count == len(reach):
        return reach
    reach = reach.clone()
    reach[count:] = 0
    return reach
