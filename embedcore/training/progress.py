"""What a training reports while it runs, and when.

Here belongs the report and its clock; what is done with a report belongs to the caller.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

SHARE_REPORTS = 60  # reports spread evenly over a run, however short it is
SECONDS_BETWEEN = 0.25  # besides those, one as often as this
RATE_SECONDS = 2.0  # the speed shown is that of the last two seconds


@dataclass(frozen=True)
class Progress:
    """How far a training is, and how it goes."""

    share: float  # of the whole run, 0 to 1
    epoch: int  # the pass it is in, counted from 1
    epochs: int  # passes in all
    tokens: int  # tokens read so far, all passes together, before min_count and subsampling
    loss: float | None  # mean per pair since the last report; None if there was no pair
    pairs: int  # pairs learned from since the last report
    seconds: float  # spent in training so far
    words_per_second: float  # tokens a second, over about the last two seconds
    seconds_left: float  # at that speed
    lr: float  # the learning rate now

    def to_json(self) -> dict[str, Any]:
        """Every field by name, ready for `json.dumps`."""
        return asdict(self)


class Meter:
    """Collects the loss between two reports, and says when the next report is due."""

    def __init__(self, *, share: float, tokens: int, seconds_before: float) -> None:
        """`seconds_before` were spent in earlier calls, before the run was stopped and resumed."""
        self._started = time.perf_counter() - seconds_before
        self._recent = deque([(seconds_before, tokens)])  # (seconds, tokens) of the last reports
        self._last_seconds = seconds_before
        self._next_mark = int(share * SHARE_REPORTS)  # the first report comes after the first step
        self.loss, self._pairs = 0.0, 0  # summed since the last report

    @property
    def seconds(self) -> float:
        """Seconds of training so far."""
        return time.perf_counter() - self._started

    def add(self, loss: float, pairs: int) -> None:
        """Count a step's summed loss and its pairs."""
        self.loss += loss
        self._pairs += pairs

    def due(self, share: float) -> bool:
        """Whether a report should be made now."""
        return share * SHARE_REPORTS >= self._next_mark or self.seconds - self._last_seconds >= SECONDS_BETWEEN

    def report(self, *, share: float, epoch: int, epochs: int, tokens: int, total: int, lr: float) -> Progress:
        """The report of this moment, `tokens` of `total` read; counting begins anew."""
        seconds = self.seconds
        while len(self._recent) > 1 and self._recent[0][0] < seconds - RATE_SECONDS:
            self._recent.popleft()
        since, tokens_then = self._recent[0]
        rate = (tokens - tokens_then) / max(seconds - since, 1e-9)
        self._recent.append((seconds, tokens))
        progress = Progress(
            share=share,
            epoch=epoch,
            epochs=epochs,
            tokens=tokens,
            loss=self.loss / self._pairs if self._pairs else None,
            pairs=self._pairs,
            seconds=seconds,
            words_per_second=rate,
            seconds_left=(total - tokens) / rate if rate > 0 else 0.0,
            lr=lr,
        )
        self._last_seconds = seconds
        self._next_mark = int(share * SHARE_REPORTS) + 1
        self.loss, self._pairs = 0.0, 0
        return progress
