"""Two runs side by side: in what they differ, and whether their losses say anything of each other.

Pure facts about two runs and their vectors. How they are shown is the business of `ui`, the
curves of `figures`.
"""

from __future__ import annotations

import filecmp
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from embedcore.errors import RunProblem
from embedcore.runs.folder import Run, RunFolder
from embedcore.training import TrainConfig
from embedcore.vectors import Neighbor, WordVectors

NEXT_WORD = "next-word"  # the one objective that draws no random words


@dataclass(frozen=True)
class Difference:
    """A setting that two runs do not have in common, and what it is in each."""

    name: str
    one: Any
    other: Any


@dataclass(frozen=True)
class Near:
    """A word in the vectors of one run: how they spell it, and its nearest words; None if it is not there."""

    token: str | None
    words: list[Neighbor]


def check_comparable(run: Run) -> None:
    """Raise RunProblem unless this is a run that trains vectors."""
    if run.kind != "train":
        raise RunProblem(f"“{run.name}” trained no vectors, so that there is nothing to compare.")


def differences(one: Run, other: Run) -> tuple[list[Difference], dict[str, Any]]:
    """The settings in which two runs differ, and those that are equal, by name.

    A setting that a run does not mention, because there was none of that name then, has its default.
    """
    first, second = _settings(one), _settings(other)
    names = list(dict.fromkeys([*first, *second]))
    differ = [Difference(n, first.get(n), second.get(n)) for n in names if first.get(n) != second.get(n)]
    named = {difference.name for difference in differ}
    return differ, {name: first.get(name) for name in names if name not in named}


def why_losses_differ(one: Run, other: Run, *, same_text: bool) -> list[str]:
    """Why a lower loss of one of the runs does not mean that it learned better; empty if it does.

    Each reason completes "their losses cannot be compared: ".
    """
    first, second = _settings(one), _settings(other)
    differ = {name for name in first | second if first.get(name) != second.get(name)}
    if "objective" in differ:
        # Whatever else differs: these are not even numbers of the same kind.
        return ["they learn by different objectives, so that their losses measure different things"]
    reasons = []
    if not same_text:
        reasons.append("they read different texts")
    if differ & {"tokenizer", "min_count"}:
        reasons.append("they know different words of it" if same_text else "they split text into other words")
    if "sample" in differ:
        reasons.append("they skip frequent words at different rates")
    if first.get("objective") != NEXT_WORD:
        if "negative" in differ:
            reasons.append(
                f"a loss sums over {first['negative']} random words in one and {second['negative']} in the other"
            )
        if "window" in differ:
            reasons.append("they learn from neighbours at different distances")
    return reasons


def same_text(one: RunFolder, other: RunFolder) -> bool:
    """Whether two runs work on the same text, byte for byte."""
    try:
        return filecmp.cmp(one.path / "text.txt", other.path / "text.txt", shallow=False)
    except OSError:
        return one.text() == other.text()  # at least one has none


def near(vectors: WordVectors, word: str, count: int) -> Near:
    """The nearest words of `word`, found by the rule of `WordVectors.find`; none for a vector of zeros."""
    token = vectors.find(word)
    if token is None or not vectors[token].any():
        return Near(token, [])
    return Near(token, vectors.most_similar(token, topn=count))


def shared(one: Sequence[Neighbor], other: Sequence[Neighbor]) -> list[str]:
    """The words that are among the neighbours in both, nearest in the first one first."""
    there = {neighbor.word for neighbor in other}
    return [neighbor.word for neighbor in one if neighbor.word in there]


def _settings(run: Run) -> dict[str, Any]:
    """All settings of a training; which words are watched is none."""
    return {**TrainConfig().to_json(), **{name: value for name, value in run.config.items() if name != "watch"}}
