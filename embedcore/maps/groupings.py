"""The groups of a map's points on disk, each file named by the key of what was asked.

Here belong the files, and how many points can be asked for: light, so that a page can look whether its groups
are there. The question and its key are in `groups`, finding groups in `clusters`. Like maps they
lie in the cache: they can be found again at any time.
"""

from __future__ import annotations

import logging
import os
import re
from contextlib import suppress
from pathlib import Path

import numpy as np
import numpy.typing as npt

from embedcore import settings as settings_module
from embedcore import storage
from embedcore.errors import BadSetting, StorageProblem
from embedcore.leftovers import remove_leftovers
from embedcore.maps.groups import HDBSCAN, grouping_key
from embedcore.maps.request import MapRequest
from embedcore.settings import Settings

log = logging.getLogger(__name__)

Labels = npt.NDArray[np.int32]

MOST_DENSE = 50_000  # points that HDBSCAN is asked for: its time grows with their square, and for these is some 10 s
MOST_BYTES = 100_000_000  # of all groupings together; beyond, those go first that nobody opened for longest
_NAME = re.compile(r"[0-9a-f]{64}\.npy")


def check_most(how: str, points: int) -> None:
    """Raises BadSetting for more points than can be grouped that way while somebody waits."""
    if how == HDBSCAN and points > MOST_DENSE:
        raise BadSetting(
            f"HDBSCAN groups at most {MOST_DENSE:,} points here, but there are {points:,}. Take k-means for so many."
        )


def find_grouping(
    request: MapRequest, how: str, number: int, settings: Settings | None = None, *, points: int | None = None
) -> Labels | None:
    """The group of each point (n,) int32 of a map, if they were found before; None if not, or if the file is damaged.

    In the order of the map's points; 0 is the largest group, -1 none. `points` is how many there
    should be. Raises BadSetting for what cannot be grouped so.
    """
    path = _file(request, how, number, settings)
    if not path.is_file():
        return None
    try:
        labels = storage.open_array(path)  # (n,)
        if labels.dtype != np.int32 or labels.ndim != 1 or (points is not None and len(labels) != points):
            raise StorageProblem(f"{path.name} does not hold a group for each point.")
    except StorageProblem as error:
        log.warning("The groups %s have to be found again. %s", path.name, error)
        return None
    with suppress(OSError):  # a read-only disk, or it was removed meanwhile: what is open stays
        os.utime(path)  # when it was last opened
    return labels


def save_grouping(
    request: MapRequest, how: str, number: int, labels: Labels, settings: Settings | None = None
) -> None:  # fmt: skip
    """Keep the group of each point (n,), there whole or not at all. Raises BadSetting, StorageProblem."""
    path = _file(request, how, number, settings)
    remove_leftovers(path.parent)
    with storage.file_in_place(path, "keep these groups") as temporary:
        storage.write_array(temporary, np.ascontiguousarray(labels, dtype=np.int32))
    make_room(settings)


def make_room(settings: Settings | None = None, most: int | None = None) -> None:
    """Remove the groupings that nobody opened for longest, until all take at most so many bytes (`MOST_BYTES`).

    The one opened last always stays.
    """
    found: list[tuple[int, int, Path]] = []
    with suppress(OSError):
        for path in groupings_dir(settings or settings_module.load()).iterdir():
            if _NAME.fullmatch(path.name):
                with suppress(OSError):  # removed just now
                    stat = path.stat()
                    found.append((stat.st_mtime_ns, stat.st_size, path))
    left = sum(size for _, size, _ in found)
    for _, size, path in sorted(found)[:-1]:
        if left <= (MOST_BYTES if most is None else most):
            break
        with suppress(OSError):
            path.unlink(missing_ok=True)
            left -= size


def groupings_dir(settings: Settings) -> Path:
    """The folder of all groupings."""
    return settings.cache_dir / "groupings"


def _file(request: MapRequest, how: str, number: int, settings: Settings | None) -> Path:
    return groupings_dir(settings or settings_module.load()) / f"{grouping_key(request, how, number)}.npy"
