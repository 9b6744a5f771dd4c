"""Getting a file of vectors into the library: read into its place, checked, kept whole or not at all.

Here belongs the order of the steps and how far they are. Files are read in `formats`, sets
kept in `library`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embedcore import disk, formats, library, storage
from embedcore import settings as settings_module
from embedcore.formats import Progress, Read
from embedcore.library import VectorsInfo
from embedcore.settings import Settings

# The share of all the work at which a phase ends: reading the file, and then the index of the
# words and the checksum of the numbers. As it was measured; writing to the disk goes on throughout.
PHASES = {"reading": 0.92, "indexing": 1.0}
_ENOUGH = 0.95  # of the room that an import seems to need, which is an estimate


@dataclass(frozen=True)
class Imported:
    """What an import made."""

    info: VectorsInfo
    read: Read


def import_vectors(
    path: Path | str,
    name: str,
    *,
    format: str | None = None,
    member: str | None = None,
    source: str | None = None,
    licence: str | None = None,
    meta: Mapping[str, Any] | None = None,
    overwrite: bool = False,
    on_progress: Progress | None = None,
    scratch: Path | None = None,
    settings: Settings | None = None,
) -> Imported:
    """Keep the vectors of a file in the library as `name`, whole or not at all, in bounded memory.

    `format` and `member` are as for `formats.read`; `source` says where the file came from,
    `meta` holds whatever else should be known of the set (JSON). `on_progress` is told the
    share of all the work that is done, from 0 to 1; if it raises, the import ends and leaves
    nothing. The unfinished set lies in `scratch`, if that is on the library's disk.

    Raises BadName if the name cannot be used or is taken (unless `overwrite`), BadSetting for
    an unknown format, BadVectors if it is no such file, StorageProblem if it cannot be read,
    or the set not be written.
    """
    settings = settings or settings_module.load()
    path = Path(path)
    library.check_free(name, overwrite=overwrite, settings=settings)  # before a large file is read
    check_room(path, format, member, settings)
    tell = on_progress or (lambda share: None)
    with library.new_set(name, overwrite=overwrite, scratch=scratch, settings=settings) as folder:
        vectors, read = formats.read(
            path, format, member=member, into=folder, on_progress=lambda share: tell(PHASES["reading"] * share)
        )
        begin = PHASES["reading"]
        tell(begin)
        info = library.fill(
            folder,
            vectors,
            name=name,
            source=source or f"imported from {storage.printable(path.name)}",
            licence=licence,
            meta={**(meta or {}), "import": {"format": read.format, "skipped": read.skipped, "notes": read.notes}},
            on_progress=lambda share: tell(begin + (1 - begin) * share),
        )
    return Imported(info, read)


def check_room(path: Path, format: str | None, member: str | None, settings: Settings) -> None:
    """Raises StorageProblem, which says what is needed and left, if the library has no room for the set in a file."""
    needed = formats.disk_needed(path, format, member=member)
    if needed is not None:
        with storage.os_errors("look at the disk"):
            doing = f"Importing “{storage.printable(path.name)}”"
            disk.check_room(int(_ENOUGH * needed), settings.vectors_dir, doing)


def phase_of(share: float) -> tuple[str, float]:
    """The phase in which an import is, by the share of all the work that is done, and the share of that phase."""
    begin = 0.0
    for phase, end in PHASES.items():
        if share < end:
            return phase, (share - begin) / (end - begin)
        begin = end
    return phase, 1.0
