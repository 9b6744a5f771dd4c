"""From the bytes of a text to its characters, block by block.

A few bytes that mean nothing are replaced and counted; many are refused with the place of the
first. Which encoding it is, if nobody said, is decided by `encodings` at the first block that
is not plain ASCII.
"""

from __future__ import annotations

import codecs
import io
import re
import threading

from embedcore.documents.choices import ENCODINGS
from embedcore.documents.encodings import find
from embedcore.errors import TextProblem

_ENOUGH_BYTES = 65_536  # to judge a text by
_MOST_WRONG = 0.02  # of all bytes that may be wrong or zero
_HANDLER = "embedcore.documents"
_CJK = re.compile("[\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\u4e00-\u9fff\uac00-\ud7a3]")
_at_work = threading.local()  # error handlers are registered by name for all threads; this is whose turn it is


def _replace(error: UnicodeError) -> tuple[str, int]:
    decoder: Decoder = _at_work.decoder
    assert isinstance(error, UnicodeDecodeError)
    return decoder.replace(error)


codecs.register_error(_HANDLER, _replace)


class Decoder:
    """Decodes a text whose bytes come bit by bit; line ends become line feeds.

    Attributes:
        encoding: of ENCODINGS, or None as long as all was ASCII and nobody said.
        guessed: whether the encoding is a guess.
        wrong: bytes or short sequences that mean nothing in the encoding.
        zeros: zero bytes (zero characters in UTF-16), read as spaces.
    """

    def __init__(self, name: str, encoding: str | None = None) -> None:
        self.encoding = encoding
        self.guessed = False
        self.wrong = 0
        self.zeros = 0
        self._name = name
        self._codec = _codec(encoding) if encoding else None
        self._newlines = io.IncrementalNewlineDecoder(None, translate=True)
        self._bytes, self._lines = 0, 0  # read so far
        self._base = 0  # where in the file the bytes that the codec has in hand begin
        self._first: tuple[int, int] | None = None  # byte and line of the first wrong one
        self._begun = False
        self._found = False  # the encoding was found out here
        self._stray_latin = False  # a stray byte stands for a letter of Windows-1252

    def decode(self, data: bytes, *, final: bool = False) -> str:
        """The characters of the next bytes. Raises TextProblem where it turns out to be no text."""
        if self._codec is None and (not self._bytes or b"\0" in data or not data.isascii()):
            self._decide(data, final=final)
        if self._codec is None:
            text = data.decode("ascii")
        else:
            self._base = self._bytes - len(self._codec.getstate()[0])
            _at_work.decoder = self
            text = self._codec.decode(data, final)
        self._bytes += len(data)
        if not self._begun and text:
            text, self._begun = text.removeprefix("\ufeff"), True
        if zeros := text.count("\0"):
            self.zeros += zeros
            text = text.replace("\0", " ")
        if final or self._bytes > _ENOUGH_BYTES:
            self._judge()
        text = self._newlines.decode(text, final)
        self._lines += text.count("\n")
        return text

    @property
    def replaced_by(self) -> str:
        """What was read for wrong bytes, as the end of a sentence."""
        return "read as Windows-1252" if self._stray_latin else "replaced by “\ufffd”"

    def replace(self, error: UnicodeDecodeError) -> tuple[str, int]:
        """What is read for bytes that mean nothing, and where to go on; called by the codec."""
        self.wrong += 1
        if self._first is None:
            line = self._lines + error.object.count(b"\n", 0, error.start) + 1
            self._first = (self._base + error.start, line)
        wrong = error.object[error.start : error.end]
        letter = wrong.decode("cp1252", "replace") if len(wrong) == 1 and self._stray_latin else "\ufffd"
        return letter, error.end

    def _decide(self, data: bytes, *, final: bool) -> None:
        """Find out the encoding from the first bytes that tell it."""
        try:
            found = find(data, complete=final)
        except TextProblem as problem:
            raise TextProblem(f"{self._name} {problem}.") from None
        if data.isascii() and found.encoding == "utf-8":
            return  # what comes later may tell another
        self.encoding, self.guessed, self._found = found.encoding, found.guessed, True
        self._codec = _codec(found.encoding)
        # In a text of Latin letters a byte that is no UTF-8 was mostly pasted from one in Windows-1252;
        # among Korean ones it is a character that was cut in two.
        self._stray_latin = self.encoding == "utf-8" and not _CJK.search(data.decode("utf-8", "ignore"))

    def _judge(self) -> None:
        """Raise TextProblem if too much of what was read so far is wrong."""
        short = self._found and self._bytes <= _ENOUGH_BYTES  # all of it was looked at when it was found
        wrong = self.wrong > _MOST_WRONG * self._bytes and not short
        if not wrong and self.zeros <= _MOST_WRONG * self._bytes:
            return
        if self._first is None:
            raise TextProblem(f"{self._name} holds zero bytes, so it is no text.")
        byte, line = self._first
        raise TextProblem(
            f"{self._name} is not {ENCODINGS[self.encoding or 'utf-8']} text: byte {byte:,}, in line {line:,}, "
            "cannot be read. Choose another encoding, or save it as UTF-8."
        )


def _codec(encoding: str) -> codecs.IncrementalDecoder:
    return codecs.getincrementaldecoder(encoding)(_HANDLER)
