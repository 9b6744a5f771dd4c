"""Importing files into the library: whole or not at all, whatever happens on the way."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from embedcore import disk, importing
from embedcore.errors import BadName, BadSetting, BadVectors, StorageProblem
from embedcore.formats import FORMATS, Read, export, look, read, streams
from embedcore.formats import binary as binary_module
from embedcore.importing import import_vectors, phase_of
from embedcore.library import list_vectors, open_vectors, save_vectors
from embedcore.settings import Settings
from embedcore.vectors import WordVectors

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared" / "data" / "vectors"
RANDOM = np.random.default_rng(6)
SET = WordVectors([f"w{row}한" for row in range(3_000)], RANDOM.standard_normal((3_000, 20), dtype=np.float32))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of word2vec binary that holds SET."""
    export(SET, "word2vec-binary", tmp_path / "v.bin")
    return tmp_path / "v.bin"


def names(home: Settings) -> list[str]:
    """All that lies in the library's folder, listed or not."""
    return sorted(os.listdir(home.vectors_dir)) if home.vectors_dir.exists() else []


@pytest.mark.parametrize("key", list(FORMATS))
def test_every_format_is_imported(tmp_path: Path, home: Settings, key: str) -> None:
    path = tmp_path / f"v{FORMATS[key].extension}"
    export(SET, key, path)
    done = import_vectors(path, "mine", source="a test", licence="CC0", meta={"run": "r1"})
    assert (done.info.rows, done.info.dim, done.info.run, done.info.licence) == (3_000, 20, "r1", "CC0")
    assert (done.read.format, done.read.rows, done.read.skipped) == (key, 3_000, {})
    assert list_vectors()[1] == done.info
    opened = open_vectors("mine")
    assert opened.tokens[:] == SET.tokens[:]
    np.testing.assert_array_equal(opened.matrix, SET.matrix)
    assert opened.matrix.flags.c_contiguous
    np.testing.assert_array_equal(opened.norms, SET.norms)
    matrix_file = home.vectors_dir / "mine" / "matrix.npy"
    assert opened.meta["sha256"] == hashlib.sha256(matrix_file.read_bytes()).hexdigest()
    assert names(home) == ["mine"]
    assert sorted(os.listdir(matrix_file.parent)) == [
        "matrix.npy", "meta.json", "norms.npy", "order.npy", "tokens.arrow",
    ]  # fmt: skip


@pytest.mark.parametrize("key", list(FORMATS))
def test_a_file_of_every_format_is_looked_at(tmp_path: Path, key: str) -> None:
    path = tmp_path / f"v{FORMATS[key].extension}"
    export(SET, key, path)
    seen = look(path, rows=4)
    assert (seen.format, seen.dim, seen.notes, seen.member) == (key, 20, [], None)
    assert seen.rows == (None if key in ("glove", "projector") else 3_000)
    assert seen.tokens == SET.tokens[:4]
    np.testing.assert_array_equal(seen.matrix, SET.matrix[:4])
    made = save_size(SET)
    assert seen.disk == pytest.approx(made, rel=0.1)
    assert look(path, key, rows=0).tokens == []


@pytest.mark.parametrize("key", ["safetensors", "torch"])
def test_tensors_that_hold_broken_rows_are_looked_at(tmp_path: Path, key: str) -> None:
    if key == "torch":
        import torch

        words = ["a", "\ud800", "c", "", "e"]
        weight = torch.tensor([[1.0, 2.0], [3, 4], [float("nan"), 1], [7, 8], [9, 10]])
        torch.save({"itos": words, "weight": weight}, tmp_path / "v")
    else:
        from safetensors.numpy import save_file

        numbers = np.array([[1, 2], [3, 4], [np.nan, 1], [7, 8], [9, 10]], np.float32)
        text, ends = np.frombuffer(b"a\xffce", np.uint8), np.array([1, 2, 3, 3, 4])
        save_file({"weight": numbers, "tokens": text, "token_ends": ends}, tmp_path / "v")
    seen, (vectors, told) = look(tmp_path / "v", rows=3), read(tmp_path / "v")
    assert (seen.format, seen.rows) == (key, 5)
    assert seen.tokens == vectors.tokens[:] == ["a", "", "e"]
    assert seen.matrix.tolist() == vectors.matrix.tolist() == [[1, 2], [7, 8], [9, 10]]
    assert told.skipped == {"numbers that are not finite": 1, "a word that is not UTF-8": 1}
    assert seen.notes == [f"Of the first 5 rows: {Read(key, 3, told.skipped)}"]


