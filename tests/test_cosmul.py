"""3CosMul on arrays and in a set, against a plain computation in float64 and against gensim."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from embedcore import cosmul, search
from embedcore.errors import BadVectors, UnknownWord
from embedcore.vectors import WordVectors
from tests.gensim_sets import keyed_vectors

RNG = np.random.default_rng(11)
ANALOGIES = [
    ("man", "king", "woman"), ("france", "paris", "korea"), ("walk", "walking", "swim"), ("good", "better", "bad"),
    ("japan", "tokyo", "germany"), ("the", "of", "sandberger"),
]  # fmt: skip


def brute(matrix, vectors, question, topn, exclude=(), rows=None):  # type: ignore[no-untyped-def]
    """Rows and scores by a sort of everything in float64."""

    def unit(some):  # type: ignore[no-untyped-def]
        wide = some.astype(np.float64)
        with np.errstate(all="ignore"):
            wide = wide / np.abs(wide).max(axis=1, keepdims=True)
            return wide / np.linalg.norm(wide, axis=1, keepdims=True)

    cosines = np.clip(np.round(unit(matrix) @ unit(vectors).T, 12), -1, 1)
    above, below = np.ones(len(matrix)), np.ones(len(matrix))
    for weight, place in question:
        shifted = (1 + cosines[:, place]) / 2
        if weight > 0:
            above = above * shifted**weight
        elif weight < 0:
            below = below * shifted**-weight
    scores = above / (below + 1e-6)
    candidates = np.arange(len(matrix)) if rows is None else np.asarray(rows, dtype=np.int64)
    scores, candidates = scores[candidates], candidates[~np.isnan(scores[candidates])]
    scores = scores[~np.isnan(scores)]
    kept = ~np.isin(candidates, list(exclude))
    candidates, scores = candidates[kept], scores[kept]
    order = np.lexsort((candidates, -scores))[:topn]
    return candidates[order].tolist(), scores[order]


@pytest.mark.parametrize(
    "question",
    [[(1, 0), (-1, 1), (1, 2)], [(1, 0)], [(2, 0), (-0.5, 1)], [(1, 0), (1, 1), (1, 2), (1, 3), (-1, 4), (-2, 5)],
     [(0, 0), (1, 1)], [(1, 0), (-1, 0)], [(30, 0), (-40, 3)]],
)  # fmt: skip
@pytest.mark.parametrize("shape", [(40, 3), (9_000, 12), (5, 300), (70_000, 2)])
def test_the_best_are_those_of_a_full_sort(question: cosmul.Question, shape: tuple[int, int]) -> None:
    matrix = RNG.standard_normal(shape, dtype=np.float32)
    vectors = RNG.standard_normal((6, shape[1]), dtype=np.float32)
    vectors[2] = matrix[1]
    lengths = search.norms(matrix)
    ((rows, scores),) = cosmul.most_similar_many(matrix, lengths, vectors, [question], 12, exclude=[[1, 3]])
    expected, theirs = brute(matrix, vectors, question, 12, {1, 3})
    assert rows.tolist() == expected
    np.testing.assert_allclose(scores, theirs, rtol=1e-9)


def test_odd_rows_and_where_to_look() -> None:
    matrix = RNG.standard_normal((8_000, 6), dtype=np.float32)
    matrix[10], matrix[11, 2], matrix[12, 0] = 0, np.nan, np.inf
    matrix[20] *= np.float32(1e-30)
    matrix[21] *= np.float32(1e30)
    matrix[30:60] = matrix[29]  # equal ones: the lower row comes first
    matrix[61:90] = matrix[29] * np.arange(2, 31, dtype=np.float32)[:, None]
    matrix[100] = -matrix[5]  # nothing in common with the word that is divided by
    vectors, lengths = matrix[[29, 5, 20, 21]], search.norms(matrix)
    questions = [[(1.0, 0), (-1.0, 1), (1.0, 2)], [(1.0, 3), (1.0, 0)], [(1.0, 2), (-2.0, 1)]]
    for within, rows in ((None, None), (50, range(50)), ([7, 10, 11, 12, 20, 21, 29, 35, 100], None), (0, [])):
        listed = rows if rows is not None or within is None else within
        found = cosmul.most_similar_many(matrix, lengths, vectors, questions, 40, exclude=[[29]] * 3, within=within)
        for question, (answers, scores) in zip(questions, found, strict=True):
            expected, theirs = brute(matrix, vectors, question, 40, {29}, None if listed is None else [*listed])
            assert answers.tolist() == expected
            np.testing.assert_allclose(scores, theirs, rtol=1e-9)
            assert not {10, 11, 12} & set(answers.tolist())


def test_the_answer_does_not_depend_on_what_else_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    matrix = RNG.standard_normal((30_000, 8), dtype=np.float32)
    vectors, lengths = matrix[:40], search.norms(matrix)
    questions = [[(1.0, n % 40), (-1.0, (n * 7) % 40), (1.0, (n * 3 + 1) % 40)] for n in range(100)]
    together = cosmul.most_similar_many(matrix, lengths, vectors, questions, 5)
    monkeypatch.setattr(search, "_MOST_SCORES", 40_000)
    monkeypatch.setattr(search, "_WORTH_THREADS", 0)
    for question, (rows, scores) in list(zip(questions, together, strict=True))[::9]:
        ((own_rows, own_scores),) = cosmul.most_similar_many(matrix, lengths, vectors, [question], 5)
        assert own_rows.tolist() == rows.tolist()
        np.testing.assert_array_equal(own_scores, scores)


def test_nothing_to_look_for_or_among() -> None:
    matrix = RNG.standard_normal((4, 3), dtype=np.float32)
    lengths = search.norms(matrix)
    assert cosmul.most_similar_many(matrix, lengths, matrix[:1], []) == []
    for topn, rows in ((0, 0), (-1, 0), (9, 4)):
        ((found, scores),) = cosmul.most_similar_many(matrix, lengths, matrix[:1], [[(1, 0)]], topn)
        assert len(found) == len(scores) == rows
    ((found, _),) = cosmul.most_similar_many(matrix[:0], lengths[:0], matrix[:1], [[(1, 0)]])
    assert len(found) == 0
    with pytest.raises(IndexError, match="row 4"):
        cosmul.most_similar_many(matrix, lengths, matrix[:1], [[(1, 0)]], within=[4])


# In a set, against gensim.


@pytest.fixture(scope="module")
def trained() -> WordVectors:
    from embedcore import TrainConfig, train
    from embedcore.samples import SAMPLES
    from embedcore.text import tokenize

    sentences = list(tokenize(SAMPLES["English"].text))
    return train(sentences, TrainConfig(dim=25, epochs=30, min_count=1))


@pytest.fixture(scope="module", params=["glove", "trained"])
def both(request: pytest.FixtureRequest) -> tuple[WordVectors, Any]:
    vectors: WordVectors = request.getfixturevalue(request.param)
    return vectors, keyed_vectors(vectors)


def questions_of(vectors: WordVectors) -> list[tuple[str, str, str]]:
    """Analogies for GloVe, or else any three words of a set."""
    if "sandberger" in vectors:
        return ANALOGIES
    return [tuple(vectors.tokens[row : row + 3]) for row in range(0, 30, 5)]  # type: ignore[misc]


def same(ours: list[Any], theirs: np.ndarray[Any, Any], asked: set[int]) -> None:
    """Ours are the best of gensim's scores (V,) of all words, the words asked about left out, and have these scores.

    Words whose scores differ in the eighth decimal may change places: gensim's are of float32.
    """
    rows = [answer.row for answer in ours]
    assert len(set(rows) - asked) == len(ours) == 10
    np.testing.assert_allclose([answer.similarity for answer in ours], theirs[rows], atol=1e-6)
    others = np.delete(theirs, [*rows, *asked])
    assert ours[-1].similarity >= others.max() - 1e-6
    assert [answer.similarity for answer in ours] == sorted((answer.similarity for answer in ours), reverse=True)


def test_3cosmul_equals_gensims(both: tuple[WordVectors, Any]) -> None:
    vectors, keyed = both
    for a, b, c in questions_of(vectors):
        rows = set(vectors.rows([a, b, c]).tolist())
        for plus in ([b, c], [b, b, c]):
            theirs = keyed.most_similar_cosmul(positive=plus, negative=[a], topn=None)
            same(vectors.most_similar_cosmul(plus, [a]), theirs, rows)
        alone = keyed.most_similar_cosmul(positive=[b], topn=None)
        same(vectors.most_similar_cosmul(b), alone, {vectors.row(b)})
    many = vectors.analogies(questions_of(vectors), 10, method="mul")
    assert many == [vectors.most_similar_cosmul([b, c], [a]) for a, b, c in questions_of(vectors)]


def test_3cosadd_equals_gensims_with_weights_too(both: tuple[WordVectors, Any]) -> None:
    vectors, keyed = both
    for a, b, c in questions_of(vectors):
        rows = set(vectors.rows([a, b, c]).tolist())
        for plus, minus in (([b, c], [a]), ([(b, 2.0), c], [(a, -0.25)]), ([(c, 1.0), (b, 0.5), (a, -3.5)], [])):
            theirs = keyed.most_similar(positive=plus, negative=minus, topn=None)
            same(vectors.most_similar(plus, minus), theirs, rows)
    many = vectors.analogies(questions_of(vectors), 10)
    assert many == [vectors.most_similar([b, c], [a]) for a, b, c in questions_of(vectors)]


def test_both_at_once_are_the_answers_of_each(both: tuple[WordVectors, Any]) -> None:
    vectors, _ = both
    for a, b, c in questions_of(vectors):
        for plus, minus in (([b, c], [a]), (b, []), ([(b, 2.5), b, (a, -0.5)], [c])):
            for within in (None, 150, vectors.rows(vectors.tokens[20:90])):
                added, multiplied = vectors.most_similar_both(plus, minus, within=within)
                assert added == vectors.most_similar(plus, minus, within=within)
                assert multiplied == vectors.most_similar_cosmul(plus, minus, within=within)
    for wrong in ([("king", 60.0)], [("king", 0.0)], []):
        with pytest.raises((BadVectors, UnknownWord)):
            vectors.most_similar_both(wrong, [("king", -50.0)] if wrong else [])


def test_a_weight_of_3cosmul_counts_as_so_many_words(glove: WordVectors) -> None:
    twice = glove.most_similar_cosmul(["king", "king", "woman"], ["man", "man"])
    weighted = glove.most_similar_cosmul([("king", 2), "woman"], [("man", -2.0)])
    assert [(n.word, pytest.approx(n.similarity, rel=1e-9)) for n in twice] == [
        (n.word, n.similarity) for n in weighted
    ]


def test_the_words_asked_about_are_no_answers_and_repeated_words_answer_once() -> None:
    matrix = RNG.standard_normal((40, 3), dtype=np.float32)
    matrix[1::2] = matrix[1] + 0.001 * matrix[1::2]
    vectors = WordVectors(["a", "b"] * 15 + [f"w{n}" for n in range(10)], matrix)
    answers = vectors.most_similar_cosmul("b", topn=11)
    assert len({answer.word for answer in answers} - {"b"}) == len(answers) == 11
    assert {answer.word for answer in vectors.most_similar_cosmul("b", topn=5, within=30)} == {"a"}
    assert vectors.analogies([]) == []


@pytest.mark.parametrize(
    ("plus", "minus", "sentence"),
    [([], [], "at least one word"), ([], ["king"], "at least one word with a plus"),
     ([("king", 60.0)], [("man", -50.0)], "at most 100 together"), (["zero"], [], "all zeros")],
)  # fmt: skip
def test_what_3cosmul_cannot_answer(plus: list[Any], minus: list[Any], sentence: str) -> None:
    vectors = WordVectors(["king", "man", "woman", "zero"], [[1, 0], [1, 1], [0, 1], [0, 0]])
    with pytest.raises(BadVectors, match=sentence):
        vectors.most_similar_cosmul(plus, minus)


def test_what_3cosadd_cannot_answer(glove: WordVectors) -> None:
    with pytest.raises(BadVectors, match="cancel each other out"):
        glove.most_similar(["king"], ["king"])
    with pytest.raises(BadVectors, match="cancel each other out"):
        glove.most_similar([("king", 0.0)])
    for weight in (np.nan, np.inf, -np.inf):
        for ask in (glove.most_similar, glove.most_similar_cosmul, glove.most_similar_both):
            with pytest.raises(BadVectors, match="a finite number"):
                ask(["queen", ("king", weight)])
    with pytest.raises(BadVectors, match="one of add, mul, not “sub”"):
        glove.analogies([ANALOGIES[0]], method="sub")
    with pytest.raises(UnknownWord, match="“kign”"):
        glove.analogies([ANALOGIES[0], ("man", "kign", "woman")], method="mul")
