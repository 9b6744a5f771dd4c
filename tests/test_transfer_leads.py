"""How sure a lead is: numbers held to scikit-learn's, to derivatives, and to arithmetic by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import f1_score

from embedcore.transfer.config import FROZEN, SCRATCH, TUNED
from embedcore.transfer.leads import ACCURACY, MACRO_F1, Lead, leads, macro_f1, values
from embedcore.transfer.results import Fitted, Task
from tests.test_transfer_answers import LABELS, fits


def wrong(start: str, size: int, seed: int, *places: range) -> Fitted:
    """A fit that is wrong at these places of the test."""
    answers = LABELS.copy()
    for part in places:
        answers[list(part)] = 1 - answers[list(part)]
    return Fitted(Task(start, size, seed), answers, float((answers == LABELS).mean()), 0, 0, 9, 9, 9, 9, 1)


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_macro_f1_is_that_of_scikit_learn(classes: int) -> None:
    rng = np.random.default_rng(classes)
    for count in (1, 7, 300):
        labels, answers = rng.integers(0, classes, count), rng.integers(0, classes, count)
        assert macro_f1(answers, labels, classes) == pytest.approx(f1_score(labels, answers, average="macro"))
    rare = np.array([0, 0, 0, 1])
    assert macro_f1(np.zeros(4, int), rare, 2) == pytest.approx(f1_score(rare, np.zeros(4), average="macro"))
    assert macro_f1(np.array([0, 1]), np.array([0, 1]), 3) == 1.0  # a class with neither does not count
    assert np.isnan(macro_f1(np.zeros(0, int), np.zeros(0, int), 2))


def test_what_a_text_adds_to_macro_f1_is_the_derivative_by_its_weight() -> None:
    rng = np.random.default_rng(3)
    labels, answers = rng.integers(0, 4, 60), rng.integers(0, 4, 60)
    found = values(answers, labels, 5, MACRO_F1)
    whole = f1_score(labels, answers, average="macro")
    assert found.mean() == pytest.approx(whole)
    for place in range(0, 60, 7):
        weights = np.ones(60)
        weights[place] += 1e-6
        heavier = f1_score(labels, answers, average="macro", sample_weight=weights)
        assert found[place] - whole == pytest.approx(60 * (heavier - whole) / 1e-6, abs=1e-3)


def test_what_a_text_adds_to_accuracy_is_one_where_it_is_right() -> None:
    assert values(np.array([0, 1, 1]), np.array([0, 0, 1]), 2, ACCURACY).tolist() == [1.0, 0.0, 1.0]


def test_a_lead_is_between_fits_of_the_same_seed() -> None:
    made = fits({SCRATCH: {20: 0.5}, FROZEN: {20: 0.6}})
    (lead,) = leads(made, LABELS, 2)
    assert lead.ahead == pytest.approx(0.1)
    assert (lead.score, lead.scratch) == pytest.approx((0.6, 0.5))
    assert leads([one for one in made if one.task.start == FROZEN or one.task.seed == 2], LABELS, 2)[0].size == 20
    alone = [one for one in made if (one.task.start == FROZEN) == (one.task.seed == 1)]
    assert leads(alone, LABELS, 2) == []  # no seed has both


def test_a_lead_in_macro_f1() -> None:
    made = [wrong(SCRATCH, 20, seed, range(300)) for seed in (1, 2)] + [
        wrong(TUNED, 20, seed, range(0, 300, 2)) for seed in (1, 2)
    ]
    (lead,) = leads(made, LABELS, 2, MACRO_F1)
    ours, theirs = (f1_score(LABELS, made[number].answers, average="macro") for number in (2, 0))
    assert (lead.score, lead.scratch) == pytest.approx((ours, theirs))
    assert lead.sure


def test_the_margin_by_hand() -> None:
    wrongs = (10, 20, 60)
    made = [wrong(SCRATCH, 50, seed, range(300 + more)) for seed, more in enumerate(wrongs)]
    made += [wrong(TUNED, 50, seed, range(300)) for seed in range(3)]
    differences = np.zeros((3, 1_000))
    for row, more in zip(differences, wrongs, strict=True):
        row[300 : 300 + more] = 1
    of_fits = np.var([0.01, 0.02, 0.06], ddof=1) / 3
    of_texts = np.var(differences.mean(axis=0), ddof=1) / 1_000
    degrees = (of_fits + of_texts) ** 2 / (of_fits**2 / (2 / 1.5) + of_texts**2 / 999)
    (lead,) = leads(made, LABELS, 2)
    assert lead.ahead == pytest.approx(0.03)
    assert lead.margin == pytest.approx(stats.t.ppf(0.975, degrees) * math.sqrt(of_fits + of_texts))


def test_how_much_fits_differ_is_taken_from_neighbouring_sizes_and_both_starts() -> None:
    """At 50 both fits are alike, which may be chance: at 20 and 100 they differ, at 900 no more."""
    made = []
    for size, differ in ((20, 40), (50, 0), (100, 20), (900, 0), (9_000, 0)):
        for seed in (1, 2):
            made += [wrong(SCRATCH, size, seed, range(200)), wrong(FROZEN, size, seed, range(200))]
            made += [wrong(TUNED, size, seed, range(200 - differ * (seed - 1)))]
    margins = {lead.size: lead.margin for lead in leads(made, LABELS, 2) if lead.start == TUNED}
    pooled = (np.var([0, 0.04], ddof=1) + np.var([0, 0.02], ddof=1)) / 6 / 2  # six groups of two fits; the mean of two
    texts = 1 / 1_000**2
    degrees = (pooled + texts) ** 2 / (pooled**2 / (6 / 1.5) + texts**2 / 999)
    assert margins[50] == pytest.approx(stats.t.ppf(0.975, degrees) * math.sqrt(pooled + texts))
    assert margins[20] > margins[50] > margins[900] > margins[9_000]
    assert margins[9_000] == pytest.approx(stats.t.ppf(0.975, 999) * math.sqrt(texts))  # no difference anywhere near


def test_one_fit_of_each_kind_has_no_margin() -> None:
    made = [wrong(SCRATCH, 20, 1, range(600)), wrong(TUNED, 20, 1)]
    (lead,) = leads(made, LABELS, 2)
    assert math.isnan(lead.margin)
    assert not lead.sure


def test_eight_texts_are_not_sure_of_anything_without_doubt() -> None:
    few = LABELS[:8]
    made = [
        Fitted(Task(start, 20, seed), answers, 0.0, 0, 0, 9, 9, 9, 9, 1)
        for start, answers in ((SCRATCH, 1 - few), (TUNED, few))
        for seed in (1, 2)
    ]
    (lead,) = leads(made, few, 2)
    assert lead.margin == pytest.approx(stats.t.ppf(0.975, 7) / 8)  # not 0, though all differ alike


def sure(ahead: dict[str, dict[int, float]]) -> list[tuple[str, int]]:
    """The leads that are sure where starts err on other texts than scratch does, three fits alike.

    Five sizes; a lead of some hundredths has a margin of .048, and one of .063 where five are tried.
    """
    sizes = (20, 50, 100, 200, 500)
    made = [wrong(SCRATCH, size, seed, range(300)) for size in sizes for seed in (1, 2, 3)]
    for start, row in ahead.items():
        for size in sizes:
            made += [
                wrong(start, size, seed, range(300, 600 - round(1_000 * row.get(size, 0.0)))) for seed in (1, 2, 3)
            ]
    found = leads(made, LABELS, 2)
    assert all(0.044 < lead.margin < 0.052 for lead in found)
    return [(lead.start, lead.size) for lead in found if lead.sure]


def test_a_lead_needs_a_neighbour_or_to_be_far_out() -> None:
    assert sure({TUNED: {50: 0.055}}) == []
    assert sure({TUNED: {50: 0.055, 100: 0.055}}) == [(TUNED, 50), (TUNED, 100)]
    assert sure({TUNED: {20: 0.055, 50: 0.055}}) == [(TUNED, 20), (TUNED, 50)]
    assert sure({TUNED: {50: 0.055, 200: 0.055}}) == []  # no neighbours
    assert sure({TUNED: {50: 0.055, 100: -0.055}}) == []  # one says the opposite
    assert sure({TUNED: {50: 0.055}, FROZEN: {100: 0.055}}) == []  # of different starts
    assert sure({TUNED: {50: 0.055, 100: 0.04}}) == []  # a neighbour that may be chance itself
    assert sure({TUNED: {50: 0.07}}) == [(TUNED, 50)]
    assert sure({TUNED: {50: -0.07}}) == [(TUNED, 50)]


def test_what_is_worth_no_word_is_not_sure() -> None:
    made = [wrong(SCRATCH, 20, seed, range(9)) for seed in (1, 2)] + [wrong(TUNED, 20, seed) for seed in (1, 2)]
    (lead,) = leads(made, LABELS, 2)
    assert lead == Lead(TUNED, 20, 1.0, 0.991, lead.margin, sure=False)
    assert 0 < lead.margin < lead.ahead < 0.01
