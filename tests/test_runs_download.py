"""Runs that fetch files: from a server on loopback that waits, breaks off and counts what it is asked for."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from embedcore import downloads
from embedcore import settings as settings_module
from embedcore.errors import BadName, BadSetting, DownloadProblem
from embedcore.library import list_vectors, open_vectors, save_vectors
from embedcore.runs import RunFolder, Runs, jobs
from embedcore.runs.folder import FAILED, FINISHED, INTERRUPTED, STOPPED
from embedcore.runs.jobs import DownloadConfig
from embedcore.runs.progress import FETCHING, progress_of
from embedcore.runs.worker import DELETED, WORKER_DIED, execute, interruption
from embedcore.settings import Settings
from tests.test_runs import until
from tests.test_runs_manage import StillRuns
from tests.test_runs_vectors import a_set, done, kept, nothing_is_left, submitted

ROWS = 30_000
BODY = "".join(f"낱말{row} {row} 0.5 -1.25\n" for row in range(ROWS)).encode()
HALF = len(BODY) // 2


class Handler(BaseHTTPRequestHandler):
    """One file, under any path; in parts too."""

    server: Host

    def do_GET(self) -> None:
        """The bytes from where the asker wants them."""
        host = self.server
        asked = self.headers.get("Range")
        host.asked.append(asked)
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        self.send_response(206 if asked else 200)
        self.send_header("ETag", '"one"')
        self.send_header("Content-Length", str(len(BODY) - start))
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{len(BODY) - 1}/{len(BODY)}")
        self.end_headers()
        stop = HALF if host.waits or host.breaks else len(BODY)
        self.wfile.write(BODY[start:stop])
        self.wfile.flush()
        if host.waits and not host.breaks:
            host.go_on.wait(30)
            self.wfile.write(BODY[max(stop, start) :])

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is printed."""


class Host(ThreadingHTTPServer):
    """A server of one file that does as it is told."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str | None] = []  # the ranges that were asked for
        self.waits = self.breaks = False  # after half of the file
        self.go_on = threading.Event()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever asked went away."""

    def url(self, name: str = "mine.glove.txt") -> str:
        return f"http://127.0.0.1:{self.server_port}/{name}"


@pytest.fixture
def host() -> Iterator[Host]:
    server = Host()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.go_on.set()
    server.shutdown()
    server.server_close()


def catalog_of(place: Path, host: Host) -> Path:
    """A catalog with a set of this host's."""
    entry = {"name": "house", "title": "Our own", "origin": "Our team", "urls": [host.url()], "licence": "CC0"}
    place.write_text(json.dumps({"sets": [entry, {**entry, "name": "house-2"}]}), encoding="utf-8")
    return place


@pytest.fixture
def here(home: Settings, host: Host, tmp_path: Path) -> Settings:
    """Settings with a catalog whose one file the host has."""
    return replace(home, catalog=catalog_of(tmp_path / "catalog.json", host))


def at_half(here: Settings, act: Callable[[], object]) -> threading.Thread:
    """Do something when half of the file is here."""

    def wait() -> None:
        until(lambda: any(part.bytes >= HALF for part in downloads.parts(here)), what="half of the file")
        act()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def test_a_set_of_the_catalog_is_fetched_and_kept(here: Settings, host: Host) -> None:
    runs = StillRuns(here)
    folder = submitted(runs, DownloadConfig(catalog="house", name="house"))
    assert folder.run.name == "Fetch house as house"
    assert done(here, folder) == FINISHED
    vectors = open_vectors("house", here)
    assert vectors["낱말29999"].tolist() == [29_999, 0.5, -1.25]
    result = folder.run.result
    assert (result["name"], result["rows"], result["dim"], result["read"]["format"]) == ("house", ROWS, 3, "glove")
    (file,) = downloads.kept(here)
    assert (result["file"], result["key"]) == (str(file.path), file.key)
    info = next(info for info in list_vectors(here) if info.name == "house")
    assert (info.licence, info.run) == ("CC0", folder.id)
    assert info.source == f"Our team; from {host.url()}"
    meta = vectors.meta
    assert meta["catalog"] == "house"
    assert meta["download"]["sha256"] == file.sha256
    assert meta["download"]["url"] == host.url()
    phases = [line["phase"] for line in folder.metrics()]
    assert phases[0] == FETCHING
    assert phases[-1] == "indexing"
    shares = [line["share"] for line in folder.metrics()]
    assert shares == sorted(shares)
    assert nothing_is_left(here)


def test_another_set_of_the_same_file_does_not_fetch_it_again(here: Settings, host: Host) -> None:
    runs = StillRuns(here)
    for name in ("house", "house-2"):
        assert done(here, submitted(runs, DownloadConfig(catalog=name, name=name))) == FINISHED
    assert host.asked == [None]
    assert kept(here) == ["house", "house-2"]


def test_a_file_alone_is_fetched_and_can_be_imported(here: Settings, host: Host) -> None:
    open_here = replace(here, private_urls=True)
    runs = StillRuns(open_here)
    folder = submitted(runs, DownloadConfig(url=host.url("낱말.txt")))
    assert done(open_here, folder) == FINISHED
    result = folder.run.result
    assert Path(result["file"]).read_bytes() == BODY
    assert {"name", "rows"} & set(result) == set()
    imported = submitted(runs, jobs.ImportConfig(result["file"], "mine"))
    assert done(open_here, imported) == FINISHED
    assert Path(result["file"]).exists()  # only uploads are removed


