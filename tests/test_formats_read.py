"""Files as they are found: odd words, broken rows, headers that lie, files of other kinds."""

from __future__ import annotations

import gzip
import pickle
import random
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors

from embedcore.errors import BadSetting, BadVectors, StorageProblem
from embedcore.formats import FORMATS, Read, binary, export, read, streams, text_read
from embedcore.vectors import WordVectors

SHARED = Path(__file__).parents[2] / "shared" / "data" / "vectors"
FILES = ["crime-and-punishment.vec", "euclidean_vectors.bin", "glove.840B.300d.first100.txt", "high_precision.kv.bin",
         "high_precision.kv.txt", "test_glove.txt", "toy-model.vec", "wiki.en.first99.badheader.vec"]  # fmt: skip


def put(tmp_path: Path, content: bytes | str, name: str = "file.txt") -> Path:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def words_and_numbers(found: tuple[WordVectors, Read]) -> dict[str, list[float]]:
    vectors, told = found
    assert told.rows == len(vectors)
    return {token: vectors.matrix[row].tolist() for row, token in enumerate(vectors.tokens)}


# Real files


def shared(name: str) -> Path:
    if not (SHARED / name).is_file():
        pytest.skip(f"there is no {name} beside the repository")
    return SHARED / name


@pytest.mark.parametrize("name", FILES)
def test_real_files_read_as_gensim_reads_them(name: str) -> None:
    vectors, told = read(shared(name))
    lies = "badheader" in name
    keyed = KeyedVectors.load_word2vec_format(
        str(SHARED / name), binary=name.endswith(".bin"), no_header=told.format == "glove", limit=99 if lies else None
    )
    assert vectors.tokens[:] == keyed.index_to_key
    np.testing.assert_array_equal(vectors.matrix, keyed.vectors)
    assert told.skipped == {}
    said = ["Its first line says 2,519,370 rows, but there are 99; all of them were looked at."]
    assert told.notes == (said if lies else [])


# Words


@pytest.mark.parametrize("block", [1, 13, 1 << 20])
@pytest.mark.parametrize("end", ["\n", "\r\n", " \n", "  \r\n"])
def test_words_are_read_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int, end: str) -> None:
    words = ["the", '"', "nan", "null", "NA", "1e5", ".\u00a0.\u00a0.", "\u0085", " ", ". . .", "at name@domain.com",
             "한국 사람", "\u2028", "'", "#", "\\", "\x0b", "7", "tab\tin"]  # fmt: skip
    lines = [f"{word} {row} -{row}.5{end}" for row, word in enumerate(words)]
    monkeypatch.setattr(text_read, "_BLOCK", block)
    for header in ("", f"{len(words)} 2{end}"):
        found = read(put(tmp_path, header + "".join(lines)))
        assert words_and_numbers(found) == {word: [row, -row - 0.5] for row, word in enumerate(words)}
        assert (found[1].format, found[1].skipped) == ("word2vec" if header else "glove", {})


def test_a_last_line_without_an_end_is_a_row(tmp_path: Path) -> None:
    assert words_and_numbers(read(put(tmp_path, "a 1 2\nb 3 4"))) == {"a": [1, 2], "b": [3, 4]}


def test_a_byte_order_mark_is_no_part_of_the_first_word(tmp_path: Path) -> None:
    for header in ("", "2 2\n"):
        found = read(put(tmp_path, f"\ufeff{header}a 1 2\nb 3 4\n"))
        assert words_and_numbers(found) == {"a": [1, 2], "b": [3, 4]}


def test_words_between_tabs(tmp_path: Path) -> None:
    found = read(put(tmp_path, "a b\t1\t2\n가\t3\t4\n"))
    assert words_and_numbers(found) == {"a b": [1, 2], "가": [3, 4]}


# Broken rows


def test_what_cannot_be_used_is_skipped_and_counted(tmp_path: Path) -> None:
    good = "".join(f"w{row} {row} 1 2\n" for row in range(10))
    bad = [b"short 1 2", b"word 1 x 3", b"word 1  3",
           b"long 0.5 1 2 3", b"nan nan 1 2", b"inf 1 inf 2", b"big 1 1e39 2",
           b"\xff\xfe 1 2 3", b" 1 2 3", b"w3 7 7 7", b"1 2 3", b"\xed\xa0\x80 1 2 3"]  # fmt: skip
    vectors, told = read(put(tmp_path, good.encode() + b"\n".join(bad) + b"\n\n\nlast 4 4 4\ncut 0."))
    assert vectors.tokens[:] == [*(f"w{row}" for row in range(10)), "last"]
    assert vectors.matrix[3].tolist() == [3, 1, 2]  # the first “w3” counts
    assert told.skipped == {
        "too few numbers": 3,
        "too many numbers": 1,
        "something that is no number": 2,
        "numbers that are not finite": 3,
        "no word": 1,
        "a word that is not UTF-8": 2,
        "a repeated word": 1,
    }
    assert str(told).startswith("11 vectors read. 13 rows were skipped: ")


