"""What is wrong with labelled texts is said, with the right numbers, and nothing where nothing is wrong."""

from __future__ import annotations

import numpy as np
import pytest

from embedcore.transfer.encoding import MOST_TOKENS, tokenize_texts
from embedcore.transfer.labelled import LabelledTexts
from embedcore.transfer.problems import Problem, find_leaks, problems_of_data, problems_of_split
from embedcore.transfer.splitting import Split, split_by_parts, split_texts

WORDS = ["river", "stone", "lamp", "ocean", "bread", "candle", "garden", "mirror", "silver", "winter"]


def made_up(*counts: int) -> LabelledTexts:
    """So many texts of each class, all different."""
    labels = [name for name, count in zip("abcdefgh", counts, strict=False) for _ in range(count)]
    texts = [" ".join(WORDS[int(digit)] for digit in f"{number:04d}") for number in range(len(labels))]
    return LabelledTexts.of(texts, labels)


def also(data: LabelledTexts, *more: tuple[str, str]) -> LabelledTexts:
    labels = [data.classes[label] for label in data.labels.tolist()]
    return LabelledTexts.of([*data.texts, *(text for text, _ in more)], [*labels, *(label for _, label in more)])


def said(found: list[Problem]) -> list[tuple[str, bool]]:
    return [(problem.sentence, problem.stops) for problem in found]


def in_parts(train: str, validation: str, test: str) -> tuple[LabelledTexts, Split]:
    """Texts in given parts, a word each, its label the letter that it begins with."""
    texts = [text for part in (train, validation, test) for text in part.split()]
    names = ["train", "validation", "test"]
    parts = [names[number] for number, part in enumerate((train, validation, test)) for _ in part.split()]
    data = LabelledTexts.of(texts, [text[0] for text in texts], parts=parts)
    return data, split_by_parts(data)


def test_nothing_is_wrong_with_good_texts() -> None:
    data = made_up(600, 500)
    assert problems_of_data(data, tokenize_texts(data.texts)) == []
    assert problems_of_split(data, split_texts(data)) == []


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((3, 2), [("There are 5 examples in all. Give 10 at least; a few hundred show something.", True),
                  ("“b” has fewer than 3 texts: too few to learn from and to be asked about.", False)]),
        ((20,), [("All texts have the label “a”. To tell classes apart, give texts of two.", True)]),
        ((1,), [("There is 1 example in all. Give 10 at least; a few hundred show something.", True),
                ("All texts have the label “a”. To tell classes apart, give texts of two.", True)]),
        ((0,), [("There are 0 examples in all. Give 10 at least; a few hundred show something.", True)]),
        ((9, 2), [("Give 3 texts or more of two labels at least.", True),
                  ("82 % of the texts are “a”, so that always answering this is right as often. "
                   "Look at macro-F1, too.", False)]),
        ((9, 8, 1, 2), [("“c”, “d” have fewer than 3 texts: too few to learn from and to be asked about.", False)]),
        ((64, 36), []),
        ((65, 35), [("65 % of the texts are “a”, so that always answering this is right as often. "
                     "Look at macro-F1, too.", False)]),
        ((20, 19, 22), []),
        ((30, 10, 15), [("55 % of the texts are “a”, so that always answering this is right as often. "
                         "Look at macro-F1, too.", False)]),
    ],
)  # fmt: skip
def test_classes(counts: tuple[int, ...], expected: list[tuple[str, bool]]) -> None:
    assert said(problems_of_data(made_up(*counts))) == expected


def test_far_too_many_labels() -> None:
    data = LabelledTexts.of([f"text {n}" for n in range(300)], [f"{n % 150}" for n in range(300)])
    (problem,) = problems_of_data(data)
    assert problem.stops
    assert problem.sentence.startswith("There are 150 different labels, and at most 100 can be told apart here.")


def test_labels_that_differ_in_case_or_spaces() -> None:
    data = LabelledTexts.of([f"text {n}" for n in range(12)], ["Very good", "very  good", "bad"] * 4)
    assert said(problems_of_data(data)) == [("“Very good” and “very  good” count as two labels.", False)]


