"""Labelled texts as integers: those of the vocabulary of the training texts, and each word's own row."""

from __future__ import annotations

import itertools
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from embedcore import Vocab, WordVectors
from embedcore.errors import BadSetting, TextProblem
from embedcore.text import tokenize_words
from embedcore.training.initial import initial_weight, pretrained_weight
from embedcore.transfer.coverage import Coverage, coverage, doubt
from embedcore.transfer.encoding import Encoded, Tokenized, encode, rows_in, tokenize_texts
from embedcore.transfer.labelled import LabelledTexts
from embedcore.transfer.splitting import split_texts

TEXTS = [
    "The cat sat, the dog ran.",
    "A cat!",
    "...",
    "Zebras ran; 얼룩말",
    "the zzyzx",
    "A dog, a dog, a DOG",
    "owl owl",
]


def drawn_texts(seed: int, count: int = 60) -> list[str]:
    draw = random.Random(seed)
    return [" ".join(draw.choices("abcdefghijklmnopqrstuvwxyz가나다라", k=draw.randrange(9))) for _ in range(count)]


def vectors_of(words: str) -> WordVectors:
    tokens = words.split()
    return WordVectors(tokens, np.arange(3 * len(tokens), dtype=np.float32).reshape(-1, 3) + 1)


def decoded(encoded: Encoded, place: int) -> list[str]:
    return encoded.vocab.decode(encoded.padded(np.array([place]))[0].tolist())


def test_tokens_are_those_of_the_tokenizer() -> None:
    tokenized = tokenize_texts(TEXTS)
    assert [tokenized.words_at(place) for place in range(len(TEXTS))] == [tokenize_words(text) for text in TEXTS]
    assert tokenized.lengths.tolist() == [6, 2, 0, 3, 2, 6, 2]
    assert tokenize_texts(TEXTS, "whitespace").words_at(1) == ["A", "cat!"]
    with pytest.raises(TextProblem, match="There is no tokenizer “letters”"):
        tokenize_texts(TEXTS, "letters")


def test_long_texts_are_cut_and_counted() -> None:
    tokenized = tokenize_texts(["a b c d", "e", "f g h"], most=3)
    assert [tokenized.words_at(place) for place in range(3)] == [["a", "b", "c"], ["e"], ["f", "g", "h"]]
    assert tokenized.cut == 1


def test_morphemes_stay_with_their_texts() -> None:
    pytest.importorskip("kiwipiepy")
    tokenized = tokenize_texts(["고양이가 잔다", "!!", "개는 잔다"], "morphemes")
    assert tokenized.lengths[1] == 0
    assert {"고양이"} <= {*tokenized.words_at(0)}
    assert set(tokenized.words_at(0)) & set(tokenized.words_at(2))


@pytest.mark.parametrize("seed", range(20))
def test_the_vocabulary_is_that_of_the_training_texts(seed: int) -> None:
    tokenized = tokenize_texts(texts := drawn_texts(seed))
    draw = np.random.default_rng(seed)
    training = draw.permutation(len(texts))[: draw.integers(1, 40)]
    min_count = int(draw.integers(1, 4))
    expected = Vocab.build([tokenize_words(texts[place]) for place in training], min_count=min_count)
    encoded = encode(tokenized, training, min_count=min_count)
    assert (encoded.vocab.itos, encoded.vocab.counts) == (expected.itos, expected.counts)
    assert (encoded.trained, encoded.rows.tolist()) == (len(expected), [-1] * len(expected))
    flat = [number for text in texts for number in expected.encode(tokenize_words(text))]
    assert encoded.ids.tolist() == flat
    ends = [*itertools.accumulate(len(tokenize_words(text)) for text in texts)]
    assert encoded.ends.tolist() == ends


