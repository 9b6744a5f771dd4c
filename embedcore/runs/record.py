"""What is known of a run: the fields of run.json, its states, its id and its name.

No disk here: reading and writing are in `folder`.
"""

from __future__ import annotations

import re
import secrets
import time
import unicodedata
from dataclasses import dataclass, field
from typing import Any

from embedcore.errors import BadName

QUEUED, RUNNING, FINISHED, STOPPED = "queued", "running", "finished", "stopped"
FAILED, INTERRUPTED = "failed", "interrupted"
TRAIN, IMPORT, DOWNLOAD, EXPORT, MAP, GROUPING, TRANSFER = (  # the kinds of runs
    "train", "import", "download", "export", "map", "grouping", "transfer",
)  # fmt: skip
ENDED = frozenset({FINISHED, STOPPED, FAILED, INTERRUPTED})
RESUMABLE = ENDED - {FINISHED}

SCRATCH = "scratch"  # the folder in a run's folder for what is being made
EXPORTS = "exports"  # the folder in a run's folder for the file that it made
PICTURES = "pictures"  # the folder in a run's folder for what a layout looked like on the way

MAX_NAME_CHARACTERS = 120
_ID = re.compile(r"[a-z0-9]{4,40}")


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
    kind: str  # which job: TRAIN, IMPORT, DOWNLOAD, EXPORT, MAP, GROUPING or TRANSFER
    name: str  # for people: the first words of the text, or what is done
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
    earlier_epochs: list[int] = field(default_factory=list)  # passes asked for before more were added, oldest first

    @property
    def over(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self.state in ENDED

    def share_now(self, share: float, epochs: int | None = None) -> float:
        """A share of `epochs` passes (None: of those asked for at first) as a share of those asked for now.

        All 5 of 5 passes are half of the work once 5 more were added. Whatever keeps a share
        keeps the passes that it is a share of with it, so that nothing has to be rewritten
        when passes are added, and nothing can be half rewritten.
        """
        if not self.earlier_epochs:
            return share
        then, now = epochs or self.earlier_epochs[0], int(self.config["epochs"])
        return share if then == now else min(share * then / now, 1.0)
