"""Labelled texts as integers: words, the vocabulary of the training texts, padded rows.

Here belongs what a model reads. The vocabulary knows the training texts alone; a vector set adds
the words that it has itself, as if all of it stood in the embedding.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from embedcore import morphemes
from embedcore.errors import BadSetting, TextProblem
from embedcore.text import TOKENIZERS
from embedcore.training.corpus import make_vocab
from embedcore.training.initial import set_rows
from embedcore.vocab import PAD_INDEX, SPECIALS, UNK_INDEX, Vocab

if TYPE_CHECKING:
    from embedcore.vectors import WordVectors

MOST_TOKENS = 400  # of one text; its beginning says what it is about, and memory stays bounded


@dataclass(frozen=True, eq=False)
class Tokenized:
    """N texts as tokens, split once for all fits.

    Attributes:
        tokens: the different tokens of all texts, by first appearance.
        ids: (T,) int32, all tokens in order, as rows of `tokens`.
        ends: (N,) int64, where each text ends in `ids`; a text may have no token.
        cut: how many texts had more tokens than are read.
    """

    tokens: list[str]
    ids: NDArray[np.int32]
    ends: NDArray[np.int64]
    cut: int = 0

    @property
    def lengths(self) -> NDArray[np.int64]:
        """How many tokens each text has: (N,)."""
        return np.diff(self.ends, prepend=0)

    def words_at(self, place: int) -> list[str]:
        """The tokens of one text."""
        start = int(self.ends[place - 1]) if place else 0
        return [self.tokens[index] for index in self.ids[start : int(self.ends[place])].tolist()]


@dataclass(frozen=True, eq=False)
class Encoded:
    """All N texts in the integers of one vocabulary, that of one fit's training texts.

    Attributes:
        vocab: `<unk>` 0, `<pad>` 1, the words of the training texts by falling count, and then
            further words: of other texts, where a set was given that has them. Their counts are 0.
        trained: how many entries the training texts have, specials included; further words come after.
        rows: (V,) int64, the row of the vector set that each entry starts from; -1 for none.
            As `training.initial.pretrained_weight` takes them.
        ids: (T,) int32, all tokens in order.
        ends: (N,) int64, where each text ends in `ids`.
    """

    vocab: Vocab
    trained: int
    rows: NDArray[np.int64]
    ids: NDArray[np.int32]
    ends: NDArray[np.int64]

    def padded(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """The texts at B places as rows of integers, filled up with `<pad>` to the longest: (B, L), L at least 1."""
        starts, lengths = _stretches(self.ends, places)  # (B,) (B,)
        longest = max(1, int(lengths.max(initial=0)))
        filled = np.full((len(places), longest), PAD_INDEX, np.int64)  # (B, L)
        filled[np.arange(longest) < lengths[:, None]] = self.ids[_flat(starts, lengths)]
        return filled


def tokenize_texts(texts: Sequence[str], tokenizer: str = "words", *, most: int = MOST_TOKENS) -> Tokenized:
    """The tokens of N texts of one line each, of a long one the first `most`.

    Raises TextProblem for a tokenizer that does not exist, or cannot be used here.
    """
    if tokenizer not in TOKENIZERS:
        raise TextProblem(f"There is no tokenizer “{tokenizer}”. There are: {', '.join(TOKENIZERS)}.")
    # Morphemes are found for many texts at a time.
    split = morphemes.tokens(texts) if tokenizer == "morphemes" else map(TOKENIZERS[tokenizer], texts)
    number: defaultdict[str, int] = defaultdict(count().__next__)
    flat, ends, cut = array("i"), array("q"), 0
    for tokens in split:
        cut += len(tokens) > most
        flat.extend(map(number.__getitem__, tokens[:most]))
        ends.append(len(flat))
    return Tokenized(list(number), np.array(flat, dtype=np.int32), np.array(ends, dtype=np.int64), cut)


def rows_in(vectors: WordVectors, tokenized: Tokenized) -> NDArray[np.int64]:
    """The row of `vectors` for each of the different tokens: (W,) int64, -1 for none."""
    return set_rows([*SPECIALS, *tokenized.tokens], vectors)[len(SPECIALS) :]


def encode(
    tokenized: Tokenized,
    training: NDArray[np.int64],
    rows: NDArray[np.int64] | None = None,
    *,
    min_count: int = 1,
    further: bool = True,
) -> Encoded:
    """Integers by the vocabulary of the texts at the places `training` (n,), and each entry's row in a set.

    `rows` (W,) are those of `rows_in`; None: no set. Words seen fewer than `min_count` times in the
    training texts read `<unk>`, unless the set has them. With `further`, a word that only other
    texts have keeps the row that the set has for it, as it would if the whole set stood in the
    embedding; nothing that is counted or fitted comes from it. Otherwise it reads `<unk>`.
    """
    if min_count < 1:
        raise BadSetting(f"min_count should be at least 1, but is {min_count}.")
    in_set = np.full(len(tokenized.tokens), -1, np.int64) if rows is None else rows  # (W,)
    seen, counts = _counted(tokenized, training)  # (S,) (S,)
    special = np.array([token in SPECIALS for token in tokenized.tokens], dtype=bool)  # (W,)
    kept = (counts >= min_count) | (in_set[seen] >= 0) | special[seen]  # (S,)
    learned = make_vocab([tokenized.tokens[index] for index in seen[kept].tolist()], counts[kept], 1)
    unk, pad = learned.counts[UNK_INDEX] + int(counts[~kept].sum()), learned.counts[PAD_INDEX]
    others = (in_set >= 0) & ~special & further  # (W,)
    others[seen] = False
    more = [tokenized.tokens[index] for index in np.flatnonzero(others).tolist()]
    word_counts = [*learned.counts[len(SPECIALS) :], *[0] * len(more)]
    vocab = Vocab([*learned.words, *more], word_counts, specials=(unk, pad))
    final = np.array(vocab.encode(tokenized.tokens), dtype=np.int32)  # (W,)
    row_of = np.full(len(vocab), -1, np.int64)  # (V,)
    row_of[final] = in_set
    row_of[: len(SPECIALS)] = -1
    return Encoded(vocab, len(learned), row_of, final[tokenized.ids], tokenized.ends)


def _counted(tokenized: Tokenized, places: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The different tokens of the texts at `places`, by first appearance there, and their counts: (S,) (S,)."""
    ids = tokenized.ids[_flat(*_stretches(tokenized.ends, places))]  # (t,)
    seen, first, counts = np.unique(ids, return_index=True, return_counts=True)
    order = np.argsort(first)
    return seen[order].astype(np.int64), counts[order].astype(np.int64)


def _stretches(ends: NDArray[np.int64], places: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where the texts at B places begin among all tokens, and how long they are: (B,) (B,)."""
    starts: NDArray[np.int64] = np.where(places > 0, ends[places - 1], 0)
    return starts, ends[places] - starts


def _flat(starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """The places of all tokens of stretches, one stretch after another: (sum of lengths,)."""
    before = np.cumsum(lengths) - lengths  # (B,) tokens of the stretches before each
    flat: NDArray[np.int64] = np.arange(int(lengths.sum())) + np.repeat(starts - before, lengths)
    return flat