def test_nothing_of_other_texts_reaches_what_is_fitted() -> None:
    """Whatever stands in the other texts, the training texts read as the same integers of the same counts."""
    training = np.arange(30)
    words = vectors_of("a b c 가 나")
    texts = drawn_texts(1)
    found = []
    for others in (texts[30:], ["b b b x y z 다"] * 30, [""] * 30):
        tokenized = tokenize_texts([*texts[:30], *others])
        encoded = encode(tokenized, training, rows_in(words, tokenized))
        known = encoded.vocab
        found.append(
            (known.itos[: encoded.trained], known.counts[: encoded.trained], encoded.rows[: encoded.trained].tolist(),
             encoded.padded(training).tolist(), pretrained_weight(words, encoded.rows, 1)[: encoded.trained].tolist())
        )  # fmt: skip
        assert known.counts[encoded.trained :] == [0] * (len(known) - encoded.trained)
        assert encoded.padded(training).max() < encoded.trained
    assert found[0] == found[1] == found[2]


def test_words_of_other_texts_keep_the_row_of_a_set_that_has_them() -> None:
    tokenized = tokenize_texts(TEXTS)
    rows = rows_in(vectors_of("the dog owl zebras 얼룩말"), tokenized)
    training = np.array([0, 1])
    encoded = encode(tokenized, training, rows)
    assert encoded.vocab.itos == ["<unk>", "<pad>", "the", "cat", "sat", "dog", "ran", "a", "zebras", "얼룩말", "owl"]
    assert encoded.trained == 8
    assert encoded.rows.tolist() == [-1, -1, 0, -1, -1, 1, -1, -1, 3, 4, 2]
    assert decoded(encoded, 3) == ["zebras", "ran", "얼룩말"]
    assert decoded(encoded, 4) == ["the", "<unk>"]
    without = encode(tokenized, training, rows, further=False)
    assert without.vocab.itos == encoded.vocab.itos[:8]
    assert decoded(without, 3) == ["<unk>", "ran", "<unk>"]


def test_rare_words_that_a_set_has_are_kept() -> None:
    tokenized = tokenize_texts(["a a b c d d"])
    encoded = encode(tokenized, np.array([0]), rows_in(vectors_of("c x"), tokenized), min_count=2)
    assert encoded.vocab.itos == ["<unk>", "<pad>", "a", "d", "c"]
    assert encoded.vocab.counts == [1, 0, 2, 2, 1]
    assert decoded(encoded, 0) == ["a", "a", "<unk>", "c", "d", "d"]
    with pytest.raises(BadSetting, match="min_count should be at least 1, but is 0"):
        encode(tokenized, np.array([0]), min_count=0)


def test_specials_that_a_text_spells_out() -> None:
    tokenized = tokenize_texts(["a <pad> b <unk> <unk>", "<pad> c"], "whitespace")
    with_specials = rows_in(vectors_of("<unk> a <pad> c"), tokenized)
    for min_count, rows in itertools.product((1, 2), (with_specials, None)):
        encoded = encode(tokenized, np.array([0]), rows, min_count=min_count)
        assert encoded.rows[:2].tolist() == [-1, -1]
        assert encoded.vocab.counts[1] == 1
        assert sum(encoded.vocab.counts) == 5
        assert decoded(encoded, 1) == ["<pad>", "<unk>" if rows is None else "c"]
    assert encode(tokenized, np.array([1]), with_specials).vocab.itos == ["<unk>", "<pad>", "c", "a"]


@pytest.mark.parametrize("seed", range(5))
def test_padding(seed: int) -> None:
    encoded = encode(tokenize_texts(drawn_texts(seed)), np.arange(60))
    starts = [0, *encoded.ends.tolist()]
    draw = np.random.default_rng(seed)
    for size in (1, 2, 7, 60):
        places = draw.integers(0, 60, size)
        texts = [encoded.ids[starts[place] : starts[place + 1]].tolist() for place in places.tolist()]
        longest = max(1, *map(len, texts), 1)
        assert encoded.padded(places).tolist() == [text + [1] * (longest - len(text)) for text in texts]


