"""Which settings suit a text, and why, in words for someone who has read no paper.

The rules were found by trying: on the tutorial's sentence, the two samples, the inaugural
addresses (138,000 words) and film reviews (2 to 12 million words).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from embedcore.training.config import TrainConfig
from embedcore.training.objectives import OBJECTIVES

SOME_TOKENS = 1_000  # below, a text has no word to spare
FEW_TOKENS = 10_000  # below, every word counts
MANY_TOKENS = 1_000_000  # from here on, frequent words are thinned out
MANY_WORDS = 2_000  # below, a vocabulary is small
OPERATIONS = 5e10  # multiplications and additions a second, of one core in large matrix products
LONG_ROWS = 10  # times smaller steps from rows of a set
NEXT_WORDS = 3_000  # what guessing the next word should choose among, at most, to take minutes


@dataclass(frozen=True)
class Suggestion:
    """Settings for one text, none left open, and one plain sentence for each that was chosen."""

    config: TrainConfig
    reasons: dict[str, str]


def suggest(tokens: int, distinct_words: int, sentences: int, objective: str = "skipgram") -> Suggestion:
    """Settings for a text of `tokens` tokens, `distinct_words` different ones, and `sentences` lines."""
    few = tokens < FEW_TOKENS
    # What is learned in all grows with the square root of the text: passes fall as it grows.
    passes = {"skipgram": 4000, "cbow": 2800, "next-word": 400}[objective] / math.sqrt(max(tokens, 1))
    dim, least = 10 if distinct_words < 50 else 50 if tokens < 100_000 else 100, 3
    window = 8 if few and objective != "skipgram" else 4 if objective == "next-word" else 5
    config = TrainConfig(objective=objective, dim=dim, window=window, min_count=1 if few else 5)
    if objective == "next-word":
        least = 2 if tokens < MANY_TOKENS else 1
        rare = math.ceil(tokens / (NEXT_WORDS * _harmonic(distinct_words)))  # by Zipf's law leaves NEXT_WORDS words
        config = replace(config, dim=min(dim, 50), min_count=1 if few else max(5, rare))
    config = resolve(replace(config, epochs=min(300, max(least, round(passes)))), tokens)
    return Suggestion(config, _reasons(config, tokens, distinct_words))


def resolve(config: TrainConfig, tokens: int) -> TrainConfig:
    """`config` with its None fields chosen for a text of `tokens` tokens."""
    many = tokens >= MANY_TOKENS
    batch = 2 ** int(math.log2(max(tokens, 1)) / 2)  # the square root, as a power of two
    if config.objective == "skipgram":
        sample, lr, most = 1e-3 if many else 0.0, 0.07 if many else 0.025, 2048
    elif config.objective == "cbow":
        # Each word around gets only its part of the gradient, so steps and batches are larger than skip-gram's.
        sample = 1e-3 if many else 2e-3 if tokens >= SOME_TOKENS else 0.0
        lr, most = 0.3 if many else 0.05 if tokens < FEW_TOKENS else 0.1, 4096
        batch = 2 * batch if many else batch
    else:
        sample, lr, most = 0.0, 0.05, 256
    if config.pretrained is not None and config.objective != "next-word":
        lr /= LONG_ROWS
    return replace(
        config,
        sample=sample if config.sample is None else config.sample,
        lr=lr if config.lr is None else config.lr,
        batch=min(most, max(16, batch)) if config.batch is None else config.batch,
        init=OBJECTIVES[config.objective].init if config.init is None else config.init,
    )


def from_a_set(suggestion: Suggestion) -> Suggestion:
    """What is suggested where vectors start from a set's rows: smaller steps, but for next-word prediction.

    Such rows are long (GloVe's about 5), so that the output weights overshoot at the usual rate: tuning
    GloVe on the inaugural addresses, skip-gram's loss rose from 4.2 to 11 and 38 % of a word's ten
    neighbours were left in the end; at a tenth it fell from the start and 81 % were left. Frozen rows
    cannot even give way. The linear layer of next-word prediction has a bound of its own.
    """
    if suggestion.config.objective == "next-word":
        return suggestion
    lr = suggestion.config.lr
    assert lr is not None  # resolved
    return Suggestion(
        replace(suggestion.config, lr=lr / LONG_ROWS),
        {
            **suggestion.reasons,
            "lr": "Smaller steps than usual: a set’s rows are long, and should be tuned, not lost.",
        },
    )


def _harmonic(count: int) -> float:
    """About 1 + 1/2 + … + 1/count: by Zipf's law, the most frequent word is one in so many."""
    return math.log(max(count, 1)) + 0.5772


def _reasons(config: TrainConfig, tokens: int, distinct_words: int) -> dict[str, str]:
    """Why each setting that the objective heeds is what `suggest` made it."""
    few = tokens < FEW_TOKENS
    every = {
        "dim": (
            f"With only {distinct_words:,} different words, {config.dim} numbers a word are plenty."
            if distinct_words < MANY_WORDS
            else f"Here {config.dim} numbers a word: the linear layer has as many for each word and each place."
            if config.objective == "next-word"
            else f"A text of this size fills about {config.dim} numbers a word; more rarely help."
        ),
        "min_count": (
            f"The text is short ({tokens:,} tokens), so every word is kept, even one seen once."
            if few
            else f"Every word is scored at every place, so those seen fewer than {config.min_count} times are left out."
            if config.objective == "next-word"
            else "Words seen fewer than 5 times are left out: so few places say little about a word."
        ),
        "epochs": _why_epochs(config, tokens),
        "window": {
            "skipgram": f"Words up to {config.window} places away count as neighbours; nearer ones count more often.",
            "cbow": f"The mean is over words up to {config.window} places away; nearer ones are in it more often.",
            "next-word": f"The last {config.window} words"
            + (": in a short text, as many as most sentences have." if few else "; each more takes as long again."),
        }[config.objective],
        "seed": "Every random choice follows from this number: the same number, the same vectors.",
        "init": (
            "The vectors start close to zero, as word2vec’s do, so that their direction comes from the text; "
            "from nn.Embedding’s own start, N(0, 1), far fewer words find their subject in a small text."
        ),
        "batch": (
            f"Each step learns from {config.batch:,} positions: longer steps are faster, "
            "but a short text needs many short ones."
        ),
        "lr": (
            "With much text and few passes, each step may move the vectors further."
            if tokens >= MANY_TOKENS
            else "Small steps, because the same few sentences come round many times."
        ),
        "sample": (
            "In a long text, words as frequent as “the” are skipped now and then, so that rarer ones count more."
            if tokens >= MANY_TOKENS
            else "Frequent words are skipped now and then: in a mean, words like “the” would drown the others."
            if config.sample
            else "The text is too short to skip any of it, so every word is read on every pass."
        ),
        "negative": f"Against each true {'neighbour' if config.objective == 'skipgram' else 'word'}, "
        f"{config.negative} words drawn at random show what does not belong.",
    }
    return {name: reason for name, reason in every.items() if name in OBJECTIVES[config.objective].settings}


def _why_epochs(config: TrainConfig, tokens: int) -> str:
    """Why so many passes."""
    if tokens >= MANY_TOKENS:
        return f"The text is long, so reading it {_times(config.epochs)} is enough."
    if config.objective == "next-word":
        return (
            f"After {_times(config.epochs)} it knows what usually follows; more would teach it the sentences by heart."
        )
    return f"The shorter the text, the more often it has to be read: here {_times(config.epochs)}."


def _times(count: int) -> str:
    """So many times, in words."""
    return "once" if count == 1 else f"{count} times"


def estimate_seconds(config: TrainConfig, tokens: int, vocab_size: int | None = None) -> float:
    """About how long a resolved `config` takes on a text of `tokens` tokens, in seconds.

    A rule of thumb, within a factor of two or three: each step costs a fixed time, and each word
    a time that grows with the dimension; with the window and the negatives for skip-gram, with
    the vocabulary and the window for next-word. Without a `vocab_size`, Zipf's law guesses it.
    """
    assert config.batch is not None
    if config.objective == "skipgram":
        a_word = 0.4e-6 + 1.5e-6 * (config.dim / 100) * (0.5 + 0.06 * config.window + 0.04 * config.negative)
    elif config.objective == "cbow":
        a_word = 0.4e-6 + 1.5e-6 * (config.dim / 100) * (0.4 + 0.02 * config.window)
    else:
        words = tokens / config.min_count / _harmonic(tokens) if vocab_size is None else vocab_size
        a_word = 1e-6 + 6 * words * config.window * config.dim / OPERATIONS  # three products, two operations each
    a_step = 450e-6 + 1.0e-9 * config.dim * config.batch
    return tokens * config.epochs * (a_word + a_step / config.batch)
