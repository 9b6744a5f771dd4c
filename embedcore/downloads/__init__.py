"""Files fetched from the web: whole and checked, or resumed where they broke off.

Here belong addresses that may be fetched, fetching with resume, checksum and mirrors, and the folder
of what was fetched. Which vector sets there are is in `catalog`; making a set of a file in `importing`.

One job a file: `files` (what is on disk), `addresses` (what may be asked for), `transport` (asking over
HTTP), `part` (the file while it comes), `fetching` (all of it together). requests is imported when a
file is fetched, not before.
"""

from __future__ import annotations

from embedcore.downloads.addresses import check_url, from_url, without_secrets
from embedcore.downloads.fetching import OnProgress, fetch
from embedcore.downloads.files import Kept, Part, RemoteFile, find_kept, forget, kept, parts, remove

__all__ = [
    "Kept",
    "OnProgress",
    "Part",
    "RemoteFile",
    "check_url",
    "fetch",
    "find_kept",
    "forget",
    "from_url",
    "kept",
    "parts",
    "remove",
    "without_secrets",
]
