"""WordVectors: the one noun of this package, a vocabulary and a matrix.

Here belongs looking words up and asking about words. The arithmetic is in `search`, what all
searches share in `answers`, finding tokens in `tokens`, files in `library` and `formats`.
Nothing here asks where vectors came from.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from embedcore import cosmul, search
from embedcore.answers import METHODS, Float32s, Neighbor, Searched, Term, Within, Words, added, terms
from embedcore.errors import BadVectors, UnknownWord
from embedcore.storage import printable
from embedcore.subwords import Subwords
from embedcore.tokens import Tokens
from embedcore.vocab import PAD_INDEX, UNK_INDEX, Vocab

if TYPE_CHECKING:
    from torch import nn

__all__ = ["METHODS", "Built", "Float32s", "Neighbor", "WordVectors"]


class Built(NamedTuple):
    """A word that has no row, but a vector built from its parts."""

    word: str  # as it was cut: composed to NFC, lower-cased in a lower-cased set
    parts: list[str]
    vector: Float32s  # (D,)


class WordVectors:
    """V words, by falling frequency, and their (V, D) float32 matrix. Immutable.

    Wherever a method takes a word, it finds it by the rule of `find`, and raises
    UnknownWord, which names near spellings, if there is none. Those that compare words take
    also words that `built` can build; rows, and what is found, are always words of the set.

    Attributes:
        tokens: the words by row; a word that repeats means its first row.
        matrix: (V, D) float32, read-only, perhaps mapped from a file.
        subwords: what builds the vectors of other words from their parts, or None.
        name: what the set is called in messages, or None.
        meta: what else is known about it, such as "source" and "licence".
    """

    def __init__(
        self,
        tokens: Sequence[str],
        matrix: npt.ArrayLike,
        *,
        name: str | None = None,
        lowercased: bool | None = None,
        norms: Float32s | None = None,
        meta: Mapping[str, Any] | None = None,
        subwords: Subwords | None = None,
    ) -> None:
        """`matrix` (V, D) has a row for each of the V `tokens`; it is not copied if it is float32.

        `lowercased` and `norms` (V,) are found out when needed, if not given. Raises
        BadVectors if the shapes do not fit.
        """
        array = np.asarray(matrix, dtype=np.float32)
        if array.ndim != 2 or array.shape[1] < 1:
            raise BadVectors(f"Vectors should come as a matrix of shape (words, dimensions), but it is {array.shape}.")
        if len(tokens) != len(array):
            raise BadVectors(f"A matrix of {len(array):,} rows needs as many words, but there are {len(tokens):,}.")
        if norms is not None and norms.shape != (len(array),):
            raise BadVectors(f"{len(array):,} rows need as many norms, but their shape is {norms.shape}.")
        if subwords is not None and subwords.matrix.shape[1] != array.shape[1]:
            have = subwords.matrix.shape[1]
            raise BadVectors(f"Vectors of {array.shape[1]:,} numbers need parts of as many, but they have {have:,}.")
        self.tokens = Tokens.of(tokens)
        self.subwords = subwords
        self.matrix: Float32s = array.view()  # a view, so that the caller's own array stays as it is
        self.matrix.flags.writeable = False
        self.name = name
        self.meta: dict[str, Any] = dict(meta or {})
        self._lowercased = lowercased
        self._norms = norms

    def __len__(self) -> int:
        return len(self.tokens)

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and self.find(word) is not None

    def __getitem__(self, word: str) -> Float32s:
        """The vector of a word: (D,) float32, read-only."""
        vector: Float32s = self.matrix[self.row(word)]
        return vector

    def __repr__(self) -> str:
        return f"WordVectors{f' “{self.name}”' if self.name else ''} of {len(self):,} words x {self.dim}"

    @property
    def dim(self) -> int:
        """D, how many numbers a vector has."""
        return int(self.matrix.shape[1])

    @cached_property
    def norms(self) -> Float32s:
        """The lengths of the rows: (V,) float32, 0 for a row of zeros."""
        return search.norms(self.matrix) if self._norms is None else self._norms

    @cached_property
    def lowercased(self) -> bool:
        """Whether all words are lower-cased, so that a question should be too."""
        return self.tokens.lowercased() if self._lowercased is None else self._lowercased

    @cached_property
    def mean(self) -> Float32s:
        """The mean of all rows that are finite: (D,); zeros if there is none."""
        finite = np.isfinite(self.norms)  # (V,)
        rows = self.matrix if finite.all() else self.matrix[finite]
        return rows.mean(axis=0, dtype=np.float64).astype(np.float32) if len(rows) else np.zeros(self.dim, np.float32)

    def find(self, word: str) -> str | None:
        """The word of this set that `word` means, or None.

        `word` itself; else composed to NFC; else, in a lower-cased set, its lower case
        (`Korea` finds `korea`); each also without white space around it.
        """
        row = self._row(word)
        return None if row is None else self.tokens[row]

    def built(self, word: str) -> Built | None:
        """What the set builds for a word without a row; None for one with a row, or without parts."""
        if self.subwords is None or self._row(word) is not None:
            return None
        spelling = self._spellings(word)[-1]
        vector = self.subwords.vector(spelling)
        return None if vector is None else Built(spelling, self.subwords.parts(spelling), vector)

    def spelt(self, word: str) -> str | None:
        """The word as this set has it, or as it builds it; None if it does neither."""
        found = self.find(word)
        return built.word if found is None and (built := self.built(word)) else found

    def vector(self, word: str) -> Float32s:
        """The vector of a word, (D,) float32: that of its row, or else the one built from its parts."""
        built = self.built(word)
        return self[word] if built is None else built.vector

    def row(self, word: str) -> int:
        """The row of a word, counted from 0."""
        row = self._row(word)
        if row is None:
            raise UnknownWord(printable(word), self.name or "this set", self.tokens.near(word))
        return row

    def rows(self, words: Sequence[str]) -> npt.NDArray[np.int64]:
        """The rows of N words, each found by the rule of `find`: (N,), -1 for one that is not here."""
        rows = self.tokens.rows(words)
        # As `_row` does, but each spelling for all words at once that are still missing.
        others = {place: self._spellings(words[place]) for place in np.flatnonzero(rows < 0).tolist()}
        for step in range(1, len(self._spellings(""))):
            asked = {place: spelt[step] for place, spelt in others.items() if spelt[step] != words[place]}
            rows[[*asked]] = self.tokens.rows([*asked.values()])
            others = {place: spelt for place, spelt in others.items() if rows[place] < 0}
        return rows

    def similarity(self, a: str, b: str) -> float:
        """The cosine similarity of two words, from -1 to 1. Raises BadVectors if one has no direction."""
        return search.cosine(*self._directed([a, b]))

    def similarity_matrix(self, words: Sequence[str]) -> npt.NDArray[np.float64]:
        """The cosine similarities of N words with each other: (N, N), NaN for a word without a direction."""
        return search.cosine_matrix(self._vectors(words))

    def most_similar(
        self, positive: Words, negative: Words = (), topn: int = 10, *, within: Within = None
    ) -> list[Neighbor]:
        """The `topn` words nearest to the words of `positive`, and far from those of `negative`.

        An analogy, "man is to king as woman is to ?", is `most_similar(["king", "woman"],
        ["man"])`. As in gensim, a word may come with its weight, `("king", 2.0)`, which counts as it
        is in either list. The words asked about are not among the answers. `within` looks among
        the first (most frequent) so many rows only, or among the rows of an array.
        Raises BadVectors if a word has no direction, or the words cancel each other out.
        """
        return self._combined([terms(positive, negative)], topn, within, "add")[0]

    def most_similar_cosmul(
        self, positive: Words, negative: Words = (), topn: int = 10, *, within: Within = None
    ) -> list[Neighbor]:
        """As `most_similar`, but similarities are multiplied rather than added (3CosMul; see `cosmul.score`).

        The `similarity` of an answer is then its score, which may be above 1. A weight is a power.
        """
        return self._combined([terms(positive, negative)], topn, within, "mul")[0]

    def most_similar_both(
        self, positive: Words, negative: Words = (), topn: int = 10, *, within: Within = None
    ) -> tuple[list[Neighbor], list[Neighbor]]:
        """The answers of `most_similar` and of `most_similar_cosmul`, by one pass over the set rather than two."""
        asked = terms(positive, negative)
        words = list(dict.fromkeys(word for _, word in asked))
        vectors, own = self._directed(words), self._own_rows(words)  # (U, D)
        question = [(weight, words.index(word)) for weight, word in asked]
        # By 3CosMul, a question of one vector ranks as its cosine does; here that vector is the sum.
        with_sum = np.concatenate([vectors, added(vectors, question)[None]])  # (U + 1, D)
        alone = [(1.0, len(words))]
        by_sum, multiplied = self._searched.multiplied(with_sum, [alone, question], [own, own], topn, within)
        return [n._replace(similarity=cosmul.cosine_of(n.similarity)) for n in by_sum], multiplied

    def analogies(
        self,
        questions: Sequence[tuple[str, str, str]],
        topn: int = 1,
        *,
        within: Within = None,
        method: str = "add",
    ) -> list[list[Neighbor]]:
        """For each (a, b, c) the answers to "a is to b as c is to ?", by 3CosAdd ("add") or 3CosMul ("mul").

        The same as `most_similar([b, c], [a])`, or `most_similar_cosmul`, and much cheaper than asking
        for one after the other.
        """
        return self._combined([terms([b, c], [a]) for a, b, c in questions], topn, within, method)

    def _combined(
        self,
        questions: Sequence[Sequence[Term]],
        topn: int,
        within: Within,
        method: str,
    ) -> list[list[Neighbor]]:
        """The answers to N questions, each some words and their weights."""
        words = list(dict.fromkeys(word for question in questions for _, word in question))
        vectors, places = self._directed(words), {word: place for place, word in enumerate(words)}  # (U, D)
        own = {word: self._own_rows([word]) for word in words}
        asked = [set().union(*(own[word] for _, word in question)) for question in questions]
        weighted = [[(weight, places[word]) for weight, word in question] for question in questions]
        if method == "mul":
            return self._searched.multiplied(vectors, weighted, asked, topn, within)
        if method != "add":
            raise BadVectors(f"Words are combined by one of {', '.join(METHODS)}, not “{method}”.")
        directions = [added(vectors, question) for question in weighted]
        return self._searched.nearest(np.array(directions).reshape(-1, self.dim), asked, topn, within)

    def most_similar_each(self, words: Sequence[str], topn: int = 10, *, within: Within = None) -> list[list[Neighbor]]:
        """For each of N words the `topn` words nearest to it, as `most_similar` finds them.

        Much cheaper than asking for one after the other. Empty for a word without a direction.
        """
        return self._searched.nearest(self._vectors(words), [self._own_rows([word]) for word in words], topn, within)

    def doesnt_match(self, words: Sequence[str]) -> str:
        """Which of at least three words is farthest from the mean of their directions."""
        if len(set(words)) < 3:
            raise BadVectors("Finding the odd one out takes at least three different words.")
        cosines = search.mean_cosines(self._directed(words))  # (N,)
        if np.isnan(cosines).all():
            raise BadVectors("The directions of these words cancel each other out, so none of them is the odd one.")
        return words[int(cosines.argmin())]

    def mean_similarities(self, words: Sequence[str], *, others: bool = False) -> npt.NDArray[np.float64]:
        """The cosine of each of N words with the mean of their directions, by which `doesnt_match` ranks: (N,).

        With `others`, with the mean of the other words' directions. NaN for a word without a
        direction, and where directions cancel each other out.
        """
        return search.mean_cosines(self._vectors(words), others=others)

    def to_embedding(self, vocab: Vocab | None = None, freeze: bool = True) -> nn.Embedding:
        """These vectors as a layer for PyTorch: `nn.Embedding`, a copy, not trained further if `freeze`.

        With a vocabulary, the layer has its `len(vocab)` rows in its order: each word's own
        vector, found by token; zeros for `<pad>`, with `padding_idx=1`; and the mean vector
        for `<unk>` and for every word that is not in this set. Without one, it has the whole
        matrix in the order of this set, whose integers are the rows, and no `padding_idx`.
        """
        import torch
        from torch import nn

        padding_idx = None
        if vocab is None:
            weight = self.matrix.copy(order="C")  # (V, D)
        else:
            padding_idx = PAD_INDEX
            rows = self.rows(vocab.itos)  # (len(vocab),)
            rows[[UNK_INDEX, PAD_INDEX]] = -1
            known = (rows >= 0)[:, None]  # (len(vocab), 1)
            weight = np.tile(self.mean, (len(rows), 1))  # (len(vocab), D)
            np.copyto(weight, self.matrix[np.maximum(rows, 0)] if len(self) else weight, where=known)
            weight[PAD_INDEX] = 0
        layer: nn.Embedding = nn.Embedding.from_pretrained(  # type: ignore[no-untyped-call]
            torch.from_numpy(weight), freeze=freeze, padding_idx=padding_idx
        )
        return layer

    @cached_property
    def _searched(self) -> Searched:
        return Searched(self.tokens, self.matrix, self.norms)

    def _row(self, word: str) -> int | None:
        for spelling in dict.fromkeys(self._spellings(word)):
            if (row := self.tokens.row(spelling)) is not None:
                return row
        return None

    def _spellings(self, word: str) -> list[str]:
        """The spellings under which a word is looked for, in this order; the same number for every word."""
        spellings = []
        for trimmed in (word, word.strip()):
            composed = unicodedata.normalize("NFC", trimmed)
            spellings += [trimmed, composed, *([composed.lower()] if self.lowercased else [])]
        return spellings

    def _vectors(self, words: Sequence[str]) -> Float32s:
        """The vectors of N words: (N, D)."""
        return np.array([self.vector(word) for word in words], dtype=np.float32).reshape(len(words), self.dim)

    def _own_rows(self, words: Sequence[str]) -> set[int]:
        """The rows of those words that have one."""
        return {row for word in words if (row := self._row(word)) is not None}

    def _directed(self, words: Sequence[str]) -> Float32s:
        """The vectors of N words, (N, D), each with a direction."""
        vectors = self._vectors(words)  # (N, D)
        for word, vector in zip(words, vectors, strict=True):
            if not np.isfinite(vector).all():
                raise BadVectors(f"The vector of “{word}” has a number that is not finite, so it cannot be compared.")
            if not vector.any():
                raise BadVectors(f"The vector of “{word}” is all zeros, so it points nowhere and cannot be compared.")
        return vectors
