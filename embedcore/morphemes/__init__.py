"""Korean text as morphemes: the dictionary words in it, without particles and endings.

The analyser is Kiwi (Lee Min-chul, 2024: “Kiwi: Developing a Korean morphological analyzer based on
statistical language models and skip-bigram”), by the package kiwipiepy. It takes some 500 MB and two
seconds to load, so it never loads here but in a process of its own, `python -m embedcore.morphemes`;
see `process`. What counts as a token is told in `rules`.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Iterator
from functools import lru_cache

from embedcore.errors import TextProblem
from embedcore.morphemes.process import Analyser

_BATCH_LINES, _BATCH_CHARACTERS = 500, 16_384  # sent to the process at a time
_SHORT = 1_000  # characters of a line that is remembered
_analyser = Analyser()


def problem() -> str | None:
    """Why there are no morphemes here, in a sentence; None if there are."""
    if importlib.util.find_spec("kiwipiepy") is None:
        return "Korean morphemes need the package kiwipiepy, which is not installed here."
    return None


def tokens(lines: Iterable[str]) -> Iterator[list[str]]:
    """The tokens of each line, in order; an empty list for a line without any.

    Lines go to the process in batches, so a generator is read only some lines ahead. Raises
    TextProblem if kiwipiepy is missing or its process ends twice in a row.
    """
    if sentence := problem():
        raise TextProblem(sentence)
    batch: list[str] = []
    size = 0
    for line in lines:
        batch.append(line)
        size += len(line)
        if len(batch) >= _BATCH_LINES or size >= _BATCH_CHARACTERS:
            yield from _analyser.analyse(batch)
            batch, size = [], 0
    if batch:
        yield from _analyser.analyse(batch)


def tokenize(sentence: str) -> list[str]:
    """The tokens of one sentence; a short one is remembered. Raises TextProblem as `tokens`."""
    return list(_remembered(sentence)) if len(sentence) <= _SHORT else next(tokens([sentence]))


@lru_cache(maxsize=4096)
def _remembered(sentence: str) -> tuple[str, ...]:
    return tuple(next(tokens([sentence])))
