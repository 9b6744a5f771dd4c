"""Which settings suit a text, and why, in words for someone who has read no paper."""

from __future__ import annotations

from dataclasses import dataclass, replace

from embedcore.training.config import TrainConfig


@dataclass(frozen=True)
class Suggestion:
    """Settings for one text, none left open, and one plain sentence for each that was chosen."""

    config: TrainConfig
    reasons: dict[str, str]


def suggest(tokens: int, distinct_words: int, sentences: int) -> Suggestion:
    """Settings for a text of `tokens` tokens, `distinct_words` different ones, and `sentences` lines."""
    config = TrainConfig(
        dim=100 if tokens >= 100_000 else 50,
        min_count=1 if tokens < 10_000 else 5,
        epochs=max(1, min(200, round(1_000_000 / max(tokens, 1)))),
    )
    return Suggestion(resolve(config, tokens), {})


def resolve(config: TrainConfig, tokens: int) -> TrainConfig:
    """`config` with its None fields chosen for a text of `tokens` tokens."""
    return replace(
        config,
        sample=(1e-3 if tokens >= 1_000_000 else 0.0) if config.sample is None else config.sample,
        lr=0.025 if config.lr is None else config.lr,
        batch=(512 if tokens >= 1_000_000 else 32) if config.batch is None else config.batch,
    )
