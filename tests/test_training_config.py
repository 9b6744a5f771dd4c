"""Settings and their bounds, what is suggested for a text, and that none of it needs torch."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import fields

import numpy as np
import pytest

from embedcore.errors import BadSetting
from embedcore.settings import Settings, load
from embedcore.training import OBJECTIVES, TrainConfig, initial_weight, resolve, suggest


@pytest.fixture
def limits() -> Settings:
    return load({"EMBEDCORE_HOME": "/nowhere"})


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"dim": 0}, "dim should be from 1 to 2,000, but is 0."),
        ({"dim": 2001}, "dim should be from 1 to 2,000, but is 2,001."),
        ({"dim": 10.5}, "dim should be a whole number, but is 10.5."),
        ({"dim": True}, "dim should be a whole number, but is True."),
        ({"epochs": 0}, "epochs should be from 1 to 10,000, but is 0."),
        ({"epochs": 10_001}, "epochs should be from 1 to 10,000, but is 10,001."),
        ({"window": 101}, "window should be from 1 to 100, but is 101."),
        ({"negative": 0}, "negative should be from 1 to 100, but is 0."),
        ({"min_count": 0}, "min_count should be at least 1, but is 0."),
        ({"seed": -1}, "seed should be from 0 to 9,223,372,036,854,775,807, but is -1."),
        ({"sample": 1.5}, "sample should be from 0 to 1, but is 1.5."),
        ({"sample": float("nan")}, "sample should be a number, but is nan."),
        ({"lr": 0}, "lr should be above 0 and at most 10, but is 0."),
        ({"lr": 11.0}, "lr should be above 0 and at most 10, but is 11.0."),
        ({"lr": float("inf")}, "lr should be a number, but is inf."),
        ({"batch": 0}, "batch should be from 1 to 65,536, but is 0."),
        ({"objective": "glove"}, "objective should be one of skipgram, cbow, next-word, but is 'glove'."),
        ({"tokenizer": ""}, "tokenizer should be the name of one, but is ''."),
    ],
)
def test_a_bad_setting_is_named_with_its_bound_and_value(values: dict, sentence: str, limits: Settings) -> None:
    with pytest.raises(BadSetting) as caught:
        TrainConfig(**values).check(limits)
    assert str(caught.value) == sentence


def test_the_defaults_are_good(limits: Settings) -> None:
    TrainConfig().check(limits, vocab_size=400_000)


def test_a_table_that_is_too_large_is_refused(limits: Settings) -> None:
    with pytest.raises(BadSetting, match=r"A table of 600,000 words by 1,000 dimensions has 600,000,000 numbers; at"):
        TrainConfig(dim=1000).check(limits, vocab_size=600_000)


def test_json_round_trip() -> None:
    config = TrainConfig(dim=7, lr=0.1, sample=0.0, batch=64, seed=3, tokenizer="whitespace")
    assert TrainConfig.from_json(json.loads(json.dumps(config.to_json()))) == config
    assert TrainConfig.from_json({"dim": 7}) == TrainConfig(dim=7)


def test_an_unknown_setting_is_not_ignored() -> None:
    with pytest.raises(BadSetting, match=r"There is no setting “dims”. There are: objective, dim, "):
        TrainConfig.from_json({"dims": 7})


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("tokens", [0, 1, 7, 3_000, 9_999, 10_000, 138_000, 999_999, 1_000_000, 10**9])
def test_a_suggestion_leaves_nothing_open_and_says_why(tokens: int, objective: str, limits: Settings) -> None:
    suggestion = suggest(tokens, max(1, tokens // 10), max(1, tokens // 10), objective)
    assert suggestion.config.objective == objective
    suggestion.config.check(limits)
    open_fields = {field.name for field in fields(TrainConfig) if getattr(suggestion.config, field.name) is None}
    assert open_fields == {"pretrained"}  # starting from nothing is what that means
    chosen = {"dim", "min_count", "sample", "epochs", "lr", "batch", "window", "negative", "init", "seed"}
    assert set(suggestion.reasons) == chosen & set(OBJECTIVES[objective].settings)
    for sentence in suggestion.reasons.values():
        assert sentence[0].isupper()
        assert sentence.endswith(".")
        assert "None" not in sentence
    few, many = tokens < 10_000, tokens >= 1_000_000
    if objective == "next-word":
        assert suggestion.config.min_count == 1 if few else suggestion.config.min_count >= 5
        assert suggestion.config.sample == 0
    else:
        assert suggestion.config.min_count == (1 if few else 5)
        between = 2e-3 if objective == "cbow" and tokens >= 1_000 else 0
        assert suggestion.config.sample == (1e-3 if many else between)


def test_what_was_set_is_kept_when_the_rest_is_chosen() -> None:
    config = resolve(TrainConfig(sample=0.5, lr=0.3), 5_000_000)
    assert (config.sample, config.lr, config.batch) == (0.5, 0.3, 2048)
    assert resolve(TrainConfig(batch=9), 10).batch == 9


def test_first_weights_follow_from_the_seed_alone() -> None:
    weight = initial_weight(500, 20, 7)
    assert weight.dtype == np.float32
    assert weight.shape == (500, 20)
    assert not weight[1].any()
    words = np.delete(weight, 1, axis=0)
    assert np.abs(words).max() <= 0.5 / 20
    assert np.abs(words).max() > 0.49 / 20
    assert abs(words.mean()) < 1e-3
    assert (initial_weight(500, 20, 7) == weight).all()
    assert (initial_weight(500, 20, 8) != weight)[2:].any()


def test_settings_and_first_weights_need_no_torch() -> None:
    program = (
        "import sys; from embedcore.training import Progress, TrainConfig, initial_weight, resolve, suggest;"
        "resolve(suggest(100, 10, 9).config, 100).check(); initial_weight(8, 4, 1);"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
