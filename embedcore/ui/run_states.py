"""What pages say of a run in a few words: its state, its speed, what it is called in a list."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from embedcore.runs import Run, RunFolder
from embedcore.runs.folder import FAILED, FINISHED, INTERRUPTED, QUEUED, RUNNING, STOPPED
from embedcore.training import OBJECTIVES, TrainConfig
from embedcore.training.objectives import Objective
from embedcore.ui import resources
from embedcore.ui.words import ago, counted, ordinal, plain

_NAME_CHARACTERS = 40
STATES = {
    QUEUED: ("Waiting", "gray"),
    RUNNING: ("Training", "blue"),
    FINISHED: ("Finished", "green"),
    STOPPED: ("Stopped", "orange"),
    FAILED: ("Failed", "red"),
    INTERRUPTED: ("Interrupted", "red"),
}


def waiting(run_id: str, then: str = "The run begins when it can.") -> str:
    """What a queued run waits for, as Markdown; `then` says what follows once a cluster elsewhere answers."""
    runs = resources.runs()
    if not runs.workers and (cluster := runs.settings.dask_scheduler_address):
        return f"The cluster at {plain(cluster)} has no worker, or cannot be reached. {then}"
    if not runs.workers:
        return "The workers are starting; this takes a few seconds after the server began."
    place = runs.place(run_id)
    return f"{ordinal(place)} in the line: every worker is busy." if place else "About to begin."


def unit(run: Run) -> str:
    """What the losses of a run are means over."""
    return objective(run).unit


def objective(run: Run) -> Objective:
    """What a run learns by."""
    return OBJECTIVES[run.config.get("objective", TrainConfig.objective)]


def has_learned(folder: RunFolder) -> bool:
    """Whether any step of training was made."""
    return float((folder.last_metric() or {"share": 0.0})["share"]) > 0


def speed(run: Run, last: Mapping[str, Any]) -> float:
    """Words per second now, or over the whole run when it is over."""
    over = run.over and last["seconds"] > 0
    return float(last["tokens"] / last["seconds"] if over else last["words_per_second"])


def label(run: Run) -> str:
    """A run in one line of plain text: its name, how it learns, how long ago it was made, its state."""
    config = run.config
    facts = [str(config["objective"])] if "objective" in config else []
    if {"dim", "epochs"} <= config.keys():
        facts += [counted(config["dim"], "dimension"), counted(config["epochs"], "pass", "passes")]
    name = run.name if len(run.name) <= _NAME_CHARACTERS else run.name[:_NAME_CHARACTERS].rstrip() + "…"
    return " · ".join([name, ", ".join(facts), ago(time.time() - run.created), STATES[run.state][0].lower()])
