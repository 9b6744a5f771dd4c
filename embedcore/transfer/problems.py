"""What may be wrong with labelled texts and their split, in sentences for whoever gave them.

Here belongs what is found and said; what stops an experiment is marked. Reading is in `columns`,
dividing in `splitting`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embedcore.storage import printable
from embedcore.transfer.config import MOST_CLASSES
from embedcore.transfer.encoding import MOST_TOKENS, Tokenized
from embedcore.transfer.labelled import TEST, LabelledTexts, is_uneven
from embedcore.transfer.splitting import Places, Split

FEWEST = 10  # texts of which an experiment can be made
FEWEST_OF_A_CLASS = 3  # one to learn from, one to stop by, one to ask about
_FEW_TESTS = 100  # texts, below which one more or less is seen in the accuracy
_NAMED = 5


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, or that is good to know.

    Attributes:
        sentence: in plain words, with numbers.
        stops: whether no experiment can be made.
    """

    sentence: str
    stops: bool = False


@dataclass(frozen=True, eq=False)
class Leaks:
    """Texts to be learned from, or stopped by, that stand word for word in the test part.

    Attributes:
        train: their places in training, (n,).
        validation: their places in validation, (m,).
        test: the places in the test part of which they are doubles, (t,).
    """

    train: Places
    validation: Places
    test: Places

    def __bool__(self) -> bool:
        return len(self.test) > 0

    @property
    def learned(self) -> Places:
        """Their places in training and validation together, (n + m,)."""
        return np.concatenate([self.train, self.validation])


def find_leaks(data: LabelledTexts, split: Split) -> Leaks:
    """The texts in more than one part, of which one is the test; case and punctuation do not count."""
    tested = data.same[split.test]  # (t,)
    train, validation = (part[np.isin(data.same[part], tested)] for part in (split.train, split.validation))
    leaked = data.same[np.concatenate([train, validation])]
    return Leaks(np.sort(train), np.sort(validation), np.sort(split.test[np.isin(tested, leaked)]))


def problems_of_data(data: LabelledTexts, tokenized: Tokenized | None = None) -> list[Problem]:
    """What is wrong before the texts are divided; those that stop come first."""
    found = [*_too_few(data), *_labels(data), *_same(data), *(problems_of_words(data, tokenized) if tokenized else ())]
    return sorted(found, key=lambda problem: not problem.stops)


def problems_of_words(data: LabelledTexts, tokenized: Tokenized) -> Iterator[Problem]:
    """What is wrong with the words of the texts, or of the first of them, as they were split."""
    empty = tokenized.lengths == 0  # (N,)
    if empty.all() and len(empty):
        yield Problem("There is no word in any of the texts. Is another column the one with the texts?", stops=True)
    elif empty.any():
        example = printable(data.texts[int(empty.argmax())])
        such = f", such as “{example}”" if example else ""
        yield Problem(f"{_texts(int(empty.sum()), 'has', 'have')} no word to tell the label by{such}.")
    if tokenized.cut:
        words = f"more than {MOST_TOKENS:,} words; the rest is not read."
        yield Problem(f"{_texts(tokenized.cut, 'has', 'have')} {words}")


def problems_of_split(data: LabelledTexts, split: Split) -> list[Problem]:
    """What is wrong with how the texts are divided; those that stop come first."""
    found = [*_leaked(data, split), *_classes_of_parts(data, split), *_few_tests(split)]
    return sorted(found, key=lambda problem: not problem.stops)


def _too_few(data: LabelledTexts) -> Iterator[Problem]:
    if len(data) < FEWEST:
        count = "There is 1 example" if len(data) == 1 else f"There are {len(data):,} examples"
        yield Problem(f"{count} in all. Give {FEWEST} at least; a few hundred show something.", stops=True)


