"""The command `vectors import`: a file of vectors in, a set in the library out, with a progress bar.

Here belongs what only the command line needs of importing. Reading files is in `formats`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from embedcore import formats
from embedcore.formats import Progress
from embedcore.library import check_free, save_vectors
from embedcore.storage import printable

_QUIET_SECONDS = 1.0  # before a bar shows


def import_set(args: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    """Read a file of vectors and keep it as a set."""
    check_free(args.name, overwrite=args.overwrite)  # before a large file is read
    path = Path(args.file)
    with _bar() as on_progress:
        vectors, read = formats.read(path, args.format, on_progress=on_progress)
    found = {"format": read.format, "skipped": read.skipped, "notes": read.notes}
    info = save_vectors(
        args.name,
        vectors,
        source=f"imported from {printable(path.name)}",
        licence=args.licence,
        meta={"import": found},
        overwrite=args.overwrite,
    )
    result = {"name": info.name, "rows": info.rows, "dim": info.dim, **found}
    label = formats.FORMATS[read.format].label
    return result, [str(read), f"Kept as “{info.name}”: {info.rows:,} words x {info.dim}, from {label}."]


@contextmanager
def _bar() -> Iterator[Progress]:
    """A progress bar on standard error, for what takes longer than a second."""
    from tqdm import tqdm

    with tqdm(
        total=100, desc="Reading", unit="%", file=sys.stderr, mininterval=0.2, delay=_QUIET_SECONDS, leave=False,
        bar_format="{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{remaining}",
    ) as bar:  # fmt: skip

        def on_progress(share: float) -> None:
            bar.update(100 * share - bar.n)

        yield on_progress
