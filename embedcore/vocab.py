"""The vocabulary: which integer stands for which token, and how often each occurs.

Two entries are special. `<unk>` (0) stands for every token that is not in the vocabulary,
`<pad>` (1) fills short sentences up to the length of the longest in a batch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from embedcore.errors import BadSetting

UNK, PAD = "<unk>", "<pad>"
UNK_INDEX, PAD_INDEX = 0, 1
SPECIALS = (UNK, PAD)


class Vocab:
    """Token <-> integer, with counts. Made by `Vocab.build`, or from words and their counts.

    Attributes:
        itos: the tokens by their integer; `itos[0]` is `<unk>`, `itos[1]` is `<pad>`.
        stoi: the integer of each token.
        counts: how many tokens of the text read as each entry, by integer. Those that
            `min_count` or `max_size` left out count for `<unk>`, so that the counts add up
            to the tokens of the text.
    """

    def __init__(
        self, words: Sequence[str], counts: Sequence[int] | None = None, *, specials: Sequence[int] = (0, 0)
    ) -> None:
        """`words` from integer 2 on, their `counts`, and the counts of the two specials."""
        self.itos: list[str] = [*SPECIALS, *words]
        self.stoi: dict[str, int] = {token: index for index, token in enumerate(self.itos)}
        if len(self.stoi) != len(self.itos):
            raise BadSetting("A vocabulary cannot hold a token twice.")
        self.counts: list[int] = [*specials, *(counts if counts is not None else [0] * len(words))]
        if len(self.counts) != len(self.itos):
            raise BadSetting(f"A vocabulary of {len(words)} words needs as many counts, not {len(self.counts) - 2}.")

    @classmethod
    def build(cls, sentences: Iterable[Sequence[str]], *, min_count: int = 1, max_size: int | None = None) -> Vocab:
        """The vocabulary of sentences (lists of tokens): by falling count, ties by first appearance.

        Words seen fewer than `min_count` times are left out, then all beyond the `max_size`
        most frequent (`max_size` does not count the two specials). The same text gives the
        same integers every time, unlike a `set()`, whose order changes from run to run.
        """
        if min_count < 1:
            raise BadSetting(f"min_count should be at least 1, but is {min_count}.")
        if max_size is not None and max_size < 0:
            raise BadSetting(f"max_size should be at least 0, but is {max_size}.")
        counter: Counter[str] = Counter()
        for sentence in sentences:
            if isinstance(sentence, str):
                raise TypeError("A sentence is a list of tokens here, not a string; split it first.")
            counter.update(sentence)
        total = counter.total()
        pad = counter.pop(PAD, 0)
        counter.pop(UNK, None)  # a written <unk> is that special: it is in what remains below
        kept = [(word, count) for word, count in counter.most_common(max_size) if count >= min_count]
        unk = total - pad - sum(count for _, count in kept)
        return cls([word for word, _ in kept], [count for _, count in kept], specials=(unk, pad))

    def __len__(self) -> int:
        """Entries, the two specials included."""
        return len(self.itos)

    def __contains__(self, token: object) -> bool:
        return token in self.stoi

    def __repr__(self) -> str:
        return f"Vocab of {len(self)} entries: {', '.join(self.itos[:8])}{', …' if len(self) > 8 else ''}"

    @property
    def words(self) -> list[str]:
        """The tokens without the two specials, in the order of their integers."""
        return self.itos[len(SPECIALS) :]

    def encode(self, tokens: Iterable[str]) -> list[int]:
        """The integers of tokens; 0 for one that is not in the vocabulary."""
        stoi = self.stoi
        return [stoi.get(token, UNK_INDEX) for token in tokens]

    def decode(self, ids: Iterable[int]) -> list[str]:
        """The tokens of integers. Raises BadSetting for an integer that stands for nothing."""
        tokens = []
        for index in ids:
            if not 0 <= index < len(self.itos):
                raise BadSetting(f"{index} stands for no token: the integers here go from 0 to {len(self.itos) - 1}.")
            tokens.append(self.itos[index])
        return tokens

    def coverage(self, tokens: Iterable[str]) -> float:
        """The share of tokens (each occurrence counted) that have a word here, from 0 to 1.

        The specials are no words; no tokens at all are covered by 0.
        """
        found = total = 0
        for token in tokens:
            total += 1
            found += self.stoi.get(token, UNK_INDEX) > PAD_INDEX
        return found / total if total else 0.0
