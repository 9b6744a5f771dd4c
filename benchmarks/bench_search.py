"""Exact neighbours: one query and a hundred at once, against one pass over the bytes, gensim and FAISS.

    python -m benchmarks.bench_search                          # 400,000 x 50 and 2,196,017 x 300
    python -m benchmarks.bench_search --rows 500000 --dim 300  # a smaller large one

The large set is made up and removed at the end; it takes 2.6 GB of disk and, for FAISS's own
copy, as much memory. Every figure is the median of calls in this one process, ours and the
peers' taking turns. FAISS's IndexFlatIP gets vectors of length 1, which is cosine. That all
find the same words is checked as well.
"""

from __future__ import annotations

import argparse
import tempfile
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.made_up import LARGE_DIM, LARGE_ROWS, make_set
from benchmarks.turns import medians, show
from embedcore import settings as settings_module
from embedcore.library import open_vectors
from embedcore.vectors import WordVectors

AT_ONCE = 100
FEW = 3  # of a hundred that gensim is asked, one after the other; the rest would only take longer
WITHIN = 50_000


def faiss_index(vectors: WordVectors) -> Any:
    """FAISS's exact index of all rows, each of length 1."""
    import faiss

    index = faiss.IndexFlatIP(vectors.dim)
    for start in range(0, len(vectors), 100_000):
        rows = vectors.matrix[start : start + 100_000]
        lengths = np.maximum(vectors.norms[start : start + 100_000, None], 1e-30)
        index.add((rows / lengths).astype(np.float32))
    return index


def gensim_vectors(vectors: WordVectors) -> Any:
    """KeyedVectors of gensim on the same matrix."""
    from gensim.models import KeyedVectors

    keyed = KeyedVectors(vectors.dim)
    keyed.index_to_key = list(vectors.tokens)
    keyed.key_to_index = {key: row for row, key in enumerate(keyed.index_to_key)}
    keyed.vectors = np.ascontiguousarray(vectors.matrix)
    keyed.fill_norms()
    return keyed


def check_agreement(vectors: WordVectors, index: Any, keyed: Any, words: list[str]) -> None:
    """All three find the same neighbours, but for such as differ by less than float32 can tell."""
    ours = vectors.most_similar_each(words, topn=10)
    units = np.stack([vectors[word] for word in words])
    found, _ = index.search(units / np.linalg.norm(units, axis=1, keepdims=True), 11)
    for place, (word, answers) in enumerate(zip(words, ours, strict=True)):
        similarities = [answer.similarity for answer in answers]
        np.testing.assert_allclose(similarities, found[place, 1:], atol=2e-6)
        if place < FEW:
            np.testing.assert_allclose(similarities, [s for _, s in keyed.most_similar(word, topn=10)], atol=2e-6)
            assert answers == vectors.most_similar(word, topn=10)


def measure(vectors: WordVectors, rounds: int) -> None:
    """Print every figure for one set."""
    print(f"\n{len(vectors):,} x {vectors.dim}, medians of {rounds}")
    index, keyed = faiss_index(vectors), gensim_vectors(vectors)
    rows = np.random.default_rng(2).choice(min(WITHIN, len(vectors)), AT_ONCE, replace=False)
    words = [vectors.tokens[row] for row in rows]
    check_agreement(vectors, index, keyed, words)
    units = vectors.matrix[rows] / vectors.norms[rows, None]  # (100, D)

    def ask(answer: Callable[[str], Any]) -> Callable[[int], Any]:
        return lambda turn: answer(words[turn % len(words)])

    one = {
        "ours": ask(lambda word: vectors.most_similar(word, topn=10)),
        "matrix.sum(), one pass": lambda turn: vectors.matrix.sum(),
        "gensim": ask(lambda word: keyed.most_similar(word, topn=10)),
        "FAISS IndexFlatIP": lambda turn: index.search(units[turn % AT_ONCE][None], 11),
    }
    once = medians(one, rounds)
    show("top-10 of one word", once)
    few = {
        "ours": lambda turn: vectors.most_similar_each(words, topn=10),
        "FAISS IndexFlatIP": lambda turn: index.search(units, 11),
        f"gensim, one after the other ({FEW}, scaled)": lambda turn: [
            keyed.most_similar(word, topn=10) for word in words[:FEW]
        ],
    }
    many = medians(few, max(2, rounds // 5))
    many[[*many][-1]] *= AT_ONCE / FEW
    show(f"top-10 of {AT_ONCE} words at once", {**many, "ours, one after the other (scaled)": AT_ONCE * once["ours"]})
    tracemalloc.start()
    vectors.most_similar_each(words, topn=10)
    print(f"    memory that takes at most: {tracemalloc.get_traced_memory()[1] / 1e6:.0f} MB")
    tracemalloc.stop()
    near = {
        "ours": ask(lambda word: vectors.most_similar(word, topn=10, within=WITHIN)),
        "gensim": ask(lambda word: keyed.most_similar(word, topn=10, restrict_vocab=WITHIN)),
    }
    show(f"top-10 among the {WITHIN:,} most frequent", medians(near, rounds))
    analogy = {
        "ours": ask(lambda word: vectors.most_similar([word, words[0]], [words[1]], topn=10)),
        "gensim": ask(lambda word: keyed.most_similar([word, words[0]], [words[1]], topn=10)),
    }
    show("analogy, top-10", medians(analogy, rounds))
    pair = {
        "ours": ask(lambda word: vectors.similarity(word, words[0])),
        "gensim": ask(lambda word: keyed.similarity(word, words[0])),
    }
    show("similarity of two words", medians(pair, rounds))
    near_spellings = {"ours": ask(lambda word: vectors.tokens.near(word[:-2] + word[:-3:-1]))}
    show("near spellings of a wrong word", medians(near_spellings, rounds))


def main() -> None:
    """Print every figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=LARGE_ROWS, help="of the large set; 0 leaves it out")
    parser.add_argument("--dim", type=int, default=LARGE_DIM)
    parser.add_argument("--rounds", type=int, default=15)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = replace(settings_module.load(), home=Path(folder))
        measure(open_vectors("glove.6B.50d", settings), args.rounds)
        if args.rows:
            measure(make_set("made up", args.rows, args.dim, settings), args.rounds)


if __name__ == "__main__":
    main()
