"""Skip-gram: words a second and quality, beside gensim's Word2Vec with two workers.

Both read the same lists of tokens, with the same settings, one after the other, each in a
fresh process. Time is that of the training alone; "from text" adds splitting the text,
counting words and encoding. `python -m benchmarks.bench_training --words 2000000 --seeds 1 2`
"""

from __future__ import annotations

import argparse
import lzma
import multiprocessing
import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

REVIEWS = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "en" / "reviews_12M_words.txt.xz"
SETTINGS = {"dim": 100, "window": 5, "negative": 5, "min_count": 5, "sample": 1e-3}


def read_text(words: int) -> list[list[str]]:
    """The first `words` tokens of the reviews, to the end of the line they are on."""
    from embedcore.text import tokenize_words

    sentences, count = [], 0
    with lzma.open(REVIEWS, "rt", encoding="utf-8") as lines:
        for line in lines:
            if tokens := tokenize_words(line.replace("<br />", " ")):
                sentences.append(tokens)
                count += len(tokens)
            if count >= words:
                break
    return sentences


def with_embedcore(sentences: list[list[str]], epochs: int, seed: int, lr: float | None) -> dict[str, Any]:
    """Our own, in one process with one thread; the learning rate is the one we choose if `lr` is None."""
    from embedcore.training import TrainConfig, Trainer

    trainer = Trainer(sentences, TrainConfig(**SETTINGS, epochs=epochs, seed=seed, lr=lr))
    started, busy = time.perf_counter(), time.process_time()
    trainer.run()
    return {
        "seconds": time.perf_counter() - started,
        "processor": time.process_time() - busy,
        "words": trainer.vocab.words,
        "matrix": trainer.weight()[2:],
    }


def with_gensim(sentences: list[list[str]], epochs: int, seed: int, lr: float | None) -> dict[str, Any]:
    """Gensim's Word2Vec with two workers, at its own learning rate, 0.025, if `lr` is None."""
    from gensim.models import Word2Vec

    model = Word2Vec(
        vector_size=SETTINGS["dim"],
        window=SETTINGS["window"],
        negative=SETTINGS["negative"],
        min_count=SETTINGS["min_count"],
        sample=SETTINGS["sample"],
        alpha=0.025 if lr is None else lr,
        sg=1,
        workers=2,
        seed=seed,
    )
    model.build_vocab(sentences)
    started, busy = time.perf_counter(), time.process_time()
    model.train(sentences, total_examples=model.corpus_count, epochs=epochs)
    return {
        "seconds": time.perf_counter() - started,
        "processor": time.process_time() - busy,
        "words": model.wv.index_to_key,
        "matrix": model.wv.vectors,
    }


def measure(job: tuple[Callable[..., dict[str, Any]], int, int, int, float | None]) -> dict[str, float]:
    """One training in this process: its speed, its scores and the process's peak memory."""
    from benchmarks.similarity_sets import FILES, spearman

    run, words, epochs, seed, lr = job
    started = time.perf_counter()
    sentences = read_text(words)
    tokens = sum(map(len, sentences)) * epochs
    result = run(sentences, epochs, seed, lr)
    total = time.perf_counter() - started
    return {
        "words/s": tokens / result["seconds"],
        "words per processor second": tokens / result["processor"],
        "words/s from text": tokens / total,
        "peak memory, MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        **{name: spearman(result["words"], result["matrix"], name)[0] for name in FILES},
    }


def main() -> None:
    """Measure both for every seed, and print the medians and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--words", type=int, default=2_000_000, help="words of the reviews to read")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--lr", type=float, help="learning rate for both; default: each program's own choice")
    arguments = parser.parse_args()
    if not REVIEWS.exists():
        sys.exit(f"The benchmark reads {REVIEWS}, which is not there.")
    runs = {"embedcore": with_embedcore, "gensim": with_gensim}
    results: dict[str, list[dict[str, float]]] = {name: [] for name in runs}
    for seed in arguments.seeds:
        for name, run in runs.items():
            # A fresh process each, so that neither warms up or fills memory for the other.
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                job = (run, arguments.words, arguments.epochs, seed, arguments.lr)
                results[name].append(pool.apply(measure, (job,)))
    print(f"{arguments.words:,} words, {arguments.epochs} pass(es), {SETTINGS}, medians over seeds {arguments.seeds}")
    print(f"{'':28}{'embedcore, 1 process':>22}{'gensim, 2 workers':>20}{'ratio':>8}")
    for figure in results["gensim"][0]:
        ours, theirs = (statistics.median(result[figure] for result in results[name]) for name in runs)
        style = ".3f" if figure.startswith(("Word", "Sim")) else ",.0f"
        print(f"{figure:28}{ours:>22{style}}{theirs:>20{style}}{ours / theirs:>8.2f}")


if __name__ == "__main__":
    main()