def test_copies_and_their_labels() -> None:
    data = made_up(10, 10)
    data = also(data, (data.texts[0].upper() + "!!", "a"), (data.texts[1], "b"), (data.texts[1], "a"))
    assert said(problems_of_data(data)) == [
        ("3 texts are copies of another, word for word. "
         "Divided by a seed, a text and its copies are kept in one part.", False),
        (f"1 text has another label than an earlier copy: “{data.texts[1]}”.", False),
    ]  # fmt: skip


def test_texts_without_words_and_texts_that_are_too_long() -> None:
    data = also(
        made_up(10, 10), ("?!", "a"), ("…", "b"), ("long " * (MOST_TOKENS + 1), "a"), ("long " * MOST_TOKENS, "a")
    )
    assert said(problems_of_data(data, tokenize_texts(data.texts)))[-2:] == [
        ("2 texts have no word to tell the label by, such as “?!”.", False),
        (f"1 text has more than {MOST_TOKENS} words; the rest is not read.", False),
    ]
    nothing = LabelledTexts.of(["?" * n for n in range(1, 21)], ["a", "b"] * 10)
    (problem,) = problems_of_data(nothing, tokenize_texts(nothing.texts))
    assert (problem.sentence[:40], problem.stops) == ("There is no word in any of the texts. Is", True)


def test_a_planted_leak_is_found() -> None:
    data = made_up(300, 300)
    clean = split_texts(data)
    stolen, seen = clean.test[[4, 9]], clean.test[[5]]
    data = also(data, *((f"  {data.texts[place].title()} ", "a") for place in [*stolen, *seen]))
    split = Split(np.append(clean.train, [600, 601]), np.append(clean.validation, 602), clean.test)
    leaks = find_leaks(data, split)
    assert leaks.train.tolist() == [600, 601]
    assert leaks.validation.tolist() == [602]
    assert leaks.test.tolist() == sorted([*stolen.tolist(), *seen.tolist()])
    first = data.texts[leaks.test[0]]
    assert said(problems_of_split(data, split))[0] == (
        f"3 of the 60 test texts are also in training and validation, such as “{first}”. "
        "Who has seen a text is no fair judge of it: the accuracy comes out too high.",
        False,
    )
    mended = split.without(np.concatenate([leaks.train, leaks.validation]))
    assert not find_leaks(data, mended)
    assert not find_leaks(data, split_texts(data))  # a split of ours has none to begin with


def test_a_leak_into_training_alone() -> None:
    data, split = in_parts("a1 a2 b1 b2 b3", "a3 b4", "a2 b5 b5")
    (problem, _) = problems_of_split(data, split)
    assert problem.sentence.startswith("1 of the 3 test texts is also in training, such as “a2”.")
    assert find_leaks(data, split).train.tolist() == [1]


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("a1 a2 b1 b2", "a3 b3", "a4"), [("All texts of the test part have the same label.", True)]),
        (("a1 a2", "a3 b3", "a4 b4"), [("All texts of the training part have the same label.", True),
                                       ("“b” is in the test, but not in training.", False)]),
        (("a1 b1", "a3", "a4 b4"), [("All texts of the validation part have the same label.", False)]),
        (("a1 b1", "a3 b3", "a4 b4 c1 d1"), [("“c”, “d” are in the test, but not in training.", False)]),
    ],
)  # fmt: skip
def test_parts_that_lack_classes(parts: tuple[str, str, str], expected: list[tuple[str, bool]]) -> None:
    data, split = in_parts(*parts)
    assert said(problems_of_split(data, split))[:-1] == expected


def test_an_empty_part_and_a_small_test() -> None:
    data = made_up(2, 2)
    sentences = said(problems_of_split(data, split_texts(data)))
    assert ("The validation part is empty. Give more texts, or a larger share.", True) in sentences
    assert sentences[-1][0] == (
        "The test part has 2 texts, so that one answer more or less moves the accuracy by 50.0 points."
    )
