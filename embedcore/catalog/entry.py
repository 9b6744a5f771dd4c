"""What is known of a set before it is fetched."""

from __future__ import annotations

from dataclasses import dataclass

from embedcore.downloads import RemoteFile

_NUMBER_BYTES = 4  # float32
_TOKEN_BYTES = 32  # a token with its place in the order and its norm, roughly


@dataclass(frozen=True)
class Entry:
    """A set that can be had. What is None nobody has said."""

    name: str  # of the set, once it is here
    title: str
    about: str  # what it is good for, in one sentence
    file: RemoteFile
    family: str = "Other"  # GloVe, fastText, …
    language: str = "any"
    licence: str | None = None
    licence_url: str | None = None
    rows: int | None = None  # about, as published
    dim: int | None = None
    tokens: str | None = None  # of the text that it learned from, such as "6 billion"
    cased: bool | None = None  # whether upper and lower case are two words
    origin: str = ""  # who made it of what, in one line
    member: str | None = None  # which file of an archive; None: the only one
    format: str | None = None  # None: found out from the file

    @property
    def disk_bytes(self) -> int | None:
        """What it takes once it is here, roughly, without the fetched file."""
        return None if not (self.rows and self.dim) else self.rows * (self.dim * _NUMBER_BYTES + _TOKEN_BYTES)

    @property
    def source(self) -> str:
        """Where a set made of it comes from, for people."""
        return f"{self.origin or self.title}; from {self.file.urls[0]}"

    @property
    def verifiable(self) -> bool:
        """Whether a checksum is published for its file."""
        return self.file.sha256 is not None
