"""What an answer of a host means for a file that is there in part (RFC 9110: ranges, section 14).

Here belong pure decisions from a status and headers. Asking is in `transport`, writing in `part`, and
trying again in `fetching`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

_PASSING = (408, 425, 429, 500, 502, 503, 504)
_LENGTH = re.compile(r"[0-9]{1,18}")  # more bytes than that are no file
_RANGE = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)", re.IGNORECASE)
_PAGE = (b"<!doctype html", b"<html", b"<?xml")


class Failed(Exception):
    """The file did not come, or broke off; it may come the next time. Says what happened, in words."""


class Refused(Failed):
    """The file does not come from there, however often one asks."""


class Changed(Failed):
    """What is there cannot be gone on with; the file has to be fetched anew."""


@dataclass(frozen=True)
class Offer:
    """What a host is about to send."""

    start: int  # the first byte it sends
    length: int | None  # of the whole file, if it says that
    complete: bool = False  # nothing is missing


def judge(
    status: int, header: Callable[[str], str], *, name: str, have: int, length: int | None, etag: str, asked: bool
) -> Offer:
    """What comes, where `have` bytes are there of `length`; `asked`: for the rest only.

    `header` gives a header's value or an empty string. Raises Failed, Refused, Changed.
    """
    if asked and status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        if header("Content-Range") == f"bytes */{have}":
            return Offer(have, have, complete=True)
        raise Changed("has no more of the file as it was")
    if asked and status == HTTPStatus.PARTIAL_CONTENT:
        return _rest(header, have=have, length=length, etag=etag)
    if status in _PASSING:
        raise Failed(f"answered {_named(status)}")
    if status != HTTPStatus.OK:
        raise Refused(f"answered {_named(status)}")
    if header("Content-Type").lower().startswith(("text/html", "application/xhtml")):
        raise Refused("sent a web page instead of the file")
    packing = header("Content-Encoding").lower()
    # Some hosts call a .gz file “gzip-encoded”: its bytes are the file, and are kept as they come.
    if packing not in ("", "identity") and not (packing in ("gzip", "x-gzip") and name.lower().endswith(".gz")):
        raise Refused(f"sent the file packed in another way ({packing[:20]}), though asked not to")
    said = header("Content-Length")
    return Offer(0, int(said) if _LENGTH.fullmatch(said) and not header("Transfer-Encoding") else None)


def _rest(header: Callable[[str], str], *, have: int, length: int | None, etag: str) -> Offer:
    found = _RANGE.fullmatch(header("Content-Range"))
    if not found or int(found[1]) != have:
        raise Changed("sent another part of the file than was asked for")
    total = None if found[3] == "*" else int(found[3])
    now = header("ETag")
    if (total is not None and length is not None and total != length) or (etag and now and now != etag):
        raise Changed("has another file there by now")
    return Offer(have, total)


def is_page(start: bytes) -> bool:
    """Whether a file that begins so is a web page, such as an error that was sent as if all were well."""
    return start.removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(_PAGE)


def _named(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
