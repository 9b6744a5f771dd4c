"""Files to text: any document of these kinds as composed (NFC) Unicode text, a sentence a line.

`read_document` is for one that fits into memory, such as an upload; `open_document` and
`read_blocks` read any size in blocks. They give the same text and say the same about it.
"""

from __future__ import annotations

import io
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from embedcore.documents import tables, wrapping
from embedcore.documents.choices import ENCODINGS, FIND_OUT, WHOLE_LINES, Choices, encoding_named
from embedcore.documents.decoding import Decoder
from embedcore.documents.unpacking import Unpacked
from embedcore.errors import TextProblem
from embedcore.settings import Settings
from embedcore.storage import os_errors, printable

EXTENSIONS = ("txt", "md", "csv", "tsv", "gz")
_BLOCK = 1 << 20  # bytes read, and about as many characters handed out, at a time
_HEAD = 8 << 20  # bytes that what was found out is found out from
_LONGEST_LINE = 1 << 20  # characters; a longer line is cut at a space, so that memory stays bounded
_DELIMITERS = {".csv": ",", ".tsv": "\t", ".tab": "\t"}


@dataclass(frozen=True)
class Document:
    """A text that was read, and what was found out about it.

    Attributes:
        name: of the file.
        text: composed to NFC, lines ended by line feeds.
        encoding: one of `choices.ENCODINGS`.
        guessed: whether that is a guess.
        kind: "text" or "table".
        columns: the names of a table's columns, also if it was read as text; none where there are none.
        column: the one that was read; None of a text.
        wrapped: whether hard-wrapped prose was noticed.
        joined: whether lines were joined into paragraphs.
        notes: what was found out, guessed and done, in plain sentences.
    """

    name: str
    text: str
    encoding: str
    guessed: bool
    kind: str
    columns: tuple[str, ...]
    column: str | None
    wrapped: bool
    joined: bool
    notes: tuple[str, ...]


class OpenDocument:
    """A document that is being read; what its beginning tells is known at once.

    `notes`, `encoding` and `guessed` are final once `blocks` was read to its end, which also
    closes the file.
    """

    def __init__(self, stream: BinaryIO, name: str, choices: Choices, most_bytes: int | None = None) -> None:
        self.name = name
        shown = f"“{printable(name, 200)}”"
        encoding = encoding_named(choices.encoding) if choices.encoding else None
        self._shown = shown
        self._unpacked = Unpacked(stream, shown, most_bytes)
        self._decoder = Decoder(shown, encoding)
        self._chosen = encoding is not None
        self._cut = 0  # lines that were cut
        self._open_end = False  # the last line has no line feed
        head = self._unpacked.read(_HEAD)
        if not head:
            raise TextProblem(f"{shown} is empty.")
        self._ended = len(head) < _HEAD
        self._head = self._decoder.decode(head, final=self._ended)
        if self._ended and (not self._head or self._head.isspace()):
            raise TextProblem(f"{shown} holds no text.")
        beginning = unicodedata.normalize("NFC", self._head[:_BLOCK])
        found = self._find_table(beginning, choices.column)
        self.columns = found.columns if found else ()
        self._table = found if choices.column != WHOLE_LINES else None
        self._wrapping = wrapping.notice(beginning) if self._table is None else None
        self.joined = self._table is None and (
            self._wrapping is not None if choices.join_lines is None else choices.join_lines
        )

    @property
    def encoding(self) -> str:
        """One of `choices.ENCODINGS`; plain ASCII counts as UTF-8."""
        return self._decoder.encoding or "utf-8"

    @property
    def guessed(self) -> bool:
        """Whether the encoding is a guess."""
        return self._decoder.guessed

    @property
    def kind(self) -> str:
        """Whether it is a "text" or a "table"."""
        return "text" if self._table is None else "table"

    @property
    def column(self) -> str | None:
        """The column of a table that is read."""
        return self._table.column if self._table else None

    @property
    def wrapped(self) -> bool:
        """Whether hard-wrapped prose was noticed."""
        return self._wrapping is not None

    @property
    def notes(self) -> tuple[str, ...]:
        """What was found out, guessed and done so far, in plain sentences."""
        found = [self._encoding_note(), *self._byte_notes()]
        if self._table:
            found.append(self._table.note())
        if self._wrapping:
            done = "are joined into paragraphs" if self.joined else "are kept as they are"
            found.append(f"Its lines are broken at about {self._wrapping.width} columns; they {done}.")
        if self._cut:
            lines = "1 line" if self._cut == 1 else f"{self._cut:,} lines"
            found.append(f"{lines} of more than {_LONGEST_LINE:,} characters, cut at spaces.")
        return tuple(note for note in found if note)

    def blocks(self) -> Iterator[str]:
        """The text as blocks of whole lines of about a million characters, once.

        Raises TextProblem for what turns out to be no text, StorageProblem if it cannot be read.
        """
        lines = self._lines()
        if self._table is not None:
            lines = self._table.texts(lines)
        elif self.joined:
            lines = wrapping.joined(lines, self._wrapping)
        gathered: list[str] = []
        size = 0
        for line in lines:
            gathered.append(line)
            size += len(line) + 1
            if size >= _BLOCK:
                yield "\n".join([*gathered, ""])
                gathered, size = [], 0
        if gathered:
            yield "\n".join(gathered if self._open_end else [*gathered, ""])

    def _characters(self) -> Iterator[str]:
        head, self._head = self._head, ""
        yield head
        while not self._ended:
            data = self._unpacked.read(_BLOCK)
            self._ended = len(data) < _BLOCK
            yield self._decoder.decode(data, final=self._ended)
        self._unpacked.close()

    def _lines(self) -> Iterator[str]:
        """The lines of the file, those too long cut."""
        rest = ""
        for characters in self._characters():
            whole, feed, rest = (rest + characters).rpartition("\n")
            if feed:
                for line in unicodedata.normalize("NFC", whole).split("\n"):
                    yield from self._pieces(line) if len(line) > _LONGEST_LINE else (line,)
            while len(rest) > 2 * _LONGEST_LINE:
                piece, rest = self._first_piece(rest)
                yield unicodedata.normalize("NFC", piece)
        if rest:
            self._open_end = True
            yield from self._pieces(unicodedata.normalize("NFC", rest))

    def _pieces(self, line: str) -> Iterator[str]:
        while len(line) > _LONGEST_LINE:
            piece, line = self._first_piece(line)
            yield piece
        yield line

    def _first_piece(self, line: str) -> tuple[str, str]:
        """As much of a long line as makes a line of its own, and the rest."""
        self._cut += 1
        at = line.rfind(" ", 1, _LONGEST_LINE)
        return (line[:_LONGEST_LINE], line[_LONGEST_LINE:]) if at < 0 else (line[:at], line[at + 1 :])

    def _find_table(self, beginning: str, column: str | None) -> tables.Table | None:
        """The table that this is, by its name or its content."""
        suffix = Path(self.name.lower().removesuffix(".gz")).suffix
        lines = beginning.split("\n")
        if len(lines) > 1:
            lines.pop()  # cut by us, or empty
        found = tables.find(lines, named=_DELIMITERS.get(suffix), column=column or None)
        if found is None and column:
            raise TextProblem(f"{self._shown} is no table, so it has no column “{printable(column, 40)}”.")
        return found

    def _encoding_note(self) -> str:
        shown = ENCODINGS[self.encoding]
        if self._chosen:
            return f"Read as {shown}, as chosen."
        if self.guessed:
            return f"Read as {shown}, a guess: if letters look wrong, choose another encoding."
        return "" if self.encoding == "utf-8" else f"Read as {shown}."

    def _byte_notes(self) -> Iterator[str]:
        if wrong := self._decoder.wrong:
            one = wrong == 1
            yield (
                f"{wrong:,} {'byte is' if one else 'bytes are'} wrong in {ENCODINGS[self.encoding]} and "
                f"{'was' if one else 'were'} {self._decoder.replaced_by}."
            )
        if zeros := self._decoder.zeros:
            yield f"{zeros:,} zero {'byte was' if zeros == 1 else 'bytes were'} read as spaces."


