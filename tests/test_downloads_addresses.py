"""What may be fetched: the web, never this machine or a private network, also not by a detour."""

from __future__ import annotations

import dataclasses
import io
import socket
import threading
import time
from contextlib import suppress
from typing import Any
from urllib.parse import quote

import pytest
import requests
from requests.adapters import HTTPAdapter

from embedcore import downloads
from embedcore.downloads import addresses, check_url, fetch, fetching, from_url, transport
from embedcore.errors import DownloadProblem
from embedcore.settings import Settings
from tests.loopback import Host

DATA = b"word 1 2 3\n" * 1000


class Names:
    """Name servers that answer as a test wants; literal addresses stay what they are."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers: dict[str, list[list[str]]] = {}  # by name: the answers, one a question; the last stays
        self._real = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", self._look_up)

    def _look_up(self, name: str, port: int, *args: Any, **kwargs: Any) -> Any:
        answers = self.answers.get(name)
        if answers is None:
            return self._real(name, port, *args, **kwargs)
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    return Names(monkeypatch)


def sentence(url: str, settings: Settings) -> str:
    with pytest.raises(DownloadProblem) as caught:
        check_url(url, settings)
    return str(caught.value)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("file:///etc/passwd", "Only addresses that begin with http:// or https:// can be fetched"),
        ("ftp://example.org/v.txt", "Only addresses that begin with http:// or https:// can be fetched"),
        ("glove.6B.zip", "Only addresses that begin with http:// or https:// can be fetched"),
        ("", "Only addresses that begin with http:// or https:// can be fetched"),
        ("http://me:secret@example.org/v.txt", "with a user name or a password in it"),
        ("http://me@example.org/v.txt", "with a user name or a password in it"),
        ("http:///v.txt", "is not an address of the web"),
        ("http://example.org:99999/v.txt", "is not an address of the web"),
        ("http://[::1/v.txt", "is not an address of the web"),
        ("http://example.org/a b", "is not an address of the web"),
        ("http://example.org\\@127.0.0.1/", "with a user name or a password in it"),
        ("http://127.0.0.1\\.example.org/", "is not an address of the web"),
        ("http://example.org/" + "x" * 5000, "at most 4,000 characters"),
    ],
)
def test_what_is_no_address(home: Settings, url: str, said: str) -> None:
    for settings in (home, dataclasses.replace(home, private_urls=True)):
        assert said in sentence(url, settings)
        assert "secret" not in sentence(url, settings)


@pytest.mark.parametrize(
    "host",
    [
        "localhost", "127.0.0.1", "127.1", "0x7f000001", "2130706433", "0.0.0.0", "10.0.0.1", "172.16.5.4",
        "192.168.1.1", "100.64.0.1", "169.254.169.254", "192.0.0.8", "198.18.0.1", "224.0.0.1", "240.0.0.1",
        "255.255.255.255", "[::1]", "[::]", "[fe80::1]", "[fc00::1]", "[fec0::1]", "[ff02::1]", "[::ffff:127.0.0.1]",
        "[::ffff:10.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b:1::a00:1]", "[2002:7f00:1::]", "[2001:db8::1]",
    ],
)  # fmt: skip
def test_private_addresses_are_refused(home: Settings, host: str) -> None:
    assert "is this machine or a private network" in sentence(f"http://{host}:8080/v.txt", home)
    check_url(f"http://{host}:8080/v.txt", dataclasses.replace(home, private_urls=True))


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700:4700::1111", "64:ff9b::808:808", "1.1.1.1"])
def test_public_addresses_are_taken(address: str) -> None:
    assert addresses.is_public(address)


def test_a_name_is_refused_if_any_of_its_addresses_is_private(home: Settings, names: Names) -> None:
    names.answers["vectors.example"] = [["8.8.8.8", "10.0.0.7"]]
    assert "“vectors.example” is this machine or a private network" in sentence("http://vectors.example/v", home)
    names.answers["vectors.example"] = [["8.8.8.8"]]
    check_url("https://vectors.example/v", home)


def test_a_name_without_an_address(home: Settings) -> None:
    assert "There is no host “nowhere.invalid”" in sentence("http://nowhere.invalid/v", home)


def test_a_fetch_looks_for_itself(home: Settings, host: Host) -> None:
    with pytest.raises(DownloadProblem, match="is this machine or a private network"):
        fetch(from_url(host.serve("/v.txt", DATA)), settings=home)
    assert host.asked == []


def test_an_operators_own_address_may_be_private(home: Settings, host: Host) -> None:
    file = dataclasses.replace(from_url(host.serve("/v.txt", DATA)), private=True)
    assert fetch(file, settings=home).path.read_bytes() == DATA


def test_a_name_that_turns_private_after_it_was_checked(home: Settings, host: Host, names: Names) -> None:
    names.answers["rebinding.example"] = [["8.8.8.8"], ["127.0.0.1"]]
    with pytest.raises(DownloadProblem, match="is this machine or a private network"):
        fetch(from_url(f"http://rebinding.example:{host.port}/v.txt"), settings=home)
    assert host.asked == []


def test_the_connection_goes_to_the_address_that_was_checked(
    home: Settings, host: Host, names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(addresses, "is_public", lambda address: address in ("127.0.0.1", "127.0.0.2"))
    # What is looked up when it connects; a further look-up, by the system, would get no answer.
    names.answers["vectors.example"] = [["127.0.0.1"], ["127.0.0.2", "127.0.0.1"], []]
    host.serve("/v.txt", DATA)
    kept = fetch(from_url(f"http://vectors.example:{host.port}/v.txt"), settings=home)
    assert kept.path.read_bytes() == DATA
    assert host.asked[0][1]["Host"] == f"vectors.example:{host.port}"


@pytest.mark.parametrize("target", ["file:///etc/passwd", "http://me:secret@{host}/v.txt", "gopher://{host}/"])
def test_a_redirect_is_checked(home: Settings, host: Host, target: str) -> None:
    host.serve("/v.txt", b"", statuses=[302], headers={"Location": target.format(host=f"127.0.0.1:{host.port}")})
    with pytest.raises(DownloadProblem) as caught:
        fetch(from_url(host.url("/v.txt")), settings=dataclasses.replace(home, private_urls=True))
    assert "can be fetched" in str(caught.value) or "cannot be fetched" in str(caught.value)
    assert len(host.asked) == 1


def test_a_redirect_to_a_private_address(
    home: Settings, host: Host, names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(addresses, "is_public", lambda address: address == "127.0.0.1")
    names.answers["inside.example"] = [["127.0.0.2"]]
    host.serve("/v.txt", b"", statuses=[307] * 9, headers={"Location": f"http://inside.example:{host.port}/secret"})
    with pytest.raises(DownloadProblem, match=r"“inside\.example” is this machine or a private network"):
        fetch(from_url(host.url("/v.txt")), settings=home)
    assert [path for path, _ in host.asked] == ["/v.txt"]


def test_redirects_are_followed_but_not_for_ever(home: Settings, host: Host) -> None:
    settings = dataclasses.replace(home, private_urls=True)
    host.serve("/real.txt", DATA)
    host.serve("/old.txt", b"", statuses=[301], headers={"Location": "/real.txt"})
    kept = fetch(from_url(host.url("/old.txt")), settings=settings)
    assert (kept.path.read_bytes(), kept.name) == (DATA, "old.txt")
    host.serve("/loop.txt", b"", statuses=[302] * 99, headers={"Location": "/loop.txt"})
    with pytest.raises(DownloadProblem, match="from address to address without end"):
        fetch(from_url(host.url("/loop.txt")), settings=settings)


@pytest.mark.parametrize("target", ["http://[", "http://[::1/v.txt", "//[", "\xff"])
def test_a_redirect_to_what_is_no_address(home: Settings, host: Host, target: str) -> None:
    host.serve("/v.txt", b"", statuses=[302], headers={"Location": target})
    with pytest.raises(DownloadProblem, match="it sends on to an address that cannot be used"):
        fetch(from_url(host.url("/v.txt")), settings=dataclasses.replace(home, private_urls=True))


def test_a_redirect_beyond_ascii(home: Settings, host: Host) -> None:
    host.serve(quote("/벡터.txt"), DATA)
    in_a_header = "/벡터.txt".encode().decode("latin-1")
    host.serve("/v.txt", b"", statuses=[302], headers={"Location": in_a_header})
    kept = fetch(from_url(host.url("/v.txt")), settings=dataclasses.replace(home, private_urls=True))
    assert kept.path.read_bytes() == DATA


def test_a_redirect_from_https_to_http_is_refused(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def moved(adapter: HTTPAdapter, request: Any, **options: Any) -> requests.Response:
        response = requests.Response()
        response.status_code = 302
        response.headers["Location"] = "http://127.0.0.1/v.txt"
        response.raw = io.BytesIO()
        return response

    monkeypatch.setattr(HTTPAdapter, "send", moved)
    with pytest.raises(DownloadProblem, match="without encryption"):
        fetch(from_url("https://127.0.0.1/v.txt"), settings=dataclasses.replace(home, private_urls=True))


def test_a_proxy_of_the_environment_is_used(home: Settings, host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """It lies in a private network, as proxies do, and looks up names that are unknown here."""
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{host.port}")
    host.serve("http://vectors.invalid/v.txt", DATA)
    kept = fetch(from_url("http://vectors.invalid/v.txt"), settings=home)
    assert kept.path.read_bytes() == DATA
    with pytest.raises(DownloadProblem, match="is this machine or a private network"):
        fetch(from_url("http://10.0.0.1/v.txt"), settings=home)
    monkeypatch.setenv("no_proxy", "vectors.invalid")
    with pytest.raises(DownloadProblem, match="There is no host"):
        check_url("http://vectors.invalid/other.txt", home)


def test_no_password_of_the_user_is_sent(
    home: Settings, host: Host, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    fetch(from_url(host.serve("/v.txt", DATA)), settings=dataclasses.replace(home, private_urls=True))
    assert host.asked[0][1]["Authorization"] is None


def test_a_host_that_never_answers(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "READ_SECONDS", 0.2)
    monkeypatch.setattr(fetching, "PAUSES", ())
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections, and says nothing
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/v.txt"
        with pytest.raises(DownloadProblem, match=r"127\.0\.0\.1: did not answer in time"):
            fetch(from_url(url), settings=dataclasses.replace(home, private_urls=True))


def test_it_can_be_stopped_before_a_host_answers(home: Settings) -> None:
    began = time.monotonic()

    def stop(done: int, total: int | None) -> None:
        raise KeyboardInterrupt

    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/v.txt"
        with pytest.raises(KeyboardInterrupt):
            fetch(from_url(url), settings=dataclasses.replace(home, private_urls=True), on_progress=stop)
    assert time.monotonic() - began < transport.READ_SECONDS / 2


def test_a_host_that_says_its_headers_letter_by_letter(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "ANSWER_SECONDS", 0.5)
    monkeypatch.setattr(fetching, "PAUSES", ())
    over = threading.Event()

    def say(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection, suppress(OSError):
            connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
            while not over.wait(0.05):
                connection.sendall(b"x")

    with socket.create_server(("127.0.0.1", 0)) as slow:
        host = threading.Thread(target=say, args=(slow,))
        host.start()
        url = f"http://127.0.0.1:{slow.getsockname()[1]}/v.txt"
        try:
            with pytest.raises(DownloadProblem, match=r"127\.0\.0\.1: did not answer in time"):
                fetch(from_url(url), settings=dataclasses.replace(home, private_urls=True))
        finally:
            over.set()
            host.join()


def test_a_host_that_falls_silent(home: Settings, host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "READ_SECONDS", 0.2)
    url = host.serve("/v.txt", 50 * DATA, stops_at=1000)
    with pytest.raises(DownloadProblem, match=r"127\.0\.0\.1: did not answer in time\. The 1\.0 kB that came"):
        fetch(from_url(url), settings=dataclasses.replace(home, private_urls=True))


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://example.org/data/glove.6B.zip?download=true", "glove.6B.zip"),
        ("https://example.org/%EB%B2%A1%ED%84%B0.vec.gz", "벡터.vec.gz"),
        ("https://example.org/", "example.org"),
        ("https://example.org/..", "file"),
        ("https://example.org/..%2F..%2Fetc%2Fpasswd", "passwd"),
        ("https://example.org/.kept.json", "kept.json"),
        ("https://example.org/" + "a" * 300 + ".vec.gz", "a" * 113 + ".vec.gz"),
        ("https://example.org/a%00b%0a.txt", "a_b_.txt"),
        ("https://example.org/" + "벡" * 100 + ".vec.gz", "벡" * 64 + ".vec.gz"),  # three bytes a letter
    ],
)
def test_the_name_of_a_file_is_safe(url: str, name: str) -> None:
    file = from_url(url)
    assert file.name == name
    assert file.urls == (url,)
    assert "/" not in file.key


def test_files_of_one_name_from_two_hosts_lie_apart() -> None:
    files = [from_url(f"https://{host}/v.txt") for host in ("a.example", "b.example")]
    assert files[0].key != files[1].key
    assert len(files[0].key) >= len("v.txt-") + 20  # nobody finds another address with the same key
    assert downloads.from_url("https://a.example/v.txt", "mine.txt").name == "mine.txt"
