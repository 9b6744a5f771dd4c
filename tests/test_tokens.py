"""Tokens of any kind are found, in memory and mapped from disk."""

from __future__ import annotations

import random
import time
from pathlib import Path

import numpy as np
import pytest

from embedcore.errors import BadVectors, StorageProblem
from embedcore.tokens import Tokens
from embedcore.vectors import WordVectors

UGLY = [
    "the", '"', "'", "nan", "null", "NA", "1e5", "\u0085", "\u00a0", " ", "", "a b", "a\u00a0b", "👍🏽", "한국어",
    "\u1112\u1161\u11ab", "\t", "\n", ",", "<unk>", "True", "\x00", "é", "e\u0301", "zz", "𝒳",
]  # fmt: skip


@pytest.fixture(params=["of", "open"])
def make(request: pytest.FixtureRequest, tmp_path: Path):  # type: ignore[no-untyped-def]
    """Makes Tokens of a list, in memory or through a folder."""

    def from_list(tokens: list[str]) -> Tokens:
        if request.param == "of":
            return Tokens.of(tokens)
        Tokens.of(tokens).save(tmp_path)
        return Tokens.open(tmp_path)

    return from_list


def test_a_sequence_of_any_text(make) -> None:  # type: ignore[no-untyped-def]
    tokens = make(UGLY)
    assert len(tokens) == len(UGLY)
    assert list(tokens) == UGLY
    assert [tokens[row] for row in range(len(UGLY))] == UGLY
    assert tokens[-1] == UGLY[-1]
    assert tokens[3:7] == UGLY[3:7]
    assert tokens[::-2] == UGLY[::-2]
    assert tokens[5:2] == []
    with pytest.raises(IndexError):
        tokens[len(UGLY)]
    with pytest.raises(IndexError):
        tokens[-len(UGLY) - 1]


def test_each_has_its_row(make) -> None:  # type: ignore[no-untyped-def]
    tokens = make(UGLY)
    assert [tokens.row(token) for token in UGLY] == list(range(len(UGLY)))
    assert tokens.rows([*UGLY, "absent"]).tolist() == [*range(len(UGLY)), -1]
    many = [*UGLY, "absent", "\udcff"] * 100  # in bulk, by a hash table
    assert tokens.rows(many).tolist() == [*range(len(UGLY)), -1, -1] * 100
    assert tokens.row("absent") is None
    assert tokens.row("\udcff") is None
    assert "nan" in tokens
    assert "absent" not in tokens
    assert None not in tokens


def test_the_first_of_repeated_tokens_wins(make) -> None:  # type: ignore[no-untyped-def]
    tokens = make(["b", "a", "b", "a", "a", "c"])
    assert [tokens.row(token) for token in "abc"] == [1, 0, 5]
    assert tokens.rows(["a", "b", "c"] * 500)[:3].tolist() == [1, 0, 5]
    assert tokens.repeated().tolist() == [2, 3, 4]
    assert tokens.starting_with("", 10) == ["b", "a", "c"]


def test_beginnings_of_tokens_that_repeat_often(make) -> None:  # type: ignore[no-untyped-def]
    tokens = make(["ab"] * 500 + ["ac", "b"] + ["ac"] * 100 + ["ad", "ae"])
    assert tokens.starting_with("a", 3) == ["ab", "ac", "ad"]
    assert tokens.starting_with("a", 9) == ["ab", "ac", "ad", "ae"]
    assert tokens.starting_with("", 3) == ["ab", "ac", "b"]
    assert tokens.starting_with("", 9) == ["ab", "ac", "b", "ad", "ae"]
    for prefix in ("", "a"):
        assert tokens.starting_with(prefix, 0) == tokens.starting_with(prefix, -1) == []


