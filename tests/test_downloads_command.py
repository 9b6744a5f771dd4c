"""`vectors catalog` and `vectors download`: from the catalog or an address to a set in the library."""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embedcore import catalog, disk, downloads
from embedcore.__main__ import main
from embedcore.catalog import Entry
from embedcore.downloads import RemoteFile
from embedcore.library import list_vectors, open_vectors
from embedcore.settings import Settings
from tests.loopback import WAIT_SECONDS, Host

ROOT = Path(__file__).parent.parent
WORDS = ["the", "of", "king", "queen", "사과"]


def numbers(dim: int, rows: int = len(WORDS)) -> np.ndarray[Any, Any]:
    return np.random.default_rng(dim).normal(size=(rows, dim)).astype(np.float32)


def text(dim: int) -> str:
    rows = (" ".join(map(repr, row)) for row in numbers(dim).tolist())
    return "".join(f"{word} {row}\n" for word, row in zip(WORDS, rows, strict=True))


def archive() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for dim in (4, 8):
            file.writestr(f"demo.{dim}d.txt", text(dim))
    return packed.getvalue()


@pytest.fixture
def demo(host: Host, monkeypatch: pytest.MonkeyPatch) -> Host:
    """A catalog with two sets in one archive, whose first host is down."""
    data = archive()
    urls = (host.url("/down/demo.zip"), host.serve("/demo.zip", data))
    file = RemoteFile("demo.zip", urls, sha256=hashlib.sha256(data).hexdigest())
    for dim in (4, 8):
        entry = Entry(
            f"demo.{dim}d", f"Demo, {dim} dimensions", "Good for tests.", file, "Demo", "English", "PDDL 1.0",
            "https://opendatacommons.org/licenses/pddl/1-0/", len(WORDS), dim, cased=False,
            origin="Demo by nobody", member=f"demo.{dim}d.txt",
        )  # fmt: skip
        monkeypatch.setitem(catalog.CATALOG, entry.name, entry)
    return host


def answer(capsys: pytest.CaptureFixture[str], *argv: str) -> dict[str, Any]:
    assert main([*argv, "--json"]) == 0, capsys.readouterr().err
    value = json.loads(capsys.readouterr().out)
    assert isinstance(value, dict)
    return value


