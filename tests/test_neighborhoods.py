"""Neighbourhoods: held against plain numpy and gensim, on GloVe and on a trained set."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from gensim.models import KeyedVectors

from embedcore.errors import BadVectors
from embedcore.questions import neighborhoods
from embedcore.training import TrainConfig, train
from embedcore.vectors import Neighbor, WordVectors

TEXT = "the cat sat on the mat . the dog sat on the rug . the king met the queen . 왕 은 왕비 를 만났다 ."


@pytest.fixture(scope="module")
def trained() -> WordVectors:
    """A set trained on a small text."""
    sentences = [line.split() for line in TEXT.split(".")] * 20
    return train(sentences, TrainConfig(dim=12, epochs=3, min_count=1, seed=5))


@pytest.fixture(scope="module")
def peer(glove: WordVectors) -> KeyedVectors:
    """The first 100,000 words of GloVe in gensim."""
    return as_gensim(glove, 100_000)


def as_gensim(vectors: WordVectors, count: int) -> KeyedVectors:
    keyed = KeyedVectors(vectors.dim, dtype=np.float32)
    keyed.add_vectors(vectors.tokens[:count], vectors.matrix[:count])
    return keyed


def by_numpy(vectors: WordVectors, word: str, rows: npt.NDArray[np.int64], topn: int) -> list[tuple[str, float]]:
    """The nearest of some rows, from the definition of the cosine."""
    own = vectors.tokens.row(word)
    assert own is not None
    wide = vectors.matrix[rows].astype(np.float64)
    asked = vectors.matrix[own].astype(np.float64)
    cosines = wide @ asked / np.linalg.norm(wide, axis=1) / np.linalg.norm(asked)
    order = np.argsort(-cosines, kind="stable")
    best = order[rows[order] != own][:topn].tolist()
    return [(vectors.tokens[int(rows[i])], float(cosines[i])) for i in best]


def agree(found: list[Neighbor], expected: list[tuple[str, float]]) -> None:
    assert [n.word for n in found] == [word for word, _ in expected]
    assert [n.similarity for n in found] == pytest.approx([cosine for _, cosine in expected], abs=1e-6)


@pytest.mark.parametrize("cut", [1_000, 10_000, 100_000])
@pytest.mark.parametrize("word", ["king", "seoul", "zeitgeist"])
def test_a_cut_by_frequency_is_gensims_restrict_vocab(
    glove: WordVectors, peer: KeyedVectors, word: str, cut: int
) -> None:
    expected = peer.most_similar(word, topn=12, restrict_vocab=cut)
    agree(neighborhoods.at_cuts(glove, word, [cut], topn=12)[0], [(w, float(c)) for w, c in expected])


def test_cuts_of_a_trained_set_are_gensims(trained: WordVectors) -> None:
    keyed = as_gensim(trained, len(trained))
    for word in ("king", "왕비", "dog"):
        sizes = [5, 9, len(trained)]
        for size, found in zip(sizes, neighborhoods.at_cuts(trained, word, sizes, 4), strict=True):
            expected = keyed.most_similar(word, topn=4, restrict_vocab=size)
            agree(found, [(w, float(c)) for w, c in expected])


def test_a_list_and_a_cut_restrict_together(glove: WordVectors) -> None:
    listed = ["queen", "Prince", "throne", "apple", "kingdom", "qqzzqq", "king", "queen"]
    rows = np.array(sorted({row for row in glove.rows(listed).tolist() if row >= 0}))
    within = neighborhoods.within(glove, only=listed)
    assert isinstance(within, np.ndarray)
    assert within.tolist() == rows.tolist()
    agree(glove.most_similar("king", topn=10, within=within), by_numpy(glove, "king", rows, 10))
    both = neighborhoods.within(glove, among=2_000, only=listed)
    assert isinstance(both, np.ndarray)
    assert both.tolist() == [row for row in rows.tolist() if row < 2_000]
    assert 0 < len(both) < len(rows)
    agree(glove.most_similar("king", topn=10, within=both), by_numpy(glove, "king", both, 10))


def test_a_list_of_words_of_a_trained_set(trained: WordVectors) -> None:
    listed = ["queen", "dog", "왕비", "mat", "nothing-such", "왕", "dog"]
    rows = np.array(sorted({row for row in trained.rows(listed).tolist() if row >= 0}))
    assert len(rows) == 5
    for word in ("king", "왕비"):
        found = trained.most_similar(word, topn=9, within=neighborhoods.within(trained, only=listed))
        agree(found, by_numpy(trained, word, rows, 9))


def test_what_restricts_nothing_and_what_leaves_nothing(glove: WordVectors) -> None:
    assert neighborhoods.within(glove) is None
    assert neighborhoods.within(glove, among=77) == 77
    for only in ([], ["qqzzqq"], ["zeitgeist"]):
        nothing = neighborhoods.within(glove, among=100, only=only)
        assert isinstance(nothing, np.ndarray)
        assert not len(nothing)
        assert glove.most_similar("king", within=nothing) == []


def test_shared_neighbours_against_counting_by_hand(glove: WordVectors) -> None:
    asked = ["king", "queen", "prince", "apple"]
    answers = glove.most_similar_each(asked, topn=20)
    lists = [{n.word: n.similarity for n in answer} for answer in answers]
    found = neighborhoods.shared(answers)
    expected = {}
    for word in {word for one in lists for word in one}:
        near = [number for number, one in enumerate(lists) if word in one]
        if len(near) > 1:
            expected[word] = (near, sum(lists[number][word] for number in near) / len(near))
    assert {one.word: one.near for one in found} == {word: near for word, (near, _) in expected.items()}
    assert [one.similarity for one in found] == pytest.approx([expected[one.word][1] for one in found])
    keys = [(-len(one.near), -one.similarity) for one in found]
    assert keys == sorted(keys)
    assert all(glove.tokens[one.row] == one.word for one in found)
    assert max(len(one.near) for one in found) == 3  # apple is of another kind
    assert all(len(one.near) == 3 for one in neighborhoods.shared(answers, least=3))


def test_nothing_is_shared_by_one_answer_or_none(glove: WordVectors) -> None:
    assert neighborhoods.shared([]) == []
    assert neighborhoods.shared([glove.most_similar("king")]) == []
    assert neighborhoods.shared([[], []]) == []


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (1, [1]),
        (1_500, [1_500]),
        (2_000, [1_000, 2_000]),
        (19_999, [1_000, 19_999]),
        (400_000, [1_000, 10_000, 100_000, 400_000]),
    ],
)
def test_cuts_are_well_apart_and_end_with_all(count: int, expected: list[int]) -> None:
    assert neighborhoods.cuts(count) == expected


@pytest.mark.parametrize("row", [0, 3, 499, 500, 501, 691, 200_000, 399_700, 399_999])
def test_a_norm_beside_its_peers(glove: WordVectors, row: int) -> None:
    lengths = np.linalg.norm(glove.matrix.astype(np.float64), axis=1)
    nearest = sorted(range(len(glove)), key=lambda other: abs(other - row))[:1_001] if row in (691, 200_000) else None
    found = neighborhoods.norm_beside_peers(glove, row)
    start = min(max(row - 500, 0), len(glove) - 1_001)
    peers = np.array([lengths[other] for other in range(start, start + 1_001) if other != row])
    if nearest:
        assert set(nearest) == set(range(start, start + 1_001))
    assert found.length == pytest.approx(lengths[row], rel=1e-6)
    assert found.peers == len(peers) == 1_000
    assert found.median == pytest.approx(np.median(peers), rel=1e-6)
    assert found.shorter == pytest.approx(np.mean(peers < lengths[row]))


def test_norms_of_few_words_and_of_odd_ones() -> None:
    alone = neighborhoods.norm_beside_peers(WordVectors(["a"], [[3.0, 4.0]]), 0)
    assert alone.length == 5
    assert alone.peers == 0
    assert np.isnan(alone.median)
    odd = WordVectors(["a", "b", "c", "d"], [[3, 4], [np.nan, 1], [1, 0], [0, 0]])
    found = neighborhoods.norm_beside_peers(odd, 0)
    assert (found.peers, found.median, found.shorter) == (2, 0.5, 1.0)
    assert neighborhoods.without_direction(odd, ["a", "b", "c", "d"]) == ["b", "d"]
    with pytest.raises(BadVectors, match="“d” is all zeros"):
        neighborhoods.at_cuts(odd, "d", [2, 4])
