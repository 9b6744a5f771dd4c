"""What experiments say: numbers held to scikit-learn's, sentences held to made-up fits."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

import numpy as np
import pytest
from sklearn.metrics import f1_score

from embedcore.transfer.answers import Answer, answer, measure_for, points
from embedcore.transfer.config import FROZEN, SCRATCH, TUNED
from embedcore.transfer.leads import ACCURACY, MACRO_F1
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


def test_points_have_the_mean_and_the_ends_of_the_band() -> None:
    found = points(fits({TUNED: {50: 0.6}, SCRATCH: {100: 0.7, 20: 0.5}}), LABELS, 2)
    assert [(point.start, point.size) for point in found] == [(SCRATCH, 20), (SCRATCH, 100), (TUNED, 50)]
    assert found[1].accuracy == pytest.approx(0.7)
    assert (found[1].low, found[1].high) == pytest.approx((0.696, 0.704))
    assert found[1].macro_f1 == pytest.approx(0.7, abs=0.001)
    assert found[1].fits == 3
    assert found[1].seconds == 4.0
    assert found[1].trained == 1_000


def test_the_measure_follows_from_the_labels() -> None:
    assert measure_for(np.repeat([0, 1], [64, 36]), 2) == ACCURACY
    assert measure_for(np.repeat([0, 1], [65, 35]), 2) == MACRO_F1
    assert measure_for(np.repeat([0, 1, 2], [33, 33, 34]), 3) == ACCURACY
    assert measure_for(np.repeat([0, 1, 2], [60, 20, 20]), 3) == MACRO_F1
    rng = np.random.default_rng(0)
    assert all(measure_for(rng.integers(0, 20, 100), 20) == ACCURACY for _ in range(50))  # even, as drawn


# Sentences


def test_a_lead_that_is_caught_up() -> None:
    found = said(
        {
            SCRATCH: {50: 0.52, 100: 0.53, 1_000: 0.66, 4_000: 0.765, 8_530: 0.78},
            FROZEN: {50: 0.57, 100: 0.61, 1_000: 0.67, 4_000: 0.69, 8_530: 0.70},
            TUNED: {50: 0.56, 100: 0.60, 1_000: 0.70, 4_000: 0.765, 8_530: 0.77},
        }
    )
    assert found == Answer(
        True,
        (
            "With 100 examples, the frozen vectors are ahead by 8.0 points (61.0 % against 53.0 %).",
            "From about 4,000 on, training from scratch is as good.",
            "With 8,530 examples, the frozen vectors are 8.0 points behind training from scratch "
            "(70.0 % against 78.0 %).",
        ),
        4_000,
    )


def test_a_lead_that_stays() -> None:
    found = said({SCRATCH: {20: 0.5, 200: 0.55}, TUNED: {20: 0.52, 200: 0.75}})
    assert found.helps is True
    assert found.level_from is None
    assert found.sentences == (
        "With 200 examples, the tuned vectors are ahead by 20 points (75.0 % against 55.0 %).",
        "More examples have not been tried yet.",
    )
    narrower = said({SCRATCH: {20: 0.5, 200: 0.55}, TUNED: {20: 0.62, 200: 0.61}})
    assert narrower.level_from is None
    assert narrower.sentences[1] == (
        "With 200 examples, the most so far, the tuned vectors are ahead by 6.0 points (61.0 % against 55.0 %)."
    )


def test_of_those_ahead_in_the_end_the_farthest_is_told_and_only_if_it_is_sure() -> None:
    found = said(
        {
            SCRATCH: {20: 0.5, 200: 0.55, 900: 0.6},
            FROZEN: {20: 0.62, 200: 0.6, 900: 0.605},
            TUNED: {20: 0.6, 200: 0.61, 900: 0.66},
        }
    )
    assert found.sentences[1].startswith("With 900 examples, the most so far, the tuned vectors are ahead by 6.0")


def test_a_lead_that_turns_into_the_opposite() -> None:
    found = said({SCRATCH: {20: 0.5, 200: 0.75}, TUNED: {20: 0.6, 200: 0.7}})
    assert found.sentences[1] == (
        "From about 200 on, training from scratch is as good; with 200 it is better (75.0 % against 70.0 %, tuned)."
    )
    assert len(found.sentences) == 2  # and that tuned is behind is not said again
    assert found.level_from == 200


def test_better_is_said_of_the_size_at_which_it_is() -> None:
    found = said(
        {SCRATCH: {20: 0.5, 50: 0.72, 500: 0.75, 5_000: 0.85}, TUNED: {20: 0.65, 50: 0.71, 500: 0.745, 5_000: 0.80}}
    )
    assert found.sentences[1] == (
        "From about 50 on, training from scratch is as good; with 5,000 it is better (85.0 % against 80.0 %, tuned)."
    )
    assert found.level_from == 50


def test_a_lead_that_fades_is_not_called_level_before_it_is() -> None:
    made = fits({SCRATCH: dict.fromkeys((20, 200, 900, 4_000, 9_000), 0.7), TUNED: {20: 0.85, 4_000: 0.7, 9_000: 0.7}})
    made += [fitted(TUNED, size, seed, 0.72 + 0.05 * (seed - 2)) for size in (200, 900) for seed in (1, 2, 3)]
    found = answer(made, LABELS, 2)
    assert found.sentences[1:] == (
        "From about 200 on, no lead is clear any more.",
        "With 9,000 examples, training from scratch is as good (70.0 % against 70.0 %, tuned).",
    )
    assert found.level_from == 9_000  # the spread of the fits at 900 counts for 4,000 too
    unclear = answer([one for one in made if one.task.size < 9_000], LABELS, 2)
    assert unclear.sentences[1:] == ("From about 200 on, no lead is clear any more.",)
    assert unclear.level_from is None


def test_one_size_alone() -> None:
    found = said({SCRATCH: {20: 0.5}, TUNED: {20: 0.6}})
    assert found.sentences[1] == "More examples have not been tried yet."
    assert found.level_from is None


def test_no_help() -> None:
    found = said({SCRATCH: {20: 0.6, 200: 0.75}, FROZEN: {20: 0.595, 200: 0.7}, TUNED: {20: 0.601, 200: 0.75}})
    assert found.helps is False
    assert found.sentences == (
        "Pre-trained vectors do not help here.",
        "With 200 examples, the frozen vectors are 5.0 points behind training from scratch (70.0 % against 75.0 %).",
    )
    level = said({SCRATCH: {20: 0.7, 200: 0.75}, TUNED: {20: 0.7, 200: 0.751}})
    assert level.sentences == (
        "Pre-trained vectors do not help here.",
        "With 200 examples, training from scratch is as good (75.0 % against 75.1 %, tuned).",
    )


def test_harm_alone() -> None:
    found = said({SCRATCH: {20: 0.7}, FROZEN: {20: 0.6}})
    assert found.sentences == (
        "Pre-trained vectors do not help here.",
        "With 20 examples, the frozen vectors are 10 points behind training from scratch (60.0 % against 70.0 %).",
    )
    assert found.helps is False


def test_a_test_that_is_too_small_tells_nothing() -> None:
    few, made = LABELS[:60], []
    for start, wrong in ((SCRATCH, range(24)), (TUNED, range(30, 48))):
        answers = few.copy()
        answers[list(wrong)] = 1 - answers[list(wrong)]
        made += [Fitted(Task(start, 50, seed), answers, 0.0, 0, 0, 9, 9, 9, 9, 1) for seed in (1, 2, 3)]
    found = answer(made, few, 2)
    assert found == Answer(
        None,
        (
            "Whether pre-trained vectors help cannot be told from these fits: with 50 examples, the tuned vectors are "
            "ahead by 10 points (70.0 % against 60.0 %), give or take 22 points. "
            "More fits of each kind, or more test texts, would tell more.",
        ),
    )


def test_one_fit_of_each_kind_tells_nothing() -> None:
    found = answer(fits({SCRATCH: {20: 0.5, 50: 0.6}, TUNED: {20: 0.8, 50: 0.9}}, seeds=1), LABELS, 2)
    assert found.helps is None
    assert found.sentences == (
        "One fit of each kind cannot tell what is chance: with 20 examples, the tuned vectors are ahead by 30 points "
        "(79.6 % against 49.6 %) in this one.",
    )


def test_uneven_labels_are_judged_by_macro_f1() -> None:
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
    assert ours > theirs + 20
    assert found == Answer(
        True,
        (
            f"With 50 examples, the tuned vectors are ahead by {ours - theirs:.0f} points of macro-F1 "
            f"({ours:.1f} % against {theirs:.1f} %).",
            "More examples have not been tried yet.",
            "The labels are uneven, so this goes by macro-F1, in which a rare label counts as much as a frequent one.",
        ),
        measure=MACRO_F1,
    )


def test_nothing_learned_and_nothing_to_compare() -> None:
    found = said({SCRATCH: {20: 0.5}, FROZEN: {20: 0.51}})
    assert found.helps is None
    assert found.sentences == (
        "No start does clearly better than always answering with the most frequent label (50.0 %), so this says "
        "nothing about the vectors. More training texts may help.",
    )
    assert answer([], LABELS, 2).helps is None
    assert said({SCRATCH: {20: 0.9}}).sentences == ("There is nothing to compare yet.",)


def test_starts_that_are_equally_good_are_rarely_said_to_differ() -> None:
    """Of many experiments of nine sizes without any true lead, few may claim one; with a true one, most find it."""
    rng = np.random.default_rng(0)

    def helps(effect: float) -> bool | None:
        made, hard = [], rng.random(500)  # of each text, for all
        for number in range(9):
            for start in (SCRATCH, FROZEN, TUNED):
                for seed in (1, 2, 3):
                    share = 0.7 + effect * (start != SCRATCH) + rng.normal(0, 0.04 - 0.004 * number)
                    right = np.where(rng.random(500) < 0.6, hard, rng.random(500)) < share
                    answers = np.where(right, LABELS[:500], 1 - LABELS[:500])
                    task = Task(start, 20 * 2**number, seed)
                    made.append(Fitted(task, answers, float(right.mean()), 0, 0, 9, 9, 9, 9, 1))
        return answer(made, LABELS[:500], 2).helps

    assert sum(helps(0.0) is True for _ in range(60)) <= 6
    assert sum(helps(0.08) is True for _ in range(20)) >= 16


def test_reading_results_needs_no_torch() -> None:
    code = "import sys, embedcore.transfer.answers, embedcore.transfer.config; print('torch' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
