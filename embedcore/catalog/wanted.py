"""What is fetched, and what is to be made of it: a set of the catalog, or a file by its address.

Here belongs how what somebody asked for and what the catalog knows come together. The command
line and the runs both begin here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from embedcore import downloads
from embedcore.catalog.entry import Entry
from embedcore.downloads import Kept, RemoteFile
from embedcore.storage import printable


@dataclass(frozen=True)
class Wanted:
    """A file, how it is read, and what will be known of the set that it becomes."""

    file: RemoteFile
    source: str
    licence: str | None = None
    format: str | None = None  # None: found out from the file
    member: str | None = None  # of a .zip of several
    entry: str | None = None  # of the catalog

    def about(self, kept: Kept) -> dict[str, Any]:
        """What the meta.json of the set says of the file that was fetched."""
        return {
            **({"catalog": self.entry} if self.entry else {}),
            "download": {
                "url": kept.url,
                "file": kept.name,
                "member": self.member,
                "bytes": kept.bytes,
                "sha256": kept.sha256,
                "verified": kept.verified,
                "fetched": kept.fetched,
            },
        }


def from_entry(
    entry: Entry,
    *,
    source: str | None = None,
    licence: str | None = None,
    format: str | None = None,
    member: str | None = None,
) -> Wanted:
    """A set of the catalog; what is not given is as the catalog says."""
    return Wanted(
        entry.file, source or entry.source, licence or entry.licence, format or entry.format, member or entry.member,
        entry.name,
    )  # fmt: skip


def from_address(
    url: str,
    *,
    source: str | None = None,
    licence: str | None = None,
    format: str | None = None,
    member: str | None = None,
) -> Wanted:
    """The file at a URL. Raises DownloadProblem if it is no address of a file."""
    source = source or f"fetched from {printable(downloads.without_secrets(url), 500)}"
    return Wanted(downloads.from_url(url), source, licence, format, member)