def read_document(name: str, data: bytes, choices: Choices = FIND_OUT, settings: Settings | None = None) -> Document:
    """The text of a file in memory, called `name`.

    Raises TextProblem for what is no text, is damaged or empty, is larger than
    `settings.max_text_megabytes` unpacked, or does not fit the choices.
    """
    most = settings.max_text_megabytes << 20 if settings else None
    opened = OpenDocument(io.BytesIO(data), name, choices, most)
    text = "".join(opened.blocks())
    if not text or text.isspace():
        raise TextProblem(f"“{printable(name, 200)}” holds no text.")
    return Document(
        name=name,
        text=text,
        encoding=opened.encoding,
        guessed=opened.guessed,
        kind=opened.kind,
        columns=opened.columns,
        column=opened.column,
        wrapped=opened.wrapped,
        joined=opened.joined,
        notes=opened.notes,
    )


def open_document(file: Path | str, choices: Choices = FIND_OUT) -> OpenDocument:
    """A file of any size, to be read by its `blocks()`; "-" is standard input.

    Raises TextProblem as `read_document`, and StorageProblem for one that cannot be opened.
    """
    if str(file) == "-":
        return OpenDocument(sys.stdin.buffer, "standard input", choices)
    name = Path(file).name
    with os_errors(f"read {printable(str(file), 200)}"):
        stream = Path(file).open("rb")  # noqa: SIM115 (closed where its blocks end)
        try:
            return OpenDocument(stream, name, choices)
        except BaseException:
            stream.close()
            raise


def read_blocks(file: Path | str, choices: Choices = FIND_OUT) -> Iterator[str]:
    """The text of a file as blocks of whole lines of about a million characters, in bounded memory.

    "-" is standard input. Raises what `open_document` and `OpenDocument.blocks` raise.
    """
    yield from open_document(file, choices).blocks()


def paragraphs(text: str, *, join: bool | None = None) -> tuple[str, bool]:
    """A pasted text composed to NFC, its lines joined if asked; and whether they look hard-wrapped.

    `join=None` joins those of hard-wrapped prose.
    """
    text = unicodedata.normalize("NFC", text)
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    found = wrapping.notice(lines)
    if (found is not None) if join is None else join:
        text = "\n".join(wrapping.joined(lines.split("\n"), found))
    return text, found is not None
