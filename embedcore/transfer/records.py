"""Files of examples as rows and columns: CSV, TSV, JSON Lines, a JSON list, or `label<TAB>text` in any text.

Here belongs what stands in a file, whatever it means; encodings and table cells are found out by
`documents`. Which column is the text and which the label is in `columns`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from embedcore.documents import WHOLE_LINES, Choices, read_document, tables
from embedcore.errors import TextProblem
from embedcore.settings import Settings
from embedcore.storage import printable

EXTENSIONS = ("csv", "tsv", "jsonl", "ndjson", "json", "txt", "gz")

# What columns of examples are mostly called. A first row of such names alone names the columns,
# however short the texts below it are.
TEXT_NAMES = frozenset(
    {"text", "texts", "sentence", "document", "review", "comment", "content", "body", "message", "utterance",
     "문장", "본문", "내용", "리뷰", "댓글", "발화", "텍스트"}
)  # fmt: skip
LABEL_NAMES = frozenset(
    {"label", "labels", "class", "category", "sentiment", "polarity", "target", "topic", "intent",
     "라벨", "레이블", "분류", "범주", "감정", "감성", "주제", "의도"}
)  # fmt: skip
PART_NAMES = frozenset({"split", "part", "set", "subset", "partition", "구분", "분할"})
_USUAL_NAMES = TEXT_NAMES | LABEL_NAMES | PART_NAMES | {"id", "title", "번호", "제목"}

MOST_ROWS = 200_000  # that a server can hold for several visitors, and that can be tried in a sitting

_DELIMITERS = {".csv": ",", ".tsv": "\t", ".tab": "\t"}
_JSON_LINES = (".jsonl", ".ndjson")
_TABBED = 0.6  # of the lines of a text hold a tab, then it is a table of tabs
_HALF_A_PAIR = re.compile("[\ud800-\udfff]")  # JSON can spell what is no character
_HOW = "Write an example on each line: the label, a tab, and the text."


@dataclass(frozen=True)
class Records:
    """The rows of a file or of a pasted text.

    Attributes:
        name: what it is called in messages.
        columns: the names of the columns, all different.
        rows: each with a cell for each column, "" where there is nothing.
        notes: what was found out, guessed and left out, in plain sentences.
    """

    name: str
    columns: tuple[str, ...]
    rows: list[list[str]]
    notes: tuple[str, ...] = ()


def read_records(name: str, data: bytes, *, encoding: str | None = None, settings: Settings | None = None) -> Records:
    """The rows of a file called `name`; `encoding` None: find it out.

    Raises TextProblem for what is no text, is damaged, empty or too large, or has no columns.
    """
    document = read_document(name, data, Choices(encoding, WHOLE_LINES, join_lines=False), settings)
    suffix = Path(name.lower().removesuffix(".gz")).suffix
    return _records(f"“{printable(name, 200)}”", document.text, suffix, _about_encoding(document.notes))


def paste_records(text: str, *, settings: Settings | None = None) -> Records:
    """The rows of a pasted text. Raises TextProblem for one that is empty or too long, or has no columns."""
    if not text.strip():
        raise TextProblem(f"There is no text yet. {_HOW}")
    if settings and len(text) > settings.max_pasted_characters:
        raise TextProblem(
            f"This text has {len(text):,} characters; at most {settings.max_pasted_characters:,} can be pasted. "
            "Upload it as a file instead."
        )
    lines = _characters(text.removeprefix("\ufeff")).replace("\r\n", "\n").replace("\r", "\n")
    return _records("the pasted text", lines, "", ())


def _about_encoding(notes: Sequence[str]) -> tuple[str, ...]:
    """What was found out about the bytes; the rest is about a text of lines, which this is not."""
    return tuple(note for note in notes if not note.startswith("Its lines are broken"))


def _records(shown: str, text: str, suffix: str, notes: Sequence[str]) -> Records:
    lines = [line for line in text.split("\n") if line.strip()]
    first = lines[0].strip() if lines else ""
    if suffix in _JSON_LINES or isinstance(_json(first), dict):
        return _of_json_lines(shown, lines, notes)
    if suffix == ".json" or first[:1] in ("[", "{"):
        found = _json(text)
        if isinstance(found, list):
            return _of_json_lines(shown, [json.dumps(each, ensure_ascii=False) for each in found], notes)
        if suffix == ".json" or first in ("[", "{"):
            raise TextProblem(
                f"JSON is read here as one list of objects, or as an object on each line; {shown} is neither."
            )
    return _of_table(shown, lines, _DELIMITERS.get(suffix), notes)


def _of_json_lines(shown: str, lines: Sequence[str], notes: Sequence[str]) -> Records:
    """The objects of lines; a column for each key, in the order in which they appear."""
    _check_size(shown, lines)
    found = [_json(line) for line in lines]
    objects = [{_characters(key): value for key, value in each.items()} for each in found if _is_filled(each)]
    if not objects:
        raise TextProblem(f'No line of {shown} is a JSON object such as {{"label": "good", "text": "A fine day"}}.')
    keys = tuple(dict.fromkeys(key for each in objects for key in each))
    rows = [[_cell(each.get(key)) for key in keys] for each in objects]
    wrong = [place for place, each in enumerate(found) if not _is_filled(each)]
    if wrong:
        example = printable(lines[wrong[0]].strip())
        notes = [*notes, f"{_rows(len(wrong))} left out: no JSON object with anything in it, such as “{example}”."]
    return Records(shown, keys, rows, tuple(notes))


def _of_table(shown: str, lines: Sequence[str], named: str | None, notes: Sequence[str]) -> Records:
    """The rows of a table; `named` is the delimiter that the file's name speaks for."""
    if named is None:
        named = "\t" if sum("\t" in line for line in lines) >= _TABBED * len(lines) else ","
    table = tables.find(lines, named=named)
    if table is None or len(table.columns) < 2:
        quotes = " In a table with commas, a text that holds a comma stands in quotes." if named == "," else ""
        raise TextProblem(f"No labels were found in {shown}. {_HOW}{quotes}")
    found = list(islice(tables.rows(lines, table.delimiter, quoted=table.quoted), MOST_ROWS + 2))
    columns, header = _names(table, found[0])
    found = found[header:]
    if not found:
        raise TextProblem(f"There is only one line in {shown}, the one that names its columns.")
    _check_size(shown, found)
    width, widest = len(columns), table.columns.index(table.column)
    said = [] if header else ["The first line names no columns, so it counts as an example."]
    if short := sum(len(row) < width for row in found):
        said.append(f"{_rows(short)} left out: fewer than {width} columns.")
    if long := sum(len(row) > width for row in found):
        read = f"more than {width} columns, which were read as part of “{printable(columns[widest], 40)}”."
        said.append(f"{long:,} {'row has' if long == 1 else 'rows have'} {read}")
    rows = [_fitted(row, width, widest, table.delimiter) for row in found if len(row) >= width]
    return Records(shown, columns, rows, (*notes, *said))


