"""Asking for a file over HTTP: checked addresses, redirects followed by hand, bytes as they come.

requests, because Streamlit needs it anyway and because it knows what people expect of a download:
proxies and no_proxy of the environment, the certificates of REQUESTS_CA_BUNDLE or of certifi. It opens
its connections through urllib3, whose connection classes are exchanged here for ones that look a name
up themselves, refuse it unless every address is public, and connect to the address that was checked:
a name that answers otherwise the second time ("DNS rebinding") leads nowhere. Behind a proxy that is
not ours to hold: the proxy looks names up and decides what it connects to.

What to ask for, and what to make of the answer, belongs to `fetching`.
"""

from __future__ import annotations

import queue
import socket
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NameResolutionError, NewConnectionError, ReadTimeoutError

from embedcore.downloads.addresses import UnknownHost, check_url, public_addresses
from embedcore.downloads.judging import Failed, Refused
from embedcore.errors import DownloadProblem
from embedcore.settings import Settings

CONNECT_SECONDS, READ_SECONDS = 10.0, 30.0
ANSWER_SECONDS = 120.0  # until the bytes begin, with all redirects: a host may say its headers letter by letter
_LEAVE_SECONDS = 5.0  # for the thread to wake up in
_LOOK_SECONDS = 0.25  # how often somebody who waits for bytes can ask to stop
_CHUNK_BYTES, _CHUNKS_AHEAD = 1 << 16, 32
_MAX_REDIRECTS = 10
_REDIRECTS = (301, 302, 303, 307, 308)


class Answer:
    """What a host says before the bytes: `status`, headers; then the bytes."""

    def __init__(self, response: requests.Response) -> None:
        self._response = response
        self._raw: urllib3.response.BaseHTTPResponse = response.raw
        self._left = threading.Event()
        self._thread: threading.Thread | None = None
        self.status = response.status_code

    def header(self, name: str) -> str:
        """A header's value; empty if there is none."""
        return self._response.headers.get(name, "").strip()

    def chunks(self) -> Generator[bytes, None, None]:
        """The bytes as they come, never unpacked; an empty one several times a second while none come.

        A thread reads them, so that whoever waits for a slow host can stop at any time. Raises Failed
        if they break off.
        """
        ahead: queue.Queue[bytes | Exception] = queue.Queue(_CHUNKS_AHEAD)
        self._thread = threading.Thread(target=_read, args=(self._raw, ahead, self._left), name="download", daemon=True)
        self._thread.start()
        while True:
            try:
                item = ahead.get(timeout=_LOOK_SECONDS)
            except queue.Empty:
                yield b""
                continue
            if isinstance(item, Exception):
                raise Failed(_why(item)) from item
            if not item:
                return
            yield item

    def leave(self) -> None:
        """Read no more, at once: a thread that waits for bytes is woken, and the connection closed."""
        self._left.set()
        if self._thread is not None:
            with suppress(ValueError, RuntimeError, OSError):  # all was read
                self._raw.shutdown()
            self._thread.join(_LEAVE_SECONDS)
        self._response.close()


def _read(raw: urllib3.response.BaseHTTPResponse, ahead: queue.Queue[bytes | Exception], left: threading.Event) -> None:
    """Put the bytes into `ahead`, and at the end an empty one or what went wrong."""
    item: bytes | Exception = b"-"
    while item and not isinstance(item, Exception):
        try:
            item = raw.read1(_CHUNK_BYTES, decode_content=False)
        except Exception as error:
            item = error
        while not left.is_set():
            with suppress(queue.Full):
                ahead.put(item, timeout=_LOOK_SECONDS)
                break
        else:
            return


@contextmanager
def ask(url: str, headers: Mapping[str, str], settings: Settings, tell: Callable[[], None]) -> Iterator[Answer]:
    """The answer to a GET of `url`, after its redirects; each address on the way is checked.

    `tell` is called several times a second until the answer is there; what it raises ends the
    waiting. Raises Failed, Refused.
    """
    with requests.Session() as session:
        if not settings.private_urls:
            for scheme in ("http://", "https://"):
                session.mount(scheme, _PublicAdapter())
        answer = Answer(_awaited(partial(_follow, session, url, headers, settings), tell))
        try:
            yield answer
        finally:
            answer.leave()