def test_a_header_whose_count_is_wrong_is_told(tmp_path: Path) -> None:
    for said in (1, 3):
        vectors, told = read(put(tmp_path, f"{said} 2\na 1 2\nb 3 4\n"))
        assert vectors.tokens[:] == ["a", "b"]
        assert told.notes == [f"Its first line says {said} rows, but there are 2; all of them were looked at."]


@pytest.mark.parametrize(
    ("content", "header"),
    [
        ("2 2\na 0.5 1.25\nb 0.5 1.75\n", True),
        ("2 1\na 1.25\nb 1.75\n", True),
        ("2 1\n\0 1.25\nb 1.75\n", True),
        ("2 1\na 5\nb 6\n", True),
        ("3 1\na 5\nb 6\n", False),
        ("2 7\na 5\nb 6\n", False),
        ("2 2\na 5 1\nb 6 1\n", True),
    ],
)
def test_two_whole_numbers_may_be_a_header_or_a_word(tmp_path: Path, content: str, header: bool) -> None:
    vectors, told = read(put(tmp_path, content))
    assert vectors.tokens[:] == ([content[4], "b"] if header else [content[0], "a", "b"])
    assert told.format == ("word2vec" if header else "glove")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "“file.txt” is empty."),
        (b"5 3\n", "“file.txt” holds no vectors."),
        (b"\n \n\n", "does not look like word vectors"),
        (b"To be, or not to be:\nthat is the question in 1999\nof all\n", "does not look like word vectors: each line"),
        (b"a,1,2\nb,3,4\n", "does not look like word vectors"),
        (b"2 300\na 1 2\nb 3 4\n", "The first line of “file.txt” says 300 numbers a word, but its rows have 2."),
        (b"a\t0.1 0.2\nb\t0.3 0.4\n", "should have one space between, all of them, and so should the word"),
        (b"a  0.1  0.2\nb  0.3  0.4\n", "should have one space between"),
        (b"0.1 0.2 0.3\n0.4 0.5 0.6\n", "“file.txt” holds numbers but no words"),
        (b"0.1\t0.2\t0.3\n0.4\t0.5\t0.6\n", "holds numbers but no words. Put metadata.tsv"),
        (b"a nan 1\nb inf 2\n", "0 rows are good, but 2 are not: numbers that are not finite (2)."),
        (np.random.default_rng(1).bytes(50_000), "does not look like word vectors"),
        (bytes(1000), "does not look like word vectors"),
        (pickle.dumps({"a": [1.0]}), "is a Python pickle, which could run code when it is opened, so it was not"),
        (b"\x93NUMPY\x01\x00", "is a NumPy array: numbers without the words of its rows."),
        ("a 1 2\n".encode("utf-16"), "is UTF-16 text; save it as UTF-8."),
        (gzip.compress(b"", mtime=0), "“file.txt” is empty."),
        (b"9 99999999\nabc \x00\x01\x02", "should begin with how many words"),
        (b"9 4\nabc \x00\x01\x02", "0 rows are good, but 1 are not: cut short"),
        (struct.pack("<Q", 30) + b'{"a": 1}', "no whole safetensors file"),
    ],
)  # fmt: skip
def test_files_of_other_kinds_are_refused_with_a_sentence(tmp_path: Path, content: bytes, sentence: str) -> None:
    with pytest.raises(BadVectors) as caught:
        read(put(tmp_path, content))
    assert sentence in str(caught.value)


@pytest.mark.parametrize("key", list(FORMATS))
@pytest.mark.parametrize("content", [b"x", b"\x80\x04junk", b"PK\x03\x04junk", bytes(range(256)) * 20, b"a b c\n" * 50])
def test_junk_named_as_any_format_is_refused(tmp_path: Path, key: str, content: bytes) -> None:
    with pytest.raises((BadVectors, StorageProblem)):
        read(put(tmp_path, content), key)


