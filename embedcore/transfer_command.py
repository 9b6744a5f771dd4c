"""The command `transfer`: labelled files in; how far each start comes with more and more of them, out.

Here belongs what only the command line needs of the experiment: its arguments, its bar, Ctrl-C, the
table. Reading labelled texts, dividing them and the fits are in `transfer`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embedcore.errors import BadSetting, TextProblem
from embedcore.interrupts import interruptible, stop_signals
from embedcore.library import BUNDLED, open_vectors
from embedcore.storage import os_errors, printable
from embedcore.text import TOKENIZERS
from embedcore.transfer.answers import Point, answer, points
from embedcore.transfer.columns import guess_columns, labelled
from embedcore.transfer.config import MODELS, SCRATCH, STARTS, TransferConfig
from embedcore.transfer.labelled import TEST, TRAIN, LabelledTexts, with_test
from embedcore.transfer.leads import MACRO_F1, MEASURES
from embedcore.transfer.problems import Problem, problems_of_data, problems_of_split, problems_of_words
from embedcore.transfer.records import read_records
from embedcore.transfer.splitting import Split, split_by_parts, split_texts, suggested_shares

if TYPE_CHECKING:
    from embedcore.transfer.coverage import Coverage
    from embedcore.transfer.experiment import Experiment, Progress

Answer = tuple[dict[str, Any], list[str]]

_NAMED = 10  # words that the set lacks, named for people
_MINUTE = 100  # seconds, from which on minutes are told


def transfer_arguments(parser: argparse.ArgumentParser) -> None:
    """What `transfer` takes."""
    default = TransferConfig()
    parser.add_argument(
        "files", nargs="+", metavar="FILE",
        help="labelled texts: .csv, .tsv or .jsonl, or lines of label, tab, text; also as .gz; several count as one",
    )  # fmt: skip
    parser.add_argument(
        "--vectors", metavar="SET", default=BUNDLED,
        help="the set that frozen and tuned start from (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--text-column", metavar="N", help="the column with the texts (default: found out)")
    parser.add_argument("--label-column", metavar="N", help="the column with the labels (default: found out)")
    parser.add_argument("--part-column", metavar="N", help="the column that says train, validation or test")
    parser.add_argument("--test", metavar="FILE", help="the test texts, if they are in a file of their own")
    parser.add_argument("--encoding", help="of the files, such as utf-8 or cp949 (default: found out)")
    parser.add_argument("--tokenizer", choices=TOKENIZERS, default=default.tokenizer, help="default: %(default)s")
    parser.add_argument("--model", choices=MODELS, default=default.model, help="the classifier (default: %(default)s)")
    parser.add_argument(
        "--starts", nargs="+", choices=STARTS, default=list(default.starts), help="which to compare (default: all)"
    )
    parser.add_argument(
        "--sizes", nargs="*", type=int, default=list(default.sizes), metavar="N",
        help=f"training texts to try besides all of them (default: {' '.join(map(str, default.sizes))})",
    )  # fmt: skip
    parser.add_argument(
        "--seeds", type=int, default=default.seeds, metavar="N",
        help="fits of each kind, each with other training texts and first weights (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--seed", type=int, default=default.seed, metavar="N",
        help="of the division, and of the first fit; the same seed gives the same figures (default: %(default)s)",
    )  # fmt: skip


def transfer(args: argparse.Namespace) -> Answer:
    """Whether pre-trained vectors help to tell labelled texts apart."""
    config = _config(args)
    config.check()  # before files are read and torch is imported
    vectors = None if config.pretrained is None else open_vectors(config.pretrained)
    with interruptible():
        data = _read(args)
        _tell(problems_of_data(data))
        split = _divided(data, args)
        _tell(problems_of_split(data, split))

        from embedcore.transfer.experiment import Experiment

        made = Experiment(data, split, config, vectors)
        _tell(problems_of_words(data, made.tokenized))
    status = _run(made)
    if not made.finished:
        raise KeyboardInterrupt("Interrupted before the first fit was finished; there is nothing to show.")
    return _report(made, status)


def _config(args: argparse.Namespace) -> TransferConfig:
    starts = tuple(start for start in STARTS if start in args.starts)
    return TransferConfig(
        model=args.model, starts=starts, pretrained=None if starts == (SCRATCH,) else args.vectors,
        sizes=tuple(args.sizes), seeds=args.seeds, seed=args.seed, tokenizer=args.tokenizer,
    )  # fmt: skip


def _read(args: argparse.Namespace) -> LabelledTexts:
    """All labelled texts, those of `--test` marked as such; says on standard error what was found out."""
    if args.test is not None and args.part_column is not None:
        raise BadSetting("--test and --part-column both say what the test is. Leave one of them out.")
    data = _together([_file(file, args) for file in args.files])
    return data if args.test is None else with_test(data, _file(args.test, args))


def _file(file: str, args: argparse.Namespace) -> LabelledTexts:
    with os_errors(f"read {printable(file, 200)}"):
        records = read_records(Path(file).name, Path(file).read_bytes(), encoding=args.encoding)
    columns = guess_columns(records, text=args.text_column, label=args.label_column, part=args.part_column)
    if args.test is not None:
        columns = replace(columns, part=None)
    data, left_out = labelled(records, columns)
    read = f"text from “{columns.text}”, label from “{columns.label}”"
    parts = f", part from “{columns.part}”" if columns.part else ""
    for note in (*records.notes, *left_out, f"{_counted(len(data), 'text')}, {read}{parts}."):
        print(f"{records.name}: {printable(note, 500)}", file=sys.stderr)
    return data


def _together(found: Sequence[LabelledTexts]) -> LabelledTexts:
    """Several files as one."""
    if len(found) == 1:
        return found[0]
    marked = [data.parts is not None for data in found]
    if any(marked) and not all(marked):
        raise TextProblem(f"{found[marked.index(False)].name} has no column that says the part, but another file has.")
    return LabelledTexts.of(
        [text for data in found for text in data.texts],
        [data.classes[label] for data in found for label in data.labels.tolist()],
        parts=[part for data in found for part in data.parts or ()] if all(marked) else None,
        name=f"{found[0].name} and {len(found) - 1:,} more",
    )


def _divided(data: LabelledTexts, args: argparse.Namespace) -> Split:
    """By the parts where they were asked for, or are there; by a seed otherwise."""
    validation, test = suggested_shares(len(data))
    marked = data.parts is not None and {TRAIN, TEST} <= set(data.parts)
    if marked or args.part_column is not None or args.test is not None:
        return split_by_parts(data, seed=args.seed, validation=validation)
    if data.parts is not None:
        print(f"None of {data.name} is marked “{TEST}” or “{TRAIN}”: divided by a seed.", file=sys.stderr)
    return split_texts(data, seed=args.seed, validation=validation, test=test)


def _tell(problems: Iterable[Problem]) -> None:
    """Say what is wrong; raise TextProblem for what stops an experiment."""
    for problem in problems:
        if problem.stops:
            raise TextProblem(problem.sentence)
        print(problem.sentence, file=sys.stderr)


def _run(made: Experiment) -> str:
    """All fits under a bar, until the end or Ctrl-C: "finished" or "stopped"."""
    from tqdm import tqdm

    from embedcore.transfer.expected import expected_seconds

    split, tasks = made.split, made.tasks()
    seconds = expected_seconds(
        made.config, float(made.tokenized.lengths.mean()), len(split.train), len(split.validation), len(split.test),
        made.vectors.dim if made.vectors else None, len(made.data.classes),
    )  # fmt: skip
    print(
        f"{_counted(len(tasks), 'fit')}, about {_lasting(seconds)}. Ctrl-C shows what there is by then.",
        file=sys.stderr,
    )
    with (
        stop_signals() as should_stop,
        tqdm(
            total=len(tasks), desc="Fitting", file=sys.stderr, mininterval=0.2,
            bar_format="{desc}: {n_fmt}/{total_fmt}|{bar}| {elapsed}{postfix}",
        ) as bar,
    ):  # fmt: skip

        def told(progress: Progress) -> None:
            task = progress.fitted.task
            done = f"{task.start} {task.size:,}: {100 * progress.fitted.accuracy:.1f} %"
            bar.set_postfix_str(f"{_lasting(progress.seconds_left)} left, {done}", refresh=False)
            bar.update()

        return made.run(on_progress=told, should_stop=should_stop)


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _lasting(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < _MINUTE else f"{seconds / 60:.0f} min"


def _report(made: Experiment, status: str) -> Answer:
    """What --json prints, and the lines for people."""
    from embedcore.transfer.coverage import coverage, doubt

    fits, total = list(made.finished.values()), len(made.tasks())
    labels, classes = made.data.labels[made.split.test], len(made.data.classes)
    found, said = points(fits, labels, classes), answer(fits, labels, classes)
    known = None if made.rows is None else coverage(made.tokenized, made.rows)
    parts = {name: len(getattr(made.split, name)) for name in ("train", "validation", "test")}
    result = {
        "points": [asdict(point) for point in found], "answer": list(said.sentences), "helps": said.helps,
        "level_from": said.level_from, "coverage": _coverage(known), "texts": parts, "labels": list(made.data.classes),
        "config": made.config.to_json(), "status": status, "fits": len(fits), "of": total,
    }  # fmt: skip
    if known is not None and (why := doubt(known, str(made.config.pretrained))):
        print(why, file=sys.stderr)
    lines = table(found, uneven=said.measure == MACRO_F1)
    if status == "stopped":
        lines.append(f"Stopped after {len(fits):,} of {total:,} fits.")
    if made.config.starts != (SCRATCH,):
        lines += said.sentences
    if known is not None and made.vectors is not None:
        lines.append(_known(known, str(made.config.pretrained)))
    return result, lines


def table(found: Sequence[Point], *, uneven: bool) -> list[str]:
    """Points as lines of columns: test accuracy in percent for each size and start, the worst and best fit beside it.

    Where labels are `uneven`, macro-F1 follows as a second table.
    """
    starts = [start for start in STARTS if any(point.start == start for point in found)]
    by_place = {(point.start, point.size): point for point in found}
    lines = []
    for measure in MEASURES[: 1 + uneven]:
        what = measure[0].lower() + measure[1:]
        lines.append(f"{'texts':>8}" + "".join(f"  {start:<19}" for start in starts) + f" test {what}, %")
        for size in sorted({point.size for point in found}):
            cells = [_cell(by_place.get((start, size)), measure) for start in starts]
            lines.append(f"{size:>8,}" + "".join(f"  {cell:<19}" for cell in cells))
    return [line.rstrip() for line in lines]


def _cell(point: Point | None, measure: str) -> str:
    if point is None:
        return ""
    mean, low, high = point.of(measure)
    return f"{100 * mean:.1f} ({100 * low:.1f}–{100 * high:.1f})"


def _coverage(known: Coverage | None) -> dict[str, Any] | None:
    return None if known is None else {**asdict(known), "share": known.share, "token_share": known.token_share}


def _known(known: Coverage, name: str) -> str:
    missing = ", ".join(printable(word, 40) for word in known.missing[:_NAMED])
    lacks = f" It lacks {missing}{', …' if known.words - known.known > _NAMED else ''}." if missing else ""
    return (
        f"“{name}” has {known.known:,} of the {known.words:,} different words, "
        f"{100 * known.token_share:.1f} % of all as they stand in the text.{lacks}"
    )
