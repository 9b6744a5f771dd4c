"""Two runs side by side: what differs, and what may be said of their losses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from embedcore.errors import RunProblem
from embedcore.runs import Run, RunFolder, comparison
from embedcore.runs.comparison import Difference
from embedcore.settings import Settings
from embedcore.vectors import WordVectors
from tests.test_runs import a_run, short_config


def a_training(**changes: Any) -> Run:
    return a_run(config={**short_config(), "watch": ["soup"], **changes})


def test_only_what_differs_is_a_difference() -> None:
    one, other = a_training(), a_training(dim=16, lr=0.05, watch=["bread"])
    differ, equal = comparison.differences(one, other)
    assert differ == [Difference("dim", 8, 16), Difference("lr", None, 0.05)]
    assert set(equal) == set(short_config()) - {"dim", "lr"}  # what is watched is no setting
    assert equal["window"] == 5
    assert comparison.differences(one, one)[0] == []


def test_a_setting_that_did_not_exist_yet_has_its_default() -> None:
    old = a_training()
    del old.config["objective"]
    assert comparison.differences(old, a_training())[0] == []
    newer = a_training(something_new=3)
    assert comparison.differences(old, newer)[0] == [Difference("something_new", None, 3)]
    assert comparison.differences(newer, old)[0] == [Difference("something_new", 3, None)]


@pytest.mark.parametrize(
    ("first", "second", "same_text", "reasons"),
    [
        ({}, {"dim": 3, "epochs": 9, "lr": 0.1, "seed": 7, "batch": 8, "init": "normal"}, True, []),
        ({"negative": 5}, {"negative": 10}, True, ["a loss sums over 5 random words in one and 10 in the other"]),
        ({}, {}, False, ["they read different texts"]),
        (
            {"objective": "skipgram"}, {"objective": "cbow", "negative": 9}, False,
            ["they learn by different objectives, so that their losses measure different things"],
        ),
        ({}, {"min_count": 3}, True, ["they know different words of it"]),
        ({}, {"tokenizer": "whitespace"}, False, ["they read different texts", "they split text into other words"]),
        ({}, {"sample": 0.1}, True, ["they skip frequent words at different rates"]),
        ({}, {"window": 2}, True, ["they learn from neighbours at different distances"]),
        # Cross-entropy over the same words draws none at random, and guesses the same words from more or fewer.
        ({"objective": "next-word", "negative": 5, "window": 2}, {"objective": "next-word", "negative": 9}, True, []),
    ],
)  # fmt: skip
def test_losses_are_compared_only_where_they_mean_the_same(
    first: dict[str, Any], second: dict[str, Any], same_text: bool, reasons: list[str]
) -> None:
    one, other = a_training(**first), a_training(**second)
    assert comparison.why_losses_differ(one, other, same_text=same_text) == reasons


def test_texts_are_the_same_byte_for_byte(home: Settings) -> None:
    texts = ["one\ntwo", "one\ntwo", "one\ntwp", "", None, None]
    folders = [RunFolder.create(home.runs_dir, a_training(), text) for text in texts]
    same = [[comparison.same_text(a, b) for b in folders] for a in folders]
    kinds = np.array([0, 0, 1, 2, 2, 2])  # no text is an empty one
    assert np.array_equal(same, kinds[:, None] == kinds[None])


def test_neighbours_and_what_is_shared() -> None:
    words = ["a", "b", "c", "d", "zero"]
    one = WordVectors(words, [[1, 0], [1, 0.1], [1, 0.5], [0, 1], [0, 0]])
    other = WordVectors(words, [[1, 0], [0, 1], [1, 0.5], [1, 0.1], [0, 0]])
    first, second = (comparison.near(vectors, "a", 2) for vectors in (one, other))
    assert [n.word for n in first.words] == ["b", "c"]
    assert [n.word for n in second.words] == ["d", "c"]
    assert comparison.shared(first.words, second.words) == ["c"]
    assert comparison.near(one, "nothing", 2) == comparison.Near(None, [])
    assert comparison.near(one, "zero", 2) == comparison.Near("zero", [])
    lowered = WordVectors(["a", "b"], np.eye(2), lowercased=True)
    assert comparison.near(lowered, "A", 1).token == "a"


def test_only_trainings_can_be_compared() -> None:
    comparison.check_comparable(a_training())
    with pytest.raises(RunProblem) as caught:
        comparison.check_comparable(a_run(kind="map", name="a map"))
    assert str(caught.value) == "“a map” trained no vectors, so that there is nothing to compare."
