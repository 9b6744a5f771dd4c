"""The route that gives browsers the parts of a map: once, packed, and with a sentence once it has forgotten them."""

from __future__ import annotations

import gzip
import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import pytest
from starlette.applications import Starlette

from embedcore.ui import map_points

DATA = bytes(range(256)) * 40


Answer = tuple[int, dict[str, str], bytes]


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answer]:
    """Ask the routes, with a memory of their own, as a server would."""
    monkeypatch.setattr(map_points, "kept", map_points.Kept(100_000))
    app = Starlette(routes=map_points.routes)

    def ask(path: str, accepts: str = "gzip, deflate, br") -> Answer:
        scope = {"type": "http", "method": "GET", "path": path, "root_path": "", "query_string": b"",
                 "headers": [(b"accept-encoding", accepts.encode())]}  # fmt: skip
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": b""}

        async def send(message: Any) -> None:
            sent.append(message)

        with ThreadPoolExecutor(1) as other:  # in this thread, a browser's test may have left a loop
            other.submit(anyio.run, app, scope, receive, send).result()
        headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return sent[0]["status"], headers, b"".join(message.get("body", b"") for message in sent)

    return ask


@pytest.mark.parametrize(("accepts", "packed"), [("gzip, deflate, br", True), ("identity", False)])
def test_what_was_kept_comes_back_packed_where_the_browser_takes_it(
    ask: Callable[..., Answer], accepts: str, packed: bool
) -> None:
    map_points.kept.keep("abc", lambda: DATA)
    for _ in range(2):
        status, headers, body = ask("/maps/points/abc", accepts)
        assert status == 200
        assert (gzip.decompress(body) if packed else body) == DATA
        assert (len(body) < len(DATA) / 5) == packed
        assert headers["content-encoding"] == ("gzip" if packed else "identity")
        assert headers["content-length"] == str(len(body))
        assert "immutable" in headers["cache-control"]
        assert headers["vary"] == "Accept-Encoding"


def test_what_is_gone_is_said_and_not_remembered_by_the_browser(ask: Callable[..., Answer]) -> None:
    status, headers, body = ask("/maps/points/nothing")
    assert (status, body.decode()) == (404, map_points.GONE)
    assert headers["cache-control"] == "no-store"


def test_the_longest_unused_goes_and_the_newest_stays_however_long_it_is() -> None:
    kept = map_points.Kept(1_000)
    for name in "abc":
        kept.keep(name, lambda name=name: name.encode() * 300)  # type: ignore[misc]
    kept.find("a")
    kept.keep("d", lambda: b"d" * 300)
    assert [name for name in "abcd" if kept.find(name) is None] == ["b"]
    kept.keep("e", lambda: b"e" * 5_000)
    assert [name for name in "abcde" if kept.find(name) is not None] == ["e"]
    assert len(kept.packed("e", b"e" * 5_000)) < 200
    made: list[int] = []
    kept.keep("e", lambda: made.append(1) or b"")  # type: ignore[func-returns-value]
    assert made == []


def test_what_a_page_shows_again_is_used_again() -> None:
    kept = map_points.Kept(1_000)
    for name in ("a", "b", "c", "a", "d"):
        kept.keep(name, lambda name=name: name.encode() * 300)  # type: ignore[misc]
    assert [name for name in "abcd" if kept.find(name) is None] == ["b"]


def test_what_is_packed_takes_room_too() -> None:
    kept, noise = map_points.Kept(2_500), random.Random(0)
    parts = {name: noise.randbytes(600) for name in "abc"}
    for name, data in parts.items():
        kept.keep(name, lambda data=data: data)  # type: ignore[misc]
    for name in "cb":
        assert gzip.decompress(kept.packed(name, parts[name])) == parts[name]
    assert [name for name in "abc" if kept.find(name) is None] == ["a"]
    assert gzip.decompress(kept.packed("a", parts["a"])) == parts["a"]  # of what has gone, without keeping it
    assert "a" not in kept._packed


def test_several_at_once_keep_and_find_their_own() -> None:
    kept = map_points.Kept(20_000)
    wrong: list[str] = []

    def work(worker: int) -> None:
        for number in range(300):
            name = f"{worker} {number % 7}"
            kept.keep(name, lambda name=name: name.encode() * 100)  # type: ignore[misc]
            found = kept.find(name)
            if found is not None and (
                found != name.encode() * 100 or gzip.decompress(kept.packed(name, found)) != found
            ):
                wrong.append(name)

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
