"""Our vectors as gensim's, to hold answers against those of gensim."""

from __future__ import annotations

from typing import Any

import numpy as np

from embedcore.vectors import WordVectors


def keyed_vectors(vectors: WordVectors) -> Any:
    """KeyedVectors of gensim with the words and the matrix of a set."""
    from gensim.models import KeyedVectors

    keyed = KeyedVectors(vectors.dim)
    keyed.index_to_key = list(vectors.tokens)
    keyed.key_to_index = {key: row for row, key in enumerate(keyed.index_to_key)}
    keyed.vectors = np.ascontiguousarray(vectors.matrix)
    return keyed
