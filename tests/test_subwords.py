"""The parts of words, held to gensim's and fastText's own."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from gensim.models.fasttext import compute_ngrams_bytes, ft_hash_bytes

from embedcore.errors import BadVectors, StorageProblem, UnknownWord
from embedcore.storage import write_array, write_json
from embedcore.subwords import NGRAMS_FILE, SUBWORDS_FILE, Subwords, cut_words
from embedcore.vectors import WordVectors

from .fasttext_models import LINES, UNKNOWN

# Where the letters of some scripts begin in Unicode: of one to four bytes.
SCRIPTS = [ord(letter) for letter in "aàΑаאاअกაᄀあ一가\U00010330😀"]
ROOT = Path(__file__).parent.parent


def words_of_many_scripts(count: int) -> list[str]:
    """Made-up words of 1 to 12 letters, some of two scripts."""
    random = np.random.default_rng(1)
    words = []
    for script in random.choice(SCRIPTS, count).tolist():
        letters = script + random.integers(0, 26, random.integers(1, 13))
        mixed = random.random() < 0.2
        words.append("".join(map(chr, letters.tolist())) + ("z1" if mixed else ""))
    return words


def made(bucket: int = 50, dim: int = 4, minn: int = 3, maxn: int = 6) -> Subwords:
    matrix = np.random.default_rng(2).normal(size=(bucket, dim)).astype(np.float32)
    return Subwords(matrix, minn=minn, maxn=maxn)


@pytest.mark.parametrize(("minn", "maxn"), [(3, 6), (1, 3), (2, 2), (5, 5), (1, 1), (4, 40)])
def test_parts_and_hashes_are_gensims(glove: WordVectors, minn: int, maxn: int) -> None:
    words = [*words_of_many_scripts(3_000), *glove.tokens[50_000:52_000], *" ".join(LINES).split(), *UNKNOWN]
    cut = cut_words([word.encode() for word in words], minn, maxn)
    expected = [compute_ngrams_bytes(word, minn, maxn) for word in words]
    assert cut.counts.tolist() == [len(parts) for parts in expected]
    flat = [part for parts in expected for part in parts]
    assert cut.parts() == flat
    assert cut.hashes.tolist() == [ft_hash_bytes(part) for part in flat]
    assert cut.rows(2_000_000).tolist() == [ft_hash_bytes(part) % 2_000_000 for part in flat]


def test_the_hash_is_fnv_1a_of_signed_bytes() -> None:
    cut = cut_words([b"foobar"], 6, 6)  # “foobar” is one of the test vectors of FNV's authors
    assert dict(zip(cut.parts(), cut.hashes.tolist(), strict=True))[b"foobar"] == 0xBF9CF968
    cut = cut_words(["é".encode()], 1, 1)
    expected = 2166136261
    for byte in "é".encode():
        expected = ((expected ^ (byte | 0xFFFFFF00)) * 16777619) % 2**32
    assert cut.hashes.tolist() == [expected]


def test_parts_are_fasttexts(tmp_path: Path) -> None:
    fasttext = pytest.importorskip("fasttext")
    from .fasttext_models import train

    model = fasttext.load_model(str(train(tmp_path)))
    subwords = Subwords(np.zeros((300, 10), np.float32), minn=3, maxn=6)
    for word in [word for word in UNKNOWN if "\0" not in word]:  # the package ends a word there
        parts, ids = model.get_subwords(word)
        assert subwords.parts(word) == parts
        assert (cut_words([word.encode()], 3, 6).rows(300) + len(model.words)).tolist() == ids.tolist()


def test_what_has_no_parts() -> None:
    subwords = made()
    assert subwords.parts("") == []
    assert subwords.vector("") is None
    assert subwords.vector("</s>") is None  # the end of a sentence, as in fastText
    assert made(minn=5).vector("한국") is None  # “<한국>” has 4 characters
    assert made(minn=5, maxn=5).parts("한국어") == ["<한국어>"]
    assert cut_words([], 3, 6).counts.tolist() == []
    assert cut_words([b"", b"</s>", b"ab"], 3, 3).parts() == [b"<ab", b"ab>"]


def test_bytes_that_are_no_text_harm_nothing() -> None:
    assert made().vector("lone \ud800 surrogate") is not None
    cut = cut_words([b"\x80\x80", b"\xff\xfe\x80", "네".encode()], 2, 3)
    assert cut.counts.tolist() == [1, 5, 3]
    assert cut.parts()[0] == b"<\x80\x80>"  # a byte that continues nothing goes with the one before, as in fastText


def test_the_vector_of_a_word_is_the_mean_of_its_parts() -> None:
    subwords = made()
    rows = [ft_hash_bytes(part) % 50 for part in compute_ngrams_bytes("학교에서", 3, 6)]
    vector = subwords.vector("학교에서")
    assert vector is not None
    assert vector.dtype == np.float32
    np.testing.assert_allclose(vector, subwords.matrix[rows].astype(float).mean(axis=0), rtol=1e-5)


def test_words_of_a_model_have_a_row_of_their_own_beside_their_parts() -> None:
    subwords = made()
    words = [*words_of_many_scripts(1_200), "</s>", ""]
    own = np.random.default_rng(3).normal(size=(len(words), 4)).astype(np.float32)
    found = subwords.with_parts([word.encode() for word in words], own)
    for word, row, vector in zip(words, own, found, strict=True):
        ids = [ft_hash_bytes(part) % 50 for part in compute_ngrams_bytes(word, 3, 6)] if word != "</s>" else []
        parts = subwords.matrix[ids].astype(float)
        np.testing.assert_allclose(vector, np.vstack([row, parts]).mean(axis=0), rtol=1e-4, atol=1e-6)


def test_long_words_are_cut_in_bounded_memory() -> None:
    subwords = Subwords(np.random.default_rng(3).normal(size=(50, 4)).astype(np.float32), minn=1, maxn=250)
    words = [b"%03d" % row * 100 for row in range(200)]  # nine million parts
    own = np.zeros((len(words), 4), np.float32)
    tracemalloc.start()
    found = subwords.with_parts(words, own)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200e6  # more than twice as much where all are cut at once
    one = subwords.with_parts(words[7:8], own[:1])
    np.testing.assert_array_equal(found[7:8], one)


def test_saved_and_opened_again(tmp_path: Path) -> None:
    assert Subwords.open(tmp_path) is None
    subwords = made()
    subwords.save(tmp_path)
    opened = Subwords.open(tmp_path)
    assert opened is not None
    assert (opened.minn, opened.maxn) == (3, 6)
    np.testing.assert_array_equal(opened.matrix, subwords.matrix)
    assert not opened.matrix.flags.writeable
    before = (tmp_path / NGRAMS_FILE).stat().st_mtime_ns
    opened.save(tmp_path)  # what is mapped from there is not written over
    assert (tmp_path / NGRAMS_FILE).stat().st_mtime_ns == before
    np.testing.assert_array_equal(opened.matrix, subwords.matrix)
    (tmp_path / "other").mkdir()
    opened.save(tmp_path / "other")
    again = Subwords.open(tmp_path / "other")
    assert again is not None
    np.testing.assert_array_equal(again.matrix, subwords.matrix)


@pytest.mark.parametrize(
    "said",
    [{}, {"minn": 3, "maxn": 6}, {"minn": 3, "maxn": 2, "bucket": 50}, {"minn": 3, "maxn": 6, "bucket": 51},
     {"minn": "many", "maxn": 6, "bucket": 50}, {"minn": None, "maxn": 6, "bucket": 50}],
)  # fmt: skip
def test_damage_is_said(tmp_path: Path, said: dict[str, object]) -> None:
    made().save(tmp_path)
    write_json(tmp_path / SUBWORDS_FILE, said)
    with pytest.raises(StorageProblem, match=r"subwords.json"):
        Subwords.open(tmp_path)


def test_a_damaged_matrix_is_said(tmp_path: Path) -> None:
    made().save(tmp_path)
    write_array(tmp_path / NGRAMS_FILE, np.zeros((50, 4)))
    with pytest.raises(StorageProblem, match=r"ngrams.npy does not fit"):
        Subwords.open(tmp_path)
    (tmp_path / NGRAMS_FILE).write_bytes(b"\x93NUMPY")
    with pytest.raises(StorageProblem, match=r"ngrams.npy is damaged"):
        Subwords.open(tmp_path)
    (tmp_path / NGRAMS_FILE).unlink()
    with pytest.raises(StorageProblem, match="There is no such file"):
        Subwords.open(tmp_path)


@pytest.mark.parametrize(("minn", "maxn"), [(0, 0), (4, 3), (1, 256)])
def test_lengths_that_no_part_can_have(minn: int, maxn: int) -> None:
    with pytest.raises(BadVectors, match="should have 1 to 255 characters"):
        made(minn=minn, maxn=maxn)


def test_a_matrix_without_rows() -> None:
    with pytest.raises(BadVectors, match=r"need a matrix with rows, but it is \(0, 4\)"):
        made(bucket=0)


# A set with subwords


@pytest.fixture
def vectors() -> WordVectors:
    matrix = np.random.default_rng(4).normal(size=(4, 4)).astype(np.float32)
    return WordVectors(["king", "queen", "학교", "apple"], matrix, name="mine", subwords=made())


def test_only_words_with_rows_are_in_a_set(vectors: WordVectors) -> None:
    assert "kings" not in vectors
    assert vectors.find("kings") is None
    assert vectors.rows(["king", "kings"]).tolist() == [0, -1]
    for look_up in (vectors.row, vectors.__getitem__):
        with pytest.raises(UnknownWord, match=r"“kings” is not in mine. Near: king"):
            look_up("kings")


def test_what_is_built_and_what_is_not(vectors: WordVectors) -> None:
    assert vectors.built("king") is None
    assert vectors.built(" King ") is None  # a set in lower case finds it
    built = vectors.built(" Kings ")
    assert built is not None
    assert built.word == "kings"
    assert built.parts[:2] == ["<ki", "<kin"]
    np.testing.assert_array_equal(built.vector, vectors.vector("kings"))
    assert [vectors.spelt(word) for word in ("King", " Kings ", "")] == ["king", "kings", None]
    np.testing.assert_array_equal(vectors.vector("King"), vectors["king"])
    decomposed = "\u1112\u1161\u11a8\u1100\u116d\u110b\u1166\u1109\u1165"
    np.testing.assert_array_equal(vectors.vector(decomposed), vectors.vector("학교에서"))  # composed before it is cut
    for word in ("", "  ", "</s>"):
        assert vectors.built(word) is None
        with pytest.raises(UnknownWord):
            vectors.vector(word)
    assert WordVectors(["king"], np.ones((1, 4))).built("kings") is None


def test_built_words_are_compared_as_others(vectors: WordVectors) -> None:
    a, b = vectors.vector("kings").astype(float), vectors["queen"].astype(float)
    cosine = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
    assert vectors.similarity("kings", "queen") == pytest.approx(cosine, abs=1e-6)
    assert vectors.similarity_matrix(["kings", "queen"])[0, 1] == pytest.approx(cosine, abs=1e-6)
    assert vectors.similarity_matrix([]).shape == (0, 0)
    near = vectors.most_similar("kings", topn=10)
    assert sorted(n.word for n in near) == sorted(vectors.tokens)  # none of them was asked about
    assert {n.word: n.similarity for n in near}["queen"] == pytest.approx(cosine, abs=1e-6)
    assert vectors.most_similar_each(["kings", "king"])[0] == near
    assert "king" not in [n.word for n in vectors.most_similar(["kings", "king"], ["학교에서"])]
    assert vectors.doesnt_match(["king", "queen", "학교에서"]) in ("king", "queen", "학교에서")
    with pytest.raises(UnknownWord):
        WordVectors(vectors.tokens, vectors.matrix).most_similar("kings")


def test_a_built_vector_without_a_direction_is_said() -> None:
    matrix = np.zeros((50, 4), np.float32)
    vectors = WordVectors(["king"], np.ones((1, 4)), subwords=Subwords(matrix, minn=3, maxn=6))
    with pytest.raises(BadVectors, match="The vector of “kings” is all zeros"):
        vectors.similarity("king", "kings")
    matrix = np.full((50, 4), np.inf, np.float32)
    vectors = WordVectors(["king"], np.ones((1, 4)), subwords=Subwords(matrix, minn=3, maxn=6))
    with pytest.raises(BadVectors, match="The vector of “kings” has a number that is not finite"):
        vectors.most_similar("kings")


def test_parts_of_another_length_than_the_words() -> None:
    with pytest.raises(BadVectors, match="Vectors of 3 numbers need parts of as many, but they have 4"):
        WordVectors(["king"], np.ones((1, 3)), subwords=made())


def test_building_a_word_imports_nothing_heavy() -> None:
    code = (
        "import numpy as np, sys; from embedcore.subwords import Subwords\n"
        "Subwords(np.ones((9, 2), np.float32), minn=3, maxn=6).vector('학교에서')\n"
        "print([name for name in ('torch', 'gensim', 'scipy', 'pandas', 'fasttext', 'numba') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
