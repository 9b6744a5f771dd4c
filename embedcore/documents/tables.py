"""Tables in text files: where cells and columns are, and which column is the text.

Follows RFC 4180 for quoted cells, where quotes are used that way; in many .tsv files they are not.
"""

from __future__ import annotations

import csv
import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from embedcore.errors import TextProblem
from embedcore.storage import printable

_DELIMITERS = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "bars"}
_SAMPLE_ROWS = 1_000
_MOST_CELL = 1_000_000  # characters between two quotes; beyond, the first was no quote but a character
_ALIKE = 0.9  # of the rows have as many cells as most
_REGULAR = 0.6  # in any table, at least
_TEXT_ALIKE = 0.99  # in a file that is not called a table
_FEWEST_ROWS = 3  # by which a file that is not called a table may be taken for one
_LONGER = 3  # times as long as its header are the cells of a column, where nothing else tells
_NUMBER = re.compile(r"[-+]?[\d.,:/ -]*\d[%]?")
_SHOWN_COLUMNS = 12

csv.field_size_limit(max(csv.field_size_limit(), 4 * _MOST_CELL))


@dataclass(frozen=True)
class Table:
    """How a table is written, and which of its columns is read.

    Attributes:
        delimiter: the character between two cells.
        quoted: whether cells may stand in double quotes.
        header: whether the first row names the columns.
        columns: their names, all different; `column 1` and so on where there are none.
        column: the name of the one that is read.
        chosen: whether somebody asked for that one.
    """

    delimiter: str
    quoted: bool
    header: bool
    columns: tuple[str, ...]
    column: str
    chosen: bool

    def texts(self, lines: Iterable[str]) -> Iterator[str]:
        """The cells of the column, each as one line, from the physical lines of the file."""
        index = self.columns.index(self.column)
        last = index == len(self.columns) - 1
        found = rows(lines, self.delimiter, quoted=self.quoted)
        for row in islice(found, 1 if self.header else 0, None):
            if len(row) > index:
                cell = self.delimiter.join(row[index:]) if last and not self.quoted else row[index]
                yield " ".join(cell.split("\n")) if "\n" in cell else cell

    def note(self) -> str:
        """What was found out, in a sentence or two."""
        names = ", ".join(f"“{printable(name, 40)}”" for name in self.columns[:_SHOWN_COLUMNS])
        more = f" and {len(self.columns) - _SHOWN_COLUMNS:,} more" if len(self.columns) > _SHOWN_COLUMNS else ""
        if len(self.columns) == 1:
            return f"A table with one column, {names}." + ("" if self.header else " It has no line of names.")
        why = "" if self.chosen else ", the one with most text"
        return (
            f"A table with {len(self.columns):,} columns, set apart by {_DELIMITERS[self.delimiter]}: {names}{more}. "
            f"Read: “{printable(self.column, 40)}”{why}."
            + ("" if self.header else " The first line names no columns, so it counts as text.")
        )


def rows(lines: Iterable[str], delimiter: str, *, quoted: bool) -> Iterator[list[str]]:
    """The rows of a table as lists of cells; a quoted cell may go on over several lines.

    A quote that is not closed where a cell ends, or not within a million characters, is a character.
    """
    waiting = iter(lines)
    back: deque[str] = deque()  # lines that were looked at and are still to be read
    while (line := back.popleft() if back else next(waiting, None)) is not None:
        if not quoted or '"' not in line:
            if line:
                yield line.split(delimiter)
            continue
        group, size, even = [line], len(line), line.count('"') % 2 == 0
        while not even and size <= _MOST_CELL:
            following = back.popleft() if back else next(waiting, None)
            if following is None:
                break
            group.append(following)
            size += len(following) + 1
            even = following.count('"') % 2 == 1
        try:
            found = (
                list(csv.reader((each + "\n" for each in group), delimiter=delimiter, strict=True)) if even else None
            )
        except csv.Error:  # as in "so called" film,3
            found = None
        if found is None:
            yield line.split(delimiter)
            back.extendleft(reversed(group[1:]))
        else:
            yield from filter(None, found)


