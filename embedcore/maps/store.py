"""Finished maps on disk, each in a folder named by its key: written whole or not at all, opened without being read.

Here belong the files of a map. What was asked for is written down by `request`, how a map comes about is
known to `layouts`. A map can be made again at any time, so it lies in the cache; a damaged one is told of
and can be made again in its place.
"""

from __future__ import annotations

import datetime
import logging
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from embedcore import disk, storage
from embedcore import settings as settings_module
from embedcore.errors import BadVectors, EmbedcoreError, StorageProblem
from embedcore.leftovers import remove_leftovers
from embedcore.library.places import state_of
from embedcore.maps.honesty import Honesty
from embedcore.maps.request import MapRequest
from embedcore.maps.selection import LeftOut, Selection
from embedcore.settings import Settings
from embedcore.tokens import Tokens

log = logging.getLogger(__name__)

COORDINATES_FILE, ROWS_FILE, META_FILE = "coordinates.npy", "rows.npy", "meta.json"
FORMAT_VERSION = 1
_KEY = re.compile(r"[0-9a-f]{64}")
MOST_BYTES = 2_000_000_000  # of all maps together; beyond, those go first that nobody opened for longest
_TRIES = 5  # so often in a row nobody replaces a map just while it is opened


@dataclass(frozen=True, eq=False)
class FinishedMap:
    """A map as it lies on disk.

    Attributes:
        key: what it is kept under.
        request: what was asked for, by whoever asked first.
        words: its W words, by falling frequency.
        rows: (sets, W) the row of each word in each set.
        coordinates: (n, dims) float32, mapped, read-only: the W words of the first set, then those of the second.
        seeds: the places of the words whose neighborhood it shows.
        left_out: what was asked for but is not on it.
        honesty: how far it can be trusted, or None if that was not measured.
        facts: what else its maker told of it, such as the variance that a PCA keeps.
        created: when it was finished, ISO 8601, UTC.
    """

    key: str
    request: MapRequest
    words: Tokens
    rows: npt.NDArray[np.int64]
    coordinates: npt.NDArray[np.float32]
    seeds: list[int]
    left_out: list[LeftOut]
    honesty: Honesty | None
    facts: dict[str, Any]
    created: str


@dataclass(frozen=True)
class MapInfo:
    """What is known of a map without opening it."""

    key: str
    request: MapRequest | None  # None if it is damaged
    points: int
    created: str
    bytes: int
    note: str = ""  # why it cannot be opened, if it is damaged; else empty


def save_map(
    request: MapRequest,
    selection: Selection,
    coordinates: npt.NDArray[np.floating[Any]],
    *,
    honesty: Honesty | None = None,
    facts: Mapping[str, Any] | None = None,
    settings: Settings | None = None,
) -> FinishedMap:
    """Keep a finished map under its request's key; it is there whole or not at all.

    `coordinates` (n, dims) are of the points of the selection, in its order; `facts` is whatever else
    should be known (JSON). A map that is there already stays, unless it is damaged: whoever of two is
    later has made the same. Raises BadVectors if shapes do not fit or a coordinate is not
    finite, StorageProblem if it cannot be written.
    """
    settings = settings or settings_module.load()
    folder = maps_dir(settings) / request.key
    coordinates = _checked(request, selection, coordinates)
    described = _described(request, selection, honesty, facts or {})
    remove_leftovers(folder.parent)
    for _ in range(_TRIES):  # others may keep the same map, or remove it, meanwhile
        before = state_of(folder)
        if (kept := find_map(request.key, settings)) is not None:
            make_room(settings)
            return kept
        if before is not None:
            _remove_damaged(folder, before)
        try:
            with storage.directory_in_place(folder, doing="keep the map") as temporary:
                storage.write_array(temporary / COORDINATES_FILE, coordinates)
                storage.write_array(temporary / ROWS_FILE, np.stack(selection.rows).astype(np.int64))
                Tokens.of(selection.words).save(temporary)
                storage.write_json(temporary / META_FILE, described)
        except StorageProblem:
            if not folder.is_dir():  # else somebody else was quicker
                raise
    raise StorageProblem("Could not keep the map: it is removed as often as it is kept. Try again.")


