"""The one tree of errors: what a user may be told when something cannot be done.

Every error here carries one sentence in plain words, safe to show in a page or on a
terminal. Errors that no user can do anything about stay ordinary Python exceptions.
"""

from __future__ import annotations

from collections.abc import Sequence


class EmbedcoreError(Exception):
    """Base of all errors that a user may be shown; `str(error)` is the sentence."""


class BadSetting(EmbedcoreError):
    """A setting is outside its bounds; the sentence names the bound and the value."""


class BadName(EmbedcoreError):
    """A name that cannot be used for a vector set or a run."""


class TextProblem(EmbedcoreError):
    """A text that cannot be used: empty, too long, or with nothing to learn from."""


class TrainingProblem(EmbedcoreError):
    """Training could not start or go on, for example because weights overflowed."""


class StorageProblem(EmbedcoreError):
    """Reading or writing failed: a full disk, a missing permission, a damaged file."""


class BadVectors(EmbedcoreError):
    """Vectors that cannot be used as asked: a wrong shape, nothing in them, no direction."""


class BadExpression(EmbedcoreError):
    """Arithmetic with words, or a list of pairs, that cannot be read.

    `text[start:end]` is where; `unfinished` if it may be right once more of it is typed.
    """

    def __init__(
        self, sentence: str, text: str = "", start: int = 0, end: int | None = None, *, unfinished: bool = False
    ) -> None:
        self.text = text
        self.unfinished = unfinished
        self.start = start
        self.end = len(text) if end is None else end
        super().__init__(sentence)


class UnknownRun(EmbedcoreError):
    """A run that does not exist here."""

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        super().__init__(f"There is no run “{run_id}” here. It may have been deleted.")


class RunProblem(EmbedcoreError):
    """What was asked of a run does not fit the state that it is in."""


class DownloadProblem(EmbedcoreError):
    """A file could not be fetched, or its address is none that may be fetched."""


class UnknownVectors(EmbedcoreError):
    """A vector set that is not in the library."""

    def __init__(self, name: str, known: Sequence[str] = ()) -> None:
        self.name = name
        self.known = tuple(known)
        here = f" Here are: {', '.join(known)}." if known else ""
        super().__init__(f"There is no vector set “{name}” here.{here}")


class UnknownWord(EmbedcoreError, KeyError):
    """A word that has no row in a vector set; `near` holds similar spellings."""

    def __init__(self, word: str, set_name: str = "this set", near: Sequence[str] = ()) -> None:
        self.word = word
        self.near = tuple(near)
        hint = f" Near: {', '.join(near)}." if near else ""
        self.sentence = f"“{word}” is not in {set_name}.{hint}"
        super().__init__(self.sentence)

    def __str__(self) -> str:
        return self.sentence  # KeyError would show the repr
