"""What is in the library, without opening it: the list, the names that are free, the room that is left."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from embedcore import disk, storage
from embedcore import settings as settings_module
from embedcore.errors import BadName, StorageProblem, UnknownVectors
from embedcore.library import bundled
from embedcore.library.places import BUNDLED, MATRIX_FILE, META_FILE, kept_folders, size_of, state_of
from embedcore.settings import Settings

log = logging.getLogger(__name__)

_NPY_HEADER = 64  # bytes, at least


@dataclass(frozen=True)
class VectorsInfo:
    """What is known of a set without opening it."""

    name: str
    rows: int
    dim: int
    source: str
    licence: str | None
    created: str | None  # when it was kept, ISO 8601, UTC
    bundled: bool  # came with the installation; cannot be deleted
    lowercased: bool
    bytes: int  # on disk
    run: str | None = None  # the run it was kept from
    catalog: str | None = None  # the entry of the catalog that it was made from
    subwords: bool = False  # it builds vectors of other words from their parts
    imported: dict[str, Any] | None = field(default=None, hash=False)  # its file: "format", "skipped", "notes"
    note: str = ""  # why it cannot be opened, if it is damaged; else empty

    @property
    def usable(self) -> bool:
        """Whether it can be opened, as far as its folder shows."""
        return not self.note


@dataclass(frozen=True)
class DiskUse:
    """What the library takes of its disk, in bytes."""

    used: int  # by all kept sets, and by those that are just being written
    left: int  # free on the disk, for this user


def list_vectors(settings: Settings | None = None) -> list[VectorsInfo]:
    """All sets, the bundled one first, then by name. Cheap: reads only each `meta.json`.

    A damaged set is listed too, so that it can be deleted; its `note` says what is wrong.
    """
    settings = settings or settings_module.load()
    infos = []
    if bundled.is_installed():
        infos.append(info_of(bundled.META, bundled=True, size=bundled.matrix_path().stat().st_size))
    for folder in kept_folders(settings):
        before = state_of(folder)
        while (info := _kept(folder)).note and (now := state_of(folder)) != before:
            before = now  # it was replaced or renamed meanwhile
        if before is not None:
            infos.append(info)
    return infos


def _kept(folder: Path) -> VectorsInfo:
    """What is known of the set in a folder."""
    try:
        info = info_of({**storage.read_json(folder / META_FILE), "name": folder.name}, size=size_of(folder))
        if (folder / MATRIX_FILE).stat().st_size < _NPY_HEADER + 4 * info.rows * info.dim:
            raise StorageProblem(f"{MATRIX_FILE} is cut short.")
        return info
    except (StorageProblem, OSError, KeyError, TypeError, ValueError) as error:
        log.warning("The vector set %s is damaged: %r", folder, error)
        note = "This set is damaged and cannot be opened. Delete it and make it again."
        return VectorsInfo(folder.name, 0, 0, "", None, None, False, False, 0, note=note)


def check_free(name: str, *, overwrite: bool = False, settings: Settings | None = None) -> str:
    """`name`, composed to NFC, if a new set may have it. Raises BadName, which proposes a free one."""
    settings = settings or settings_module.load()
    name = storage.check_name(name, "The name of a vector set")
    if name == BUNDLED:
        raise BadName(
            f"“{name}” comes with the installation and cannot be replaced. Free is “{_free(name, settings)}”."
        )
    if not overwrite and (settings.vectors_dir / name).exists():
        raise BadName(f"There is already a vector set “{name}”. Free is “{_free(name, settings)}”.")
    return name


def free_name(wanted: str, settings: Settings | None = None) -> str:
    """`wanted`, or with the first number behind it that makes it free: `mine`, `mine-2`, `mine-3`."""
    settings = settings or settings_module.load()
    return _free(storage.check_name(wanted, "The name of a vector set"), settings)


def folder_of(name: str, settings: Settings) -> Path:
    """The folder of a set that is there. Raises UnknownVectors."""
    try:
        folder = settings.vectors_dir / storage.check_name(name)
    except BadName:  # no such name can be here
        folder = None
    if folder is None or not folder.is_dir():
        known = [info.name for info in list_vectors(settings) if info.usable]
        raise UnknownVectors(storage.printable(name), known)
    return folder


def disk_use(settings: Settings | None = None) -> DiskUse:
    """The bytes that the library takes, and those left on its disk. Raises StorageProblem."""
    settings = settings or settings_module.load()
    with storage.os_errors("look at the disk"):
        return DiskUse(disk.bytes_in(settings.vectors_dir), disk.bytes_left(settings.vectors_dir))


def _free(name: str, settings: Settings) -> str:
    taken = {BUNDLED, *(folder.name for folder in storage.folders_in(settings.vectors_dir))}
    stem = name[: storage.MAX_NAME_CHARACTERS - 5]
    numbered = (f"{stem}-{number}" for number in range(2, len(taken) + 3))
    return name if name not in taken else next(free for free in numbered if free not in taken)


def info_of(meta: Mapping[str, Any], *, size: int, bundled: bool = False) -> VectorsInfo:
    """What a `meta.json` says. Raises KeyError, TypeError or ValueError if it is none."""
    return VectorsInfo(
        name=str(meta["name"]),
        rows=int(meta["rows"]),
        dim=int(meta["dim"]),
        source=str(meta.get("source") or ""),
        licence=meta.get("licence"),
        created=meta.get("created"),
        bundled=bundled,
        lowercased=bool(meta.get("lowercased")),
        bytes=size,
        run=meta.get("run"),
        catalog=meta.get("catalog"),
        subwords=bool(meta.get("subwords")),
        imported=imported if isinstance(imported := meta.get("import"), dict) else None,
    )
