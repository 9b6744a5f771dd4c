"""How long an experiment is taken to last: more of anything is longer, and one case is worked out by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product

import pytest

from embedcore.transfer import expected, fitting
from embedcore.transfer.config import FROZEN, MODELS, SCRATCH, STARTS, TUNED, WIDTHS, TransferConfig
from embedcore.transfer.expected import expected_seconds
from embedcore.transfer.order import tasks_of
from embedcore.transfer.results import Task

CONFIG = TransferConfig(pretrained="x", sizes=(20, 100), seeds=2)
TEXTS = {"train_tokens_per_text": 10.0, "training": 1_000, "validation": 100, "test": 100, "dim": 50, "classes": 2}


def seconds(config: TransferConfig = CONFIG, **given: float | None) -> float:
    return expected_seconds(config, **{**TEXTS, **given})  # type: ignore[arg-type]


@pytest.fixture(params=MODELS)
def config(request: pytest.FixtureRequest) -> TransferConfig:
    return replace(CONFIG, model=request.param)


# More is longer


def test_it_grows_with_each_seed_alike(config: TransferConfig) -> None:
    one = seconds(replace(config, seeds=1))
    assert [seconds(replace(config, seeds=count)) for count in (2, 5, 20)] == pytest.approx(
        [2 * one, 5 * one, 20 * one]
    )


def test_each_start_adds_its_own(config: TransferConfig) -> None:
    alone = {start: seconds(replace(config, starts=(start,))) for start in STARTS}
    assert all(value > 0 for value in alone.values())
    assert seconds(config) == pytest.approx(sum(alone.values()))
    assert seconds(replace(config, starts=(SCRATCH, TUNED))) == pytest.approx(alone[SCRATCH] + alone[TUNED])


def test_each_size_adds_its_own_unless_it_would_repeat_all_texts(config: TransferConfig) -> None:
    one, two, three = (seconds(replace(config, sizes=sizes)) for sizes in ((), (20,), (20, 500)))
    assert one < two < three
    assert seconds(replace(config, sizes=(500,))) - one == pytest.approx(three - two)
    assert seconds(replace(config, sizes=(20, 900, 5_000))) == two  # above 0.8 of 1,000


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("train_tokens_per_text", (1, 5, 20, 100, 400)),
        ("training", (10, 100, 1_000, 10_000, 100_000)),
        ("validation", (0, 10, 1_000, 50_000)),
        ("test", (1, 10, 1_000, 50_000)),
        ("dim", (1, 50, 100, 300, 2_000)),
    ],
)
def test_it_grows_with_the_texts_and_the_vectors(config: TransferConfig, name: str, values: tuple[int, ...]) -> None:
    for start in STARTS:
        found = [seconds(replace(config, starts=(start,)), **{name: value}) for value in values]
        assert found == sorted(found), (start, found)
        assert len(set(found)) == len(found), (start, found)


def test_it_grows_with_layers_passes_and_patience(config: TransferConfig) -> None:
    for name, values in (("hidden", (10, 100, 1_000)), ("epochs", (1, 4, 8)), ("patience", (1, 5, 20))):
        found = [seconds(replace(config, **{name: value})) for value in values]
        assert found[0] < found[1] < found[2], (name, found)
    assert seconds(replace(config, lr=0.001)) > seconds(config)  # smaller steps take more of them


def test_convolution_takes_longer_than_the_average_and_a_tuned_start_longer_than_scratch() -> None:
    short, long = (seconds(replace(CONFIG, model=model, starts=(SCRATCH,))) for model in ("average", "convolution"))
    assert long > short
    assert seconds(replace(CONFIG, starts=(TUNED,))) > seconds(replace(CONFIG, starts=(SCRATCH,)))


def test_a_step_reads_no_more_texts_than_there_are(config: TransferConfig) -> None:
    few = [seconds(replace(config, sizes=(), batch=batch), training=20) for batch in (10, 20, 64, 4_096)]
    assert few[1] == few[2] == few[3]
    assert few[0] < few[1]  # as many steps of half as many texts


# How many numbers a vector has


def test_a_start_from_scratch_has_its_own_numbers_where_they_are_chosen(config: TransferConfig) -> None:
    scratch, frozen = replace(config, starts=(SCRATCH,)), replace(config, starts=(FROZEN,))
    assert seconds(scratch, dim=None) == seconds(scratch, dim=50) == seconds(replace(scratch, dim=50), dim=300)
    assert seconds(replace(frozen, dim=50), dim=300) == seconds(frozen, dim=300)


def test_what_is_told_of_fits_is_so() -> None:
    assert expected.DEFAULT_DIM == fitting.DEFAULT_DIM
    assert expected.LOOK_STEPS == fitting.LOOK_STEPS
    assert sum(WIDTHS) == expected.WINDOWS


# Ends


@pytest.mark.parametrize("start", STARTS)
def test_it_is_a_number_above_zero_at_every_end(config: TransferConfig, start: str) -> None:
    each = replace(config, starts=(start,), seeds=1)
    for tokens, training, rest, dim, classes in product(
        (0.0, 1e-9, 1.0, 1e6), (0, 1, 2, 200_000), (0, 1, 200_000), (None, 1, 2_000), (1, 2, 100)
    ):
        found = seconds(
            each, train_tokens_per_text=tokens, training=training, validation=rest, test=rest, dim=dim, classes=classes
        )
        assert math.isfinite(found), (tokens, training, rest, dim, classes)
        assert found > 0.01, (tokens, training, rest, dim, classes)  # no fit is made in no time


def test_no_tokens_count_as_one_a_text(config: TransferConfig) -> None:
    assert seconds(config, train_tokens_per_text=0.0) == seconds(config, train_tokens_per_text=1.0)


@pytest.mark.parametrize("settings", [{"epochs": 1}, {"lr": 1e-9}, {"lr": 1.0}, {"batch": 1}, {"batch": 4_096}])
def test_settings_at_their_bounds(config: TransferConfig, settings: dict[str, float]) -> None:
    found = seconds(replace(config, **settings))  # type: ignore[arg-type]
    assert 0 < found < 1e5


# By hand


def test_one_case_of_averages_by_hand() -> None:
    """100 training texts of 10 tokens, from scratch, with 50 numbers a vector, 100 hidden units and 2 classes.

    At 100 texts a better look comes 1.5 times after the first, and 5 more are waited for; a look is every 20 steps,
    which is 10 passes of 2 steps.
    """
    config = TransferConfig(starts=(SCRATCH,), sizes=(), seeds=1)
    steps = (1.5 + 5) * 20
    words = 8 * (10 * 100) ** 0.64  # 665.4
    learning = words * 50 + 50 * 100
    of_text = 1e-6 + 10 * (6e-8 + 50 * 2.5e-10) + 4e-11 * (50 + 2) * 100
    step = 4e-4 + 1.5e-9 * learning + 3 * 64 * of_text
    by_hand = 0.08 + steps * step + (6.5 * 20 + 30) * of_text
    assert by_hand == pytest.approx(0.1880, abs=0.0001)
    found = expected_seconds(config, 10.0, training=100, validation=20, test=30, dim=None, classes=2)
    assert found == pytest.approx(by_hand)


def test_one_case_of_convolution_by_hand() -> None:
    """1,000 training texts of 10 tokens, frozen vectors of 100 numbers, 100 filters of each of 3 widths.

    At 1,000 texts a better look comes 2.5 times after the first; a pass is 16 steps, so it is looked after each.
    """
    config = TransferConfig(model="convolution", starts=(FROZEN,), pretrained="x", sizes=(), seeds=1)
    steps = (2.5 + 5) * 16
    learning = 0 + 100 * (3 + 4 + 5) * 100  # the filters alone
    of_text = 1e-6 + 10 * (6e-8 + 100 * 2.5e-10) + 6.8e-11 * 10 * 12 * 100 * 100
    step = 4e-4 + 1.5e-9 * learning + 3 * 64 * of_text
    by_hand = 0.08 + steps * step + (7.5 * 100 + 200) * of_text
    assert by_hand == pytest.approx(2.1516, abs=0.0001)
    found = expected_seconds(config, 10.0, training=1_000, validation=100, test=200, dim=100, classes=2)
    assert found == pytest.approx(by_hand)


# The order of fits


def test_the_order_of_fits_by_hand() -> None:
    config = TransferConfig(starts=(SCRATCH, FROZEN), pretrained="x", sizes=(20, 50, 90), seeds=2, seed=7)
    assert tasks_of(config, 100) == [
        Task("scratch", 20, 7), Task("frozen", 20, 7), Task("scratch", 20, 8), Task("frozen", 20, 8),
        Task("scratch", 50, 7), Task("frozen", 50, 7), Task("scratch", 50, 8), Task("frozen", 50, 8),
        Task("scratch", 100, 7), Task("frozen", 100, 7), Task("scratch", 100, 8), Task("frozen", 100, 8),
    ]  # fmt: skip


def test_a_size_is_tried_up_to_four_fifths_of_all_texts() -> None:
    config = TransferConfig(starts=(SCRATCH,), sizes=(80, 81), seeds=1)
    assert tasks_of(config, 100) == [Task("scratch", 80, 1), Task("scratch", 100, 1)]
    assert tasks_of(config, 99) == [Task("scratch", 99, 1)]
    assert tasks_of(config, 1) == [Task("scratch", 1, 1)]
