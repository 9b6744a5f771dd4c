"""Labelled texts to begin with, written for this page: an English set of three labels, a Korean one of two.

Each is a table of tabs such as a visitor may bring, so that it shows the form, too. Some words that
tell the labels apart come back, and many stand in one text alone: few texts cannot teach them all.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from embedcore.transfer.columns import guess_columns, labelled
from embedcore.transfer.labelled import LabelledTexts
from embedcore.transfer.records import Records, read_records

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class LabelledSample:
    """A set of labelled texts that the page offers."""

    title: str  # what an experiment with it is called
    about: str  # one sentence: what is told apart
    file: str

    def records(self) -> Records:
        """Its rows, read as those of a visitor's file."""
        return read_records(self.file, (_FOLDER / self.file).read_bytes())

    def texts(self) -> LabelledTexts:
        """Its texts and labels."""
        records = self.records()
        return labelled(records, guess_columns(records))[0]


LABELLED_SAMPLES = {
    "English": LabelledSample(
        "Letters to the town hall",
        "300 English letters of one sentence: are they about transport, health or housing?",
        "english.tsv",
    ),
    "Korean": LabelledSample(
        "Korean reviews",
        "280 Korean reviews of food, films, rooms and things: are they in praise (긍정) or not (부정)?",
        "korean.tsv",
    ),
}