@pytest.mark.parametrize("key", list(FORMATS))
def test_files_cut_short_are_refused_or_told(tmp_path: Path, key: str) -> None:
    vectors = WordVectors([f"w{row}" for row in range(40)], np.random.default_rng(2).standard_normal((40, 8)))
    export(vectors, key, tmp_path / "whole")
    content = (tmp_path / "whole").read_bytes()
    for share in (0.2, 0.5, 0.8, 0.99):
        path = put(tmp_path, content[: int(len(content) * share)], "part")
        try:
            back, told = read(path, key)
        except (BadVectors, StorageProblem):
            continue
        assert key in ("word2vec", "word2vec-binary", "glove")
        assert len(back) < 40 or share == 0.99
        whole = len(back) - (key != "word2vec-binary")  # of text, the last number may lack digits
        assert np.array_equal(back.matrix[:whole], vectors.matrix[:whole])
        seen = len(back) + sum(told.skipped.values())
        assert told.notes == ([] if key == "glove" or seen == 40 else [
            f"Its first line says 40 rows, but there are {seen}; all of them were looked at."])  # fmt: skip


def damaged(whole: bytes, dice: random.Random) -> bytes:
    """The content of a file, with some bytes lost, changed or put in between."""
    content = bytearray(whole)
    for _ in range(dice.choice([1, 1, 2, 5])):
        at, count = dice.randrange(len(content)), dice.choice([0, 1, 4, 30])
        content[at : at + count] = dice.choice([b"", b"\n", b" ", b"\t", b"\xff", b"nan ", bytes(4)])
    return bytes(content)


@pytest.mark.parametrize("key", list(FORMATS))
def test_damage_anywhere_ends_with_a_sentence_or_is_read(tmp_path: Path, key: str) -> None:
    dice = random.Random(key)
    vectors = WordVectors([f"w{row}한" for row in range(30)], np.random.default_rng(2).standard_normal((30, 4)))
    export(vectors, key, tmp_path / "whole")
    whole = (tmp_path / "whole").read_bytes()
    for _ in range(150):
        path = put(tmp_path, damaged(whole, dice), "damaged")
        for format in (None, key):
            try:
                back, _ = read(path, format)
            except (BadVectors, StorageProblem):
                continue
            assert np.isfinite(back.matrix).all()


def test_a_locked_archive_is_told(tmp_path: Path) -> None:
    for names in (["v.txt"], ["vectors.tsv", "metadata.tsv"]):
        with zipfile.ZipFile(tmp_path / "locked.zip", "w") as archive:
            for name in names:
                archive.writestr(name, "a 1 2\n")
        content = bytearray((tmp_path / "locked.zip").read_bytes())
        at = content.index(b"PK\x01\x02")
        content[at + 8] |= 1  # the flag that says so
        with pytest.raises(BadVectors, match="is locked with a password"):
            read(put(tmp_path, bytes(content), "locked.zip"))


@pytest.mark.parametrize("broken", ["b x y\n", "b 1.2.3 4\n", "b 4 1..\n"])
def test_mostly_broken_rows_are_given_up_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    monkeypatch.setattr(text_read, "_BLOCK", 1 << 16)
    path = put(tmp_path, "a 1 2\n" * 300 + broken * 400_000)
    shares: list[float] = []
    with pytest.raises(BadVectors, match="something that is no number"):
        read(path, on_progress=shares.append)
    assert shares[-1] < 0.6


def test_broken_rows_among_many_are_found(tmp_path: Path) -> None:
    rows = [f"w{row} {row} {row / 8}" for row in range(3_000)]
    for row in range(7, 3_000, 100):
        rows[row] = f"w{row} {row} 1.2.3"
    rows[1_500] = "w1500 1 -"
    vectors, told = read(put(tmp_path, "\n".join(rows)))
    assert told.skipped == {"something that is no number": 31}
    assert vectors.matrix.tolist() == [[row, row / 8] for row in range(3_000) if row % 100 != 7 and row != 1_500]


def test_a_line_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "_LONGEST_LINE", 1 << 20)
    monkeypatch.setattr(text_read, "_BLOCK", 1 << 16)
    with pytest.raises(BadVectors, match="a line without end"):
        read(put(tmp_path, "a 1 2\nb 3 4\n" + "c" * (3 << 20)))


# Binary


def records(words: list[bytes], matrix: np.ndarray, end: bytes = b"\n") -> bytes:
    rows = [word + b" " + row.astype("<f4").tobytes() + end for word, row in zip(words, matrix, strict=True)]
    return b"%d %d\n" % matrix.shape + b"".join(rows)


