"""What tests of the Transfer form share: texts, filling the form, reading it, and what was submitted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from streamlit.testing.v1 import AppTest

from embedcore.library import save_vectors
from embedcore.runs import Run
from embedcore.runs.experiments import ExperimentConfig, SplitAsked, config_of, texts_of
from embedcore.runs.record import TRANSFER
from embedcore.settings import Settings
from embedcore.transfer.labelled import TEST, TRAIN, LabelledTexts
from embedcore.ui import keys, resources
from embedcore.vectors import WordVectors

from .conftest import by_key, texts

TOPICS = {"good": "I would gladly see number {} again", "bad": "A waste of evening {}, truly dull"}
GOOD_AND_BAD = [(label, text.format(number)) for number in range(30) for label, text in TOPICS.items()]
MOOD_AND_SIZE = [(label, "one" if n % 3 else "two", text) for n, (label, text) in enumerate(GOOD_AND_BAD)]
UGLY = "**x** <b> $y$ :red[z]"
USUAL = SplitAsked(validation=0.15, test=0.3, without_leaks=True)


def lines(rows: Iterable[tuple[str, ...]]) -> str:
    return "".join("\t".join(row) + "\n" for row in rows)


def in_parts(*counts: int) -> list[tuple[str, ...]]:
    """Rows of part, label and text, so many of train, validation and test."""
    parts = [part for part, count in zip((TRAIN, "validation", TEST), counts, strict=True) for _ in range(count)]
    return [(part, label, text) for part, (label, text) in zip(parts, GOOD_AND_BAD, strict=False)]


def paste(at: AppTest, text: str) -> AppTest:
    by_key(at, "text_area", keys.LABELLED).set_value(text).run()
    assert not at.exception
    return at


def put(at: AppTest, name: str, data: bytes, key: str = keys.LABELLED_FILE) -> AppTest:
    """Upload a file, and see the page that follows."""
    by_key(at, "file_uploader", key).set_value((name, data, "")).run()
    assert not at.exception
    return at


def tiny(home: Settings, name: str = "tiny", words: Sequence[str] = ("zzqxv", "qqqq")) -> None:
    """A vector set in the library that knows these words."""
    save_vectors(
        name, WordVectors(list(words), np.eye(len(words), 3, dtype=np.float32)), source="a test", settings=home
    )


def shown(at: AppTest) -> str:
    """All that is written, as visitors read it."""
    return texts(at).replace("\\", "")


def errors(at: AppTest) -> str:
    return "\n".join(str(error.value) for error in at.error).replace("\\", "")


def warnings(at: AppTest) -> str:
    return "\n".join(str(warning.value) for warning in at.warning).replace("\\", "")


def has(at: AppTest, kind: str, key: str) -> bool:
    return any(getattr(element, "key", None) == key for element in at.get(kind))


def can_start(at: AppTest) -> bool:
    return has(at, "button", keys.START_EXPERIMENT) and not by_key(at, "button", keys.START_EXPERIMENT).disabled


def first_texts(at: AppTest) -> Any:
    """The table of the first texts and their labels."""
    return next(each.value for each in at.dataframe if "text" in each.value)


def division(at: AppTest) -> dict[str, list[int]]:
    """Of each label, and of all together: how many are for training, validation, test."""
    table = next(each.value for each in at.dataframe if "training" in each.value)
    rows = table[["training", "validation", "test"]].to_numpy().tolist()
    return dict(zip(table["label"], rows, strict=True))


def press(at: AppTest) -> Run:
    """Press Start; the run that came of it."""
    before = {run.id for run in resources.runs().recent(100, kinds=(TRANSFER,))}
    assert can_start(at), errors(at) + warnings(at)
    by_key(at, "button", keys.START_EXPERIMENT).click().run()
    assert not at.exception
    (made,) = [run for run in resources.runs().recent(100, kinds=(TRANSFER,)) if run.id not in before]
    return made


def submitted(at: AppTest) -> tuple[ExperimentConfig, LabelledTexts]:
    """What an experiment that is started now is asked to do, and its texts."""
    run = press(at)
    return config_of(run), texts_of(resources.runs().folder(run.id))


def pairs(data: LabelledTexts) -> list[tuple[str, str]]:
    return [(data.classes[label], text) for label, text in zip(data.labels.tolist(), data.texts, strict=True)]


def counted_by_hand(data: LabelledTexts, asked: SplitAsked) -> dict[str, list[int]]:
    """The table of the division, counted in plain Python from the places of the split."""
    split = asked.split(data)
    parts = (split.train, split.validation, split.test)
    assert sorted(np.concatenate(parts).tolist()) == [*range(len(data))]
    names = [data.classes[label] for label in data.labels.tolist()]
    of_parts = [Counter(names[place] for place in part.tolist()) for part in parts]
    table = {label: [counts[label] for counts in of_parts] for label in data.classes}
    return {**table, "all together": [len(part) for part in parts]}


LEAKY = [*in_parts(36, 10, 14), ("train", "good", GOOD_AND_BAD[46][1]), ("train", "bad", GOOD_AND_BAD[47][1].upper()),
         ("validation", "good", GOOD_AND_BAD[46][1] + "!")]  # fmt: skip
LEAKY_TEXT = "split\tlabel\ttext\n" + lines(LEAKY)
