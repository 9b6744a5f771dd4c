"""Labelled texts in three parts: nobody twice, every beginning fair, no text on both sides."""

from __future__ import annotations

import numpy as np
import pytest

from embedcore.errors import BadSetting, TextProblem
from embedcore.transfer.labelled import LabelledTexts, with_test
from embedcore.transfer.splitting import Split, in_order, split_by_parts, split_texts, suggested_shares


def made_up(*counts: int, copies: int = 0) -> LabelledTexts:
    """So many different texts of each class, and then copies of the first ones in other spellings."""
    texts = [f"text {label} {number}" for label, count in enumerate(counts) for number in range(count)]
    labels = [f"class {label}" for label, count in enumerate(counts) for _ in range(count)]
    again = [f"TEXT,  {text.removeprefix('text ')}!" for text in texts[:copies]]
    return LabelledTexts.of([*texts, *again], [*labels, *labels[:copies]])


def places(split: Split) -> list[int]:
    return np.concatenate([split.train, split.validation, split.test]).tolist()


@pytest.mark.parametrize("counts", [(500, 500), (900, 90, 10), (3, 3), (40, 1, 2), (1000,), (0,), (7, 5, 3, 30)])
def test_everybody_is_in_one_part(counts: tuple[int, ...]) -> None:
    data = made_up(*counts)
    for seed in range(5):
        assert sorted(places(split_texts(data, seed=seed))) == list(range(len(data)))


def test_the_shares_are_those_of_each_class() -> None:
    data = made_up(900, 90, 10)
    split = split_texts(data, validation=0.2, test=0.1)
    shares = [
        np.bincount(data.labels[part], minlength=3).tolist() for part in (split.train, split.validation, split.test)
    ]
    assert shares == [[630, 63, 7], [180, 18, 2], [90, 9, 1]]


def test_small_classes_are_learned_first_then_tested() -> None:
    data = made_up(30, 1, 2, 3)
    split = split_texts(data)
    shares = [
        np.bincount(data.labels[part], minlength=4).tolist() for part in (split.train, split.validation, split.test)
    ]
    assert [row[1:] for row in shares] == [[1, 1, 1], [0, 0, 1], [0, 1, 1]]


def test_a_seed_decides_and_another_decides_otherwise() -> None:
    data = made_up(300, 200)
    first, again, other = split_texts(data, seed=4), split_texts(data, seed=4), split_texts(data, seed=5)
    for part in ("train", "validation", "test"):
        assert np.array_equal(getattr(first, part), getattr(again, part))
        assert not np.array_equal(getattr(first, part), getattr(other, part))
    assert len(np.intersect1d(first.test, other.test)) < 20  # of 50; 5 are expected by chance


def test_the_order_of_the_parts_tells_nothing_of_the_texts_order() -> None:
    split = split_texts(made_up(1000, 1000))
    for part in (split.train, split.validation, split.test):
        assert abs(np.corrcoef(np.arange(len(part)), part)[0, 1]) < 0.25


@pytest.mark.parametrize("counts", [(500, 500), (700, 200, 100), (950, 45, 5), (33, 31, 29, 27)])
def test_every_beginning_is_stratified(counts: tuple[int, ...]) -> None:
    data = made_up(*counts)
    everywhere = np.arange(len(data))
    for seed in range(3):
        order = in_order(data.labels, everywhere, seed)
        assert sorted(order.tolist()) == everywhere.tolist()
        taken = np.cumsum(np.eye(len(counts))[data.labels[order]], axis=0)  # (N, C)
        share = np.array(counts) / len(data)  # (C,)
        due = np.arange(1, len(data) + 1)[:, None] * share  # (N, C)
        assert (taken - due < 1 + 1e-9).all()
        assert (due - taken < len(counts) * share + 1e-9).all()
        assert (taken[len(counts) - 1] == 1).all()  # one of each class before any comes twice


def test_another_seed_is_another_order_of_the_same_places() -> None:
    data = made_up(100, 100)
    split = split_texts(data)
    orders = [in_order(data.labels, split.train, seed) for seed in (1, 2)]
    assert sorted(orders[0].tolist()) == sorted(orders[1].tolist()) == sorted(split.train.tolist())
    assert len(np.intersect1d(orders[0][:50], orders[1][:50])) < 35  # of 50; 16 are expected by chance
    # It hangs on the places alone, and not on the order that they are given in.
    assert np.array_equal(in_order(data.labels, split.train[::-1], 1), orders[0])


