"""Opening a set: its files mapped, nothing read before it is used."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from embedcore import settings as settings_module
from embedcore import storage
from embedcore.errors import EmbedcoreError, StorageProblem
from embedcore.library.bundled import open_bundled
from embedcore.library.listing import folder_of
from embedcore.library.places import BUNDLED, MATRIX_FILE, META_FILE, NORMS_FILE, state_of
from embedcore.settings import Settings
from embedcore.subwords import SUBWORDS_FILE, Subwords
from embedcore.tokens import Tokens
from embedcore.vectors import WordVectors

_TRIES = 20  # so often in a row nobody replaces a set just while it is opened


def open_vectors(name: str, settings: Settings | None = None) -> WordVectors:
    """The set called `name`, memory-mapped: little is read before it is used.

    Its files are all of one set, also if it is replaced meanwhile. Raises UnknownVectors if
    there is none, StorageProblem if it is damaged.
    """
    settings = settings or settings_module.load()
    if name == BUNDLED:
        return open_bundled(settings)
    for _ in range(_TRIES):
        folder = folder_of(name, settings)
        before, problem = state_of(folder), None
        try:
            vectors = _open(folder)
        except EmbedcoreError as error:
            problem = error
        if before is None or state_of(folder) != before:
            continue
        if problem is None:
            return vectors
        raise StorageProblem(
            f"Could not open the vector set “{folder.name}”: {problem} Delete the set and make it again."
        ) from problem
    raise StorageProblem(f"Could not open the vector set “{folder.name}”: it is being replaced. Try again.")


def _open(folder: Path) -> WordVectors:
    """The set in a folder. Raises StorageProblem or BadVectors if it is damaged."""
    meta = {**storage.read_json(folder / META_FILE), "name": folder.name}
    matrix = storage.open_array(folder / MATRIX_FILE)  # (V, D)
    tokens = Tokens.open(folder)
    norms = storage.open_array(folder / NORMS_FILE)  # (V,)
    if matrix.dtype != np.float32 or matrix.shape != (meta.get("rows"), meta.get("dim")):
        raise StorageProblem(f"{MATRIX_FILE} does not fit {META_FILE}.")
    subwords = Subwords.open(folder)
    if bool(meta.get("subwords")) != (subwords is not None):
        raise StorageProblem(f"{SUBWORDS_FILE} does not fit {META_FILE}.")
    return WordVectors(
        tokens, matrix, name=folder.name, lowercased=bool(meta.get("lowercased")), norms=norms, meta=meta,
        subwords=subwords,
    )  # fmt: skip
