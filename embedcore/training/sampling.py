"""What is drawn at random on each pass: subsampling, window sizes, and the negatives.

Every chunk of every pass has its own generator, made from (seed, pass, chunk). So the place
in the text is all the state there is, and a resumed run draws what it would have drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from embedcore.training.corpus import Corpus

CHUNK = 262_144  # positions drawn for at a time: some MB, whatever the size of the text
NOISE_POWER = 0.75  # negatives follow counts to this power, as in word2vec


class Pool(NamedTuple):
    """Negatives that positions near each other share."""

    size: int  # negatives in it
    positions: int  # about as many share it


# Four positions cost one draw in each. The larger the pool, the better the vectors and the more products: on 11.7
# million words, two processes, SimLex-999 was 0.23 from pools of 16 for 64 positions and 0.25 from these, at four
# fifths of the speed. For CBOW these were as good as it gets; halved, 0.13 against 0.15.
_POOLS = {"skipgram": Pool(64, 256), "cbow": Pool(32, 128)}
_LEAST = 16  # negatives, however short the batch


def pool_of(objective: str, batch: int) -> Pool:
    """The pools of batches of so many positions: a short batch has one, and a smaller one."""
    pool = _POOLS[objective]
    return pool._replace(size=min(pool.size, max(_LEAST, batch * pool.size // pool.positions)))


@dataclass(frozen=True, eq=False)
class Draw:
    """One chunk of one pass, frequent words thinned out.

    Attributes:
        ids: (K,) int32, the words kept.
        left, right: (K,) int32, how many neighbours each looks at on either side. They end at the
            sentence's ends, and their bound is drawn anew from 1 to `window` for each position.
        generator: goes on to draw this chunk's negatives.
    """

    ids: NDArray[np.int32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    generator: np.random.Generator


class Sampler:
    """Draws the chunks of a corpus."""

    def __init__(self, corpus: Corpus, *, window: int, sample: float, seed: int) -> None:
        """`sample` is the share of the text above which a word is thinned out; 0: none is."""
        self.corpus, self.window, self.sample, self.seed = corpus, window, sample, seed
        counts = corpus.counts()  # (V,)
        self.keep = keep_probability(counts, sample)  # (V,)
        noise = np.cumsum(counts**NOISE_POWER)
        self._noise = noise / noise[-1]  # (V,) cumulative; words that never occur are never drawn
        self.cut(CHUNK)

    def cut(self, size: int) -> None:
        """Cut the text into chunks of about `size` positions. What is drawn depends on where they begin."""
        self.size, self.chunks = size, self.corpus.chunks(size)

    def draw(self, epoch: int, chunk: int) -> Draw:
        """What pass `epoch` (from 0) sees of chunk `chunk`."""
        generator = np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(epoch, chunk)))
        start, stop = self.chunks[chunk]
        ids = self.corpus.ids[start:stop]  # (N,)
        ends = self.corpus.ends
        first, last = np.searchsorted(ends, [start, stop - 1], side="right")
        inner = np.minimum(ends[first : last + 1], stop) - start  # (S,) where the chunk's sentences end
        if self.sample:
            kept = generator.random(len(ids), dtype=np.float32) < self.keep[ids]  # (N,)
            inner = np.cumsum(kept)[inner - 1]
            ids = ids[kept]  # (K,)
        sizes = np.diff(inner, prepend=0)  # (S,) 0 for a sentence of which nothing is left
        position = np.arange(len(ids))
        bound = generator.integers(1, self.window, len(ids), endpoint=True)  # (K,)
        left = np.minimum(bound, position - np.repeat(inner - sizes, sizes))
        right = np.minimum(bound, np.repeat(inner, sizes) - 1 - position)
        return Draw(ids, left.astype(np.int32), right.astype(np.int32), generator)

    def negatives(self, draw: Draw, shape: tuple[int, ...]) -> NDArray[np.int32]:
        """Words drawn from counts ** 0.75, of any `shape`.

        As in the published objective the draw takes no notice of the true neighbour, so a
        negative may be that very word; word2vec's program passes over such draws.
        """
        return np.searchsorted(self._noise, draw.generator.random(shape), side="right").astype(np.int32)


def keep_probability(counts: NDArray[np.int64], sample: float) -> NDArray[np.float32]:
    """How likely one occurrence of each word is kept, (V,), by word2vec's program.

    A word with share f of the text is kept with probability (sqrt(f / sample) + 1) * sample / f,
    at most 1 (Mikolov's word2vec.c; the paper's formula has no second term).
    """
    keep = np.ones(len(counts), dtype=np.float32)
    if sample > 0:
        seen = counts > 0
        ratio = sample * counts.sum() / counts[seen]
        keep[seen] = np.minimum(1, np.sqrt(ratio) + ratio)
    return keep
