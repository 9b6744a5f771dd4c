"""WordVectors: looking words up, asking about words, and the layer for PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

from embedcore import TrainConfig, Vocab, WordVectors, train
from embedcore.errors import BadVectors, UnknownWord
from embedcore.samples import SAMPLES
from embedcore.text import tokenize
from embedcore.vectors import Neighbor
from tests.gensim_sets import keyed_vectors

RNG = np.random.default_rng(11)
WORDS = ["the", "king", "queen", "Korea", "café", "zero"]
MATRIX = RNG.standard_normal((6, 4), dtype=np.float32)
MATRIX[5] = 0


@pytest.fixture
def cased() -> WordVectors:
    return WordVectors(WORDS, MATRIX, name="mine")


@pytest.fixture
def lower() -> WordVectors:
    return WordVectors([word.lower() for word in WORDS], MATRIX, name="mine")


def test_looking_up(cased: WordVectors) -> None:
    assert (len(cased), cased.dim) == (6, 4)
    assert cased.row("queen") == 2
    assert cased["queen"].dtype == np.float32
    np.testing.assert_array_equal(cased["queen"].view(np.uint32), MATRIX[2].view(np.uint32))
    assert "queen" in cased
    assert "Queen" not in cased
    assert 3 not in cased
    assert cased.tokens[3] == "Korea"


def test_nothing_can_be_changed(cased: WordVectors) -> None:
    for array in (cased.matrix, cased["king"]):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    assert MATRIX.flags.writeable


def test_a_lower_cased_set_lowers_the_question(lower: WordVectors, cased: WordVectors) -> None:
    assert lower.lowercased
    assert lower.find("Korea") == lower.find("KOREA") == "korea"
    assert lower.row("Korea") == 3
    assert "Korea" in lower
    assert lower.similarity("Korea", "KING") == lower.similarity("korea", "king")
    assert lower.most_similar("King", topn=2) == lower.most_similar("king", topn=2)
    assert not cased.lowercased
    assert cased.find("korea") is None
    assert WordVectors(["a", "B"], np.eye(2), lowercased=True).find("A") == "a"


def test_composition_and_space_around_a_word(cased: WordVectors) -> None:
    assert cased.find("cafe\u0301") == "café"
    assert cased.find(" king\n") == "king"
    spaced = WordVectors([" ", "e\u0301"], np.eye(2))
    assert spaced.row(" ") == 0  # a token of its own is found as it is
    assert spaced.row("e\u0301") == 1


def test_an_unknown_word_names_near_spellings(cased: WordVectors) -> None:
    with pytest.raises(UnknownWord) as caught:
        cased["kign"]
    assert str(caught.value) == "“kign” is not in mine. Near: king."
    with pytest.raises(UnknownWord) as caught:
        cased.row("a\nb")
    assert str(caught.value) == "“a\\nb” is not in mine."
    with pytest.raises(UnknownWord):
        cased.row("")


def test_rows_in_bulk_follow_the_same_rule(lower: WordVectors) -> None:
    assert lower.rows(["Korea", "absent", "king", "cafe\u0301"]).tolist() == [3, -1, 1, 4]
    assert lower.rows([]).tolist() == []


@pytest.mark.parametrize(
    ("tokens", "matrix", "sentence"),
    [
        (["a"], np.zeros((2, 3)), "A matrix of 2 rows needs as many words, but there are 1."),
        (["a"], np.zeros(3), "Vectors should come as a matrix of shape (words, dimensions), but it is (3,)."),
        (["a"], np.zeros((1, 0)), "Vectors should come as a matrix of shape (words, dimensions), but it is (1, 0)."),
    ],
)
def test_shapes_that_do_not_fit(tokens: list[str], matrix: np.ndarray, sentence: str) -> None:
    with pytest.raises(BadVectors) as caught:
        WordVectors(tokens, matrix)
    assert str(caught.value) == sentence
    with pytest.raises(BadVectors, match="as many norms"):
        WordVectors(["a"], np.ones((1, 2)), norms=np.ones(3, np.float32))


def test_other_kinds_of_numbers_become_float32() -> None:
    assert WordVectors(["a"], [[1, 2]]).matrix.dtype == np.float32


def test_similarity(cased: WordVectors) -> None:
    a, b = MATRIX[1].astype(float), MATRIX[2].astype(float)
    assert cased.similarity("king", "queen") == pytest.approx(a @ b / np.linalg.norm(a) / np.linalg.norm(b), abs=1e-14)
    matrix = cased.similarity_matrix(["king", "queen", "zero"])
    assert matrix[0, 1] == pytest.approx(cased.similarity("king", "queen"), abs=1e-14)
    assert np.isnan(matrix[2]).all()
    assert cased.similarity_matrix([]).shape == (0, 0)


def test_a_vector_without_a_direction_gets_a_sentence(cased: WordVectors) -> None:
    for ask in (
        lambda: cased.similarity("king", "zero"),
        lambda: cased.most_similar("zero"),
        lambda: cased.doesnt_match(["king", "queen", "zero"]),
    ):
        with pytest.raises(BadVectors, match="The vector of “zero” is all zeros, so it points nowhere"):
            ask()
    broken = WordVectors(["a", "b", "c"], [[1, 0], [np.nan, 1], [0, 1]])
    with pytest.raises(BadVectors, match="The vector of “b” has a number that is not finite"):
        broken.similarity("a", "b")
    assert [answer.word for answer in broken.most_similar("a")] == ["c"]
    np.testing.assert_array_equal(broken.mean, [0.5, 0.5])


def test_most_similar_leaves_out_the_question_and_zeros(cased: WordVectors) -> None:
    answers = cased.most_similar("king")
    assert sorted(answer.word for answer in answers) == sorted(["the", "queen", "Korea", "café"])
    assert [answer.similarity for answer in answers] == sorted((answer.similarity for answer in answers), reverse=True)
    for answer in answers:
        assert isinstance(answer, Neighbor)
        assert cased.tokens[answer.row] == answer.word
        assert answer.similarity == pytest.approx(cased.similarity("king", answer.word), abs=1e-12)
    assert len(cased.most_similar("king", topn=2)) == 2
    assert cased.most_similar("king", topn=0) == []
    assert {answer.word for answer in cased.most_similar("king", within=3)} == {"the", "queen"}
    with pytest.raises(BadVectors, match="at least one word"):
        cased.most_similar([])


def test_repeated_words_answer_once_and_never_themselves() -> None:
    matrix = RNG.standard_normal((40, 3), dtype=np.float32)
    matrix[1::2] = matrix[1] + 0.001 * matrix[1::2]
    words = ["a", "b"] * 15 + [f"w{n}" for n in range(10)]
    vectors = WordVectors(words, matrix)
    np.testing.assert_array_equal(vectors["b"], matrix[1])
    answers = vectors.most_similar("b", topn=11)
    assert len(answers) == 11
    assert len({answer.word for answer in answers}) == 11
    assert "b" not in {answer.word for answer in answers}
    assert len(vectors.most_similar("b", topn=100)) == 11


def test_neighbours_of_each_of_many_words(glove: WordVectors) -> None:
    words = [*glove.tokens[300:390:3], "Korea", "king"]
    for within in (None, 5_000, np.arange(400, 900)):
        each = glove.most_similar_each(words, topn=7, within=within)
        assert each == [glove.most_similar(word, topn=7, within=within) for word in words]
    assert glove.most_similar_each([]) == []
    assert glove.most_similar_each(["king"], topn=0) == [[]]
    with pytest.raises(UnknownWord, match="“kign”"):
        glove.most_similar_each(["king", "kign"])


def test_neighbours_of_each_where_words_repeat_or_have_no_direction() -> None:
    matrix = RNG.standard_normal((60, 3), dtype=np.float32)
    matrix[1::2], matrix[7] = matrix[1], 0
    matrix[9, 1] = np.nan
    vectors = WordVectors(["a", "b", "c"] * 15 + [f"w{n}" for n in range(14)] + ["zero"], np.roll(matrix, 52, axis=0))
    words = ["a", "b", "zero", "c", "w3"]
    each = vectors.most_similar_each(words, topn=12)
    assert each[2] == []
    for word, answers in zip(words, each, strict=True):
        if answers:
            assert answers == vectors.most_similar(word, topn=12)
            assert len({answer.word for answer in answers} - {word}) == len(answers) == 12


def test_doesnt_match(glove: WordVectors) -> None:
    assert glove.doesnt_match(["breakfast", "cereal", "dinner", "lunch"]) == "cereal"
    with pytest.raises(BadVectors, match="at least three different words"):
        glove.doesnt_match(["king", "queen", "king"])


def test_an_empty_set() -> None:
    empty = WordVectors([], np.empty((0, 5)))
    assert (len(empty), empty.dim) == (0, 5)
    assert "a" not in empty
    assert empty.mean.tolist() == [0] * 5
    with pytest.raises(UnknownWord):
        empty.most_similar("a")
    assert empty.to_embedding(Vocab(["a"])).weight.tolist() == [[0] * 5] * 3


# Against numpy and gensim, on the real thing.


@pytest.fixture(scope="module")
def keyed(glove: WordVectors):  # type: ignore[no-untyped-def]
    """KeyedVectors of gensim with the same matrix."""
    return keyed_vectors(glove)


QUESTIONS = ["king", "korea", "apple", "the", "sandberger", "1", ",", "liberty"]


def test_similarities_equal_gensims_and_numpys(glove: WordVectors, keyed) -> None:  # type: ignore[no-untyped-def]
    for a in QUESTIONS:
        for b in QUESTIONS:
            assert glove.similarity(a, b) == pytest.approx(float(keyed.similarity(a, b)), abs=1e-6)
    rows = glove.matrix[[glove.row(word) for word in QUESTIONS]].astype(np.float64)
    units = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    np.testing.assert_allclose(glove.similarity_matrix(QUESTIONS), units @ units.T, atol=1e-6)


@pytest.mark.parametrize("word", QUESTIONS)
def test_neighbours_equal_gensims_and_numpys(glove: WordVectors, keyed, word: str) -> None:  # type: ignore[no-untyped-def]
    ours = glove.most_similar(word, topn=10)
    theirs = keyed.most_similar(word, topn=10)
    assert [answer.word for answer in ours] == [token for token, _ in theirs]
    np.testing.assert_allclose([answer.similarity for answer in ours], [score for _, score in theirs], atol=1e-6)
    wide = glove.matrix.astype(np.float64)
    cosines = wide @ wide[glove.row(word)] / np.linalg.norm(wide, axis=1) / np.linalg.norm(wide[glove.row(word)])
    cosines[glove.row(word)] = -2
    order = np.argsort(-cosines, kind="stable")[:10]
    assert [answer.row for answer in ours] == order.tolist()
    np.testing.assert_allclose([answer.similarity for answer in ours], cosines[order], atol=1e-6)


@pytest.mark.parametrize(
    ("plus", "minus"), [(["king", "woman"], ["man"]), (["paris", "korea"], ["france"]), (["good"], ["bad", "worse"])]
)
def test_analogies_equal_gensims(glove: WordVectors, keyed, plus: list[str], minus: list[str]) -> None:  # type: ignore[no-untyped-def]
    ours = glove.most_similar(plus, minus, topn=10)
    theirs = keyed.most_similar(positive=plus, negative=minus, topn=10)
    assert [answer.word for answer in ours] == [token for token, _ in theirs]
    np.testing.assert_allclose([answer.similarity for answer in ours], [score for _, score in theirs], atol=1e-6)


def test_within_equals_gensims_restriction(glove: WordVectors, keyed) -> None:  # type: ignore[no-untyped-def]
    ours = glove.most_similar("king", topn=5, within=10_000)
    assert [answer.word for answer in ours] == [
        word for word, _ in keyed.most_similar("king", topn=5, restrict_vocab=10_000)
    ]


def test_odd_ones_out_equal_gensims(glove: WordVectors, keyed) -> None:  # type: ignore[no-untyped-def]
    for words in (["king", "queen", "apple"], ["korea", "japan", "china", "potato"], QUESTIONS):
        assert glove.doesnt_match(words) == keyed.doesnt_match(words)


def test_a_set_trained_here_equals_gensim_and_numpy_too() -> None:
    sentences = list(tokenize(SAMPLES["English"].text))
    trained = train(sentences, TrainConfig(dim=25, epochs=3, min_count=1))
    theirs, words = keyed_vectors(trained), trained.tokens[::9]
    wide = trained.matrix.astype(np.float64)
    units = wide / np.linalg.norm(wide, axis=1, keepdims=True)
    by_numpy = units @ units.T
    np.testing.assert_allclose(trained.similarity_matrix(words), by_numpy[::9, ::9], atol=1e-6)
    among = {None: range(len(trained)), 50: range(50), "a list": range(4, 90, 3)}
    for word in words:
        row = trained.row(word)
        pairs = [(trained.similarity(word, other), float(theirs.similarity(word, other))) for other in words]
        np.testing.assert_allclose(*zip(*pairs, strict=True), atol=1e-6)
        for name, looked in among.items():
            within = np.array(looked) if isinstance(name, str) else name
            best = sorted((other for other in looked if other != row), key=lambda other: -by_numpy[row, other])[:10]
            answers = trained.most_similar(word, topn=10, within=within)
            assert [answer.row for answer in answers] == best
            np.testing.assert_allclose([a.similarity for a in answers], by_numpy[row, best], atol=1e-6)
            if not isinstance(within, np.ndarray):
                expected = theirs.most_similar(word, topn=10, restrict_vocab=within)
                np.testing.assert_allclose([a.similarity for a in answers], [c for _, c in expected], atol=1e-6)


# nn.Embedding


def test_the_whole_matrix_as_a_layer(cased: WordVectors) -> None:
    layer = cased.to_embedding()
    assert (layer.num_embeddings, layer.embedding_dim, layer.padding_idx) == (6, 4, None)
    assert not layer.weight.requires_grad
    np.testing.assert_array_equal(layer.weight.numpy(), MATRIX)


def test_a_layer_for_a_vocabulary(glove: WordVectors) -> None:
    words = [glove.tokens[0], "xqzzt", glove.tokens[200_000], "Korea", glove.tokens[399_999]]
    vocab = Vocab(words)
    layer = glove.to_embedding(vocab, freeze=False)
    weight = layer.weight.detach().numpy()
    assert (layer.num_embeddings, layer.embedding_dim, layer.padding_idx) == (7, 50, 1)
    assert layer.weight.requires_grad
    for word in words:
        if word in glove:
            np.testing.assert_array_equal(weight[vocab.stoi[word]], glove[word])
    mean = glove.matrix.astype(np.float64).mean(axis=0)
    np.testing.assert_allclose(weight[0], mean, atol=1e-6)
    np.testing.assert_allclose(weight[vocab.stoi["xqzzt"]], mean, atol=1e-6)
    assert not weight[1].any()


def test_training_the_layer_leaves_the_set_as_it_is(glove: WordVectors) -> None:
    import torch

    before = glove["king"].copy()
    layer = glove.to_embedding(Vocab(["king"]), freeze=False)
    layer(torch.tensor([2, 1, 0])).sum().backward()
    with torch.no_grad():
        layer.weight -= layer.weight.grad
    np.testing.assert_array_equal(glove["king"], before)
    assert not layer.weight[1].any()  # <pad> gets no gradient


def test_specials_named_in_a_set_are_not_taken_from_it() -> None:
    vectors = WordVectors(["<pad>", "<unk>", "a"], np.eye(3))
    weight = vectors.to_embedding(Vocab(["a"])).weight
    np.testing.assert_allclose(weight.numpy(), [[1 / 3] * 3, [0] * 3, [0, 0, 1]], atol=1e-7)