@pytest.mark.parametrize("end", [b"", b"\n"])
@pytest.mark.parametrize("block", [1, 100, 1 << 20])
def test_binary_rows_with_and_without_line_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: bytes, block: int
) -> None:
    monkeypatch.setattr(binary, "_BLOCK", block)
    matrix = np.random.default_rng(3).standard_normal((200, 5)).astype(np.float32)
    words = [f"w{row}한".encode() for row in range(200)]
    words[7] = b" "  # as in GoogleNews
    words[9] = b"\xff"
    matrix[11, 2] = np.nan
    words[13] = words[12]
    vectors, told = read(put(tmp_path, records(words, matrix, end)))
    kept = [row for row in range(200) if row not in (9, 11, 13)]
    assert vectors.tokens[:] == [words[row].decode() for row in kept]
    np.testing.assert_array_equal(vectors.matrix, matrix[kept])
    assert told.skipped == {
        "a word that is not UTF-8": 1, "numbers that are not finite": 1, "a repeated word": 1,
    }  # fmt: skip
    assert told.notes == []


def test_binary_dimensions_that_lie_are_refused(tmp_path: Path) -> None:
    matrix = np.random.default_rng(3).standard_normal((200, 5)).astype(np.float32)
    content = records([b"w%d" % row for row in range(200)], matrix)
    with pytest.raises(
        BadVectors, match="could not be read as word vectors of 6 numbers: 11 rows are good, but 184 are not"
    ):
        read(put(tmp_path, content.replace(b"200 5\n", b"200 6\n")))


# Packed files


def test_packed_files_are_unpacked(tmp_path: Path) -> None:
    text = b"2 2\na 1 2\nb 3 4\n"
    bits = records([b"a", b"b"], np.array([[1, 2], [3, 4]], np.float32))
    for content, key in ((text, "word2vec"), (text[4:], "glove"), (bits, "word2vec-binary")):
        put(tmp_path, gzip.compress(content), "v.gz")
        with zipfile.ZipFile(tmp_path / "v.zip", "w") as archive:
            archive.writestr("inside.txt", content)
        for name in ("v.gz", "v.zip"):
            for format in (None, key):
                vectors, told = read(tmp_path / name, format)
                assert words_and_numbers((vectors, told)) == {"a": [1, 2], "b": [3, 4]}
                assert told.format == key