@pytest.mark.parametrize("chunk", [1, 7, 1_000])
def test_rows_in_bulk_over_several_stretches(make, chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr("embedcore.tokens._BULK_CHUNK", chunk)
    words = ["한", "a", "", "b", "a", "b\x00", "한", "b", "é"] * 3
    asked = ["b", "absent", "한", "", "\udcff", "b\x00", "é", "b"] * 20
    assert make(words).rows(asked).tolist() == [words.index(word) if word in words else -1 for word in asked]


def test_many_rows_take_little_more_memory_than_the_questions(glove: WordVectors) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    asked = glove.tokens[::20]
    tokens = glove.tokens
    before = pyarrow.default_memory_pool().max_memory()
    assert tokens.rows(asked).tolist() == [tokens.row(token) for token in asked]
    assert pyarrow.default_memory_pool().max_memory() - before < 16e6  # a table of all tokens takes 32 MB


def test_no_tokens_at_all(make) -> None:  # type: ignore[no-untyped-def]
    tokens = make([])
    assert len(tokens) == 0
    assert list(tokens) == tokens[:] == []
    assert tokens.row("a") is None
    assert tokens.rows(["a"] * 2000).tolist() == [-1] * 2000
    assert tokens.starting_with("") == []
    assert tokens.near("a") == []
    assert tokens.repeated().tolist() == []


def test_random_tokens_against_a_dict(make) -> None:  # type: ignore[no-untyped-def]
    generator = random.Random(3)
    alphabet = "abcàé한국Ωж\u0085 \U0001f44d"
    words = ["".join(generator.choices(alphabet, k=generator.randint(0, 4))) for _ in range(3000)]
    first: dict[str, int] = {}
    for row, word in enumerate(words):
        first.setdefault(word, row)
    tokens = make(words)
    questions = words + ["".join(generator.choices(alphabet, k=3)) for _ in range(500)]
    expected = [first.get(word, -1) for word in questions]
    assert tokens.rows(questions).tolist() == expected
    assert [tokens.row(word) for word in questions] == [first.get(word) for word in questions]
    assert tokens.repeated().tolist() == [row for row, word in enumerate(words) if first[word] != row]
    for prefix in ("", "a", "한", "국a", "\U0001f44d", "é", "zz"):
        begins = sorted({first[word] for word in words if word.startswith(prefix)})
        assert tokens.starting_with(prefix, 7) == [words[row] for row in begins[:7]], prefix


def test_a_token_that_is_no_text_is_refused() -> None:
    with pytest.raises(BadVectors) as caught:
        Tokens.of(["a", "b\udcff"])
    assert str(caught.value) == "The token “b\\udcff” is no valid Unicode text and cannot be kept."


def test_lowercased() -> None:
    assert Tokens.of(["the", "한국", "1", "straße", "ς"]).lowercased()
    assert not Tokens.of(["the", "Korea"]).lowercased()
    assert not Tokens.of(["the", "Ω"]).lowercased()
    assert Tokens.of([]).lowercased()


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("kign", "king"),
        ("New York", "new-york"),
        ("elephnat", "elephant"),
        ("accomodatoin", "accommodation"),
        ("kingdomish", "kingdom"),
    ],
)
def test_near_spellings_in_glove(glove: WordVectors, word: str, near: str) -> None:
    found = glove.tokens.near(word)
    assert near in found
    assert len(found) == len(set(found)) <= 5
    assert all(token in glove for token in found)


def test_case_variants_come_first() -> None:
    tokens = Tokens.of(["worde", "word", "IPHONE", "iPhone", "Korea"])
    assert tokens.near("korea") == ["Korea"]
    assert tokens.near("WORD")[0] == "word"
    assert set(tokens.near("iphone")) == {"IPHONE", "iPhone"}


def test_near_finds_a_korean_word_without_its_particle() -> None:
    tokens = Tokens.of(["학교", "바다", "학교에서"])
    assert tokens.near("학교에서는") == ["학교에서", "학교"]


def test_near_never_gives_the_word_itself_or_fails() -> None:
    tokens = Tokens.of(UGLY)
    assert "the" not in tokens.near("the")
    for word in ["", " ", "\udcff", "x" * 10_000, "👍"]:
        assert isinstance(tokens.near(word), list)
    assert tokens.near("teh", limit=0) == []


def test_near_is_quick_on_a_large_set(glove: WordVectors) -> None:
    glove.tokens.near("warm")
    times = []
    for word in ["kign", "embeding", "a", "internationalisatoin", "코리아"]:
        started = time.perf_counter()
        glove.tokens.near(word)
        times.append(time.perf_counter() - started)
    assert sorted(times)[2] < 0.06


def test_damaged_files_get_a_sentence(tmp_path: Path) -> None:
    Tokens.of(["a", "b", "c"]).save(tmp_path)
    whole = (tmp_path / "tokens.arrow").read_bytes()
    for content in (whole[: len(whole) // 2], b"", b"hello"):
        (tmp_path / "tokens.arrow").write_bytes(content)
        with pytest.raises(StorageProblem):
            Tokens.open(tmp_path)
    (tmp_path / "tokens.arrow").write_bytes(whole)
    np.save(tmp_path / "order.npy", np.arange(2, dtype=np.int32))
    with pytest.raises(StorageProblem, match=r"order\.npy is damaged: it does not fit the 3 tokens"):
        Tokens.open(tmp_path)
    (tmp_path / "order.npy").unlink()
    with pytest.raises(StorageProblem):
        Tokens.open(tmp_path)


def test_a_slice_of_an_arrow_column(tmp_path: Path) -> None:
    import pyarrow as pa

    column = pa.array(["x", "b", "a", "b", "y"]).slice(1, 3)
    tokens = Tokens.of_arrow(column)
    assert list(tokens) == ["b", "a", "b"]
    assert [tokens.row(token) for token in "abxy"] == [1, 0, None, None]
    assert tokens.rows(list("abxy") * 300)[:4].tolist() == [1, 0, -1, -1]
    tokens.save(tmp_path)
    assert list(Tokens.open(tmp_path)) == ["b", "a", "b"]
    assert list(Tokens.of_arrow(pa.chunked_array([["a"], ["b", "c"]]))) == ["a", "b", "c"]
    with pytest.raises(StorageProblem, match="strings and nothing else"):
        Tokens.of_arrow(pa.array(["a", None]))
