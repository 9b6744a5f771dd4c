"""What a set is called and of which files it is made, and where they lie.

Here belong names and paths alone; what is in the files is read and written by the modules beside.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from embedcore import disk, storage
from embedcore.errors import BadName
from embedcore.settings import Settings
from embedcore.tokens import ORDER_FILE, TOKENS_FILE

BUNDLED = "glove.6B.50d"
FORMAT_VERSION = 1
MATRIX_FILE, NORMS_FILE, META_FILE = "matrix.npy", "norms.npy", "meta.json"
FILES = (MATRIX_FILE, NORMS_FILE, TOKENS_FILE, ORDER_FILE, META_FILE)  # of every set; some have more


def kept_folders(settings: Settings) -> list[Path]:
    """The folders that hold sets; not what somebody else put there under a name that no set can have."""
    folders = []
    for folder in storage.folders_in(settings.vectors_dir):
        with suppress(BadName):
            if storage.check_name(folder.name) == folder.name != BUNDLED:
                folders.append(folder)
    return folders


def size_of(folder: Path) -> int:
    """The bytes of a set. Raises OSError if one of the files that every set has is missing."""
    for file in FILES:
        (folder / file).stat()
    return disk.bytes_in(folder)


def state_of(folder: Path) -> tuple[int, int] | None:
    """What is another when another set takes the place of that in a folder, or files of it change; None if it is gone.

    Several files can only be taken for those of one set if this is the same before and after.
    """
    with suppress(OSError):
        stat = folder.stat()
        return stat.st_ino, stat.st_mtime_ns
    return None
