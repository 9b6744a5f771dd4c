"""Which integer stands for which token."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from embedcore.errors import BadSetting
from embedcore.vocab import PAD, UNK, Vocab

TUTORIAL = [["you", "need", "to", "know", "how", "to", "code"]]


def test_the_tutorials_sentence_gets_the_integers_of_the_design() -> None:
    vocab = Vocab.build(TUTORIAL)
    assert len(vocab) == 8
    assert vocab.stoi == {"<unk>": 0, "<pad>": 1, "to": 2, "you": 3, "need": 4, "know": 5, "how": 6, "code": 7}
    assert vocab.counts == [0, 0, 2, 1, 1, 1, 1, 1]
    assert vocab.encode(TUTORIAL[0]) == [3, 4, 2, 5, 6, 2, 7]


def test_order_is_falling_count_then_first_appearance() -> None:
    generator = random.Random(7)
    tokens = [f"w{generator.randint(0, 40)}" for _ in range(500)]
    counts = Counter(tokens)
    expected = sorted(counts, key=lambda word: (-counts[word], tokens.index(word)))
    assert Vocab.build([tokens[:200], tokens[200:]]).words == expected


def test_min_count_and_max_size() -> None:
    sentences = [["a"] * 5 + ["b"] * 3 + ["c"] * 2 + ["d"]]
    vocab = Vocab.build(sentences, min_count=2, max_size=2)
    assert vocab.itos == [UNK, PAD, "a", "b"]
    assert vocab.counts == [3, 0, 5, 3]  # c twice and d once read as <unk>
    assert sum(vocab.counts) == 11
    assert Vocab.build(sentences, min_count=2).words == ["a", "b", "c"]
    assert Vocab.build(sentences, max_size=0).words == []


def test_specials_written_in_a_text_are_those_specials() -> None:
    vocab = Vocab.build([["a", PAD, UNK, "a", PAD]])
    assert vocab.itos == [UNK, PAD, "a"]
    assert vocab.counts == [1, 2, 2]
    assert vocab.encode([UNK, PAD, "a"]) == [0, 1, 2]


def test_encode_and_decode() -> None:
    vocab = Vocab.build(TUTORIAL)
    assert vocab.encode(["code", "Code", "unseen"]) == [7, 0, 0]
    assert vocab.decode([7, 0, 1]) == ["code", UNK, PAD]
    with pytest.raises(BadSetting, match="8 stands for no token: the integers here go from 0 to 7"):
        vocab.decode([8])
    with pytest.raises(BadSetting):
        vocab.decode([-1])


def test_coverage_counts_each_occurrence() -> None:
    vocab = Vocab.build(TUTORIAL)
    assert vocab.coverage(["to", "to", "fly", "code"]) == 0.75
    assert vocab.coverage([UNK, PAD]) == 0
    assert vocab.coverage([]) == 0


def test_an_empty_text_has_the_two_specials() -> None:
    assert len(Vocab.build([])) == 2


def test_a_string_is_no_sentence() -> None:
    with pytest.raises(TypeError, match="split it first"):
        Vocab.build(["a b"])


@pytest.mark.parametrize("bounds", [{"min_count": 0}, {"max_size": -1}])
def test_bad_bounds(bounds: dict[str, int]) -> None:
    with pytest.raises(BadSetting, match="should be at least"):
        Vocab.build(TUTORIAL, **bounds)


def test_a_token_twice_is_refused() -> None:
    with pytest.raises(BadSetting, match="twice"):
        Vocab(["a", "a"])
    with pytest.raises(BadSetting, match="as many counts"):
        Vocab(["a"], [1, 2])
