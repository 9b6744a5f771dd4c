"""Parsing text against a plain reference: every number to the bit, every odd line, wherever blocks are cut."""

from __future__ import annotations

import io
import random
import time
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from embedcore.formats import read, text_parse, text_read, text_scan
from embedcore.formats.streams import whole_lines
from embedcore.formats.text_parse import parse
from embedcore.vectors import Float32s

ODD_NUMBERS = [
    "0", "-0", "-0.0", "+1.5", ".5", "-.5", "5.", "007", "1e5", "1E+05", "1e-05", "-1.5e-7", "0e999999", "0.0e-999999",
    "1e38", "3.4028234e38", "3.4028235677973366e38", "3.4028235677973367e38", "1e39", "-1e400", "1e9999999999999999999",
    "1.4e-45", "7e-46", "7.1e-46", "1e-60", "1e-400", "1e-99999999999999999999", "1.1754942e-38",
    "16777217", "16777219", "9007199254740993", "18446744073709551616", "123456789012345678", "0." + "0" * 30 + "1",
    "1" + "0" * 30, "0" * 40 + "7.25", "0.1" + "0" * 40 + "1", "3." + "3" * 50, "1" * 25 + "." + "9" * 25 + "e-20",
    "nan", "-NaN", "inf", "-Infinity", "+INF",
]  # fmt: skip
NO_NUMBERS = ["", "x", "-", "+", ".", "e5", "1e", "1e+", "1.2.3", "--1", "+-1", "1_0", "0x1p3", "1,5", "1 ", "1\t",
              "infi", "nanx", "1.5f", "²", "١", "1\x00", "\xa01", "1\u00a0", "-.", ".e1"]  # fmt: skip
WORDS = ["the", "", '"', "nan", "1e5", "0.5", ". . .", "a b", "a 0.5", "a 5", "at name@domain.com", "한국", "\u0085",
         "\u00a0", " ", "  ", "\t", "a\tb", "a\t0.5", "\r", "\x00", "a\r", "\u2028",
         "a 5e-1", "a\t5e-1", "a 0.123456 1 2e0 b"]  # fmt: skip
SEEDS = range(4)


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """The compiled way for what is little too."""
    monkeypatch.setattr(text_parse, "_LITTLE", 0)


@pytest.fixture(params=["compiled", "line by line"])
def both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_parse, "_LITTLE", 0 if request.param == "compiled" else 1 << 40)


def reference(content: bytes, dim: int, separator: bytes = b" ") -> tuple[list[bytes], Float32s, Counter[str]]:
    """What should be read, as simply as it can be said."""
    words, rows, skipped = [], [], Counter[str]()
    for line in content.split(b"\n"):
        while line and line[-1:] in (b" ", b"\r", separator):
            line = line[:-1]
        fields = line.split(separator)
        if not line:
            continue
        before, numbers = fields[:-dim], [number(field) for field in fields[-dim:]]
        if not before:
            skipped["too few numbers"] += 1
        elif len(before) > 1 and any(before[:-1]) | (len(before) > 2) and holds_numbers(before, fields[-dim:]):
            skipped["too many numbers"] += 1
        elif None in numbers:
            skipped["something that is no number"] += 1
        else:
            words.append(separator.join(before))
            rows.append(numbers)
    return words, np.array(rows, np.float32).reshape(len(rows), dim), skipped


def number(field: bytes) -> np.float32 | None:
    if field.lower().lstrip(b"+-") not in (b"nan", b"inf", b"infinity") and set(field) - set(b"0123456789+-.eE"):
        return None
    try:
        with np.errstate(over="ignore"):
            return np.float32(float(field))
    except ValueError:
        return None


def is_fraction(field: bytes) -> bool:
    found = number(field)
    return found is not None and any(sign in field for sign in b".eE") and field.lower().lstrip(b"+-")[:1] not in b"ni"


