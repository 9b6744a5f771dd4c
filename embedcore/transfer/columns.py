"""From rows to labelled texts: which column is the text, which the label, and which says the part.

Here belong good guesses, and making `LabelledTexts` of the columns that were chosen. Reading rows
from a file is in `records`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from embedcore.documents import tables
from embedcore.errors import TextProblem
from embedcore.storage import printable
from embedcore.transfer.config import MOST_CLASSES
from embedcore.transfer.labelled import PARTS, TEST, TRAIN, VALIDATION, LabelledTexts, one_line
from embedcore.transfer.records import LABEL_NAMES, PART_NAMES, TEXT_NAMES, Records

_SHOWN_COLUMNS = 12
_SAMPLE_ROWS = 1_000  # tell where most of the text is

# What parts are called in published data sets.
_PARTS = {
    **dict.fromkeys(("train", "training", "tr", "학습", "훈련", "학습용"), TRAIN),
    **dict.fromkeys(("validation", "valid", "val", "dev", "development", "검증", "검증용"), VALIDATION),
    **dict.fromkeys(("test", "testing", "te", "평가", "시험", "테스트", "평가용"), TEST),
}  # fmt: skip


@dataclass(frozen=True)
class Columns:
    """Which columns are read.

    Attributes:
        text: the one with the texts.
        label: the one with the labels; None in a guess, where none looks like it.
        part: the one that says what is for training and what for the test; None: nothing does.
    """

    text: str
    label: str | None
    part: str | None = None


def guess_columns(
    records: Records, *, text: str | None = None, label: str | None = None, part: str | None = None
) -> Columns:
    """The columns that look like text, label and part, by their names and what stands in them.

    Those that are named already stay so, and are guessed for nothing else.
    """
    named = {name for name in (text, label, part) if name is not None}
    text = text or _most_text(records, [name for name in records.columns if name not in named] or records.columns)
    others = [name for name in records.columns if name not in named | {text}]
    values = {name: {one_line(cell) for cell in _cells(records, name)} - {""} for name in others}
    parts = [name for name in others if part is None and _is_part(name, values[name])]
    labels = [label] if label is not None else _labels(records, [name for name in others if name not in parts], values)
    if not labels and len(others) == 1 and not parts:  # there is no other choice
        labels = others
    return Columns(text, labels[0] if labels else None, part or (parts[0] if parts and labels else None))


def _labels(records: Records, candidates: Sequence[str], values: Mapping[str, set[str]]) -> list[str]:
    """The columns that may be labels, the likeliest first."""
    # A label repeats: an id does not. A column that is called so is one, even if it says the same everywhere.
    most = min(MOST_CLASSES, max(2, len(records.rows) // 2))
    called = {name for name in candidates if name.strip().lower() in LABEL_NAMES and len(values[name]) <= MOST_CLASSES}
    found = [name for name in candidates if name in called or 2 <= len(values[name]) <= most]
    return sorted(found, key=lambda name: (name not in called, len(values[name])))


def _most_text(records: Records, among: Sequence[str]) -> str:
    """The column of these with most letters, among those that are called as texts are, if there are such."""
    usual = [name for name in among if name.strip().lower() in TEXT_NAMES]
    candidates = [records.columns.index(name) for name in usual or among]
    sample = [[row[index] for index in candidates] for row in records.rows[:_SAMPLE_ROWS]]
    return records.columns[candidates[tables.wordiest(sample)]]


def labelled(records: Records, columns: Columns) -> tuple[LabelledTexts, tuple[str, ...]]:
    """The texts and labels of these columns, and what was left out, in plain sentences.

    Rows without a text or without a label are left out. Raises TextProblem for a column that is not
    there or is chosen twice, for parts that are none, and if nothing is left.
    """
    if columns.label is None:
        raise TextProblem(
            f"No column of {records.name} looks like labels, which repeat. Choose one: {_there(records)}."
        )
    chosen = [name for name in (columns.text, columns.label, columns.part) if name is not None]
    if len(set(chosen)) < len(chosen):
        raise TextProblem("Text, label and part need a column each; one was chosen twice.")
    texts, labels = ([one_line(cell) for cell in _cells(records, name)] for name in chosen[:2])
    parts = None if columns.part is None else _parts(records, columns.part)
    kept = [place for place in range(len(texts)) if texts[place] and labels[place]]
    if not kept:
        raise TextProblem(f"No row of {records.name} has both a text and a label.")
    data = LabelledTexts.of(
        (texts[place] for place in kept),
        (labels[place] for place in kept),
        parts=None if parts is None else [parts[place] for place in kept],
        name=records.name,
    )
    without_text = sum(not text for text in texts)
    without_label = len(texts) - len(kept) - without_text
    left_out = [_left_out(count, what) for count, what in ((without_text, "text"), (without_label, "label")) if count]
    return data, tuple(left_out)


def json_lines(data: LabelledTexts) -> str:
    """Labelled texts as JSON Lines, from which `from_json_lines` makes the same again."""
    lines = []
    for place, (text, label) in enumerate(zip(data.texts, data.labels.tolist(), strict=True)):
        line = {"text": text, "label": data.classes[label], **({"part": data.parts[place]} if data.parts else {})}
        lines.append(json.dumps(line, ensure_ascii=False) + "\n")
    return "".join(lines)


def from_json_lines(text: str, name: str) -> LabelledTexts:
    """What `json_lines` wrote, however many they are. Raises TextProblem if they are damaged."""
    try:
        rows = [json.loads(line) for line in text.split("\n") if line]
        parts = [row["part"] for row in rows] if rows and "part" in rows[0] else None
        if not rows or not {*(parts or ())} <= {*PARTS}:
            raise ValueError("no such rows")
        return LabelledTexts.of([row["text"] for row in rows], [row["label"] for row in rows], parts=parts, name=name)
    except (ValueError, KeyError, TypeError):
        raise TextProblem(f"{name} is damaged: its labelled texts cannot be read.") from None


def _parts(records: Records, column: str) -> list[str]:
    """What part each row is for."""
    found = []
    for number, cell in enumerate(_cells(records, column), 1):
        part = _PARTS.get(one_line(cell).lower())
        if part is None:
            raise TextProblem(
                f"“{printable(one_line(cell), 40)}” in “{printable(column, 40)}”, row {number:,}, is no part. "
                f"A part is {TRAIN}, {VALIDATION} or {TEST}."
            )
        found.append(part)
    return found


def _is_part(name: str, values: set[str]) -> bool:
    """Whether a column says parts, training and test among them; a label may be called “test”, too."""
    parts = {_PARTS.get(value.lower()) for value in values}
    return None not in parts and {TRAIN, TEST} <= parts and (len(values) > 2 or name.strip().lower() in PART_NAMES)


def _cells(records: Records, column: str) -> list[str]:
    if column not in records.columns:
        raise TextProblem(f"There is no column “{printable(column, 40)}”. There are: {_there(records)}.")
    index = records.columns.index(column)
    return [row[index] for row in records.rows]


def _there(records: Records) -> str:
    names = ", ".join(f"“{printable(name, 40)}”" for name in records.columns[:_SHOWN_COLUMNS])
    more = len(records.columns) - _SHOWN_COLUMNS
    return f"{names} and {more:,} more" if more > 0 else names


def _left_out(count: int, what: str) -> str:
    return f"1 row has no {what}: left out." if count == 1 else f"{count:,} rows have no {what}: left out."
