"""Keeping a set: written whole or not at all; renaming and deleting it.

Here belongs all that changes the library. A set that is open when it is replaced, renamed or
deleted stays as it was for whoever has it open.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from embedcore import settings as settings_module
from embedcore import storage
from embedcore.errors import BadName, StorageProblem
from embedcore.leftovers import remove_leftovers
from embedcore.library.listing import VectorsInfo, check_free, folder_of, info_of
from embedcore.library.places import BUNDLED, FORMAT_VERSION, MATRIX_FILE, META_FILE, NORMS_FILE, size_of
from embedcore.settings import Settings
from embedcore.vectors import WordVectors

_HASHING = 0.7  # the share of the work of `fill` that the checksum of the matrix is


def save_vectors(
    name: str,
    vectors: WordVectors,
    *,
    source: str,
    licence: str | None = None,
    meta: Mapping[str, Any] | None = None,
    overwrite: bool = False,
    settings: Settings | None = None,
) -> VectorsInfo:
    """Keep a set in the library as `name`; it is there whole or not at all.

    `source` says where it came from, `meta` holds whatever else should be known of it (JSON).
    Raises BadName if the name cannot be used or is taken (unless `overwrite`), StorageProblem
    if it cannot be written.
    """
    with new_set(name, overwrite=overwrite, settings=settings) as folder:
        return fill(folder, vectors, name=name, source=source, licence=licence, meta=meta)


@contextmanager
def new_set(
    name: str, *, overwrite: bool = False, scratch: Path | None = None, settings: Settings | None = None
) -> Iterator[Path]:
    """An empty folder for `fill`, which becomes the set `name` when the block ends, and vanishes if it fails.

    It lies in the library until then, unlisted, or in `scratch`, if that is on the same disk.
    Raises BadName if the name cannot be used or is taken (unless `overwrite`), StorageProblem
    if the folder cannot be written.
    """
    settings = settings or settings_module.load()
    name = check_free(name, overwrite=overwrite, settings=settings)
    remove_leftovers(settings.vectors_dir)
    target, doing = settings.vectors_dir / name, f"keep the vector set “{name}”"
    with storage.directory_in_place(target, overwrite=overwrite, doing=doing, within=scratch) as folder:
        yield folder


def fill(
    folder: Path,
    vectors: WordVectors,
    *,
    name: str,
    source: str,
    licence: str | None = None,
    meta: Mapping[str, Any] | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> VectorsInfo:
    """Write all files of a set into a folder of `new_set`; a matrix that is there already is the set's.

    `on_progress` is told the share that is done, from 0 to 1; what it raises ends the work.
    Raises OSError or StorageProblem.
    """
    tell = on_progress or (lambda share: None)
    matrix_file = folder / MATRIX_FILE
    if matrix_file.exists():
        digest = storage.sha256_of(matrix_file, lambda share: tell(_HASHING * share))
    else:
        digest = storage.write_array(matrix_file, vectors.matrix)
        tell(_HASHING)
    storage.write_array(folder / NORMS_FILE, vectors.norms)
    vectors.tokens.save(folder)
    if vectors.subwords:
        vectors.subwords.save(folder)
    described = {
        **(meta or {}),
        "name": storage.check_name(name),
        "source": source,
        "licence": licence,
        "rows": len(vectors),
        "dim": vectors.dim,
        "lowercased": vectors.lowercased,
        "subwords": vectors.subwords is not None,
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds"),
        "sha256": digest,  # of matrix.npy
        "format": FORMAT_VERSION,
    }
    storage.write_json(folder / META_FILE, described)
    tell(1.0)
    return info_of(described, size=size_of(folder))


def rename_vectors(old: str, new: str, settings: Settings | None = None) -> VectorsInfo:
    """Give a set another name, whole or not at all.

    Raises UnknownVectors if there is none, BadName for the bundled one and for a name that
    cannot be used or is taken, StorageProblem if it cannot be done.
    """
    settings = settings or settings_module.load()
    if old == BUNDLED:
        raise BadName(f"“{old}” comes with the installation and cannot be renamed.")
    folder = folder_of(old, settings)
    new = storage.check_name(new, "The name of a vector set")
    if new != folder.name:
        check_free(new, settings=settings)
    doing = f"rename the vector set “{folder.name}”"
    try:
        described = {**storage.read_json(folder / META_FILE), "name": new}
        info_of(described, size=size_of(folder))
    except (StorageProblem, OSError, KeyError, TypeError, ValueError) as error:
        raise StorageProblem(f"Could not {doing}: it is damaged. Delete the set and make it again.") from error
    target = settings.vectors_dir / new
    if target != folder:
        storage.rename_directory(folder, target, doing)
        try:  # a set is called as its folder is; the name in the file is for people who read it
            storage.write_json(target / META_FILE, described)
        except StorageProblem:
            storage.rename_directory(target, folder, doing)
            raise
    with storage.os_errors(doing):
        return info_of(described, size=size_of(target))


def delete_vectors(name: str, settings: Settings | None = None) -> None:
    """Delete a set, also a damaged one; whoever has it open can go on using it.

    Raises UnknownVectors if there is none, BadName for the bundled one.
    """
    settings = settings or settings_module.load()
    if name == BUNDLED:
        raise BadName(f"“{name}” comes with the installation and cannot be deleted.")
    folder = folder_of(name, settings)
    storage.remove_directory(folder, f"delete the vector set “{folder.name}”")
