"""fastText's models, held to what fastText and gensim read of them; and models that are damaged."""

from __future__ import annotations

import gzip
import struct
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gensim.models.fasttext import FastText, load_facebook_vectors, save_facebook_model

from embedcore import formats
from embedcore.__main__ import main
from embedcore.errors import BadSetting, BadVectors, EmbedcoreError, StorageProblem
from embedcore.formats import fasttext_file, read
from embedcore.importing import import_vectors
from embedcore.library import list_vectors, open_vectors, rename_vectors, save_vectors
from embedcore.settings import Settings
from embedcore.subwords import NGRAMS_FILE, SUBWORDS_FILE
from embedcore.vectors import WordVectors

from .fasttext_models import LINES, UNKNOWN, train

SHARED = Path(__file__).parents[2] / "shared" / "data" / "vectors"
CLASSIFIER = "It is a classifier: words lie by the labels that they speak for. Its labels were left out."
PARTS = "It builds other words from their parts, of 3 to 6 characters."
# Where things lie in a file: magic and version, then 12 settings of 4 bytes and one of 8, then the counts.
DIM, VERSION, MODEL, BUCKET, MINN, MAXN, ENTRIES, WORDS, LABELS, PRUNED, FIRST_WORD = (
    8, 4, 36, 40, 44, 48, 64, 68, 72, 84, 92,
)  # fmt: skip


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A small model of each kind."""
    settings: dict[str, dict[str, Any]] = {
        "skipgram": {}, "cbow": {"minn": 1, "maxn": 4}, "without": {"maxn": 0}, "supervised": {"minn": 2, "maxn": 4},
        "supervised_words": {"wordNgrams": 2}, "quantised": {"minn": 2, "maxn": 4},
    }  # fmt: skip
    kinds = {"without": "skipgram", "supervised_words": "supervised"}
    return {
        name: train(tmp_path_factory.mktemp(name), kinds.get(name, name), **said) for name, said in settings.items()
    }


def gensims(path: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return load_facebook_vectors(str(path))


def fasttexts(path: Path) -> Any:
    import fasttext

    return fasttext.load_model(str(path))


def changed(path: Path, folder: Path, at: int, content: bytes) -> Path:
    """A copy of a file with other bytes at a place."""
    data = bytearray(path.read_bytes())
    data[at : at + len(content)] = content
    copy = folder / "changed.bin"
    copy.write_bytes(data)
    return copy


def dictionary_ends(data: bytes) -> int:
    """Where the quantised flag lies, behind the dictionary of a model."""
    at = FIRST_WORD
    for _ in range(struct.unpack_from("<i", data, ENTRIES)[0]):
        at = data.index(b"\0", at) + 10
    return at


# Values


@pytest.mark.parametrize("kind", ["skipgram", "cbow", "without", "supervised", "supervised_words"])
def test_words_and_unknown_words_are_fasttexts(models: dict[str, Path], kind: str) -> None:
    vectors, told = read(models[kind])
    model = fasttexts(models[kind])
    assert vectors.tokens[:] == model.words
    assert "</s>" in vectors
    assert told.rows == len(model.words) == len(set(" ".join(LINES).split())) + 1
    assert told.skipped == {}
    np.testing.assert_allclose(vectors.matrix, [model[word] for word in model.words], rtol=1e-5, atol=1e-7)
    built = kind in ("skipgram", "cbow", "supervised")
    assert (vectors.subwords is not None) == built
    for word in [word for word in UNKNOWN if "\0" not in word and not word.startswith("e\u0301")]:
        assert word not in vectors
        if not built:
            assert vectors.built(word) is None
        elif (found := vectors.subwords and vectors.subwords.vector(word)) is not None:
            np.testing.assert_allclose(found, model[word], rtol=1e-5, atol=1e-7)
        else:
            assert not model[word].any()  # a word without a part, such as “<” of at least 3 characters
    assert told.notes == {
        "skipgram": [PARTS], "cbow": [PARTS.replace("3 to 6", "1 to 4")], "without": [],
        "supervised": [CLASSIFIER, PARTS.replace("3 to 6", "2 to 4")], "supervised_words": [CLASSIFIER],
    }[kind]  # fmt: skip


@pytest.mark.parametrize("kind", ["skipgram", "cbow", "without"])
def test_words_and_unknown_words_are_gensims(models: dict[str, Path], kind: str) -> None:
    vectors, _ = read(models[kind])
    keyed = gensims(models[kind])
    assert vectors.tokens[:] == keyed.index_to_key
    same = [row for row, token in enumerate(vectors.tokens) if token != "</s>"]  # which gensim cuts, fastText does not
    assert len(same) == len(vectors) - 1
    np.testing.assert_array_equal(vectors.matrix[same], keyed.vectors[same])
    for word in UNKNOWN if vectors.subwords else []:
        found = vectors.subwords.vector(word) if vectors.subwords else None
        np.testing.assert_allclose(np.zeros(10) if found is None else found, keyed[word], rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", ["crime-and-punishment.bin", "non_ascii_fasttext.bin"])
def test_real_models_read_as_gensim_reads_them(name: str) -> None:
    if not (SHARED / name).is_file():
        pytest.skip(f"there is no {name} beside the repository")
    vectors, told = read(SHARED / name)
    keyed = gensims(SHARED / name)
    assert vectors.tokens[:] == keyed.index_to_key
    assert (told.format, told.rows, told.skipped) == ("fasttext", len(keyed), {})
    same = [row for row, token in enumerate(vectors.tokens) if token != "</s>"]
    assert len(same) >= len(vectors) - 1
    np.testing.assert_array_equal(vectors.matrix[same], keyed.vectors[same])
    for word in [*UNKNOWN, "преступления", "nejneobhospodařovávatelnějšími"]:
        assert word not in vectors
        assert vectors.subwords is not None
        found = vectors.subwords.vector(word)
        np.testing.assert_allclose(np.zeros(vectors.dim) if found is None else found, keyed[word], rtol=1e-5, atol=1e-7)


def test_a_real_model_has_the_vectors_of_its_vec_file() -> None:
    path = SHARED / "crime-and-punishment.vec"
    if not path.is_file():
        pytest.skip("there is no crime-and-punishment.vec beside the repository")
    text, (model, _) = read(path)[0], read(path.with_suffix(".bin"))
    assert model.tokens[:] == text.tokens[:]
    np.testing.assert_allclose(model.matrix, text.matrix, atol=1e-5)  # “</s>” too: the text has five digits


def test_a_model_that_gensim_wrote(tmp_path: Path) -> None:
    trained = FastText([line.split() for line in LINES], vector_size=6, min_count=1, bucket=200, epochs=1, seed=1)
    save_facebook_model(trained, str(tmp_path / "gensim.bin"))
    vectors, _ = read(tmp_path / "gensim.bin")
    assert vectors.tokens[:] == trained.wv.index_to_key
    np.testing.assert_allclose(vectors.matrix, trained.wv.vectors, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(vectors.vector("학교에"), trained.wv["학교에"], rtol=1e-5, atol=1e-7)


# Ways to read


@pytest.mark.parametrize("packed", ["plain", "gz", "zip"])
@pytest.mark.parametrize("block", [64, 1 << 23])
@pytest.mark.parametrize("stored", [False, True])
def test_packed_in_small_blocks_and_into_a_folder(
    models: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packed: str, block: int, stored: bool
) -> None:
    expected, _ = read(models["skipgram"])
    path = models["skipgram"]
    if packed == "gz":
        path = tmp_path / "model.bin.gz"
        path.write_bytes(gzip.compress(models["skipgram"].read_bytes()))
    elif packed == "zip":
        path = tmp_path / "model.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(models["skipgram"], "some/model.bin")
            archive.write(models["cbow"], "some/other.bin")
    monkeypatch.setattr(fasttext_file, "_BLOCK", block)
    monkeypatch.setattr(fasttext_file, "_STRIDE", 10 * block)
    monkeypatch.setattr(fasttext_file, "_WORDS_AT_ONCE", 7)
    told: list[float] = []
    into = tmp_path / "into" if stored else None
    if into:
        into.mkdir()
    vectors, _ = read(path, into=into, member="model.bin" if packed == "zip" else None, on_progress=told.append)
    assert vectors.tokens[:] == expected.tokens[:]
    np.testing.assert_array_equal(vectors.matrix, expected.matrix)
    assert vectors.subwords is not None
    assert expected.subwords is not None
    np.testing.assert_array_equal(vectors.subwords.matrix, expected.subwords.matrix)
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len(told) > (40 if block == 64 else 2)
    if into:
        assert sorted(file.name for file in into.iterdir()) == ["matrix.npy", NGRAMS_FILE]
        np.testing.assert_array_equal(np.load(into / NGRAMS_FILE), expected.subwords.matrix)


def test_reading_that_is_stopped_leaves_nothing(models: dict[str, Path], tmp_path: Path) -> None:
    class Stopped(Exception):
        pass

    for after in (0.0, 0.3, 0.9):

        def stop(share: float, after: float = after) -> None:
            if share >= after:
                raise Stopped

        with pytest.raises(Stopped):
            read(models["skipgram"], into=tmp_path, on_progress=stop)
        assert list(tmp_path.iterdir()) == []


def test_a_look_tells_the_first_words(models: dict[str, Path], tmp_path: Path) -> None:
    whole, _ = read(models["skipgram"])
    look = formats.look(models["skipgram"], rows=3)
    assert (look.format, look.dim, look.rows, look.tokens) == ("fasttext", 10, len(whole), whole.tokens[:3])
    assert look.matrix.shape == (0, 10)
    assert look.notes == [PARTS]
    assert look.disk >= 4 * 10 * (len(whole) + 300)
    long = tmp_path / "long.bin"  # only its beginning is here
    long.write_bytes(models["skipgram"].read_bytes()[: FIRST_WORD + 40])
    assert formats.look(long, rows=50).tokens == whole.tokens[: len(formats.look(long, rows=50).tokens)] != []
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.write(models["skipgram"], "a.bin")
        archive.write(models["cbow"], "b.bin")
    look = formats.look(tmp_path / "two.zip", member="b.bin")
    assert (look.members, look.member, look.format) == (["a.bin", "b.bin"], "b.bin", "fasttext")


def test_what_is_said_to_be_a_model_and_is_none(models: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("a 1 2\nb 3 4\n")
    with pytest.raises(BadVectors, match=r"“words.txt” is no fastText model"):
        read(tmp_path / "words.txt", "fasttext")
    with pytest.raises(BadVectors, match=r"“skipgram.bin” is a fastText model. Import it as one."):
        read(models["skipgram"], "word2vec-binary")
    assert read(models["skipgram"], "fasttext")[1].format == "fasttext"
    with pytest.raises(BadSetting, match="There is no format “fasttext”"):
        formats.export(WordVectors(["a"], [[1.0]]), "fasttext", tmp_path / "out")


# Models that cannot be read, or not wholly


def test_a_quantised_model_is_refused(models: dict[str, Path], tmp_path: Path) -> None:
    for path in (models["quantised"], changed(models["skipgram"], tmp_path, PRUNED, struct.pack("<q", 5))):
        with pytest.raises(BadVectors, match=r"is a quantised fastText model \(.ftz\), .* Import the .bin"):
            read(path)


def test_a_model_of_a_later_layout_is_refused(models: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(BadVectors, match=r"is a fastText model of a later version \(13\) than is known here"):
        read(changed(models["skipgram"], tmp_path, VERSION, struct.pack("<i", 13)))


def test_a_classifier_of_version_11_has_no_parts(models: dict[str, Path], tmp_path: Path) -> None:
    old = changed(models["supervised"], tmp_path, VERSION, struct.pack("<i", 11))
    vectors, model = read(old)[0], fasttexts(old)
    assert vectors.subwords is None
    np.testing.assert_allclose(vectors.matrix, [model[word] for word in model.words], rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("kind", ["skipgram", "without"])
def test_a_model_cut_short_anywhere(models: dict[str, Path], tmp_path: Path, kind: str) -> None:
    data = models[kind].read_bytes()
    needed = dictionary_ends(data) + 17 + 40 * sum(struct.unpack_from("<i", data, at)[0] for at in (WORDS, BUCKET))
    assert needed < len(data)
    path = tmp_path / "cut.bin"
    for size in [*range(8, 200), *range(200, needed, 37), needed - 1]:
        path.write_bytes(data[:size])
        with pytest.raises(BadVectors, match=r"“cut.bin” is a fastText model, but it is cut short. Get it again."):
            read(path, into=tmp_path)
        assert [file.name for file in tmp_path.iterdir()] == ["cut.bin"]
    path.write_bytes(data[:needed])  # what it predicts with is not read
    np.testing.assert_array_equal(read(path)[0].matrix, read(models[kind])[0].matrix)


@pytest.mark.parametrize("at", [DIM, BUCKET, MINN, MAXN, ENTRIES, WORDS, LABELS])
@pytest.mark.parametrize("number", [-(2**31), -1, 0, 1, 12345, 2**31 - 1])
def test_numbers_that_lie(models: dict[str, Path], tmp_path: Path, at: int, number: int) -> None:
    path = changed(models["skipgram"], tmp_path, at, struct.pack("<i", number))
    if at == MINN and number <= 1:  # one more length of parts is still a model
        assert len(read(path)[0]) == len(read(models["skipgram"])[0])
    elif at in (MINN, MAXN) and number <= 12345 and not (at == MAXN and number > 255):
        assert read(path)[0].subwords is None  # no word has parts of such lengths
    elif (at, number) != (LABELS, 0) and not (at == MINN and number > 6):
        with pytest.raises(BadVectors, match=r"is a fastText model, but it is (damaged|cut short)"):
            read(path)


def test_bytes_changed_at_random(models: dict[str, Path], tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    size = dictionary_ends(models["cbow"].read_bytes()) + 30
    refused = 0
    for _ in range(300):
        at = int(random.integers(4, size))
        path = changed(models["cbow"], tmp_path, at, random.bytes(int(random.integers(1, 5))))
        try:
            read(path)
        except EmbedcoreError:
            refused += 1
    assert 0 < refused < 300


def test_a_damaged_dictionary_or_matrix(models: dict[str, Path], tmp_path: Path) -> None:
    data = models["skipgram"].read_bytes()
    flag = dictionary_ends(data)
    label = data.index(b"\0", FIRST_WORD) + 9
    for at, content in ((flag + 1, struct.pack("<q", 2**60)), (flag + 9, struct.pack("<q", 11)), (label, b"\1")):
        with pytest.raises(BadVectors, match=r"it is damaged: its parts do not fit each other. Get it again."):
            read(changed(models["skipgram"], tmp_path, at, content))
    endless = tmp_path / "endless.bin"
    endless.write_bytes(data[:FIRST_WORD] + b"x" * 200_000)
    with pytest.raises(BadVectors, match="it is damaged"):
        read(endless)


def test_words_that_cannot_be_used_are_skipped_and_counted(models: dict[str, Path], tmp_path: Path) -> None:
    data = bytearray(models["skipgram"].read_bytes())
    good, _ = read(models["skipgram"])
    for word, instead in (("queen", b"q\xffeen"), ("apple", b"where"), ("an", b"\0a")):  # the last: empty, and damaged
        at = data.index(b"\0" + word.encode() + b"\0") + 1
        if word != "an":
            data[at : at + len(instead)] = instead
    row = dictionary_ends(data) + 17 + 40 * good.row("eat")
    data[row : row + 4] = struct.pack("<f", np.nan)
    path = tmp_path / "odd.bin"
    path.write_bytes(data)
    vectors, told = read(path, into=tmp_path)
    where = sorted([good.row("where"), good.row("apple")])[0]  # of a repeated word the first counts
    assert told.skipped == {
        "a word that is not UTF-8": 1, "numbers that are not finite": 1, "a repeated word": 1,
    }  # fmt: skip
    assert len(vectors) == len(good) - 3 == told.rows
    assert not {"queen", "apple", "eat"} & set(vectors.tokens)
    np.testing.assert_array_equal(vectors["king"], good["king"])
    assert np.isfinite(vectors["where"]).all()
    assert vectors.row("where") <= where
    assert np.isfinite(vectors.vector("eating")).all()  # the parts are whole


# In the library


def test_a_model_is_kept_with_its_parts(models: dict[str, Path], home: Settings) -> None:
    expected, _ = read(models["skipgram"])
    info = import_vectors(models["skipgram"], "모델", settings=home).info
    assert info.subwords
    assert info.imported == {"format": "fasttext", "skipped": {}, "notes": [PARTS]}
    opened = open_vectors("모델", home)
    np.testing.assert_array_equal(opened.matrix, expected.matrix)
    np.testing.assert_array_equal(opened.vector("학교에"), expected.vector("학교에"))
    assert opened.subwords is not None
    assert not opened.subwords.matrix.flags.owndata  # mapped
    assert (home.vectors_dir / "모델" / NGRAMS_FILE).stat().st_size < info.bytes
    save_vectors("copy", opened, source="test", settings=home)
    np.testing.assert_array_equal(open_vectors("copy", home).vector("학교에"), expected.vector("학교에"))
    rename_vectors("copy", "other", settings=home)
    np.testing.assert_array_equal(open_vectors("other", home).vector("학교에"), expected.vector("학교에"))
    import_vectors(models["without"], "other", overwrite=True, settings=home)
    assert open_vectors("other", home).subwords is None
    assert {i.name: i.subwords for i in list_vectors(home)} == {"glove.6B.50d": False, "other": False, "모델": True}


@pytest.mark.parametrize("lost", [NGRAMS_FILE, SUBWORDS_FILE])
def test_a_kept_model_that_lost_its_parts(models: dict[str, Path], home: Settings, lost: str) -> None:
    import_vectors(models["skipgram"], "mine", settings=home)
    (home.vectors_dir / "mine" / lost).unlink()
    with pytest.raises(StorageProblem, match=r"Could not open the vector set “mine”: .* Delete the set"):
        open_vectors("mine", home)


def test_an_import_that_fails_leaves_nothing(models: dict[str, Path], home: Settings, tmp_path: Path) -> None:
    cut = tmp_path / "cut.bin"
    cut.write_bytes(models["skipgram"].read_bytes()[:-3000])
    for path in (cut, models["quantised"]):
        with pytest.raises(BadVectors):
            import_vectors(path, "mine", settings=home)
    assert list(home.vectors_dir.iterdir()) == []


def test_an_export_says_that_it_holds_words_alone(models: dict[str, Path], tmp_path: Path) -> None:
    note = "Words alone were written: the parts that build others have no place in this format."
    vectors, _ = read(models["skipgram"])
    written = formats.export(vectors, "word2vec-binary", tmp_path / "out.bin")
    assert written.notes == [note]
    assert str(written) == f"{len(vectors)} vectors written. {note}"
    np.testing.assert_array_equal(read(tmp_path / "out.bin")[0].matrix, vectors.matrix)
    assert formats.content(vectors, "glove")[1].notes == [note]
    assert formats.export(read(models["without"])[0], "glove", tmp_path / "out.txt").notes == []


def test_the_command_line_builds_words(
    models: dict[str, Path], home: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    import_vectors(models["skipgram"], "mine", settings=home)
    capsys.readouterr()
    vectors = open_vectors("mine", home)
    assert main(["similarity", "mine", "학교에", "king"]) == 0
    said = capsys.readouterr()
    assert said.out.strip() == f"{vectors.similarity('학교에', 'king'):.4f}"
    assert said.err.strip() == "“학교에” is not in the set; its vector is built from its parts."
    assert main(["neighbors", "mine", "kingdom", "-k", "2"]) == 0
    assert capsys.readouterr().out.split()[1::2] == [n.word for n in vectors.most_similar("kingdom", topn=2)]
    assert main(["analogy", "mine", "king", "kings", "queenly", "-k", "1"]) == 0
    assert capsys.readouterr().out.split()[1] == vectors.most_similar(["kings", "queenly"], ["king"], topn=1)[0].word
    assert main(["similarity", "mine", " ", "king"]) == 2
    assert "is not in mine" in capsys.readouterr().err