def test_archives_that_cannot_be_used(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("glove.50d.txt", "a 1 2\n")
        archive.writestr("glove.100d.txt", "a 1 2\n")
    with pytest.raises(BadVectors, match=r"holds 2 files: glove.50d.txt, glove.100d.txt. Choose one of them."):
        read(tmp_path / "two.zip")
    with zipfile.ZipFile(tmp_path / "none.zip", "w"):
        pass
    with pytest.raises(BadVectors):
        read(tmp_path / "none.zip")
    np.savez(tmp_path / "arrays.npz", a=np.ones((2, 2)))
    with pytest.raises(BadVectors, match="holds NumPy arrays"):
        read(tmp_path / "arrays.npz")
    packed = gzip.compress(b"a 1 2\nb 3 4\n" * 1000)
    for cut in (15, len(packed) - 5):
        with pytest.raises(StorageProblem, match="damaged or cut short"):
            read(put(tmp_path, packed[:cut], "cut.gz"))


# Tensors that others made


def test_safetensors_without_words_are_refused(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    save_file({"embeddings": np.ones((4, 3), np.float32)}, tmp_path / "file")
    with pytest.raises(BadVectors, match="holds a matrix, “embeddings” 4 x 3, but not the words of its rows"):
        read(tmp_path / "file")


def test_safetensors_whose_words_do_not_fit(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    weight, text = np.ones((2, 3), np.float32), np.frombuffer(b"abc", np.uint8)
    for ends in ([1, 2, 3], [1], [2, 1], [1, 9], [-1, 3]):
        save_file({"weight": weight, "tokens": text, "token_ends": np.array(ends)}, tmp_path / "file")
        with pytest.raises(BadVectors, match="do not fit its 2 rows"):
            read(tmp_path / "file")
    save_file({"weight": weight[0], "tokens": text, "token_ends": np.array([3])}, tmp_path / "file")
    with pytest.raises(BadVectors, match="should be a matrix of floats"):
        read(tmp_path / "file")
    half = {"weight": weight.astype(np.float16), "tokens": text, "token_ends": np.array([1, 3])}
    save_file(half, tmp_path / "file")
    vectors, told = read(tmp_path / "file")
    assert vectors.tokens[:] == ["a", "bc"]
    assert told.notes == ["Its numbers are F16; they are kept as float32."]


def test_pytorch_files_of_others(tmp_path: Path) -> None:
    import torch

    weight = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    for content in ({"itos": ["a", "b"], "weight": weight}, (["a", "b"], {"a": 0, "b": 1}, weight, 2)):  # torchtext's
        for zipped in (True, False):
            torch.save(content, tmp_path / "file.pt", _use_new_zipfile_serialization=zipped)
            assert words_and_numbers(read(tmp_path / "file.pt")) == {"a": [1, 2], "b": [3, 4]}
    torch.save({"itos": ["a", "b"], "weight": weight.double()}, tmp_path / "file.pt")
    assert read(tmp_path / "file.pt")[1].notes == ["Its numbers are float64; they are kept as float32."]
    for content in (weight, {"weight": weight}, {"weight": weight, "itos": ["a"]}, {"weight": weight, "itos": [1, 2]}):
        torch.save(content, tmp_path / "file.pt")
        with pytest.raises(BadVectors, match="holds a matrix, 2 x 2, but not the words of its rows"):
            read(tmp_path / "file.pt")
    torch.save({"a": weight, "b": weight}, tmp_path / "file.pt")
    with pytest.raises(BadVectors, match="should hold one matrix of floats"):
        read(tmp_path / "file.pt")


@pytest.mark.parametrize("zipped", [True, False])
def test_a_pytorch_file_that_would_run_code_is_not_opened(tmp_path: Path, zipped: bool) -> None:
    import torch

    trap = tmp_path / "trap"

    class Trap:
        def __reduce__(self) -> tuple[object, ...]:
            return (open, (str(trap), "w"))

    torch.save({"weight": Trap()}, tmp_path / "file.pt", _use_new_zipfile_serialization=zipped)
    with pytest.raises(BadVectors, match="opening that could run code, so it was not opened"):
        read(tmp_path / "file.pt")
    assert not trap.exists()


# The Projector's files


def test_metadata_with_several_columns_has_a_header(tmp_path: Path) -> None:
    put(tmp_path, "1\t2\n3\t4\n", "my_vectors.tsv")
    put(tmp_path, "count\tword\n9\ta\n8\t가 나\n", "my_metadata.tsv")
    assert words_and_numbers(read(tmp_path / "my_vectors.tsv")) == {"a": [1, 2], "가 나": [3, 4]}


@pytest.mark.parametrize(
    ("metadata", "sentence"),
    [
        ("a\n", "has only 1 words, fewer than vectors.tsv has rows"),
        ("word\na\nb\n", "With one column it should have no header line"),
        ("n\tword\n1\ta\n2\n", "Line 3 of metadata.tsv in “vectors.tsv” has too few columns."),
    ],
)
def test_metadata_that_does_not_fit(tmp_path: Path, metadata: str, sentence: str) -> None:
    put(tmp_path, "1\t2\n3\t4\n", "vectors.tsv")
    put(tmp_path, metadata, "metadata.tsv")
    with pytest.raises(BadVectors) as caught:
        read(tmp_path / "vectors.tsv")
    assert sentence in str(caught.value)


def test_skipped_rows_of_the_projector_take_their_words_along(tmp_path: Path) -> None:
    put(tmp_path, "1\t2\nnan\t4\n5\n6\t7\n8\tx\n9\t9\n1\t1\n", "vectors.tsv")
    put(tmp_path, "a\nb\nc\nd\ne\nf\na\n", "metadata.tsv")
    vectors, told = read(tmp_path / "vectors.tsv")
    assert words_and_numbers((vectors, told)) == {"a": [1, 2], "d": [6, 7], "f": [9, 9]}
    assert sum(told.skipped.values()) == 4


# What was asked for


def test_a_file_that_is_not_there_and_a_format_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(StorageProblem, match="There is no such file or folder"):
        read(tmp_path / "nothing")
    with pytest.raises(StorageProblem, match="A folder is where a file should be"):
        read(tmp_path)
    with pytest.raises(BadSetting, match=r"There is no format “pickle”. There are: word2vec, "):
        read(tmp_path, "pickle")
    with pytest.raises(BadVectors, match=r"The first line of “file.txt” should be how many words"):
        read(put(tmp_path, "a 1 2\n"), "word2vec")