def _remove_damaged(folder: Path, before: tuple[int, int]) -> None:
    """Remove a damaged map, unless it is another one by now than it was `before`. Raises StorageProblem."""
    if state_of(folder) == before:
        try:
            storage.remove_directory(folder, "replace a damaged map")
        except StorageProblem:
            if state_of(folder) == before:
                raise


def find_map(key: str, settings: Settings | None = None) -> FinishedMap | None:
    """The map kept under a key; None if it is not there, or damaged, so that it has to be made."""
    settings = settings or settings_module.load()
    if not has_map(key, settings):
        return None
    try:
        return open_map(key, settings)
    except StorageProblem as error:
        log.warning("The map %s has to be made again. %s", key, error)
        return None


def has_map(key: str, settings: Settings | None = None) -> bool:
    """Whether a map of this key is there; it may be damaged."""
    settings = settings or settings_module.load()
    return bool(_KEY.fullmatch(key)) and (maps_dir(settings) / key).is_dir()


def open_map(key: str, settings: Settings | None = None) -> FinishedMap:
    """The map kept under a key, its coordinates and words mapped.

    Raises StorageProblem if there is none, or if it is damaged.
    """
    settings = settings or settings_module.load()
    folder, problem = maps_dir(settings) / key, None
    for _ in range(_TRIES if has_map(key, settings) else 0):
        before, problem = state_of(folder), None
        try:
            found = _open(folder)
        except (EmbedcoreError, KeyError, TypeError, ValueError) as error:
            problem = error
        if before is None or state_of(folder) != before:
            continue  # it was replaced or removed meanwhile, so that files of two may have been opened
        if problem is None:
            with suppress(OSError):  # a read-only disk
                os.utime(folder / META_FILE)  # when it was last opened
            return found
        raise StorageProblem("This map is damaged. Make it again.") from problem
    raise _no_map(key)


def list_maps(settings: Settings | None = None) -> list[MapInfo]:
    """All maps, the newest first, damaged ones last. Cheap: reads only each `meta.json`."""
    settings = settings or settings_module.load()
    infos = [info for folder in _folders(settings) if (info := _info(folder)) is not None]
    infos.sort(key=lambda info: info.key)
    infos.sort(key=lambda info: (not info.note, info.created), reverse=True)
    return infos


def delete_map(key: str, settings: Settings | None = None) -> None:
    """Remove a map, also a damaged one; whoever has it open can go on using it. Raises StorageProblem."""
    settings = settings or settings_module.load()
    if not has_map(key, settings):
        raise _no_map(key)
    storage.remove_directory(maps_dir(settings) / key, "remove the map")


def make_room(settings: Settings | None = None, most: int | None = None) -> list[str]:
    """Remove the maps that nobody opened for longest, until all take at most so many bytes; their keys.

    By default `MOST_BYTES`. The one opened last always stays.
    """
    settings = settings or settings_module.load()
    sizes, opened = {}, {}
    for folder in _folders(settings):
        sizes[folder] = disk.bytes_in(folder)
        with suppress(OSError):
            opened[folder] = (folder / META_FILE).stat().st_mtime_ns
    removed = []
    for folder in sorted(sizes, key=lambda one: opened.get(one, 0))[:-1]:
        if sum(sizes.values()) <= (MOST_BYTES if most is None else most):
            break
        sizes.pop(folder)
        with suppress(StorageProblem):  # somebody else was quicker, or it cannot be removed
            storage.remove_directory(folder)
            removed.append(folder.name)
    return removed


def maps_dir(settings: Settings) -> Path:
    """The folder of all maps."""
    return settings.cache_dir / "maps"


