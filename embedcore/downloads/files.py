"""The folder of fetched files: what is kept, what is a part, and who is fetching.

`downloads/<key>/` holds a file under its own name with `.kept.json`, or what there is of it as
`<name>.part` with `.part.json`; `downloads/.locks/<key>` is locked while somebody fetches (the system
lets go of it when a process ends, so none is left behind); `downloads/.seen/<key>.json` remembers the
hash of a file that no checksum is published for. Getting the bytes belongs to `fetching`.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from embedcore import settings as settings_module
from embedcore import storage
from embedcore.errors import DownloadProblem, StorageProblem
from embedcore.settings import Settings

KEPT_FILE, PART_FILE, PART_ENDING = ".kept.json", ".part.json", ".part"
_LOCKS, _SEEN = ".locks", ".seen"
_READ_BYTES = 1 << 20


@dataclass(frozen=True)
class RemoteFile:
    """A file that can be had from any of `urls`, tried in turn."""

    name: str  # of the file, as it will be kept; safe in a path
    urls: tuple[str, ...]
    bytes: int | None = None  # exactly, where that is known: another size is refused
    sha256: str | None = None  # of the whole file, in hexadecimal, where that is known
    about_bytes: int | None = None  # about how many, where only that is published
    published: bool = False  # never changes at its host: another hash than at the first time is refused
    private: bool = False  # its addresses are the operator's own: they may lie in a private network

    @property
    def size(self) -> int | None:
        """How many bytes to expect, exactly or about; None if nobody knows."""
        return self.bytes if self.bytes is not None else self.about_bytes

    @property
    def key(self) -> str:
        """The name of its folder: the same for one first address, another for any other."""
        stem = re.sub(r"[^\w.-]+", "_", self.name)[:40].strip(".")
        return f"{stem or 'file'}-{hashlib.sha256(self.urls[0].encode()).hexdigest()[:20]}"


@dataclass(frozen=True)
class Kept:
    """A file that was fetched, whole."""

    key: str
    name: str
    path: Path
    sha256: str
    bytes: int
    url: str  # where its last byte came from
    verified: bool  # its hash is the one published for it
    fetched: str  # when, ISO 8601, UTC


@dataclass(frozen=True)
class Part:
    """A file that is being fetched, or whose fetching broke off."""

    key: str
    name: str
    path: Path
    bytes: int  # there are
    length: int | None  # in all, as its host said
    url: str
    fetching: bool  # somebody is at it just now


def kept(settings: Settings | None = None) -> list[Kept]:
    """The files that were fetched whole, by key. Raises StorageProblem."""
    settings = settings or settings_module.load()
    found = (_read_kept(folder) for folder in storage.folders_in(settings.downloads_dir))
    return [entry for entry in found if entry is not None]


def parts(settings: Settings | None = None) -> list[Part]:
    """The files that are there in part, by key. Raises StorageProblem."""
    settings = settings or settings_module.load()
    found = []
    for folder in storage.folders_in(settings.downloads_dir):
        whole = _read_kept(folder)
        for path in _parts_in(folder):
            if whole is not None and path == whole.path:  # that is its name
                continue
            state = read_or_none(folder / PART_FILE) or {}
            try:
                size = path.stat().st_size
            except FileNotFoundError:  # done since
                continue
            name = path.name.removesuffix(PART_ENDING)
            busy = _is_locked(folder.name, settings)
            found.append(Part(folder.name, name, path, size, state.get("length"), str(state.get("url") or ""), busy))
    return found


def _parts_in(folder: Path) -> list[Path]:
    try:
        return sorted(folder.glob(f"*{PART_ENDING}"))
    except FileNotFoundError:  # removed since
        return []


def remove(key: str, settings: Settings | None = None) -> None:
    """Delete a fetched file, or what there is of it.

    Raises DownloadProblem if there is none, or somebody is fetching it; StorageProblem.
    """
    settings = settings or settings_module.load()
    folder = settings.downloads_dir / key
    if folder not in storage.folders_in(settings.downloads_dir):
        raise DownloadProblem(f"There is no fetched file “{storage.printable(key)}” here.")
    with try_lock(key, settings) as ours:
        if not ours:
            raise DownloadProblem(f"“{key}” is being fetched just now. Stop that first.")
        storage.remove_directory(folder, f"delete the fetched file “{key}”")


def find_kept(file: RemoteFile, settings: Settings | None = None) -> Kept | None:
    """`file`, if it is here whole and what it should be; one that is not is removed.

    It is hashed again only if its size or time changed since it was. Raises StorageProblem.
    """
    settings = settings or settings_module.load()
    folder = settings.downloads_dir / file.key
    found = _read_kept(folder)
    if found is None:
        return None
    with storage.os_errors(f"read {found.name}"):
        state = storage.read_json(folder / KEPT_FILE)
        stat = found.path.stat()
        same = (stat.st_size, stat.st_mtime_ns) == (found.bytes, state.get("mtime_ns"))
        right = found.sha256 == (file.sha256 or found.sha256)
        if right and not same and (right := hash_of(found.path) == found.sha256):
            write_kept(folder, found)
        if not right:
            found.path.unlink(missing_ok=True)
            (folder / KEPT_FILE).unlink(missing_ok=True)
            return None
    return found


def write_kept(folder: Path, entry: Kept, data: Path | None = None) -> None:
    """Remember that a file was checked, with the size and time it has. `data`: where it lies until now."""
    value: dict[str, Any] = {**asdict(entry), "mtime_ns": (data or entry.path).stat().st_mtime_ns}
    del value["key"], value["path"]
    storage.write_json(folder / KEPT_FILE, value)


def _read_kept(folder: Path) -> Kept | None:
    state = read_or_none(folder / KEPT_FILE)
    if state is None:
        return None
    try:
        values = {entry.name: state[entry.name] for entry in fields(Kept) if entry.name not in ("key", "path")}
    except KeyError:
        return None
    path = folder / Path(str(values["name"])).name
    return Kept(key=folder.name, path=path, **values) if path.is_file() else None


def read_or_none(path: Path) -> dict[str, Any] | None:
    """The JSON object in a file; None if it is missing or damaged."""
    try:
        return storage.read_json(path)
    except StorageProblem:
        return None


def hash_of(path: Path, on_bytes: Callable[[int], None] = lambda done: None) -> str:
    """The SHA-256 of a file. Raises OSError, and whatever `on_bytes` raises."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while data := file.read(_READ_BYTES):
            digest.update(data)
            on_bytes(file.tell())
    return digest.hexdigest()


