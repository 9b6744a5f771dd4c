"""Every export read back: the same words, the same bits; and opened by the programs it is for."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors

from embedcore import formats
from embedcore.errors import StorageProblem
from embedcore.formats import FORMATS, Written, base, export, opening, read, torch_child, torch_file
from embedcore.vectors import WordVectors

ROOT = Path(__file__).parents[1]
RNG = np.random.default_rng(9)
WORDS = [
    "the",
    '"',
    "nan",
    "한국어",
    "\u00a0x",
    "\u0085",
    "👍🏽",
    "1e5",
    "<unk>",
    ",",
    "a\u2028b",
    "5",
    "0.5",
    "a\u00a0b",
    "\\",
]
NASTY = ["new york", " ", "", "x", "x", "tab\t", "a\nb", "\ufeffmark", "\x00", "\r", "\u3000", "끝"]
EVERY = pytest.mark.parametrize("key", list(FORMATS))


def any_floats(rows: int, dim: int) -> np.ndarray:
    """Finite float32 of every size: large, small, subnormal, negative zero."""
    numbers = RNG.integers(0, 2**32, rows * dim, dtype=np.uint32).view(np.float32)
    numbers = np.where(np.isfinite(numbers), numbers, np.float32(-0.0))
    numbers[:8] = np.array([0, -0.0, 1, 1e-45, 3.4028235e38, 0.1, 16777216, -1.17549435e-38], np.float32)[: rows * dim]
    return numbers.reshape(rows, dim)


def same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    return a.dtype == b.dtype == np.float32 and np.array_equal(a.view(np.uint32), b.view(np.uint32))


@EVERY
@pytest.mark.parametrize("ending", ["its own", "another"])
@pytest.mark.parametrize(("words", "dim"), [(WORDS, 7), (WORDS, 1), (["하나"], 300), (["5"], 2), (["5"], 1)])
def test_every_export_reads_back(key: str, ending: str, words: list[str], dim: int, tmp_path: Path) -> None:
    vectors = WordVectors(words, any_floats(len(words), dim))
    path = tmp_path / f"file{FORMATS[key].extension if ending == 'its own' else '.dat'}"
    assert export(vectors, key, path) == Written(rows=len(words))
    if not (key == "glove" and ending == "another" and words == ["5"] and dim == 1):  # “5 0” may be a header too
        back, found = read(path)
        assert (back.tokens[:], found.format, found.rows) == (words, key, len(words))
        assert (found.skipped, found.notes) == ({}, [])
        assert same_bits(back.matrix, vectors.matrix)
    back, _ = read(path, key)
    assert back.tokens[:] == words
    assert same_bits(back.matrix, vectors.matrix)


KEPT = {  # of NASTY, how each format writes the words that it can
    "word2vec": ["new_york", "_", "x", "tab_", "a_b", "\ufeffmark", "\x00", "\u3000", "끝"],
    "glove": ["new_york", "_", "x", "tab_", "a_b", "_mark", "\x00", "\u3000", "끝"],
    "word2vec-binary": ["new_york", "_", "x", "tab\t", "a_b", "\ufeffmark", "\x00", "\r", "\u3000", "끝"],
    "projector": ["new york", "_", "x", "tab_", "a_b", "_mark", "\x00", "끝"],
    "safetensors": NASTY,
    "torch": NASTY,
}


@EVERY
def test_words_that_a_format_cannot_hold_are_told_and_all_others_come_back(key: str, tmp_path: Path) -> None:
    vectors = WordVectors(NASTY, any_floats(len(NASTY), 3))
    told = export(vectors, key, tmp_path / "file")
    back, found = read(tmp_path / "file", key)
    assert back.tokens[:] == KEPT[key]
    assert told.rows == found.rows == len(KEPT[key])
    assert found.skipped == {}
    rows = [NASTY.index({new: old for old, new in told.renamed.items()}.get(token, token)) for token in KEPT[key]]
    if key in ("safetensors", "torch"):
        rows[4] = 4  # the second “x”
    assert same_bits(back.matrix, vectors.matrix[rows])
    assert len(told.left_out) == len(NASTY) - len(KEPT[key])
    assert set(told.renamed.values()) == set(KEPT[key]) - set(NASTY)


@EVERY
def test_a_large_set_is_written_and_read_in_parts(key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.save(tmp_path / "matrix.npy", any_floats(100_000, 20))
    mapped = np.load(tmp_path / "matrix.npy", mmap_mode="r")
    words = [f"낱말{row}" for row in range(len(mapped))]
    monkeypatch.setattr(base, "CHUNK_NUMBERS", 300_000)
    export(WordVectors(words, mapped), key, tmp_path / "file")
    shares: list[float] = []
    back, found = read(tmp_path / "file", on_progress=shares.append)
    assert found.format == key
    assert back.tokens[:] == words
    assert same_bits(back.matrix, np.asarray(mapped))
    assert shares == sorted(shares)
    assert key in ("safetensors", "torch") or (len(shares) > 1 and shares[-1] == pytest.approx(1, abs=0.01))


@EVERY
def test_only_what_is_finite_is_read_back(key: str, tmp_path: Path) -> None:
    matrix = np.array([[1, 2], [np.nan, 1], [3, np.inf], [4, 5], [6, 7]], np.float32)
    export(WordVectors(list("abcde"), matrix), key, tmp_path / "file")
    back, found = read(tmp_path / "file")
    assert back.tokens[:] == ["a", "d", "e"]
    assert found.skipped == {"numbers that are not finite": 2}
    assert str(found) == "3 vectors read. 2 rows were skipped: numbers that are not finite (2)."


# Other programs


@pytest.mark.parametrize("key", ["word2vec", "word2vec-binary", "glove"])
def test_gensim_opens_it_with_the_lines_that_are_shown(key: str, tmp_path: Path) -> None:
    path = tmp_path / 'it\'s "mine" \\ {0}'
    vectors = WordVectors(WORDS, any_floats(len(WORDS), 5))
    export(vectors, key, path)
    space: dict[str, object] = {}
    exec(opening(key, str(path)), space)
    keyed = space["vectors"]
    assert isinstance(keyed, KeyedVectors)
    assert keyed.index_to_key == WORDS
    assert same_bits(keyed.vectors, vectors.matrix)


def test_torch_opens_the_state_dict_with_the_lines_that_are_shown(tmp_path: Path) -> None:
    import torch
    from torch import nn

    vectors = WordVectors(NASTY, any_floats(len(NASTY), 5))
    export(vectors, "torch", tmp_path / "file.pt")
    space: dict[str, object] = {}
    exec(opening("torch", str(tmp_path / "file.pt")), space)
    layer = space["embedding"]
    assert isinstance(layer, nn.Embedding)
    assert same_bits(layer.weight.detach().numpy(), vectors.matrix)
    assert space["itos"] == NASTY
    state = torch.load(tmp_path / "file.pt", weights_only=True)
    assert list(state) == ["weight"]
    assert (
        str(nn.Embedding(*vectors.matrix.shape).load_state_dict(state, strict=True))
        == "<All keys matched successfully>"
    )
    with pytest.raises(RuntimeError, match="size mismatch"):
        nn.Embedding(3, 5).load_state_dict(state)


def test_safetensors_opens_it_with_the_lines_that_are_shown(tmp_path: Path) -> None:
    from safetensors import safe_open

    vectors = WordVectors(NASTY, any_floats(len(NASTY), 5))
    export(vectors, "safetensors", tmp_path / "file")
    space: dict[str, object] = {}
    exec(opening("safetensors", str(tmp_path / "file")), space)
    assert space["itos"] == NASTY
    weight = space["weight"]
    assert isinstance(weight, np.ndarray)
    assert same_bits(weight, vectors.matrix)
    with safe_open(tmp_path / "file", framework="np") as file:
        assert file.metadata()["embedcore_format"] == "1"
        kinds = {name: file.get_slice(name).get_dtype() for name in ("weight", "tokens", "token_ends")}
    assert kinds == {"weight": "F32", "tokens": "U8", "token_ends": "I64"}


def test_the_projectors_files_are_as_its_reader_takes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = WordVectors(["new york", "한국", " ", "a\tb"], [[1, 0.5], [1e-10, -2], [0, 3], [4, 4]])
    path = tmp_path / "file.zip"
    export(vectors, "projector", path)
    monkeypatch.chdir(tmp_path)
    exec(opening("projector", str(path)), {})
    assert (tmp_path / "vectors.tsv").read_text("utf-8") == "1\t0.5\n1e-10\t-2\n0\t3\n4\t4\n"
    assert (tmp_path / "metadata.tsv").read_text("utf-8") == "new york\n한국\n_\na_b\n"
    for name in ("vectors.tsv", "metadata.tsv"):
        back, found = read(tmp_path / name)
        assert back.tokens[:] == ["new york", "한국", "_", "a_b"]
        assert same_bits(back.matrix, vectors.matrix)
        assert found.format == "projector"


@pytest.mark.parametrize("binary", [False, True])
def test_what_gensim_writes_reads_back(binary: bool, tmp_path: Path) -> None:
    words = [*WORDS, "has space"] if not binary else WORDS
    keyed = KeyedVectors(6)
    matrix = any_floats(len(words), 6)
    keyed.add_vectors(words, matrix)
    keyed.save_word2vec_format(str(tmp_path / "file"), binary=binary)
    back, found = read(tmp_path / "file")
    assert found.format == ("word2vec-binary" if binary else "word2vec")
    assert back.tokens[:] == words
    assert same_bits(back.matrix, matrix)


# A process that must not import torch


def test_the_pages_process_gets_every_format_without_torch(tmp_path: Path) -> None:
    vectors = WordVectors(NASTY, any_floats(len(NASTY), 4))
    np.savez(tmp_path / "set.npz", matrix=vectors.matrix)
    code = (
        "import sys, numpy as np; from embedcore.formats import FORMATS, content\n"
        "from embedcore.vectors import WordVectors\n"
        f"vectors = WordVectors({NASTY!r}, np.load(sys.argv[1])['matrix'])\n"
        "for key in FORMATS: open(sys.argv[2] + key, 'wb').write(content(vectors, key)[0])\n"
        "assert 'torch' not in sys.modules"
    )
    home = tmp_path / "tmp"
    home.mkdir()
    argv = [sys.executable, "-c", code, str(tmp_path / "set.npz"), str(tmp_path / "made-")]
    subprocess.run(argv, cwd=ROOT, check=True, env={**os.environ, "TMPDIR": str(home), "PYTHONPATH": str(ROOT)})
    assert list(home.iterdir()) == []  # nothing is left behind
    for key in FORMATS:
        back, _ = read(tmp_path / f"made-{key}", key)
        assert back.tokens[:] == KEPT[key]


def test_the_child_writes_what_it_is_given_as_it_is(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    import torch

    matrix = np.array([[np.nan, 1], [2, np.inf]], np.float32)
    export(WordVectors(["a", ""], matrix), "safetensors", tmp_path / "from")
    assert torch_child.main("write", str(tmp_path / "from"), str(tmp_path / "to.pt")) == 0
    state = torch.load(tmp_path / "to.pt", weights_only=True)
    np.testing.assert_array_equal(state["weight"].numpy(), matrix)
    assert state._metadata[""]["itos"] == ["a", ""]
    assert torch_child.main("write", str(tmp_path / "from"), str(tmp_path / "no" / "such")) == 2
    said = "Could not make the file for PyTorch. There is no such file or folder."
    assert capfdbinary.readouterr().err.decode() == said


@pytest.mark.parametrize(
    ("child", "sentence"),
    [
        ("json.no_such_module", "The file for PyTorch could not be made. Try again, or take another format."),
        ("timeit", "took too long"),
    ],
)
def test_a_child_that_fails_is_told(child: str, sentence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_file, "CHILD", child)
    if child == "timeit":  # which would go on for a while
        monkeypatch.setattr(torch_file, "_CHILD_SECONDS", 0.01)
    with pytest.raises(StorageProblem, match=sentence):
        formats.content(WordVectors(["a"], [[1]]), "torch")


# Files that cannot be written

LIMITED = """
import resource, signal, sys
from pathlib import Path
import numpy as np
from embedcore.errors import StorageProblem
from embedcore.formats import content, export
from embedcore.vectors import WordVectors
key, folder = sys.argv[1], Path(sys.argv[2])
vectors = WordVectors([f"w{row}" for row in range(3_000)], np.random.default_rng(0).standard_normal((3_000, 50)))
if key == "torch":
    import torch
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))  # stands for a disk that is full
for make in (lambda: export(vectors, key, folder / "out"), lambda: content(vectors, key)):
    try:
        make()
    except StorageProblem as error:
        print(error)
