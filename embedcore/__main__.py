"""The command line: `python -m embedcore …`.

Here belongs turning arguments into calls and results into lines or JSON. What is worked out
is worked out elsewhere. An error is one line on standard error and exit status 2.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NoReturn

from embedcore.download_command import download_arguments, download_set, list_catalog
from embedcore.errors import EmbedcoreError
from embedcore.formats import FORMATS, READABLE, export
from embedcore.import_command import import_set
from embedcore.library import delete_vectors, list_vectors, open_vectors
from embedcore.storage import printable, storage_problem
from embedcore.text import TOKENIZERS
from embedcore.train_command import JOIN_LINES, train
from embedcore.training import OBJECTIVES, TrainConfig
from embedcore.transfer_command import transfer, transfer_arguments
from embedcore.vectors import METHODS, Neighbor, WordVectors

Answer = tuple[dict[str, Any], Sequence[str]]  # what --json prints, and the lines for people


def list_sets(args: argparse.Namespace) -> Answer:
    """The sets in the library."""
    infos = list_vectors()
    lines = [
        f"{info.name:24} {info.rows:>9,} x {info.dim:<5} {info.note or info.licence or ''}".rstrip() for info in infos
    ]
    return {"sets": [asdict(info) for info in infos]}, lines


def export_set(args: argparse.Namespace) -> Answer:
    """Write a set to a file."""
    written = export(open_vectors(args.name), args.format, Path(args.out))
    return {"name": args.name, "out": args.out, "format": args.format, **asdict(written)}, [str(written)]


def delete_set(args: argparse.Namespace) -> Answer:
    """Delete a set."""
    delete_vectors(args.name)
    return {"deleted": args.name}, [f"Deleted {args.name}."]


def similarity(args: argparse.Namespace) -> Answer:
    """The cosine similarity of two words."""
    vectors = open_vectors(args.name)
    a, b = _read_as(vectors, [args.a, args.b])
    value = vectors.similarity(a, b)
    return {"similarity": value, "words": [a, b]}, [f"{value:.4f}"]


def neighbors(args: argparse.Namespace) -> Answer:
    """The words nearest to a word."""
    vectors = open_vectors(args.name)
    (word,) = _read_as(vectors, [args.word])
    found = vectors.most_similar(word, topn=args.k, within=args.within)
    return {"word": word, "neighbors": [neighbor._asdict() for neighbor in found]}, _lines(found)


def analogy(args: argparse.Namespace) -> Answer:
    """A is to B as C is to ?"""
    vectors = open_vectors(args.name)
    a, b, c = _read_as(vectors, [args.a, args.b, args.c])
    (found,) = vectors.analogies([(a, b, c)], topn=args.k, within=args.within, method=args.method)
    answers = [{"word": answer.word, "score": answer.similarity, "row": answer.row} for answer in found]
    return {"words": [a, b, c], "method": args.method, "answers": answers}, _lines(found)


def odd_one_out(args: argparse.Namespace) -> Answer:
    """Which word does not belong to the others."""
    vectors = open_vectors(args.name)
    word = vectors.doesnt_match(_read_as(vectors, args.words))
    return {"word": word}, [word]


def _read_as(vectors: WordVectors, words: Sequence[str]) -> list[str]:
    """The words of the set that `words` mean, or that it builds; says on standard error which are not as given."""
    found = []
    for word in words:
        if built := vectors.built(word):
            print(f"“{printable(word)}” is not in the set; its vector is built from its parts.", file=sys.stderr)
        token = built.word if built else vectors.tokens[vectors.row(word)]
        found.append(token)
        if token != word and not built:
            print(f"“{printable(word)}” was read as “{token}”.", file=sys.stderr)
    return found


def _lines(found: Sequence[Neighbor]) -> list[str]:
    return [f"{neighbor.similarity:7.4f}  {printable(neighbor.word)}" for neighbor in found]


def _set_name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="a vector set, such as glove.6B.50d")


def _export_arguments(parser: argparse.ArgumentParser) -> None:
    _set_name(parser)
    parser.add_argument("--format", required=True, choices=FORMATS, help="the file format")
    parser.add_argument("--out", required=True, metavar="FILE", help="where to write; replaced if it is there")


def _import_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="vectors in one of the formats; text may be packed as .gz or .zip")
    parser.add_argument("--name", required=True, metavar="N", help="what the new set will be called")
    parser.add_argument("--format", choices=READABLE, help="the file format (default: found out from the file)")
    parser.add_argument("--member", metavar="FILE", help="which file of a .zip of several")
    parser.add_argument("--licence", metavar="TEXT", help="what the set may be used for, such as CC BY-SA 3.0")
    parser.add_argument("--overwrite", action="store_true", help="replace a set of this name")


def _similarity_arguments(parser: argparse.ArgumentParser) -> None:
    _set_name(parser)
    parser.add_argument("a", metavar="A")
    parser.add_argument("b", metavar="B")


def _search_arguments(parser: argparse.ArgumentParser, *words: str) -> None:
    _set_name(parser)
    for word in words:
        parser.add_argument(word, metavar=word.upper())
    parser.add_argument("-k", type=_positive, default=10, help="how many words to show (default: %(default)s)")
    parser.add_argument("--within", type=_positive, metavar="N", help="look among the N most frequent words only")


def _analogy_arguments(parser: argparse.ArgumentParser) -> None:
    _search_arguments(parser, "a", "b", "c")
    parser.add_argument(
        "--method", choices=METHODS, default="add", help="3CosAdd adds vectors, 3CosMul multiplies similarities "
        "(default: %(default)s)",
    )  # fmt: skip


def _odd_arguments(parser: argparse.ArgumentParser) -> None:
    _set_name(parser)
    parser.add_argument("words", nargs="+", metavar="WORD", help="at least three words")


def _train_arguments(parser: argparse.ArgumentParser) -> None:
    default = TrainConfig()
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="text, a sentence a line, or a table (.csv, .tsv), also as .gz; - is standard input",
    )
    parser.add_argument("--name", required=True, metavar="N", help="what the new set will be called")
    parser.add_argument("--overwrite", action="store_true", help="replace a set of this name")
    parser.add_argument(
        "--resume", action="store_true", help="go on with the training of this name that was stopped or killed"
    )
    parser.add_argument("--encoding", help="of the files, such as utf-8 or cp949 (default: found out)")
    parser.add_argument("--column", help="of a table, by name, that holds the text (default: found out)")
    parser.add_argument(
        "--join-lines",
        choices=JOIN_LINES,
        default="auto",
        help="join lines into paragraphs; auto: those of hard-wrapped prose (default: %(default)s)",
    )
    labels = "; ".join(f"{name}: {objective.label}" for name, objective in OBJECTIVES.items())
    parser.add_argument(
        "--objective",
        choices=OBJECTIVES,
        default=default.objective,
        help=f"what is learned from ({labels}) (default: %(default)s)",
    )
    parser.add_argument("--tokenizer", choices=TOKENIZERS, default=default.tokenizer, help="default: %(default)s")
    numbers: list[tuple[str, Callable[[str], float], str]] = [
        ("dim", int, "numbers in a vector"),
        ("window", int, "neighbours looked at on either side, at most; for next-word, how many of the last words"),
        ("negative", int, "words drawn at random against each true one; next-word draws none"),
        ("min-count", int, "words seen fewer times are dropped"),
        ("sample", float, "skip words above this share of the text now and then; 0: never, as next-word"),
        ("epochs", int, "passes over the text"),
        ("lr", float, "learning rate at the start"),
        ("seed", int, "the same seed gives the same vectors"),
    ]
    for name, kind, what in numbers:
        value = getattr(default, name.replace("-", "_"))
        shown = "chosen from the text" if value is None else value
        if name == "dim":
            value, shown = None, f"{value}, or that of --pretrained"
        parser.add_argument(f"--{name}", type=kind, default=value, help=f"{what} (default: {shown})")
    parser.add_argument("--pretrained", metavar="SET", help="a vector set whose rows the words start from")
    parser.add_argument("--freeze", action="store_true", help="rows that came from --pretrained do not learn")
    parser.add_argument(
        "--processes",
        type=int,
        default=1,
        metavar="N",
        help="how many read and train at once; only with 1 do the same seed and text give the same vectors "
        "(default: %(default)s)",
    )


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"should be at least 1, but is {number}")
    return number


@dataclass(frozen=True)
class Command:
    """What runs a command, and what adds its arguments."""

    run: Callable[[argparse.Namespace], Answer]
    arguments: Callable[[argparse.ArgumentParser], None]


COMMANDS: dict[str, Command] = {
    "vectors list": Command(list_sets, lambda parser: None),
    "vectors import": Command(import_set, _import_arguments),
    "vectors catalog": Command(list_catalog, lambda parser: None),
    "vectors download": Command(download_set, download_arguments),
    "vectors export": Command(export_set, _export_arguments),
    "vectors delete": Command(delete_set, _set_name),
    "similarity": Command(similarity, _similarity_arguments),
    "neighbors": Command(neighbors, lambda parser: _search_arguments(parser, "word")),
    "analogy": Command(analogy, _analogy_arguments),
    "odd-one-out": Command(odd_one_out, _odd_arguments),
    "train": Command(train, _train_arguments),
    "transfer": Command(transfer, transfer_arguments),
}


class _Parser(argparse.ArgumentParser):
    """Argument errors in one line, like all others."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {' '.join(message.split())} (see --help)\n")


