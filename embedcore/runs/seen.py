"""Whether a vector set that was trained here has seen an experiment's test texts.

Here belongs following a set to the text of the run that it was kept from. What leaks between the parts of an
experiment is found in `transfer.problems`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress

from embedcore.errors import EmbedcoreError
from embedcore.runs import experiments
from embedcore.runs.folder import RunFolder
from embedcore.runs.record import TRANSFER
from embedcore.settings import Settings
from embedcore.text import tokenize_words
from embedcore.transfer.labelled import LabelledTexts
from embedcore.transfer.splitting import Split
from embedcore.vectors import WordVectors

MOST_SECONDS = 3.0  # spent on looking


def note_of(vectors: WordVectors, data: LabelledTexts, split: Split, settings: Settings) -> str | None:
    """A sentence on how many test texts stand in the text that `vectors` were trained on; None if none was found.

    A line of that text is a test text where both have the same words, whatever their case and
    punctuation. A set from elsewhere, or from a run that is gone, says nothing, nor does what MOST_SECONDS
    do not reach.
    """
    wanted = {" ".join(tokenize_words(data.texts[place])) for place in split.test.tolist()} - {""}
    found: set[str] = set()
    until, whole = time.monotonic() + MOST_SECONDS, True
    with suppress(EmbedcoreError, OSError, ValueError):  # a run that was deleted, or whose text cannot be read
        for line in _lines(str(vectors.meta.get("run") or ""), settings):
            key = " ".join(tokenize_words(line))
            if key in wanted:
                found.add(key)
            if time.monotonic() > until:
                whole = False
                break
    count = sum(" ".join(tokenize_words(data.texts[place])) in found for place in split.test.tolist())
    if not count:
        return None
    least, stand = "" if whole else "At least ", "stands" if count == 1 else "stand"
    return (
        f"{least}{count:,} of the {len(split.test):,} test texts also {stand} in the text that "
        f"“{vectors.name}” was trained on. Vectors that have seen a text are no fair start for judging it: "
        "frozen and tuned may come out too high."
    )


def _lines(run_id: str, settings: Settings) -> Iterator[str]:
    """The lines of a run's text; of an experiment, the texts that it learned from or stopped by."""
    if not run_id:
        return
    folder = RunFolder(settings.runs_dir, run_id)
    if folder.run.kind == TRANSFER:
        texts = experiments.texts_of(folder)
        split = experiments.config_of(folder.run).split.split(texts)
        yield from (texts.texts[place] for part in (split.train, split.validation) for place in part.tolist())
        return
    for block in folder.text_blocks():
        yield from block.splitlines()
