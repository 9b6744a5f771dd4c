"""What a visitor may say about a file, where what was found out is wrong.

Here belong the choices and the encodings that can be chosen. Finding them out belongs in
`encodings`, `tables` and `wrapping`.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from embedcore.errors import TextProblem
from embedcore.storage import printable

# By Python's own names; those of Korea, where guesses matter most here, come right after Unicode.
ENCODINGS: dict[str, str] = {
    "utf-8": "UTF-8",
    "utf-16-le": "UTF-16, little end first",
    "utf-16-be": "UTF-16, big end first",
    "cp949": "CP949 (Korean)",
    "johab": "Johab (Korean)",
    "cp1252": "Windows-1252 (Western European)",
    "cp1250": "Windows-1250 (Central European)",
    "cp1251": "Windows-1251 (Cyrillic)",
    "koi8-r": "KOI8-R (Cyrillic)",
    "cp1253": "Windows-1253 (Greek)",
    "cp1254": "Windows-1254 (Turkish)",
    "cp932": "Shift-JIS (Japanese)",
    "euc_jp": "EUC-JP (Japanese)",
    "gb18030": "GB 18030 (Chinese)",
    "big5": "Big5 (Chinese)",
}
WHOLE_LINES = ""  # as a column: none, each line of the file is taken as it stands

# What holds more characters takes the place of what holds fewer.
_WIDER = {
    "ascii": "utf-8", "utf-8-sig": "utf-8", "euc_kr": "cp949", "iso8859-1": "cp1252", "latin-1": "cp1252",
    "iso8859-2": "cp1250", "iso8859-7": "cp1253", "iso8859-9": "cp1254", "shift_jis": "cp932", "gb2312": "gb18030",
    "gbk": "gb18030", "utf-16": "utf-16-le",
}  # fmt: skip


@dataclass(frozen=True)
class Choices:
    """How to read a file; None: find out.

    Attributes:
        encoding: one of ENCODINGS, or another name of it such as "euc-kr".
        column: of a table, by name; WHOLE_LINES reads a table as text.
        join_lines: whether lines are joined into paragraphs. Found out, hard-wrapped prose is.
    """

    encoding: str | None = None
    column: str | None = None
    join_lines: bool | None = None


FIND_OUT = Choices()


def encoding_named(name: str) -> str:
    """The encoding of ENCODINGS that a name stands for. Raises TextProblem if there is none."""
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):  # ValueError: a null byte in the name
        found = name
    found = _WIDER.get(found, found)
    if found not in ENCODINGS:
        raise TextProblem(f"There is no encoding “{printable(name)}” here. There are: {', '.join(ENCODINGS)}.")
    return found