def test_padding_of_nothing() -> None:
    encoded = encode(tokenize_texts(["...", "a", ""]), np.array([1]))
    assert encoded.padded(np.array([0, 2])).tolist() == [[1], [1]]
    assert encoded.padded(np.array([], dtype=np.int64)).shape == (0, 1)
    none = encode(tokenize_texts([]), np.array([], dtype=np.int64))
    assert (len(none.vocab), none.padded(np.array([], dtype=np.int64)).shape) == (2, (0, 1))


def test_the_rows_of_the_embedding_are_the_right_words_rows(glove: WordVectors) -> None:
    """Asked of the set by name, word by word; and what the set lacks starts from numbers drawn by the seed."""
    pairs = enumerate(itertools.product(["good", "bad", "odd"], ["film", "tea", "car"]))
    data = LabelledTexts.of([f"The {a} {b} was zzqx{n} {a}, Don’t" for n, (a, b) in pairs], ["x", "y", "x"] * 3)
    tokenized = tokenize_texts(data.texts)
    encoded = encode(tokenized, split_texts(data).train[:4], rows_in(glove, tokenized))
    weight = pretrained_weight(glove, encoded.rows, seed=5)  # (V, D)
    drawn = initial_weight(len(encoded.vocab), glove.dim, seed=5)  # (V, D)
    assert not weight[encoded.vocab.stoi["<pad>"]].any()
    for word, number in encoded.vocab.stoi.items():
        expected = glove[word] if word in glove and number >= 2 else drawn[number]
        assert np.array_equal(weight[number], expected), word
    place = 3
    numbers = encoded.padded(np.array([place]))[0]  # (L,)
    words = tokenize_words(data.texts[place])
    known = [index for index, word in enumerate(words) if word in glove]
    assert len(known) == len(words) - 2  # zzqx3, don't
    assert np.array_equal(weight[numbers[known]], [glove[words[index]] for index in known])


def test_coverage_counts_words_and_occurrences() -> None:
    tokenized = tokenize_texts(TEXTS)
    found = coverage(tokenized, rows_in(vectors_of("the dog Owl"), tokenized))
    tokens = [token for text in TEXTS for token in tokenize_words(text)]
    assert (found.words, found.tokens) == (len({*tokens}), len(tokens))
    known = [token for token in tokens if token in ("the", "dog")]
    assert (found.known, found.known_tokens) == (2, len(known))
    assert found.missing[:2] == ("a", "cat")
    assert (found.share, found.token_share) == (2 / len({*tokens}), len(known) / len(tokens))
    nothing = coverage(Tokenized([], np.array([], np.int32), np.array([], np.int64)), np.array([], np.int64))
    assert (nothing.share, nothing.token_share, nothing.missing) == (0.0, 0.0, ())


def test_what_a_server_needs_of_labelled_texts_is_light() -> None:
    code = (
        "import sys\n"
        "from embedcore.transfer.samples import LABELLED_SAMPLES\n"
        "from embedcore.transfer import columns, coverage, encoding, problems, records, splitting\n"
        "data = LABELLED_SAMPLES['English'].texts()\n"
        "encoding.encode(encoding.tokenize_texts(data.texts), splitting.split_texts(data).train)\n"
        "print(sorted({'torch', 'pandas', 'dask', 'umap', 'sklearn', 'streamlit'} & {*sys.modules}))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parent.parent, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"


def test_a_set_that_knows_little_is_doubted() -> None:
    assert doubt(Coverage(100, 60, 1_000, 500, ()), "a set") is None
    assert (
        doubt(Coverage(0, 0, 0, 0, ()), "a set")
        == "“a set” knows 0 % of the words as they stand in the texts, so it can help only little."
    )
    assert str(doubt(Coverage(100, 60, 1_000, 490, ()), "a set")).startswith("“a set” knows 49 % of the words")
    assert str(doubt(Coverage(100, 0, 1_000, 0, ()), "x\n")).startswith("“x\\n” knows none of the words")