def test_texts_that_are_the_same_stay_in_one_part() -> None:
    data = made_up(100, 100, copies=150)
    assert (data.same[200:] == np.arange(150)).all()
    for seed in range(5):
        split = split_texts(data, seed=seed, validation=0.2, test=0.2)
        for part in (split.train, split.validation, split.test):
            others = np.setdiff1d(np.arange(len(data)), part)
            assert not np.intersect1d(data.same[part], data.same[others]).size
        assert len(split.test) == 70


def test_a_text_that_is_everywhere_is_learned_from() -> None:
    data = LabelledTexts.of(["ok"] * 90 + [f"text {n}" for n in range(10)], ["a"] * 90 + ["b"] * 10)
    split = split_texts(data)
    assert (np.sort(split.train)[:90] == np.arange(90)).all()
    assert data.labels[split.test].tolist() == [1]


def test_parts_that_were_given_are_kept() -> None:
    data = made_up(40, 40)
    parts = ["test" if n % 4 == 0 else "validation" if n % 4 == 1 else "train" for n in range(80)]
    split = split_by_parts(LabelledTexts.of(data.texts, ["ab"[n // 40] for n in range(80)], parts=parts))
    assert sorted(split.test.tolist()) == list(range(0, 80, 4))
    assert sorted(split.validation.tolist()) == list(range(1, 80, 4))
    assert (np.bincount(data.labels[split.train[:10]]) == 5).all()


def test_validation_that_was_not_given_is_a_share_of_training() -> None:
    data = with_test(made_up(100, 100, copies=10), made_up(30, 30))
    assert (len(data), data.parts[209:211] if data.parts else None) == (270, ("train", "test"))
    split = split_by_parts(data, validation=0.1)
    assert sorted(split.test.tolist()) == list(range(210, 270))
    assert (len(split.train), len(split.validation)) == (189, 21)
    assert sorted(places(split)) == list(range(270))


def test_the_test_part_stays_whole_when_others_give_texts_up() -> None:
    split = split_texts(made_up(50, 50))
    less = split.without(np.concatenate([split.train[:3], split.validation[:2], split.test[:1]]))
    assert less.train.tolist() == split.train[3:].tolist()
    assert less.validation.tolist() == split.validation[2:].tolist()
    assert less.test is split.test


def test_parts_that_are_missing_are_said() -> None:
    data = made_up(5, 5)
    with pytest.raises(TextProblem, match="Nothing in the texts says which texts are for training"):
        split_by_parts(data)
    with pytest.raises(TextProblem, match=r"None of the texts is marked “test”. Mark some, or divide them by a seed."):
        split_by_parts(LabelledTexts.of(data.texts, ["a"] * 10, parts=["train"] * 10))
    with pytest.raises(TextProblem, match="None of the texts is marked “train”"):
        split_by_parts(LabelledTexts.of(data.texts, ["a"] * 10, parts=["test"] * 10))


def test_shares_have_bounds() -> None:
    for name in ("validation", "test"):
        for share in (0.0, 0.6, float("nan")):
            with pytest.raises(BadSetting, match=f"{name} should be a share from 0.01 to 0.5, but is {share:g}"):
                split_texts(made_up(9, 9), **{name: share})  # type: ignore[arg-type]
    with pytest.raises(BadSetting, match=r"validation 50% and test 50% leave nothing to learn from"):
        split_texts(made_up(9, 9), validation=0.5, test=0.5)
    assert suggested_shares(999)[1] > suggested_shares(1000)[1]


def test_classes_are_in_the_same_order_whatever_comes_first() -> None:
    assert LabelledTexts.of("abcd", ["10", "9", "긍정", "-1.5"]).classes == ("-1.5", "9", "10", "긍정")
    assert LabelledTexts.of("ab", ["pos", "neg"]).classes == ("neg", "pos")
    found = LabelledTexts.of([" e\u0301 \r\n b "], ["\u1112\u1161\u11ab"])
    assert (found.texts, found.classes) == (("é   b",), ("한",))
    with pytest.raises(ValueError, match="2 texts need as many labels and parts, not 1"):
        LabelledTexts.of("ab", ["x"])
