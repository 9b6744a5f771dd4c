"""Text files: what is exported, other programs read back to the same bits. And what holds for every file written."""

from __future__ import annotations

import errno
import os
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors

from embedcore import formats
from embedcore.errors import BadSetting, StorageProblem
from embedcore.formats import base, export, text_write
from embedcore.vectors import WordVectors

RNG = np.random.default_rng(4)


def any_floats(rows: int, dim: int) -> np.ndarray:
    """Finite float32 of every size: large, small, denormal, negative zero."""
    numbers = RNG.integers(0, 2**32, rows * dim, dtype=np.uint32).view(np.float32).reshape(rows, dim)
    numbers = np.where(np.isfinite(numbers), numbers, np.float32(-0.0))
    numbers[0, :] = np.resize(np.array([0, -0.0, 1, 1e-45, 3.4028235e38, 0.1, 16777216, 1e16], np.float32), dim)
    return numbers


def read_plainly(content: bytes, *, header: bool) -> tuple[list[str], np.ndarray]:
    """The tokens and numbers of a text file: a reader that shares no code with the writer."""
    lines = content.decode("utf-8").split("\n")
    assert lines.pop() == ""
    if header:
        rows, dim = map(int, lines.pop(0).split())
        assert rows == len(lines)
        assert all(len(line.split(" ")) == dim + 1 for line in lines)
    fields = [line.split(" ") for line in lines]
    return [field[0] for field in fields], np.array(
        [[np.float32(x) for x in field[1:]] for field in fields], np.float32
    )


def written(vectors: WordVectors, key: str) -> tuple[bytes, formats.Written]:
    with tempfile.TemporaryDirectory() as folder:
        result = export(vectors, key, Path(folder) / "file")
        return (Path(folder) / "file").read_bytes(), result


@pytest.mark.parametrize("key", ["word2vec", "glove"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_every_float_reads_back_to_the_same_bits(key: str, order: str) -> None:
    matrix = np.asarray(any_floats(2_000, 9), order=order)  # type: ignore[call-overload]
    words = [f"단어{row}" for row in range(2_000)]
    content, result = written(WordVectors(words, matrix), key)
    tokens, numbers = read_plainly(content, header=key == "word2vec")
    assert tokens == words
    np.testing.assert_array_equal(numbers.view(np.uint32), np.ascontiguousarray(matrix).view(np.uint32))
    assert result == formats.Written(rows=2_000)
    assert str(result) == "2,000 vectors written."


def test_the_layout_is_as_published() -> None:
    vectors = WordVectors(["the", "한국"], [[0.418, -1], [1e-10, 0]])
    assert written(vectors, "word2vec")[0].decode() == "2 2\nthe 0.418 -1\n한국 1e-10 0\n"
    assert written(vectors, "glove")[0].decode() == "the 0.418 -1\n한국 1e-10 0\n"


@pytest.mark.parametrize("key", ["word2vec", "glove"])
def test_gensim_opens_both(tmp_path: Path, key: str) -> None:
    words = ["the", '"', "nan", "한국어", "\u00a0", "\u0085", "👍", "1e5", "<unk>", ","]
    matrix = any_floats(len(words), 5)
    export(WordVectors(words, matrix), key, tmp_path / "file")
    keyed = KeyedVectors.load_word2vec_format(tmp_path / "file", binary=False, no_header=key == "glove")
    assert keyed.index_to_key == words
    np.testing.assert_array_equal(keyed.vectors.view(np.uint32), matrix.view(np.uint32))


def test_gensim_opens_a_part_of_glove(tmp_path: Path, glove: WordVectors) -> None:
    part = WordVectors(glove.tokens[:3_000], glove.matrix[:3_000])
    export(part, "word2vec", tmp_path / "file")
    keyed = KeyedVectors.load_word2vec_format(tmp_path / "file")
    assert keyed.index_to_key == glove.tokens[:3_000]
    np.testing.assert_array_equal(keyed.vectors, glove.matrix[:3_000])
    assert keyed.most_similar("king", topn=3)[0][0] == part.most_similar("king", topn=3)[0].word


def test_parts_join_without_a_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = WordVectors(["a b", *(f"w{row}" for row in range(50)), "", "c d"], any_floats(53, 3))
    whole = written(vectors, "word2vec")
    monkeypatch.setattr(base, "CHUNK_NUMBERS", 20)
    assert written(vectors, "word2vec") == whole


@pytest.mark.parametrize("key", ["word2vec", "glove"])
def test_what_a_line_cannot_hold_is_told(key: str) -> None:
    words = ["new york", "_", " ", "", "new_york", "a\nb", "a_b c", "a b_c", "x", "x", "tab\t"]
    matrix = any_floats(len(words), 3)
    content, result = written(WordVectors(words, matrix), key)
    tokens, numbers = read_plainly(content, header=key == "word2vec")
    assert tokens == ["_", "new_york", "a_b", "a_b_c", "x", "tab_"]
    rows = [words.index(word) for word in ["_", "new_york", "a\nb", "a_b c", "x", "tab\t"]]
    np.testing.assert_array_equal(numbers.view(np.uint32), matrix[rows].view(np.uint32))
    assert result.rows == 6
    assert result.renamed == {"a\nb": "a_b", "a_b c": "a_b_c", "tab\t": "tab_"}
    assert sorted(result.left_out) == sorted(["new york", " ", "", "a b_c", "x"])
    assert str(result) == (
        "6 vectors written. 3 tokens hold white space and were written with “_” instead. "
        "5 tokens were left out: empty, repeated, or the same as another with “_”."
    )


def test_an_empty_set() -> None:
    assert written(WordVectors([], np.empty((0, 4))), "word2vec")[0] == b"0 4\n"
    assert written(WordVectors([], np.empty((0, 4))), "glove")[0] == b""


def test_it_is_quick(glove: WordVectors) -> None:
    part = WordVectors(glove.tokens[:40_000], glove.matrix[:40_000])
    started = time.perf_counter()
    written(part, "word2vec")
    assert time.perf_counter() - started < 6  # a minute for all 400,000; measured well under a second


def test_a_file_that_fails_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file.txt"
    path.write_text("old")
    monkeypatch.setattr(text_write, "_write_rows", _full_disk)
    with pytest.raises(StorageProblem, match="The disk is full"):
        export(WordVectors(["a"], [[1]]), "glove", path)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["file.txt"]


def test_a_link_keeps_pointing_at_what_is_written(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "file")
    export(WordVectors(["a"], [[1]]), "glove", tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_text() == "a 1\n"


def test_a_device_is_written_to_and_stays_a_device() -> None:
    export(WordVectors(["a"], [[1]]), "glove", Path(os.devnull))
    assert Path(os.devnull).is_char_device()


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(StorageProblem, match="A folder is where a file should be"):
        export(WordVectors(["a"], [[1]]), "glove", tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(StorageProblem):
        export(WordVectors(["a"], [[1]]), "glove", tmp_path / "file" / "x")


def test_an_unknown_format() -> None:
    with pytest.raises(BadSetting) as caught:
        export(WordVectors(["a"], [[1]]), "pickle", Path("x"))
    assert (
        str(caught.value)
        == "There is no format “pickle”. There are: word2vec, word2vec-binary, glove, safetensors, torch, projector."
    )


def _full_disk(*args: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
