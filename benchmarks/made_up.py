"""A made-up vector set of any size, for measuring: tokens like those of a large set, and random vectors.

Here belongs making it in a library; what is measured with it belongs to the benchmarks.
"""

from __future__ import annotations

import random

import numpy as np

from embedcore.library import fill, new_set, open_vectors
from embedcore.settings import Settings
from embedcore.vectors import WordVectors

LARGE_ROWS, LARGE_DIM = 2_196_017, 300  # as glove.840B.300d
_BLOCK = 50_000


def tokens(rows: int, settings: Settings) -> list[str]:
    """So many different tokens: those of GloVe first, then capitals, compounds and Korean syllables."""
    made = dict.fromkeys(open_vectors("glove.6B.50d", settings).tokens[:rows])
    base, generator = list(made), random.Random(1)
    syllables = [chr(generator.randrange(0xAC00, 0xD7A4)) for _ in range(2_000)]
    while len(made) < rows:
        word, kind = base[int(len(base) * generator.random() ** 2)], generator.random()
        if kind < 0.3:
            word = word.capitalize()
        elif kind < 0.8:
            word = f"{word}-{base[generator.randrange(min(20_000, len(base)))]}"
        else:
            word = "".join(generator.choices(syllables, k=generator.randint(2, 4)))
        made.setdefault(word)
    return list(made)


def make_set(name: str, rows: int, dim: int, settings: Settings) -> WordVectors:
    """Make a set in the library and open it; its matrix is written block by block, never held in memory.

    The vectors are normal deviates, shorter the rarer the word, and drawn towards one of a
    thousand centres, so that words have neighbours.
    """
    generator = np.random.default_rng(1)
    centres = generator.standard_normal((1_000, dim), dtype=np.float32)
    with new_set(name, settings=settings) as folder:
        matrix = np.lib.format.open_memmap(folder / "matrix.npy", "w+", np.float32, (rows, dim))  # (rows, dim)
        for start in range(0, rows, _BLOCK):
            end = min(start + _BLOCK, rows)
            block = generator.standard_normal((end - start, dim), dtype=np.float32)  # (n, dim)
            block += 0.8 * centres[generator.integers(0, len(centres), len(block))]
            matrix[start:end] = block / np.log(np.arange(start + 3, end + 3))[:, None]
        matrix.flush()
        fill(folder, WordVectors(tokens(rows, settings), matrix), name=name, source="Made up by a benchmark")
    return open_vectors(name, settings)
