"""GET /maps/points/<identity>: the words and places of a map, or the colours of its points, for the browser's drawing.

Here belongs the answer to that request, and the memory of what was drawn last. Bytes are known by what is in them,
so a browser keeps them for good; the server keeps some tens of megabytes of the newest. What it has forgotten it
keeps again when a page that shows the map runs again, which the browser asks for.
"""

from __future__ import annotations

import gzip
import threading
from collections import OrderedDict
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

PATH = "/maps/points"
MOST_BYTES = 64_000_000  # some six maps of all 400,000 words, or thousands of 2,000
GONE = "This part of a map is no longer kept. Reload the page.\n"
_WORTH_PACKING = 1_000  # bytes
_HEADERS = {"Cache-Control": "private, max-age=31536000, immutable", "Vary": "Accept-Encoding"}


class Kept:
    """The newest of some bytes, by identity, each also packed for the way; safe to use from several threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._plain: OrderedDict[str, bytes] = OrderedDict()
        self._packed: dict[str, bytes] = {}

    def keep(self, identity: str, make: Callable[[], bytes]) -> None:
        """Keep what `make` gives, unless it is there; the longest unused go for it."""
        with self._lock:
            if identity in self._plain:
                self._plain.move_to_end(identity)
                return
        data = make()  # without the lock: it may take a while
        with self._lock:
            self._plain[identity] = data
            self._shrink()

    def find(self, identity: str) -> bytes | None:
        """What is kept under an identity."""
        with self._lock:
            if identity in self._plain:
                self._plain.move_to_end(identity)
            return self._plain.get(identity)

    def packed(self, identity: str, data: bytes) -> bytes:
        """The same bytes by gzip, packed once."""
        with self._lock:
            if (known := self._packed.get(identity)) is not None:
                return known
        packed = gzip.compress(data, 1, mtime=0)  # most of it are places, which more effort packs no better
        with self._lock:
            if identity in self._plain:
                self._packed[identity] = packed
                self._shrink()
        return packed

    def _shrink(self) -> None:
        """Drop the longest unused until there is room; the last one stays, however long it is."""
        total = sum(map(len, self._plain.values())) + sum(map(len, self._packed.values()))
        while total > self._most and len(self._plain) > 1:
            identity, data = self._plain.popitem(last=False)
            total -= len(data) + len(self._packed.pop(identity, b""))


kept = Kept(MOST_BYTES)


def answer(request: Request) -> Response:
    """The bytes, or a sentence in plain text. Called in a thread: packing takes a moment."""
    identity = request.path_params["identity"]
    data = kept.find(identity)
    if data is None:
        return PlainTextResponse(GONE, status_code=404, headers={"Cache-Control": "no-store"})
    if len(data) < _WORTH_PACKING or "gzip" not in request.headers.get("Accept-Encoding", ""):
        headers = {**_HEADERS, "Content-Encoding": "identity"}  # else the server packs it, each time and slowly
        return Response(data, media_type="application/octet-stream", headers=headers)
    return Response(
        kept.packed(identity, data), media_type="application/octet-stream",
        headers={**_HEADERS, "Content-Encoding": "gzip"},
    )  # fmt: skip


routes = [Route(f"{PATH}/{{identity}}", answer, methods=["GET"])]
