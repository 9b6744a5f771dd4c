"""Workers that were asked to stop and do not listen: ended after a while, and no other process with them."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import psutil

from embedcore.runs import RunFolder, deaf
from embedcore.runs.folder import RUNNING, STOPPED
from embedcore.runs.record import MAP
from embedcore.settings import Settings
from tests.test_runs import a_run


def a_deaf_one(home: Settings) -> tuple[RunFolder, subprocess.Popen[bytes]]:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    run = a_run(kind=MAP, state=RUNNING, owner={"ticket": "t", "worker": child.pid})
    return RunFolder.create(home.runs_dir, run), child


def test_a_worker_that_does_not_listen_is_ended_after_a_while_and_its_run_is_stopped(home: Settings) -> None:
    folder, child = a_deaf_one(home)
    try:
        assert not deaf.end(folder, lambda run: True)  # nobody asked
        folder.ask_to_stop()
        assert not deaf.end(folder, lambda run: True)  # it is given time
        past = time.time() - deaf.PATIENCE_SECONDS - 1
        os.utime(folder.path / "stop", (past, past))
        assert not deaf.end(folder, lambda run: False)  # it is another worker's by now
        assert child.poll() is None
        assert deaf.end(folder, lambda run: run.state == RUNNING)
        assert child.wait(10) != 0
        assert (folder.run.state, folder.run.result) == (STOPPED, {"stopped": True})
        assert not deaf.end(folder, lambda run: run.state == RUNNING)
    finally:
        child.kill()
        child.wait()


def test_only_a_process_of_our_own_is_ended(home: Settings) -> None:
    run = a_run(kind=MAP, state=RUNNING, owner={"ticket": "t", "worker": psutil.Process().ppid()})
    folder = RunFolder.create(home.runs_dir, run)
    folder.ask_to_stop()
    os.utime(folder.path / "stop", (1.0, 1.0))
    assert not deaf.end(folder, lambda run: True)
    assert folder.run.state == RUNNING