def _awaited(get: Callable[[], requests.Response], tell: Callable[[], None]) -> requests.Response:
    """What `get` returns or raises; a thread waits for it, so that whoever wants it can stop at any time."""
    coming: Future[requests.Response] = Future()

    def wait() -> None:
        try:
            coming.set_result(get())
        except BaseException as error:
            coming.set_exception(error)

    until = time.monotonic() + ANSWER_SECONDS
    threading.Thread(target=wait, name="answer", daemon=True).start()
    try:
        while True:
            try:
                return coming.result(_LOOK_SECONDS)
            except TimeoutError:
                tell()
                if time.monotonic() > until:
                    raise Failed("did not answer in time") from None
    except BaseException:
        coming.add_done_callback(_leave_late)
        raise


def _leave_late(coming: Future[requests.Response]) -> None:
    """Close an answer that nobody waits for any more."""
    if coming.exception() is None:
        coming.result().close()


def _follow(session: requests.Session, url: str, headers: Mapping[str, str], settings: Settings) -> requests.Response:
    for _ in range(_MAX_REDIRECTS + 1):
        try:
            check_url(url, settings)
            response = _get(session, url, headers)
        except UnknownHost as error:
            raise Failed(str(error)) from error
        except DownloadProblem as error:
            raise Refused(str(error)) from error
        except requests.exceptions.SSLError as error:
            raise Refused("its certificate is not valid") from error
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema) as error:
            raise Refused("the address cannot be used") from error
        except (requests.RequestException, HTTPError, OSError) as error:
            raise Failed(_why(error)) from error
        if response.status_code not in _REDIRECTS or not response.headers.get("Location"):
            return response
        response.close()
        secure = urlsplit(url).scheme == "https"
        url = _target(session, url, response)
        if secure and urlsplit(url).scheme == "http":
            raise Refused("it sends on to an address without encryption")
    raise Refused("it sends on from address to address without end")


def _target(session: requests.Session, url: str, response: requests.Response) -> str:
    """Where a redirect leads. Its letters beyond ASCII are UTF-8, which `get_redirect_target` knows. Raises Refused."""
    try:
        target = urljoin(url, session.get_redirect_target(response) or "")
        urlsplit(target)
    except ValueError as error:
        raise Refused("it sends on to an address that cannot be used") from error
    return target


def _get(session: requests.Session, url: str, headers: Mapping[str, str]) -> requests.Response:
    """The answer to one request, its bytes unread. `Session.send` would read the whole text of a redirect."""
    sent = {"User-Agent": "embedcore", "Accept-Encoding": "identity", **headers}
    # Without an `auth` of its own, requests takes a password from ~/.netrc.
    request = session.prepare_request(requests.Request("GET", url, headers=sent, auth=lambda prepared: prepared))
    asked = request.url or url
    proxies_and_certificates = session.merge_environment_settings(asked, {}, True, None, None)
    return session.get_adapter(asked).send(request, timeout=(CONNECT_SECONDS, READ_SECONDS), **proxies_and_certificates)


def _why(error: BaseException) -> str:
    """What went wrong on the line, in words that follow the name of a host."""
    inner = [error, *_within(error)]
    for kinds, words in _WORDS:
        if any(isinstance(entry, kinds) for entry in inner):
            return words
    return "broke off"


_WORDS: list[tuple[tuple[type[BaseException], ...], str]] = [
    ((requests.exceptions.ProxyError, urllib3.exceptions.ProxyError), "could not be reached through the proxy"),
    ((NameResolutionError,), "could not be looked up"),
    ((NewConnectionError,), "could not be reached"),
    ((ConnectTimeoutError, ReadTimeoutError, requests.exceptions.Timeout, TimeoutError), "did not answer in time"),
]


def _within(error: BaseException) -> Iterator[BaseException]:
    """The errors that an error was made of."""
    for part in (*error.args, getattr(error, "reason", None)):
        if isinstance(part, BaseException):
            yield part
            yield from _within(part)


class _Public:
    """Of a urllib3 connection: connects to public addresses only, to those that were checked."""

    host: str
    port: int
    _dns_host: str

    def _new_conn(self) -> socket.socket:
        name = self._dns_host
        problem: Exception | None = None
        for address in public_addresses(self.host, self.port):
            self._dns_host = address  # what is connected to; certificates and headers go on naming the host
            try:
                connected: socket.socket = super()._new_conn()  # type: ignore[misc]
                return connected
            except (NewConnectionError, ConnectTimeoutError) as error:
                problem = error
            finally:
                self._dns_host = name
        assert problem is not None
        raise problem


class _PublicHTTP(_Public, HTTPConnection):
    pass


class _PublicHTTPS(_Public, HTTPSConnection):
    pass


class _HTTPPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _PublicHTTP


class _HTTPSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _PublicHTTPS


class _PublicAdapter(HTTPAdapter):
    """Connections that do not go through a proxy go to public addresses only."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}
