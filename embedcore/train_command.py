"""The command `train`: text files in, a vector set out, with a progress bar and a safe Ctrl-C.

Here belongs what only the command line needs of training. The training itself is in `training`.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embedcore.errors import TextProblem, TrainingProblem
from embedcore.library import VectorsInfo, check_free, free_name, save_vectors
from embedcore.storage import os_errors, printable
from embedcore.text import tokenize
from embedcore.training import Progress, TrainConfig

if TYPE_CHECKING:
    from embedcore.training import Trainer

_OPTIONS = ("objective", "dim", "window", "negative", "min_count", "sample", "epochs", "lr", "seed", "tokenizer")
_READ_BYTES = 1 << 20  # of a text at a time; always whole lines


def train(args: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    """Learn vectors from text files and keep them as a set."""
    if args.processes != 1:
        raise TrainingProblem(f"Training uses one process for now, so --processes should be 1, not {args.processes}.")
    check_free(args.name, overwrite=args.overwrite)
    config = TrainConfig(**{option: getattr(args, option) for option in _OPTIONS})
    config.check()  # before torch is imported and the text is read

    from embedcore.training import Trainer

    trainer = Trainer((sentence for file in args.files for sentence in read_sentences(file, args.tokenizer)), config)
    with _stop_signals() as should_stop:
        result, problem = _run(trainer, should_stop)
        info = _keep(args, trainer, result)
    if problem:
        raise TrainingProblem(f"{problem} They are the set “{info.name}”.")
    kept = "Stopped; what was learned so far is kept" if result["status"] == "stopped" else "Kept"
    return {"name": info.name, **result}, [f"{kept} as “{info.name}”: {info.rows:,} words x {info.dim}."]


def read_sentences(file: str, tokenizer: str) -> Iterator[list[str]]:
    """The sentences of a UTF-8 file as token lists, read bit by bit; "-" is standard input.

    Raises TextProblem, naming the place, for bytes that are no UTF-8.
    """
    shown = "standard input" if file == "-" else printable(file, 200)
    with os_errors(f"read {shown}"), nullcontext(sys.stdin.buffer) if file == "-" else Path(file).open("rb") as stream:
        position, lines = 0, 0
        while block := b"".join(stream.readlines(_READ_BYTES)):
            try:
                text = block.decode("utf-8")
            except UnicodeDecodeError as error:
                line = lines + block.count(b"\n", 0, error.start) + 1
                raise TextProblem(
                    f"{shown} is not UTF-8 text: byte {position + error.start:,}, in line {line:,}, "
                    "cannot be read. Save it as UTF-8 and try again."
                ) from None
            # A byte order mark, as Windows writes it, is no part of the first word.
            yield from tokenize(text if position else text.removeprefix("\ufeff"), tokenizer)
            position, lines = position + len(block), lines + block.count(b"\n")


def _run(trainer: Trainer, should_stop: Callable[[], bool]) -> tuple[dict[str, Any], TrainingProblem | None]:
    """Train under a progress bar: the figures that are reported, and what went wrong, if anything did."""
    from tqdm import tqdm

    last: Progress | None = None
    loss: float | None = None
    problem: TrainingProblem | None = None

    def on_progress(progress: Progress) -> None:
        nonlocal last, loss
        last, loss = progress, loss if progress.loss is None else progress.loss
        bar.set_postfix_str("" if loss is None else f"loss {loss:.4f}", refresh=False)
        bar.update(progress.tokens - bar.n)

    total = trainer.tokens * trainer.config.epochs
    with tqdm(total=total, unit=" words", unit_scale=True, desc="Training", file=sys.stderr, mininterval=0.2) as bar:
        try:
            status = trainer.run(on_progress=on_progress, should_stop=should_stop)
        except TrainingProblem as error:
            status, problem = "failed", error  # what was good is kept all the same
    tokens, seconds = (last.tokens, last.seconds) if last else (0, 0.0)
    return {
        "vocab_size": len(trainer.vocab),
        "tokens": tokens,
        "seconds": seconds,
        "words_per_second": tokens / seconds if seconds else 0.0,
        "loss": loss,
        "status": status,
    }, problem


def _keep(args: argparse.Namespace, trainer: Trainer, result: dict[str, Any]) -> VectorsInfo:
    """Keep what was learned; under the next free name if the one asked for was taken meanwhile."""
    files = ", ".join("standard input" if file == "-" else printable(Path(file).name) for file in args.files)
    return save_vectors(
        args.name if args.overwrite else free_name(args.name),
        trainer.word_vectors(),
        source=f"trained on {files}",
        meta={"training": {**result, "config": trainer.config.to_json()}},
        overwrite=args.overwrite,
    )


@contextmanager
def _stop_signals() -> Iterator[Callable[[], bool]]:
    """Ctrl-C or a polite kill sets a flag that the block can ask for; a second one ends at once."""
    asked = False

    def stop(number: int, frame: object) -> None:
        nonlocal asked
        asked = True
        signal.signal(number, before[number])

    before: dict[int, Any] = {}
    try:
        for number in map(int, (signal.SIGINT, signal.SIGTERM)):
            before[number] = signal.signal(number, stop) or signal.SIG_DFL
    except ValueError:  # not in the main thread, which alone hears signals
        pass
    try:
        yield lambda: asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
