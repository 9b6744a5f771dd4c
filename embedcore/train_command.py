"""The command `train`: text files in, a vector set out, with a progress bar and a safe Ctrl-C.

Here belongs what only the command line needs of training. The training itself is in `training`,
reading the files in `text_files`, what is kept of a training that was stopped in `resuming`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from embedcore.errors import EmbedcoreError, StorageProblem, TrainingProblem
from embedcore.interrupts import interruptible, stop_signals
from embedcore.library import VectorsInfo, check_free, free_name, open_vectors, save_vectors
from embedcore.settings import load
from embedcore.text_files import as_found, read_files, shown
from embedcore.training import Progress, TrainConfig
from embedcore.training.hogwild import Crew, check_processes, too_many
from embedcore.training.initial import FirstWeight, check_pretrained

if TYPE_CHECKING:
    from embedcore.resuming import Place
    from embedcore.runs.checkpoints import Saver
    from embedcore.training import Trainer
    from embedcore.vectors import WordVectors

JOIN_LINES = {"auto": None, "yes": True, "no": False}
_OPTIONS = (
    "objective", "dim", "window", "negative", "min_count", "sample", "epochs", "lr", "seed", "tokenizer",
    "pretrained", "freeze",
)  # fmt: skip


def train(args: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    """Learn vectors from text files and keep them as a set."""
    check_processes(args.processes)
    args.name = check_free(args.name, overwrite=True)  # that it can be a name; whether it is free is asked below
    start_from = open_vectors(args.pretrained) if args.pretrained is not None else None
    config = _config(args, start_from)
    config.check()  # before torch is imported and the text is read
    if start_from is not None:
        check_pretrained(start_from, config.dim, args.pretrained)

    from embedcore.resuming import place_for

    with place_for(args.name, load()) as place, _crew(args.processes) as crew:
        about = _stopped_before(args, config, place)
        if about is None:
            check_free(args.name, overwrite=args.overwrite)
            about = _begin(args, config, place)
        trainer = _trainer(config, start_from, place, crew)
        place.about = about  # from here on it can be gone on with
        with stop_signals() as should_stop:
            try:
                result, problem = _run(trainer, should_stop, place)
                result["read_seconds"] = about["read_seconds"]
                info = _keep(args, trainer, result, about)
            except KeyboardInterrupt:
                raise KeyboardInterrupt("Interrupted; with --resume it goes on from what was last saved.") from None
        if result["status"] == "stopped":
            place.about = {**about, "set": info.name}
        else:
            place.clear()
    if problem:
        raise TrainingProblem(f"{problem} They are the set “{info.name}”.")
    return {"name": info.name, **result}, _lines(args, info, result)


def _lines(args: argparse.Namespace, info: VectorsInfo, result: dict[str, Any]) -> list[str]:
    """What people are told at the end."""
    stopped = result["status"] == "stopped"
    kept = "Stopped; what was learned so far is kept" if stopped else "Kept"
    lines = [f"{kept} as “{info.name}”: {info.rows:,} words x {info.dim}."]
    if args.pretrained is not None:
        lines.append(f"{result['words_from_set']:,} of them started from “{args.pretrained}”.")
    if stopped:
        lines.append("The same command with --resume goes on to the end.")
    return lines


def _config(args: argparse.Namespace, start_from: WordVectors | None) -> TrainConfig:
    """The settings asked for; the dimensions are those of the set to start from, unless others were given."""
    options = {option: getattr(args, option) for option in _OPTIONS}
    if options["dim"] is None:
        options["dim"] = TrainConfig.dim if start_from is None else start_from.dim
    return TrainConfig(**options)


def _asked(args: argparse.Namespace, config: TrainConfig) -> dict[str, Any]:
    """All that decides what is learned; how many processes do it is free to change."""
    reading = {name: getattr(args, name) for name in ("encoding", "column", "join_lines")}
    return {**config.to_json(), **reading, "files": as_found(args.files)}


def _stopped_before(args: argparse.Namespace, config: TrainConfig, place: Place) -> dict[str, Any] | None:
    """What is known of the training to go on with; None if this one begins.

    Raises TrainingProblem if there is one, and nobody said what should become of it, or if it
    was begun with something else.
    """
    about = place.about
    if about is None:
        if args.resume:
            print(f"No training of “{args.name}” was stopped, so this one begins.", file=sys.stderr)
        return None
    if not args.resume:
        if args.overwrite:
            return None
        raise TrainingProblem(
            f"A training of “{args.name}” was stopped before its end. "
            "Add --resume to go on with it, or --overwrite to begin anew."
        )
    asked = _asked(args, config)
    for name, before in about["asked"].items():
        if name == "files" and before != asked[name]:
            raise TrainingProblem(
                f"The files are others than “{args.name}” was begun with, or have changed since. "
                "Leave out --resume and add --overwrite to begin anew."
            )
        if before != asked[name]:
            raise TrainingProblem(
                f"“{args.name}” was begun with {name} {before}, not {asked[name]}. "
                "Go on with the same settings, or with --overwrite instead of --resume begin anew."
            )
    return about


def _begin(args: argparse.Namespace, config: TrainConfig, place: Place) -> dict[str, Any]:
    """Read the files into the corpus of `place`; what is to be known of this training."""
    from embedcore.documents import Choices
    from embedcore.resuming import new_id
    from embedcore.training.encode import encode

    place.clear()
    asked = _asked(args, config)
    choices = Choices(args.encoding, args.column, JOIN_LINES[args.join_lines])
    began = time.perf_counter()
    with interruptible() as interrupted, closing(read_files(args.files, choices)) as blocks:
        encode(
            blocks, place.corpus, tokenizer=config.tokenizer, min_count=config.min_count,
            processes=args.processes, should_stop=interrupted,
        )  # fmt: skip
    return {"asked": asked, "begun": new_id(), "set": None, "read_seconds": time.perf_counter() - began}


@contextmanager
def _crew(processes: int) -> Iterator[int | Crew]:
    """The processes that train, started at once, so that they are ready when the text is read; 1 for this one alone."""
    if processes == 1:
        yield 1
        return
    if said := too_many(processes):
        print(said, file=sys.stderr)
    crew = Crew(processes)
    try:
        yield crew
    finally:
        crew.dismiss()


def _trainer(config: TrainConfig, start_from: WordVectors | None, place: Place, crew: int | Crew) -> Trainer:
    """The trainer of what was read, at the place it had reached."""
    from embedcore.training import Trainer
    from embedcore.training.encode import open_corpus

    state = place.state()
    first: WordVectors | FirstWeight | None = start_from
    if state is not None and "from_set" in state:  # the set may have been replaced since
        first = FirstWeight(state["weight"], state["from_set"])
    trainer = Trainer(open_corpus(place.corpus), config, start_from=first, processes=crew)
    if state is not None:
        trainer.restore(state)
    return trainer


def _run(
    trainer: Trainer, should_stop: Callable[[], bool], place: Place
) -> tuple[dict[str, Any], TrainingProblem | None]:
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
        saver.save_if_due()

    saver = _saver(trainer, place)
    total = trainer.tokens * trainer.config.epochs
    begun_at = round(trainer.share * total)
    with tqdm(
        total=total, initial=begun_at, unit=" words", unit_scale=True, desc="Training", file=sys.stderr, mininterval=0.2
    ) as bar:
        try:
            status = trainer.run(on_progress=on_progress, should_stop=should_stop)
        except TrainingProblem as error:
            status, problem = "failed", error  # what was good is kept all the same
        if status == "stopped":
            saver.save()
    tokens, seconds = (last.tokens, last.seconds) if last else (begun_at, float(trainer.state()["seconds"]))
    return {
        "vocab_size": len(trainer.vocab),
        "tokens": tokens,
        "seconds": seconds,
        "words_per_second": tokens / seconds if seconds else 0.0,
        "loss": loss,
        "status": status,
        "pretrained": trainer.config.pretrained,
        "freeze": trainer.config.freeze,
        "words_from_set": 0 if trainer.from_set is None else int(trainer.from_set.sum()),
    }, problem


def _saver(trainer: Trainer, place: Place) -> Saver:
    """Saves what is needed to go on; that the disk does not take it is said once, and does not end the training."""
    from tqdm import tqdm

    from embedcore.runs.checkpoints import Saver

    said = False

    def save() -> None:
        nonlocal said
        try:
            place.save({**trainer.state(), **({} if trainer.from_set is None else {"from_set": trainer.from_set})})
        except StorageProblem as error:
            if not said:
                tqdm.write(f"{error} The training goes on.", file=sys.stderr)
            said = True

    return Saver(save)


def _keep(args: argparse.Namespace, trainer: Trainer, result: dict[str, Any], about: dict[str, Any]) -> VectorsInfo:
    """Keep what was learned, in the place of what was kept when this training was stopped.

    Without that, under the next free name if the one asked for was taken meanwhile.
    """
    own = about["set"] if _is_of(about["set"], about["begun"]) else None
    return save_vectors(
        own or (args.name if args.overwrite else free_name(args.name)),
        trainer.word_vectors(),
        source=f"trained on {', '.join(map(shown, args.files))}",
        meta={"training": {**result, "begun": about["begun"], "config": trainer.config.to_json()}},
        overwrite=args.overwrite or own is not None,
    )


def _is_of(name: str | None, begun: str) -> bool:
    """Whether a set is there that was kept of the training with that id."""
    try:
        return name is not None and open_vectors(name).meta.get("training", {}).get("begun") == begun
    except EmbedcoreError:
        return False