def error(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    assert main([*argv]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    return err.splitlines()[-1].removeprefix("embedcore: ").strip()


def test_a_set_of_the_catalog_is_fetched_imported_and_listed(
    home: Settings, demo: Host, capsys: pytest.CaptureFixture[str]
) -> None:
    said = answer(capsys, "vectors", "download", "demo.8d")
    assert (said["name"], said["rows"], said["dim"], said["format"]) == ("demo.8d", 5, 8, "glove")
    assert (said["verified"], said["url"]) == (True, demo.url("/demo.zip"))
    (info,) = [info for info in list_vectors(home) if not info.bundled]
    assert (info.name, info.licence) == ("demo.8d", "PDDL 1.0")
    assert info.source == f"Demo by nobody; from {demo.url('/down/demo.zip')}"
    vectors = open_vectors("demo.8d", home)
    assert [*vectors.tokens] == WORDS
    np.testing.assert_array_equal(vectors.matrix, numbers(8))
    meta = vectors.meta
    assert meta["catalog"] == "demo.8d"
    assert meta["download"]["sha256"] == said["sha256"]
    answer(capsys, "vectors", "download", "demo.4d")
    assert [path for path, _ in demo.asked] == ["/down/demo.zip", "/demo.zip"]  # the archive was here already
    np.testing.assert_array_equal(open_vectors("demo.4d", home).matrix, numbers(4))


def test_the_fetched_file_is_kept_or_not(home: Settings, demo: Host, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["vectors", "download", "demo.8d"]) == 0
    (kept,) = downloads.kept(home)
    assert f"is kept in {kept.path.parent}." in capsys.readouterr().out
    assert answer(capsys, "vectors", "download", "demo.4d", "--no-keep-file")["file"] is None
    assert downloads.kept(home) == []


def test_a_name_that_is_taken_fetches_nothing(home: Settings, demo: Host, capsys: pytest.CaptureFixture[str]) -> None:
    answer(capsys, "vectors", "download", "demo.8d", "--no-keep-file")
    asked = len(demo.asked)
    assert "There is already a vector set “demo.8d”" in error(capsys, "vectors", "download", "demo.8d")
    assert len(demo.asked) == asked
    assert answer(capsys, "vectors", "download", "demo.8d", "--overwrite")["rows"] == 5
    assert answer(capsys, "vectors", "download", "demo.8d", "--name", "mine")["name"] == "mine"


def test_an_address_of_ones_own_machine(home: Settings, host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    url = host.serve("/words.txt", text(3).encode())
    said = error(capsys, "vectors", "download", url)
    assert said == "Say with --name what the set from this address will be called."
    found = answer(capsys, "vectors", "download", url, "--name", "mine", "--licence", "CC0")
    assert (found["name"], found["dim"], found["verified"]) == ("mine", 3, False)
    (info,) = [info for info in list_vectors(home) if not info.bundled]
    assert (info.source, info.licence) == (f"fetched from {url}", "CC0")


def test_an_address_that_cannot_be_fetched(home: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert "Only addresses that begin with http" in error(
        capsys, "vectors", "download", "file:///etc/passwd", "--name", "x"
    )


def test_a_file_that_holds_no_vectors_makes_no_set(
    home: Settings, host: Host, capsys: pytest.CaptureFixture[str]
) -> None:
    url = host.serve("/words.txt", b"no vectors at all\n" * 20)
    error(capsys, "vectors", "download", url, "--name", "mine")
    assert [info.name for info in list_vectors(home) if not info.bundled] == []


def test_a_name_that_is_not_in_the_catalog(home: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    said = error(capsys, "vectors", "download", "glove.6b.100")
    assert said.startswith("There is no “glove.6b.100” in the catalog. Near: glove.6B.100d")
    said = error(capsys, "vectors", "download", "GoogleNews-vectors-negative300")
    assert "without a licence of their own" in said


def test_the_bundled_set_needs_no_fetching(home: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(capsys, "vectors", "download", "glove.6B.50d") == {
        "name": "glove.6B.50d", "rows": 400_000, "dim": 50, "bundled": True,
    }  # fmt: skip
    assert main(["vectors", "download", "glove.6B.50d"]) == 0
    assert "comes with the installation" in capsys.readouterr().out


def test_a_file_that_changed_is_taken_when_that_is_meant(
    home: Settings, host: Host, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = RemoteFile("words.txt", (host.serve("/words.txt", text(3).encode()),), published=True)
    monkeypatch.setitem(catalog.CATALOG, "words", Entry("words", "Words", "Words.", file))
    answer(capsys, "vectors", "download", "words", "--no-keep-file")
    host.serve("/words.txt", text(4).encode())
    assert "has another file there than on" in error(capsys, "vectors", "download", "words", "--overwrite")
    assert open_vectors("words", home).dim == 3
    found = answer(capsys, "vectors", "download", "words", "--overwrite", "--accept-changed")
    assert found["dim"] == 4


def test_the_catalog_is_listed(home: Settings, demo: Host, capsys: pytest.CaptureFixture[str]) -> None:
    answer(capsys, "vectors", "download", "demo.4d")
    sets = {entry["name"]: entry for entry in answer(capsys, "vectors", "catalog")["sets"]}
    assert sets.keys() == catalog.CATALOG.keys()
    assert [name for name, entry in sets.items() if entry["here"]] == ["glove.6B.50d", "demo.4d"]
    assert sets["cc.ko.300"]["language"] == "Korean"
    assert sets["glove.840B.300d"]["licence"] == "PDDL 1.0"
    assert main(["vectors", "catalog"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.split()[0] == "glove.840B.300d" and "2,196,017 x 300" in line for line in lines)
    assert lines[-1].startswith("GoogleNews-vectors-negative300 is not among them")


def test_ctrl_c_keeps_the_part_and_the_same_command_goes_on(
    home: Settings, host: Host, capsys: pytest.CaptureFixture[str]
) -> None:
    data = "".join(f"word{number} {number} 0.5 -1\n" for number in range(20_000)).encode()
    url = host.serve("/words.txt", data, stops_at=200_000)
    command = ["vectors", "download", url, "--name", "mine"]
    process = subprocess.Popen(
        [sys.executable, "-m", "embedcore", *command],
        cwd=ROOT, env={**os.environ, **home.to_environment()}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert host.files["/words.txt"].reached.wait(WAIT_SECONDS)
    part = downloads.from_url(url)
    path = home.downloads_dir / part.key / "words.txt.part"
    while not (path.exists() and path.stat().st_size == 200_000):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=WAIT_SECONDS)
    assert (process.returncode, out) == (130, b"")
    last = err.decode().replace("\r", "\n").splitlines()[-1]
    whole = disk.counted(len(data))
    assert last.strip() == f"Interrupted. 200 kB of {whole} are kept, and the same command goes on from there."
    host.files["/words.txt"].stops_at = None
    assert answer(capsys, *command)["rows"] == 20_000
    assert host.ranges() == [None, "bytes=200000-"]


def test_ctrl_c_while_reading_keeps_the_file(
    home: Settings, host: Host, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from embedcore import download_command

    def interrupted(*args: object, **options: object) -> None:
        raise KeyboardInterrupt

    url = host.serve("/words.txt", text(3).encode())
    monkeypatch.setattr(download_command, "import_vectors", interrupted)
    assert main(["vectors", "download", url, "--name", "mine"]) == 130
    assert "no set was made. The fetched file is kept" in capsys.readouterr().err
    assert len(downloads.kept(home)) == 1
