"""Files come whole, or resumed where they broke off; a wrong one is never kept."""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from embedcore import downloads, storage
from embedcore.downloads import RemoteFile, fetch, fetching, files, from_url
from embedcore.downloads.judging import judge
from embedcore.downloads.part import PartFile
from embedcore.errors import DownloadProblem, StorageProblem
from embedcore.settings import Settings
from tests.loopback import WAIT_SECONDS, Host
from tests.test_runs import until

ROOT = Path(__file__).parent.parent
DATA = bytes((7 * number + number // 251) % 256 for number in range(300_000))
SHA256 = hashlib.sha256(DATA).hexdigest()


@pytest.fixture(autouse=True)
def _three_rounds_without_pauses(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "PAUSES", (0.0, 0.0))


@pytest.fixture
def settings(home: Settings) -> Settings:
    """Settings that let files be fetched from loopback."""
    return dataclasses.replace(home, private_urls=True)


def remote(*urls: str, sha256: str | None = SHA256, **known: Any) -> RemoteFile:
    return RemoteFile("vectors.bin", urls, sha256=sha256, **known)


def problem(file: RemoteFile, settings: Settings) -> str:
    """The sentence of a fetch that fails; nothing of it is ever listed as kept."""
    with pytest.raises(DownloadProblem) as caught:
        fetch(file, settings=settings)
    assert downloads.kept(settings) == []
    return str(caught.value)


def start_part(file: RemoteFile, settings: Settings, at_least: int) -> None:
    """Fetch until so many bytes are there, and stop."""

    def stop(done: int, total: int | None) -> None:
        if done >= at_least:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(file, settings=settings, on_progress=stop)


# A file that comes as it should


def test_a_file_comes_whole_and_is_fetched_once(host: Host, settings: Settings) -> None:
    file = remote(host.serve("/v.bin", DATA))
    told: list[tuple[int, int | None]] = []
    kept = fetch(file, settings=settings, on_progress=lambda *at: told.append(at))
    assert kept.path.read_bytes() == DATA
    assert (kept.sha256, kept.bytes, kept.verified, kept.url) == (SHA256, len(DATA), True, file.urls[0])
    assert kept.path.parent == settings.home / "downloads" / file.key
    assert told[-1] == (len(DATA), len(DATA))
    assert told == sorted(told)
    assert downloads.kept(settings) == [kept]
    assert downloads.parts(settings) == []
    assert fetch(file, settings=settings) == kept
    assert len(host.asked) == 1
    assert host.asked[0][1]["Accept-Encoding"] == "identity"


def test_without_a_checksum_a_file_is_unverified(host: Host, settings: Settings) -> None:
    kept = fetch(remote(host.serve("/v.bin", DATA), sha256=None), settings=settings)
    assert not kept.verified
    assert kept.sha256 == SHA256


def test_a_kept_file_is_hashed_again_only_when_it_changed(
    host: Host, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = remote(host.serve("/v.bin", DATA))
    path = fetch(file, settings=settings).path
    hashed: list[Path] = []
    real = downloads.files.hash_of
    monkeypatch.setattr(downloads.files, "hash_of", lambda path: hashed.append(path) or real(path))
    assert downloads.find_kept(file, settings)
    assert hashed == []
    os.utime(path, ns=(1, 1))  # the same bytes at another time
    assert downloads.find_kept(file, settings)
    assert downloads.find_kept(file, settings)
    assert hashed == [path]
    path.write_bytes(DATA[:-1] + b"?")  # other bytes
    assert downloads.find_kept(file, settings) is None
    assert not path.exists()
    assert fetch(file, settings=settings).path.read_bytes() == DATA


def test_a_kept_file_is_fetched_anew_when_another_checksum_is_published(host: Host, settings: Settings) -> None:
    url = host.serve("/v.bin", DATA)
    fetch(remote(url), settings=settings)
    host.serve("/v.bin", DATA + b"more", etag='"second"')
    new = remote(url, sha256=hashlib.sha256(DATA + b"more").hexdigest())
    assert fetch(new, settings=settings).bytes == len(DATA) + 4


def test_a_file_whose_length_nobody_says(host: Host, settings: Settings) -> None:
    kept = fetch(remote(host.serve("/v.bin", DATA, chunked=True), sha256=None), settings=settings)
    assert kept.path.read_bytes() == DATA


# Breaking off


def test_what_breaks_off_is_resumed(host: Host, settings: Settings) -> None:
    file = remote(host.serve("/v.bin", DATA, breaks=[100_000, 120_000]), sha256=None)
    assert fetch(file, settings=settings).path.read_bytes() == DATA
    assert host.ranges() == [None, "bytes=100000-", "bytes=220000-"]
    assert [headers["If-Range"] for _, headers in host.asked[1:]] == ['"first"', '"first"']


def test_a_break_of_a_file_whose_length_nobody_says(host: Host, settings: Settings) -> None:
    file = remote(host.serve("/v.bin", DATA, chunked=True, breaks=[100_000]))
    assert fetch(file, settings=settings).path.read_bytes() == DATA


def test_a_part_stays_and_the_next_fetch_goes_on_from_it(host: Host, settings: Settings) -> None:
    file = remote(host.serve("/v.bin", DATA, stops_at=150_000))
    start_part(file, settings, at_least=150_000)
    (part,) = downloads.parts(settings)
    assert (part.key, part.name, part.bytes, part.length) == (file.key, "vectors.bin", 150_000, len(DATA))
    assert (part.url, part.fetching) == (file.urls[0], False)
    host.files["/v.bin"].stops_at = None
    told: list[int] = []
    assert fetch(file, settings=settings, on_progress=lambda done, total: told.append(done)).path.read_bytes() == DATA
    assert min(told) == 150_000
    assert host.ranges() == [None, "bytes=150000-"]


def test_a_host_that_ignores_ranges_sends_all_of_it_again(host: Host, settings: Settings) -> None:
    file = remote(host.serve("/v.bin", DATA, breaks=[100_000], ranges=False))
    assert fetch(file, settings=settings).path.read_bytes() == DATA
    assert host.ranges() == [None, "bytes=100000-"]


def test_a_part_that_is_not_the_one_asked_for_begins_anew(host: Host, settings: Settings) -> None:
    file = remote(host.serve("/v.bin", DATA, breaks=[100_000], shift=5))
    assert fetch(file, settings=settings).path.read_bytes() == DATA
    assert host.ranges() == [None, "bytes=100000-", None]


def test_a_file_that_changed_meanwhile_begins_anew(host: Host, settings: Settings) -> None:
    file = remote(host.serve("/v.bin", b"x" * 300_000, stops_at=150_000), sha256=None)
    start_part(file, settings, at_least=150_000)
    host.serve("/v.bin", DATA, etag='"second"')
    assert fetch(file, settings=settings).path.read_bytes() == DATA
    assert host.ranges() == [None, "bytes=150000-"]  # If-Range made the host send all of it


@pytest.mark.parametrize("told_by", ["length", "ETag"])
def test_a_host_that_heeds_no_condition_is_found_out(host: Host, settings: Settings, told_by: str) -> None:
    file = remote(host.serve("/v.bin", b"x" * 300_000, stops_at=150_000), sha256=None)
    start_part(file, settings, at_least=150_000)
    new = DATA + b"longer" if told_by == "length" else DATA
    host.serve("/v.bin", new, etag='"second"' if told_by == "ETag" else '"first"', heeds=False)
    assert fetch(file, settings=settings).path.read_bytes() == new
    assert host.ranges() == [None, "bytes=150000-", None]


def test_nothing_is_gone_on_with_if_nothing_tells_whether_it_is_the_same(host: Host, settings: Settings) -> None:
    file = remote(host.serve("/v.bin", DATA, etag=None, breaks=[100_000]), sha256=None)
    assert fetch(file, settings=settings).path.read_bytes() == DATA
    assert host.ranges() == [None, None]


def test_a_weak_etag_does_not_tell_but_a_date_does(host: Host, settings: Settings) -> None:
    date = "Wed, 21 Oct 2015 07:28:00 GMT"
    file = remote(host.serve("/v.bin", DATA, etag='W/"a"', modified=date, breaks=[100_000]), sha256=None)
    assert fetch(file, settings=settings).path.read_bytes() == DATA
    assert host.asked[1][1]["If-Range"] == date


def test_a_part_that_has_all_of_the_file_is_kept(host: Host, settings: Settings) -> None:
    file = remote(host.serve("/v.bin", DATA, stops_at=150_000))
    start_part(file, settings, at_least=150_000)
    part = settings.downloads_dir / file.key / "vectors.bin.part"
    part.write_bytes(DATA)  # as if it had been stopped right before the end
    assert fetch(file, settings=settings).path.read_bytes() == DATA
    assert host.ranges() == [None, f"bytes={len(DATA)}-"]


def test_a_part_with_too_much_in_it_begins_anew(host: Host, settings: Settings) -> None:
    file = remote(host.serve("/v.bin", DATA, stops_at=150_000))
    start_part(file, settings, at_least=150_000)
    host.files["/v.bin"].stops_at = None
    (settings.downloads_dir / file.key / "vectors.bin.part").write_bytes(DATA + b"more")
    assert fetch(file, settings=settings).path.read_bytes() == DATA
    assert host.ranges()[1:] == [f"bytes={len(DATA) + 4}-", None]


def test_a_damaged_part_is_found_out_and_fetched_anew(host: Host, settings: Settings) -> None:
    file = remote(host.serve("/v.bin", DATA, stops_at=150_000))
    start_part(file, settings, at_least=150_000)
    host.files["/v.bin"].stops_at = None
    (settings.downloads_dir / file.key / "vectors.bin.part").write_bytes(bytes(150_000))  # lost with the power
    assert fetch(file, settings=settings).path.read_bytes() == DATA
    assert host.ranges() == [None, "bytes=150000-", None]


def test_a_host_that_always_breaks_off_is_given_up(host: Host, settings: Settings) -> None:
    said = problem(remote(host.serve("/v.bin", DATA, breaks=[1000] * 99)), settings)
    assert len(host.asked) == 3  # one a round
    assert said.startswith("Could not fetch vectors.bin. 127.0.0.1: broke off")
    assert said.endswith("The 3.0 kB that came are kept, and the next try goes on from there.")


# Lengths that lie


def test_a_length_that_is_too_long(host: Host, settings: Settings) -> None:
    file = remote(host.serve("/v.bin", DATA, claims=len(DATA) + 1000, ranges=False), sha256=None)
    assert "127.0.0.1: broke off" in problem(file, settings)


def test_a_length_that_the_host_corrects(host: Host, settings: Settings) -> None:
    file = remote(host.serve("/v.bin", DATA, claims=len(DATA) + 1000), sha256=None)
    assert fetch(file, settings=settings).path.read_bytes() == DATA  # 416 says that nothing is missing


def test_a_length_that_is_too_short_is_found_by_the_hash(host: Host, settings: Settings) -> None:
    url = host.serve("/v.bin", DATA, claims=1000)
    found = hashlib.sha256(DATA[:1000]).hexdigest()
    said = problem(remote(url), settings)
    assert f"its SHA-256 is {found}, not {SHA256}" in said
    assert downloads.parts(settings) == []


def test_a_length_that_is_not_the_published_one(host: Host, settings: Settings) -> None:
    url = host.serve("/v.bin", DATA, claims=1000)
    assert "offers 1,000 bytes, but the file has 300,000" in problem(remote(url, bytes=len(DATA)), settings)


def test_more_comes_than_the_file_has(host: Host, settings: Settings) -> None:
    url = host.serve("/v.bin", DATA + b"more", chunked=True)
    assert "sent more than the 300,000 bytes" in problem(remote(url, bytes=len(DATA)), settings)
    assert downloads.parts(settings) == []


# What is no such file


def test_wrong_bytes_are_removed_and_said(host: Host, settings: Settings) -> None:
    wrong = b"y" * 5000
    said = problem(remote(host.serve("/v.bin", wrong)), settings)
    assert said == (
        "Could not fetch vectors.bin. 127.0.0.1: sent a file that is not the one expected: its SHA-256 is "
        f"{hashlib.sha256(wrong).hexdigest()}, not {SHA256}."
    )
    assert downloads.parts(settings) == []
    assert not [*(settings.downloads_dir / remote(host.url("/v.bin")).key).glob("*")]
    assert len(host.asked) == 1  # the same bytes would come again


def test_the_next_host_is_tried_when_one_fails(host: Host, settings: Settings) -> None:
    good = host.serve("/good.bin", DATA)
    for number, bad in enumerate(
        [
            host.url("/missing.bin"),
            host.serve("/busy.bin", DATA, statuses=[503] * 9),
            host.serve("/wrong.bin", b"z" * 5000),
            host.serve("/page.bin", b"<html>sorry", headers={"Content-Type": "text/html; charset=utf-8"}),
            "http://127.0.0.1:9/closed.bin",
            "http://nowhere.invalid/v.bin",
        ]
    ):
        file = dataclasses.replace(remote(bad, good), name=f"{number}.bin")
        kept = fetch(file, settings=settings)
        assert (kept.url, kept.path.read_bytes() == DATA) == (good, True)


def test_a_mirror_goes_on_where_the_first_host_broke_off(host: Host, settings: Settings) -> None:
    first = host.serve("/first.bin", DATA, breaks=[200_000], statuses=[200] + [503] * 9)
    kept = fetch(remote(first, host.serve("/mirror.bin", DATA, etag='"other"')), settings=settings)
    assert kept.path.read_bytes() == DATA
    assert [path for path, _ in host.asked] == ["/first.bin", "/first.bin", "/mirror.bin"]
    assert host.ranges()[-1] == "bytes=200000-"
    assert host.asked[-1][1]["If-Range"] is None


def test_without_a_checksum_a_mirror_begins_anew(host: Host, settings: Settings) -> None:
    first = host.serve("/first.bin", b"o" * 300_000, breaks=[200_000], statuses=[200] + [503] * 9)
    file = remote(first, host.serve("/mirror.bin", DATA), sha256=None)
    assert fetch(file, settings=settings).path.read_bytes() == DATA
    assert host.ranges()[-1] is None


def test_a_host_that_is_busy_is_asked_again(host: Host, settings: Settings) -> None:
    file = remote(host.serve("/v.bin", DATA, statuses=[503, 429]))
    assert fetch(file, settings=settings).path.read_bytes() == DATA
    assert len(host.asked) == 3


def test_all_hosts_are_named_when_all_fail(host: Host, settings: Settings) -> None:
    urls = (host.url("/missing.bin"), host.serve("/busy.bin", DATA, statuses=[503] * 9), "http://nowhere.invalid/v.bin")
    said = problem(remote(*urls), settings)
    assert said == (
        "Could not fetch vectors.bin. 127.0.0.1: answered 404 Not Found. 127.0.0.1: answered 503 Service "
        "Unavailable. nowhere.invalid: could not be looked up."
    )
    assert [path for path, _ in host.asked].count("/missing.bin") == 1  # it will not come later either


@pytest.mark.parametrize(
    ("data", "headers"),
    [
        (b"hello", {"Content-Type": "text/html"}),
        (b"\xef\xbb\xbf\n <!DOCTYPE HTML><title>Moved</title>", {}),
        (b"<HTML><body>", {"Content-Type": "application/octet-stream"}),
    ],
)
def test_a_web_page_is_no_file(host: Host, settings: Settings, data: bytes, headers: dict[str, str]) -> None:
    said = problem(remote(host.serve("/v.bin", data, headers=headers), sha256=None), settings)
    assert said == "Could not fetch vectors.bin. 127.0.0.1: sent a web page instead of the file."


def test_an_empty_file_is_none(host: Host, settings: Settings) -> None:
    assert problem(remote(host.serve("/v.bin", b""), sha256=None), settings).endswith("sent an empty file.")


def test_bytes_are_never_unpacked_on_the_way(host: Host, settings: Settings) -> None:
    import gzip

    packed = gzip.compress(DATA)
    url = host.serve("/v.txt.gz", packed, headers={"Content-Encoding": "gzip"})
    assert fetch(from_url(url), settings=settings).path.read_bytes() == packed
    other = host.serve("/v.txt", packed, headers={"Content-Encoding": "gzip"})
    with pytest.raises(DownloadProblem, match=r"packed in another way \(gzip\)"):
        fetch(from_url(other), settings=settings)


def test_the_hash_of_the_first_time_is_remembered(host: Host, settings: Settings) -> None:
    file = remote(host.serve("/v.bin", DATA), sha256=None, published=True)
    downloads.remove(fetch(file, settings=settings).key, settings)
    assert not fetch(file, settings=settings).verified  # the same as before: taken
    downloads.remove(file.key, settings)
    host.serve("/v.bin", DATA[:-1])
    said = problem(file, settings)
    assert "has another file there than on 20" in said
    assert SHA256 in said
    assert hashlib.sha256(DATA[:-1]).hexdigest() in said
    downloads.forget(file, settings)
    assert fetch(file, settings=settings).bytes == len(DATA) - 1


# Somebody stops it, or the machine does


def test_it_can_be_stopped_while_nothing_comes(host: Host, settings: Settings) -> None:
    file = remote(host.serve("/v.bin", DATA, stops_at=150_000))
    since_stall = 0

    def stop(done: int, total: int | None) -> None:
        nonlocal since_stall
        since_stall += done == 150_000
        if since_stall > 2:  # told again although nothing came
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(file, settings=settings, on_progress=stop)
    assert not host.files["/v.bin"].go_on.is_set()
    assert downloads.parts(settings)[0].bytes == 150_000


def test_two_who_want_one_file_share_it(host: Host, settings: Settings) -> None:
    file = remote(host.serve("/v.bin", DATA, stops_at=150_000))
    served, found, waits = host.files["/v.bin"], [], threading.Event()

    def get(on_progress: Any = None) -> None:
        found.append(fetch(file, settings=settings, on_progress=on_progress))

    first = threading.Thread(target=get)
    first.start()
    assert served.reached.wait(WAIT_SECONDS)
    second = threading.Thread(target=get, args=(lambda done, total: waits.set(),))
    second.start()
    assert waits.wait(WAIT_SECONDS)
    until(lambda: bool(downloads.parts(settings)), WAIT_SECONDS, "the part that the first one writes")
    (part,) = downloads.parts(settings)
    assert part.fetching
    with pytest.raises(DownloadProblem, match="is being fetched just now"):
        downloads.remove(file.key, settings)
    served.go_on.set()
    for thread in (first, second):
        thread.join(WAIT_SECONDS)
    assert found[0] == found[1]
    assert found[0].path.read_bytes() == DATA
    assert len(host.asked) == 1


def test_a_fetch_that_was_killed_blocks_nobody(host: Host, settings: Settings) -> None:
    file = from_url(host.serve("/v.bin", DATA, stops_at=150_000))
    script = (
        "import sys; from embedcore import downloads\n"
        "downloads.fetch(downloads.from_url(sys.argv[1]), on_progress=lambda done, total: print(done, flush=True))"
    )
    environment = {**os.environ, **settings.to_environment()}
    process = subprocess.Popen(
        [sys.executable, "-c", script, file.urls[0]], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert any(line.strip() == "150000" for line in process.stdout)
    process.send_signal(signal.SIGKILL)
    process.wait(WAIT_SECONDS)
    process.stdout.close()
    host.files["/v.bin"].stops_at = None
    assert fetch(file, settings=settings).path.read_bytes() == DATA
    assert host.ranges() == [None, "bytes=150000-"]


def test_a_full_disk_on_the_way_keeps_the_part(host: Host, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    file = remote(host.serve("/v.bin", DATA))
    real = PartFile.write

    def full(part: PartFile, data: bytes) -> None:
        real(part, data[: 100_000 - part.size])
        if part.size >= 100_000:
            raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(PartFile, "write", full)
        with pytest.raises(StorageProblem) as caught:
            fetch(file, settings=settings)
    assert str(caught.value) == (
        "Could not keep vectors.bin. The disk is full. Free some space and try again. "
        "The 100 kB that came are kept, and the next try goes on from there."
    )
    assert fetch(file, settings=settings).path.read_bytes() == DATA
    assert host.ranges() == [None, "bytes=100000-"]


def test_a_disk_too_full_to_note_anything_names_the_file(
    host: Host, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(part: PartFile) -> None:
        with storage.os_errors("write .part.json"):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(PartFile, "_write_state", full)
    with pytest.raises(StorageProblem) as caught:
        fetch(remote(host.serve("/v.bin", DATA)), settings=settings)
    assert str(caught.value) == "Could not keep vectors.bin. The disk is full. Free some space and try again."


def test_no_room_is_said_before_anything_comes(host: Host, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    file = remote(host.serve("/v.bin", DATA))
    usage = shutil.disk_usage(settings.home.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=64 << 20))
    with pytest.raises(StorageProblem) as caught:
        fetch(file, settings=settings)
    assert str(caught.value) == (
        "vectors.bin takes 300 kB more on the disk, but only 67.1 MB are left, of which 67.1 MB stay free. "
        "Free some space and try again."
    )
    assert downloads.kept(settings) == []


def test_pauses_can_be_stopped(host: Host, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "PAUSES", (3600.0,))
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        fetch(
            remote(host.serve("/v.bin", DATA, statuses=[503] * 9)),
            settings=settings,
            on_progress=lambda done, total: (_ for _ in ()).throw(KeyboardInterrupt),
        )
    assert time.monotonic() - began < WAIT_SECONDS


def test_many_can_look_at_once_whether_a_file_is_being_fetched(host: Host, settings: Settings) -> None:
    file = remote(host.serve("/v.bin", DATA, stops_at=150_000))
    start_part(file, settings, at_least=150_000)
    with files.try_lock(file.key, settings, to_look=True):  # as another visitor's page does
        assert not downloads.parts(settings)[0].fetching
    with files.try_lock(file.key, settings):
        assert downloads.parts(settings)[0].fetching


def test_a_file_removed_while_the_list_is_made_is_passed_over(
    host: Host, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = remote(host.serve("/v.bin", DATA, stops_at=150_000))
    start_part(file, settings, at_least=150_000)
    real = os.scandir

    def scandir(path: Any) -> Any:
        if isinstance(path, Path) and path.name == file.key:
            downloads.remove(file.key, settings)  # as another visitor does just now
        return real(path)

    with monkeypatch.context() as patched:
        patched.setattr(os, "scandir", scandir)
        assert downloads.parts(settings) == []


def test_a_disk_without_locks_can_be_fetched_to(
    host: Host, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(descriptor: int, kind: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", no_locks)
    file = remote(host.serve("/v.bin", DATA, stops_at=150_000))
    start_part(file, settings, at_least=150_000)
    assert not downloads.parts(settings)[0].fetching
    assert fetch(file, settings=settings).path.read_bytes() == DATA


def test_a_whole_file_that_is_named_as_parts_are_is_none(host: Host, settings: Settings) -> None:
    fetch(from_url(host.serve("/v.bin.part", DATA)), settings=settings)
    assert [file.name for file in downloads.kept(settings)] == ["v.bin.part"]
    assert downloads.parts(settings) == []


@pytest.mark.parametrize("length", ["9" * 5_000, "٣", "-1", "1.5", ""])
def test_a_length_that_is_none(length: str) -> None:
    said = {"Content-Length": length}
    offer = judge(200, lambda name: said.get(name, ""), name="v", have=0, length=None, etag="", asked=False)
    assert offer.length is None


def test_removing(host: Host, settings: Settings) -> None:
    file = remote(host.serve("/v.bin", DATA, stops_at=150_000))
    start_part(file, settings, at_least=150_000)
    downloads.remove(file.key, settings)
    assert downloads.parts(settings) == []
    for key in (file.key, "..", "../vectors", ".locks", ""):
        with pytest.raises(DownloadProblem, match="There is no fetched file"):
            downloads.remove(key, settings)