def seen(key: str, settings: Settings) -> dict[str, Any] | None:
    """`sha256` and `fetched` of a published file at its first time here."""
    return read_or_none(_seen_path(key, settings))


def remember(entry: Kept, settings: Settings) -> None:
    """Record the hash of a file that none is published for."""
    storage.write_json(_seen_path(entry.key, settings), {"sha256": entry.sha256, "fetched": entry.fetched})


def forget(file: RemoteFile, settings: Settings | None = None) -> None:
    """Take whatever hash `file` has the next time it is fetched, if none is published for it."""
    settings = settings or settings_module.load()
    with storage.os_errors("forget a checksum"):
        _seen_path(file.key, settings).unlink(missing_ok=True)


def _seen_path(key: str, settings: Settings) -> Path:
    return settings.downloads_dir / _SEEN / f"{key}.json"


@contextmanager
def try_lock(key: str, settings: Settings, *, to_look: bool = False) -> Iterator[bool]:
    """Whether this block alone may write what belongs to `key`; never waits. Raises StorageProblem.

    With `to_look`, whether nobody may write it: many can look at once.
    """
    path = settings.downloads_dir / _LOCKS / key
    with storage.os_errors("write to the folder of fetched files"):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        yield _flock(descriptor, fcntl.LOCK_SH if to_look else fcntl.LOCK_EX)
    finally:
        os.close(descriptor)


def _flock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True  # a disk without locks: of two who fetch one file at once, the checks find out
    return True


def _is_locked(key: str, settings: Settings) -> bool:
    path = settings.downloads_dir / _LOCKS / key
    if not path.exists():
        return False
    with try_lock(key, settings, to_look=True) as free:
        return not free
