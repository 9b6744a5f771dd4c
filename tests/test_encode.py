"""Encoding a text: what `Corpus.read` gives, in memory or on disk, alone or with several, in bounded memory."""

from __future__ import annotations

import errno
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from embedcore.errors import StorageProblem, TextProblem, TrainingProblem
from embedcore.text import tokenize
from embedcore.training import Corpus
from embedcore.training import corpus as corpus_module
from embedcore.training import encode as encode_module
from embedcore.training import split as split_module
from embedcore.training.encode import encode, open_corpus
from embedcore.vocab import Vocab

ROOT = Path(__file__).parent.parent


def text_of(lines: int, seed: int = 0) -> str:
    """Lines of 0 to 9 words that follow Zipf's law, with what is not plain among them."""
    draw = np.random.default_rng(seed)
    odd = {7: "don’t", 8: "<unk>", 9: "한국어", 10: "👍", 11: "<pad>", 12: "é"}
    words = [odd.get(int(word), f"w{int(word)}") for word in draw.zipf(1.3, 9 * lines)]
    sizes = draw.integers(0, 10, lines)
    return "\n".join(" ".join(words[9 * line : 9 * line + size]) for line, size in enumerate(sizes))


def assert_same(found: Corpus | None, expected: Corpus) -> None:
    assert found is not None
    assert found.vocab.itos == expected.vocab.itos
    assert found.vocab.counts == expected.vocab.counts
    assert [found.ids.dtype, found.ends.dtype] == [np.dtype(np.int32), np.dtype(np.int64)]
    np.testing.assert_array_equal(found.ids, expected.ids)
    np.testing.assert_array_equal(found.ends, expected.ends)
    assert (found.tokens, found.min_count) == (expected.tokens, expected.min_count)


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces and parts of a few words, so that their borders fall everywhere."""
    monkeypatch.setattr(split_module, "SHORT", 0)
    monkeypatch.setattr(split_module, "PIECE", 50)
    monkeypatch.setattr(encode_module, "_PART", 7)
    monkeypatch.setattr(corpus_module, "_PART", 7)


@pytest.mark.parametrize("tokenizer", ["words", "whitespace"])
@pytest.mark.parametrize("min_count", [1, 2, 5])
@pytest.mark.parametrize("processes", [1, 3])
def test_it_is_what_corpus_read_gives(
    tmp_path: Path, small_parts: None, tokenizer: str, min_count: int, processes: int
) -> None:
    text = text_of(200)
    expected = Corpus.read(tokenize(text, tokenizer), min_count=min_count)
    blocks = text.splitlines(keepends=True)
    options = {"tokenizer": tokenizer, "min_count": min_count, "processes": processes}
    assert_same(encode(blocks, **options), expected)  # type: ignore[arg-type]
    assert_same(encode([text], tmp_path / "corpus", **options), expected)  # type: ignore[arg-type]
    assert_same(open_corpus(tmp_path / "corpus"), expected)
    assert sorted(path.name for path in (tmp_path / "corpus").iterdir()) == ["corpus.json", "ends.npy", "ids.npy"]


def test_random_texts(small_parts: None) -> None:
    draw = random.Random(1)
    for _ in range(300):
        text = "".join(draw.choices("ab' \n\n👍", k=draw.randrange(80)))
        assert_same(encode([text], min_count=2), Corpus.read(tokenize(text), min_count=2))


def test_a_given_vocab_is_used(small_parts: None) -> None:
    vocab = Vocab(["b", "absent", "a"], [1, 1, 1])
    text = "a x b\nx\nb"
    assert_same(encode([text], vocab=vocab, min_count=3), Corpus.read(tokenize(text), vocab=vocab, min_count=3))


@pytest.mark.parametrize("text", ["", "\n\n", "..."])
def test_a_text_without_words(tmp_path: Path, text: str) -> None:
    for folder in (None, tmp_path / "corpus"):
        found = encode([text], folder)
        assert_same(found, Corpus.read([]))
        assert found is not None
        with pytest.raises(TrainingProblem, match="no words"):
            found.check()


def test_counts_checks_and_chunks_read_mapped_files_in_parts(tmp_path: Path, small_parts: None) -> None:
    text = text_of(100)
    found = encode([text], tmp_path / "corpus", min_count=2)
    assert found is not None
    assert isinstance(found.ids.base, np.memmap) or isinstance(found.ids, np.memmap)
    assert found.counts().tolist() == [0, 0, *found.vocab.counts[2:]]
    found.check()
    lone = encode(["a\n" * 30 + "b\n"], tmp_path / "lone")
    same = encode(["a a\n" * 30], tmp_path / "same")
    assert lone is not None
    assert same is not None
    with pytest.raises(TrainingProblem, match="Every sentence has only one word"):
        lone.check()
    with pytest.raises(TrainingProblem, match="only one different word to learn from, “a”"):
        same.check()
    late = encode(["a\n" * 30 + "a b\n"], tmp_path / "late")
    assert late is not None
    late.check()


def test_a_tokenizer_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(TextProblem, match="There is no tokenizer “bpe”"):
        encode([], tmp_path / "corpus", tokenizer="bpe")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("processes", [1, 2])
def test_stopping_keeps_nothing(tmp_path: Path, small_parts: None, processes: int) -> None:
    read: list[int] = []

    def blocks() -> Iterator[str]:
        for number in range(1000):
            read.append(number)
            yield text_of(2, number) + "\n"

    found = encode(blocks(), tmp_path / "corpus", processes=processes, should_stop=lambda: len(read) > 20)
    assert found is None
    assert len(read) < 30
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("processes", [1, 2])
def test_what_reading_raises_comes_out_and_nothing_stays(tmp_path: Path, small_parts: None, processes: int) -> None:
    def blocks() -> Iterator[str]:
        yield text_of(20)
        raise TextProblem("The rest is damaged.")

    with pytest.raises(TextProblem, match=r"The rest is damaged\."):
        encode(blocks(), tmp_path / "corpus", processes=processes)
    assert not list(tmp_path.iterdir())


def test_a_full_disk_leaves_nothing_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(encode_module._Column, "append", full)
    with pytest.raises(StorageProblem) as caught:
        encode(["a b"], tmp_path / "corpus")
    assert str(caught.value) == (
        "Could not keep the text as integers. The disk is full. Free some space and try again."
    )
    assert not list(tmp_path.iterdir())


def test_a_file_that_may_not_grow_any_more(tmp_path: Path) -> None:
    """The same with a real limit, of the system's making."""
    code = (
        "import resource, signal, sys; from pathlib import Path; from embedcore.training.encode import encode\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "try: encode(['a b c d e f g h i j\\n' * 10_000], Path(sys.argv[1]) / 'corpus')\n"
        "except Exception as error: print(error)"
    )
    found = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert found.stdout == "Could not keep the text as integers. A file would grow larger than this system allows.\n"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["corpus.json", "ids.npy", "ends.npy"])
