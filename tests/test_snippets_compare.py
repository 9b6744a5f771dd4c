"""The lines beside the questions of the Compare page are run here as they stand, and held to the package's answers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from embedcore import snippets_compare
from embedcore.formats import export
from embedcore.importing import import_vectors
from embedcore.library import open_vectors, save_vectors
from embedcore.questions import mean_vectors
from embedcore.questions.axes import Axis
from embedcore.questions.overlap import compare, shared_words
from embedcore.samples import SAMPLES
from embedcore.settings import Settings
from embedcore.snippets_compare import Lines
from embedcore.text import tokenize
from embedcore.training import TrainConfig, train
from embedcore.vectors import Neighbor, WordVectors

from . import fasttext_models
from .test_snippets import run

NEAR = 2e-6  # PyTorch's lines count in float32


@pytest.fixture
def place(home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A home, and a current folder for the files that the lines read."""
    monkeypatch.chdir(tmp_path)
    return home


@pytest.fixture(scope="module")
def trained() -> WordVectors:
    return train(list(tokenize(SAMPLES["Korean"].text)), TrainConfig(dim=12, min_count=1, epochs=3))


def kept(vectors: WordVectors, name: str, settings: Settings) -> WordVectors:
    """The set in the library as `name`, and as the file that the lines speak of."""
    save_vectors(name, vectors, source="a test", settings=settings)
    opened = open_vectors(name, settings)
    export(opened, "torch", Path(f"{name}.pt"))
    return opened


@pytest.fixture
def part(glove: WordVectors, place: Settings) -> WordVectors:
    """The first 20,000 words of GloVe, as a set of the library."""
    return kept(WordVectors(glove.tokens[:20_000], glove.matrix[:20_000], lowercased=True), "a part", place)


@pytest.fixture
def korean(trained: WordVectors, place: Settings) -> WordVectors:
    return kept(trained, "학습-1", place)