"""


@EVERY
def test_a_file_that_does_not_fit_is_told_and_leaves_nothing(key: str, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("old")
    (tmp_path / "tmp").mkdir()
    environ = {**os.environ, "TMPDIR": str(tmp_path / "tmp"), "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    argv = [sys.executable, "-c", LIMITED, key, str(tmp_path)]
    done = subprocess.run(argv, cwd=ROOT, env=environ, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        f"Could not write {tmp_path / 'out'}. A file would grow larger than this system allows.",
        "Could not make the file. A file would grow larger than this system allows.",
    ]
    assert (tmp_path / "out").read_text() == "old"
    assert sorted(os.listdir(tmp_path)) == ["out", "tmp"]
    assert os.listdir(tmp_path / "tmp") == []


@EVERY
def test_a_folder_that_is_none(key: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageProblem, match=r"A file is where a folder should be|already there"):
        export(WordVectors(["a"], [[1]]), key, tmp_path / "file" / "x")


@EVERY
def test_a_pipe_is_written_to(key: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    vectors = WordVectors(["a", "b"], [[1, 2], [3, 4]])
    with subprocess.Popen(["cat", str(tmp_path / "pipe")], stdout=subprocess.PIPE) as reader:
        export(vectors, key, tmp_path / "pipe")
        content, _ = reader.communicate()
    (tmp_path / "file").write_bytes(content)
    assert read(tmp_path / "file", key)[0].tokens[:] == ["a", "b"]
    assert (tmp_path / "pipe").is_fifo()


@EVERY
def test_who_may_read_a_new_file_follows_the_systems_rule(key: str, tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    export(WordVectors(["a"], [[1]]), key, tmp_path / "file")
    assert (tmp_path / "file").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_disk_that_fills_up_while_the_archive_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(zipfile.ZipFile, "_write_end_record", full)
    with pytest.raises(StorageProblem, match="The disk is full"):
        export(WordVectors(["a"], [[1]]), "projector", tmp_path / "file")
    assert os.listdir(tmp_path) == []


@EVERY
def test_every_format_says_who_reads_it(key: str) -> None:
    chosen = FORMATS[key]
    assert chosen.about.endswith(".")
    assert chosen.extension.startswith(".")
    assert "/" in chosen.mime
    compile(opening(key, "file"), "shown", "exec")
