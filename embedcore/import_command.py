"""The command `vectors import`: a file of vectors in, a set in the library out, with a progress bar.

Here belongs what only the command line needs of importing. The rest is in `importing`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from embedcore.formats import READABLE, Progress
from embedcore.importing import Imported, import_vectors
from embedcore.interrupts import interruptible
from embedcore.storage import os_errors, printable

_QUIET_SECONDS = 1.0  # before a bar shows


def import_set(args: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    """Read a file of vectors and keep it as a set."""
    with os_errors(f"read {printable(args.file, 200)}"):
        Path(args.file).stat()  # a slip of the keyboard is told with the whole path
    with interruptible(), import_bar() as on_progress:
        done = import_vectors(
            Path(args.file),
            args.name,
            format=args.format,
            member=args.member,
            licence=args.licence,
            overwrite=args.overwrite,
            on_progress=on_progress,
        )
    return report(done)


def report(done: Imported) -> tuple[dict[str, Any], list[str]]:
    """What a finished import says: for --json, and in lines for people."""
    info, read = done.info, done.read
    found = {"format": read.format, "skipped": read.skipped, "notes": read.notes}
    result = {"name": info.name, "rows": info.rows, "dim": info.dim, **found}
    label = READABLE[read.format]
    return result, [str(read), f"Kept as “{info.name}”: {info.rows:,} words x {info.dim}, from {label}."]


@contextmanager
def import_bar() -> Iterator[Progress]:
    """A progress bar on standard error, for what takes longer than a second."""
    from tqdm import tqdm

    with tqdm(
        total=100, desc="Importing", unit="%", file=sys.stderr, mininterval=0.2, delay=_QUIET_SECONDS, leave=False,
        bar_format="{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{remaining}",
    ) as bar:  # fmt: skip

        def on_progress(share: float) -> None:
            bar.update(100 * share - bar.n)

        yield on_progress
