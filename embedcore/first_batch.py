"""The first batch of a run, small enough to be written out in full.

Here belongs drawing it as training will, without torch. What is learned from it is in
`training`, the code that shows it in `snippets`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from embedcore.errors import TrainingProblem
from embedcore.training.config import TrainConfig
from embedcore.training.contexts import last_words
from embedcore.training.corpus import Corpus
from embedcore.training.sampling import Sampler, pool_of
from embedcore.training.suggest import resolve

MOST_POSITIONS = 32  # of a batch: a longer one is too much to read


@dataclass(frozen=True)
class ExplicitBatch:
    """P positions of a text, short enough to be written out.

    Attributes:
        ids: (P + n,), the words of the positions and the n that the last of them see beyond.
        left, right: (P,), how many words each position looks at on either side.
        negatives: (M,), the words drawn at random that all pairs share.
        window: the bound of `left` and `right`.
        negative: how many negatives each pair counts.
        lr: the learning rate at the start.
    """

    ids: list[int]
    left: list[int]
    right: list[int]
    negatives: list[int]
    window: int
    negative: int
    lr: float


@dataclass(frozen=True)
class ExplicitContexts:
    """B positions of a text with the last n words before each, short enough to be written out.

    Attributes:
        before: (B, n), `<pad>` on the left where the sentence has fewer words so far.
        following: (B,), the words that come next.
        lr: the learning rate at the start.
    """

    before: list[list[int]]
    following: list[int]
    lr: float


def first_batch(corpus: Corpus, config: TrainConfig) -> ExplicitBatch:
    """The first batch that a run on `corpus` learns from, or the first 32 positions of a longer one.

    Positions before the first pair are passed over. The corpus may be the beginning of a text
    read with the whole text's vocabulary, which is quicker: then the batch is drawn in the same
    way, but is not the run's own. Raises TrainingProblem if there is no pair.
    """
    corpus.check()
    config = resolve(config, corpus.tokens)
    assert config.sample is not None
    assert config.batch is not None
    assert config.lr is not None
    sampler = Sampler(corpus, window=config.window, sample=config.sample, seed=config.seed)
    draw = sampler.draw(0, 0)
    looks = draw.left + draw.right > 0  # (K,)
    if not looks.any():
        raise TrainingProblem("After frequent words were skipped, no two neighbours are left in this part of the text.")
    begin = int(looks.argmax())  # the first word of its sentence, so nothing before it is seen
    end = min(begin + min(config.batch, MOST_POSITIONS), len(looks))
    left, right = draw.left[begin:end].tolist(), draw.right[begin:end].tolist()
    seen = max(place + reach for place, reach in enumerate(right)) + 1
    ids = draw.ids[begin : begin + max(seen, end - begin)].tolist()
    negatives = sampler.negatives(draw, (pool_of(config.objective, config.batch).size,)).tolist()
    return ExplicitBatch(ids, left, right, negatives, config.window, config.negative, config.lr)


def first_contexts(corpus: Corpus, config: TrainConfig) -> ExplicitContexts:
    """The first batch of a run that guesses the next word, or what the first 32 positions of a longer one give.

    Positions before the first that has a word before it are passed over; the rest as in
    `first_batch`.
    """
    corpus.check()
    config = resolve(config, corpus.tokens)
    assert config.batch is not None
    assert config.lr is not None
    sizes = np.diff(corpus.ends, prepend=0)  # (S,)
    sentence = int((sizes > 1).argmax())  # the first with more than one word
    begin = int(corpus.ends[sentence] - sizes[sentence])
    end = min(begin + min(config.batch, MOST_POSITIONS), len(corpus.ids))
    before, following = last_words(corpus, config.window, begin, max(end, begin + 2))
    return ExplicitContexts(before.tolist(), following.tolist(), config.lr)
