"""The runs of the Library page: finding them, and asking for one; `runs.jobs` sees that each begins once.

How a job is shown is in `library_progress`, what is said of it in `library_words`.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from embedcore import downloads
from embedcore.catalog import Entry
from embedcore.runs import Run, jobs
from embedcore.runs.folder import FAILED, FINISHED, QUEUED
from embedcore.runs.jobs import DownloadConfig, ExportConfig, ImportConfig, JobProgress
from embedcore.ui import resources

AWAITED = "jobs_awaited"  # in the session: the ids of those that fetch a file for this visitor to import
BEGUN = "job_begun_by_import"  # in the session: the id of the one that was begun by the page's import
WATCHED = "jobs_watched"  # in the session: the ids of jobs whose end this visitor will be told of
_READ = 200  # jobs looked at, the newest ones
_KEPT_SECONDS = 86_400.0  # how long a file that is ready stays in the list


@dataclass(frozen=True)
class Job:
    """A run of the library, as it is now."""

    run: Run
    progress: JobProgress | None  # None before it began
    place: int | None  # in the waiting line, from 1
    stopping: bool  # whether it was asked to stop

    @property
    def share(self) -> float:
        """How much of the work is done, 0 to 1."""
        return min(1.0, max(0.0, self.progress.share)) if self.progress else 0.0


def watch(run: Run) -> None:
    """Have this visitor told when a job is done, however soon that is."""
    st.session_state.setdefault(WATCHED, set()).add(run.id)


def listing() -> list[Run]:
    """The newest jobs, newest first."""
    return resources.runs().recent(_READ, kinds=jobs.KINDS)


def now(run_id: str) -> Job:
    """A job as it is now. Raises UnknownRun, StorageProblem."""
    runs = resources.runs()
    folder = runs.folder(run_id)
    run = folder.run
    place = runs.place(run_id) if run.state == QUEUED else None
    return Job(run, jobs.progress_of(folder), place, not run.over and folder.should_stop())


def to_show(runs: Iterable[Run]) -> list[Run]:
    """The jobs that somebody waits for, or should know of: going, ended early, or with a file to be taken."""
    today = time.time() - _KEPT_SECONDS
    fetched: set[str] = set()
    shown = []
    for run in runs:
        if run.state == FINISHED:
            if not brings_file(run) or (run.ended or 0.0) < today:
                continue
            if run.kind == jobs.DOWNLOAD:  # each file once, and only while it is here
                file = str(run.result.get("file", ""))
                if file in fetched or not Path(file).is_file():
                    continue
                fetched.add(file)
        shown.append(run)
    return shown


def brings_file(run: Run) -> bool:
    """Whether what a job makes is a file, not a set."""
    return run.kind == jobs.EXPORT or (run.kind == jobs.DOWNLOAD and not run.config.get("name"))


def coming(runs: Iterable[Run]) -> dict[str, Run]:
    """By the name of the set that is to be: the job that is making it."""
    return {str(run.config["name"]): run for run in runs if not run.over and run.config.get("name")}


def failed(runs: Iterable[Run]) -> dict[str, str]:
    """By the entry of the catalog: why fetching it failed, if its newest job did; `runs` are newest first."""
    newest: dict[str, Run] = {}
    for run in runs:
        if run.config.get("catalog"):
            newest.setdefault(str(run.config["catalog"]), run)
    return {name: run.error for name, run in newest.items() if run.state == FAILED and run.error}


def fetch(entry: Entry) -> Run:
    """Fetch a set of the catalog and keep it under its name. Raises BadName if that is taken."""
    return jobs.submit(resources.runs(), DownloadConfig(catalog=entry.name, name=entry.name))


def fetch_url(url: str) -> Run:
    """Fetch a file, to be looked at before it is imported. Raises DownloadProblem for what is no such address."""
    downloads.from_url(url)
    return jobs.submit(resources.runs(), DownloadConfig(url=url))


def import_file(config: ImportConfig, run_id: str) -> Run:
    """Import a file that lies on this machine; asked for twice with one `run_id`, it is one run.

    Raises BadName if the set's name cannot be used or is taken, StorageProblem if the file is gone.
    """
    return jobs.submit(resources.runs(), config, run_id=run_id)


def export(name: str, format_name: str) -> Run:
    """Write a set to a file that can be taken away."""
    return jobs.submit(resources.runs(), ExportConfig(vectors=name, format=format_name))
