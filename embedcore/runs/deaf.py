"""Ending the worker process of a run that was asked to stop and does not listen.

A layout looks at the flag in its run's folder between two iterations, but some of what the libraries
do takes long and asks nobody: compiling, and finding where the points begin. Here belongs
deciding when to wait no longer, and doing it; Dask's nanny then starts another worker.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import psutil

from embedcore.runs.folder import STOPPED, RunFolder
from embedcore.runs.record import GROUPING, MAP, Run

KINDS = frozenset({GROUPING, MAP})  # the kinds whose runs keep nothing that a sudden end could spoil
PATIENCE_SECONDS = 5.0


def end(folder: RunFolder, still_running: Callable[[Run], bool]) -> bool:
    """End the worker of a run if it was asked to stop some seconds ago and is still at it; whether it was ended.

    `still_running` tells of a run whether it is still the one that was given to that worker. The
    run is stopped first, so that what is found dead is no accident. Only a child of this process
    is ended. Raises UnknownRun, StorageProblem.
    """
    asked = folder.stop_asked()
    if asked is None or time.time() - asked < PATIENCE_SECONDS:
        return False
    run = folder.run
    children = {child.pid: child for child in psutil.Process().children(recursive=True)}
    worker = children.get(int(run.owner.get("worker", 0)))
    if worker is None or not folder.change(still_running, state=STOPPED, ended=time.time(), result={"stopped": True}):
        return False
    try:
        worker.kill()
    except psutil.NoSuchProcess:
        pass  # it heard just now
    return True