def _check_size(shown: str, rows: Sequence[object]) -> None:
    if len(rows) > MOST_ROWS:
        raise TextProblem(f"There are more than {MOST_ROWS:,} rows in {shown}. Take a part of them.")


def _names(table: tables.Table, first: list[str]) -> tuple[tuple[str, ...], bool]:
    """The names of a table's columns, and whether its first row holds them."""
    names = tuple(cell.strip() for cell in first)
    usual = len(names) == len(table.columns) == len(set(names)) and all(name.lower() in _USUAL_NAMES for name in names)
    return (names, True) if usual else (table.columns, table.header)


def _fitted(row: list[str], width: int, widest: int, delimiter: str) -> list[str]:
    """A row with `width` cells: delimiters inside a text made more of it, and are put back there."""
    more = len(row) - width
    return [*row[:widest], delimiter.join(row[widest : widest + more + 1]), *row[widest + more + 1 :]] if more else row


def _json(text: str) -> Any:
    """The value that a text is in JSON, or None."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _is_filled(value: Any) -> bool:
    return isinstance(value, dict) and bool(value)


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return _characters(value)
    return "" if value is None else _characters(json.dumps(value, ensure_ascii=False))


def _characters(text: str) -> str:
    return _HALF_A_PAIR.sub("\ufffd", text).replace("\0", " ")


def _rows(count: int) -> str:
    return "1 row is" if count == 1 else f"{count:,} rows are"
