"""What the Library page says of its jobs: how far one is, what it brought, why it ended.

Pure functions from a run and its last report to text; all of it plain text, not Markdown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from embedcore import disk
from embedcore.runs import Run
from embedcore.runs.folder import FAILED, FINISHED, INTERRUPTED, QUEUED, RUNNING, STOPPED
from embedcore.runs.progress import FETCHING, INDEXING, READING, WRITING, JobProgress
from embedcore.ui.words import counted, duration

_PHASES = {FETCHING: "Fetching", READING: "Reading", INDEXING: "Putting in order", WRITING: "Writing"}
STATES = {
    QUEUED: ("Waiting", "gray"),
    RUNNING: ("Going", "blue"),
    FINISHED: ("Ready", "green"),
    STOPPED: ("Stopped", "orange"),
    FAILED: ("Failed", "red"),
    INTERRUPTED: ("Interrupted", "red"),
}


def progress(now: JobProgress | None) -> str:
    """How far a job is that is not over: `Fetching · 12.0 MB of 862 MB · 11.0 MB a second · 1 min left`."""
    if now is None:
        return "About to begin"
    said = [_PHASES.get(now.phase, "Working")]
    if now.bytes is None:
        said.append(f"{now.phase_share:.0%}")
    else:
        said.append(
            f"{disk.counted(now.bytes)} of {disk.counted(now.bytes_total)}"
            if now.bytes_total
            else disk.counted(now.bytes)
        )
    if now.bytes_per_second:
        said.append(f"{disk.counted(now.bytes_per_second)} a second")
    if now.seconds_left is not None:
        said.append(f"{duration(now.seconds_left)} left")
    return " · ".join(said)


def outcome(run: Run) -> str:
    """What a finished job brought, in a sentence or two."""
    result = run.result
    if "rows" in result and "name" in result:
        said = f"“{result['name']}” is here: {counted(result['rows'], 'word')} × {result['dim']:,}."
        return " ".join([said, *read(result.get("read") or {})])
    size = f", {disk.counted(result['bytes'])}" if result.get("bytes") else ""
    if run.kind == "download":
        return f"The file is here{size}."
    return " ".join(filter(None, [f"The file is ready{size}.", result.get("said")]))


def read(found: Mapping[str, Any]) -> list[str]:
    """What was skipped in a file that was read, and what else was not as it should be: whole sentences."""
    skipped = found.get("skipped") or {}
    said = []
    if skipped:
        count = sum(skipped.values())
        reasons = ", ".join(f"{reason} ({number:,})" for reason, number in skipped.items())
        said.append(f"{counted(count, 'row')} {'was' if count == 1 else 'were'} skipped: {reasons}.")
    return [*said, *(found.get("notes") or [])]


def ended(run: Run) -> str:
    """Why a job ended before its work was done."""
    if run.error:
        return run.error
    return "Somebody pressed Stop. Resume goes on from what is here." if run.kind == "download" else (
        "Somebody pressed Stop. Nothing was kept; Resume begins anew."
    )  # fmt: skip
