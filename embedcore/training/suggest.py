"""Which settings suit a text, and why, in words for someone who has read no paper.

The rules were found by trying: on the tutorial's sentence, the two samples, the inaugural
addresses (138,000 words) and film reviews (2 to 12 million words).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from embedcore.training.config import TrainConfig
from embedcore.training.objectives import OBJECTIVES

FEW_TOKENS = 10_000  # below, every word counts
MANY_TOKENS = 1_000_000  # from here on, frequent words are thinned out


@dataclass(frozen=True)
class Suggestion:
    """Settings for one text, none left open, and one plain sentence for each that was chosen."""

    config: TrainConfig
    reasons: dict[str, str]


def suggest(tokens: int, distinct_words: int, sentences: int) -> Suggestion:
    """Settings for a text of `tokens` tokens, `distinct_words` different ones, and `sentences` lines."""
    min_count = 1 if tokens < FEW_TOKENS else 5
    # What is learned in all grows with the square root of the text: passes fall as it grows.
    epochs = min(300, max(3, round(4000 / math.sqrt(max(tokens, 1)))))
    dim = 10 if distinct_words < 50 else 50 if tokens < 100_000 else 100
    config = resolve(TrainConfig(dim=dim, min_count=min_count, epochs=epochs), tokens)
    return Suggestion(config, _reasons(config, tokens, distinct_words))


def resolve(config: TrainConfig, tokens: int) -> TrainConfig:
    """`config` with its None fields chosen for a text of `tokens` tokens."""
    sample = 1e-3 if tokens >= MANY_TOKENS else 0.0
    lr = 0.05 if tokens >= MANY_TOKENS else 0.025
    batch = min(1024, max(16, 2 ** int(math.log2(max(tokens, 1)) / 2)))  # the square root, as a power of two
    return replace(
        config,
        sample=sample if config.sample is None else config.sample,
        lr=lr if config.lr is None else config.lr,
        batch=batch if config.batch is None else config.batch,
        init=OBJECTIVES[config.objective].init if config.init is None else config.init,
    )


def _reasons(config: TrainConfig, tokens: int, distinct_words: int) -> dict[str, str]:
    """Why each setting is what `suggest` made it."""
    few, many = tokens < FEW_TOKENS, tokens >= MANY_TOKENS
    return {
        "dim": (
            f"With only {distinct_words:,} different words, {config.dim} numbers a word are plenty."
            if config.dim < 100
            else "A text of this size fills about 100 numbers a word; more rarely help."
        ),
        "min_count": (
            f"The text is short ({tokens:,} tokens), so every word is kept, even one seen once."
            if few
            else "Words seen fewer than 5 times are left out: so few places say little about a word."
        ),
        "sample": (
            "In a long text, words as frequent as “the” are skipped now and then, so that rarer ones count more."
            if many
            else "The text is too short to skip any of it, so every word is read on every pass."
        ),
        "epochs": (
            f"The text is long, so reading it {config.epochs} times is enough."
            if many
            else f"The shorter the text, the more often it has to be read: here {config.epochs} times."
        ),
        "lr": (
            "With much text and few passes, each step may move the vectors further."
            if many
            else "Small steps, because the same few sentences come round many times."
        ),
        "window": f"Words up to {config.window} places away count as neighbours; nearer ones count more often.",
        "negative": f"Against each true neighbour, {config.negative} words drawn at random show what does not belong.",
        "seed": "Every random choice follows from this number: the same number, the same vectors.",
        "init": (
            "The vectors start close to zero, as word2vec’s do, so that their direction comes from the text; "
            "from nn.Embedding’s own start, N(0, 1), far fewer words find their subject in a small text."
        ),
        "batch": (
            f"Each step learns from {config.batch:,} positions: longer steps are faster, "
            "but a short text needs many short ones."
        ),
    }


def estimate_seconds(config: TrainConfig, tokens: int) -> float:
    """About how long a resolved `config` takes on a text of `tokens` tokens, in seconds.

    A rule of thumb, within a factor of two or three: each step costs a fixed time, and each
    word a time that grows with the window, the negatives and the dimension.
    """
    assert config.batch is not None
    a_word = 0.4e-6 + 1.5e-6 * (config.dim / 100) * (0.5 + 0.06 * config.window + 0.04 * config.negative)
    a_step = 450e-6 + 1.0e-9 * config.dim * config.batch
    return tokens * config.epochs * (a_word + a_step / config.batch)
