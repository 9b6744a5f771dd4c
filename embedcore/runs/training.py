"""The job "train": from the text in a run's folder to vectors in it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import numpy as np

from embedcore.errors import StorageProblem, TrainingProblem
from embedcore.leftovers import remove_leftovers
from embedcore.library import open_vectors
from embedcore.runs import first
from embedcore.runs.checkpoints import Saver
from embedcore.runs.folder import CORPUS, RunFolder
from embedcore.runs.frames import FrameWriter
from embedcore.settings import Settings
from embedcore.training import TrainConfig
from embedcore.training.encode import encode, open_corpus
from embedcore.training.initial import FirstWeight

if TYPE_CHECKING:
    from embedcore.training import Corpus, Progress, Trainer
    from embedcore.vectors import WordVectors

_LARGE_TEXT = 1 << 20  # bytes; a larger one is kept as integers until the run has finished


def run_training(folder: RunFolder, settings: Settings) -> dict[str, Any]:
    """Train on the folder's text until done or asked to stop; returns what run.json's result says.

    Where there is a checkpoint, training goes on from it, to the same end. Stopped before it began,
    nothing is kept. Raises what Trainer raises; the last good weights are in the last checkpoint then too.
    """
    from embedcore.training import Trainer

    asked = dict(folder.run.config)
    watched = asked.pop("watch", [])  # words; no setting of the training
    config = TrainConfig.from_json(asked)
    config.check(settings)
    start_from = _start(folder, config, settings)
    corpus = _read(folder, config)
    if corpus is None:
        return {"stopped": True}
    trainer = Trainer(corpus, config, start_from=start_from)
    if trainer.from_set is not None and not isinstance(start_from, FirstWeight):
        first.keep(folder, FirstWeight(trainer.embedding.weight.detach().numpy(), trainer.from_set))
    _resume(folder, trainer)
    folder.write_vocab(trainer.vocab.itos, trainer.vocab.counts)
    epochs = np.array(trainer.config.epochs)  # more may be asked for when a checkpoint is opened again
    checkpoints = Saver(
        lambda: folder.save_checkpoint({**trainer.state(), "epochs": epochs}), settings.checkpoint_seconds
    )
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
    if outcome == "finished":
        shutil.rmtree(folder.path / CORPUS, ignore_errors=True)
    last = folder.last_metric() or {}
    return {
        "stopped": outcome == "stopped",
        "vocab_size": len(trainer.vocab),
        "dim": trainer.config.dim,
        "tokens": last.get("tokens", 0),
        "seconds": last.get("seconds", 0.0),
        "loss": last.get("loss"),
        "share": trainer.share,
        **({} if trainer.from_set is None else {"words_from_set": int(trainer.from_set.sum())}),
    }


def _read(folder: RunFolder, config: TrainConfig) -> Corpus | None:
    """The text as integers; None if somebody asked to stop before all of it was read."""
    place = folder.path / CORPUS
    if place.is_dir():
        try:
            return open_corpus(place)
        except StorageProblem:
            shutil.rmtree(place, ignore_errors=True)
    return encode(
        folder.text_blocks(),
        place if folder.text_bytes() >= _LARGE_TEXT else None,
        tokenizer=config.tokenizer,
        min_count=config.min_count,
        should_stop=folder.should_stop,
    )


def _start(folder: RunFolder, config: TrainConfig, settings: Settings) -> WordVectors | FirstWeight | None:
    """What the training starts from, if not from random numbers: the set, or what the run kept of it.

    A run that goes on needs the set no more, and would not notice that it was replaced. Raises
    what `open_vectors` raises, and TrainingProblem for a run that lost what it had kept.
    """
    if config.pretrained is None:
        return None
    if not folder.checkpoint_number():
        return open_vectors(config.pretrained, settings)
    kept = first.load(folder)
    if kept is None:
        raise TrainingProblem(
            f"What this run took from “{config.pretrained}” is no longer in its folder, so that it cannot go on. "
            "Run it again."
        )
    return kept


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
        arrays = {name: np.array(array) for name, array in state.items()}  # copies: torch warns of read-only ones
        epochs = arrays.pop("epochs", None)  # the passes that the share is one of; without, those asked for at first
        now = folder.run.share_now(float(arrays["share"]), None if epochs is None else int(epochs))
        trainer.restore({**arrays, "share": np.array(now)})
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