def holds_numbers(word: list[bytes], numbers: list[bytes]) -> bool:
    usual = sorted(map(decimals, numbers))[len(numbers) // 2]
    like_them = [is_fraction(field) and decimals(field) > usual / 2 for field in word[1:]]
    return any(like_them) and (like_them[-1] or sum(number(field) is not None for field in word[1:]) >= len(numbers))


def decimals(field: bytes) -> int:
    return 99 if b"e" in field.lower() else len((field + b".").split(b".")[1])


def check(found: text_parse.Rows, expected: tuple[list[bytes], Float32s, Counter[str]]) -> None:
    words, matrix, skipped = expected
    assert found.tokens.to_pylist() == words
    assert found.matrix.shape == matrix.shape
    numbers = ~np.isnan(matrix)
    np.testing.assert_array_equal(np.isnan(found.matrix), ~numbers)
    np.testing.assert_array_equal(found.matrix.view(np.int32)[numbers], matrix.view(np.int32)[numbers])
    assert +found.skipped == +skipped


def random_numbers(dice: random.Random, count: int) -> Iterator[str]:
    """Numbers of all the kinds that writers write, and such that are hard to round."""
    for _ in range(count):
        bits = np.uint32(dice.getrandbits(32) & 0xFF7FFFFF).view(np.float32)  # finite, of any size
        usual = dice.gauss(0, 1)
        between = (Decimal(float(bits)) + Decimal(float(np.nextafter(bits, np.float32(0))))) / 2
        kind = dice.randrange(9)
        if kind == 0:
            yield f"{usual:.{dice.randrange(12)}f}"
        elif kind == 1:
            yield repr(usual)
        elif kind == 2:
            yield str(np.float32(usual))
        elif kind == 3:
            yield f"{usual:.18e}"
        elif kind == 4:
            yield str(bits)
        elif kind == 5:
            yield f"{float(bits):.{dice.randrange(25)}g}"
        elif kind == 6:  # half way between two float32, to the last digit
            yield f"{between:f}" if abs(bits) > 1e-30 else f"{between}"
        elif kind == 7:  # and next to it
            yield f"{between * (1 + Decimal(dice.choice([-1, 1])) * Decimal(10) ** -dice.randrange(8, 30)):.40e}"
        else:
            yield dice.choice(ODD_NUMBERS)


@pytest.mark.usefixtures("both_ways")
@pytest.mark.parametrize("seed", SEEDS)
def test_every_number_is_read_to_the_bit(seed: int) -> None:
    numbers = [*ODD_NUMBERS, *random_numbers(random.Random(seed), 6_000)]
    found = parse("".join(f"w {number}\n" for number in numbers).encode(), 1)
    assert len(found.matrix) == len(numbers)
    with np.errstate(over="ignore"):
        expected = np.array([np.float64(number) for number in numbers]).astype(np.float32)
    wrong = (found.matrix[:, 0].view(np.int32) != expected.view(np.int32)) & ~np.isnan(expected)
    assert not [number for number, bad in zip(numbers, wrong.tolist(), strict=True) if bad]


@pytest.mark.usefixtures("both_ways")
@pytest.mark.parametrize("field", NO_NUMBERS)
def test_what_is_no_number_is_told(field: str) -> None:
    for line in (f"a {field} 2", f"a 1 {field}3", f"a {field} 2 \r"):
        for content in (f"b 3 4\n{line}\nc 5 6\n", line):
            check(parse(content.encode(), 2), reference(content.encode(), 2))


@pytest.mark.usefixtures("both_ways")
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("separator", [" ", "\t"])
def test_odd_files_are_read_wherever_blocks_are_cut(seed: int, separator: str) -> None:
    dice = random.Random(f"{seed}{separator}")
    dim = dice.choice([1, 2, 3, 7])
    numbers = [*random_numbers(dice, 500), *ODD_NUMBERS]
    lines = []
    for _ in range(1_500):
        fields = [dice.choice(WORDS), *dice.choices(numbers, k=dim)]
        if dice.random() < 0.2:
            fields[dice.randrange(len(fields))] = dice.choice(NO_NUMBERS)
        if dice.random() < 0.2:
            del fields[dice.randrange(len(fields))]
        lines.append(separator.join(fields) + dice.choice(["", "", "", "\r", " ", "\t", "     ", " \r \r", separator]))
    content = "\n".join(lines).encode() + dice.choice([b"", b"\n", b"\n\n", b"\xff\xfe 1"])
    expected = reference(content, dim, separator.encode())
    assert len(expected[0]) > 500
    assert min(expected[2].values()) > 20
    for size in (1, dice.randrange(2, 60), dice.randrange(60, 5_000), len(content)):
        parts = [parse(block, dim, separator.encode()) for block in whole_lines(io.BytesIO(content), size, "file")]
        words = [word for part in parts for word in part.tokens.to_pylist()]
        skipped = sum((part.skipped for part in parts), Counter())
        tokens = text_parse._tokens(b"".join(words), spans_of(words))
        check(text_parse.Rows(tokens, np.concatenate([part.matrix for part in parts]), skipped), expected)


def spans_of(words: list[bytes]) -> np.ndarray:
    ends = np.cumsum([0, *map(len, words)])
    return np.stack([ends[:-1], ends[1:]], axis=1)


@pytest.mark.usefixtures("both_ways")
@pytest.mark.parametrize("seed", SEEDS)
def test_any_bytes_are_read_as_the_reference_reads_them(seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(1_500):
        letters = dice.choice([b" 1\n", b" 1.\n", b" \n", b" 1ax\n\r", b" -+.e019\n\t\r", bytes(range(256))])
        content = bytes(dice.choices(letters, k=dice.randrange(60)))
        dim, separator = dice.randrange(1, 5), dice.choice([b" ", b"\t"])
        check(parse(content, dim, separator), reference(content, dim, separator))


@pytest.mark.usefixtures("both_ways")
def test_a_phrase_may_end_in_a_number_that_people_write() -> None:
    numbers = b"0.12345 -1.5 0.3 0.98765 -0.23456"
    phrases = [b"at 3.5", b"$ 1.99", b"No 5.", b"iPhone 5", b"version 2.0 of", b"3.5 inch", b"of 3.14159 and"]
    longer = [b"a 0.54321", b"a 3.141 2.718", b"a 1e-05", b"a " + numbers + b" b", b"at 3.5 0.54321"]
    lines = b"".join(b"%b %b\n" % (word, numbers) for word in phrases + longer) + b"at 3.5" + b" 1e-3" * 5
    found = parse(lines, 5)
    assert found.tokens.to_pylist() == [*phrases, b"at 3.5"]
    assert +found.skipped == {"too many numbers": len(longer)}


def test_many_digits_that_are_no_number_cost_no_more_than_other_bytes() -> None:
    digits = b"1" * 60_000
    begin = time.process_time()
    content = b"a 0.5 %bx\nb 0.5 %b\n" % (digits, digits)
    found = parse(content, 2)
    assert found.tokens.to_pylist() == [b"b"]
    assert found.skipped["something that is no number"] == 1
    assert time.process_time() - begin < 5  # 50 seconds where each digit is tried as the last one


@pytest.mark.usefixtures("compiled")
def test_usual_lines_are_never_left_to_the_slow_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_parse, "_numbers", None)
    matrix = np.random.default_rng(1).standard_normal((3_000, 20)) * 10.0 ** np.arange(-12, 8)
    for kept, write in ((matrix.astype(np.float32), str), (matrix, repr), (matrix, "{:.6f}".format)):
        texts = [[write(number) for number in row] for row in kept.astype(kept.dtype).tolist()]
        found = parse("".join(f"a phrase {' '.join(row)}\r\n" for row in texts).encode(), 20)
        np.testing.assert_array_equal(found.matrix, np.array(texts, np.float64).astype(np.float32))


@pytest.mark.parametrize(
    "content", [b"a 1 2\n" * 50, b"  x\n" * 50, b"\n" * 50, b" \n" * 50, b"a 1\n" * 50, b"a 1 2 3"]
)
@pytest.mark.usefixtures("compiled")
def test_nothing_is_written_beyond_the_rows_there_is_room_for(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    empty, fences = np.empty, []

    def fenced(shape: tuple[int, int], dtype: type) -> np.ndarray:
        rows, columns = shape
        whole = np.full((rows + 4, columns), 77, dtype)
        fences.append(whole[rows:])
        return whole[:rows]

    monkeypatch.setattr(np, "empty", fenced)
    found = parse(content, 2)
    monkeypatch.setattr(np, "empty", empty)
    assert len(fences) == 3
    assert all((fence == 77).all() for fence in fences)
    check(found, reference(content, 2))


@pytest.mark.usefixtures("both_ways")
def test_threads_do_not_change_what_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dice = random.Random(5)
    lines = [f"w{row}{' x' * (row % 3)} {dice.gauss(0, 1):.5f} {dice.gauss(0, 1):.3e}" for row in range(3_000)]
    lines[1_000::500] = ["short 1"] * 4
    path = tmp_path / "v.txt"
    path.write_text("\n".join(lines), "utf-8")
    words, matrix, _ = reference(path.read_bytes(), 2)
    for size, threads in ((100, 1), (1_000, 2), (7_777, 4), (1 << 20, 3)):
        monkeypatch.setattr(text_read, "_BLOCK", size)
        monkeypatch.setattr(text_read, "cores", lambda threads=threads: threads)
        vectors, told = read(path)
        assert vectors.tokens[:] == [word.decode() for word in words]
        np.testing.assert_array_equal(vectors.matrix, matrix)
        assert told.skipped == {"too few numbers": 4}


@pytest.mark.usefixtures("compiled")
def test_compiled_code_is_kept_and_made_again_where_it_is_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_scan, "_KEPT", tmp_path)
    kept = tmp_path / f"text_kernel-{text_scan._key()}.ll"
    kept.write_bytes(b"; scan\n\xff not LLVM")
    (tmp_path / "text_kernel-older.ll").write_bytes(b"")
    for _ in range(2):
        monkeypatch.setattr(text_scan, "_loaded", None)
        assert parse(b"a 1 2\n", 2).matrix.tolist() == [[1, 2]]
        assert list(tmp_path.iterdir()) == [kept]
        monkeypatch.setattr(text_scan, "_compile", None)  # the second time it is there


def test_compiled_code_that_cannot_be_kept_is_used_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr("embedcore.formats.text_kernel.assembly", lambda: ("name", "code"))
    assert text_scan._compile(tmp_path / "file" / "folder" / "kernel.ll") == "; name\ncode"
    assert text_scan._compile(tmp_path / "kernel.ll") == (tmp_path / "kernel.ll").read_text() == "; name\ncode"
