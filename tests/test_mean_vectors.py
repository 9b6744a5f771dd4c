"""Texts as means of vectors: equal to gensim's `n_similarity` and to numpy, on GloVe and on a set trained here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from embedcore import TrainConfig, train
from embedcore.errors import BadVectors, TextProblem
from embedcore.importing import import_vectors
from embedcore.library import open_vectors
from embedcore.questions.mean_vectors import cosines, mean_vector, shares, similarity, tokens
from embedcore.settings import Settings
from embedcore.text import tokenize
from embedcore.vectors import WordVectors

from .fasttext_models import train as train_fasttext

SAMPLES = Path(__file__).parents[1] / "embedcore" / "samples"
ONE = "The queen's people, all of them, cheered the queen"
OTHER = "a king led his army to war"


@pytest.fixture(scope="module")
def trained() -> WordVectors:
    text = (SAMPLES / "korean.txt").read_text(encoding="utf-8")
    return train(list(tokenize(text)), TrainConfig(dim=12, min_count=1, epochs=3))


def gensims(vectors: WordVectors, one: list[str], other: list[str]) -> float:
    """What gensim says, of the rows of these words."""
    from gensim.models import KeyedVectors

    words = list(dict.fromkeys([*one, *other]))
    keyed = KeyedVectors(vectors.dim)
    keyed.add_vectors(words, np.stack([vectors[word] for word in words]))
    return float(keyed.n_similarity(one, other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (["king", "queen"], ["apple"]),
        (["the", "the", "the", "king"], ["a", "queen"]),  # a word counts as often as it comes
        (
            ["the", "people", "of", "korea", "went", "to", "sea"],
            ["no", "people", "live", "at", "the", "bottom", "of", "the", "sea"],
        ),
    ],
)
def test_it_is_gensims_n_similarity_on_glove(glove: WordVectors, one: list[str], other: list[str]) -> None:
    found = similarity(mean_vector(glove, one), mean_vector(glove, other))
    assert found == pytest.approx(gensims(glove, one, other), abs=1e-6)
    assert found == pytest.approx(
        similarity(mean_vector(glove, " ".join(one)), mean_vector(glove, " ".join(other))), abs=1e-12
    )


def test_it_is_gensims_on_a_trained_korean_set(trained: WordVectors) -> None:
    one, other = [*trained.tokens[3:9], trained.tokens[3]], trained.tokens[10:14]
    found = similarity(mean_vector(trained, one), mean_vector(trained, other))
    assert found == pytest.approx(gensims(trained, one, other), abs=1e-6)
    text = f"{one[0]} «{one[1]}», " + " ".join(one[2:]) + "!"
    assert mean_vector(trained, text).words == list(dict.fromkeys(one))


def test_the_mean_counts_and_what_is_left_out(glove: WordVectors) -> None:
    text = mean_vector(glove, "The king, the KING and zzqx; Zzqx zzqx")
    assert text.words == ["the", "king", "and"]
    assert text.counts.tolist() == [2, 2, 1]
    assert text.left_out == {"zzqx": 2, "Zzqx": 1}
    assert text.spelt_otherwise == {"The": "the", "KING": "king"}
    assert (text.used, text.total) == (5, 8)
    by_hand = (2 * glove["the"].astype(float) + 2 * glove["king"].astype(float) + glove["and"].astype(float)) / 5
    np.testing.assert_allclose(text.mean, by_hand, rtol=1e-12)


def test_shares_sum_up_to_the_cosine(glove: WordVectors) -> None:
    one, other = mean_vector(glove, ONE), mean_vector(glove, OTHER)
    whole = similarity(one, other)
    assert shares(one, other).sum() == pytest.approx(whole, abs=1e-12)
    assert shares(other, one).sum() == pytest.approx(whole, abs=1e-12)
    # A word's share is what would be missing of the product without it.
    without = one.mean - one.counts[0] * one.vectors[0].astype(float) / one.used
    lost = (one.mean - without) @ other.mean / (np.linalg.norm(one.mean) * np.linalg.norm(other.mean))
    assert shares(one, other)[0] == pytest.approx(lost, abs=1e-12)


def test_cosines_of_words_with_words(glove: WordVectors) -> None:
    words, others = ["king", "queen"], ["apple", "man", "king"]
    found = cosines(np.stack([glove[word] for word in words]), np.stack([glove[word] for word in others]))
    by_hand = [[glove.similarity(word, other) for other in others] for word in words]
    np.testing.assert_allclose(found, by_hand, atol=1e-12)
    assert np.isnan(cosines(np.zeros((1, 50)), np.ones((1, 50)))).all()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("king, queen!", ["king", "queen"]),
        ("(“king”) 'queen'", ["king", "queen"]),
        ("The U.S. at 3 p.m.", ["The", "U.S.", "at", "3", "p.m."]),
        ("e-mail, C++ and king/queen", ["e-mail", "C++", "and", "king", "queen"]),
        ("I don’t know Korea's sea", ["I", "do", "n't", "know", "Korea", "'s", "sea"]),
        ("it costs 3.14.", ["it", "costs", "3.14"]),
        ("zzqx-qqzx’s", ["zzqx", "qqzx's"]),  # what is not there is not cut at its apostrophe
        ("... —  ''  \x00 \u200b", []),
        ("", []),
        ("👑queen", ["👑", "queen"]),
        ("café cafe\u0301", ["café", "café"]),
        ("<script>alert(1)</script>", ["script", "alert", "1", "script"]),
        ("x" * 10_000, ["x" * 10_000]),
    ],
)
def test_words_of_a_text(glove: WordVectors, text: str, found: list[str]) -> None:
    assert tokens(glove, text) == found


def test_white_space_and_a_tokenizer_that_there_is_not(glove: WordVectors) -> None:
    assert tokens(glove, "king, queen\nQueen", "whitespace") == ["king,", "queen", "Queen"]
    with pytest.raises(TextProblem, match="no tokenizer “vowels”"):
        tokens(glove, "king", "vowels")


def test_a_cased_set_is_asked_as_typed_and_then_in_lower_case() -> None:
    vectors = WordVectors(["Turkey", "turkey", "kingfisher"], np.eye(3, dtype=np.float32))
    text = mean_vector(vectors, "Kingfisher Turkey turkey TURKEY")
    assert text.words == ["kingfisher", "Turkey", "turkey"]
    assert text.counts.tolist() == [1, 1, 2]
    assert text.spelt_otherwise == {"Kingfisher": "kingfisher", "TURKEY": "turkey"}


def test_a_phrase_that_the_set_holds_is_a_word() -> None:
    vectors = WordVectors(["new", "new_york", 'say "x"'], np.eye(3, dtype=np.float32))
    assert mean_vector(vectors, "new_york, new").words == ["new_york", "new"]
    assert mean_vector(vectors, ['say "x"']).words == ['say "x"']


def test_words_built_from_their_parts(home: Settings, tmp_path: Path) -> None:
    import_vectors(train_fasttext(tmp_path), "model", settings=home)
    model = open_vectors("model", home)
    text = mean_vector(model, "king 한국인 kingdom 한국인")
    assert text.words == ["king", "한국인", "kingdom"]
    assert text.built == ["한국인", "kingdom"]
    assert text.counts.tolist() == [1, 2, 1]
    by_hand = np.mean([model.vector(word).astype(float) for word in ("king", "한국인", "한국인", "kingdom")], axis=0)
    np.testing.assert_allclose(text.mean, by_hand, rtol=1e-9)


def test_vectors_that_cannot_be_used() -> None:
    matrix = np.array([[1, 0], [0, 0], [np.nan, 1], [-1, 0]], dtype=np.float32)
    vectors = WordVectors(["a", "zero", "nan", "b"], matrix)
    text = mean_vector(vectors, "a zero nan nan")
    assert text.words == ["a", "zero"]  # zeros make the mean shorter and do not turn it
    assert text.broken == {"nan": 2}
    assert text.total == 4
    assert similarity(text, mean_vector(vectors, "a")) == 1
    with pytest.raises(BadVectors, match="add up to zeros"):
        similarity(mean_vector(vectors, "a b"), text)
    with pytest.raises(BadVectors, match="no word that this set has"):
        similarity(text, mean_vector(vectors, "qq"))
    assert np.isnan(mean_vector(vectors, "qq").mean).all()
