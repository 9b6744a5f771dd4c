"""Which fits an experiment makes, and in which order.

Here belongs what a page can say too, before a fit is made; making them is in `experiment`.
"""

from __future__ import annotations

from embedcore.transfer.config import TransferConfig
from embedcore.transfer.results import Task


def tasks_of(config: TransferConfig, training: int) -> list[Task]:
    """All fits where there are so many training texts: the small sizes first, so that points come at once.

    At a size, all starts of one seed come before the next seed: they learn from the same texts.
    """
    return [
        Task(start, size, seed)
        for size in config.sizes_of(training)
        for seed in config.every_seed
        for start in config.starts
    ]
