"""What all file formats share: what a format is, what writing and reading tell, and going through a set in parts.

Here belongs nothing of any one format.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from embedcore.vectors import Float32s, WordVectors

CHUNK_NUMBERS = 2_000_000  # numbers written at a time

Progress = Callable[[float], None]  # is told the share that is done, from 0 to 1


def untold(share: float) -> None:
    """The progress that nobody wants to know."""


@dataclass
class Written:
    """What an export did."""

    rows: int = 0  # vectors written
    renamed: dict[str, str] = field(default_factory=dict)  # tokens that had white space, and how they were written
    left_out: list[str] = field(default_factory=list)  # tokens not written: empty, repeated, or taken when renamed
    notes: list[str] = field(default_factory=list)  # whole sentences on what else is not in the file

    def __str__(self) -> str:
        sentences = [f"{_counted(self.rows, 'vector')} written."]
        if self.renamed:
            hold = "holds white space and was" if len(self.renamed) == 1 else "hold white space and were"
            sentences.append(f"{_counted(len(self.renamed), 'token')} {hold} written with “_” instead.")
        if self.left_out:
            were = "was" if len(self.left_out) == 1 else "were"
            sentences.append(
                f"{_counted(len(self.left_out), 'token')} {were} left out: "
                "empty, repeated, or the same as another with “_”."
            )
        return " ".join([*sentences, *self.notes])


@dataclass
class Read:
    """What an import found."""

    format: str  # a key of FORMATS
    rows: int = 0  # vectors read
    skipped: dict[str, int] = field(default_factory=dict)  # why rows were not read, and how many
    notes: list[str] = field(default_factory=list)  # whole sentences on what else was not as it should be

    def __str__(self) -> str:
        sentences = [f"{_counted(self.rows, 'vector')} read."]
        if self.skipped:
            reasons = ", ".join(f"{reason} ({count:,})" for reason, count in self.skipped.items())
            skipped = sum(self.skipped.values())
            sentences.append(f"{_counted(skipped, 'row')} {'was' if skipped == 1 else 'were'} skipped: {reasons}.")
        return " ".join([*sentences, *self.notes])


@dataclass(frozen=True)
class Format:
    """A file format."""

    label: str  # what people call it
    extension: str  # the end of its file names
    mime: str
    about: str  # one sentence on who reads it
    writer: Callable[[WordVectors, Path, Progress], Written]  # raises OSError
    apart: Callable[[WordVectors, Path], Written] | None = None  # the same, for a process that must not import torch


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


Changes = dict[int, "str | None"]  # by row: the token as it is written, or None if it is left out


def plan(vectors: WordVectors, forbidden: re.Pattern[str]) -> tuple[Written, Changes]:
    """What will be written where a token can be neither empty nor repeated, nor hold what is `forbidden`.

    What is forbidden becomes `_`; a token that would then be another's is left out.
    """
    written = Written()
    changes: Changes = dict.fromkeys(vectors.tokens.repeated().tolist())
    written.left_out = [vectors.tokens[row] for row in changes]
    taken: set[str] = set()
    for row, token in enumerate(vectors.tokens):
        if row in changes or (token and not forbidden.search(token)):
            continue
        renamed = forbidden.sub("_", token)
        if not token or renamed in taken or renamed in vectors.tokens:
            changes[row] = None
            written.left_out.append(token)
        else:
            changes[row] = written.renamed[token] = renamed
            taken.add(renamed)
    written.rows = len(vectors) - len(written.left_out)
    return written, changes


def parts(
    vectors: WordVectors, changes: Changes, on_progress: Progress = untold
) -> Iterator[tuple[list[str], Float32s]]:
    """The n tokens as they are written, and their matrix (n, D), of one part of a set after the other.

    `on_progress` is told the share that was written after each.
    """
    size = max(1, CHUNK_NUMBERS // vectors.dim)
    changed = np.sort(np.fromiter(changes, dtype=np.int64, count=len(changes)))  # (C,)
    for start in range(0, len(vectors), size):
        tokens, matrix = vectors.tokens[start : start + size], vectors.matrix[start : start + size]
        here = changed[np.searchsorted(changed, start) : np.searchsorted(changed, start + len(tokens))].tolist()
        if here:
            keep = np.ones(len(tokens), dtype=bool)
            for row in here:
                tokens[row - start] = changes[row] or ""
                keep[row - start] = changes[row] is not None
            tokens = [token for token, kept in zip(tokens, keep.tolist(), strict=True) if kept]
            matrix = matrix[keep]
        yield tokens, matrix
        on_progress(min(1.0, (start + size) / len(vectors)))
