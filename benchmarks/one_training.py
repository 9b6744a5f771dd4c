"""One training by one program, in a process of its own: `python -m benchmarks.one_training --help`.

Every program reads the same file, from disk: lower-cased words with a space between, a sentence
a line. It gets two workers and the same settings, save for its own learning rate. The clock
starts when its libraries are imported and stops when the vectors are in memory. Prints one JSON
object, and leaves the vectors in a file. Nothing else is measured here: see `bench_training`.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

WORKERS = 2
SETTINGS = {"dim": 100, "window": 5, "negative": 5, "min_count": 5, "sample": 1e-3, "epochs": 1}

Trained = tuple[list[str], np.ndarray, dict[str, float]]  # the words, their vectors (V, D), seconds


def with_embedcore(text: str, objective: str, seed: int) -> Trained:
    """Our own: two processes on shared weights, at the learning rate that we choose."""
    import torch

    from embedcore.documents import Choices, read_blocks
    from embedcore.training import TrainConfig, Trainer
    from embedcore.training.encode import encode
    from embedcore.training.hogwild import Crew

    torch.set_num_threads(1)
    config = TrainConfig(objective=objective, seed=seed, tokenizer="whitespace", **SETTINGS)  # type: ignore[arg-type]
    with tempfile.TemporaryDirectory() as folder:
        clock = time.perf_counter
        started = clock()
        crew = Crew(WORKERS)  # starts while the text is read
        blocks = read_blocks(text, Choices(encoding="utf-8", join_lines=False))
        corpus = encode(
            blocks, Path(folder) / "corpus", tokenizer=config.tokenizer, min_count=config.min_count, processes=WORKERS
        )
        assert corpus is not None
        read = clock()
        trainer = Trainer(corpus, config, processes=crew)
        ready = clock()
        trainer.run()
        trained = clock()
        vectors = trainer.word_vectors()
        ended = clock()
        crew.dismiss()
    seconds = {"read": read - started, "train": trained - ready, "whole": ended - started}
    return trainer.vocab.words, vectors.matrix, seconds


def with_gensim(text: str, objective: str, seed: int, *, as_file: bool) -> Trained:
    """Gensim's Word2Vec: two workers that read the file themselves, or are given its lines."""
    from gensim.models import Word2Vec
    from gensim.models.word2vec import LineSentence

    model = Word2Vec(
        vector_size=SETTINGS["dim"],
        window=SETTINGS["window"],
        negative=SETTINGS["negative"],
        min_count=SETTINGS["min_count"],
        sample=SETTINGS["sample"],
        sg=int(objective == "skipgram"),
        workers=WORKERS,
        seed=seed,
    )
    source: dict[str, Any] = {"corpus_file": text} if as_file else {"corpus_iterable": LineSentence(text)}
    started = time.perf_counter()
    model.build_vocab(**source)
    read = time.perf_counter()
    # A corpus_file needs to know its words, and lines want to know their number.
    known = {"total_words": model.corpus_total_words} if as_file else {"total_examples": model.corpus_count}
    model.train(**source, **known, epochs=SETTINGS["epochs"])
    ended = time.perf_counter()
    seconds = {"read": read - started, "train": ended - read, "whole": ended - started}
    return model.wv.index_to_key, model.wv.vectors, seconds


def with_gensim_file(text: str, objective: str, seed: int) -> Trained:
    """Gensim with `corpus_file`."""
    return with_gensim(text, objective, seed, as_file=True)


def with_gensim_lines(text: str, objective: str, seed: int) -> Trained:
    """Gensim with `LineSentence`."""
    return with_gensim(text, objective, seed, as_file=False)


def with_fasttext(text: str, objective: str, seed: int) -> Trained:
    """Train with fastText, without subwords; tells its speed on standard error, and no time.

    Its Python package takes no seed; with two threads no two trainings are alike all the same.
    """
    import fasttext

    started = time.perf_counter()
    model = fasttext.train_unsupervised(
        text,
        model=objective,
        dim=SETTINGS["dim"],
        ws=SETTINGS["window"],
        neg=SETTINGS["negative"],
        minCount=SETTINGS["min_count"],
        t=SETTINGS["sample"],
        epoch=SETTINGS["epochs"],
        minn=0,
        maxn=0,
        thread=WORKERS,
        verbose=2,
    )
    seconds = {"whole": time.perf_counter() - started}
    words = model.get_words()
    return words, np.array([model.get_word_vector(word) for word in words], np.float32), seconds


PROGRAMS: dict[str, Callable[[str, str, int], Trained]] = {
    "embedcore": with_embedcore,
    "gensim, corpus_file": with_gensim_file,
    "gensim, LineSentence": with_gensim_lines,
    "fastText": with_fasttext,
}


def main() -> None:
    """Train, leave the vectors, tell the times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", choices=PROGRAMS)
    parser.add_argument("text", help="the file to read")
    parser.add_argument("out", help="the .npz to write: words and matrix")
    parser.add_argument("--objective", default="skipgram")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    words, matrix, seconds = PROGRAMS[arguments.program](arguments.text, arguments.objective, arguments.seed)
    np.savez(arguments.out, words=np.array(words), matrix=matrix)
    json.dump(seconds, sys.stdout)


if __name__ == "__main__":
    main()
