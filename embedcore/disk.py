"""How much room things take on a disk, and how much is left.

Here belong bytes alone; what is written, and how, belongs to `storage` and those who use it.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

from embedcore.errors import StorageProblem

_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def bytes_in(folder: Path) -> int:
    """The bytes of all files in a folder and below; 0 if it is missing. What vanishes meanwhile counts nothing."""
    size = 0
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):
                size += bytes_in(Path(entry.path)) if entry.is_dir(follow_symlinks=False) else entry.stat().st_size
    return size


def bytes_left(folder: Path) -> int:
    """The bytes that this user can still write where `folder` is or would be. Raises OSError."""
    there = folder.resolve()
    while not there.exists() and there != there.parent:
        there = there.parent
    return shutil.disk_usage(there).free


def counted(size: float) -> str:
    """A number of bytes as people say it: “2.7 GB”, in steps of a thousand."""
    step = 0
    while size >= 999.5 and step < len(_UNITS) - 1:
        size, step = size / 1000, step + 1
    return f"{size:.1f} {_UNITS[step]}" if step and size < 99.95 else f"{size:.0f} {_UNITS[step]}"


def check_room(needed: int, folder: Path, doing: str) -> None:
    """Raises StorageProblem, which says what is needed and left, if `folder` has no room for so many bytes.

    `doing` says what needs it, such as "Importing “glove.txt”". Raises OSError if nothing can be said.
    """
    left = bytes_left(folder)
    if left < needed:
        raise StorageProblem(
            f"{doing} needs about {counted(needed)} of disk, but only {counted(left)} are left there. "
            "Free some space and try again."
        )
