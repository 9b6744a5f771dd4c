"""Texts to begin with: the tutorial's sentence, and an English and a Korean text of ours.

`english.txt` and `korean.txt` hold a few hundred short sentences about a handful of subjects,
so that after training the words of one subject can be seen to have moved together.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_FOLDER = Path(__file__).parent
TUTORIAL_SENTENCE = "you need to know how to code"


@dataclass(frozen=True)
class Sample:
    """A text that the Train page offers."""

    title: str  # what a run on it is called
    about: str  # one sentence: what there is to see in it
    file: str | None = None  # None: the text is the tutorial's sentence

    @property
    def text(self) -> str:
        """The text itself."""
        return (_FOLDER / self.file).read_text(encoding="utf-8") if self.file else TUTORIAL_SENTENCE


SAMPLES = {
    "Tutorial": Sample(
        "The tutorial’s sentence",
        "Seven words: small enough to see every number, too small to learn what words mean.",
    ),
    "English": Sample(
        "English sample",
        "Short sentences about a handful of subjects; watch the words of one subject find each other.",
        "english.txt",
    ),
    "Korean": Sample(
        "Korean sample",
        "Short Korean sentences about a handful of subjects. Words are split at spaces here, endings included.",
        "korean.txt",
    ),
}
