"""The cluster of workers that a dispatcher gives runs to: a local one of its own, or one that runs elsewhere.

Here belong making it and ending it. Which run it is given, and when, belongs to `dispatcher`.
"""

from __future__ import annotations

import os
import shutil
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from embedcore.settings import Settings

if TYPE_CHECKING:
    from distributed import Client, LocalCluster


_ONE_THREAD = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def make_scratch(place: Path) -> Path:
    """A folder for the locks of Dask's workers, named by our process; those of dead processes are removed."""
    place.mkdir(parents=True, exist_ok=True)
    for left in place.iterdir():
        if left.name.isdigit() and not psutil.pid_exists(int(left.name)):
            shutil.rmtree(left, ignore_errors=True)
    scratch = place / str(os.getpid())
    scratch.mkdir(exist_ok=True)
    return scratch


def connect(settings: Settings, scratch: str) -> tuple[LocalCluster | None, Client, dict[str, Any]]:
    """The cluster, if it is one of our own, a client of it, and who owns the runs it does."""
    import dask
    from distributed import Client, LocalCluster
    from distributed.security import Security

    if settings.dask_scheduler_address:
        client = Client(settings.dask_scheduler_address, set_as_default=False)
        return None, client, {"scheduler": settings.dask_scheduler_address}
    dask.config.set(
        {
            "distributed.scheduler.allowed-failures": 0,  # a run whose worker died is not silently begun again
            # A worker that was killed has its place taken by another, however long that takes to start: after this
            # time, a busy machine would have one worker less for good.
            "distributed.deploy.lost-worker-timeout": "365 days",
            # Dask's own also has glibc give memory back at once, so that each step of a training asks for it anew:
            # fits that learn a whole embedding took 1.4 times as long.
            "distributed.nanny.pre-spawn-environ": dict.fromkeys(_ONE_THREAD, 1),
            "distributed.logging": {"distributed": "error", "tornado": "error"},
            "distributed.admin.system-monitor.gil.enabled": False,
            "distributed.scheduler.http.routes": [],
            "distributed.worker.http.routes": [],
        }
    )
    cluster = LocalCluster(
        n_workers=settings.workers, threads_per_worker=1, processes=True, host="127.0.0.1",
        dashboard_address="127.0.0.1:0", memory_limit=0, local_directory=scratch, preload=["embedcore.runs.preload"],
        # Without it, every user of this machine could have code run as this one.
        security=Security.temporary(),
    )  # fmt: skip
    own = psutil.Process()
    owner = {"host": socket.gethostname(), "pid": own.pid, "since": own.create_time()}
    return cluster, Client(cluster, set_as_default=False), owner


def kill_workers(cluster: LocalCluster) -> None:
    """End the workers of a cluster of our own at once, whatever they are at."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())  # that they die is no news now
    for nanny in cluster.workers.values():
        nanny.auto_restart = False
    workers = [process for process in psutil.Process().children() if "resource_tracker" not in str(process.cmdline())]
    for process in workers:
        process.kill()
    psutil.wait_procs(workers, timeout=2)
