"""The job "train": from the text in a run's folder to vectors in it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from embedcore.runs.folder import RunFolder
from embedcore.settings import Settings
from embedcore.text import tokenize
from embedcore.training import TrainConfig

if TYPE_CHECKING:
    from embedcore.training import Progress, Trainer

_SAVING_SHARE = 0.05  # of the time may go into checkpoints
_FEWEST_SECONDS = 1.0  # between two checkpoints


def run_training(folder: RunFolder, settings: Settings) -> dict[str, Any]:
    """Train on the folder's text until done or asked to stop; returns what run.json's result says.

    Raises what Trainer raises; the last good weights are in the last checkpoint then too.
    """
    from embedcore.training import Trainer

    config = TrainConfig.from_json(folder.run.config)
    config.check(settings)
    trainer = Trainer(tokenize(folder.text(), config.tokenizer), config)
    folder.write_vocab(trainer.vocab.itos, trainer.vocab.counts)
    checkpoints = _Checkpoints(folder, trainer, settings.checkpoint_seconds)
    checkpoints.save()

    last: Progress | None = None

    def on_progress(progress: Progress) -> None:
        nonlocal last
        last = progress
        folder.append_metric(progress.to_json())
        checkpoints.save_if_due()

    try:
        outcome = trainer.run(on_progress=on_progress, should_stop=folder.should_stop)
    finally:
        checkpoints.save()
    return {
        "stopped": outcome == "stopped",
        "vocab_size": len(trainer.vocab),
        "dim": trainer.config.dim,
        "tokens": last.tokens if last else 0,
        "seconds": last.seconds if last else 0.0,
        "loss": last.loss if last else None,
        "share": last.share if last else 0.0,
    }


class _Checkpoints:
    """Saves a trainer's state often enough to be watched, and rarely enough not to slow it down."""

    def __init__(self, folder: RunFolder, trainer: Trainer, most_seconds: float) -> None:
        self._folder = folder
        self._trainer = trainer
        self._most_seconds = most_seconds
        self._due = 0.0

    def save(self) -> None:
        begin = time.monotonic()
        self._folder.save_checkpoint(self._trainer.state())
        end = time.monotonic()
        pause = max(_FEWEST_SECONDS, (end - begin) / _SAVING_SHARE)
        self._due = end + min(pause, max(self._most_seconds, _FEWEST_SECONDS))

    def save_if_due(self) -> None:
        if time.monotonic() >= self._due:
            self.save()
