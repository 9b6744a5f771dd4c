"""GET /exports/…: a real server hands out what exports made, whole or in parts, and nothing else."""

from __future__ import annotations

import gzip
import http.client
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlparse

import pytest

from embedcore.runs import RunFolder
from embedcore.runs.exporting import address, file_of
from embedcore.runs.folder import FINISHED, RUNNING, STOPPED
from embedcore.runs.record import EXPORT, EXPORTS, IMPORT
from embedcore.settings import Settings
from embedcore.ui.exports import GONE
from tests.browser.conftest import Server, serving
from tests.test_runs import a_run

NAME = "내 벡터.glove.txt"
CONTENT = os.urandom(300_000) + b"king 0.5 0.5\n" * 50_000  # what packing would pay for


def an_export(settings: Settings, name: str = NAME, **changes: Any) -> RunFolder:
    run = a_run(**{"kind": EXPORT, "state": FINISHED, "result": {"file": name}, **changes})
    folder = RunFolder.create(settings.runs_dir, run)
    (folder.path / EXPORTS).mkdir()
    (folder.path / EXPORTS / name).write_bytes(CONTENT)
    return folder


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A dashboard of its own, without a browser."""
    with serving(tmp_path_factory.mktemp("exports")) as running:
        yield running


class Answer:
    """What the server says to a request, which is sent as it is: no library puts its path in order."""

    def __init__(self, server: Server, path: str, method: str = "GET", **headers: str) -> None:
        connection = http.client.HTTPConnection(urlparse(server.url).netloc, timeout=30)
        connection.request(method, path, headers={"Accept-Encoding": "gzip", **headers})
        response = connection.getresponse()
        self.status, self.headers, self.content = response.status, response.headers, response.read()
        if self.headers.get("Content-Encoding") == "gzip":
            self.content = gzip.decompress(self.content)
        connection.close()


def test_a_finished_export_is_handed_out(server: Server) -> None:
    folder = an_export(server.settings)
    path = address(folder.run)
    assert path == f"/exports/{folder.id}/{quote(NAME)}"
    answer = Answer(server, path)
    assert answer.status == 200
    assert answer.content == CONTENT
    assert answer.headers["Content-Length"] == str(len(CONTENT))  # it is not packed on the way
    assert answer.headers["Content-Disposition"] == f"attachment; filename*=utf-8''{quote(NAME)}"
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "private" in answer.headers["Cache-Control"]
    head = Answer(server, path, "HEAD")
    assert (head.status, head.content, head.headers["Content-Length"]) == (200, b"", str(len(CONTENT)))


def test_a_download_that_broke_off_goes_on(server: Server) -> None:
    path = address(an_export(server.settings).run) or ""
    whole = Answer(server, path, "HEAD")
    assert whole.headers["Accept-Ranges"] == "bytes"
    rest = Answer(server, path, Range="bytes=123456-", **{"If-Range": whole.headers["ETag"]})
    assert rest.status == 206
    assert rest.content == CONTENT[123_456:]
    assert rest.headers["Content-Range"] == f"bytes 123456-{len(CONTENT) - 1}/{len(CONTENT)}"
    other = Answer(server, path, Range="bytes=123456-", **{"If-Range": '"another file"'})
    assert (other.status, other.content) == (200, CONTENT)
    assert Answer(server, path, Range=f"bytes={len(CONTENT)}-").status == 416


def test_what_is_gone_is_said_in_plain_text(server: Server) -> None:
    folder = an_export(server.settings)
    path = address(folder.run) or ""
    folder.remove()
    answer = Answer(server, path)
    assert (answer.status, answer.content.decode()) == (404, GONE)
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "{id}/run.json", "{id}/../run.json", "{id}/..%2Frun.json", "{id}/%2e%2e/run.json", "{id}/..%5crun.json",
        "{id}/", "{id}", "{id}/exports/" + quote(NAME), "../runs/{id}/run.json", "..%2f..%2fvectors/x", "{id}/%00",
        "%00/x", "A{id}/" + quote(NAME), "{id}%0a/" + quote(NAME), "{id}/" + quote(NAME) + "%00", "//etc/passwd",
    ],
)  # fmt: skip
def test_nothing_else_is_handed_out(server: Server, path: str) -> None:
    folder = an_export(server.settings)
    answer = Answer(server, "/exports/" + path.format(id=folder.id))
    assert CONTENT[:1000] not in answer.content
    assert b'"kind"' not in answer.content
    assert "attachment" not in answer.headers.get("Content-Disposition", "")
    assert answer.status in (200, 301, 307, 400, 403, 404)  # 200: Streamlit's own empty page
    assert answer.status != 200 or b"<html" in answer.content


@pytest.mark.parametrize(
    "changes", [{"state": RUNNING}, {"state": STOPPED}, {"kind": IMPORT}, {"result": {}}, {"result": {"file": "x"}}]
)
def test_only_a_finished_export_has_an_address(home: Settings, changes: dict[str, Any]) -> None:
    folder = an_export(home, **changes)
    assert file_of(home.runs_dir, folder.id, NAME) is None
    assert address(folder.run) is None or changes == {"result": {"file": "x"}}


def test_the_name_is_looked_up_and_never_put_together(home: Settings) -> None:
    folder = an_export(home)
    assert file_of(home.runs_dir, folder.id, NAME) == folder.path / EXPORTS / NAME
    for run_id, name in ((folder.id, f"../{EXPORTS}/{NAME}"), (f"../runs/{folder.id}", NAME), ("", NAME), ("x", "y")):
        assert file_of(home.runs_dir, run_id, name) is None
    Path(folder.path / EXPORTS / NAME).unlink()
    assert file_of(home.runs_dir, folder.id, NAME) is None