def test_looking_loads_nothing_heavy(tmp_path: Path) -> None:
    large = WordVectors([f"w{row}" for row in range(4_000)], RANDOM.standard_normal((4_000, 50), dtype=np.float32))
    for key, format in FORMATS.items():
        export(large, key, tmp_path / f"v{format.extension}")
    code = (
        "import sys; from pathlib import Path; from embedcore.formats import look\n"
        "print([len(look(path).tokens) for path in sorted(Path(sys.argv[1]).iterdir())])\n"
        "print({'torch', 'numba', 'pandas', 'umap', 'scipy'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{[5] * len(FORMATS)}\nset()\n"


def test_a_row_longer_than_what_is_parsed_at_once_is_looked_at(tmp_path: Path) -> None:
    for content in ("a" + " 0.25" * 20_000, "2 20000\na" + " 0.25" * 20_000 + "\nb" + " 0.5" * 20_000 + "\n"):
        (tmp_path / "v.txt").write_text(content)
        seen = look(tmp_path / "v.txt")
        assert (seen.dim, seen.tokens) == (20_000, ["a"])


def save_size(vectors: WordVectors) -> int:
    """The bytes that a set needs: numbers, lengths, order, where words end, words."""
    return vectors.matrix.nbytes + 12 * len(vectors) + sum(len(token.encode()) for token in vectors.tokens)


def test_shares_rise_to_one(file: Path, home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binary_module, "_BLOCK", 1 << 14)
    monkeypatch.setattr(streams, "HEAD", 1 << 14)
    shares: list[float] = []
    import_vectors(file, "mine", on_progress=shares.append)
    assert shares == sorted(shares)
    assert len(shares) >= 6
    assert (shares[0] > 0, shares[-1]) == (True, 1.0)
    assert [phase_of(share) for share in (0.0, 0.46, 0.92, 0.96, 1.0)] == [
        ("reading", 0.0), ("reading", 0.5), ("indexing", 0.0), ("indexing", pytest.approx(0.5)), ("indexing", 1.0),
    ]  # fmt: skip


@pytest.mark.parametrize("packing", ["zip", "gz"])
def test_shares_of_a_packed_file_are_told_as_it_is_read(
    tmp_path: Path, home: Settings, monkeypatch: pytest.MonkeyPatch, packing: str
) -> None:
    monkeypatch.setattr(streams, "HEAD", 1 << 14)
    monkeypatch.setattr(binary_module, "_BLOCK", 1 << 14)
    export(SET, "word2vec-binary", tmp_path / "v.bin")
    content, path = (tmp_path / "v.bin").read_bytes(), tmp_path / f"v.{packing}"
    if packing == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("first.bin", content)
            archive.writestr("second.bin", content)
            archive.writestr("third.bin", content)
    else:
        path.write_bytes(gzip.compress(content))
    shares: list[float] = []
    read(path, member="second.bin" if packing == "zip" else None, on_progress=shares.append)
    assert shares == sorted(shares)
    assert shares[0] < 0.6
    assert len(shares) >= 3
    assert shares[-1] == 1.0


@pytest.mark.parametrize("stop_at", [0.001, 0.5, 0.92, 0.95, 1.0])
def test_a_stop_leaves_nothing(file: Path, home: Settings, stop_at: float) -> None:
    save_vectors("mine", WordVectors(["old"], [[1.0]]), source="test")

    class Stopped(Exception):
        pass

    def stop(share: float) -> None:
        if share >= stop_at:
            raise Stopped

    for name in ("mine", "new"):
        with pytest.raises(Stopped):
            import_vectors(file, name, overwrite=True, on_progress=stop)
    assert names(home) == ["mine"]
    assert open_vectors("mine").tokens[:] == ["old"]


def test_where_reading_fails_no_matrix_stays(tmp_path: Path) -> None:
    path = tmp_path / "v.txt"
    path.write_text("a 1 2\n" * 100 + "b nan 2\n" * 300)
    (tmp_path / "into").mkdir()
    with pytest.raises(BadVectors):
        read(path, into=tmp_path / "into")
    assert os.listdir(tmp_path / "into") == []


def test_names_are_checked_before_anything_is_read(tmp_path: Path, home: Settings) -> None:
    save_vectors("mine", SET, source="test")
    for name, sentence in (
        ("mine", "There is already a vector set “mine”"),
        ("a/b", "can hold letters"),
        ("", "empty"),
    ):
        with pytest.raises(BadName, match=sentence):
            import_vectors(tmp_path / "no such file", name)
    with pytest.raises(BadSetting, match=r"There is no format “numpy”\. There are: word2vec, "):
        import_vectors(tmp_path / "no such file", "new", format="numpy")
    with pytest.raises(StorageProblem, match=r"Could not read “no such file”\. There is no such file or folder\."):
        import_vectors(tmp_path / "no such file", "new")
    assert names(home) == ["mine"]


def test_an_unfinished_set_may_lie_elsewhere(file: Path, home: Settings, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    seen: set[tuple[int, int]] = set()
    import_vectors(
        file, "mine", scratch=scratch, on_progress=lambda share: seen.add((len(names(home)), len(os.listdir(scratch))))
    )
    assert seen == {(0, 1)}
    assert (names(home), os.listdir(scratch)) == (["mine"], [])


# Real files

FILES = {  # what gensim reads each with, and what is said of the models that have no rows to be read
    "crime-and-punishment.bin": "fasttext", "crime-and-punishment.vec": "word2vec", "euclidean_vectors.bin": "binary",
    "glove.840B.300d.first100.txt": "glove", "high_precision.kv.bin": "binary", "high_precision.kv.txt": "word2vec",
    "non_ascii_fasttext.bin": "fasttext", "test_glove.txt": "glove", "toy-model.vec": "word2vec",
    "wiki.en.first99.badheader.vec": "word2vec",
}  # fmt: skip


def test_all_real_files_are_tried() -> None:
    if not SHARED.is_dir():
        pytest.skip("there are no real files beside the repository")
    assert set(os.listdir(SHARED)) == set(FILES)


@pytest.mark.parametrize("name", FILES)
def test_a_real_file_is_kept_as_gensim_reads_it(home: Settings, name: str) -> None:
    from gensim.models import KeyedVectors
    from gensim.models.fasttext import load_facebook_vectors

    path, kind = SHARED / name, FILES[name]
    if not path.is_file():
        pytest.skip(f"there is no {name} beside the repository")
    seen = look(path)
    info = import_vectors(path, "mine").info
    opened = open_vectors("mine")
    if kind == "fasttext":
        keyed = load_facebook_vectors(str(path))
        theirs = keyed.vectors
    else:
        limit = 99 if "badheader" in name else None
        keyed = KeyedVectors.load_word2vec_format(
            str(path), binary=kind == "binary", no_header=kind == "glove", limit=limit
        )
        theirs = keyed.vectors
    assert (info.rows, info.dim) == (seen.rows if kind == "fasttext" else len(theirs), seen.dim) == theirs.shape
    assert opened.tokens[:] == keyed.index_to_key
    assert seen.tokens == opened.tokens[:5]
    if kind == "fasttext":
        same = [row for row, word in enumerate(keyed.index_to_key) if word != "</s>"]  # gensim cuts it, fastText not
        np.testing.assert_allclose(opened.matrix[same], theirs[same], rtol=1e-5, atol=1e-7)  # sums in another order
    else:
        np.testing.assert_array_equal(opened.matrix, theirs)


# A disk that is too small


def test_room_is_looked_for_before_reading(tmp_path: Path, home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    export(SET, "glove", tmp_path / "v.txt")
    with zipfile.ZipFile(tmp_path / "v.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(tmp_path / "v.txt", "glove.txt")
    (tmp_path / "v.gz").write_bytes(gzip.compress((tmp_path / "v.txt").read_bytes()))
    export(SET, "torch", tmp_path / "v.pt")
    needed = save_size(SET)
    for name in ("v.txt", "v.zip", "v.gz", "v.pt"):
        before = names(home)
        monkeypatch.setattr(disk, "bytes_left", lambda folder: needed // 2)
        with pytest.raises(StorageProblem) as caught:
            import_vectors(tmp_path / name, "mine")
        left = disk.counted(needed // 2)
        assert str(caught.value).startswith(f"Importing “{name}” needs about ")
        assert f" kB of disk, but only {left} are left there. Free some space and try again." in str(caught.value)
        assert names(home) == before
        monkeypatch.setattr(disk, "bytes_left", lambda folder: 2 * needed)
        import_vectors(tmp_path / name, f"from {name}")


LIMITED = """
import sys
from embedcore.errors import EmbedcoreError
from embedcore.importing import import_vectors
try: import_vectors(sys.argv[1], "mine")
except EmbedcoreError as error: print(error)
"""


@pytest.mark.parametrize(
    ("limit", "key"), [(64, "glove"), (100_000, "glove"), (239_000, "word2vec-binary"), (100_000, "safetensors")]
)
def test_a_file_that_may_not_grow_leaves_nothing(tmp_path: Path, home: Settings, limit: int, key: str) -> None:
    export(SET, key, tmp_path / "v")
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path / "v")],
        cwd=ROOT,
        env={**os.environ, "EMBEDCORE_HOME": str(home.home)},
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    assert done.stdout == "Could not write the vectors. A file would grow larger than this system allows.\n", (
        done.stderr
    )
    assert names(home) == []
    import_vectors(tmp_path / "v", "mine")
    assert len(open_vectors("mine")) == 3_000


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 200 kB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("this user may not mount a small disk")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_disk_that_fills_up_leaves_nothing(file: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMBEDCORE_HOME", str(small_disk))
    with pytest.raises(StorageProblem, match=r"needs about \d+ kB of disk, but only 205 kB are left"):
        import_vectors(file, "mine")
    monkeypatch.setattr(importing, "check_room", lambda *args: None)  # as when another fills it meanwhile
    with pytest.raises(StorageProblem) as caught:
        import_vectors(file, "mine")
    assert str(caught.value) == "Could not write the vectors. The disk is full. Free some space and try again."
    assert os.listdir(small_disk / "vectors") == []
    subprocess.run(["mount", "-o", "remount,size=2m", str(small_disk)], check=True)
    import_vectors(file, "mine")
    assert len(open_vectors("mine")) == 3_000


# A process that is killed

KILLED = """
import sys
from pathlib import Path
from embedcore import settings
from embedcore.formats import binary
from embedcore.importing import import_vectors

binary._BLOCK = 1 << 14
folder = settings.load().vectors_dir

def wait(share):
    sizes = [file.stat().st_size for file in folder.glob(".tmp-*/matrix.npy")]
    if sizes and sizes[0] > 20_000:
        print("half way", flush=True)
        sys.stdin.read()  # never ends

import_vectors(sys.argv[1], "mine", overwrite=True, on_progress=wait)
"""


@pytest.mark.parametrize("there", [False, True])
def test_a_process_that_is_killed_leaves_nothing_that_is_listed(file: Path, home: Settings, there: bool) -> None:
    if there:
        save_vectors("mine", WordVectors(["old"], [[1.0]]), source="test")
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(file)],
        cwd=ROOT,
        env={**os.environ, "EMBEDCORE_HOME": str(home.home)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"half way\n"
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    left = [name for name in names(home) if name != "mine"]
    assert len(left) == 1
    assert [info.name for info in list_vectors()] == ["glove.6B.50d", *(["mine"] if there else [])]
    if there:
        assert open_vectors("mine").tokens[:] == ["old"]
    assert import_vectors(file, "mine", overwrite=there).info.rows == 3_000
    np.testing.assert_array_equal(open_vectors("mine").matrix, SET.matrix)
    # What was left is removed with the next set, once it is sure that nobody writes it.
    for path in (home.vectors_dir / left[0]).iterdir():
        os.utime(path, (time.time() - 3600,) * 2)
    os.utime(home.vectors_dir / left[0], (time.time() - 3600,) * 2)
    save_vectors("next", SET, source="test")
    assert names(home) == ["mine", "next"]


# Memory

ANONYMOUS = """
import json, sys
from embedcore.importing import import_vectors

def anonymous():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("RssAnon"))

peak = 0

def watch(share):
    global peak
    peak = max(peak, anonymous())

import_vectors(sys.argv[1], "small")  # so that all code is loaded
before = anonymous()
info = import_vectors(sys.argv[2], "large", on_progress=watch).info
print(json.dumps({"rows": info.rows, "grown": peak - before}))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux to tell anonymous memory")
@pytest.mark.parametrize("key", ["word2vec", "word2vec-binary"])
def test_memory_is_bounded(tmp_path: Path, home: Settings, key: str) -> None:
    dim = 300
    block = RANDOM.integers(-99, 99, (1_000, dim)).astype(np.float32) / 8
    if key == "word2vec":
        texts = [" ".join(map(str, row)).encode() for row in block.tolist()]
    else:
        texts = [row.tobytes() for row in block]
    for name, rows in (("small", 1_000), ("large", 160_000)):  # 192 MB of numbers
        with (tmp_path / name).open("wb") as file:
            file.write(b"%d %d\n" % (rows, dim))
            for start in range(0, rows, 1_000):
                file.writelines(b"w%d %b\n" % (start + row, text) for row, text in enumerate(texts))
    done = subprocess.run(
        [sys.executable, "-c", ANONYMOUS, str(tmp_path / "small"), str(tmp_path / "large")],
        cwd=ROOT,
        env={**os.environ, "EMBEDCORE_HOME": str(home.home)},
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    assert found["rows"] == 160_000
    assert found["grown"] < 130e6
    np.testing.assert_array_equal(open_vectors("large").matrix[-1_000:], block)


def test_an_import_of_what_another_process_writes_too(file: Path, home: Settings) -> None:
    """Two imports of one name at once: one set stays, whole, and the other is told."""

    def meanwhile(share: float) -> None:
        if share == 1.0 and not (home.vectors_dir / "mine").exists():
            save_vectors("mine", WordVectors(["theirs"], [[1.0]]), source="somebody else")

    with pytest.raises(StorageProblem, match=r"already there|at the same time"):
        import_vectors(file, "mine", on_progress=meanwhile)
    assert open_vectors("mine").tokens[:] == ["theirs"]
    assert names(home) == ["mine"]
