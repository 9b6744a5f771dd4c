"""Texts as vectors: the mean of the vectors of their words.

Here belong cutting a text into words that a set has, their mean, and which word does how much
for the similarity of two texts. What a tokenizer takes for a word is known to `text`.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from embedcore import search
from embedcore.errors import BadVectors
from embedcore.storage import printable
from embedcore.text import tokenize, words_in
from embedcore.vectors import Float32s, WordVectors

Float64s = npt.NDArray[np.float64]

_PUNCTUATION = ".,;:!?…\"'“”‘’„«»‹›()[]{}<>—–-*_/\\·。，、！？；：「」『』《》〈〉（）【】"  # around words
_LETTERS_AND_DOTS = re.compile(r"(?:\b[^\W\d_]\.){2,}")
_CLITIC = re.compile(r"(\w+?)(n't|'(?:s|m|d|re|ve|ll))", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class TextVector:
    """W different words of a text, in the order in which they first come, and their mean.

    Attributes:
        words: as the set spells them.
        counts: (W,) how often each comes.
        vectors: (W, D) float32.
        spelt_otherwise: from what was typed to the word that was taken for it.
        built: those of `words` that have no row, and a vector built from their parts.
        left_out: what the set does not have, with how often it comes.
        broken: words left out since their vector has a number that is not finite, with how often they come.
        mean: (D,) the mean of all words, each as often as it comes; NaN without any.
    """

    words: list[str]
    counts: npt.NDArray[np.int64]
    vectors: Float32s
    spelt_otherwise: dict[str, str]
    built: list[str]
    left_out: dict[str, int]
    broken: dict[str, int]

    @property
    def mean(self) -> Float64s:
        """The mean of the vectors as they are, long ones counting more: (D,) float64."""
        if not len(self.words):
            return np.full(self.vectors.shape[1], np.nan)
        return np.asarray(self.counts @ self.vectors.astype(np.float64) / self.counts.sum())

    @property
    def used(self) -> int:
        """How many words of the text are in the mean, each as often as it comes."""
        return int(self.counts.sum())

    @property
    def total(self) -> int:
        """How many words the text has."""
        return self.used + sum(self.left_out.values()) + sum(self.broken.values())


def mean_vector(vectors: WordVectors, text: str | Sequence[str], tokenizer: str = "words") -> TextVector:
    """A text, or tokens, by the words that the set has.

    A token is found by the rule of `WordVectors.find`, else in lower case (a cased set may lack
    the word that begins a sentence), else built from its parts where the set does that.
    Raises TextProblem for a tokenizer that does not exist or cannot be loaded.
    """
    counts = Counter(tokens(vectors, text, tokenizer) if isinstance(text, str) else text)
    asked = list(counts)
    rows = _rows(vectors, asked)  # (T,)
    numbers: dict[str, Float32s] = {}
    uses: Counter[str] = Counter()
    left_out, broken = Counter[str](), Counter[str]()
    built, otherwise = [], {}
    for token, row in zip(asked, rows.tolist(), strict=True):
        made = vectors.built(token) if row < 0 else None
        if row < 0 and made is None:
            left_out[token] = counts[token]
            continue
        word, vector = (made.word, made.vector) if made else (vectors.tokens[row], vectors.matrix[row])
        if not np.isfinite(vector).all():
            broken[word] += counts[token]
            continue
        built += [word] if made and word not in numbers else []
        otherwise.update({token: word} if word != token else {})
        numbers[word] = vector
        uses[word] += counts[token]
    return TextVector(
        list(numbers),
        np.array([uses[word] for word in numbers], dtype=np.int64),
        np.array([*numbers.values()], dtype=np.float32).reshape(len(numbers), vectors.dim),
        otherwise, built, dict(left_out), dict(broken),
    )  # fmt: skip


def tokens(vectors: WordVectors, text: str, tokenizer: str = "words") -> list[str]:
    """The tokens of a text for a set: cut at white space, and as far on as needed to find words.

    By `words`, case stays, for the set to decide. Of what stands between white space, the first is
    taken that the set has: as an abbreviation with its dots (`U.S.`), without the punctuation around
    it (`C++`, `e-mail`), without all marks around it; else it is cut into words as the tokenizer of that
    name does. A word with an apostrophe that the set lacks is cut once more as the Penn
    Treebank does (Marcus et al., 1993), as are the texts of most published sets: `do n't`,
    `Korea 's`. The other tokenizers are those of `text`.
    """
    if tokenizer != "words":
        return [token for sentence in tokenize(text, tokenizer) for token in sentence]
    chunks = unicodedata.normalize("NFC", text.replace("\u2019", "'")).split()
    pieces = {chunk: words_in(chunk) for chunk in dict.fromkeys(chunks)}
    mixed = [chunk for chunk, words in pieces.items() if words and words != [chunk]]
    for rule in (_without_marks, _without_punctuation, _abbreviation):  # what a later one finds wins
        candidates = [rule(chunk, pieces[chunk]) for chunk in mixed]
        for chunk, candidate, row in zip(mixed, candidates, vectors.rows(candidates).tolist(), strict=True):
            pieces[chunk] = [candidate] if candidate and row >= 0 else pieces[chunk]
    return _apostrophes_cut(vectors, [word for chunk in chunks for word in pieces[chunk]])


def _without_marks(chunk: str, words: Sequence[str]) -> str:
    return chunk[chunk.index(words[0]) : chunk.rindex(words[-1]) + len(words[-1])]


def _without_punctuation(chunk: str, words: Sequence[str]) -> str:
    return chunk.strip(_PUNCTUATION)


def _abbreviation(chunk: str, words: Sequence[str]) -> str:
    found = _LETTERS_AND_DOTS.search(chunk)
    return found[0] if found else ""


def _apostrophes_cut(vectors: WordVectors, words: Sequence[str]) -> list[str]:
    """The words, those with an apostrophe that the set lacks in two parts, if it has both."""
    cut = {word: [*found.groups()] for word in dict.fromkeys(words) if (found := _CLITIC.fullmatch(word))}
    rows = vectors.rows([part for word, parts in cut.items() for part in (word, *parts)]).reshape(-1, 3)
    parted = {word for word, (whole, *parts) in zip(cut, rows.tolist(), strict=True) if whole < 0 <= min(parts)}
    return [part for word in words for part in (cut[word] if word in parted else [word])]


def _rows(vectors: WordVectors, asked: Sequence[str]) -> npt.NDArray[np.int64]:
    """The row of the word that each of T tokens means: (T,), -1 for none."""
    rows = vectors.rows(asked)
    missing = np.flatnonzero(rows < 0)
    rows[missing] = vectors.rows([asked[place].lower() for place in missing.tolist()])
    return rows


def similarity(a: TextVector, b: TextVector) -> float:
    """The cosine of the means of two texts, as gensim's `n_similarity`, from -1 to 1.

    Raises BadVectors if one has no mean, or one that points nowhere.
    """
    for text in (a, b):
        if not text.words:
            raise BadVectors("One of the texts has no word that this set has, so there is nothing to compare.")
        if not text.mean.any():
            which = printable(", ".join(text.words[:3]))
            raise BadVectors(f"The vectors of a text add up to zeros ({which}), so it points nowhere.")
    return search.cosine(a.mean, b.mean)


def shares(a: TextVector, b: TextVector) -> Float64s:
    """What each of the W words of `a` adds to the cosine of the texts: (W,); they sum up to it.

    The mean is a sum of words, and the product with the other text's mean that of theirs.
    NaN if one of the texts points nowhere.
    """
    with np.errstate(all="ignore"):
        products = a.vectors.astype(np.float64) @ search.unit(b.mean)  # (W,)
        return np.asarray(a.counts * products / (a.used * np.linalg.norm(a.mean)))


def cosines(a: search.Floats, b: search.Floats) -> Float64s:
    """The cosines of each of W vectors (W, D) with each of X (X, D): (W, X), NaN where there is no direction."""
    return np.clip(search.unit(a) @ search.unit(b).T, -1.0, 1.0)