@pytest.fixture(params=["part", "korean"])
def asked(request: pytest.FixtureRequest) -> tuple[WordVectors, list[str]]:
    """A set, and words of it, frequent and rare."""
    vectors: WordVectors = request.getfixturevalue(request.param)
    rows = [0, 1, 5, len(vectors) // 2, len(vectors) - 1]
    return vectors, [vectors.tokens[row] for row in rows]


def both(lines: Lines | None) -> tuple[dict, dict]:
    """What the lines leave behind: those with the package, those with PyTorch alone."""
    assert lines is not None
    assert "embedcore" not in lines.pytorch.replace("python -m embedcore", "").replace("since embedcore", "")
    assert "torch" not in lines.embedcore
    return run(lines.embedcore), run(lines.pytorch)


def same_neighbors(found: Sequence[tuple[str, float]], expected: Sequence[Neighbor]) -> None:
    """The same words at the same cosines; those that are equally near within rounding may change places."""
    assert [score for _, score in found] == pytest.approx([near.similarity for near in expected], abs=NEAR)
    for word, score in found:
        assert any(near.word == word and abs(near.similarity - score) < NEAR for near in expected), word


def test_the_matrix_of_cosines(asked: tuple[WordVectors, list[str]]) -> None:
    vectors, words = asked
    ours, theirs = both(snippets_compare.similarity([asked]))
    expected = vectors.similarity_matrix(words)
    np.testing.assert_array_equal(ours["cosines"], expected)
    np.testing.assert_allclose(theirs["cosines"].numpy(), expected, atol=NEAR)
    assert theirs["cosines"].shape == (5, 5)


def test_two_texts(asked: tuple[WordVectors, list[str]]) -> None:
    vectors, words = asked
    one, other = [words[0], words[3], words[0]], words[1:3]  # a word may come twice
    ours, theirs = both(snippets_compare.texts([(vectors, one, other)]))
    means = [np.mean([vectors.vector(word) for word in text], axis=0, dtype=np.float64) for text in (one, other)]
    expected = means[0] @ means[1] / np.linalg.norm(means[0]) / np.linalg.norm(means[1])
    assert ours["cosine"] == pytest.approx(expected, abs=1e-12)
    assert theirs["cosine"] == pytest.approx(expected, abs=NEAR)
    told = mean_vectors.similarity(mean_vectors.mean_vector(vectors, one), mean_vectors.mean_vector(vectors, other))
    assert ours["cosine"] == told


@pytest.mark.parametrize("only", [None, ["queen", "Prince", "nothing-such", "king", "zebra", "나는", "너는", "학교에"]])
@pytest.mark.parametrize("within", [None, 40, 5_000, 10**9])
def test_neighbors(asked: tuple[WordVectors, list[str]], within: int | None, only: list[str] | None) -> None:
    vectors, words = asked
    ours, theirs = both(snippets_compare.neighbors([asked], 7, within, only))
    allowed = len(vectors) if within is None else min(within, len(vectors))
    rows = np.arange(allowed)
    if only is not None:
        rows = np.array([row for row in vectors.rows(only).tolist() if 0 <= row < allowed])
    expected = vectors.most_similar_each(words, 7, within=rows)
    assert ours["neighbors"] == expected
    if len(rows):
        assert len(expected[0]) == min(7, len(rows) - (words[0] in [vectors.tokens[row] for row in rows]))
        for found, near in zip(theirs["neighbors"], expected, strict=True):
            same_neighbors(found, near)


@pytest.mark.parametrize("within", [None, 30])
@pytest.mark.parametrize("method", [snippets_compare.ADD, snippets_compare.MUL])
@pytest.mark.parametrize("weights", [(1, 1, -1), (1,), (1, -2.5), (-1, 2, 0.5), (1, 0)])
def test_an_expression(
    asked: tuple[WordVectors, list[str]], weights: Sequence[float], method: str, within: int | None
) -> None:
    vectors, words = asked
    terms = list(zip(weights, words, strict=False))
    ours, theirs = both(snippets_compare.expression([vectors], terms, 6, method, within))
    unit = vectors.matrix / np.linalg.norm(vectors.matrix.astype(np.float64), axis=1, keepdims=True)
    cosines = {word: unit @ unit[vectors.row(word)] for _, word in terms}
    if method == snippets_compare.ADD:
        question = np.sum([weight * unit[vectors.row(word)] for weight, word in terms], axis=0)
        scores = unit @ question / np.linalg.norm(question)
    else:
        above = np.prod([((1 + cosines[word]) / 2) ** weight for weight, word in terms if weight > 0], axis=0)
        below = np.prod([((1 + cosines[word]) / 2) ** -weight for weight, word in terms if weight < 0], axis=0)
        scores = above / (below + 1e-6)
    best = [row for row in np.argsort(-scores) if vectors.tokens[row] not in cosines and row < (within or 10**9)][:6]
    expected = [Neighbor(vectors.tokens[row], scores[row], int(row)) for row in best]
    scale = max(1.0, scores[best[0]])  # a quotient may be large
    for found in ([(one.word, one.similarity / scale) for one in ours["answers"]],
                  [(word, score / scale) for word, score in theirs["answers"]]):  # fmt: skip
        same_neighbors(found, [near._replace(similarity=near.similarity / scale) for near in expected])


def test_the_odd_one_out(asked: tuple[WordVectors, list[str]]) -> None:
    vectors, words = asked
    ours, theirs = both(snippets_compare.odd_one_out([asked]))
    assert ours["odd"] == theirs["odd"] == vectors.doesnt_match(words)
    np.testing.assert_allclose(theirs["scores"].numpy(), vectors.mean_similarities(words), atol=NEAR)
    np.testing.assert_array_equal(ours["scores"], vectors.mean_similarities(words))


def test_axes(asked: tuple[WordVectors, list[str]]) -> None:
    vectors, words = asked
    pairs = [(words[0], words[1]), (words[2], words[3])]
    axes = [pairs, [pairs[1]], []]  # the last was never typed
    lines = snippets_compare.axes([asked], [[*pairs, ("nothing-such", words[0]), (words[0], words[0])], *axes[1:]])
    ours, theirs = both(lines)
    assert ours["axes"] == theirs["axes"] == axes[:2]
    for said in (ours, theirs):
        read = [line.split("{", 1)[1].rstrip("}").split(", ") for line in said["printed"].splitlines()]
        for axis, entries in zip(axes, read, strict=False):
            found = [float(entry.rsplit(": ", 1)[1]) for entry in entries]
            assert found == pytest.approx(Axis.of(vectors, axis).positions(vectors, words), abs=6e-4)
        assert len(read) == 2
    np.testing.assert_allclose(
        theirs["positions"].numpy(), Axis.of(vectors, axes[1]).positions(vectors, words), atol=NEAR
    )


def test_axes_are_those_that_the_page_draws(part: WordVectors) -> None:
    """A pair counts once however it is typed, and an axis that spans nothing leaves the other one."""
    pairs = [("king", "queen"), ("King", "queen"), ("he", "she"), ("king", "queen")]
    cancels = [("he", "she"), ("she", "he")]
    for axes in ([pairs], [cancels, pairs], [pairs, [("nothing-such", "king")]]):
        ours, theirs = both(snippets_compare.axes([(part, ["the"])], axes))
        assert ours["axes"] == theirs["axes"] == [[("king", "queen"), ("he", "she")]]
    assert snippets_compare.axes([(part, ["the"])], [cancels]) is None
    ours, theirs = both(snippets_compare.axes([(part, [])], [pairs]))
    assert ours["words"] == theirs["words"] == ["king", "queen", "he", "she"]


def test_what_has_no_answer_has_no_lines(place: Settings) -> None:
    vectors = kept(WordVectors(["a", "b", "c"], [[1, 0], [-1, 0], [0, 0]], lowercased=True), "opposite", place)
    assert snippets_compare.expression([vectors], [(1, "a"), (1, "b")]) is None
    assert snippets_compare.expression([vectors], [(99, "a"), (2, "b")], method=snippets_compare.MUL) is None
    both(snippets_compare.expression([vectors], [(1, "a"), (1, "b")], method=snippets_compare.MUL))
    triple = WordVectors(["a", "b", "c"], [[1, 0], [-0.5, 0.75**0.5], [-0.5, -(0.75**0.5)]], lowercased=True)
    assert snippets_compare.odd_one_out([(kept(triple, "triple", place), ["a", "b", "c"])]) is None


def test_rows_without_a_direction_are_no_answers(place: Settings) -> None:
    """In a small set they come before words that point away, and hide none of these."""
    matrix = np.random.default_rng(4).standard_normal((8, 3)).astype(np.float32)
    matrix[[2, 5, 6]] = 0
    words = list("abcdefgh")
    small = kept(WordVectors(words, matrix, lowercased=True), "small", place)
    for topn in (1, 3, 7):
        expected = small.most_similar("a", topn=topn)
        ours, theirs = both(snippets_compare.neighbors([(small, ["a", "c"])], topn))
        assert len(ours["neighbors"]) == len(theirs["neighbors"]) == 1
        same_neighbors(theirs["neighbors"][0], expected)
        same_neighbors(both(snippets_compare.neighbors([(small, ["a"])], topn, 7, words))[1]["neighbors"][0],
                       small.most_similar("a", topn=topn, within=7))  # fmt: skip
        same_neighbors(both(snippets_compare.word(small, "a", topn))[1]["neighbors"], expected)
        for method in (snippets_compare.ADD, snippets_compare.MUL):
            ours, theirs = both(snippets_compare.expression([small], [(1, "a"), (-1, "b")], topn, method))
            same_neighbors(theirs["answers"], ours["answers"])
        ours, theirs = both(snippets_compare.overlap(small, small, ["a", "c"], topn))
        assert [one[1:3] for one in theirs["compared"]] == [(min(topn, 4), 1.0)]
        assert [one.common for one in ours["compared"]] == [min(topn, 4)]
    alone = kept(WordVectors(["a", "z"], matrix[:2], lowercased=True), "alone", place)
    ours, theirs = both(snippets_compare.overlap(small, alone, ["a"], 5, among=1))  # no other word to be near
    assert np.isnan([ours["compared"][0].jaccard, theirs["compared"][0][2]]).all()


def test_a_word(asked: tuple[WordVectors, list[str]]) -> None:
    vectors, words = asked
    for word in (words[0], words[-1]):
        ours, theirs = both(snippets_compare.word(vectors, word, topn=5))
        assert ours["row"] == theirs["row"] == vectors.row(word)
        np.testing.assert_array_equal(theirs["vector"].numpy(), vectors[word])
        assert theirs["length"] == pytest.approx(float(vectors.norms[vectors.row(word)]), rel=1e-6)
        assert ours["length"] == pytest.approx(theirs["length"], rel=1e-6)
        assert ours["neighbors"] == vectors.most_similar(word, topn=5)
        same_neighbors(theirs["neighbors"], ours["neighbors"])


@pytest.mark.parametrize("among", [None, 500])
@pytest.mark.parametrize("cased", [True, False])
def test_how_far_two_sets_agree(part: WordVectors, place: Settings, cased: bool, among: int | None) -> None:
    """Against a set of half the words, turned and disturbed, in another order, perhaps with upper case."""
    rng = np.random.default_rng(5)
    rows = rng.permutation(len(part))[:8_000]
    matrix = part.matrix[rows] @ np.linalg.qr(rng.standard_normal((50, 50)))[0].astype(np.float32)
    matrix += rng.standard_normal(matrix.shape).astype(np.float32) * 0.4
    tokens = [part.tokens[row] for row in rows]
    if cased:
        tokens = [token.capitalize() if place % 2 else token for place, token in enumerate(tokens)]
        tokens[7_000:] = [token.upper() for token in tokens[:1_000]]  # spelt twice; the first row counts
        tokens = [f"{token}_{place}" if token in tokens[:place] else token for place, token in enumerate(tokens)]
    other = kept(WordVectors(tokens, matrix, lowercased=not cased), "turned", place)
    shared = shared_words(part, other)
    words = [(part.tokens[shared.first[at]], other.tokens[shared.second[at]]) for at in (0, 10, 100, 2_000)]
    for first, second, pairs in ((part, other, words), (other, part, [pair[::-1] for pair in words])):
        ours, theirs = both(snippets_compare.overlap(first, second, [*pairs, "nothing-such"], 10, among))
        whole = shared_words(first, second)
        within = None if among is None else whole.rows(among)
        expected = compare(first, second, pairs, 10, shared=whole, within=within)
        assert [one.words for one in ours["compared"]] == pairs
        assert len(theirs["shared"]) == len(whole if among is None else whole.first[:among])
        for one, own, told in zip(expected, ours["compared"], theirs["compared"], strict=True):
            assert own.common == one.common == told[1]
            assert own.jaccard == one.jaccard == pytest.approx(told[2], abs=1e-12)
            assert told[3] == pytest.approx(one.second_order, abs=1e-5) == own.second_order
        assert any(one.common for one in expected)


def test_words_are_asked_as_each_set_spells_them_and_one_set_after_the_other(
    part: WordVectors, korean: WordVectors
) -> None:
    first, second = [part, ["king", "queen"]], [korean, list(korean.tokens[:3])]
    together = both(snippets_compare.similarity([tuple(first), (part, []), tuple(second)]))
    alone = [both(snippets_compare.similarity([tuple(one)])) for one in (first, second)]
    for said, one, other in zip(together, *alone, strict=True):
        assert said["printed"] == one["printed"] + other["printed"]
        assert said["words"] == second[1]
    parts = [snippets_compare.word(part, "king"), None, snippets_compare.word(korean, korean.tokens[0])]
    joined = snippets_compare.joined(parts)
    assert [said["vector"].shape for said in both(joined)] == [(12,), (12,)]
    asked = [snippets_compare.expression([part], [(1, "king"), (1, "queen")], 3, method) for method in ("add", "mul")]
    for said, one, other in zip(both(snippets_compare.joined(asked)), *map(both, asked), strict=True):
        assert said["printed"] == one["printed"] + other["printed"]
    twice = snippets_compare.joined([asked[0], asked[0]])
    assert twice == asked[0]
    methods = snippets_compare.joined(asked)
    assert methods is not None
    assert methods.pytorch.count("torch.load(") == methods.embedcore.count("import") == 1  # the file is read once
    lines = snippets_compare.expression([part, korean], [(1, "King"), (1, "Queen")])
    assert lines is not None
    assert "'king', 'queen'" in lines.embedcore
    assert "학습" not in lines.embedcore  # which has no such words


def test_nothing_to_ask_is_no_lines(part: WordVectors) -> None:
    words = ["king", "queen"]
    assert snippets_compare.similarity([(part, [])]) is None
    assert snippets_compare.texts([(part, words, []), (part, [], words)]) is None
    assert snippets_compare.neighbors([]) is None
    assert snippets_compare.expression([part], [(1, "king"), (1, "nothing-such")]) is None
    assert snippets_compare.expression([part], []) is None
    assert snippets_compare.expression([part], [(-1, "king")], method=snippets_compare.MUL) is None
    assert snippets_compare.odd_one_out([(part, words)]) is None
    assert snippets_compare.axes([(part, words)], [[("nothing-such", "king")]]) is None
    assert snippets_compare.axes([(part, words)], [[], []]) is None
    assert snippets_compare.overlap(part, part, ["nothing-such"]) is None
    assert snippets_compare.joined([None, None]) is None


NASTY = ["'", '"""', "\\", "\\n", "{x}", "a\u2028b", "x\u0085y", "\u202eabc", "👩\u200d👩\u200d👧", "' + exit() + '",
         "%s", "]; raise SystemExit #", "한국어", "שלום"]  # fmt: skip


def test_nasty_words_and_rows_without_a_direction(place: Settings) -> None:
    rng = np.random.default_rng(2)
    matrix = rng.standard_normal((len(NASTY) + 2, 6)).astype(np.float32)
    matrix[-2:] = [[0.0] * 6, [np.nan] * 6]
    vectors = WordVectors([*NASTY, "zeros", "nan"], matrix, name='it\'s "mine"', lowercased=False)
    export(vectors, "torch", Path(f"{vectors.name}.pt"))
    for word in NASTY:
        others = [other for other in NASTY if other != word][:3]
        lines = [
            snippets_compare.similarity([(vectors, [word, *others])]),
            snippets_compare.neighbors([(vectors, [word, "zeros", "nan"])], 5, None, NASTY),
            snippets_compare.expression([vectors], [(1, word), (-1, others[0])], 3),
            snippets_compare.expression([vectors], [(1, word), (-1, others[0])], 3, snippets_compare.MUL),
            snippets_compare.odd_one_out([(vectors, [word, *others, "zeros"])]),
            snippets_compare.axes([(vectors, [word])], [[(word, others[0])]]),
            snippets_compare.texts([(vectors, [word], others)]),
            snippets_compare.word(vectors, word, 3),
            snippets_compare.overlap(vectors, vectors, [word], 5),
        ]
        if word != NASTY[0] and word != NASTY[-1]:  # all of them compile, two of them run
            for one in lines:
                assert one is not None
                compile(one.embedcore, "lines", "exec")
                compile(one.pytorch, "lines", "exec")
            continue
        found = [run(one.pytorch) for one in lines if one is not None]
        assert len(found) == len(lines)
        np.testing.assert_allclose(found[0]["cosines"].numpy(), vectors.similarity_matrix([word, *others]), atol=NEAR)
        same_neighbors(found[1]["neighbors"][0], vectors.most_similar(word, topn=5, within=vectors.rows(NASTY)))
        same_neighbors(found[2]["answers"], vectors.most_similar([word], [others[0]], 3))
        assert found[4]["odd"] == vectors.doesnt_match([word, *others])
        same_neighbors(found[7]["neighbors"], vectors.most_similar(word, topn=3))
        assert found[8]["compared"][0][1:3] == (5, 1.0)


def test_words_built_from_their_parts_are_not_in_the_file_and_that_is_said(place: Settings, tmp_path: Path) -> None:
    import_vectors(fasttext_models.train(tmp_path), "model", settings=place)
    vectors = open_vectors("model", place)
    export(vectors, "torch", Path("model.pt"))
    words = ["king", "kingdom", "queen", "the"]  # the second is built
    said = "# Not in the file, since embedcore builds their vectors from parts of words: 'kingdom'"
    ours, theirs = both(lines := snippets_compare.similarity([(vectors, words)]))
    assert lines is not None
    assert said in lines.pytorch
    np.testing.assert_array_equal(ours["cosines"], vectors.similarity_matrix(words))
    has = ["king", "queen", "the"]
    np.testing.assert_allclose(theirs["cosines"].numpy(), vectors.similarity_matrix(has), atol=NEAR)
    for lines in (
        snippets_compare.expression([vectors], [(1, "kingdom"), (-1, "the")]),
        snippets_compare.word(vectors, "kingdom"),
        snippets_compare.axes([(vectors, ["king"])], [[("kingdom", "the")]]),
        snippets_compare.overlap(vectors, vectors, ["kingdom"]),
        snippets_compare.neighbors([(vectors, ["kingdom"])]),
        snippets_compare.texts([(vectors, ["kingdom"], ["king"])]),
    ):
        both(lines)
        assert lines is not None
        assert said in lines.pytorch