def _parser() -> argparse.ArgumentParser:
    main = _Parser(prog="python -m embedcore", description="Word vectors: keep, compare and train them.")
    groups = {"": main.add_subparsers(metavar="COMMAND", required=True)}
    for name, command in COMMANDS.items():
        group, _, last = name.rpartition(" ")
        if group not in groups:
            parser = groups[""].add_parser(group, help="the vector sets in the library")
            groups[group] = parser.add_subparsers(metavar="COMMAND", required=True)
        help_ = (command.run.__doc__ or "").splitlines()[0]
        parser = groups[group].add_parser(last, help=help_, description=help_)
        command.arguments(parser)
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.set_defaults(run=command.run)
    return main


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    try:
        args = _parser().parse_args(argv)
        result, lines = args.run(args)
        unicode = (sys.stdout.encoding or "").lower().startswith("utf")
        text = json.dumps(result, ensure_ascii=not unicode, allow_nan=False) if args.json else "\n".join(lines)
        print(text if unicode else text.encode("ascii", "backslashreplace").decode("ascii"), flush=True)
        return 0
    except EmbedcoreError as error:
        sentence = str(error)
    except BrokenPipeError:  # whoever read the output has seen enough, as in `… | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        sentence = str(storage_problem(error, "go on"))
    except KeyboardInterrupt as stopped:
        print(str(stopped) or "Interrupted; nothing was kept.", file=sys.stderr)
        return 130
    except MemoryError:
        sentence = "There is not enough memory for this."
    except Exception as error:  # never a traceback
        sentence = f"Something went wrong that should not: {type(error).__name__}: {error}"
    print(f"embedcore: {' '.join(sentence.split())}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
