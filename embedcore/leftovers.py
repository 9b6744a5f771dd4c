"""What is not yet in its place, and what writers that were killed left of it.

Here belong the names of temporary files and folders, and telling whether somebody still
writes one. How they come into their place belongs to `storage`.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

TEMPORARY = ".tmp-"  # begins the name of everything not yet in place; listings skip names with a dot
HELD = f"{TEMPORARY}held-"  # begins the name of a folder that its writer holds by a lock
_IDLE_SECONDS = 300.0  # so long must nothing have been written where the lock does not tell of another machine's writer


def remove_leftovers(folder: Path, *, older_than_hours: float = 24.0) -> None:
    """Remove what writers that were killed left in `folder`. Young ones may still be written.

    What is left by a writer that is known to be gone is removed at any age.
    """
    with suppress(OSError):
        for path in folder.iterdir():
            with suppress(OSError):
                if path.name.startswith(TEMPORARY) and (
                    time.time() - path.stat().st_mtime > older_than_hours * 3600 or _is_abandoned(path)
                ):
                    shutil.rmtree(path) if path.is_dir() else path.unlink()


@contextmanager
def holding(folder: Path) -> Iterator[None]:
    """Hold a folder by a lock, which ends with this process however that ends."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # not every disk can
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def _is_abandoned(path: Path) -> bool:
    """Whether nobody holds a folder that its writer held. Raises OSError where a disk cannot tell."""
    if not path.name.startswith(HELD):
        return False
    written = max(place.stat().st_mtime for place in [path, *path.rglob("*")])
    if time.time() - written < _IDLE_SECONDS:
        return False
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
