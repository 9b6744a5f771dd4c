"""A run's folder: what is in it, and how it is read and written without half-written files.

run.json         what the run is and how far it has come; replaced whole, never edited
name             the name that somebody gave it later, apart from run.json, which the worker writes
lock             held for the moment in which run.json passes from one process to another
text.txt         the text it works on, where there is one
metrics.jsonl    one JSON object a line, only ever appended to
vocab.json       the tokens and their counts, by integer
checkpoints/N/   one .npy file an array; the highest N is the newest, and complete
stop             there when somebody has asked the run to stop
heartbeat        touched while a worker is at it
error.log        for whoever runs the server: what Python said

Whose run.json is: nobody's while the run waits or is over, the dispatcher's once it has
written itself down as the owner, and the worker's that was given the ticket in `owner`. Every
passage goes through `change`, which looks and writes in one. A folder may be deleted at any
moment, by anybody; whoever works on it notices and ends, and nothing here makes it anew.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
import secrets
import shutil
import time
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embedcore.errors import BadName, RunProblem, StorageProblem, UnknownRun
from embedcore.storage import (
    directory_in_place,
    open_array,
    os_errors,
    read_json,
    remove_directory,
    storage_problem,
    write_array,
)

if TYPE_CHECKING:
    import numpy as np

QUEUED, RUNNING, FINISHED, STOPPED = "queued", "running", "finished", "stopped"
FAILED, INTERRUPTED = "failed", "interrupted"
ENDED = frozenset({FINISHED, STOPPED, FAILED, INTERRUPTED})
RESUMABLE = ENDED - {FINISHED}

MAX_NAME_CHARACTERS = 120
_ID = re.compile(r"[a-z0-9]{4,40}")
_READ_TRIES = 20  # a newer checkpoint may replace the one that is being opened
_TAIL_BYTES = 2048  # more than one line of metrics.jsonl


def new_run_id() -> str:
    """An id that nobody can guess, since whoever has the link sees the run; ids sort by time."""
    return f"{int(time.time() * 1000):011x}{secrets.token_hex(6)}"


def is_run_id(name: str) -> bool:
    """Whether `name` may be the id of a run, and so of its folder."""
    return _ID.fullmatch(name) is not None


def check_run_name(name: str) -> str:
    """`name`, trimmed and composed to NFC, if it may name a run for people.

    One line of 1 to 120 characters of any script. Raises BadName otherwise.
    """
    name = unicodedata.normalize("NFC", name).strip()
    if all(unicodedata.category(c)[0] in "ZCM" for c in name):  # also if only of what cannot be seen
        raise BadName("A name cannot be empty.")
    if len(name) > MAX_NAME_CHARACTERS:
        raise BadName(f"A name can have at most {MAX_NAME_CHARACTERS} characters, but this one has {len(name):,}.")
    if any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in name):
        raise BadName("A name is one line, without tabs or control characters.")
    return name


@dataclass(frozen=True)
class Run:
    """What run.json says. Times are seconds since 1970, in UTC."""

    id: str
    kind: str  # which job: "train"
    name: str  # for people: the first words of the text
    config: dict[str, Any]  # what the job was asked to do
    state: str = QUEUED
    created: float = 0.0
    started: float | None = None  # when a worker last began with it
    ended: float | None = None
    owner: dict[str, Any] = field(default_factory=dict)  # the dispatcher or the external cluster; nobody, if empty
    error: str | None = None  # one sentence for people
    result: dict[str, Any] = field(default_factory=dict)  # what the job found out
    version: int = 1
    resumed: int = 0  # how often it went on after it had ended
    queued: float | None = None  # when it was last put in the line, if not when it was created

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
        with directory_in_place(folder.path, doing="save this run") as place:
            if text is not None:
                # A lone surrogate, which JSON can carry and UTF-8 cannot, becomes a question mark.
                (place / "text.txt").write_bytes(text.encode("utf-8", errors="replace"))
            (place / "lock").touch()
            (place / "run.json").write_text(json.dumps(asdict(run), ensure_ascii=False), encoding="utf-8")
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
        """Write a file of this folder whole or not at all, never making the folder anew if it was deleted."""
        temporary = self.path / f".tmp-{secrets.token_hex(8)}"
        with os_errors(f"write {name}"):
            try:
                with temporary.open("xb") as file:
                    file.write(data.encode("utf-8") if isinstance(data, str) else data)
                    file.flush()
                    os.fsync(file.fileno())
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

    def last_metric(self) -> dict[str, Any] | None:
        """The last whole line of metrics.jsonl, found from its end; None if there is none."""
        try:
            with (self.path / "metrics.jsonl").open("rb") as file:
                size, tail = file.seek(0, os.SEEK_END), _TAIL_BYTES
                while True:
                    start = max(0, size - tail)
                    file.seek(start)
                    raw = file.read(size - start)
                    whole = _whole_lines(raw if start == 0 else raw.partition(b"\n")[2], newest_first=True)
                    last = next(whole, None)
                    if last is not None or start == 0:
                        return last
                    tail *= 4
        except FileNotFoundError:
            return None
        except OSError as error:
            raise storage_problem(error, "read the progress of this run") from error

    def drop_metrics_after(self, share: float) -> None:
        """Drop the lines that tell of more than `share` of the work, and any that was cut short."""
        if (self.path / "metrics.jsonl").exists():
            kept = [metric for metric in self.metrics() if metric["share"] <= share]
            self._write("metrics.jsonl", "".join(json.dumps(m, ensure_ascii=False) + "\n" for m in kept))

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
            self._write("error.log", details)
        except (StorageProblem, UnknownRun):
            pass  # the sentence in run.json is what matters


def run_ids(runs_dir: Path) -> list[str]:
    """The ids of all runs, newest first, without looking into their folders. Raises StorageProblem."""
    try:
        return sorted((name for name in os.listdir(runs_dir) if _ID.fullmatch(name)), reverse=True)
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


def _whole_lines(raw: bytes, *, newest_first: bool = False) -> Iterator[dict[str, Any]]:
    for line in raw.split(b"\n")[:-1][:: -1 if newest_first else 1]:
        try:
            yield json.loads(line)
        except ValueError:
            continue
