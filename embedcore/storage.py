"""Writing to disk so that nothing half-written is ever seen, and reading small files back.

Here belong names that are safe to put in a path, files and folders written beside their
place and renamed into it, and the one place that turns an OSError into a sentence. What
the files mean belongs to `library` and `runs`.
"""

from __future__ import annotations

import errno
import hashlib
import itertools
import json
import os
import shutil
import unicodedata
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import regex

from embedcore.errors import BadName, StorageProblem
from embedcore.leftovers import HELD, TEMPORARY, holding

MAX_NAME_CHARACTERS = 80
_MAX_NAME_BYTES = 240  # file systems end at 255 bytes
_NAME = regex.compile(r"[\p{L}\p{N}_][\p{L}\p{M}\p{N}._ -]*")
_HASHED = 1 << 24  # bytes of a file hashed at a time

_REASONS = {
    errno.ENOSPC: "The disk is full. Free some space and try again.",
    errno.EDQUOT: "Your share of the disk is full. Free some space and try again.",
    errno.EFBIG: "A file would grow larger than this system allows.",
    errno.EACCES: "Permission was denied. Check who owns the folder.",
    errno.EPERM: "Permission was denied. Check who owns the folder.",
    errno.EROFS: "The disk is read-only. Set EMBEDCORE_HOME to a folder that can be written.",
    errno.ENOENT: "There is no such file or folder.",
    errno.ENOTDIR: "A file is where a folder should be.",
    errno.EISDIR: "A folder is where a file should be.",
    errno.ENOTEMPTY: "Somebody else made one of that name at the same time.",
    errno.EEXIST: "Something of that name is already there.",
    errno.ENAMETOOLONG: "The name is too long for this disk.",
}


def check_name(name: str, what: str = "A name") -> str:
    """`name`, composed to NFC, if it may name a vector set or a run; it is safe in a path.

    Letters of any script, digits, spaces, `.`, `_` and `-`; 1 to 80 characters; begins with
    a letter, a digit or `_`; does not end with a space or a dot. Raises BadName otherwise;
    `what` begins its sentence.
    """
    name = unicodedata.normalize("NFC", name)
    if not name.strip():
        raise BadName(f"{what} cannot be empty.")
    if len(name) > MAX_NAME_CHARACTERS or len(name.encode("utf-8", "replace")) > _MAX_NAME_BYTES:
        raise BadName(f"{what} can have at most {MAX_NAME_CHARACTERS} characters, but this one has {len(name)}.")
    if not _NAME.fullmatch(name) or name[-1] in " .":
        raise BadName(
            f"{what} can hold letters, digits, spaces and . _ - and begins with a letter or a digit; "
            f"“{printable(name)}” does not fit."
        )
    return name