def test_addresses_of_this_machine_are_refused_at_once(here: Settings, host: Host) -> None:
    runs = StillRuns(here)
    with pytest.raises(DownloadProblem, match="this machine or a private network"):
        jobs.submit(runs, DownloadConfig(url=host.url()))
    forced = runs.folder(runs.submit("download", DownloadConfig(url=host.url()).to_json(), name="forced").id)
    assert done(here, forced) == FAILED
    assert "this machine or a private network" in str(forced.run.error)
    assert host.asked == []
    with pytest.raises(BadSetting, match="There is no “nothing” in the catalog"):
        jobs.submit(runs, DownloadConfig(catalog="nothing", name="x"))


def test_a_name_that_is_taken_is_said_before_anything_is_fetched(here: Settings, host: Host) -> None:
    runs = StillRuns(here)
    folder = submitted(runs, DownloadConfig(catalog="house", name="mine"))
    save_vectors("mine", a_set(), source="somebody else", settings=here)
    with pytest.raises(BadName):
        jobs.submit(runs, DownloadConfig(catalog="house-2", name="mine"))
    assert done(here, folder) == FAILED
    assert folder.run.error == "There is already a vector set “mine”. Free is “mine-2”."
    assert host.asked == []


def test_a_stopped_download_goes_on_from_what_it_has(here: Settings, host: Host) -> None:
    host.waits = True
    runs = StillRuns(here)
    folder = submitted(runs, DownloadConfig(catalog="house", name="house"))
    watch = at_half(here, lambda: runs.ask_to_stop(folder.id))
    assert done(here, folder) == STOPPED  # though the host says nothing any more
    watch.join()
    found = progress_of(folder)
    assert found is not None
    assert (found.phase, found.bytes_total) == (FETCHING, len(BODY))
    assert kept(here) == []
    assert [part.bytes for part in downloads.parts(here)] == [HALF]
    assert runs.listing()[0].resumable
    host.go_on.set()
    runs.resume(folder.id)
    assert done(here, folder) == FINISHED
    assert host.asked == [None, f"bytes={HALF}-"]
    assert len(open_vectors("house", here)) == ROWS
    assert downloads.parts(here) == []


def test_a_pulled_network_is_told_and_a_resume_goes_on(
    here: Settings, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embedcore.downloads.fetching.PAUSES", (0.01,))
    host.breaks = True
    runs = StillRuns(here)
    folder = submitted(runs, DownloadConfig(catalog="house", name="house"))
    assert done(here, folder) == FAILED
    assert "127.0.0.1" in str(folder.run.error)
    assert not (folder.path / "error.log").exists()
    assert kept(here) == []
    assert runs.listing()[0].resumable
    host.breaks = False
    runs.resume(folder.id)
    assert done(here, folder) == FINISHED
    assert host.asked[-1] == f"bytes={HALF}-"
    assert kept(here) == ["house"]


def test_a_download_that_is_deleted_makes_no_set(here: Settings, host: Host) -> None:
    host.waits = True
    runs = StillRuns(here)
    folder = submitted(runs, DownloadConfig(catalog="house", name="house"))
    watch = at_half(here, lambda: runs.delete(folder.id))
    assert done(here, folder) == DELETED
    watch.join()
    assert kept(here) == []
    assert not folder.path.exists()
    assert nothing_is_left(here)


def test_two_runs_of_one_file_fetch_it_once(here: Settings, host: Host) -> None:
    host.waits = True
    runs = StillRuns(here)
    folders = [submitted(runs, DownloadConfig(catalog=name, name=name)) for name in ("house", "house-2")]
    ends: list[str] = []
    workers = [
        threading.Thread(target=lambda run=folder: ends.append(execute(here, here.runs_dir, run.id)))  # type: ignore[misc]
        for folder in folders
    ]
    for worker in workers:
        worker.start()
    # Both say how far the one fetching is.
    until(lambda: all((found := progress_of(one)) and (found.bytes or 0) >= HALF for one in folders), what="progress")
    host.go_on.set()
    for worker in workers:
        worker.join()
    assert ends == [FINISHED, FINISHED]
    assert host.asked == [None]


# With real workers


def test_a_killed_download_goes_on_from_what_it_has(tmp_path: Path, host: Host) -> None:
    host.waits = True
    environment = {
        "EMBEDCORE_HOME": str(tmp_path / "home"),
        "EMBEDCORE_WORKERS": "1",
        "EMBEDCORE_CATALOG": str(catalog_of(tmp_path / "catalog.json", host)),
    }
    runs = Runs(settings_module.load(environment))
    runs.start()
    try:
        folder: RunFolder = submitted(runs, DownloadConfig(catalog="house", name="house"))
        at_half(runs.settings, lambda: os.kill(folder.run.owner["worker"], signal.SIGKILL)).join()
        ended = runs.wait(folder.id)
        assert (ended.state, ended.error) == (INTERRUPTED, interruption(WORKER_DIED, "download"))
        assert kept(runs.settings) == []
        host.go_on.set()
        runs.resume(folder.id)
        ended = runs.wait(folder.id)
        assert ended.state == FINISHED, ended.error
        assert host.asked == [None, f"bytes={HALF}-"]
        assert len(open_vectors("house", runs.settings)) == ROWS
    finally:
        runs.stop()
