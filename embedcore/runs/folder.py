"""A run's folder: what is in it, and how it is read and written without half-written files.

run.json         what the run is and how far it has come; replaced whole, never edited
text.txt         the text it works on, where there is one
metrics.jsonl    one JSON object a line, only ever appended to
vocab.json       the tokens and their counts, by integer
checkpoints/N/   one .npy file an array; the highest N is the newest, and complete
stop             there when somebody has asked the run to stop
heartbeat        touched while a worker is at it
error.log        for whoever runs the server: what Python said
"""

from __future__ import annotations

import errno
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embedcore.errors import StorageProblem, UnknownRun
from embedcore.storage import (
    directory_in_place,
    open_array,
    os_errors,
    read_json,
    write_array,
    write_atomically,
    write_json,
)

if TYPE_CHECKING:
    import numpy as np

QUEUED, RUNNING, FINISHED, STOPPED = "queued", "running", "finished", "stopped"
FAILED, INTERRUPTED = "failed", "interrupted"
ENDED = frozenset({FINISHED, STOPPED, FAILED, INTERRUPTED})

_ID = re.compile(r"[a-z0-9]{4,40}")
_READ_TRIES = 20  # a newer checkpoint may replace the one that is being opened


def new_run_id() -> str:
    """An id that nobody can guess, since whoever has the link sees the run; ids sort by time."""
    return f"{int(time.time() * 1000):011x}{secrets.token_hex(6)}"


