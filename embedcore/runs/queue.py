"""The waiting line: one empty file a queued run, named so that sorting gives the order.

Any server adds to it; a dispatcher takes from it by removing the file, which only one
process can do. So two servers that share a data folder never start the same run twice.
"""

from __future__ import annotations

import os
from pathlib import Path

from embedcore.runs.folder import Run, is_run_id
from embedcore.storage import os_errors

_FOLDER = ".queue"


def add(runs_dir: Path, run: Run) -> None:
    """Put a run in the line, by when it was queued; a run that stands there already stays as it is.

    Raises StorageProblem.
    """
    with os_errors("put this run in the waiting line"):
        (runs_dir / _FOLDER).mkdir(parents=True, exist_ok=True)
        (runs_dir / _FOLDER / f"{int((run.queued or run.created) * 1000):015d}-{run.id}").touch()


def waiting(runs_dir: Path) -> list[str]:
    """The ids of the runs that wait, the next one first."""
    try:
        names = os.listdir(runs_dir / _FOLDER)
    except FileNotFoundError:
        return []
    # Other programs leave files of their own anywhere; they hold up nobody.
    return [run_id for name in sorted(names) if is_run_id(run_id := name.partition("-")[2])]


def take(runs_dir: Path, run_id: str) -> bool:
    """Take a run out of the line; False if it is no longer there."""
    taken = False
    for path in (runs_dir / _FOLDER).glob(f"*-{run_id}"):
        try:
            path.unlink()
            taken = True
        except FileNotFoundError:
            continue
    return taken
