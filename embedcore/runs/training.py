"""The job "train": from the text in a run's folder to vectors in it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from embedcore.errors import TrainingProblem
from embedcore.runs.folder import RunFolder
from embedcore.runs.frames import FrameWriter
from embedcore.settings import Settings
from embedcore.storage import remove_leftovers
from embedcore.text import tokenize
from embedcore.training import TrainConfig

if TYPE_CHECKING:
    from embedcore.training import Progress, Trainer

_SAVING_SHARE = 0.05  # of the time may go into checkpoints
_FEWEST_SECONDS = 1.0  # between two checkpoints


def run_training(folder: RunFolder, settings: Settings) -> dict[str, Any]:
    """Train on the folder's text until done or asked to stop; returns what run.json's result says.

    Where there is a checkpoint, training goes on from it, to the same end. Raises what Trainer
    raises; the last good weights are in the last checkpoint then too.
    """
    from embedcore.training import Trainer

    asked = dict(folder.run.config)
    watched = asked.pop("watch", [])  # words; no setting of the training
    config = TrainConfig.from_json(asked)
    config.check(settings)
    trainer = Trainer(tokenize(folder.text(), config.tokenizer), config)
    _resume(folder, trainer)
    folder.write_vocab(trainer.vocab.itos, trainer.vocab.counts)
    checkpoints = _Checkpoints(folder, trainer, settings.checkpoint_seconds)
    checkpoints.save()
    frames = FrameWriter(folder, trainer.vocab, config.dim, watched, share=trainer.share)
    weight = trainer.embedding.weight.detach().numpy()  # (V, D), the memory that is trained
    frames.add(trainer.share, weight)

    metrics = _Metrics(folder)

    def on_progress(progress: Progress) -> None:
        metrics.add(progress)
        checkpoints.save_if_due()
        frames.add(progress.share, weight)

    try:
        outcome = trainer.run(on_progress=on_progress, should_stop=folder.should_stop)
    finally:
        checkpoints.save()
        frames.add(trainer.share, weight, last=True)
    last = folder.last_metric() or {}
    return {
        "stopped": outcome == "stopped",
        "vocab_size": len(trainer.vocab),
        "dim": trainer.config.dim,
        "tokens": last.get("tokens", 0),
        "seconds": last.get("seconds", 0.0),
        "loss": last.get("loss"),
        "share": trainer.share,
    }


def _resume(folder: RunFolder, trainer: Trainer) -> None:
    """Bring the trainer and the folder to where the newest checkpoint was made, if there is one."""
    remove_leftovers(folder.path, older_than_hours=0)  # of a worker that was killed
    remove_leftovers(folder.path / "checkpoints", older_than_hours=0)
    state, vocab = folder.checkpoint(), folder.vocab()
    if state is not None:
        if vocab is None or vocab[0] != trainer.vocab.itos:
            raise TrainingProblem(
                "This run was begun by a version that split its text into other words, "
                "so that it cannot go on from its checkpoint. Run it again."
            )
        trainer.restore({name: np.array(array) for name, array in state.items()})  # torch warns of read-only ones
    folder.drop_metrics_after(trainer.share)


class _Metrics:
    """Writes down progress, the more rarely the longer a run goes on, so that its page stays quick to draw.

    Four times a second in the first minute, every 15 seconds after an hour: a day makes some
    2,000 lines. A line's loss is the mean over all pairs since the line before.
    """

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._written = float("-inf")  # seconds of training at the last line
        self._loss, self._pairs = 0.0, 0

    def add(self, progress: Progress) -> None:
        if progress.loss is not None:
            self._loss += progress.loss * progress.pairs
            self._pairs += progress.pairs
        if progress.share < 1 and progress.seconds > 60 and progress.seconds - self._written < progress.seconds / 240:
            return
        mean = self._loss / self._pairs if self._pairs else None
        self._folder.append_metric({**progress.to_json(), "loss": mean, "pairs": self._pairs})
        self._written, self._loss, self._pairs = progress.seconds, 0.0, 0


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
