"""A web server on loopback that behaves as badly as it is told to, for tests of downloads."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

WAIT_SECONDS = 20.0


@dataclass
class Served:
    """A file, and what its host does wrong with it."""

    data: bytes
    etag: str | None = '"first"'
    modified: str | None = None
    ranges: bool = True  # whether it answers a request for a part with that part
    heeds: bool = True  # whether it heeds If-Range
    shift: int = 0  # how far beside the part asked for it sends
    breaks: list[int] = field(default_factory=list)  # after so many bytes, of each of the next answers
    statuses: list[int] = field(default_factory=list)  # of each of the next answers, instead of 200
    claims: int | None = None  # the length it says
    chunked: bool = False  # says no length
    headers: dict[str, str] = field(default_factory=dict)
    stops_at: int | None = None  # where it waits until it is let go on
    reached: threading.Event = field(default_factory=threading.Event)  # it waits there
    go_on: threading.Event = field(default_factory=threading.Event)


class Host:
    """Files by path, and the requests that came for them."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.port = server.server_address[1]
        self.files: dict[str, Served] = {}
        self.asked: list[tuple[str, Message]] = []

    def serve(self, path: str, data: bytes, **wrong: Any) -> str:
        """Put a file at a path; its address."""
        self.files[path] = Served(data, **wrong)
        return self.url(path)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def ranges(self) -> list[str | None]:
        """What part each request asked for."""
        return [headers["Range"] for _, headers in self.asked]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    host: Host

    def log_message(self, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        self.close_connection = True
        self.host.asked.append((self.path, self.headers))
        served = self.host.files.get(self.path)
        if served is None:
            self.send_error(404)
            return
        start = self._start(served)
        if served.statuses:
            status = served.statuses.pop(0)
        elif start >= len(served.data) > 0 and start:
            status = 416
        else:
            status = 206 if start else 200
        if status not in (200, 206):
            self._refuse(served, status)
            return
        self._send_headers(served, status, start)
        self._send_data(served, served.data[start:])

    def _start(self, served: Served) -> int:
        """From where to send, as the request asks."""
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers["Range"] or "")
        if not asked or not served.ranges:
            return 0
        expected = self.headers["If-Range"]
        if served.heeds and expected and expected not in (served.etag, served.modified):
            return 0
        return int(asked[1])

    def _refuse(self, served: Served, status: int) -> None:
        self.send_response(status)
        if status == 416:
            self.send_header("Content-Range", f"bytes */{len(served.data)}")
        for name, value in served.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send_headers(self, served: Served, status: int, start: int) -> None:
        self.send_response(status)
        size = len(served.data) if served.claims is None else served.claims
        if status == 206:
            sent = start + served.shift
            self.send_header("Content-Range", f"bytes {sent}-{size - 1}/{size}")
        if served.etag:
            self.send_header("ETag", served.etag)
        if served.modified:
            self.send_header("Last-Modified", served.modified)
        for name, value in served.headers.items():
            self.send_header(name, value)
        if served.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(size - start))
        self.end_headers()

    def _send_data(self, served: Served, data: bytes) -> None:
        if served.breaks and (limit := served.breaks.pop(0)) < len(data):
            self._put(served, data[:limit])
            self.wfile.flush()
            return  # the connection is closed in the middle
        if served.stops_at is not None and served.stops_at < len(data):
            self._put(served, data[: served.stops_at])
            self.wfile.flush()
            served.reached.set()
            served.go_on.wait(WAIT_SECONDS)
            data = data[served.stops_at :]
        try:
            self._put(served, data)
            if served.chunked:
                self.wfile.write(b"0\r\n\r\n")
        except OSError:  # whoever asked has left
            pass

    def _put(self, served: Served, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data) if served.chunked else data)


@contextmanager
def running() -> Iterator[Host]:
    """A server for the length of a block."""
    handler = type("Handler", (_Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    handler.host = host = Host(server)  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield host
    finally:
        for served in host.files.values():
            served.go_on.set()
        server.shutdown()
        server.server_close()
        thread.join()
