"""A run's folder: what is in it, and how it is read and written without half-written files.

run.json         what the run is and how far it has come; replaced whole, never edited
name             the name that somebody gave it later, apart from run.json, which the worker writes
lock             held for the moment in which run.json passes from one process to another
text.txt         the text it works on, where there is one
metrics.jsonl    one JSON object a line, only ever appended to; its share is of the whole run
vocab.json       the tokens and their counts, by integer
corpus/          the text as integers, of a long text in a run that has not finished; see `training.encode`
checkpoints/N/   one .npy file an array; the highest N is the newest, and complete
first.npy        the weight that training started from, where it cannot be drawn again; see `first`
from_set.npy     which of its rows came from a vector set
frames/          pictures of the way, for the map; see `frames`
pictures/        of a map that is being laid out; see `mapping`
about.json       of an experiment: its labels, parts and coverage; see `experiments`
fits.jsonl       one finished fit of an experiment a line, only ever appended to
models/          what fits of an experiment learned; see `experiments`
stop             there when somebody has asked the run to stop
heartbeat        touched while a worker is at it
scratch/         the vector set that an import is making
exports/         the file that an export made
error.log        for whoever runs the server: what Python said

Whose run.json is: nobody's while the run waits or is over, the dispatcher's once it has
written itself down as the owner, and the worker's that was given the ticket in `owner`. Every
passage goes through `change`, which looks and writes in one. A folder may be deleted at any
moment, by anybody; whoever works on it notices and ends, and nothing here makes it anew.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embedcore.errors import RunProblem, StorageProblem, UnknownRun
from embedcore.runs import checkpoints, metrics
from embedcore.runs.record import (
    ENDED,
    FAILED,
    FINISHED,
    INTERRUPTED,
    QUEUED,
    RESUMABLE,
    RUNNING,
    STOPPED,
    TRAIN,
    Run,
    check_run_name,
    is_run_id,
    new_run_id,
)
from embedcore.storage import directory_in_place, os_errors, read_json, remove_directory, storage_problem

if TYPE_CHECKING:
    import numpy as np

__all__ = [
    "ENDED", "FAILED", "FINISHED", "INTERRUPTED", "QUEUED", "RESUMABLE", "RUNNING", "STOPPED", "TRAIN",
    "Run", "RunFolder", "check_run_name", "is_run_id", "list_runs", "new_run_id", "run_ids",
]  # fmt: skip

CORPUS = "corpus"  # the folder of the text as integers
_BLOCK = 1 << 20  # characters of the text at a time


class RunFolder:
    """One run on disk. Making one of these reads nothing; `run` reads run.json."""

    def __init__(self, runs_dir: Path, run_id: str) -> None:
        """Raises UnknownRun for an id that cannot be one: it never touches the disk."""
        if not is_run_id(run_id):
            raise UnknownRun(run_id)
        self.id = run_id
        self.path = runs_dir / run_id
        self._ticket: str | None = None  # of the worker that this object belongs to
        self._given_up = False

    @classmethod
    def create(cls, runs_dir: Path, run: Run, text: str | None = None) -> RunFolder:
        """Write a new run's folder beside its place and rename it there.

        A run that is there already is left as it is: pressing a button twice makes one run.
        Raises StorageProblem if it cannot be written; then nothing is left behind.
        """
        folder = cls(runs_dir, run.id)
        if folder.exists():
            return folder
        try:
            with directory_in_place(folder.path, doing="save this run") as place:
                if text is not None:
                    # A lone surrogate, which JSON can carry and UTF-8 cannot, becomes a question mark.
                    (place / "text.txt").write_bytes(text.encode("utf-8", errors="replace"))
                (place / "lock").touch()
                (place / "run.json").write_text(json.dumps(asdict(run), ensure_ascii=False), encoding="utf-8")
        except StorageProblem:
            if not folder.exists():  # else another process made it at the very same moment
                raise
        return folder

    # run.json

    def exists(self) -> bool:
        """Whether there is such a run."""
        return (self.path / "run.json").is_file()

    @property
    def run(self) -> Run:
        """run.json as it is now, with the name given since. Raises UnknownRun if there is none."""
        run = self._stored()
        try:
            return replace(run, name=(self.path / "name").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return run

    def _stored(self) -> Run:
        try:
            return Run(**read_json(self.path / "run.json"))
        except TypeError:
            raise StorageProblem(f"The run “{self.id}” was written by another version and cannot be read.") from None
        except StorageProblem:
            if not self.exists():
                raise UnknownRun(self.id) from None
            raise

    def update(self, **changes: Any) -> Run:
        """Replace fields of run.json; only ever called by the one process that has the run.

        Raises UnknownRun if it was deleted, and StorageProblem if it cannot be written.
        """
        run = replace(self._stored(), **changes)
        self._write("run.json", json.dumps(asdict(run), ensure_ascii=False, indent=1, allow_nan=False) + "\n")
        return run

    def change(self, when: Callable[[Run], bool], **changes: Any) -> Run | None:
        """`update` if `when` holds for the run as it is at that moment, else None and nothing is changed.

        Of several processes that try the same passage at once, one succeeds. Raises what `update` raises.
        """
        with self.alone():
            return self.update(**changes) if when(self._stored()) else None

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the run's lock; it is let go when the process ends, however it ends. Not re-entrant.

        Raises UnknownRun if the run was deleted, StorageProblem if the lock cannot be opened.
        """
        try:
            descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o666)
        except FileNotFoundError:
            raise UnknownRun(self.id) from None
        except OSError as error:
            raise storage_problem(error, "lock this run") from error
        try:
            with suppress(OSError):  # a disk without locks: what is looked at before writing tells nearly all
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _write(self, name: str, data: str | bytes) -> None:
        def write(temporary: Path) -> None:
            with temporary.open("xb") as file:
                file.write(data.encode("utf-8") if isinstance(data, str) else data)
                file.flush()
                os.fsync(file.fileno())

        self.put(name, write, doing=f"write {name}")

    def put(self, name: str, write: Callable[[Path], object], *, doing: str) -> None:
        """Let `write` make a file of this folder, there whole or not at all; a deleted folder is not made anew.

        Raises UnknownRun if the run was deleted, StorageProblem if the disk does not take it.
        """
        temporary = self.path / f".tmp-{secrets.token_hex(8)}"
        with os_errors(doing):
            try:
                write(temporary)
                temporary.replace(self.path / name)
            except FileNotFoundError:
                if not self.exists():
                    raise UnknownRun(self.id) from None
                raise
            finally:
                temporary.unlink(missing_ok=True)

    # the worker that has the run

    def hold(self, ticket: str) -> None:
        """Say that this object belongs to the worker with that ticket; it then writes only while it has the run."""
        self._ticket = ticket

    def held_in(self, run: Run) -> bool:
        """Whether a run that says `run` is still that worker's."""
        return not run.over and run.owner.get("ticket", "") == self._ticket

    def look_after(self) -> None:
        """Find out whether the run was deleted, or given up for lost and resumed by another; then stop."""
        try:
            self._given_up = not self.held_in(self._stored())
        except UnknownRun:
            self._given_up = True
        except StorageProblem:
            pass  # a disk that does not answer now says nothing about whose the run is

    def _check_held(self) -> None:
        if self._ticket is not None:
            self.look_after()
        if self._given_up:
            raise RunProblem("This run was deleted, or is another worker’s by now.")

    # deleting and naming

    def rename(self, name: str) -> str:
        """Give the run a name; the name as kept. Raises BadName, or UnknownRun if there is no such run."""
        name = check_run_name(name)
        if not self.exists():
            raise UnknownRun(self.id)
        self._write("name", name)
        return name

    def remove(self) -> None:
        """Delete the run with all it holds, out of sight at once. Raises UnknownRun, StorageProblem."""
        if not self.exists():
            raise UnknownRun(self.id)
        try:
            remove_directory(self.path, "delete this run")
        except StorageProblem:
            if not self.exists():
                raise UnknownRun(self.id) from None  # somebody else did, just now
            raise

    def remove_if(self, when: Callable[[Run], bool]) -> bool:
        """`remove` if `when` holds for the run as it is at that moment; whether it did."""
        with self.alone():
            if not when(self._stored()):
                return False
            self.remove()
            return True

    def sweep(self, *, older_than_seconds: float = 0.0) -> None:
        """Remove what a worker wrote in the very moment in which the run was deleted; no run has neither file."""
        with suppress(OSError):
            old = self.path.stat().st_mtime <= time.time() - older_than_seconds
            if old and not any((self.path / name).exists() for name in ("run.json", "text.txt")):
                shutil.rmtree(self.path, ignore_errors=True)

    # the text

    def text(self) -> str:
        """The text of the run; empty if it has none."""
        try:
            return (self.path / "text.txt").read_bytes().decode("utf-8")
        except FileNotFoundError:
            return ""

    def text_blocks(self) -> Iterator[str]:
        """The text in blocks of whole lines, about a million characters each; none if it has none."""
        with suppress(FileNotFoundError), (self.path / "text.txt").open(encoding="utf-8", newline="") as file:
            while block := file.read(_BLOCK):
                yield block + file.readline()

    def text_bytes(self) -> int:
        """How large the text is; 0 if there is none."""
        try:
            return (self.path / "text.txt").stat().st_size
        except FileNotFoundError:
            return 0

    def beginning(self, characters: int = 80) -> str:
        """The first characters of the text on one line, read without the rest; ends in “…” if there is more."""
        try:
            with (self.path / "text.txt").open("rb") as file:
                raw = file.read(16 * characters + 1)
        except OSError:
            return ""
        line = " ".join(raw.decode("utf-8", errors="ignore").split())
        return line if len(line) <= characters and len(raw) <= 16 * characters else line[:characters].rstrip() + "…"

    def head(self, size: int = 20_000) -> str:
        """The first `size` bytes of the text, read without the rest; an end that is cut off reads "…"."""
        try:
            with (self.path / "text.txt").open("rb") as file:
                raw = file.read(size + 1)
        except OSError:
            return ""
        return raw[:size].decode("utf-8", errors="ignore") + ("…" if len(raw) > size else "")

    # stopping

    def ask_to_stop(self) -> None:
        """Leave word that the run should stop; whoever works on it looks several times a second."""
        if self.exists():
            with os_errors("stop this run"):
                (self.path / "stop").touch()

    def stop_asked(self) -> float | None:
        """When somebody asked the run to stop, in seconds since 1970; None if nobody did."""
        try:
            return (self.path / "stop").stat().st_mtime
        except OSError:
            return None

    def forget_stop(self) -> None:
        """Take back that the run should stop."""
        with os_errors("resume this run"):
            (self.path / "stop").unlink(missing_ok=True)

    def should_stop(self) -> bool:
        """Whether somebody asked the run to stop, deleted it, or has it instead of this worker."""
        return self._given_up or (self.path / "stop").exists() or not self.exists()

    def beat(self) -> None:
        """Touch the heartbeat. A full disk is no reason to stop working."""
        try:
            (self.path / "heartbeat").touch()
        except OSError:
            pass

    def last_beat(self) -> float:
        """When a worker last touched the heartbeat, in seconds since 1970; 0 if none did."""
        try:
            return (self.path / "heartbeat").stat().st_mtime
        except OSError:
            return 0.0

    # metrics

    def append_metric(self, metric: Mapping[str, Any]) -> None:
        """Add one line to metrics.jsonl in a single write, so that readers see whole lines."""
        self._check_held()
        metrics.append(self.path / "metrics.jsonl", metric)

    def metrics(self) -> list[dict[str, Any]]:
        """All lines of metrics.jsonl, their shares those of the passes asked for now; cut ones are left out."""
        lines = metrics.read(self.path / "metrics.jsonl")
        return self._as_now(lines)

    def last_metric(self) -> dict[str, Any] | None:
        """The last of `metrics`, found from the end of the file; None if there is none."""
        line = metrics.last(self.path / "metrics.jsonl")
        return None if line is None else self._as_now([line])[0]

    def _as_now(self, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Lines that were read before this call: no line is of more passes than run.json then says."""
        try:
            run = self._stored()
        except (UnknownRun, StorageProblem):
            return lines
        if not run.earlier_epochs:
            return lines
        now = run.config["epochs"]
        return [
            {**line, "share": run.share_now(line["share"], line.get("epochs")), "epochs": now}
            if "share" in line
            else line
            for line in lines
        ]

    def drop_metrics_after(self, share: float) -> None:
        """Drop the lines that tell of more than `share` of the work, and any that was cut short."""
        if (self.path / "metrics.jsonl").exists():
            kept = [metric for metric in self.metrics() if metric["share"] <= share]
            self._write("metrics.jsonl", metrics.as_lines(kept))

    # vocabulary

    def write_vocab(self, itos: list[str], counts: list[int]) -> None:
        """Keep the tokens and their counts, by integer, the two specials first."""
        self._write("vocab.json", json.dumps({"itos": itos, "counts": counts}, ensure_ascii=False))

    def vocab(self) -> tuple[list[str], list[int]] | None:
        """The tokens and counts by integer; None before the vocabulary is made."""
        if not (self.path / "vocab.json").is_file():
            return None
        stored = read_json(self.path / "vocab.json")
        return stored["itos"], stored["counts"]

    # checkpoints

    def save_checkpoint(self, arrays: Mapping[str, np.ndarray]) -> int:
        """Write arrays as the newest checkpoint, then remove the older ones; returns its number."""
        self._check_held()
        return checkpoints.save(self.path / "checkpoints", arrays)

    def checkpoint(self, *names: str) -> dict[str, np.ndarray] | None:
        """The newest checkpoint's arrays, memory-mapped; all, or those named. None if there is none."""
        return checkpoints.load(self.path / "checkpoints", names)

    def checkpoint_number(self) -> int:
        """The number of the newest checkpoint; 0 if there is none."""
        return max(checkpoints.numbers(self.path / "checkpoints"), default=0)

    def log_error(self, details: str) -> None:
        """Keep what Python said, for whoever runs the server."""
        try:
            self._write("error.log", details)
        except (StorageProblem, UnknownRun):
            pass  # the sentence in run.json is what matters


def run_ids(runs_dir: Path) -> list[str]:
    """The ids of all runs, newest first, without looking into their folders. Raises StorageProblem."""
    try:
        return sorted((name for name in os.listdir(runs_dir) if is_run_id(name)), reverse=True)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise storage_problem(error, "list the runs") from error


def list_runs(runs_dir: Path) -> Iterator[Run]:
    """All runs, newest first, read one by one as they are asked for.

    What cannot be read is passed over, so that one bad folder hides no other.
    """
    for name in run_ids(runs_dir):
        try:
            yield RunFolder(runs_dir, name).run
        except (UnknownRun, StorageProblem):
            continue
