"""Run by Dask in every local worker before its first task: low priority, and everything warm.

The first use of a torch optimiser or of the training loop in a process costs a second or
more; here nobody waits for it.
"""

from __future__ import annotations

import os


def dask_setup(worker: object) -> None:
    """Called by Dask once, when the worker process starts."""
    try:
        os.nice(10)  # whoever looks at a page comes first
    except OSError:
        pass
    from embedcore.training import TrainConfig, Trainer

    config = TrainConfig(dim=4, min_count=1, epochs=2)
    Trainer([["a", "b", "c", "d"]] * 4, config).run()
