"""Nothing half-written is seen, names are safe in a path, and OSErrors become sentences."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from embedcore import storage
from embedcore.errors import BadName, StorageProblem
from embedcore.leftovers import remove_leftovers


@pytest.mark.parametrize("name", ["mine", "glove.6B.50d", "한국어 단어", "a-b_c.d", "x" * 80, "हिन्दी", "1", "_x"])
def test_good_names(name: str) -> None:
    assert storage.check_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "", "  ", ".", "..", ".hidden", "a/b", "a\\b", "../up", "a\0b", "a\nb", "-option", "end.", "end ", " start",
        "x" * 81, "𝒳" * 61, "a:b", "a*b", "a\u202eb", "\ud800", "emoji👍", "a\u00a0b",
    ],
)  # fmt: skip
def test_bad_names(name: str) -> None:
    with pytest.raises(BadName) as caught:
        storage.check_name(name, "The name of a vector set")
    assert str(caught.value).startswith("The name of a vector set can")
    assert str(caught.value).isprintable()


def test_a_name_is_composed() -> None:
    assert storage.check_name("cafe\u0301") == "caf\u00e9"


def test_write_atomically_makes_and_replaces(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file.txt"
    storage.write_atomically(path, "하나")
    storage.write_atomically(path, b"two", sync=False)
    assert path.read_bytes() == b"two"
    assert os.listdir(path.parent) == ["file.txt"]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file.txt"
    path.write_text("old")
    monkeypatch.setattr(os, "fsync", _raise(errno.ENOSPC))
    with pytest.raises(StorageProblem) as caught:
        storage.write_atomically(path, "new")
    assert str(caught.value) == "Could not write file.txt. The disk is full. Free some space and try again."
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["file.txt"]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "The disk is full"),
        (errno.EACCES, "Permission was denied"),
        (errno.EROFS, "read-only"),
        (errno.EIO, "The system says: Input/output error."),
    ],
)
def test_reasons(code: int, words: str) -> None:
    with pytest.raises(StorageProblem, match=words), storage.os_errors("do it"):
        raise OSError(code, os.strerror(code))


def test_directory_in_place(tmp_path: Path) -> None:
    target = tmp_path / "sets" / "mine"
    with storage.directory_in_place(target) as folder:
        assert folder.parent == target.parent
        assert folder.name.startswith(".")
        (folder / "file").write_text("x")
        assert not target.exists()
        assert storage.folders_in(target.parent) == []  # not listed while being written
    assert (target / "file").read_text() == "x"
    assert storage.folders_in(target.parent) == [target]


def test_a_failed_directory_leaves_nothing(tmp_path: Path) -> None:
    target = tmp_path / "mine"

    def fail() -> None:
        with storage.directory_in_place(target) as folder:
            (folder / "file").write_text("x")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert os.listdir(tmp_path) == []


def test_a_directory_that_is_there_is_kept_unless_told(tmp_path: Path) -> None:
    target = tmp_path / "mine"
    with storage.directory_in_place(target) as folder:
        (folder / "old").touch()
    with pytest.raises(StorageProblem, match="already there"), storage.directory_in_place(target):
        pytest.fail("the block should not run")
    with storage.directory_in_place(target, overwrite=True) as folder:
        (folder / "new").touch()
        assert os.listdir(target) == ["old"]
    assert os.listdir(target) == ["new"]
    assert os.listdir(tmp_path) == ["mine"]


def test_a_directory_made_by_another_meanwhile_is_kept(tmp_path: Path) -> None:
    target = tmp_path / "mine"

    def too_late() -> None:
        with storage.directory_in_place(target):
            target.mkdir()
            (target / "theirs").touch()

    with pytest.raises(StorageProblem):
        too_late()
    assert os.listdir(target) == ["theirs"]
    assert os.listdir(tmp_path) == ["mine"]


def test_a_failed_rename_puts_the_old_directory_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "mine"
    target.mkdir()
    (target / "old").touch()
    rename = Path.rename

    def fail_once(self: Path, other: Path) -> Path:
        if other == target and not list(self.glob("old")):
            raise OSError(errno.EIO, "")
        return rename(self, other)

    monkeypatch.setattr(Path, "rename", fail_once)
    with pytest.raises(StorageProblem), storage.directory_in_place(target, overwrite=True):
        pass
    assert os.listdir(target) == ["old"]


def test_remove_directory(tmp_path: Path) -> None:
    target = tmp_path / "mine"
    target.mkdir()
    (target / "file").touch()
    storage.remove_directory(target)
    assert os.listdir(tmp_path) == []
    with pytest.raises(StorageProblem, match="Could not delete mine"):
        storage.remove_directory(target)


def test_leftovers_of_killed_writers_go_after_a_day(tmp_path: Path) -> None:
    old, young = tmp_path / ".tmp-old", tmp_path / ".tmp-young"
    for folder in (old, young):
        folder.mkdir()
    (tmp_path / "mine").mkdir()
    long_ago = time.time() - 48 * 3600
    for path in (old, tmp_path / "mine"):
        os.utime(path, (long_ago, long_ago))
    remove_leftovers(tmp_path)
    assert sorted(os.listdir(tmp_path)) == [".tmp-young", "mine"]
    remove_leftovers(tmp_path / "nowhere")


def test_what_a_writer_left_that_is_gone_goes_at_once(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from embedcore import storage\n"
        "with storage.directory_in_place(Path(sys.argv[1]) / 'mine') as folder:\n"
        "    (folder / 'file').touch(); print('writing', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=Path(__file__).parent.parent, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as writer:  # fmt: skip
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"writing\n"
        (left,) = tmp_path.iterdir()

        def remains() -> list[str]:
            remove_leftovers(tmp_path)
            return os.listdir(tmp_path)

        long_ago = time.time() - 3600
        for path in (left / "file", left):
            os.utime(path, (long_ago, long_ago))
        assert remains() == [left.name]  # its writer lives
        writer.kill()
        writer.wait()
    os.utime(left / "file")
    assert remains() == [left.name]  # so young that it may be another machine's
    os.utime(left / "file", (long_ago, long_ago))
    assert remains() == []


def test_a_folder_made_elsewhere_on_the_same_disk(tmp_path: Path) -> None:
    (tmp_path / "scratch").mkdir()
    with storage.directory_in_place(tmp_path / "sets" / "mine", within=tmp_path / "scratch") as folder:
        assert folder.parent == tmp_path / "scratch"
        (folder / "file").touch()
    assert os.listdir(tmp_path / "sets" / "mine") == ["file"]
    assert os.listdir(tmp_path / "scratch") == []
    with storage.directory_in_place(tmp_path / "other", within=Path("/proc")) as folder:  # another disk
        assert folder.parent == tmp_path


def test_the_checksum_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "_HASHED", 10)
    shares: list[float] = []
    for content in (b"", b"x" * 25):
        (tmp_path / "file").write_bytes(content)
        assert storage.sha256_of(tmp_path / "file", shares.append) == hashlib.sha256(content).hexdigest()
    assert shares == [0.4, 0.8, 1.0]


def test_json(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    storage.write_json(path, {"word": "한국", "n": 1.5})
    assert storage.read_json(path) == {"word": "한국", "n": 1.5}
    assert "한국" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe", b"null"])
def test_damaged_json(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.json").write_bytes(content)
    with pytest.raises(StorageProblem, match=r"x\.json is damaged"):
        storage.read_json(tmp_path / "x.json")


def test_missing_json(tmp_path: Path) -> None:
    with pytest.raises(StorageProblem, match=r"Could not read x\.json"):
        storage.read_json(tmp_path / "x.json")


@pytest.mark.parametrize("shape", [(3, 5), (0,), (0, 7), (2_000_000,)])
def test_arrays(tmp_path: Path, shape: tuple[int, ...]) -> None:
    import hashlib

    array = np.random.default_rng(1).random(shape, dtype=np.float32)
    digest = storage.write_array(tmp_path / "a.npy", array)
    assert digest == hashlib.sha256((tmp_path / "a.npy").read_bytes()).hexdigest()
    for read in (np.load(tmp_path / "a.npy"), storage.open_array(tmp_path / "a.npy")):
        assert read.dtype == np.float32
        np.testing.assert_array_equal(read, array)


def test_an_array_in_fortran_order(tmp_path: Path) -> None:
    array = np.asfortranarray(np.arange(12.0).reshape(3, 4))
    storage.write_array(tmp_path / "a.npy", array)
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), array)


def test_an_opened_array_cannot_be_changed(tmp_path: Path) -> None:
    storage.write_array(tmp_path / "a.npy", np.zeros(3))
    with pytest.raises(ValueError, match="read-only"):
        storage.open_array(tmp_path / "a.npy")[0] = 1


def test_damaged_arrays_and_pickles_get_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    storage.write_array(path, np.zeros(1000))
    whole = path.read_bytes()
    np.save(tmp_path / "pickle.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    for content in (whole[:2000], whole[:30], b"", b"not an array", (tmp_path / "pickle.npy").read_bytes()):
        path.write_bytes(content)
        with pytest.raises(StorageProblem, match=r"a\.npy is damaged"):
            storage.open_array(path)


def test_printable() -> None:
    assert storage.printable("a\nb\x1b[31m") == "a\\nb\\x1b[31m"
    assert storage.printable("한국 👍") == "한국 👍"
    assert storage.printable("x" * 100) == "x" * 60 + "…"
    assert json.dumps(storage.printable("\udcff")) == json.dumps("\\udcff")


def _raise(code: int):  # type: ignore[no-untyped-def]
    def fail(*args: object) -> None:
        raise OSError(code, os.strerror(code))

    return fail
