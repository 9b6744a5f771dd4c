"""What experiments say: numbers held to scikit-learn's, sentences held to made-up fits."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

import numpy as np
import pytest
from sklearn.metrics import f1_score

from embedcore.transfer.answers import Answer, answer, is_uneven, leads, macro_f1, points
from embedcore.transfer.config import FROZEN, SCRATCH, TUNED
from embedcore.transfer.results import Fitted, Task

LABELS = np.arange(1_000) % 2  # (t,) those of the test


def fitted(start: str, size: int, seed: int, accuracy: float, labels: np.ndarray = LABELS) -> Fitted:
    """A fit that is wrong on the last texts, by as many as the accuracy says, and on others with another seed."""
    answers = labels.copy()
    wrong = np.roll(np.arange(len(labels)), 100 * seed)[: round((1 - accuracy) * len(labels))]
    answers[wrong] = 1 - answers[wrong]
    right = float((answers == labels).mean())
    return Fitted(Task(start, size, seed), answers, right, 0.5, right, 100, 80, 1_000, 100, 2.0 * seed)


def fits(table: Mapping[str, Mapping[int, float]], seeds: int = 3) -> list[Fitted]:
    return [
        fitted(start, size, seed, share + 0.004 * (seed - 2))
        for start, row in table.items()
        for size, share in row.items()
        for seed in range(1, seeds + 1)
    ]


def said(table: Mapping[str, Mapping[int, float]]) -> Answer:
    return answer(fits(table), LABELS, 2)


# Numbers


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_macro_f1_is_that_of_scikit_learn(classes: int) -> None:
    rng = np.random.default_rng(classes)
    for count in (1, 7, 300):
        labels, answers = rng.integers(0, classes, count), rng.integers(0, classes, count)
        assert macro_f1(answers, labels, classes) == pytest.approx(f1_score(labels, answers, average="macro"))
    rare = np.array([0, 0, 0, 1])
    assert macro_f1(np.zeros(4, int), rare, 2) == pytest.approx(f1_score(rare, np.zeros(4), average="macro"))
    assert np.isnan(macro_f1(np.zeros(0, int), np.zeros(0, int), 2))


def test_points_have_the_mean_and_the_ends_of_the_band() -> None:
    found = points(fits({TUNED: {50: 0.6}, SCRATCH: {100: 0.7, 20: 0.5}}), LABELS, 2)
    assert [(point.start, point.size) for point in found] == [(SCRATCH, 20), (SCRATCH, 100), (TUNED, 50)]
    assert found[1].accuracy == pytest.approx(0.7)
    assert (found[1].low, found[1].high) == pytest.approx((0.696, 0.704))
    assert found[1].macro_f1 == pytest.approx(0.7, abs=0.001)
    assert found[1].fits == 3
    assert found[1].seconds == 4.0
    assert found[1].trained == 1_000


def test_a_lead_is_between_fits_of_the_same_seed() -> None:
    made = fits({SCRATCH: {20: 0.5}, FROZEN: {20: 0.6}})
    (lead,) = leads(made, LABELS)
    assert lead.ahead == pytest.approx(0.1)
    assert (lead.accuracy, lead.scratch) == pytest.approx((0.6, 0.5))
    assert leads([one for one in made if one.task.start == FROZEN or one.task.seed == 2], LABELS)[0].size == 20
    alone = [one for one in made if (one.task.start == FROZEN) == (one.task.seed == 1)]
    assert leads(alone, LABELS) == []  # no seed has both


def test_the_margin_covers_what_chance_does() -> None:
    """Two starts that are equally good: of many experiments, one in twenty or fewer may claim a difference."""
    rng = np.random.default_rng(0)
    claimed = 0
    for _ in range(300):
        made = []
        for seed in (1, 2, 3):
            hard = rng.random(400)  # of each text, for both
            for start in (SCRATCH, TUNED):
                share = 0.7 + rng.normal(0, 0.01)  # of this fit
                right = np.where(rng.random(400) < 0.5, hard, rng.random(400)) < share
                labels = LABELS[:400]
                made.append(Fitted(Task(start, 9, seed), np.where(right, labels, 1 - labels), 0, 0, 0, 1, 1, 1, 1, 1))
        (lead,) = leads(made, LABELS[:400])
        claimed += abs(lead.ahead) > lead.margin
    assert 1 <= claimed <= 0.09 * 300


def test_uneven_classes() -> None:
    assert not is_uneven(np.repeat([0, 1], [55, 45]), 2)
    assert is_uneven(np.repeat([0, 1], [70, 30]), 2)
    assert not is_uneven(np.repeat([0, 1, 2], [33, 33, 34]), 3)
    assert is_uneven(np.repeat([0, 1, 2], [60, 20, 20]), 3)


# Sentences


def test_a_lead_that_is_caught_up() -> None:
    found = said(
        {
            SCRATCH: {50: 0.52, 100: 0.53, 1_000: 0.66, 4_000: 0.74, 8_530: 0.77},
            FROZEN: {50: 0.57, 100: 0.61, 1_000: 0.67, 4_000: 0.69, 8_530: 0.70},
            TUNED: {50: 0.56, 100: 0.60, 1_000: 0.70, 4_000: 0.745, 8_530: 0.77},
        }
    )
    assert found == Answer(
        True,
        (
            "With 100 examples, the frozen vectors are ahead by 8.0 points (61.0 % against 53.0 %).",
            "From about 4,000 on, training from scratch is as good.",
            "With 8,530 examples, the frozen vectors are 7.0 points behind training from scratch "
            "(70.0 % against 77.0 %).",
        ),
        4_000,
    )


def test_a_lead_that_stays() -> None:
    found = said({SCRATCH: {20: 0.5, 200: 0.55}, TUNED: {20: 0.52, 200: 0.75}})
    assert found.helps is True
    assert found.level_from is None
    assert found.sentences == (
        "With 200 examples, the tuned vectors are ahead by 20 points (75.0 % against 55.0 %).",
        "More examples have not been tried.",
    )
    narrower = said({SCRATCH: {20: 0.5, 200: 0.55}, TUNED: {20: 0.62, 200: 0.61}})
    assert narrower.level_from is None
    assert narrower.sentences[1] == (
        "With 200 examples, the most so far, the tuned vectors are ahead by 6.0 points (61.0 % against 55.0 %)."
    )


def test_a_lead_that_turns_into_the_opposite() -> None:
    found = said({SCRATCH: {20: 0.5, 200: 0.75}, TUNED: {20: 0.6, 200: 0.7}})
    assert found.sentences[1] == "From about 200 on, training from scratch is better."
    assert found.level_from == 200


def test_one_size_alone() -> None:
    found = said({SCRATCH: {20: 0.5}, TUNED: {20: 0.6}})
    assert found.sentences[1] == "More examples have not been tried."
    assert found.level_from is None


def test_no_help() -> None:
    found = said({SCRATCH: {20: 0.6, 200: 0.75}, FROZEN: {20: 0.601, 200: 0.7}, TUNED: {20: 0.605, 200: 0.75}})
    assert found.helps is False
    assert found.sentences == (
        "Pre-trained vectors do not help here.",
        "The most they are ahead is 0.5 points, with 20 examples, which may be chance.",
        "With 200 examples, the frozen vectors are 5.0 points behind training from scratch (70.0 % against 75.0 %).",
    )


def test_harm_alone() -> None:
    found = said({SCRATCH: {20: 0.7}, FROZEN: {20: 0.6}})
    assert found.sentences == (
        "Pre-trained vectors do not help here.",
        "With 20 examples, the frozen vectors are 10 points behind training from scratch (60.0 % against 70.0 %).",
    )


def test_uneven_labels() -> None:
    """Nearly the same accuracy, but one start knows the rare label and the other only the frequent one."""
    labels = np.repeat([0, 1], [750, 250])
    lazy, keen = np.zeros(1_000, int), labels.copy()
    keen[:230] = 1
    made = [
        Fitted(Task(start, 50, seed), answers, float((answers == labels).mean()), 0, 0, 9, 9, 9, 9, 1)
        for start, answers in ((SCRATCH, lazy), (TUNED, keen))
        for seed in (1, 2)
    ]
    found = answer(made, labels, 2)
    ours, theirs = (100 * f1_score(labels, answers, average="macro") for answers in (keen, lazy))
    assert found.sentences[-1] == (
        "The labels are uneven, so that accuracy says too little: by macro-F1, with 50 examples, the tuned vectors "
        f"reach {ours:.1f} % and training from scratch {theirs:.1f} %."
    )
    assert ours > theirs + 20


def test_nothing_learned_and_nothing_to_compare() -> None:
    found = said({SCRATCH: {20: 0.5}, FROZEN: {20: 0.51}})
    assert found.helps is None
    assert found.sentences == (
        "No start does better than always answering with the most frequent label (50.0 %), so this says nothing about "
        "the vectors. More training texts may help.",
    )
    assert answer([], LABELS, 2).helps is None
    assert said({SCRATCH: {20: 0.9}}).sentences == ("There is nothing to compare yet.",)


def test_reading_results_needs_no_torch() -> None:
    code = "import sys, embedcore.transfer.answers, embedcore.transfer.config; print('torch' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