def _labels(data: LabelledTexts) -> Iterator[Problem]:
    counts, classes = data.counts, len(data.classes)  # (C,)
    if not classes:
        return
    if classes == 1:
        label = printable(data.classes[0], 40)
        yield Problem(f"All texts have the label “{label}”. To tell classes apart, give texts of two.", stops=True)
        return
    if classes > MOST_CLASSES:
        yield Problem(
            f"There are {classes:,} different labels, and at most {MOST_CLASSES} can be told apart here. "
            "Is another column the one with the labels?",
            stops=True,
        )
        return
    small = np.flatnonzero(counts < FEWEST_OF_A_CLASS)
    if classes - len(small) < 2 and len(data) >= FEWEST:
        yield Problem(f"Give {FEWEST_OF_A_CLASS} texts or more of two labels at least.", stops=True)
    elif len(small):
        yield Problem(
            f"{_named(data, small)} {'has' if len(small) == 1 else 'have'} fewer than {FEWEST_OF_A_CLASS} texts: "
            "too few to learn from and to be asked about."
        )
    spellings: dict[str, str] = {}
    for label in data.classes:
        first = spellings.setdefault(" ".join(label.casefold().split()), label)
        if first != label:
            yield Problem(f"“{printable(first, 40)}” and “{printable(label, 40)}” count as two labels.")
    largest = int(counts.argmax())
    if is_uneven(counts):
        yield Problem(
            f"{_percent(counts[largest] / len(data))} of the texts are “{printable(data.classes[largest], 40)}”, "
            "so that always answering this is right as often. Look at macro-F1, too."
        )


def _same(data: LabelledTexts) -> Iterator[Problem]:
    copies = data.same != np.arange(len(data))  # (N,)
    count = int(copies.sum())
    if count:
        kept = " Divided by a seed, a text and its copies are kept in one part." if data.parts is None else ""
        yield Problem(f"{_texts(count, 'is a copy', 'are copies')} of another, word for word.{kept}")
    torn = copies & (data.labels != data.labels[data.same])  # (N,)
    if torn.any():
        example = printable(data.texts[int(torn.argmax())])
        yield Problem(f"{_texts(int(torn.sum()), 'has', 'have')} another label than an earlier copy: “{example}”.")


def _leaked(data: LabelledTexts, split: Split) -> Iterator[Problem]:
    leaks = find_leaks(data, split)
    if leaks:
        tested = len(leaks.test)
        example = printable(data.texts[int(leaks.test[0])])
        known = [name for name, part in (("training", leaks.train), ("validation", leaks.validation)) if len(part)]
        yield Problem(
            f"{tested:,} of the {len(split.test):,} test texts {'is' if tested == 1 else 'are'} also in "
            f"{' and '.join(known)}, such as “{example}”. Who has seen a text is no fair judge of it: "
            "the accuracy comes out too high."
        )


def _classes_of_parts(data: LabelledTexts, split: Split) -> Iterator[Problem]:
    counts = {
        name: np.bincount(data.labels[places], minlength=len(data.classes))
        for name, places in (("training", split.train), ("validation", split.validation), ("test", split.test))
    }
    for name, count in counts.items():
        if not count.any():
            yield Problem(f"The {name} part is empty. Give more texts, or a larger share.", stops=True)
        elif (count > 0).sum() < 2:
            yield Problem(f"All texts of the {name} part have the same label.", stops=name != "validation")
    unseen = np.flatnonzero((counts["training"] == 0) & (counts[TEST] > 0))
    if len(unseen) and counts["training"].any():
        yield Problem(f"{_named(data, unseen)} {'is' if len(unseen) == 1 else 'are'} in the test, but not in training.")


def _few_tests(split: Split) -> Iterator[Problem]:
    if 0 < len(split.test) < _FEW_TESTS:
        yield Problem(
            f"The test part has {_texts(len(split.test))}, so that one answer more or less moves the accuracy "
            f"by {100 / len(split.test):.1f} points."
        )


def _named(data: LabelledTexts, classes: NDArray[np.int64]) -> str:
    names = ", ".join(f"“{printable(data.classes[each], 40)}”" for each in classes[:_NAMED].tolist())
    return f"{names} and {len(classes) - _NAMED:,} more" if len(classes) > _NAMED else names


def _texts(count: int, one: str = "", more: str = "") -> str:
    return f"1 text {one}".rstrip() if count == 1 else f"{count:,} texts {more}".rstrip()


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
