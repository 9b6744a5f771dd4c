"""The whole default experiment on labelled sentences: accuracy by size and start, and how long it takes.

Text is a folder with one file a label, one sentence a line, or a table with a column for each (default: the
10,662 film reviews). The clock runs from the texts in memory to the last fit: dividing, tokens,
vocabularies, all fits, the test. When the first points were there is told too, and that they are the same as
in the final table. In the end, one frozen fit of all texts is made by the plain PyTorch script of the tests
too, in turns, and the ratio of the medians is told.

`python -m benchmarks.bench_transfer ../shared/data/ko/nsmc_train20k.tsv --pretrained NAME --tokenizer morphemes`
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from embedcore.library import open_vectors
from embedcore.transfer.answers import Point, answer, points
from embedcore.transfer.columns import guess_columns, labelled
from embedcore.transfer.config import AVERAGE, FROZEN, MODELS, STARTS, TransferConfig
from embedcore.transfer.experiment import Experiment, Progress
from embedcore.transfer.labelled import LabelledTexts
from embedcore.transfer.leads import MACRO_F1
from embedcore.transfer.records import read_records
from embedcore.transfer.results import Task
from embedcore.transfer.splitting import Split, split_texts
from embedcore.vectors import WordVectors
from tests.plain_transfer import frozen_accuracy, words_of

POLARITY = Path(__file__).resolve().parents[2] / "shared" / "data" / "en" / "sentence_polarity"


def read(path: Path, most: int | None) -> LabelledTexts:
    """The labelled texts of a folder with a file for each label, or of one table."""
    if path.is_file():
        records = read_records(path.name, path.read_bytes())
        data = labelled(records, guess_columns(records))[0]
        return (
            data
            if most is None
            else LabelledTexts.of(
                data.texts[:most], [data.classes[label] for label in data.labels[:most].tolist()], name=data.name
            )
        )
    texts, labels = [], []
    for file in sorted(path.iterdir()):
        if file.name.startswith("README"):
            continue
        data = file.read_bytes()
        try:
            lines = data.decode("utf-8").split("\n")
        except UnicodeDecodeError:
            lines = data.decode("cp1252", "replace").split("\n")
        texts += [line.strip() for line in lines if line.strip()]
        labels += [file.name] * (len(texts) - len(labels))
    return LabelledTexts.of(texts, labels, name=path.name)


def table(found: Sequence[Point], uneven: bool) -> str:
    """Accuracies in percent, a row a start, the worst and best seed below each."""
    sizes = sorted({point.size for point in found})
    lines = ["| | " + " | ".join(f"{size:,}" for size in sizes) + " |", "|---" * (len(sizes) + 1) + "|"]
    for start in STARTS:
        row = {point.size: point for point in found if point.start == start}
        if row:
            cells = (f"{100 * row[s].accuracy:.1f} ({100 * row[s].low:.1f}–{100 * row[s].high:.1f})" for s in sizes)
            lines.append(f"| {start} | " + " | ".join(cells) + " |")
            if uneven:
                lines.append(
                    f"| {start}, macro-F1 | " + " | ".join(f"{100 * row[s].macro_f1:.1f}" for s in sizes) + " |"
                )
    return "\n".join(lines)


def beside_plain(data: LabelledTexts, split: Split, vectors: WordVectors, rounds: int) -> str:
    """One frozen fit of all training texts, from the texts to the accuracy, by us and by the plain script, in turns."""
    config = TransferConfig(pretrained=vectors.name, starts=(FROZEN,))
    size = len(split.train)
    words = {word for text in data.texts for word in words_of(text)}
    numbers = {word: vectors[word] for word in words if word in vectors.tokens}
    ours, plain, accuracies = [], [], set()
    for _ in range(rounds):
        began = time.perf_counter()
        made = Experiment(data, split, config, vectors)
        learned = made.learn(Task(FROZEN, size, 1))
        ours.append(time.perf_counter() - began)
        assert learned is not None
        parts = [part.tolist() for part in (made.training_texts(size, 1), split.validation, split.test)]
        began = time.perf_counter()
        by_hand = frozen_accuracy(list(data.texts), data.labels.tolist(), *parts, numbers, 1)
        plain.append(time.perf_counter() - began)
        accuracies.add(f"{100 * learned.fitted.accuracy:.1f} and {100 * by_hand:.1f} %")
    ratio = statistics.median(plain) / statistics.median(ours)
    return (
        f"a frozen fit of {size:,} texts: {statistics.median(ours):.1f} s; plain PyTorch takes {ratio:.1f} times as "
        f"long ({', '.join(accuracies)})"
    )


def main() -> None:
    """Read, run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path, nargs="?", default=POLARITY)
    parser.add_argument("--pretrained", default="glove.6B.50d")
    parser.add_argument("--model", choices=MODELS, default=MODELS[0])
    parser.add_argument("--tokenizer", default="words")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--most", type=int, help="texts of a table")
    parser.add_argument("--rounds", type=int, default=3, help="fits beside plain PyTorch; 0: none")
    asked = parser.parse_args()
    if not asked.path.exists():
        sys.exit(f"There are no labelled texts at {asked.path}.")
    data, vectors = read(asked.path, asked.most), open_vectors(asked.pretrained)
    config = TransferConfig(
        model=asked.model, pretrained=asked.pretrained, seeds=asked.seeds, tokenizer=asked.tokenizer
    )
    began, processor = time.perf_counter(), time.process_time()
    split = split_texts(data)
    made = Experiment(data, split, config, vectors)
    labels, classes = data.labels[split.test], len(data.classes)
    early: dict[int, tuple[float, list[Point]]] = {}

    def told(progress: Progress) -> None:
        early[progress.done] = time.perf_counter() - began, points(made.finished.values(), labels, classes)

    made.run(on_progress=told)
    seconds, processor = time.perf_counter() - began, time.process_time() - processor
    fits = list(made.finished.values())
    found, said = points(fits, labels, classes), answer(fits, labels, classes)
    first = len(config.starts) * config.seeds
    assert all(point in found for point in early[first][1])
    print(
        f"{len(data):,} texts of {classes} labels, {len(split.test):,} for the test; {config.model}, {len(fits)} fits"
    )
    print(f"first fit after {early[1][0]:.1f} s, first size whole after {early[first][0]:.1f} s, all {seconds:.1f} s")
    print(f"processor time {processor:.1f} s\n\n{table(found, said.measure == MACRO_F1)}\n")
    for point in found[len(found) // len(config.starts) - 1 :: len(found) // len(config.starts)]:
        print(f"{point.start}: {point.trained:,} numbers learn, {point.seconds:.1f} s a fit of {point.size:,} texts")
    print(" ".join(said.sentences))
    if asked.rounds and (config.model, config.tokenizer) == (AVERAGE, "words"):
        print(beside_plain(data, split, vectors, asked.rounds))


if __name__ == "__main__":
    main()
