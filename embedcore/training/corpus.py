"""A text as integers: encoded once, kept small, read in chunks, from memory or from disk.

Here belongs going from token lists to one flat array. A text that has not been split yet goes a
faster way, in `encode`. What is drawn at random on each pass belongs in `sampling`.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray

from embedcore.errors import TrainingProblem
from embedcore.vocab import PAD, SPECIALS, UNK, Vocab

_PART = 1 << 20  # integers looked at in one go


@dataclass(frozen=True, eq=False)
class Corpus:
    """Sentences as integers, rare words and specials dropped.

    `ids` and `ends` may be mapped files larger than memory: whatever reads them reads a part at
    a time.

    Attributes:
        vocab: what the integers stand for.
        ids: (N,) int32, all sentences one after another; every id is 2 or more.
        ends: (S,) int64, where each sentence ends in `ids`; no sentence is empty.
        tokens: the tokens of the text before anything was dropped.
        min_count: words seen fewer times were dropped; 1 where the vocab was given.
    """

    vocab: Vocab
    ids: NDArray[np.int32]
    ends: NDArray[np.int64]
    tokens: int
    min_count: int = 1

    @classmethod
    def read(cls, sentences: Iterable[Sequence[str]], *, min_count: int = 1, vocab: Vocab | None = None) -> Corpus:
        """Read sentences (lists of tokens) once, in order; a generator will do.

        Without a `vocab`, one is made as `Vocab.build(sentences, min_count=min_count)` makes it.
        """
        # An integer for each new token, in order of appearance, without a Python-level loop per token.
        number: defaultdict[str, int] = defaultdict(count().__next__)
        flat, sizes = array("i"), array("q")
        for sentence in sentences:
            if isinstance(sentence, str):
                raise TypeError("A sentence is a list of tokens here, not a string; split it first.")
            flat.extend(map(number.__getitem__, sentence))
            if len(sentence):
                sizes.append(len(sentence))
        seen = list(number)  # the tokens by provisional integer
        provisional = np.frombuffer(flat, dtype=np.int32) if flat else np.empty(0, np.int32)  # (T,)
        if vocab is not None:
            min_count = 1
        else:
            vocab = make_vocab(seen, np.bincount(provisional, minlength=len(seen)), min_count)
        ids = renumbering(seen, vocab)[provisional] if seen else provisional  # (T,)
        if not len(ids):
            return cls(vocab, ids, np.empty(0, np.int64), 0, min_count)
        kept = ids >= 0  # (T,)
        starts = np.cumsum(np.frombuffer(sizes, dtype=np.int64)) - sizes  # (S,)
        left = np.add.reduceat(kept, starts, dtype=np.int64)  # (S,) tokens left of each sentence
        return cls(vocab, ids[kept], np.cumsum(left[left > 0]), len(ids), min_count)

    def check(self) -> None:
        """Raise TrainingProblem, saying why, if there is no pair of neighbours to learn from."""
        if not self.tokens:
            raise TrainingProblem("The text has no words, so there is nothing to learn from.")
        if not len(self.ids):
            raise TrainingProblem(
                f"No word of the text occurs {self.min_count} times or more, so min_count leaves nothing "
                "to learn from. A lower min_count keeps more words."
                if self.min_count > 1
                else "No word of the text is in the vocabulary, so there is nothing to learn from."
            )
        if all(np.diff(part).max() < 2 for part in self._bounds()):
            rare = " (after rare words were left out)" if len(self.ids) < self.tokens else ""
            raise TrainingProblem(
                f"Every sentence has only one word{rare}, so no word has a neighbour to learn from. "
                "A sentence is one line of the text."
            )
        if all((part == self.ids[0]).all() for part in self._parts()):
            raise TrainingProblem(
                f"There is only one different word to learn from, “{self.vocab.itos[self.ids[0]]}”. "
                "Vectors say how words differ, so at least two are needed."
            )

    def counts(self) -> NDArray[np.int64]:
        """How often each id occurs in `ids`, (V,)."""
        counts = np.zeros(len(self.vocab), np.int64)
        for part in self._parts():
            counts += np.bincount(part, minlength=len(counts))
        return counts

    def _parts(self) -> Iterator[NDArray[np.int32]]:
        """`ids`, a part at a time."""
        return (self.ids[start : start + _PART] for start in range(0, len(self.ids), _PART))

    def _bounds(self) -> Iterator[NDArray[np.int64]]:
        """Where the sentences begin and end, some at a time; each part begins with the last end of the one before."""
        for start in range(0, len(self.ends), _PART):
            before = self.ends[start - 1] if start else 0
            yield np.concatenate([[before], self.ends[start : start + _PART]])

    def chunks(self, size: int) -> list[tuple[int, int]]:
        """Ranges of about `size` positions that cover `ids`, cut between sentences where possible."""
        ranges, start = [], 0
        while start < len(self.ids):
            stop = min(start + size, len(self.ids))
            last_end = int(self.ends[np.searchsorted(self.ends, stop, side="right") - 1]) if stop >= self.ends[0] else 0
            stop = last_end if last_end > start else stop  # a sentence longer than `size` is cut
            ranges.append((start, stop))
            start = stop
        return ranges


def make_vocab(seen: Sequence[str], counts: NDArray[np.int64], min_count: int) -> Vocab:
    """What `Vocab.build` makes of the text, from its tokens by first appearance and their counts."""
    order = np.argsort(-counts, kind="stable").tolist()  # by falling count, ties by first appearance
    size = counts.tolist()
    kept = [index for index in order if size[index] >= min_count and seen[index] not in SPECIALS]
    special = {token: size[index] for index, token in enumerate(seen) if token in (UNK, PAD)}
    pad = special.get(PAD, 0)
    unk = sum(size) - pad - sum(size[index] for index in kept)
    return Vocab([seen[index] for index in kept], [size[index] for index in kept], specials=(unk, pad))


def renumbering(seen: Sequence[str], vocab: Vocab) -> NDArray[np.int32]:
    """The id of each word by first appearance, (words seen,); -1 for what is dropped: rare words and specials."""
    final = np.array(vocab.encode(seen), dtype=np.int32)
    final[np.isin(final, range(len(SPECIALS)))] = -1
    return final