def _folders(settings: Settings) -> list[Path]:
    return [folder for folder in storage.folders_in(maps_dir(settings)) if _KEY.fullmatch(folder.name)]


def _no_map(key: str) -> StorageProblem:
    return StorageProblem(f"There is no map “{storage.printable(key)}” here. It may have been removed.")


def _checked(
    request: MapRequest, selection: Selection, coordinates: npt.NDArray[np.floating[Any]]
) -> npt.NDArray[np.float32]:
    points = len(selection.rows) * len(selection.words)
    if coordinates.shape != (points, request.dims):
        raise BadVectors(
            f"A map of {points:,} points in {request.dims} dimensions was expected, but its shape is "
            f"{coordinates.shape}."
        )
    with np.errstate(over="ignore"):
        narrow = np.asarray(coordinates, dtype=np.float32)  # (n, dims)
    if not np.isfinite(narrow).all():
        raise BadVectors("This map has a coordinate that is not finite, so it was not kept. Try other parameters.")
    return narrow


def _described(
    request: MapRequest, selection: Selection, honesty: Honesty | None, facts: Mapping[str, Any]
) -> dict[str, Any]:
    turn = selection.turn
    return {
        "key": request.key,
        "request": request.to_json(),
        "made_of": request.canonical(),  # says what it was, also when versions have moved on
        "words": len(selection.words),
        "points": len(selection.rows) * len(selection.words),
        "seeds": selection.seeds,
        "left_out": [asdict(one) for one in selection.left_out],
        "turn": None if turn is None else {"fitted": turn.fitted, "agreement": turn.agreement},
        "honesty": None if honesty is None else honesty._asdict(),
        "facts": dict(facts),
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds"),
        "format": FORMAT_VERSION,
    }


def _open(folder: Path) -> FinishedMap:
    """The map in a folder. Raises StorageProblem, KeyError, TypeError or ValueError if it is damaged."""
    meta = storage.read_json(folder / META_FILE)
    request = MapRequest.from_json(meta["request"])
    words = Tokens.open(folder)
    rows = storage.open_array(folder / ROWS_FILE)  # (sets, W)
    coordinates = storage.open_array(folder / COORDINATES_FILE)  # (n, dims)
    if meta["key"] != folder.name or rows.dtype != np.int64 or rows.shape != (len(request.sets), len(words)):
        raise StorageProblem(f"{ROWS_FILE} does not fit {META_FILE}.")
    if coordinates.dtype != np.float32 or coordinates.shape != (rows.size, request.dims):
        raise StorageProblem(f"{COORDINATES_FILE} does not fit {META_FILE}.")
    return FinishedMap(
        key=folder.name,
        request=request,
        words=words,
        rows=rows,
        coordinates=coordinates,
        seeds=[int(place) for place in meta["seeds"]],
        left_out=[LeftOut(**{**one, "words": tuple(one["words"])}) for one in meta["left_out"]],
        honesty=None if meta["honesty"] is None else Honesty(**meta["honesty"]),
        facts={**meta["facts"], **({} if meta["turn"] is None else {"turn": meta["turn"]})},
        created=str(meta["created"]),
    )


def _info(folder: Path) -> MapInfo | None:
    """What is known of the map in a folder; None if it was just removed."""
    size = disk.bytes_in(folder)
    try:
        meta = storage.read_json(folder / META_FILE)
        request = MapRequest.from_json(meta["request"])
        points, created = int(meta["points"]), str(meta["created"])
        if (folder / COORDINATES_FILE).stat().st_size < 4 * points * request.dims:
            raise StorageProblem(f"{COORDINATES_FILE} is cut short.")
        return MapInfo(folder.name, request, points, created, size)
    except (EmbedcoreError, OSError, KeyError, TypeError, ValueError) as error:
        if not folder.is_dir():
            return None
        log.warning("The map %s is damaged: %r", folder, error)
        return MapInfo(folder.name, None, 0, "", size, note="This map is damaged. Make it again.")
