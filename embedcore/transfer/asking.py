"""Asking a fitted model about a text: how likely each label is, and what each word adds to it.

Here belongs the arithmetic of both classifiers, in numpy alone, so that pages ask without torch; `models` is
what they were fitted with, and tests hold both equal. Opening a model is in `kept`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embedcore import morphemes
from embedcore.errors import BadVectors, TextProblem
from embedcore.text import TOKENIZERS
from embedcore.training.initial import set_rows
from embedcore.transfer.config import AVERAGE, SCRATCH, WIDTHS
from embedcore.transfer.encoding import MOST_TOKENS
from embedcore.transfer.kept import KeptModel
from embedcore.transfer.labelled import one_line
from embedcore.vectors import WordVectors
from embedcore.vocab import PAD_INDEX, SPECIALS, UNK_INDEX

LEARNED, SET, UNKNOWN = "learned", "set", "unknown"

Floats = NDArray[np.float32]
Head = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class Asked:
    """What a model says of one text of L words.

    Attributes:
        words: (L) as the model read them, the first MOST_TOKENS of the text.
        read: (L) how each was read: LEARNED, by a row of the training texts; SET, by the vector set's row;
            UNKNOWN, by the one row that stands for every word it does not know.
        probabilities: (C,) of each label.
        added: (L, C) what each word adds to the probability of each label.
    """

    words: list[str]
    read: list[str]
    probabilities: NDArray[np.float64]
    added: NDArray[np.float64]


def ask(model: KeptModel, text: str, vectors: WordVectors | None = None) -> Asked:
    """What `model` says of a text, also of an empty one.

    `vectors` is the set that the model started from: frozen and tuned read by it what no training text
    has; None: they read that as unknown. What a word adds is the probability with it, less that with the
    word taken out and the gap closed; after Li, Monroe and Jurafsky 2016, "Understanding Neural Networks
    through Representation Erasure". Raises BadVectors for a set of another dimension, TextProblem where
    the model's tokenizer cannot be used here.
    """
    words = _tokens(one_line(text), model.tokenizer)
    rows, read = model.words.rows(words), [LEARNED] * len(words)  # (L,)
    found = np.maximum(rows, UNK_INDEX)  # (L,)
    units = np.array(model.weight[found], dtype=np.float32).reshape(len(words), model.weight.shape[1])  # (L, D)
    missing = np.flatnonzero(rows < 0)  # (m,)
    if len(missing) and vectors is not None and model.start != SCRATCH:
        if vectors.dim != units.shape[1]:
            raise BadVectors(f"The model reads vectors of {units.shape[1]:,} numbers, but the set has {vectors.dim:,}.")
        in_set = set_rows([*SPECIALS, *(words[place] for place in missing.tolist())], vectors)[len(SPECIALS) :]  # (m,)
        has = in_set >= 0
        units[missing[has]] = vectors.matrix[in_set[has]]
        for place in missing[has].tolist():
            read[place] = SET
        missing = missing[~has]
    for place in [*missing.tolist(), *np.flatnonzero((rows >= 0) & (rows < len(SPECIALS))).tolist()]:
        read[place] = UNKNOWN
    found_by = erased(model.kind, model.head, units, rows != PAD_INDEX)  # (L + 1, C)
    return Asked(words, read, found_by[0], found_by[0] - found_by[1:])


def kept_vectors(model: KeptModel, name: str | None = None) -> WordVectors:
    """The model's embedding as a vector set of the training texts' words."""
    first = len(SPECIALS)
    return WordVectors(model.words[first:], np.array(model.weight[first:]), name=name)


def erased(kind: str, head: Head, vectors: Floats, counted: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The probabilities of C classes for a text of L words, and for it without each of them: (L + 1, C).

    `vectors` (L, D) float32 are its words' rows; `counted` (L,) is False for a written `<pad>`.
    """
    if kind == AVERAGE:
        pooled = np.maximum(_means(vectors, counted) @ head["hidden.weight"].T + head["hidden.bias"], 0)  # (L + 1, H)
    elif counted.all() and len(vectors):
        pooled = np.maximum(_maxima_without(head, vectors), 0)  # (L + 1, 3 F)
    else:  # rare: where `<pad>` stands in the text itself, what is taken out can change where it ends
        without = (np.arange(len(vectors)) != place for place in range(-1, len(vectors)))
        pooled = np.maximum([_maxima(head, vectors[left], counted[left]) for left in without], 0)  # (L + 1, 3 F)
    scores = (pooled @ head["output.weight"].T + head["output.bias"]).astype(np.float64)  # (L + 1, C)
    scores = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: NDArray[np.float64] = scores / scores.sum(axis=1, keepdims=True)
    return shares


