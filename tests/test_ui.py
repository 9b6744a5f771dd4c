"""What the screens share: sentences, headers, messages."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import Message

from embedcore.ui.headers import SecurityHeaders
from embedcore.ui.words import ago, counted, duration, ordinal, plain, telling_words


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("king", "king"),
        ("**bold** _x_", r"\*\*bold\*\* \_x\_"),
        ("[a](http://b)", "\\[a\\]\\(http\u2060\\://b\\)"),
        ("www.a.b or me@a.b, 5 @ 3", "www\u2060\\.a\\.b or me\u2060\\@a\\.b, 5 \\@ 3"),  # else they become links
        ("<b>", r"\<b\>"),
        (":red[x] $y$ `z`", r"\:red\[x\] \$y\$ \`z\`"),
        ("two\nlines\u2028three", "two lines three"),
        ("고양이", "고양이"),
    ],
)
def test_text_that_anybody_wrote_is_not_markdown(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_long_text_is_cut() -> None:
    assert plain("a" * 300, limit=10) == "a" * 10 + "…"


@pytest.mark.parametrize(
    ("number", "words"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (13, "13th"), (21, "21st"),
     (112, "112th"), (692, "692nd"), (400_000, "400,000th")],
)  # fmt: skip
def test_ordinals(number: int, words: str) -> None:
    assert ordinal(number) == words


def test_counts_and_times() -> None:
    assert [counted(n, "word") for n in (0, 1, 1234)] == ["0 words", "1 word", "1,234 words"]
    assert counted(2, "pass", "passes") == "2 passes"
    assert [duration(s) for s in (0.2, 42, 300, 7200)] == ["under 1 s", "42 s", "5 min", "2.0 h"]
    assert [ago(s) for s in (5, 600, 7200, 864_000)] == ["just now", "10 min ago", "2 h ago", "10 days ago"]


def test_words_to_begin_with_are_frequent_ones_that_mean_something() -> None:
    assert telling_words(["the", "of", "kitchen", "a", "orchestra"]) == ["kitchen", "orchestra"]
    assert telling_words(["이", "그", "음악을", "요리"]) == ["음악을", "요리"]
    assert telling_words(["a"]) == ["a"]
    assert telling_words([f"every{i}" for i in range(200)])[0] == "every30"


def test_every_response_carries_the_headers() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    async def ask() -> None:
        await SecurityHeaders(PlainTextResponse("hi"))({"type": "http"}, receive, send)

    with ThreadPoolExecutor() as pool:  # the browser tests leave a loop running in this thread
        pool.submit(asyncio.run, ask()).result()
    headers = Headers(raw=sent[0]["headers"])
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe-eval" not in policy
    assert "script-src 'self' 'sha256-" in policy
    assert "X-Frame-Options" not in headers  # a wiki may frame the pages
    assert headers["X-Content-Type-Options"] == "nosniff"
