"""What is known to go wrong when files of vectors are read, each as a file of its own.

Each is read in three ways that must agree: whole in memory, looked at, and imported into the
library, where the matrix goes to the disk as it comes.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import struct
import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from embedcore.errors import BadVectors, EmbedcoreError, StorageProblem
from embedcore.formats import FORMATS, Look, Read, export, look, read, streams
from embedcore.importing import import_vectors
from embedcore.library import list_vectors, open_vectors
from embedcore.settings import Settings
from embedcore.vectors import WordVectors
from tests.test_formats_read import damaged, put

Rows = dict[str, list[float]]
GOOD = "".join(f"w{row} {row} {row / 8} -1e-3\n" for row in range(200))  # rows that nothing is wrong with
GOOD_ROWS = {f"w{row}": [row, row / 8, float(np.float32(-1e-3))] for row in range(200)}


def records(words: list[bytes], matrix: np.ndarray, end: bytes = b"\n") -> bytes:
    """Words and their numbers as word2vec's binary format has them, without the first line."""
    numbers = matrix.astype("<f4")
    return b"".join(word + b" " + row.tobytes() + end for word, row in zip(words, numbers, strict=True))


def zipped(*files: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive of files."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return made.getvalue()


def locked(content: bytes) -> bytes:
    """An archive whose one file is marked as taking a password."""
    changed = bytearray(content)
    changed[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(changed)


def before_its_beginning(content: bytes) -> bytes:
    """An archive whose list says that it begins further behind than there is room for."""
    place = content.index(b"PK\x05\x06") + 16
    (start,) = struct.unpack("<I", content[place : place + 4])
    return content[:place] + struct.pack("<I", start + 100) + content[place + 4 :]


def png() -> bytes:
    """A picture of one dot."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")


def as_rows(words: list[str], matrix: np.ndarray) -> Rows:
    return dict(zip(words, matrix.tolist(), strict=True))


class Trap(NamedTuple):
    """A file that can be read, and what is in it."""

    content: bytes
    rows: Rows
    skipped: dict[str, int] = {}  # noqa: RUF012
    notes: tuple[str, ...] = ()
    name: str = "file.txt"
    member: str | None = None
    format: str = "glove"


NUMBERS = np.random.default_rng(4).standard_normal((40, 6)).astype(np.float32)
WORDS = [f"w{row}한" for row in range(40)]
SPACED = [*WORDS[:7], " ", *WORDS[8:]]
HARD = {  # as they stand in glove.840B and glove.twitter, with what a table reader takes for no text
    ".\u00a0.\u00a0.": [1, 2, 3],
    "at\u00a0name@domain.com": [4, 5, 6],
    "\u0085": [7, 8, 9],
    "\u00a0": [1, 1, 1],
    '"': [2, 2, 2],
    '""': [3, 3, 3],
    "nan": [4, 4, 4],
    "null": [5, 5, 5],
    "NA": [6, 6, 6],
    "1e5": [7, 7, 7],
    "\u2028": [8, 8, 8],
    "\u3000": [9, 9, 9],
    "é": [1, 0, 0],
    "e\u0301": [0, 1, 0],
}


def hard_lines(encoding: str = "utf-8") -> bytes:
    return "".join(f"{word} {' '.join(map(str, numbers))}\n" for word, numbers in HARD.items()).encode(encoding)


GLOVE_2024 = zipped(("wiki_giga_2024_50_MFT20_vectors_seed_123_alpha_0.75_eta_0.075_combined.txt", GOOD.encode()))
FOUR = zipped(*((f"glove.6B.{dim}d.txt", f"the{' 0.5' * dim}\nof{' -0.5' * dim}\n".encode()) for dim in (1, 2, 3, 4)))

TRAPS = {
    "U+00A0 and U+0085 in tokens": Trap(hard_lines(), {word: list(map(float, row)) for word, row in HARD.items()}),
    "a token that is a space": Trap(b"a 3 4\n  1 2\nb 5 6\n", {"a": [3, 4], " ": [1, 2], "b": [5, 6]}),
    "tokens with spaces": Trap(b". . . 1 2\nat name@domain.com 3 4\na 5 6\n",
                               {". . .": [1, 2], "at name@domain.com": [3, 4], "a": [5, 6]}),
    "a space in binary": Trap(b"40 6\n" + records([word.encode() for word in SPACED], NUMBERS),
                              as_rows(SPACED, NUMBERS), format="word2vec-binary"),
    "a space in binary without line ends": Trap(
        b"40 6\n" + records([word.encode() for word in SPACED], NUMBERS, b""),
        as_rows(SPACED, NUMBERS), format="word2vec-binary"),
    "invalid UTF-8": Trap(b"caf\xe9 1 2 3\n\xff\xfe\xfd 1 2 3\n\xed\xa0\x80 1 2 3\n" + GOOD.encode(), GOOD_ROWS,
                          {"a word that is not UTF-8": 3}),
    "invalid UTF-8 in binary": Trap(
        b"40 6\n" + records([*(word.encode() for word in WORDS[:39]), b"caf\xe9"], NUMBERS),
        as_rows(WORDS[:39], NUMBERS[:39]), {"a word that is not UTF-8": 1}, format="word2vec-binary"),
    "repeated tokens": Trap(GOOD.encode() + b"w3 9 9 9\nw199 8 8 8\nw3 7 7 7\nnew 1 1 1\n",
                            {**GOOD_ROWS, "new": [1, 1, 1]}, {"a repeated word": 3}),
    "repeated tokens at the beginning": Trap(b"w9 5 5 5\nw9 6 6 6\n" + GOOD.encode(),
                                             {"w9": [5, 5, 5], **{w: v for w, v in GOOD_ROWS.items() if w != "w9"}},
                                             {"a repeated word": 2}),
    "a header that says too many rows": Trap(
        b"2519370 3\n" + GOOD.encode(), GOOD_ROWS, {},
        ("Its first line says 2,519,370 rows, but there are 200; all of them were looked at.",), format="word2vec"),
    "a header that says too few rows": Trap(
        b"7 3\n" + GOOD.encode(), GOOD_ROWS, {},
        ("Its first line says 7 rows, but there are 200; all of them were looked at.",), format="word2vec"),
    "a binary header that says too many rows": Trap(
        b"50 6\n" + records([word.encode() for word in WORDS], NUMBERS), as_rows(WORDS, NUMBERS), {},
        ("Its first line says 50 rows, but there are 40; all of them were looked at.",), format="word2vec-binary"),
    "a last line cut within its numbers": Trap(GOOD.encode() + b"cut 1 2", GOOD_ROWS, {"too few numbers": 1}),
    "a last line cut within its word": Trap(GOOD.encode() + b"cut", GOOD_ROWS, {"too few numbers": 1}),
    "a last line without its end": Trap(GOOD.encode() + b"last 1 2 3", {**GOOD_ROWS, "last": [1, 2, 3]}),
    "a last record cut": Trap(b"40 6\n" + records([word.encode() for word in WORDS], NUMBERS)[:-9],
                              as_rows(WORDS[:39], NUMBERS[:39]), {"cut short": 1}, format="word2vec-binary"),
    "NaN and infinity": Trap(
        GOOD.encode() + b"a nan 1 2\nb 1 inf 2\nc 1 2 -Infinity\nd 1e39 1 2\ne -NaN 1 2\n", GOOD_ROWS,
        {"numbers that are not finite": 5}),
    "NaN in binary": Trap(
        b"40 6\n" + records([word.encode() for word in WORDS], np.where(np.arange(40)[:, None] == 3, np.nan, NUMBERS)),
        as_rows(WORDS[:3] + WORDS[4:], np.delete(NUMBERS, 3, axis=0)), {"numbers that are not finite": 1},
        format="word2vec-binary"),
    "the largest numbers that there are": Trap(
        b"a 3.4028235e38 -3.4028235e38\nb 1e-45 1e-60\n",
        {"a": np.array([3.4028235e38, -3.4028235e38], np.float32).tolist(),
         "b": [float(np.float32(1e-45)), 0.0]}),
    "a first line of more digits than Python reads": Trap(
        b"1" * 5_000 + b" 3\n" + GOOD.encode(), GOOD_ROWS, {"too few numbers": 1}),
    "ragged rows": Trap(GOOD.encode() + b"few 1 2\nmany 0.5 1 2 3\nnone\n", GOOD_ROWS,
                        {"too few numbers": 2, "too many numbers": 1}),
    "something that is no number": Trap(GOOD.encode() + b"a 1 x 2\nb 1 2 0x10\nc 1 1_000 2\nd 1  2\n", GOOD_ROWS,
                                        {"something that is no number": 4}),
    "empty lines": Trap(b"\n\na 1 2\n\n\r\nb 3 4\n\n", {"a": [1, 2], "b": [3, 4]}),
    "line ends of Windows": Trap(b"2 2\r\na 1 2\r\nb 3 4\r\n", {"a": [1, 2], "b": [3, 4]}, format="word2vec"),
    "a zip of 2024, whose file has another name": Trap(GLOVE_2024, GOOD_ROWS, name="glove.2024.wikigiga.50d.zip"),
    "a zip with notes beside": Trap(
        zipped(("data/", b""), ("data/README.txt", b"Read me."), ("LICENSE", b"PDDL"), ("__MACOSX/data/._v.vec", b"\0"),
               ("data/.DS_Store", b"\0"), ("data/v.vec", GOOD.encode())), GOOD_ROWS, name="v.zip"),
    "a zip of four, one chosen": Trap(FOUR, {"the": [0.5] * 3, "of": [-0.5] * 3}, name="glove.6B.zip",
                                      member="glove.6B.3d.txt"),
    "a zip that is stored": Trap(zipped(("v", GOOD.encode()), method=zipfile.ZIP_STORED), GOOD_ROWS, name="v.zip"),
    "a zip packed with LZMA": Trap(zipped(("v", GOOD.encode()), method=zipfile.ZIP_LZMA), GOOD_ROWS, name="v.zip"),
    "two .gz one behind the other": Trap(gzip.compress(GOOD.encode()) + gzip.compress(b"x 1 2 3\n"),
                                         {**GOOD_ROWS, "x": [1, 2, 3]}, name="v.gz"),
    "ten million characters in one line among others": Trap(
        GOOD.encode() + b"x" * 10_000_000 + b"\n", GOOD_ROWS, {"too few numbers": 1}),
}  # fmt: skip


@pytest.mark.parametrize("key", TRAPS)
def test_a_file_with_a_trap_is_read(tmp_path: Path, home: Settings, key: str) -> None:
    trap = TRAPS[key]
    path = put(tmp_path, trap.content, trap.name)
    told = Read(trap.format, len(trap.rows), trap.skipped, list(trap.notes))

    vectors, found = read(path, member=trap.member)
    assert as_rows(vectors.tokens[:], vectors.matrix) == trap.rows
    assert found == told

    seen = look(path, member=trap.member, rows=3)
    assert (seen.format, seen.dim) == (trap.format, vectors.dim)
    assert seen.tokens == list(trap.rows)[:3]
    np.testing.assert_array_equal(seen.matrix, vectors.matrix[:3])

    done = import_vectors(path, "mine", member=trap.member)
    assert done.read == told
    opened = open_vectors("mine")
    assert opened.tokens[:] == vectors.tokens[:]
    np.testing.assert_array_equal(opened.matrix.view(np.uint32), vectors.matrix.view(np.uint32))
    with np.errstate(over="ignore"):
        lengths = np.linalg.norm(vectors.matrix.astype(np.float64), axis=1).astype(np.float32)
    np.testing.assert_allclose(opened.norms, lengths, rtol=1e-6)
    assert all(opened.row(word) == row for row, word in enumerate(trap.rows))  # each is found by typing it
    assert list_vectors()[1].imported == {"format": told.format, "skipped": told.skipped, "notes": told.notes}


class Junk(NamedTuple):
    """A file that cannot be read, and what is said of it."""

    content: bytes
    sentence: str
    name: str = "file.txt"
    late: bool = False  # whether its beginning is good


WEB_PAGE = b"\n<!DOCTYPE html>\n<html><head><title>404 Not Found</title></head><body>Not Found</body></html>\n"
CUT_GZ = gzip.compress(os.urandom(60_000) + GOOD.encode() * 500)
JUNK = {
    "an empty file": Junk(b"", "“file.txt” is empty."),
    "an empty .gz": Junk(gzip.compress(b""), "“v.gz” is empty.", "v.gz"),
    "an empty file in a zip": Junk(zipped(("v.txt", b"")), "“v.zip” is empty.", "v.zip"),
    "newlines": Junk(b"\n" * 100_000, "“file.txt” does not look like word vectors: each line should hold a word"),
    "nothing but zeros": Junk(bytes(100_000), "does not look like word vectors"),
    "a header alone": Junk(b"400000 50\n", "“file.txt” holds no vectors."),
    "a header that says other dimensions": Junk(
        b"200 300\n" + GOOD.encode(), "The first line of “file.txt” says 300 numbers a word, but its rows have 3."),
    "a binary header that says other dimensions": Junk(
        b"40 7\n" + records([word.encode() for word in WORDS], NUMBERS), "could not be read as word vectors of 7"),
    "a picture": Junk(png(), "“v.txt” is a picture. It cannot be imported as it is.", "v.txt"),
    "a PDF": Junk(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n", "is a PDF document."),
    "a web page saved as .zip": Junk(WEB_PAGE, "“glove.6B.zip” is a web page, as servers send", "glove.6B.zip"),
    "JSON": Junk(json.dumps({"king": [0.1, 0.2]}, indent=1).encode(),
                 "does not look like word vectors: each line should hold a word and then its numbers, with spaces "
                 "between. It seems to be JSON."),
    "a table with commas": Junk(b"word,a,b\nking,0.1,0.2\nqueen,0.3,0.4\n", "It seems to be a table with commas."),
    "prose": Junk("사람은 모두 자유롭게 태어났다.\nAll human beings are born free.\n".encode(),
                  "does not look like word vectors"),
    "UTF-16": Junk(GOOD.encode("utf-16"), "is UTF-16 text; save it as UTF-8."),
    "ten million characters without a newline": Junk(b"x" * 10_000_000, "does not look like word vectors"),
    "ten million numbers without a newline": Junk(b"a" + b" 0.5" * 2_500_000, " word vectors", "v.txt"),
    "all rows broken": Junk(b"a nan 1\nb inf 2\n", "0 rows are good, but 2 are not: numbers that are not finite (2)."),
    "packed twice": Junk(gzip.compress(gzip.compress(GOOD.encode())), "“v.gz” is packed twice; unpack it", "v.gz"),
    "a zip with a password": Junk(locked(zipped(("v.txt", GOOD.encode()))), "“v.txt” is locked with a password."),
    "a zip with nothing in it": Junk(zipped(), "There is no file of vectors in “v.zip”.", "v.zip"),
    "a zip with notes alone": Junk(zipped(("README.md", b"#")), "There is no file of vectors in “v.zip”.", "v.zip"),
    "rows of numbers that change": Junk(
        b"".join(b"w%d%b\n" % (row, b" 0.5" * (row % 7 + 1)) for row in range(3000)), "could not be read"),
    "a .gz cut short at once": Junk(CUT_GZ[:40], "“v.gz” is damaged or cut short: it cannot be unpacked.", "v.gz"),
    "a zip cut short": Junk(zipped(("v.txt", GOOD.encode() * 20))[:-30], "“v.zip” is damaged or cut short", "v.zip"),
    "a zip whose file has another name at its head": Junk(
        zipped(("각.txt", GOOD.encode())).replace("각".encode(), b"\xea\xff\x81", 1), "“v.zip” is damaged", "v.zip"),
    "a zip whose list begins before it": Junk(before_its_beginning(zipped(("v.txt", GOOD.encode()))),
                                              "“v.zip” is damaged", "v.zip"),
    "a damaged zip packed with bzip2": Junk(
        zipped(("v.txt", GOOD.encode()), method=zipfile.ZIP_BZIP2).replace(b"1AY&SY", b"1AY&SX"),
        "“v.zip” is damaged or cut short", "v.zip"),
    "a .gz cut short": Junk(gzip.compress(b"".join(b"w%d 1 2 3\n" % row for row in range(200_000)))[:-9],
                            "“v.gz” is damaged or cut short: it cannot be unpacked. Get it again.", "v.gz", late=True),
}  # fmt: skip


@pytest.mark.parametrize("key", JUNK)
def test_what_is_no_file_of_vectors_is_refused_with_a_sentence(tmp_path: Path, home: Settings, key: str) -> None:
    junk = JUNK[key]
    path = put(tmp_path, junk.content, junk.name)

    def refused(error: EmbedcoreError) -> None:
        assert isinstance(error, BadVectors | StorageProblem)
        assert junk.sentence in str(error)
        assert "\n" not in str(error)

    with pytest.raises(EmbedcoreError) as caught:
        read(path)
    refused(caught.value)
    with pytest.raises(EmbedcoreError) as caught:
        import_vectors(path, "mine")
    refused(caught.value)
    assert not home.vectors_dir.exists() or os.listdir(home.vectors_dir) == []
    if junk.late:
        assert len(look(path).tokens) == 5
    else:
        with pytest.raises(EmbedcoreError) as caught:
            look(path)
        refused(caught.value)


# What is said of a file, and is not so


@pytest.mark.parametrize(
    ("format", "content", "sentence"),
    [
        ("word2vec", GOOD.encode(), "The first line of “file.txt” should be how many words and how many numbers each"),
        ("word2vec-binary", GOOD.encode(), "“file.txt” is no word2vec file: it should begin with how many words"),
        ("word2vec-binary", b"200 3\n" + GOOD.encode(), "is no word2vec binary: its numbers are written as text."),
        ("glove", b"40 6\n" + records([word.encode() for word in WORDS], NUMBERS), "It seems to be word2vec binary."),
        ("safetensors", GOOD.encode(), "“file.txt” is no whole safetensors file; it may be cut short."),
        ("torch", GOOD.encode(), "“file.txt” is no PyTorch file."),
        ("projector", GOOD.encode(), "Put metadata.tsv, a word a line, beside vectors.tsv."),
        ("fasttext", GOOD.encode(), "“file.txt” is no fastText model"),
    ],
)  # fmt: skip
def test_a_format_that_is_said_and_does_not_fit(tmp_path: Path, format: str, content: bytes, sentence: str) -> None:
    path = put(tmp_path, content, "file.txt")
    for way in (read, look):
        with pytest.raises(BadVectors) as caught:
            way(path, format)  # type: ignore[operator]
        assert sentence in str(caught.value)


# Archives of several files


def test_a_zip_of_several_is_looked_at_and_asks_which(tmp_path: Path, home: Settings) -> None:
    path = put(tmp_path, FOUR, "glove.6B.zip")
    names = [f"glove.6B.{dim}d.txt" for dim in (1, 2, 3, 4)]
    seen = look(path)
    assert (seen.members, seen.member, seen.dim) == (names, names[0], 1)
    assert look(path, member=names[3]).dim == 4
    for way in (read, lambda path: import_vectors(path, "mine")):
        with pytest.raises(BadVectors) as caught:
            way(path)
        assert str(caught.value) == f"“glove.6B.zip” holds 4 files: {', '.join(names)}. Choose one of them."
    for way in (read, look):
        with pytest.raises(
            BadVectors, match=r"There is no file “glove\.6B\.5d\.txt” in “glove\.6B\.zip”\. glove\.6B\.1d"
        ):
            way(path, member="glove.6B.5d.txt")  # type: ignore[operator]


def test_a_member_may_be_named_without_its_folder(tmp_path: Path) -> None:
    path = put(tmp_path, zipped(("a/one.txt", b"a 1 2\n"), ("b/two.txt", b"b 3 4\n")), "v.zip")
    for name in ("two.txt", "b/two.txt"):
        assert read(path, member=name)[0].tokens[:] == ["b"]
    readme = zipped(("readme_vectors.txt", b"c 1 2\n"), ("one.txt", b"a 1 2\n"))
    assert read(put(tmp_path, readme, "v.zip"), member="readme_vectors.txt")[0].tokens[:] == ["c"]


def test_only_the_beginning_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = b"".join(b"w%d 0.25 -0.5 0.125\n" % row for row in range(300_000))
    monkeypatch.setattr(streams, "HEAD", 1 << 16)
    for name, content in (
        ("v.txt", text),
        ("v.gz", gzip.compress(text, 1)),
        ("v.zip", zipped(("v.txt", text))),
    ):
        path = put(tmp_path, content, name)
        whole = len(content)
        with path.open("r+b") as file:  # what comes later is damaged, but nobody looks there
            file.seek(whole // 2)
            file.write(bytes(whole // 4))
        seen: Look = look(path)
        assert seen.tokens == ["w0", "w1", "w2", "w3", "w4"]
        assert seen.notes == []
        needed = 300_000 * (3 * 4 + 12) + sum(len(f"w{row}") for row in range(300_000))
        assert seen.disk == pytest.approx(needed, rel=0.25)


@pytest.mark.parametrize("key", [key for key in FORMATS if key != "torch"])  # a child looks into those: slow
def test_damage_anywhere_is_looked_at_or_told(tmp_path: Path, key: str) -> None:
    dice = random.Random(key)
    vectors = WordVectors([f"w{row}한" for row in range(30)], np.random.default_rng(2).standard_normal((30, 4)))
    export(vectors, key, tmp_path / "whole")
    whole = (tmp_path / "whole").read_bytes()
    for _ in range(100):
        path = put(tmp_path, damaged(whole, dice), "damaged")
        for format in (None, key):
            try:
                seen = look(path, format)
            except (BadVectors, StorageProblem):
                continue
            assert len(seen.tokens) == len(seen.matrix) <= 5
            assert np.isfinite(seen.matrix).all()
            assert seen.disk > 0