def find(lines: Sequence[str], *, named: str | None, column: str | None = None) -> Table | None:
    """How the table that begins with these physical lines is written; None if it is none.

    `named` is the delimiter that the file's name speaks for; without one, only lines that all
    have as many tabs are a table. Raises TextProblem for a column that is not there.
    """
    sample = [line for line in lines[:_SAMPLE_ROWS] if line.strip()]
    if not sample:
        return None
    if named is None:
        delimiter = "\t"
        counts = Counter(line.count(delimiter) for line in sample)
        tabs, alike = counts.most_common(1)[0]
        if not tabs or alike < _TEXT_ALIKE * len(sample) or len(sample) < _FEWEST_ROWS:
            return None
    else:
        # The name speaks for its own delimiter where two do as well.
        delimiter = max(
            sorted(_DELIMITERS, key=lambda each: each != named), key=lambda each: _alike(_best(sample, each)[1])
        )
        if any(each in line for line in sample for each in named) and _alike(_best(sample, delimiter)[1]) < _REGULAR:
            return None  # lines of text with commas in them
    quoted, body = _best(sample, delimiter)
    width = Counter(map(len, body)).most_common(1)[0][0]
    body = [row for row in body if len(row) == width]
    header = _has_header(body)
    columns = _names(body[0] if header else [""] * width)
    if column is not None and column not in columns:
        there = ", ".join(f"“{printable(name, 40)}”" for name in columns[:_SHOWN_COLUMNS])
        raise TextProblem(f"There is no column “{printable(column, 40)}”. There are: {there}.")
    return Table(delimiter, quoted, header, columns, column or columns[wordiest(body[header:])], column is not None)


def _best(sample: Sequence[str], delimiter: str) -> tuple[bool, list[list[str]]]:
    """Whether quotes are quotes here, and the rows."""
    bare = list(rows(sample, delimiter, quoted=False))
    if not any('"' in line for line in sample):
        return False, bare
    if delimiter == "\t" and _alike(bare) >= _TEXT_ALIKE:
        return False, bare  # as https://www.iana.org/assignments/media-types/text/tab-separated-values has it
    quoted = list(rows(sample, delimiter, quoted=True))
    # Quotes that swallow line ends where lines are whole rows without them are no quotes.
    swallowed = len(quoted) < len(bare) and _alike(bare) >= _TEXT_ALIKE
    return (False, bare) if swallowed or _alike(bare) > _alike(quoted) else (True, quoted)


def _alike(body: Sequence[Sequence[str]]) -> float:
    """The share of rows that have as many cells as most; 0 where most have one."""
    width, count = Counter(map(len, body)).most_common(1)[0]
    return count / len(body) if width > 1 else 0.0


def _has_header(body: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names the columns: no numbers, all different, and unlike what is below."""
    first, rest = body[0], body[1:]
    named = [cell.strip() for cell in first]
    if not rest or any(_NUMBER.fullmatch(cell) for cell in named) or len({*named}) < len(named):
        return False
    if any(not cell for cell in named[1:]):  # only an index, the first column, is left without a name
        return False
    for index, name in enumerate(named):
        below = [row[index].strip() for row in rest]
        if name in below:
            return False
        if sum(bool(_NUMBER.fullmatch(cell)) for cell in below) > _ALIKE * len(below):
            return True
    widest = wordiest(rest)
    mean = sum(len(row[widest]) for row in rest) / len(rest)
    return all(len(name) <= 40 for name in named) and mean >= _LONGER * len(named[widest])


def _names(cells: Sequence[str]) -> tuple[str, ...]:
    """The names of columns, each once; numbers for those without."""
    names: list[str] = []
    for number, cell in enumerate(cells, 1):
        name = " ".join(cell.split()) or f"column {number}"
        names.append(name if name not in names else f"{name} ({number})")
    return tuple(names)


def wordiest(body: Sequence[Sequence[str]]) -> int:
    """The column with most letters in it, numbers and what repeats itself aside."""
    if not body:
        return 0

    def letters(index: int) -> int:
        return sum(sum(map(str.isalpha, cell)) for cell in {row[index] for row in body})

    return max(range(len(body[0])), key=letters)