def printable(text: str, limit: int = 60) -> str:
    """`text` fit for one line of a message: unprintable characters escaped, long text cut."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text[: limit + 1])
    return shown if len(text) <= limit else shown[:limit] + "…"


def storage_problem(error: OSError, doing: str) -> StorageProblem:
    """The sentence for an OSError; `doing` says what failed, such as "save “mine”"."""
    reason = _REASONS.get(error.errno or 0)
    if reason is None:
        reason = f"The system says: {error.strerror or str(error) or type(error).__name__}."
    return StorageProblem(f"Could not {doing}. {reason}")


@contextmanager
def os_errors(doing: str) -> Iterator[None]:
    """Turn an OSError of the block into a StorageProblem: "Could not {doing}. …"."""
    try:
        yield
    except OSError as error:
        raise storage_problem(error, doing) from error


def write_atomically(path: Path, data: bytes | str, *, sync: bool = True) -> None:
    """Write the file at `path` whole or not at all; its folder is made if missing.

    A reader sees the old content or the new, never a part. `sync` makes it outlast a
    power cut, at the price of a few milliseconds. Raises StorageProblem.
    """
    with os_errors(f"write {path.name}"), _temporary_file(path) as temporary:
        with temporary.open("wb") as file:
            file.write(data.encode("utf-8") if isinstance(data, str) else data)
            file.flush()
            if sync:
                os.fsync(file.fileno())
        temporary.replace(path)
        if sync:
            _sync_directory(path.parent)


@contextmanager
def file_in_place(path: Path, doing: str | None = None) -> Iterator[Path]:
    """A temporary sibling to write to, put in the place of `path` if the block succeeds.

    Removed if it fails. Raises StorageProblem for an OSError.
    """
    with os_errors(doing or f"write {path.name}"), _temporary_file(path) as temporary:
        yield temporary
        _sync_file(temporary)
        temporary.replace(path)
        _sync_directory(path.parent)


@contextmanager
def directory_in_place(
    target: Path, *, overwrite: bool = False, doing: str | None = None, within: Path | None = None
) -> Iterator[Path]:
    """A temporary sibling folder to fill, renamed to `target` if the block succeeds.

    Removed if the block fails, so `target` is there whole or not at all. An existing target
    is refused unless `overwrite`; then the old one stays until the new one is complete. The
    temporary folder lies in the folder `within` instead, if that is on the same disk. Raises
    StorageProblem, also for an OSError within the block.
    """
    doing = doing or f"write the folder {target.name}"
    with os_errors(doing):
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists() and not overwrite:
            raise StorageProblem(f"Could not {doing}. {target.name} is already there.")
        beside = within if within and within.stat().st_dev == target.parent.stat().st_dev else target.parent
        temporary = beside / f"{HELD}{uuid.uuid4().hex}"
        temporary.mkdir()
    try:
        with os_errors(doing), holding(temporary):
            yield temporary
            for file in temporary.rglob("*"):
                if file.is_file():
                    _sync_file(file)
            _sync_directory(temporary)
            _move_folder(temporary, target, overwrite=overwrite)
            _sync_directory(target.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _move_folder(temporary: Path, target: Path, *, overwrite: bool) -> None:
    """Rename a folder to `target`; one that is there is moved aside first and then removed."""
    if not target.exists():
        # If somebody else made it since, and it is not empty, this raises and theirs stays.
        temporary.rename(target)
        return
    if not overwrite:
        raise StorageProblem(f"{target.name} is already there.")
    aside = _temporary_path(target)
    target.rename(aside)
    try:
        temporary.rename(target)
    except OSError:
        if target.exists():  # somebody else replaced it at the same time, and theirs stays
            shutil.rmtree(aside, ignore_errors=True)
        else:
            aside.rename(target)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def rename_directory(source: Path, target: Path, doing: str) -> None:
    """Give a folder another name beside it. Raises StorageProblem, also if something of that name is there."""
    with os_errors(doing):
        if target.exists():
            raise StorageProblem(f"Could not {doing}. {target.name} is already there.")
        source.rename(target)
        _sync_directory(target.parent)


def remove_directory(target: Path, doing: str | None = None) -> None:
    """Remove a folder and all in it; out of its place at once, so half of it is never seen.

    Raises StorageProblem if it cannot be removed or is not there.
    """
    with os_errors(doing or f"delete {target.name}"):
        aside = _temporary_path(target)
        target.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)


def folders_in(folder: Path) -> list[Path]:
    """The folders in `folder` by name, without those not yet in place; none if it is missing."""
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith(".") and path.is_dir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise storage_problem(error, f"list {folder.name}") from error


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in a file. Raises StorageProblem if it is missing or damaged."""
    try:
        with os_errors(f"read {path.name}"):
            value = json.loads(path.read_bytes())
    except ValueError as error:
        raise StorageProblem(f"{path.name} is damaged: it is not JSON.") from error
    if not isinstance(value, dict):
        raise StorageProblem(f"{path.name} is damaged: it should hold a JSON object.")
    return value


def write_json(path: Path, value: dict[str, Any], *, sync: bool = True) -> None:
    """Write a JSON object, whole or not at all. Raises StorageProblem."""
    write_atomically(path, json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n", sync=sync)


def write_array(path: Path, array: np.ndarray[Any, Any]) -> str:
    """Write an array as .npy; the file's SHA-256 in hexadecimal. Raises OSError.

    `numpy.save` is not used: on a full disk its OSError has no errno to tell a user about.
    """
    array = np.asarray(array, order="C")  # ascontiguousarray would give a single number a dimension
    digest = hashlib.sha256()
    with path.open("wb") as file:
        header = _Header()
        np.lib.format.write_array_header_1_0(header, np.lib.format.header_data_from_array_1_0(array))
        for part in itertools.chain([header.data], _parts(array)):
            file.write(part)
            digest.update(part)
    return digest.hexdigest()


def sha256_of(path: Path, on_progress: Callable[[float], None] | None = None) -> str:
    """The SHA-256 of a file, in hexadecimal. `on_progress` is told the share that is read. Raises OSError."""
    digest, size, done = hashlib.sha256(), path.stat().st_size, 0
    with path.open("rb") as file:
        while part := file.read(_HASHED):
            digest.update(part)
            done += len(part)
            if on_progress:
                on_progress(min(1.0, done / max(size, 1)))
    return digest.hexdigest()


class _Header:
    """Catches the bytes of a .npy header."""

    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: bytes) -> None:
        self.data += data


def _parts(array: np.ndarray[Any, Any], size: int = 1 << 22) -> Iterator[bytes | bytearray]:
    """The bytes of a contiguous array, `size` at a time."""
    flat = array.reshape(-1).view(np.uint8)
    return (flat[start : start + size].tobytes() for start in range(0, len(flat), size))


def open_array(path: Path) -> np.ndarray[Any, Any]:
    """An array from a .npy file, memory-mapped, read-only. Raises StorageProblem."""
    try:
        with os_errors(f"open {path.name}"):
            return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
    except (ValueError, EOFError) as error:  # cut short, no .npy file, or a pickle
        raise StorageProblem(f"{path.name} is damaged. Delete it and make it again.") from error


def _temporary_path(target: Path) -> Path:
    return target.parent / f"{TEMPORARY}{uuid.uuid4().hex}"


@contextmanager
def _temporary_file(path: Path) -> Iterator[Path]:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary_path(path)
    try:
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def _sync_file(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _sync_directory(path: Path) -> None:
    with suppress(OSError):  # not every system can
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
