"""Files of vectors that visitors sent, kept until they are imported: uploads/<id>/<file name>.

Here belongs the keeping and the clearing away. What is in the files is known to `formats`.
"""

from __future__ import annotations

import secrets
import shutil
import time
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import IO

import regex

from embedcore import settings as settings_module
from embedcore.errors import StorageProblem
from embedcore.leftovers import remove_leftovers
from embedcore.settings import Settings
from embedcore.storage import directory_in_place, folders_in, os_errors, printable

_PIECE = 1 << 20  # bytes
_ODD = regex.compile(r"[^\p{L}\p{M}\p{N}._ ()+-]+")
_MAX_NAME_BYTES = 200  # file systems end at 255
_DAY_HOURS = 24.0
_MEGABYTE = 1 << 20


def keep(name: str, content: bytes | IO[bytes] | Iterable[bytes], settings: Settings | None = None) -> Path:
    """Write what a visitor sent to a file of its own, whole or not at all; its path.

    `name` is what the visitor calls it; of it stays what is safe in a path. `content` is
    copied a piece at a time, so that it is never in memory twice. Raises StorageProblem if it
    is too large or cannot be written.
    """
    settings = settings or settings_module.load()
    kept = file_name(name)
    doing = f"keep “{printable(kept)}”"
    most = settings.max_vectors_megabytes * _MEGABYTE
    target = settings.uploads_dir / secrets.token_hex(12)
    with directory_in_place(target, doing=doing) as folder, (folder / kept).open("xb") as file:
        size = 0
        for piece in _pieces(content):
            size += len(piece)
            if size > most:
                raise StorageProblem(
                    f"“{printable(kept)}” has more than the {settings.max_vectors_megabytes:,} megabytes that can be "
                    "sent. Put it into the folder for imports on the server, or fetch it by its address."
                )
            file.write(piece)
    return target / kept


def remove(path: Path, settings: Settings | None = None) -> None:
    """Remove an uploaded file, if it is one; other files are left alone."""
    settings = settings or settings_module.load()
    folder = path.resolve().parent
    if folder.parent == settings.uploads_dir.resolve() and folder.is_dir():
        shutil.rmtree(folder, ignore_errors=True)


def tidy(settings: Settings, in_use: Collection[Path] = (), *, older_than_hours: float = _DAY_HOURS) -> None:
    """Remove what was uploaded long ago, but for the files `in_use`. Raises StorageProblem."""
    remove_leftovers(settings.uploads_dir, older_than_hours=older_than_hours)
    used = {path.resolve().parent for path in in_use}
    for folder in folders_in(settings.uploads_dir):
        with os_errors("clear away old uploads"):
            try:
                old = time.time() - folder.stat().st_mtime > older_than_hours * 3600
            except FileNotFoundError:
                continue
        if old and folder.resolve() not in used:
            shutil.rmtree(folder, ignore_errors=True)


def file_name(name: str) -> str:
    """What a visitor calls a file, made safe as the name of one: its last part, in letters of any script."""
    last = name.replace("\\", "/").rpartition("/")[2][-_MAX_NAME_BYTES:]  # a name cut at its front keeps its ending
    safe: str = _ODD.sub("_", unicodedata.normalize("NFC", last)).strip(" .")
    if not safe.strip("_"):
        return "vectors"
    while len(safe.encode()) > _MAX_NAME_BYTES:
        safe = safe[1:].lstrip(" .")
    return safe


def _pieces(content: bytes | IO[bytes] | Iterable[bytes]) -> Iterator[bytes | memoryview]:
    """Bytes, a file or pieces, a piece at a time."""
    if isinstance(content, bytes | bytearray | memoryview):
        whole = memoryview(content)
        yield from (whole[start : start + _PIECE] for start in range(0, len(whole), _PIECE))
    elif hasattr(content, "read"):
        if hasattr(content, "seek"):
            content.seek(0)
        while piece := content.read(_PIECE):
            yield piece
    else:
        yield from content