@dataclass(frozen=True)
class Run:
    """What run.json says. Times are seconds since 1970, in UTC."""

    id: str
    kind: str  # which job: "train"
    name: str  # for people: the first words of the text
    config: dict[str, Any]  # what the job was asked to do
    state: str = QUEUED
    created: float = 0.0
    started: float | None = None
    ended: float | None = None
    owner: dict[str, Any] = field(default_factory=dict)  # the dispatcher, or the external cluster
    error: str | None = None  # one sentence for people
    result: dict[str, Any] = field(default_factory=dict)  # what the job found out
    version: int = 1

    @property
    def over(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self.state in ENDED


class RunFolder:
    """One run on disk. Making one of these reads nothing; `run` reads run.json."""

    def __init__(self, runs_dir: Path, run_id: str) -> None:
        """Raises UnknownRun for an id that cannot be one: it never touches the disk."""
        if not _ID.fullmatch(run_id):
            raise UnknownRun(run_id)
        self.id = run_id
        self.path = runs_dir / run_id

    @classmethod
    def create(cls, runs_dir: Path, run: Run, text: str | None = None) -> RunFolder:
        """Write a new run's folder beside its place and rename it there.

        A run that is there already is left as it is: pressing a button twice makes one run.
        Raises StorageProblem if it cannot be written; then nothing is left behind.
        """
        folder = cls(runs_dir, run.id)
        if folder.exists():
            return folder
        with directory_in_place(folder.path, doing="save this run") as place:
            if text is not None:
                # A lone surrogate, which JSON can carry and UTF-8 cannot, becomes a question mark.
                (place / "text.txt").write_bytes(text.encode("utf-8", errors="replace"))
            (place / "run.json").write_text(json.dumps(asdict(run), ensure_ascii=False), encoding="utf-8")
        return folder

    # run.json

    def exists(self) -> bool:
        """Whether there is such a run."""
        return (self.path / "run.json").is_file()

    @property
    def run(self) -> Run:
        """run.json as it is now. Raises UnknownRun if there is none."""
        if not self.exists():
            raise UnknownRun(self.id)
        try:
            return Run(**read_json(self.path / "run.json"))
        except TypeError:
            raise StorageProblem(f"The run “{self.id}” was written by another version and cannot be read.") from None

    def update(self, **changes: Any) -> Run:
        """Replace fields of run.json; only ever called by the one process that has the run."""
        run = replace(self.run, **changes)
        write_json(self.path / "run.json", asdict(run))
        return run

    # the text

    def text(self) -> str:
        """The text of the run; empty if it has none."""
        try:
            return (self.path / "text.txt").read_bytes().decode("utf-8")
        except FileNotFoundError:
            return ""

    # stopping

    def ask_to_stop(self) -> None:
        """Leave word that the run should stop; whoever works on it looks several times a second."""
        if self.exists():
            with os_errors("stop this run"):
                (self.path / "stop").touch()

    def should_stop(self) -> bool:
        """Whether somebody asked the run to stop."""
        return (self.path / "stop").exists()

    def beat(self) -> None:
        """Touch the heartbeat. A full disk is no reason to stop working."""
        try:
            (self.path / "heartbeat").touch()
        except OSError:
            pass

    def seconds_since_beat(self) -> float:
        """Seconds since a worker last touched the heartbeat; infinite if none did."""
        try:
            return time.time() - (self.path / "heartbeat").stat().st_mtime
        except OSError:
            return float("inf")

    # metrics

    def append_metric(self, metric: Mapping[str, Any]) -> None:
        """Add one line to metrics.jsonl in a single write, so that readers see whole lines."""
        line = json.dumps(metric, ensure_ascii=False, allow_nan=False) + "\n"
        with os_errors("write down the progress of this run"):
            descriptor = os.open(self.path / "metrics.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            try:
                if os.write(descriptor, line.encode()) < len(line.encode()):
                    raise OSError(errno.ENOSPC, "only part of a line was written")
            finally:
                os.close(descriptor)

    def metrics(self) -> list[dict[str, Any]]:
        """All lines of metrics.jsonl; one that a full disk or a kill cut short is left out."""
        try:
            raw = (self.path / "metrics.jsonl").read_bytes()
        except FileNotFoundError:
            return []
        return list(_whole_lines(raw))

    # vocabulary

    def write_vocab(self, itos: list[str], counts: list[int]) -> None:
        """Keep the tokens and their counts, by integer, the two specials first."""
        write_json(self.path / "vocab.json", {"itos": itos, "counts": counts})

    def vocab(self) -> tuple[list[str], list[int]] | None:
        """The tokens and counts by integer; None before the vocabulary is made."""
        if not (self.path / "vocab.json").is_file():
            return None
        stored = read_json(self.path / "vocab.json")
        return stored["itos"], stored["counts"]

    # checkpoints

    def save_checkpoint(self, arrays: Mapping[str, np.ndarray]) -> int:
        """Write arrays as the newest checkpoint, then remove the older ones; returns its number."""
        number = self.checkpoint_number() + 1
        place = self.path / "checkpoints" / f"{number:06d}"
        with directory_in_place(place, doing="save a checkpoint of this run") as temporary:
            for name, array in arrays.items():
                write_array(temporary / f"{name}.npy", array)
        for old in self._checkpoints()[:-1]:
            shutil.rmtree(self.path / "checkpoints" / f"{old:06d}", ignore_errors=True)
        return number

    def checkpoint(self, *names: str) -> dict[str, np.ndarray] | None:
        """The newest checkpoint's arrays, memory-mapped; all, or those named. None if there is none."""
        for _ in range(_READ_TRIES):
            if not (number := self.checkpoint_number()):
                return None
            place = self.path / "checkpoints" / f"{number:06d}"
            try:
                wanted = names or [file.stem for file in place.glob("*.npy")]
                return {name: open_array(place / f"{name}.npy") for name in wanted}
            except StorageProblem:
                if number == self.checkpoint_number():
                    raise  # not because a newer one replaced it just now
        raise StorageProblem(f"The last checkpoint of the run “{self.id}” cannot be read.")

    def checkpoint_number(self) -> int:
        """The number of the newest checkpoint; 0 if there is none."""
        return max(self._checkpoints(), default=0)

    def _checkpoints(self) -> list[int]:
        try:
            names = os.listdir(self.path / "checkpoints")
        except FileNotFoundError:
            return []
        return sorted(int(name) for name in names if name.isdigit())

    def log_error(self, details: str) -> None:
        """Keep what Python said, for whoever runs the server."""
        try:
            write_atomically(self.path / "error.log", details)
        except StorageProblem:
            pass  # the sentence in run.json is what matters


def list_runs(runs_dir: Path) -> Iterator[Run]:
    """All runs, newest first, read one by one as they are asked for.

    What cannot be read is passed over, so that one bad folder hides no other.
    """
    try:
        names = sorted((name for name in os.listdir(runs_dir) if _ID.fullmatch(name)), reverse=True)
    except FileNotFoundError:
        return
    for name in names:
        try:
            yield RunFolder(runs_dir, name).run
        except (UnknownRun, StorageProblem):
            continue


def _whole_lines(raw: bytes) -> Iterator[dict[str, Any]]:
    for line in raw.split(b"\n")[:-1]:
        try:
            yield json.loads(line)
        except ValueError:
            continue
