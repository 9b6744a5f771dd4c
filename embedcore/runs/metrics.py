"""metrics.jsonl: one JSON object a line, only ever appended to.

Here belongs the file. What its lines mean is known to whoever writes them, and whose they
are to write, to `folder`.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from embedcore.storage import os_errors, storage_problem

_TAIL_BYTES = 2048  # more than one line


def append(path: Path, metric: Mapping[str, Any]) -> None:
    """Add one line in a single write, so that readers see whole lines. Raises StorageProblem."""
    line = as_lines([metric]).encode()
    with os_errors("write down the progress of this run"):
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            if os.write(descriptor, line) < len(line):
                raise OSError(errno.ENOSPC, "only part of a line was written")
        finally:
            os.close(descriptor)


def as_lines(metrics: Sequence[Mapping[str, Any]]) -> str:
    """The objects as lines of the file."""
    return "".join(json.dumps(metric, ensure_ascii=False, allow_nan=False) + "\n" for metric in metrics)


def read(path: Path) -> list[dict[str, Any]]:
    """All lines; one that a full disk or a kill cut short is left out. None if there is no file."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return []
    return list(_whole_lines(raw))


def last(path: Path) -> dict[str, Any] | None:
    """The last whole line, found from the end; None if there is none. Raises StorageProblem."""
    try:
        with path.open("rb") as file:
            size, tail = file.seek(0, os.SEEK_END), _TAIL_BYTES
            while True:
                start = max(0, size - tail)
                file.seek(start)
                raw = file.read(size - start)
                whole = _whole_lines(raw if start == 0 else raw.partition(b"\n")[2], newest_first=True)
                newest = next(whole, None)
                if newest is not None or start == 0:
                    return newest
                tail *= 4
    except FileNotFoundError:
        return None
    except OSError as error:
        raise storage_problem(error, "read the progress of this run") from error


def _whole_lines(raw: bytes, *, newest_first: bool = False) -> Iterator[dict[str, Any]]:
    for line in raw.split(b"\n")[:-1][:: -1 if newest_first else 1]:
        try:
            yield json.loads(line)
        except ValueError:
            continue
