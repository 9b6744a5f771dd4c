"""Every limit and path, read from the environment once, in one frozen dataclass.

No other module reads an environment variable. Limits are generous for one machine
and there so that one person's mistake does not stop everybody else's work.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from embedcore.errors import BadSetting


@dataclass(frozen=True)
class Settings:
    """Limits and paths. Each field is set by the variable named in its comment.

    Numbers are above 0; where the metadata says `zero`, 0 is allowed too and has a meaning of its own.
    """

    home: Path  # EMBEDCORE_HOME: holds vectors/, runs/, uploads/ and downloads/
    workers: int  # EMBEDCORE_WORKERS: local worker processes; at least 1
    dask_scheduler_address: str | None  # DASK_SCHEDULER_ADDRESS: an external cluster instead
    max_pasted_characters: int = 2_000_000  # EMBEDCORE_MAX_PASTED_CHARACTERS
    max_upload_megabytes: int = 200  # EMBEDCORE_MAX_UPLOAD_MEGABYTES
    max_text_megabytes: int = 400  # EMBEDCORE_MAX_TEXT_MEGABYTES: of one uploaded file, unpacked
    max_dim: int = 2_000  # EMBEDCORE_MAX_DIM: numbers in a vector
    max_epochs: int = 10_000  # EMBEDCORE_MAX_EPOCHS: passes over the text
    max_table_numbers: int = 500_000_000  # EMBEDCORE_MAX_TABLE_NUMBERS: rows times dimensions
    checkpoint_seconds: float = 15.0  # EMBEDCORE_CHECKPOINT_SECONDS: at most this much is lost
    max_watched_words: int = 500  # EMBEDCORE_MAX_WATCHED_WORDS: words compared in one question
    # EMBEDCORE_RUNS_KEPT_DAYS: days after its end, a run is removed with its text; 0: never
    runs_kept_days: float = field(default=30.0, metadata={"zero": True})
    # EMBEDCORE_EXPORTS_KEPT_HOURS: a file made for taking away is large and goes earlier; 0: with its run
    exports_kept_hours: float = field(default=24.0, metadata={"zero": True})
    # EMBEDCORE_MAX_VECTORS_MEGABYTES: of one uploaded file of vectors, which the server holds in memory
    max_vectors_megabytes: int = 1_000
    import_folder: Path | None = None  # EMBEDCORE_IMPORT_DIR: files put there can be imported from the page
    catalog: Path | None = None  # EMBEDCORE_CATALOG: a JSON file with further sets to be had
    private_urls: bool = False  # EMBEDCORE_PRIVATE_URLS: 1 lets files be fetched from this machine and its network

    @property
    def import_dir(self) -> Path:
        """The folder whose files can be imported from the page; it need not be there."""
        return self.import_folder or self.home / "import"

    @property
    def uploads_dir(self) -> Path:
        """Files that visitors sent, until they are imported."""
        return self.home / "uploads"

    @property
    def downloads_dir(self) -> Path:
        """Files that were fetched, and parts of such."""
        return self.home / "downloads"

    @property
    def vectors_dir(self) -> Path:
        """The folder of the sets kept in the library."""
        return self.home / "vectors"

    @property
    def runs_dir(self) -> Path:
        """The folder of all runs."""
        return self.home / "runs"

    @property
    def cache_dir(self) -> Path:
        """What can be made again at any time, such as the index of the bundled set."""
        return self.home / "cache"

    def to_environment(self) -> dict[str, str]:
        """The variables that make `load` give these settings, for a process to be started with."""
        values = ((entry.name, getattr(self, entry.name)) for entry in fields(self))
        return {_variable(name): _written(value) for name, value in values}


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from `environ` (default: the process environment).

    Raises BadSetting for a number or a switch that is none, or a number outside its bounds.
    """
    env = os.environ if environ is None else environ
    values: dict[str, object] = {
        "home": _path(env.get("EMBEDCORE_HOME")) or _user_data(),
        "workers": max(2, os.cpu_count() or 1),
        "dask_scheduler_address": env.get("DASK_SCHEDULER_ADDRESS") or None,
    }
    for entry in fields(Settings):
        variable = _variable(entry.name)
        if entry.name in ("home", "dask_scheduler_address") or variable not in env:
            continue
        if entry.type == "Path | None":
            values[entry.name] = _path(env[variable])
        elif entry.type == "bool":
            values[entry.name] = _switch(variable, env[variable])
        else:
            kind = float if entry.type == "float" else int
            values[entry.name] = _number(variable, env[variable], kind, zero=bool(entry.metadata.get("zero")))
    return Settings(**values)  # type: ignore[arg-type]


_VARIABLES = {"dask_scheduler_address": "DASK_SCHEDULER_ADDRESS", "import_folder": "EMBEDCORE_IMPORT_DIR"}


def _variable(name: str) -> str:
    """The variable that sets a field."""
    return _VARIABLES.get(name, f"EMBEDCORE_{name.upper()}")


def _written(value: object) -> str:
    """A value as `load` reads it."""
    if value is None:
        return ""
    return str(int(value)) if isinstance(value, bool) else str(value)


def _path(value: str | None) -> Path | None:
    return Path(value).expanduser().resolve() if value else None


def _user_data() -> Path:
    import platformdirs

    return Path(platformdirs.user_data_dir("embedcore"))


def _switch(variable: str, value: str) -> bool:
    if value not in ("0", "1", ""):
        raise BadSetting(f"{variable} should be 0 or 1, but is “{value}”.")
    return value == "1"


def _number(variable: str, value: str, kind: type[int] | type[float], *, zero: bool) -> float:
    try:
        number = kind(value)
    except ValueError:
        raise BadSetting(f"{variable} should be a number, but is “{value}”.") from None
    if zero:
        if not number >= 0:
            raise BadSetting(f"{variable} should be 0 or more, but is {value}.")
    elif not number > 0:
        raise BadSetting(f"{variable} should be above 0, but is {value}.")
    return number
