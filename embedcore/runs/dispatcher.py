"""The dispatcher: a process that hands queued runs to Dask workers, one run a worker.

    python -m embedcore.runs.dispatcher

Started by `service`, never by hand. It starts a local Dask cluster, or connects to the one
that DASK_SCHEDULER_ADDRESS names. A worker is given one run at a time and the others wait in
our own line, not in Dask's: when a worker dies, Dask blames every task that was assigned to
it, also those that only waited there.

It ends when its standard input does, that is, with the server.
"""

from __future__ import annotations

import json
import os
import queue as queues
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from embedcore import settings as settings_module
from embedcore.errors import EmbedcoreError
from embedcore.runs import queue
from embedcore.runs.folder import INTERRUPTED, QUEUED, RUNNING, STOPPED, RunFolder, list_runs
from embedcore.runs.worker import WORKER_DIED, execute
from embedcore.settings import Settings
from embedcore.storage import remove_leftovers

if TYPE_CHECKING:
    from distributed import Client, Future, LocalCluster

SERVER_STOPPED = "The server was stopped while this was running. What the last checkpoint held is kept."
_LOOK_SECONDS = 1.0
_LOST_SECONDS = 120.0  # without a heartbeat, a run on an external cluster counts as lost


class Dispatcher:
    """Takes runs from the line while there are idle workers, and notes those whose worker died."""

    def __init__(self, settings: Settings, client: Client, owner: dict[str, Any]) -> None:
        self._settings = settings
        self._dir = settings.runs_dir
        self._client = client
        self._owner = owner
        self._external = "scheduler" in owner
        self._busy: dict[str, tuple[RunFolder, Future]] = {}  # by worker address
        self._said = -1

    def recover(self) -> None:
        """Put right what an earlier server left behind: runs whose process is gone, and lost places in the line."""
        waiting = set(queue.waiting(self._dir))
        for run in list(list_runs(self._dir)):
            folder = RunFolder(self._dir, run.id)
            if run.state == RUNNING and self._abandoned(folder, run.owner):
                remove_leftovers(folder.path / "checkpoints", older_than_hours=0)
                _interrupt(folder, SERVER_STOPPED)
            elif run.state == QUEUED and run.id not in waiting and self._abandoned(folder, run.owner):
                queue.add(self._dir, run)

    def look(self) -> None:
        """One round: clear away what ended, then give work to idle workers."""
        workers = set(self._client.scheduler_info(n_workers=-1)["workers"])
        self._say(len(workers))
        for address, (folder, future) in list(self._busy.items()):
            if future.done():
                del self._busy[address]
                _interrupt(folder, WORKER_DIED)  # unless the worker wrote down how it ended, as it does
        for run_id in queue.waiting(self._dir):
            folder = RunFolder(self._dir, run_id)
            if not folder.exists():
                queue.take(self._dir, run_id)
            elif folder.should_stop():
                if queue.take(self._dir, run_id):
                    folder.update(state=STOPPED, ended=time.time())
            elif (idle := workers - self._busy.keys()) and queue.take(self._dir, run_id):
                self._give(folder, min(idle))

    def interrupt_all(self) -> None:
        """Note for every run in progress that it was interrupted, now that its worker is gone."""
        for folder, _ in self._busy.values():
            _interrupt(folder, SERVER_STOPPED)

    def _give(self, folder: RunFolder, worker: str) -> None:
        from distributed import fire_and_forget

        folder.update(owner=self._owner)
        future = self._client.submit(
            execute, self._settings, self._dir, folder.id, key=f"run-{folder.id}", workers=[worker],
            allow_other_workers=self._external, pure=False,
        )  # fmt: skip
        if self._external:
            fire_and_forget(future)  # it goes on without this server
        self._busy[worker] = (folder, future)

    def _abandoned(self, folder: RunFolder, owner: dict[str, Any]) -> bool:
        if not owner:
            return True
        if "scheduler" in owner:
            return folder.seconds_since_beat() > _LOST_SECONDS
        if owner.get("host") != socket.gethostname():
            return folder.seconds_since_beat() > _LOST_SECONDS
        try:
            return abs(psutil.Process(owner["pid"]).create_time() - float(owner["since"])) > 1
        except psutil.NoSuchProcess:
            return True

    def _say(self, workers: int) -> None:
        if workers != self._said:
            self._said = workers
            print(json.dumps({"workers": workers}), flush=True)


def _interrupt(folder: RunFolder, sentence: str) -> None:
    try:
        if not folder.run.over:
            folder.update(state=INTERRUPTED, ended=time.time(), error=sentence)
    except EmbedcoreError as error:
        print(f"{folder.id}: {error}", file=sys.stderr)


def _connect(settings: Settings, scratch: str) -> tuple[LocalCluster | None, Client, dict[str, Any]]:
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


def main() -> None:
    """Work off the line until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, whose end ends this
    pokes: queues.SimpleQueue[bool] = queues.SimpleQueue()

    def read_pokes() -> None:
        while os.read(sys.stdin.fileno(), 4096):
            pokes.put(True)
        pokes.put(False)

    threading.Thread(target=read_pokes, daemon=True).start()
    settings = settings_module.load()
    Path(settings.runs_dir).mkdir(parents=True, exist_ok=True)
    scratch = tempfile.mkdtemp(prefix="embedcore-")  # where Dask's workers keep their locks
    try:
        cluster, client, owner = _connect(settings, scratch)
    except OSError as error:
        sys.exit(f"The cluster at {settings.dask_scheduler_address} cannot be reached: {error}")
    dispatcher = Dispatcher(settings, client, owner)
    dispatcher.recover()
    while True:
        try:
            dispatcher.look()
        except EmbedcoreError as error:
            print(error, file=sys.stderr)  # a full disk, say: the next round may do better
        try:
            if not pokes.get(timeout=_LOOK_SECONDS):
                break
        except queues.Empty:
            pass
    if cluster is not None:
        # Closing the cluster in good order would wait for what the workers are at. Nothing that
        # is killed leaves half a file: all are written beside their place and renamed.
        _kill_workers(cluster)
        dispatcher.interrupt_all()
        shutil.rmtree(scratch, ignore_errors=True)
        os._exit(0)
    client.close(timeout=2)


def _kill_workers(cluster: LocalCluster) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())  # that they die is no news now
    for nanny in cluster.workers.values():
        nanny.auto_restart = False
    workers = [process for process in psutil.Process().children() if "resource_tracker" not in str(process.cmdline())]
    for process in workers:
        process.kill()
    psutil.wait_procs(workers, timeout=2)


if __name__ == "__main__":
    main()
