"""Run by Dask in every local worker before its first task: low priority, and everything warm.

The first use of a torch optimiser or of the training loop in a process costs a second or
more; here nobody waits for it. What maps need is compiled once on a machine, by one process of
its own that begins when the workers do, so that no training waits for that either; and it is
imported a while later, when whoever opened the page has what they came for.
"""

from __future__ import annotations

import os
import subprocess
import threading
import time
from contextlib import suppress

_LATER_SECONDS = 15.0  # after everything is compiled; a server that was just started has other work


def dask_setup(worker: object) -> None:
    """Called by Dask once, when the worker process starts."""
    try:
        os.nice(10)  # whoever looks at a page comes first
    except OSError:
        pass
    from embedcore.training import TrainConfig, Trainer

    config = TrainConfig(dim=4, min_count=1, epochs=2)
    Trainer([["a", "b", "c", "d"]] * 4, config).run()
    from embedcore import settings as settings_module
    from embedcore.maps.layouts import warm

    warm.choose_cache(settings_module.load().cache_dir / "numba")
    threading.Thread(target=_warm_maps, daemon=True).start()


def _warm_maps() -> None:
    """Have what maps need compiled, not in this process, which has other work; then import it here."""
    from embedcore.maps.layouts import warm

    with suppress(OSError, subprocess.SubprocessError):  # then the first map waits for it
        warm.warm_once()
    time.sleep(_LATER_SECONDS)
    warm.import_libraries()