def _tokens(text: str, tokenizer: str) -> list[str]:
    if tokenizer not in TOKENIZERS:
        raise TextProblem(f"There is no tokenizer “{tokenizer}”. There are: {', '.join(TOKENIZERS)}.")
    # As the training texts were split; see `encoding.tokenize_texts`.
    split: Sequence[str] = (
        next(iter(morphemes.tokens([text])), []) if tokenizer == "morphemes" else TOKENIZERS[tokenizer](text)
    )
    return list(split[:MOST_TOKENS])


def _means(vectors: Floats, counted: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The mean of a text's words, and of those without each: (L + 1, D)."""
    own = vectors.astype(np.float64) * counted[:, None]  # (L, D)
    total, count = own.sum(axis=0), int(counted.sum())
    sums = np.concatenate([total[None], total - own])  # (L + 1, D)
    left = np.concatenate([[count], count - counted])  # (L + 1,)
    means: NDArray[np.float64] = sums / np.maximum(left, 1)[:, None]
    return means


def _parts(head: Head, number: int, vectors: Floats, length: int) -> list[Floats]:
    """What each place of the filters of a width adds at each word, the text filled up to `length`: (length, F) each."""
    weight = head[f"filters.{number}.weight"]  # (F, D, w)
    parts = []
    for offset in range(weight.shape[2]):
        part = np.zeros((length, len(weight)), np.float32)
        part[: len(vectors)] = vectors @ weight[:, :, offset].T
        parts.append(part)
    return parts


def _maxima(head: Head, vectors: Floats, counted: NDArray[np.bool_]) -> Floats:
    """The highest answer of each filter to a text: (3 F,)."""
    length = int(np.flatnonzero(counted)[-1]) + 1 if counted.any() else 0
    found = []
    for number, width in enumerate(WIDTHS):
        parts = _parts(head, number, vectors[:length], max(length, width))
        windows = max(1, length - width + 1)
        answers = sum(part[offset : offset + windows] for offset, part in enumerate(parts))  # (windows, F)
        found.append(np.max(answers, axis=0) + head[f"filters.{number}.bias"])
    return np.concatenate(found)


def _maxima_without(head: Head, vectors: Floats) -> Floats:
    """The highest answer of each filter to a text of L words, at least 1, and to it without each: (L + 1, 3 F)."""
    widths = (
        _without(_parts(head, number, vectors, max(len(vectors), width + 1)), len(vectors))
        + head[f"filters.{number}.bias"]
        for number, width in enumerate(WIDTHS)
    )
    return np.concatenate([*widths], axis=1)


def _without(parts: list[Floats], length: int) -> Floats:
    """For filters of one width w, the highest answer to a text of L words and to it without each: (L + 1, F).

    Most windows of a text stay as they are when a word goes: those before it, those after it. Only the w - 1
    that close over the gap are new, so that this costs hardly more than asking once.
    """
    width, filled = len(parts), len(parts[0])
    answers: Floats = np.sum(
        [part[offset : filled - width + 1 + offset] for offset, part in enumerate(parts)], axis=0, dtype=np.float32
    )  # (filled - w + 1, F), of the whole text
    windows, fewer = max(1, length - width + 1), max(1, length - width)  # of the text, and with a word less
    best = np.full((length + 1, answers.shape[1]), -np.inf, np.float32)  # (L + 1, F)
    best[0] = answers[:windows].max(axis=0)
    before = np.maximum.accumulate(answers, axis=0)
    after = np.maximum.accumulate(answers[fewer::-1], axis=0)[::-1]  # of the windows up to `fewer`, which slides down
    gone = np.arange(length)  # (L,)
    early = gone[gone >= width]  # windows 0 to p - w end before the word
    best[early + 1] = before[early - width]
    late = gone[gone < fewer]  # windows p + 1 to `fewer` begin after it
    best[late + 1] = np.maximum(best[late + 1], after[late + 1])
    for inside in range(1, width):  # words of a window before the gap
        place = gone[(gone >= inside) & (gone - inside < fewer)]
        closed = sum(
            (parts[offset][place - inside + offset + (offset >= inside)] for offset in range(width)),
            start=np.zeros((len(place), answers.shape[1]), np.float32),
        )  # (n, F)
        best[place + 1] = np.maximum(best[place + 1], closed)
    return best