def test_a_damaged_corpus_is_noticed(tmp_path: Path, name: str) -> None:
    encode(["a b"], tmp_path / "corpus")
    (tmp_path / "corpus" / name).write_bytes(b"{}")
    with pytest.raises(StorageProblem, match="damaged"):
        open_corpus(tmp_path / "corpus")


LIMITED = """
import resource, sys, time
from pathlib import Path
import numpy, pyarrow
from embedcore.training.encode import encode
from embedcore.training.sampling import Sampler

LINE = " ".join(f"word{number}" for number in range(200)) + "\\n"

def blocks(count):
    for _ in range(count):
        yield LINE * (1_000_000 // len(LINE))

def used():  # bytes of memory that are this process's own; mapped files are not
    return 1024 * int(next(l for l in open("/proc/self/status") if l.startswith("VmData")).split()[1])

encode(blocks(3), Path(sys.argv[1]) / "first")
limit = used() + 48 * 2**20
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
try:
    bytearray(64 * 2**20)
    print("the limit does not hold")
except MemoryError:
    pass
corpus = encode(blocks(80), Path(sys.argv[1]) / "corpus")
corpus.check()
sampler = Sampler(corpus, window=5, sample=1e-3, seed=1)
sampler.draw(0, len(sampler.chunks) - 1)
print(corpus.tokens, corpus.ids.nbytes, len(corpus.ends))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Reads Linux's own account of memory.")
def test_a_corpus_larger_than_the_memory_it_may_use(tmp_path: Path) -> None:
    """80 MB of text and twice 43 MB of integers, in 48 MB, with all that working on them takes."""
    found = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    lines = 80 * (1_000_000 // len(" ".join(f"word{number}" for number in range(200)) + "\n"))
    assert found.stdout == f"{lines * 200} {lines * 200 * 4} {lines}\n"
